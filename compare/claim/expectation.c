/* expectation.c - see expectation.h: which prediction, which test. The tests at each width
 * are expectation_exact.c, that of the power of n is expectation_exponent.c. */
#include "compare/claim/expectation.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/claim/internal.h"
#include "compare/verdict/verdict.h"

void pdlt_finding_free(pdlt_finding *finding) {
  pdlt_free(finding->x);
  pdlt_free(finding->y);
  pdlt_free(finding->y_se);
  pdlt_free(finding->line);
  memset(finding, 0, sizeof *finding);
}

pdlt_status pdlt_finding_curve(pdlt_finding *out, size_t count, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&out->x, count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&out->y, count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&out->y_se, count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&out->line, count, sizeof(double), err));
  out->count = count;
cleanup:
  return status;
}

/* --- theory alone --- */

static pdlt_status add_theory_point(pdlt_finding *out, size_t i, const pdlt_expectation *e,
                                    const pdlt_sabotage *sabotage, pdlt_claim_scope *computed,
                                    pdlt_claim_scope *predicted, pdlt_error *err) {
  const int other = sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_VALUE;
  const double x = e->variable == NULL ? (double)computed->setting->point
                                       : (double)e->first + (double)i * (double)e->step;
  pdlt_status status = PDLT_OK;
  if (e->variable != NULL) {
    pdlt_claim_scope_set(computed, e->variable, x);
    pdlt_claim_scope_set(predicted, e->variable, x);
  }
  PDLT_TRY(pdlt_claim_scope_value(&out->y[i], &e->value, computed, err));
  PDLT_TRY(pdlt_claim_scope_value(&out->line[i], other ? &sabotage->value : &e->predicted,
                                  predicted, err));
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_FACTOR) out->line[i] *= sabotage->factor;
  out->x[i] = x;
  out->y_se[i] = NAN;
  const double scale = out->line[i] == 0 ? 1 : fabs(out->line[i]);
  const double z = (out->y[i] - out->line[i]) / (e->tolerance * scale);
  if (fabs(z) > fabs(out->worst_z)) out->worst_z = z;
cleanup:
  return status;
}

static pdlt_status test_theory(pdlt_finding *out, const pdlt_expectation *e,
                               const pdlt_sabotage *sabotage, const pdlt_claim_setting *setting,
                               pdlt_error *err) {
  pdlt_claim_scope computed, predicted;
  pdlt_status status = PDLT_OK;
  const pdlt_archive *used = setting->other != NULL ? setting->other : setting->theory;
  pdlt_claim_scope_open(&computed, setting, used);
  pdlt_claim_scope_open(&predicted, setting, setting->theory);
  const size_t count = e->variable == NULL ? 1 : (size_t)((e->last - e->first) / e->step) + 1;
  PDLT_TRY(pdlt_finding_curve(out, count, err));
  for (size_t i = 0; i < count; i++)
    PDLT_TRY(add_theory_point(out, i, e, sabotage, &computed, &predicted, err));
  out->numbers = count;
  out->p = fabs(out->worst_z) > 1 ? 0 : 1;
  out->verdict = out->p < 1 ? PDLT_DISAGREE : PDLT_AGREE;
  out->value = out->y[count - 1];
  out->predicted = out->line[count - 1];
  snprintf(out->reason, sizeof out->reason, "largest deviation %.3g of the tolerance",
           fabs(out->worst_z));
cleanup:
  return status;
}

/* --- ensembles --- */

static int at_place(const pdlt_join *join, size_t k, const pdlt_expectation *e, double last) {
  if (e->has_at && e->num_at != join->ndim) return 0;
  for (int d = 0; e->has_at && d < join->ndim; d++)
    if (join->index[k * (size_t)join->ndim + (size_t)d] != e->at[d]) return 0;
  if (isnan(e->time)) return 1;
  return join->time[k] == (isinf(e->time) ? last : e->time);
}

/* Only numbers at the expectation's place stay distinct; an equal earlier number must not
 * stand for one that is asked for by its index. */
