/* sums.c - see sums.h. */
#include "trainer/posterior/sums.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/small.h"
#include "trainer/network/draws.h"
#include "trainer/posterior/chain.h"

/* Draws whose mean kernel says about how large weights are. */
enum { REFERENCE_DRAWS = 64 };

static size_t next_place(size_t *next, size_t size) {
  const size_t at = *next;
  *next += size;
  return at;
}

pdlt_posterior_shape pdlt_posterior_shape_make(const pdlt_experiment *ex,
                                               const pdlt_samples *data) {
  const size_t D = data->samples, H = (size_t)ex->network.depth - 1, p = data->outputs * D;
  pdlt_posterior_shape s = {.samples = D,
                            .outputs = data->outputs,
                            .hidden = H,
                            .p = p,
                            .chain = ex->ensemble.estimator == PDLT_ESTIMATOR_SLICE};
  size_t next = 0;
  s.mean = next_place(&next, p);
  s.inner = next_place(&next, D * D);
  s.product = next_place(&next, p * p);
  s.unloaded = s.chain ? 0 : next;
  s.kernel = next_place(&next, (H + 1) * D * D);
  s.q = next_place(&next, H * D * D);
  s.zbar = next_place(&next, H * D);
  s.numbers = next;
  next = 0;
  if (!s.chain) s.controls = pdlt_prior_controls_shape_make(ex, D);
  s.draws = next_place(&next, 1);
  s.shift = next_place(&next, 1);
  s.weight = next_place(&next, 1);
  s.square = next_place(&next, 1);
  s.log = next_place(&next, 1);
  s.log2 = next_place(&next, 1);
  s.weighted = next_place(&next, s.numbers);
  s.plain = next_place(&next, s.unloaded);
  s.control = next_place(&next, s.controls.count);
  s.size = next;
  return s;
}

/* --- memory --- */

static size_t widest_layer(const pdlt_posterior_sums *p) {
  size_t widest = 0;
  for (size_t k = 0; k < p->shape.hidden; k++)
    if (p->width[k] > widest) widest = p->width[k];
  return widest;
}

/* log w of the mean of Khat over a few draws; kernels of layer L lie in the prior's last one. */
static pdlt_status find_shift(pdlt_posterior_sums *p, const pdlt_experiment *ex, pdlt_error *err) {
  const size_t count = p->shape.samples * p->shape.samples;
  double *mean = p->overlap;
  memset(mean, 0, count * sizeof *mean);
  for (uint64_t k = 0; k < REFERENCE_DRAWS; k++) {
    pdlt_prior_draw(&p->prior, p->seed, PDLT_REFERENCE_MEMBER + k);
    const double *kernel = p->prior.kernel[p->shape.hidden];
    for (size_t i = 0; i < count; i++) mean[i] += kernel[i] / REFERENCE_DRAWS;
  }
  p->shift = pdlt_readout_weigh(&p->readout, mean, 0);
  if (!isnan(p->shift)) return PDLT_OK;
  return pdlt_experiment_fail(ex, "posterior.noise", err,
                              "the kernel of the training samples is singular, as with two equal "
                              "samples; write a noise above 0, or leave samples out");
}

pdlt_status pdlt_posterior_sums_new(pdlt_posterior_sums *out, const pdlt_posterior_shape *shape,
                                    const pdlt_experiment *ex, const pdlt_network *net,
                                    const pdlt_samples *data, pdlt_error *err) {
  const size_t D = shape->samples;
  pdlt_posterior_sums p = {.shape = *shape, .seed = ex->ensemble.seed};
  double *next;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_prior_new(&p.prior, net, data, err));
  PDLT_TRY(pdlt_readout_new(&p.readout, data, ex->posterior.noise, err));
  PDLT_TRY(pdlt_alloc(&p.width, shape->hidden, sizeof *p.width, err));
  for (size_t k = 0; k < shape->hidden; k++) p.width[k] = net->layer[k].out;
  PDLT_TRY(pdlt_prior_controls_new(&p.controls, &shape->controls, widest_layer(&p), err));
  PDLT_TRY(pdlt_alloc(&p.storage,
                      shape->numbers + 2 * D * D + (shape->chain ? 2 * p.prior.numbers : 0),
                      sizeof *p.storage, err));
  next = p.storage;
  p.numbers = pdlt_take(&next, shape->numbers);
  p.overlap = pdlt_take(&next, D * D);
  p.middle = pdlt_take(&next, D * D);
  if (shape->chain) p.state = pdlt_take(&next, p.prior.numbers);
  if (shape->chain) p.move = pdlt_take(&next, p.prior.numbers);
  PDLT_TRY(find_shift(&p, ex, err));
  *out = p;
  return PDLT_OK;
cleanup:
  pdlt_posterior_sums_free(&p);
  return status;
}

void pdlt_posterior_sums_free(pdlt_posterior_sums *posterior) {
  pdlt_prior_free(&posterior->prior);
  pdlt_readout_free(&posterior->readout);
  pdlt_prior_controls_free(&posterior->controls);
  pdlt_free(posterior->width);
  pdlt_free(posterior->storage);
  *posterior = (pdlt_posterior_sums){0};
}

