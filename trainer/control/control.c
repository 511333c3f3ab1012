/* control.c - see control.h. */
#include "trainer/control/control.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/packed.h"
#include "base/vector/rows.h"
#include "trainer/control/level.h"
#include "trainer/control/pairwise.h"
#include "trainer/control/positions_linear.h"
#include "trainer/control/weightless.h"
#include "trainer/measure/stability.h"
#include "trainer/network/draws.h"

/* --- a width --- */

struct pdlt_control_width {
  const pdlt_plan *plan;   /* borrowed */
  const pdlt_network *net; /* borrowed */
  pdlt_weightless_fit fit; /* empty without draws without weights */
  pdlt_pairwise_fit pairs; /* instead, where the plan has controls pair by pair */
  double *frozen;          /* Theta, of positions_linear.h; or NULL */
};

pdlt_status pdlt_control_width_new(pdlt_control_width **out, const pdlt_plan *plan,
                                   const pdlt_network *net, pdlt_error *err) {
  pdlt_control_width *width = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&width, 1, sizeof *width, err));
  *width = (pdlt_control_width){.plan = plan, .net = net};
  if (plan->control.pairwise)
    PDLT_TRY(pdlt_pairwise_fit_new(&width->pairs, plan, net, err));
  else if (plan->control.samples > 0 && !plan->networks)
    PDLT_TRY(pdlt_weightless_fit_new(&width->fit, plan, net, err));
  if (plan->control.spread && plan->networks) {
    PDLT_TRY(pdlt_alloc(&width->frozen, pdlt_packed_size(plan->data->samples),
                        sizeof *width->frozen, err));
    PDLT_TRY(pdlt_positions_linear_freeze(plan, net, width->frozen, err));
  }
  *out = width;
  return PDLT_OK;
cleanup:
  pdlt_control_width_free(width);
  return status;
}

void pdlt_control_width_free(pdlt_control_width *width) {
  if (width != NULL) {
    pdlt_weightless_fit_free(&width->fit);
    pdlt_pairwise_fit_free(&width->pairs);
    pdlt_free(width->frozen);
  }
  pdlt_free(width);
}

double pdlt_control_width_variance(const pdlt_control_width *width, size_t stride) {
  const pdlt_weightless_fit *fit = &width->fit;
  double sum = 0;
  for (size_t i = fit->linear; i < fit->spread; i += stride) sum += fit->left[i];
  return sum;
}

double pdlt_control_width_matrices(const pdlt_control_width *width, int quantity) {
  const pdlt_plan *plan = width->plan;
  const size_t D = plan->data->samples, count = plan->readouts * (D * (D + 1) / 2);
  const int first = quantity == PDLT_QUANTITY_K;
  const size_t at = !first && pdlt_weightless_kernel(plan) ? count : 0;
  double sum = 0;
  if (!(first ? pdlt_weightless_kernel(plan) : pdlt_weightless_theta(plan))) return 0;
  for (size_t i = at; i < at + count; i++) sum += width->fit.left[i];
  return sum;
}

int pdlt_control_is_fitted(const pdlt_plan *plan) { return pdlt_weightless_controls(plan) > 0; }

const double *pdlt_control_width_middle(const pdlt_control_width *width) {
  return width->fit.middle;
}

size_t pdlt_control_products(const pdlt_plan *plan) { return pdlt_spread_values(plan); }

double pdlt_control_width_products(const pdlt_control_width *width, size_t stride) {
  const pdlt_weightless_fit *fit = &width->fit;
  double sum = 0;
  for (size_t i = fit->spread; i < fit->values; i += stride) sum += fit->left[i];
  return sum;
}

/* --- memory of a thread --- */

