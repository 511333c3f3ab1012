/* result.h - all findings of a claim, and what they come to.
 *
 * Is: the rule from findings to agree, disagree, undecided, no power; verdicts.json.
 * Is not: the tests (expectation.h) or the page (compare/page/claims.h). */
#ifndef PDLT_COMPARE_CLAIM_RESULT_H
#define PDLT_COMPARE_CLAIM_RESULT_H

#include <jansson.h>

#include "compare/claim/expectation.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_claim_verdict {
  PDLT_CLAIM_AGREE,
  PDLT_CLAIM_NO_POWER, /* no test fails, but some sabotage is not refuted */
  PDLT_CLAIM_UNDECIDED,
  PDLT_CLAIM_DISAGREE
} pdlt_claim_verdict;

/* "agree", "no power", "undecided", "disagree". */
const char *pdlt_claim_verdict_text(pdlt_claim_verdict verdict);

/* A claim and what was found. The claim is owned too. */
typedef struct pdlt_claim_result {
  pdlt_claim claim;
  size_t points;            /* of the sweep, at least 1 */
  char **point_names;       /* (points) "depth=4"; "" without a sweep */
  double *point_value;      /* (points) the swept number; its place when that is none */
  char *swept;              /* what point_value is, for an axis; "" without a sweep */
  pdlt_finding **truth;     /* (expectations) of (points) */
  pdlt_finding ***sabotage; /* (expectations) of (sabotages) of (points) */
} pdlt_claim_result;

/* Takes the claim over (it is {0} afterwards, also on failure); findings are empty, points
 * have no names. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_claim_result_new(pdlt_claim_result *out, pdlt_claim *claim, size_t points,
                                  pdlt_error *err);
void pdlt_claim_result_free(pdlt_claim_result *result);

/* p below which a test of the claim fails: its sigma, two-sided, shared equally among
 * expectations and points. */
double pdlt_claim_share(const pdlt_claim *claim, size_t points);

/* The worst of an expectation over points; of a sabotage: disagree when refuted at a point. */
pdlt_verdict pdlt_claim_expectation_verdict(const pdlt_claim_result *r, size_t expectation);
pdlt_verdict pdlt_claim_sabotage_verdict(const pdlt_claim_result *r, size_t expectation,
                                         size_t sabotage);
pdlt_claim_verdict pdlt_claim_result_verdict(const pdlt_claim_result *r);

/* How clearly a sabotage is refuted, in standard errors of a normal: from its smallest p, or
 * from the worst z where p is too small for a number. */
double pdlt_claim_sabotage_sigma(const pdlt_claim_result *r, size_t expectation, size_t sabotage);

/* How many sabotages the claim has, and how many are refuted. */
size_t pdlt_claim_count_sabotages(const pdlt_claim_result *r, size_t *refuted);

/* {claim, chapter, title, equation, verdict, sabotage_verdicts, numbers} (NOTATION.md). New
 * reference; NULL when out of memory. */
json_t *pdlt_claim_result_json(const pdlt_claim_result *r);

#ifdef __cplusplus
}
#endif
#endif