static pdlt_status select_numbers(pdlt_join *join, const pdlt_expectation *e, size_t *count,
                                  pdlt_error *err) {
  double last = -INFINITY;
  for (size_t k = 0; k < join->count; k++) last = fmax(last, join->time[k]);
  *count = 0;
  for (size_t k = 0; k < join->count; k++) {
    const int here = at_place(join, k, e, last);
    join->distinct[k] = here && (join->distinct[k] || e->has_at);
    *count += join->distinct[k] != 0;
  }
  if (*count > 0) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: no measured number has this index and time",
                   e->quantity);
}

static pdlt_status read_join(pdlt_join *join, const char *quantity, const pdlt_join_setup *setup,
                             const pdlt_archive *theory, const pdlt_archive *measured,
                             pdlt_error *err) {
  for (size_t k = 0; k < pdlt_join_kinds(); k++) {
    if (strcmp(pdlt_join_name(k), quantity) != 0) continue;
    pdlt_status status = pdlt_join_read(join, k, setup, theory, measured, err);
    if (status != PDLT_OK || join->count > 0) return status;
    break;
  }
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: not among what both theory and the ensemble have; see measure", quantity);
}

/* What theory says of another quantity, in place of what it says of this one. */
static pdlt_status take_prediction(pdlt_join *join, const char *quantity,
                                   const pdlt_claim_setting *setting, pdlt_error *err) {
  pdlt_join other = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(read_join(&other, quantity, setting->setup, setting->theory, setting->measured, err));
  if (other.count != join->count || other.ndim != join->ndim || other.second != join->second)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "prediction_of: %s and %s have other shapes", quantity,
                       join->name));
  for (size_t k = 0; k < join->count; k++) {
    join->lo[k] = other.lo[k];
    join->nlo[k] = other.nlo[k];
  }
cleanup:
  pdlt_join_free(&other);
  return status;
}

/* The prediction of each number, lo or nlo, as the expectation and the sabotage have it. */
static pdlt_status predict(pdlt_join *join, const pdlt_expectation *e,
                           const pdlt_sabotage *sabotage, const pdlt_claim_setting *setting,
                           pdlt_error *err) {
  pdlt_claim_scope scope;
  const pdlt_formula_list *list = &e->predicted;
  double *target = e->kind == PDLT_EXPECT_SLOPE ? join->nlo : join->lo, factor = 1, value = 0;
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_VALUE) list = &sabotage->value;
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_FACTOR) factor = sabotage->factor;
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_INFINITE_WIDTH) factor = 0;
  if (sabotage != NULL && sabotage->kind == PDLT_SABOTAGE_QUANTITY) {
    const pdlt_status status = take_prediction(join, sabotage->quantity, setting, err);
    if (status != PDLT_OK) return status;
  }
  if (list->count > 0) {
    pdlt_claim_scope_open(&scope, setting,
                          setting->other != NULL ? setting->other : setting->theory);
    pdlt_status status = pdlt_claim_scope_value(&value, list, &scope, err);
    if (status != PDLT_OK) return status;
  } else if (e->kind == PDLT_EXPECT_SLOPE && !join->second) {
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s: theory has no coefficient of 1/n; use limit",
                     e->quantity);
  }
  for (size_t k = 0; k < join->count; k++)
    target[k] = factor * (list->count > 0 ? value : target[k]);
  return PDLT_OK;
}

size_t pdlt_claim_choose_shown(const pdlt_join *join, const double *prediction) {
  size_t best = SIZE_MAX;
  for (size_t k = 0; k < join->count; k++) {
    if (!join->distinct[k]) continue;
    if (best == SIZE_MAX || fabs(prediction[k]) > fabs(prediction[best])) best = k;
  }
  return best;
}

pdlt_status pdlt_claim_curve(pdlt_finding *out, const pdlt_join *join, const pdlt_join_setup *setup,
                             int slope, pdlt_error *err) {
  pdlt_status status = pdlt_finding_curve(out, join->num_widths, err);
  const size_t k = out->shown;
  for (size_t w = 0; status == PDLT_OK && w < join->num_widths; w++) {
    out->x[w] = pdlt_join_unit(join, setup, w);
    out->y[w] = join->x[k * join->num_widths + w];
    out->y_se[w] = join->se[k * join->num_widths + w];
    out->line[w] = join->lo[k] + (slope ? pdlt_join_unit(join, setup, w) * join->nlo[k] : 0);
  }
  return status;
}