struct pdlt_control {
  const pdlt_plan *plan;       /* borrowed */
  const pdlt_network *net;     /* borrowed */
  pdlt_weightless weightless;  /* the M draws */
  pdlt_pairwise pairwise;      /* or the one, with controls pair by pair */
  pdlt_level_draws levels;     /* of the trained draw, then of further ones */
  pdlt_positions_linear drawn; /* where layers have positions or skips, instead of both */
  pdlt_stability stability;    /* of the trained draw, where it has no levels */
  double *theta;            /* a further draw, and PDLT_FURTHER_LAST - 1 more of its last layer */
  pdlt_level_numbers level; /* one level of PDLT_FURTHER_LAST of them */
  pdlt_level_numbers own;   /* c_K of the trained draw */
  double *start;            /* (P) its NTK, packed */
  double *storage;
};

/* Numbers of an NTK, and of those at all times. */
static size_t kernel_of(const pdlt_plan *plan) { return pdlt_packed_size(plan->p); }
static size_t kernels_of(const pdlt_plan *plan) { return plan->times * kernel_of(plan); }

static size_t last_of(const pdlt_network *net) {
  return net->num_params - net->layer[net->depth - 1].weight;
}

/* Numbers that a level says of so many draws. */
static size_t numbers_of(const pdlt_plan *plan, size_t heads) {
  return heads * ((plan->control.spread ? 2 : 1) * plan->times * plan->p +
                  (plan->control.kernels ? kernels_of(plan) : 0));
}

static pdlt_level_numbers take_numbers(const pdlt_plan *plan, size_t heads, double **next) {
  pdlt_level_numbers x = {.even = pdlt_take(next, heads * plan->times * plan->p)};
  if (plan->control.spread) x.odd = pdlt_take(next, heads * plan->times * plan->p);
  if (plan->control.kernels) x.kernels = pdlt_take(next, heads * kernels_of(plan));
  return x;
}

static pdlt_status new_levels(pdlt_control *c, pdlt_error *err) {
  const pdlt_plan *plan = c->plan;
  const size_t theta = c->net->num_params + (PDLT_FURTHER_LAST - 1) * last_of(c->net);
  const pdlt_level_settings settings = {.net = c->net,
                                        .data = plan->data,
                                        .schedule = &plan->schedule,
                                        .eta = plan->ex->training.eta,
                                        .heads = PDLT_FURTHER_LAST,
                                        .nodes = PDLT_MAX_NODES,
                                        .odd = plan->control.spread,
                                        .kernels = plan->control.kernels};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_level_draws_new(&c->levels, &settings, err));
  PDLT_TRY(pdlt_alloc(&c->storage,
                      theta + numbers_of(plan, PDLT_FURTHER_LAST + 1) + kernel_of(plan),
                      sizeof *c->storage, err));
  double *next = c->storage;
  c->theta = pdlt_take(&next, theta);
  c->level = take_numbers(plan, PDLT_FURTHER_LAST, &next);
  c->own = take_numbers(plan, 1, &next);
  c->start = pdlt_take(&next, kernel_of(plan));
cleanup:
  return status;
}

static pdlt_status new_drawn(pdlt_control *c, const double *frozen, pdlt_error *err) {
  const pdlt_plan *plan = c->plan;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_positions_linear_new(&c->drawn, plan, c->net, frozen, err));
  PDLT_TRY(pdlt_alloc(&c->storage, numbers_of(plan, 1) + kernel_of(plan), sizeof *c->storage, err));
  double *next = c->storage;
  c->own = take_numbers(plan, 1, &next);
  c->start = pdlt_take(&next, kernel_of(plan));
cleanup:
  return status;
}

pdlt_status pdlt_control_new(pdlt_control **out, const pdlt_control_width *width, pdlt_error *err) {
  const pdlt_plan *plan = width->plan;
  pdlt_control *c = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&c, 1, sizeof *c, err));
  *c = (pdlt_control){.plan = plan, .net = width->net};
  if (plan->control.pairwise)
    PDLT_TRY(pdlt_pairwise_new(&c->pairwise, plan, width->net, &width->pairs, err));
  else if (plan->control.samples > 0 && !plan->networks)
    PDLT_TRY(pdlt_weightless_new(&c->weightless, plan, width->net, &width->fit, err));
  if (plan->control.linear)
    PDLT_TRY(plan->networks ? new_drawn(c, width->frozen, err) : new_levels(c, err));
  else if (plan->has[PDLT_QUANTITY_UNSTABLE])
    PDLT_TRY(
        pdlt_stability_new(&c->stability, width->net, plan->data, plan->ex->training.eta, err));
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_control_free(c);
  return status;
}