/* --- one draw --- */

/* q = Lambda (sum_j t_j t_j/n) Lambda^T and zbar = Lambda (sum_j t_j/n) of hidden layer index k. */
static void measure_layer(pdlt_posterior_sums *p, size_t k, const double *t) {
  const size_t D = p->shape.samples, n = p->width[k];
  const double *root = p->prior.root[k], scale = 1 / (double)n;
  double *q = p->numbers + p->shape.q + k * D * D, *zbar = p->numbers + p->shape.zbar + k * D;
  pdlt_small_best()->inner(D, D, n, t, n, t, n, p->overlap, D);
  pdlt_small_best()->product(D, D, D, root, D, p->overlap, D, p->middle, D);
  pdlt_small_best()->inner(D, D, D, p->middle, D, root, D, q, D);
  for (size_t i = 0; i < D * D; i++) q[i] *= scale;
  memset(zbar, 0, D * sizeof *zbar);
  for (size_t b = 0; b < D; b++) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) sum += t[b * n + j];
    for (size_t a = b; a < D; a++) zbar[a] += root[a * D + b] * sum * scale;
  }
}

/* All numbers of the prior's present draw, whose m and C are in the readout. */
static void measure(pdlt_posterior_sums *p) {
  const pdlt_posterior_shape *s = &p->shape;
  const size_t D = s->samples;
  const double *m = p->readout.m, *t = p->prior.t;
  double *product = p->numbers + s->product;
  memcpy(p->numbers + s->mean, m, s->p * sizeof *m);
  memcpy(p->numbers + s->inner, p->readout.c, D * D * sizeof *m);
  for (size_t i = 0; i < s->p; i++)
    for (size_t j = 0; j < s->p; j++) product[i * s->p + j] = m[i] * m[j];
  for (size_t l = 0; l <= s->hidden; l++)
    memcpy(p->numbers + s->kernel + l * D * D, p->prior.kernel[l], D * D * sizeof *m);
  for (size_t k = 0; k < s->hidden; k++) {
    measure_layer(p, k, t);
    if (s->controls.count > 0) pdlt_prior_controls_layer(&p->controls, k, p->width[k], t);
    t += D * p->width[k];
  }
}

/* Adds the present draw, whose log w is level and whose weight is w. */
static void add(pdlt_posterior_sums *p, double level, double w, double *sums) {
  const pdlt_posterior_shape *s = &p->shape;
  const double log_w = level - p->shift;
  measure(p);
  sums[s->draws] += 1;
  sums[s->shift] += p->shift;
  sums[s->weight] += w;
  sums[s->square] += w * w;
  sums[s->log] += log_w;
  sums[s->log2] += log_w * log_w;
  for (size_t i = 0; i < s->numbers; i++) sums[s->weighted + i] += w * p->numbers[i];
  for (size_t i = 0; i < s->unloaded; i++) sums[s->plain + i] += p->numbers[i];
  if (s->controls.count > 0) pdlt_prior_controls_add(&p->controls, p->width, sums + s->control);
}

static int is_stopped(const volatile sig_atomic_t *stop) { return stop != NULL && *stop; }

static pdlt_status add_draws(pdlt_posterior_sums *p, uint64_t first, uint64_t end,
                             const volatile sig_atomic_t *stop, double *sums) {
  for (uint64_t member = first; member < end; member++) {
    if (is_stopped(stop)) return PDLT_ERR_INTERRUPTED;
    pdlt_prior_draw(&p->prior, p->seed, member);
    const double level = pdlt_readout_weigh(&p->readout, p->prior.kernel[p->shape.hidden], 1);
    if (isnan(level)) return PDLT_ERR_NUMERIC;
    add(p, level, exp(level - p->shift), sums);
  }
  return PDLT_OK;
}

static pdlt_status add_chain(pdlt_posterior_sums *p, uint64_t first, uint64_t end,
                             const volatile sig_atomic_t *stop, double *sums) {
  pdlt_prior_draw(&p->prior, p->seed, first);
  double level = pdlt_chain_level(p);
  uint64_t step = 0;
  for (uint64_t member = first; member < end; member++) {
    const uint64_t last = PDLT_CHAIN_BURN + (member - first) * PDLT_CHAIN_THIN;
    for (; step <= last; step++) {
      if (is_stopped(stop)) return PDLT_ERR_INTERRUPTED;
      level = pdlt_chain_step(p, first, step, level);
    }
    if (isnan(pdlt_readout_weigh(&p->readout, p->prior.kernel[p->shape.hidden], 1)))
      return PDLT_ERR_NUMERIC;
    add(p, level, 1, sums);
  }
  return PDLT_OK;
}

pdlt_status pdlt_posterior_sums_add(pdlt_posterior_sums *p, uint64_t first, uint64_t end,
                                    const volatile sig_atomic_t *stop, double *sums) {
  return p->shape.chain ? add_chain(p, first, end, stop, sums)
                        : add_draws(p, first, end, stop, sums);
}
