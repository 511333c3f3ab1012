/* expectation.h - one expectation of a claim against theory and ensembles.
 *
 * Is: the prediction (as derived, or as a sabotage has it), the test, what is shown.
 * Is not: the verdict of the whole claim (result.h). Method: docs/claims.md. */
#ifndef PDLT_COMPARE_CLAIM_EXPECTATION_H
#define PDLT_COMPARE_CLAIM_EXPECTATION_H

#include "base/file/archive.h"
#include "compare/claim/claim.h"
#include "compare/claim/formula.h"
#include "compare/join/join.h"
#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One point of the sweep. Everything borrowed. */
typedef struct pdlt_claim_setting {
  const pdlt_archive *theory;   /* of the experiment as it stands */
  const pdlt_archive *measured; /* NULL: no ensemble */
  const pdlt_join_setup *setup; /* of the two; NULL: no ensemble */
  const pdlt_archive *other;    /* theory with the settings of a sabotage; NULL: as theory */
  size_t point;                 /* of the sweep, from 0: which formula of a list */
  double share;                 /* p below it: disagree */
  /* Functions of formulas beyond formula.h and C_b(l), C_W(l), lambda_b(l), lambda_W(l). */
  pdlt_formula_function function;
  void *context;
} pdlt_claim_setting;

/* How the distance of the measured numbers from a prediction falls with the width. */
typedef struct pdlt_residual {
  double exponent[2], exponent_se[2]; /* of n: from lo, from lo + h^power nlo; NaN: within
                                         noise */
  double left_out; /* second distance over the first at the smallest width; NaN: no correction */
} pdlt_residual;

/* What one test found. Arrays owned (pdlt_finding_free). */
typedef struct pdlt_finding {
  pdlt_verdict verdict;
  double p;       /* of the joint test; NaN: not tested; 0 or 1 without statistics */
  double worst_z; /* of one number, in standard errors (THEORY: in tolerances) */
  size_t numbers; /* tested */
  char reason[512];
  size_t shown;                /* the number that is drawn */
  double value, se, predicted; /* its coefficient and the prediction; EXACT: at the smallest width
                                  that is used; NaN: there is none */
  size_t count;                /* points of the curve */
  int half;                    /* 1: the quantity goes in powers of h^(1/2) */
  double *x, *y, *y_se, *line; /* (count) h or h^(1/2) (THEORY: the variable), measured (computed),
                                  its error, prediction */
  pdlt_residual residual;      /* SLOPE */
} pdlt_finding;

void pdlt_finding_free(pdlt_finding *finding);

/* Tests e with its own prediction (sabotage NULL) or with the sabotage's. *out must be
 * empty; shown: the number to draw, SIZE_MAX: choose. Errors: PDLT_ERR_INPUT (a formula, a
 * quantity that does not exist), PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. */
pdlt_status pdlt_expectation_test(pdlt_finding *out, const pdlt_expectation *e,
                                  const pdlt_sabotage *sabotage, const pdlt_claim_setting *setting,
                                  size_t shown, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