void pdlt_control_free(pdlt_control *control) {
  if (control == NULL) return;
  pdlt_weightless_free(&control->weightless);
  pdlt_pairwise_free(&control->pairwise);
  pdlt_level_draws_free(&control->levels);
  pdlt_positions_linear_free(&control->drawn);
  pdlt_stability_free(&control->stability);
  pdlt_free(control->storage);
  pdlt_free(control);
}

/* --- the trained draw --- */

pdlt_status pdlt_control_look(pdlt_control *c, const double *theta) {
  if (c->plan->networks) return pdlt_positions_linear_look(&c->drawn, theta);
  return pdlt_level_draws_begin(&c->levels, theta, 1, NULL);
}

/* With positions or skips there is one level, in which kernels do not change. */
static pdlt_status level_output(pdlt_control *c, const pdlt_level *level,
                                const pdlt_level_numbers *out) {
  const size_t size = c->plan->times * c->plan->p * sizeof *out->even;
  if (!c->plan->networks) return pdlt_level_draws_output(&c->levels, level, out, NULL);
  memcpy(out->even, c->drawn.c, size);
  if (out->odd != NULL) memcpy(out->odd, c->drawn.odd, size);
  return PDLT_OK;
}

pdlt_status pdlt_control_level(pdlt_control *c, const pdlt_level *level, double *out, double *odd) {
  return level_output(
      c, level, &(pdlt_level_numbers){.even = out, .odd = c->plan->control.spread ? odd : NULL});
}

/* kernel (P) += factor times the NTK of the draw looked at last; one that is not finite counts as 0. */
static void add_ntk(const pdlt_control *c, double factor, double *kernel) {
  const double *ntk = c->plan->networks ? c->drawn.matrix : c->levels.bundle->draw.ntk;
  double sum = 0;
  for (size_t i = 0; i < c->plan->p * c->plan->p; i++) sum += ntk[i];
  if (isfinite(sum)) pdlt_packed_add(c->plan->p, factor, ntk, kernel);
}

/* Level k = 1 .. K of the plan; k = 0: the own linearization. */
static const pdlt_level *level_of(const pdlt_plan *plan, size_t k) {
  static const pdlt_level own = {.nodes = 0};
  return k == 0 ? &own : &plan->control.levels.level[k - 1];
}

pdlt_status pdlt_control_draw(pdlt_control *c, const double *theta, int *unstable) {
  const pdlt_plan *plan = c->plan;
  pdlt_status status = PDLT_OK;
  *unstable = 0;
  if (plan->control.linear) {
    PDLT_TRY(pdlt_control_look(c, theta));
    *unstable = plan->networks ? c->drawn.unstable : c->levels.unstable[0];
    PDLT_TRY(level_output(c, level_of(plan, plan->control.levels.count), &c->own));
    memset(c->start, 0, kernel_of(plan) * sizeof *c->start);
    if (plan->control.start) add_ntk(c, 1, c->start);
  } else if (plan->has[PDLT_QUANTITY_UNSTABLE]) {
    *unstable = pdlt_stability_check(&c->stability, theta);
  }
cleanup:
  return status;
}

/* --- draws without weights --- */

/* sums (R, D, D) += values (R, P). */
static void add_matrices(const pdlt_plan *plan, const double *values, double *sums) {
  const size_t D = plan->data->samples;
  for (size_t r = 0; r < plan->readouts; r++, sums += D * D)
    for (size_t a = 0; a < D; a++)
      for (size_t b = a; b < D; b++) {
        const double x = *values++;
        sums[a * D + b] += x;
        if (b > a) sums[b * D + a] += x;
      }
}

/* start (P) += delta_ij theta, theta (D (D + 1)/2) pairs of samples. */
static void add_start(const pdlt_plan *plan, const double *theta, double *start) {
  const size_t D = plan->data->samples;
  for (size_t i = 0; i < plan->p; i++)
    for (size_t j = i; j < plan->p; j++, start++)
      if (i / D == j / D) *start += theta[pdlt_packed_at(D, i % D, j % D)];
}

