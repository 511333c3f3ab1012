/* expectation_exact.c - the test of a prediction that holds at each finite width.
 *
 * Is not: a fit; no power of 1/n is free. Method: docs/claims.md. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "compare/claim/internal.h"
#include "compare/verdict/joint.h"
#include "compare/verdict/verdict.h"

/* Functions "number k at width w minus its prediction". Capacity N * W. */
typedef struct functions {
  const pdlt_join *join;
  size_t count, exact, widths;
  int broken;
  size_t *number;
  double *coefficient, *deviation, *numeric, *scale;
  uint64_t *tag;
} functions;

static void free_work(functions *w) {
  void *owned[] = {w->number, w->coefficient, w->deviation, w->numeric, w->scale, w->tag};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
}

static pdlt_status new_work(functions *w, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t most = w->join->count * w->join->num_widths;
  PDLT_TRY(pdlt_alloc(&w->number, most, sizeof *w->number, err));
  PDLT_TRY(pdlt_alloc(&w->coefficient, most * w->join->num_widths, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&w->deviation, most, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&w->numeric, most, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&w->scale, most, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&w->tag, most, sizeof *w->tag, err));
cleanup:
  return status;
}

/* The prediction of number k at width w: a formula, or lo + h nlo. */
static pdlt_status predict_at(double *out, size_t k, size_t w, const pdlt_expectation *e,
                              const pdlt_sabotage *sabotage, pdlt_claim_scope *scope,
                              const pdlt_join *join, const pdlt_join_setup *setup,
                              pdlt_error *err) {
  const pdlt_formula_list *list = &e->predicted;
  pdlt_status status = PDLT_OK;
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_VALUE) list = &sabotage->value;
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_INFINITE_WIDTH) {
    *out = join->lo[k];
    return PDLT_OK;
  }
  if (list->count > 0) {
    pdlt_claim_scope_set(scope, "n", setup->widths[w]);
    pdlt_claim_scope_set(scope, "h", setup->h[w]);
    status = pdlt_claim_scope_value(out, list, scope, err);
  } else {
    *out = join->lo[k] + (join->second ? pdlt_join_unit(join, setup, w) * join->nlo[k] : 0);
  }
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_FACTOR) *out *= sabotage->factor;
  return status;
}

static void add_function(pdlt_finding *out, functions *work, size_t k, size_t w, double prediction,
                         const pdlt_join_setup *setup) {
  const pdlt_join *join = work->join;
  const size_t at = k * join->num_widths + w, r = work->count;
  const double se = join->se[at];
  const double numeric = join->floor[k] + join->err_lo +
                         (join->second ? pdlt_join_unit(join, setup, w) * join->err_nlo : 0);
  const double deviation = join->x[at] - prediction, scale = hypot(se, numeric);
  if (fabs(deviation / scale) > fabs(out->worst_z)) out->worst_z = deviation / scale;
  out->numbers++;
  if (se <= numeric) { /* no statistics in it */
    work->exact++;
    if (fabs(deviation) > PDLT_NULL_DISTANCE * scale) work->broken = 1;
    return;
  }
  unsigned long long hash = PDLT_HASH_START;
  hash = pdlt_hash_bytes(hash, join->index + k * (size_t)join->ndim,
                         (size_t)join->ndim * sizeof *join->index);
  hash = pdlt_hash_bytes(hash, &join->time[k], sizeof join->time[k]);
  work->tag[r] = pdlt_hash_bytes(hash, &setup->widths[w], sizeof setup->widths[w]);
  work->number[r] = k;
  work->coefficient[r * join->num_widths + w] = 1;
  work->deviation[r] = deviation;
  work->numeric[r] = numeric;
  work->scale[r] = scale;
  work->count++;
}

/* What stands for the test: the number that is shown, at the smallest width that is used. */
static void summarize(pdlt_finding *out, const pdlt_join *join) {
  size_t w = 0;
  while (w < join->num_widths && !join->used[w]) w++;
  if (w == join->num_widths) return;
  out->value = out->y[w];
  out->se = out->y_se[w];
  out->predicted = out->line[w];
}

static void decide(pdlt_finding *out, const functions *w, const pdlt_joint *joint, double share) {
  out->p = w->broken ? 0 : w->count == 0 ? 1 : joint->p;
  out->verdict = PDLT_UNDECIDED;
  if (w->widths == 0 || isnan(out->p)) {
    out->p = NAN;
    snprintf(out->reason, sizeof out->reason, "no width can be used (error bars, blocks)");
  } else if (out->p < share) {
    out->verdict = PDLT_DISAGREE;
    snprintf(out->reason, sizeof out->reason, "p = %.2g is below this test's share %.2g", out->p,
             share);
  } else {
    out->verdict = PDLT_AGREE;
    snprintf(out->reason, sizeof out->reason, "no deviation at any width (p = %.2g)", out->p);
  }
}

pdlt_status pdlt_claim_test_exact(pdlt_finding *out, const pdlt_expectation *e,
                                  const pdlt_sabotage *sabotage, const pdlt_claim_setting *setting,
                                  const pdlt_join *join, const pdlt_join_setup *setup,
                                  pdlt_error *err) {
  functions work = {.join = join};
  pdlt_claim_scope scope;
  pdlt_joint joint = {0};
  pdlt_status status = PDLT_OK;
  double prediction = 0;
  pdlt_claim_scope_open(&scope, setting, setting->other != NULL ? setting->other : setting->theory);
  if (out->shown == SIZE_MAX) out->shown = pdlt_claim_choose_shown(join, join->lo);
  PDLT_TRY(new_work(&work, err));
  PDLT_TRY(pdlt_finding_curve(out, join->num_widths, err));
  for (size_t w = 0; w < join->num_widths; w++) {
    work.widths += join->used[w] != 0;
    for (size_t k = 0; k < join->count; k++) {
      if (!join->distinct[k] && k != out->shown) continue;
      PDLT_TRY(predict_at(&prediction, k, w, e, sabotage, &scope, join, setup, err));
      if (join->used[w] && join->distinct[k]) add_function(out, &work, k, w, prediction, setup);
      if (k == out->shown) out->line[w] = prediction;
    }
    out->x[w] = pdlt_join_unit(join, setup, w);
    out->y[w] = join->x[out->shown * join->num_widths + w];
    out->y_se[w] = join->se[out->shown * join->num_widths + w];
  }
  const pdlt_functions tested = {.count = work.count,
                                 .number = work.number,
                                 .coefficient = work.coefficient,
                                 .deviation = work.deviation,
                                 .numeric = work.numeric,
                                 .scale = work.scale,
                                 .tag = work.tag};
  PDLT_TRY(pdlt_joint_test(&joint, join, &tested, err));
  decide(out, &work, &joint, setting->share);
  summarize(out, join);
cleanup:
  free_work(&work);
  return status;
}