/* The tests of compare.h, c0 or c1, on the chosen numbers with the chosen prediction. */
static pdlt_status test_fit(pdlt_finding *out, const pdlt_expectation *e, const pdlt_join *join,
                            const pdlt_join_setup *setup, double share, pdlt_error *err) {
  const int slope = e->kind == PDLT_EXPECT_SLOPE;
  pdlt_evidence evidence = {0};
  pdlt_truncation beyond;
  pdlt_compare_row *rows = NULL;
  double *p = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&rows, join->count, sizeof *rows, err));
  PDLT_TRY(pdlt_alloc(&p, join->count, sizeof *p, err));
  PDLT_TRY(pdlt_evidence_beyond(&beyond, join, setup, err));
  PDLT_TRY(pdlt_evidence_gather(&evidence, join, setup, &beyond, slope, rows, p, err));
  out->numbers = evidence.numbers;
  out->verdict =
      pdlt_verdict_test(&evidence, setup->degree, share, out->reason, sizeof out->reason);
  out->p = pdlt_evidence_tested(&evidence) ? pdlt_evidence_p(&evidence) : NAN;
  out->worst_z = evidence.worst.z;
  const pdlt_coefficient *c = slope ? &rows[out->shown].c1 : &rows[out->shown].c0;
  out->value = c->tested ? c->value : NAN;
  out->se = c->tested ? c->se : NAN;
  out->predicted = slope ? join->nlo[out->shown] : join->lo[out->shown];
  PDLT_TRY(pdlt_claim_curve(out, join, setup, slope, err));
  if (slope) PDLT_TRY(pdlt_claim_residual(&out->residual, join, setup, err));
cleanup:
  pdlt_free(rows);
  pdlt_free(p);
  return status;
}

static pdlt_status test_ensemble(pdlt_finding *out, const pdlt_expectation *e,
                                 const pdlt_sabotage *sabotage, const pdlt_claim_setting *setting,
                                 pdlt_error *err) {
  const pdlt_join_setup *setup = setting->setup;
  pdlt_join join = {0};
  size_t count = 0;
  pdlt_status status = PDLT_OK;
  const pdlt_archive *theory = setting->other != NULL ? setting->other : setting->theory;
  PDLT_TRY(read_join(&join, e->quantity, setup, theory, setting->measured, err));
  PDLT_TRY(select_numbers(&join, e, &count, err));
  out->half = join.power < 1;
  if (e->kind == PDLT_EXPECT_EXPONENT) {
    PDLT_TRY(pdlt_claim_test_exponent(out, e, sabotage, setting, &join, err));
  } else if (e->kind == PDLT_EXPECT_EXACT) {
    PDLT_TRY(pdlt_claim_test_exact(out, e, sabotage, setting, &join, setup, err));
  } else {
    PDLT_TRY(predict(&join, e, sabotage, setting, err));
    if (out->shown == SIZE_MAX)
      out->shown =
          pdlt_claim_choose_shown(&join, e->kind == PDLT_EXPECT_SLOPE ? join.nlo : join.lo);
    PDLT_TRY(test_fit(out, e, &join, setup, setting->share, err));
  }
cleanup:
  pdlt_join_free(&join);
  return status;
}

pdlt_status pdlt_expectation_test(pdlt_finding *out, const pdlt_expectation *e,
                                  const pdlt_sabotage *sabotage, const pdlt_claim_setting *setting,
                                  size_t shown, pdlt_error *err) {
  pdlt_finding finding = {.shown = shown,
                          .p = NAN,
                          .value = NAN,
                          .se = NAN,
                          .predicted = NAN,
                          .residual = {{NAN, NAN}, {NAN, NAN}, NAN}};
  pdlt_status status = e->kind == PDLT_EXPECT_THEORY
                           ? test_theory(&finding, e, sabotage, setting, err)
                           : test_ensemble(&finding, e, sabotage, setting, err);
  if (status == PDLT_OK)
    *out = finding;
  else
    pdlt_finding_free(&finding);
  return status;
}