/* What the record sums of a draw += the share of the c_0 of further network `sample` of `member`. */
static pdlt_status add_network(pdlt_control *c, uint64_t member, size_t sample, double *record) {
  const pdlt_plan *plan = c->plan;
  const double share = 1 / (double)plan->control.samples;
  const pdlt_status status = pdlt_positions_linear_further(&c->drawn, member, sample);
  if (status != PDLT_OK) return status;
  pdlt_row_add(plan->times * plan->p, share, c->drawn.c, record + plan->at.shift);
  if (plan->control.spread)
    pdlt_row_add(pdlt_spread_values(plan), share, c->drawn.products, record + plan->at.odd_shift);
  if (plan->control.start) add_ntk(c, share, record + plan->at.start_shift);
  return PDLT_OK;
}

/* Whether V comes from draws without weights. */
static int takes_vertex(const pdlt_plan *plan) {
  return plan->control.weightless && plan->has[PDLT_QUANTITY_V] && !plan->has[PDLT_QUANTITY_A];
}

/* K and Theta in the record += value, (R, P) of either that is measured; returns what follows them. */
static const double *add_values(const pdlt_plan *plan, const double *value, double *record) {
  const size_t D = plan->data->samples, matrices = plan->readouts * pdlt_packed_size(D);
  if (pdlt_weightless_kernel(plan)) {
    add_matrices(plan, value, record + plan->at.sum[PDLT_QUANTITY_K]);
    value += matrices;
  }
  if (pdlt_weightless_theta(plan)) {
    if (plan->control.weightless && plan->has[PDLT_QUANTITY_THETA])
      add_matrices(plan, value, record + plan->at.sum[PDLT_QUANTITY_THETA]);
    value += matrices;
    if (plan->control.start)
      add_start(plan, value - pdlt_packed_size(D), record + plan->at.start_shift);
  }
  return value;
}

/* Adds the draw without weights of `member`, with controls pair by pair, to the record. */
static pdlt_status add_pairwise(pdlt_control *c, uint64_t member, pdlt_accumulator *tensors,
                                double *record) {
  const pdlt_status status = pdlt_pairwise_draw(&c->pairwise, PDLT_WEIGHTLESS_MEMBER + member);
  if (status != PDLT_OK) return status;
  if (takes_vertex(c->plan)) pdlt_accumulator_kernel(tensors, c->pairwise.kernel, record);
  add_values(c->plan, c->pairwise.value, record);
  return PDLT_OK;
}

/* Adds the mean over the draws without weights of `member` to the record. */
static pdlt_status add_samples(pdlt_control *c, uint64_t member, pdlt_accumulator *tensors,
                               double *record) {
  const pdlt_plan *plan = c->plan;
  const size_t samples = plan->control.samples, values = plan->times * plan->p;
  const double *value = c->weightless.value;
  const int vertex = takes_vertex(plan);
  pdlt_status status = PDLT_OK;
  pdlt_weightless_begin(&c->weightless);
  for (size_t k = 0; k < samples; k++) {
    PDLT_TRY(pdlt_weightless_add(&c->weightless, PDLT_WEIGHTLESS_MEMBER + member * samples + k));
    if (vertex) pdlt_accumulator_kernel(tensors, c->weightless.kernel, record);
  }
  pdlt_weightless_mean(&c->weightless, samples);
  value = add_values(plan, value, record);
  if (plan->control.linear) pdlt_row_add(values, 1, value, record + plan->at.shift);
  if (plan->control.spread)
    pdlt_row_add(pdlt_spread_values(plan), 1, value + values, record + plan->at.odd_shift);
cleanup:
  return status;
}

/* --- further draws of the levels --- */

