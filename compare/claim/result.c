/* result.c - see result.h. */
#include "compare/claim/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "compare/statistics/distribution.h"

const char *pdlt_claim_verdict_text(pdlt_claim_verdict verdict) {
  static const char *const texts[] = {"agree", "no power", "undecided", "disagree"};
  return texts[verdict];
}

static void free_findings(pdlt_finding *findings, size_t points) {
  for (size_t p = 0; findings != NULL && p < points; p++) pdlt_finding_free(&findings[p]);
  pdlt_free(findings);
}

void pdlt_claim_result_free(pdlt_claim_result *r) {
  for (size_t e = 0; e < r->claim.num_expectations; e++) {
    if (r->truth != NULL) free_findings(r->truth[e], r->points);
    for (size_t s = 0; r->sabotage != NULL && r->sabotage[e] != NULL &&
                       s < r->claim.expectations[e].num_sabotages;
         s++)
      free_findings(r->sabotage[e][s], r->points);
    if (r->sabotage != NULL) pdlt_free((void *)r->sabotage[e]);
  }
  for (size_t p = 0; r->point_names != NULL && p < r->points; p++) pdlt_free(r->point_names[p]);
  pdlt_free((void *)r->truth);
  pdlt_free((void *)r->sabotage);
  pdlt_free((void *)r->point_names);
  pdlt_free(r->point_value);
  pdlt_free(r->swept);
  pdlt_claim_free(&r->claim);
  memset(r, 0, sizeof *r);
}

static pdlt_status allocate(pdlt_claim_result *r, pdlt_error *err) {
  const size_t count = r->claim.num_expectations, points = r->points;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_strdup(&r->swept, "", err));
  PDLT_TRY(pdlt_alloc((void *)&r->point_names, points, sizeof *r->point_names, err));
  PDLT_TRY(pdlt_alloc(&r->point_value, points, sizeof *r->point_value, err));
  for (size_t p = 0; p < points; p++) PDLT_TRY(pdlt_strdup(&r->point_names[p], "", err));
  PDLT_TRY(pdlt_alloc((void *)&r->truth, count, sizeof(pdlt_finding *), err));
  PDLT_TRY(pdlt_alloc((void *)&r->sabotage, count, sizeof(pdlt_finding **), err));
  for (size_t e = 0; e < count; e++) {
    const size_t sabotages = r->claim.expectations[e].num_sabotages;
    PDLT_TRY(pdlt_alloc(&r->truth[e], points, sizeof *r->truth[e], err));
    PDLT_TRY(pdlt_alloc((void *)&r->sabotage[e], sabotages, sizeof(pdlt_finding *), err));
    for (size_t s = 0; s < sabotages; s++)
      PDLT_TRY(pdlt_alloc(&r->sabotage[e][s], points, sizeof *r->sabotage[e][s], err));
  }
cleanup:
  return status;
}

pdlt_status pdlt_claim_result_new(pdlt_claim_result *out, pdlt_claim *claim, size_t points,
                                  pdlt_error *err) {
  pdlt_claim_result result = {.claim = *claim, .points = points};
  pdlt_status status = allocate(&result, err);
  memset(claim, 0, sizeof *claim);
  if (status != PDLT_OK) {
    pdlt_claim_result_free(&result);
    return status;
  }
  *out = result;
  return PDLT_OK;
}

double pdlt_claim_share(const pdlt_claim *claim, size_t points) {
  return pdlt_normal_two_sided(claim->sigma) / (double)(claim->num_expectations * points);
}

pdlt_verdict pdlt_claim_expectation_verdict(const pdlt_claim_result *r, size_t e) {
  pdlt_verdict worst = PDLT_AGREE;
  for (size_t p = 0; p < r->points; p++)
    if (r->truth[e][p].verdict > worst) worst = r->truth[e][p].verdict;
  return worst;
}

pdlt_verdict pdlt_claim_sabotage_verdict(const pdlt_claim_result *r, size_t e, size_t s) {
  pdlt_verdict verdict = PDLT_AGREE;
  for (size_t p = 0; p < r->points; p++)
    if (r->sabotage[e][s][p].verdict > verdict) verdict = r->sabotage[e][s][p].verdict;
  return verdict;
}

size_t pdlt_claim_count_sabotages(const pdlt_claim_result *r, size_t *refuted) {
  size_t count = 0;
  *refuted = 0;
  for (size_t e = 0; e < r->claim.num_expectations; e++)
    for (size_t s = 0; s < r->claim.expectations[e].num_sabotages; s++) {
      count++;
      *refuted += pdlt_claim_sabotage_verdict(r, e, s) == PDLT_DISAGREE;
    }
  return count;
}

