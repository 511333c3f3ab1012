/* expectation_exponent.c - how the distance of measurements from infinite width falls with the width. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "compare/claim/internal.h"
#include "compare/statistics/distance.h"
#include "compare/statistics/distribution.h"

/* Mean square of measured - prediction less the noise, over the distinct numbers. */
static pdlt_distance distance_of(const pdlt_join *join, const pdlt_join_setup *setup, size_t w,
                                 int order) {
  double square = 0, noise = 0, spread = 0, numbers = 0;
  for (size_t k = 0; k < join->count; k++) {
    if (!join->distinct[k]) continue;
    const double se2 = join->se[k * join->num_widths + w] * join->se[k * join->num_widths + w];
    const double d = join->x[k * join->num_widths + w] - join->lo[k] -
                     (order == 1 ? pdlt_join_unit(join, setup, w) * join->nlo[k] : 0);
    square += d * d;
    noise += se2;
    spread += 4 * d * d * se2;
    numbers += 1;
  }
  pdlt_distance out = {.used = join->used[w], .numbers = (size_t)numbers};
  out.value = sqrt(fmax(square - noise, 0) / numbers);
  out.floor = sqrt(noise / numbers);
  out.se = out.value > 0 ? sqrt(spread) / (2 * numbers * out.value) : out.floor;
  return out;
}

pdlt_status pdlt_claim_residual(pdlt_residual *out, const pdlt_join *join,
                                const pdlt_join_setup *setup, pdlt_error *err) {
  pdlt_distance *distance = NULL;
  double first[2];
  pdlt_status status = pdlt_alloc(&distance, join->num_widths, sizeof *distance, err);
  for (int order = 0; status == PDLT_OK && order < 2; order++) {
    for (size_t w = 0; w < join->num_widths; w++) distance[w] = distance_of(join, setup, w, order);
    pdlt_distance_slope(join->num_widths, setup->widths, distance, &out->exponent[order],
                        &out->exponent_se[order]);
    first[order] = distance[0].value;
    if (order == 1) out->left_out = first[0] > 0 ? first[1] / first[0] : NAN;
  }
  pdlt_free(distance);
  return status;
}

/* The exponent that is predicted, as the expectation and the sabotage have it. */
static pdlt_status predict(double *out, const pdlt_expectation *e, const pdlt_sabotage *sabotage,
                           const pdlt_claim_setting *setting, pdlt_error *err) {
  const int other = sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_VALUE;
  pdlt_claim_scope scope;
  pdlt_claim_scope_open(&scope, setting, setting->other != NULL ? setting->other : setting->theory);
  const pdlt_status status =
      pdlt_claim_scope_value(out, other ? &sabotage->value : &e->predicted, &scope, err);
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_FACTOR) *out *= sabotage->factor;
  return status;
}

/* Higher powers bend the curve of finite widths by up to the tolerance: only what is beyond it, in standard
 * errors, tells against the prediction, and an error that is as large decides nothing. */
static void judge(pdlt_finding *out, double tolerance, double share) {
  const double off = out->value - out->predicted;
  out->worst_z = copysign(fmax(fabs(off) - tolerance, 0.0) / out->se, off);
  out->p = pdlt_normal_two_sided(out->worst_z);
  if (!isfinite(out->value) || !isfinite(out->se)) {
    out->p = NAN;
    out->verdict = PDLT_UNDECIDED;
    snprintf(out->reason, sizeof out->reason,
             "fewer than two widths stand clear of their noise; use more members");
    return;
  }
  out->verdict = out->p < share            ? PDLT_DISAGREE
                 : out->se > tolerance / 2 ? PDLT_UNDECIDED
                                           : PDLT_AGREE;
  snprintf(out->reason, sizeof out->reason,
           "the distance falls as n^-%.3f(%.3f), predicted n^-%.3g within %.2g%s", out->value,
           out->se, out->predicted, tolerance,
           out->verdict == PDLT_UNDECIDED ? "; use more members" : "");
}

pdlt_status pdlt_claim_test_exponent(pdlt_finding *out, const pdlt_expectation *e,
                                     const pdlt_sabotage *sabotage,
                                     const pdlt_claim_setting *setting, const pdlt_join *join,
                                     pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < join->count; k++) out->numbers += join->distinct[k] != 0;
  if (out->shown == SIZE_MAX) out->shown = pdlt_claim_choose_shown(join, join->nlo);
  PDLT_TRY(predict(&out->predicted, e, sabotage, setting, err));
  PDLT_TRY(pdlt_claim_residual(&out->residual, join, setting->setup, err));
  PDLT_TRY(pdlt_claim_curve(out, join, setting->setup, 1, err));
  out->value = -out->residual.exponent[0];
  out->se = out->residual.exponent_se[0];
  judge(out, e->tolerance, setting->share);
cleanup:
  return status;
}
