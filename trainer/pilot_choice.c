/* pilot_choice.c - which estimator takes the least work: see pilot.h. */
#include <math.h>

#include "trainer/pilot.h"

enum { MIN_SURVIVORS = 8 };

/* Variance per draw at one width. */
static double variance(const pdlt_pilot_width *w, const pdlt_pilot_option *o) {
  const double R = (double)o->pairs;
  double value = w->antithetic;
  if (o->samples == 0) return value;
  const double further = w->further / (double)o->samples;
  double x = w->linear + further, mx = -w->covariance; /* var x, cov(m, x) */
  if (o->stage > 0) {
    const pdlt_pilot_stage *stage = &w->stage[o->stage - 1];
    x += R / (R + 1) * (2 * stage->with_linear + stage->variance);
    mx -= R / (R + 1) * stage->with_mean;
  }
  if (!o->fitted)
    value += 2 * mx + x;
  else if (x > 0)
    value -= mx * mx / x;
  return value < further * 0x1p-20 ? further * 0x1p-20 : value;
}

double pdlt_pilot_gain(const pdlt_pilot_width *w, const pdlt_pilot_option *option) {
  return w->antithetic > 0 ? variance(w, option) / w->antithetic : 1;
}

/* That times the flops, over those of plain. */
static double work(const pdlt_pilot_width *w, const pdlt_pilot_option *o) {
  const double plain = w->plain * (w->flops_draw + w->flops_train);
  double flops = w->flops_draw + 2 * w->flops_train;
  if (o->samples > 0) flops += w->flops_linear + (double)o->samples * w->flops_further;
  if (o->stage > 0)
    flops += ((double)o->pairs + 1) *
             (2 * (double)w->stage[o->stage - 1].steps * w->flops_step + 3 * w->flops_linear);
  return variance(w, o) * flops / plain;
}

double pdlt_pilot_work(const pdlt_pilot *pilot, const pdlt_pilot_option *option) {
  return 0.5 * (work(&pilot->width[0], option) + work(&pilot->width[1], option));
}

/* Best numbers with a control; returns their work. */
static double best(const pdlt_pilot *pilot, int fitted, pdlt_pilot_option *out) {
  size_t stages = pilot->width[0].stages;
  double least = INFINITY;
  if (pilot->width[1].stages < stages) stages = pilot->width[1].stages;
  *out = (pdlt_pilot_option){.samples = 1, .fitted = fitted};
  for (size_t stage = 0; stage <= stages; stage++)
    for (size_t R = stage > 0; R <= (stage > 0 ? PDLT_MAX_PAIRS : 0); R = R == 0 ? 1 : 2 * R)
      for (size_t M = 1; M <= PDLT_MAX_SAMPLES; M *= 2) {
        const pdlt_pilot_option option = {
            .samples = M, .fitted = fitted, .stage = stage, .pairs = R};
        const double x = pdlt_pilot_work(pilot, &option);
        if (!(x < least)) continue;
        least = x;
        *out = option;
      }
  return least;
}

static int enough(const pdlt_pilot *pilot) {
  for (int k = 0; k < 2; k++)
    if (pilot->width[k].survivors < MIN_SURVIVORS || !(pilot->width[k].plain > 0)) return 0;
  return 1;
}

void pdlt_pilot_decide(pdlt_pilot *pilot, pdlt_estimator estimator) {
  const double better = 0.9;
  const int known = enough(pilot), choose = estimator == PDLT_ESTIMATOR_AUTO;
  pdlt_pilot_option option[2] = {{.samples = 1}, {.samples = 1, .fitted = 1}};
  double least = 1, with[2] = {INFINITY, INFINITY};
  pilot->antithetic = 0;
  pilot->chosen = (pdlt_pilot_option){.samples = 0};
  if (known && choose) {
    const double pairs = pdlt_pilot_work(pilot, &pilot->chosen);
    pilot->antithetic = pairs < 1;
    if (pairs < least) least = pairs;
  }
  if (known && pilot->linearized)
    for (int fitted = 0; fitted < 2; fitted++) with[fitted] = best(pilot, fitted, &option[fitted]);
  if (choose && !(with[0] < better * least || with[1] < better * least)) return;
  pilot->antithetic = 1;
  pilot->chosen = option[choose ? with[1] < better * with[0] : estimator == PDLT_ESTIMATOR_CONTROL];
}