pdlt_claim_verdict pdlt_claim_result_verdict(const pdlt_claim_result *r) {
  pdlt_verdict worst = PDLT_AGREE;
  size_t refuted = 0, sabotages = pdlt_claim_count_sabotages(r, &refuted);
  for (size_t e = 0; e < r->claim.num_expectations; e++) {
    const pdlt_verdict verdict = pdlt_claim_expectation_verdict(r, e);
    if (verdict > worst) worst = verdict;
  }
  if (worst == PDLT_DISAGREE) return PDLT_CLAIM_DISAGREE;
  if (worst == PDLT_UNDECIDED) return PDLT_CLAIM_UNDECIDED;
  return refuted < sabotages ? PDLT_CLAIM_NO_POWER : PDLT_CLAIM_AGREE;
}

/* Standard errors of a normal with the same two-sided p; worst |z| when p is 0. */
static double sigma_of(const pdlt_finding *f) {
  if (isnan(f->p)) return 0;
  if (f->p >= 1) return 0;
  return f->p > 1e-300 ? pdlt_normal_upper_quantile(f->p / 2) : fmax(fabs(f->worst_z), 37);
}

double pdlt_claim_sabotage_sigma(const pdlt_claim_result *r, size_t e, size_t s) {
  double largest = 0;
  for (size_t p = 0; p < r->points; p++) largest = fmax(largest, sigma_of(&r->sabotage[e][s][p]));
  return largest;
}

/* --- verdicts.json --- */

static json_t *finding_json(const pdlt_claim_result *r, size_t e, size_t p) {
  const pdlt_finding *f = &r->truth[e][p];
  json_t *out = json_pack("{s:s, s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:o, s:s}", "expectation",
                          r->claim.expectations[e].label, "point", r->point_names[p], "verdict",
                          pdlt_verdict_text(f->verdict), "p", pdlt_json_real(f->p), "worst_z",
                          pdlt_json_real(f->worst_z), "numbers", (int)f->numbers, "value",
                          pdlt_json_real(f->value), "se", pdlt_json_real(f->se), "predicted",
                          pdlt_json_real(f->predicted), "reason", f->reason);
  if (r->claim.expectations[e].kind == PDLT_EXPECT_SLOPE)
    pdlt_json_put(&out, "residual",
                  json_pack("{s:o, s:o, s:o, s:o, s:o}", "exponent_lo",
                            pdlt_json_real(f->residual.exponent[0]), "exponent_lo_se",
                            pdlt_json_real(f->residual.exponent_se[0]), "exponent_nlo",
                            pdlt_json_real(f->residual.exponent[1]), "exponent_nlo_se",
                            pdlt_json_real(f->residual.exponent_se[1]), "left_out",
                            pdlt_json_real(f->residual.left_out)));
  return out;
}

/* What the sabotage changes in the experiment, as --set takes it. */
static json_t *settings_json(const pdlt_sabotage *s) {
  json_t *list = json_array();
  for (size_t i = 0; i < s->num_sets; i++) pdlt_json_append(&list, json_string(s->sets[i]));
  return list;
}

json_t *pdlt_claim_result_json(const pdlt_claim_result *r) {
  json_t *numbers = json_array(), *sabotages = json_array();
  for (size_t e = 0; e < r->claim.num_expectations; e++) {
    const pdlt_expectation *expectation = &r->claim.expectations[e];
    for (size_t p = 0; p < r->points; p++) pdlt_json_append(&numbers, finding_json(r, e, p));
    for (size_t s = 0; s < expectation->num_sabotages; s++) {
      char name[800];
      snprintf(name, sizeof name, "%s: %s", expectation->label, expectation->sabotages[s].text);
      pdlt_json_append(
          &sabotages,
          json_pack("{s:s, s:s, s:o, s:s, s:o}", "sabotage", name, "expectation",
                    expectation->label, "settings", settings_json(&expectation->sabotages[s]),
                    "verdict", pdlt_verdict_text(pdlt_claim_sabotage_verdict(r, e, s)), "sigma",
                    pdlt_json_real(pdlt_claim_sabotage_sigma(r, e, s))));
    }
  }
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "claim", r->claim.name, "chapter",
                   r->claim.chapter, "title", r->claim.claim, "equation", r->claim.equation,
                   "verdict", pdlt_claim_verdict_text(pdlt_claim_result_verdict(r)),
                   "sabotage_verdicts", sabotages, "numbers", numbers);
}
