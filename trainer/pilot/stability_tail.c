/* stability_tail.c - see stability_tail.h. */
#include "trainer/pilot/stability_tail.h"

#include <math.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "trainer/control/flops.h"
#include "trainer/measure/stability.h"
#include "trainer/network/draws.h"
#include "trainer/network/layer.h"

enum { BITS = 2200 }; /* more halvings than lie between the largest double and the smallest */

/* --- the tail --- */

static double normal_tail(double x) { return 0.5 * erfc(x * sqrt(0.5)); }

/* exp(s^2) of the lognormal with this skewness: (w + 2) sqrt(w - 1) = skewness > 0, the real root
 * of w^3 + 3 w^2 - 4 - skewness^2. */
static double lognormal_w(double skewness) {
  const double g = 1 + skewness * skewness / 2;
  const double root = cbrt(g + sqrt(g * g - 1));
  return root + 1 / root - 1;
}

double pdlt_stability_tail_at(double mean, double sd, double skewness, double limit) {
  if (!(sd > 0)) return mean > limit;
  const double x = (limit - mean) / sd;
  if (!(skewness > 1e-6)) return normal_tail(x);
  const double w = lognormal_w(skewness), s = sqrt(log(w));
  /* exp(m + s y) - exp(m + s^2/2) has mean 0 and variance 1 */
  const double m = -0.5 * log(w * (w - 1)), start = -exp(m + s * s / 2);
  if (x <= start) return 1;
  return normal_tail((log(x - start) - m) / s);
}

/* 1 when the tail is small enough at the width `factor` n. */
static int wide_enough(double factor, double mean, double sd, double skewness) {
  const double root = sqrt(factor);
  return pdlt_stability_tail_at(mean, sd / root, skewness / root, 2) <= PDLT_STABILITY_SHARE;
}

double pdlt_stability_width(int n, double mean, double sd, double skewness) {
  double low = 1, high = 1;
  if (!(mean < 2)) return INFINITY;
  for (int k = 0; k < BITS && !wide_enough(high, mean, sd, skewness); k++) {
    low = high;
    high *= 2;
  }
  for (int k = 0; k < 50; k++) {
    const double middle = 0.5 * (low + high);
    if (wide_enough(middle, mean, sd, skewness))
      high = middle;
    else
      low = middle;
  }
  return n * high;
}

void pdlt_stability_fit(pdlt_stability_tail *out, size_t count, const double *x) {
  double finite = 0, mean = 0, square = 0, cube = 0;
  *out = (pdlt_stability_tail){.width = out->width, .draws = (int)count};
  for (size_t i = 0; i < count; i++) {
    out->count += !(x[i] <= 2);
    if (!isfinite(x[i])) continue;
    finite++;
    mean += (x[i] - mean) / finite;
  }
  for (size_t i = 0; i < count; i++) {
    const double d = isfinite(x[i]) ? x[i] - mean : 0;
    square += d * d;
    cube += d * d * d;
  }
  out->mean = finite > 0 ? mean : INFINITY;
  out->sd = finite > 1 ? sqrt(square / (finite - 1)) : 0;
  out->skewness = square > 0 ? cube / finite / pow(square / finite, 1.5) : 0;
  out->tail = pdlt_stability_tail_at(out->mean, out->sd, out->skewness, 2);
  out->share = fmax(out->count / (double)count, out->tail);
  out->stable_width = pdlt_stability_width(out->width, out->mean, out->sd, out->skewness);
}

/* --- how many draws --- */

/* Random numbers, NTK (training_ntk.h) and its largest eigenvalue (largest.h). */
static double flops_of_draw(const pdlt_plan *plan, const pdlt_network *net) {
  const double steps = 50; /* of Lanczos */
  const double q = (double)(plan->data->outputs * plan->data->train);
  double flops = PDLT_FLOPS_LOOP + pdlt_flops_draw(net, 1, net->depth) +
                 PDLT_FLOPS_SHORT * steps * 2 * q * q + 2 * q * q * q / 3;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double out = (double)pdlt_layer_units(&net->layer[k]);
    flops += 2 * q * pdlt_flops_layer(&net->layer[k]) +
             (q + PDLT_FLOPS_SIGMA + PDLT_FLOPS_SHORT) * q * out + 6 * q * q;
  }
  return flops;
}

static double flops_of_run(const pdlt_plan *plan, const pdlt_network *net) {
  const pdlt_experiment *ex = plan->ex;
  const double end_steps = 50, last = plan->schedule.times[plan->times - 1];
  const double members =
      (double)(ex->ensemble.members > 0 ? ex->ensemble.members : ex->ensemble.until.max_members);
  return members * (pdlt_flops_draw(net, 1, net->depth) +
                    pdlt_flops_train(net, plan->data->train, plan->data->samples,
                                     plan->schedule.to_end ? end_steps : last, plan->times));
}

int pdlt_stability_draws(const pdlt_plan *plan, const pdlt_network *net) {
  const double least = 32, second = 2e10;
  const double most = fmax(PDLT_STABILITY_WORK * flops_of_run(plan, net), second);
  const double draws = floor(most / flops_of_draw(plan, net));
  return (int)fmin(fmax(draws, least), PDLT_STABILITY_DRAWS);
}

