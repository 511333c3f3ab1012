/* formula.h - small formulas over the arrays of an archive and named numbers.
 *
 * Is: an interpreter of text such as `V@l[0,0,0,0]/K@l[0,0]^2` or
 * `C_W^l * prod(k, 1, l, 1 + 2/n)`; grammar: docs/claims.md.
 * Is not: a language; no assignment, no text. */
#ifndef PDLT_COMPARE_CLAIM_FORMULA_H
#define PDLT_COMPARE_CLAIM_FORMULA_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_FORMULA_MAX_ARGS = 4 };

typedef struct pdlt_formula_variable {
  const char *name;
  double value;
} pdlt_formula_variable;

/* What names mean. Everything borrowed; archive and function may be NULL. */
typedef struct pdlt_formula_scope {
  size_t num_variables;
  const pdlt_formula_variable *variables;
  const pdlt_archive *archive; /* NAME[i,j], NAME@layer[i,j] */
  /* A function that formula.c does not know: value into *out. Errors: PDLT_ERR_INPUT. */
  pdlt_status (*function)(void *context, const char *name, size_t num_args, const double *args,
                          double *out, pdlt_error *err);
  void *context;
} pdlt_formula_scope;

/* Value of the formula. Errors: PDLT_ERR_INPUT, naming formula, place and reason. */
pdlt_status pdlt_formula_value(double *out, const char *text, const pdlt_formula_scope *scope,
                               pdlt_error *err);

/* Checks syntax alone; names may mean anything. */
pdlt_status pdlt_formula_check(const char *text, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