/* Draws d .. d + heads - 1 of level k + 1: hidden layers of the first, last layers of all. */
static pdlt_status begin(pdlt_control *c, size_t k, uint64_t member, size_t d, size_t heads) {
  const uint64_t seed = c->plan->ex->ensemble.seed;
  member = PDLT_FURTHER_MEMBER(k) + member * c->plan->control.levels.draws[k] + d;
  pdlt_network_draw(c->net, seed, member, c->theta);
  for (size_t r = 1; r < heads; r++)
    pdlt_network_draw_layers(c->net, seed, member + r, c->net->depth, c->net->depth,
                             c->theta + r * last_of(c->net));
  return pdlt_level_draws_begin(&c->levels, c->theta, heads, NULL);
}

/* sums += factor (odd odd^T + (c - r)(c - r)^T) of a draw, whose c becomes c - r; where layers have positions
 * or skips there is no r, and the first alone. */
static void add_products(const pdlt_control *c, double factor, double *even, const double *odd,
                         double *sums) {
  const pdlt_plan *plan = c->plan;
  pdlt_spread_add_odd(plan, factor, odd, sums);
  if (plan->networks) return;
  pdlt_row_add(plan->times * plan->p, -1, c->weightless.fit->middle, even);
  pdlt_spread_add_odd(plan, factor, even, sums);
}

/* What the record sums of a draw += factor times what a level says of a draw, number r of those in x: c_k, the
 * products, for which c_k is changed, and the change of the NTK. */
static void add_numbers(const pdlt_control *c, double factor, const pdlt_level_numbers *x, size_t r,
                        double *record) {
  const pdlt_plan *plan = c->plan;
  const size_t values = plan->times * plan->p, kernels = kernels_of(plan);
  pdlt_row_add(values, factor, x->even + r * values, record + plan->at.shift);
  if (x->odd != NULL)
    add_products(c, factor, x->even + r * values, x->odd + r * values, record + plan->at.odd_shift);
  if (x->kernels != NULL)
    pdlt_row_add(kernels, factor, x->kernels + r * kernels, record + plan->at.kernel_shift);
}

/* += factor sum over these draws of level k. */
static pdlt_status add_level(pdlt_control *c, size_t k, double factor, size_t heads,
                             double *record) {
  const pdlt_status status = level_output(c, level_of(c->plan, k), &c->level);
  for (size_t r = 0; r < heads && status == PDLT_OK; r++)
    add_numbers(c, factor, &c->level, r, record);
  return status;
}

/* += the mean over the draws of level k + 1 of what it says less what level k does. */
static pdlt_status add_difference(pdlt_control *c, size_t k, uint64_t member, double *record) {
  const size_t draws = c->plan->control.levels.draws[k];
  const double weight = 1 / (double)draws;
  pdlt_status status = PDLT_OK;
  for (size_t d = 0; d < draws; d += PDLT_FURTHER_LAST) {
    const size_t heads = draws - d < PDLT_FURTHER_LAST ? draws - d : PDLT_FURTHER_LAST;
    PDLT_TRY(begin(c, k, member, d, heads));
    PDLT_TRY(add_level(c, k + 1, weight, heads, record));
    PDLT_TRY(add_level(c, k, -weight, heads, record));
  }
cleanup:
  return status;
}

pdlt_status pdlt_control_further(pdlt_control *c, uint64_t member, pdlt_accumulator *tensors,
                                 double *record) {
  const pdlt_plan *plan = c->plan;
  pdlt_status status = PDLT_OK;
  if (plan->control.pairwise)
    PDLT_TRY(add_pairwise(c, member, tensors, record));
  else if (plan->control.samples > 0 && !plan->networks)
    PDLT_TRY(add_samples(c, member, tensors, record));
  for (size_t k = 0; k < plan->control.samples && plan->networks; k++)
    PDLT_TRY(add_network(c, member, k, record));
  if (!plan->control.linear) return PDLT_OK;
  add_numbers(c, -1, &c->own, 0, record);
  if (plan->control.start)
    pdlt_row_add(kernel_of(plan), -1, c->start, record + plan->at.start_shift);
  for (size_t k = 0; k < plan->control.levels.count; k++)
    PDLT_TRY(add_difference(c, k, member, record));
cleanup:
  return status;
}
