/* scope.h - what names mean in the formulas of a claim. Users include expectation.h. */
#ifndef PDLT_COMPARE_CLAIM_SCOPE_H
#define PDLT_COMPARE_CLAIM_SCOPE_H

#include "compare/claim/expectation.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_CLAIM_VARIABLES = 12 };

/* Initialize with pdlt_claim_scope_open; must not move afterwards. */
typedef struct pdlt_claim_scope {
  const pdlt_claim_setting *setting;
  const json_t *experiment; /* of the archive, resolved */
  pdlt_formula_variable variable[PDLT_CLAIM_VARIABLES];
  pdlt_formula_scope scope;
  size_t left; /* operands that the formulas of the test may still read */
} pdlt_claim_scope;

/* L, n_L, eta, point and, of the last layer, C_b, C_W, lambda_b, lambda_W; arrays of archive. */
void pdlt_claim_scope_open(pdlt_claim_scope *out, const pdlt_claim_setting *setting,
                           const pdlt_archive *archive);
/* Sets a further variable, or gives it another value. */
void pdlt_claim_scope_set(pdlt_claim_scope *scope, const char *name, double value);

/* The formula of the list for this point. Errors: PDLT_ERR_INPUT `FILE:LINE: KEY: ...` (also: not
 * finite). */
pdlt_status pdlt_claim_scope_value(double *out, const pdlt_formula_list *list,
                                   const pdlt_claim_scope *scope, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