/* --- the draws --- */

/* One thread's draws: x of draw d for d = first, first + threads, ... */
typedef struct sampler {
  const pdlt_plan *plan;
  const pdlt_network *net;
  int threads, draws; /* in all */
  const volatile sig_atomic_t *stop;
  pdlt_progress *progress;
  pdlt_stability stability;
  double *theta;
  pdlt_status status;
} sampler;

static void free_samplers(sampler *s, int threads) {
  for (int k = 0; s != NULL && k < threads; k++) {
    pdlt_stability_free(&s[k].stability);
    pdlt_free(s[k].theta);
  }
  pdlt_free(s);
}

static pdlt_status new_sampler(sampler *s, pdlt_error *err) {
  const pdlt_plan *plan = s->plan;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_stability_new(&s->stability, s->net, plan->data, plan->ex->training.eta, err));
  PDLT_TRY(pdlt_alloc(&s->theta, s->net->num_params, sizeof *s->theta, err));
cleanup:
  return status;
}

static void sample(sampler *s, int first, double *x) {
  const pdlt_experiment *ex = s->plan->ex;
  for (int d = first; d < s->draws && s->status == PDLT_OK; d += s->threads) {
    pdlt_network_draw(s->net, ex->ensemble.seed, PDLT_STABILITY_MEMBER + (uint64_t)d, s->theta);
    x[d] = ex->training.eta * pdlt_stability_largest(&s->stability, s->theta);
    pdlt_progress_add(s->progress, 1);
    if (s->stop != NULL && *s->stop) s->status = PDLT_ERR_INTERRUPTED;
  }
}

static pdlt_status run_width(pdlt_stability_tail *tail, const pdlt_plan *plan, int threads,
                             const volatile sig_atomic_t *stop, pdlt_progress *progress,
                             pdlt_error *err) {
  pdlt_network net = {.depth = 0};
  char label[48];
  sampler *samplers = NULL;
  double x[PDLT_STABILITY_DRAWS] = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_network_new(&net, plan->ex, tail->width, plan->data->inputs, err));
  const int draws = pdlt_stability_draws(plan, &net);
  PDLT_TRY(pdlt_alloc(&samplers, (size_t)threads, sizeof *samplers, err));
  for (int k = 0; k < threads; k++) {
    samplers[k] = (sampler){.plan = plan,
                            .net = &net,
                            .threads = threads,
                            .draws = draws,
                            .stop = stop,
                            .progress = progress};
    PDLT_TRY(new_sampler(&samplers[k], err));
  }
  snprintf(label, sizeof label, "stability of draws, n = %d", tail->width);
  pdlt_progress_start_short(progress, label, draws);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int k = 0; k < threads; k++) sample(&samplers[k], k, x);
  pdlt_progress_finish(progress);
  for (int k = 0; k < threads; k++)
    if (samplers[k].status != PDLT_OK) PDLT_TRY(pdlt_fail(err, samplers[k].status, "interrupted"));
  pdlt_stability_fit(tail, (size_t)draws, x);
cleanup:
  free_samplers(samplers, threads);
  pdlt_network_free(&net);
  return status;
}

pdlt_status pdlt_stability_pilot(pdlt_stability_tail *tails, const pdlt_plan *plan, int threads,
                                 const volatile sig_atomic_t *stop, pdlt_progress *progress,
                                 pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < plan->ex->network.num_widths && status == PDLT_OK; w++) {
    tails[w] = (pdlt_stability_tail){.width = plan->ex->network.widths[w]};
    status = run_width(&tails[w], plan, threads, stop, progress, err);
  }
  return status;
}

/* --- what is said about it --- */

void pdlt_stability_warn(const pdlt_stability_tail *tails, size_t widths, pdlt_progress *progress) {
  for (size_t w = 0; w < widths; w++) {
    const pdlt_stability_tail *t = &tails[w];
    char what[96];
    if (!(t->share > PDLT_STABILITY_SHARE)) continue;
    if (isinf(t->stable_width))
      snprintf(what, sizeof what, "use a smaller eta");
    else
      snprintf(what, sizeof what, "n = %.0f would do, or a smaller eta",
               fmax(ceil(t->stable_width), t->width + 1.0));
    pdlt_progress_note(progress,
                       "warning: n = %d: eta times the largest eigenvalue of the NTK is above 2 "
                       "for about %.2g of the members; %s",
                       t->width, t->share, what);
  }
}

json_t *pdlt_stability_json(const pdlt_stability_tail *tails, size_t widths) {
  json_t *list = json_array();
  for (size_t w = 0; w < widths; w++) {
    const pdlt_stability_tail *t = &tails[w];
    pdlt_json_append(
        &list,
        json_pack("{s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "width", t->width, "draws",
                  t->draws, "count", pdlt_json_real(t->count), "mean", pdlt_json_real(t->mean),
                  "sd", pdlt_json_real(t->sd), "skewness", pdlt_json_real(t->skewness), "tail",
                  pdlt_json_real(t->tail), "share", pdlt_json_real(t->share), "stable_width",
                  pdlt_json_real(t->stable_width)));
  }
  return list;
}
