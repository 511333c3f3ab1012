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

enum {
  PDLT_FORMULA_MAX_ARGS = 4,
  PDLT_FORMULA_DEPTH = 64,          /* brackets, powers and arguments inside each other */
  PDLT_FORMULA_OPERANDS = 10000000, /* that are read, inside sums and products once for each term */
  PDLT_FORMULA_CALL = 1000          /* a function of the scope counts as so many or more */
};

/* A function that formula.c does not know: value into *out. *operands, PDLT_FORMULA_CALL before the
 * call, is how many operands it counts as. Errors: PDLT_ERR_INPUT. */
typedef pdlt_status (*pdlt_formula_function)(void *context, const char *name, size_t num_args,
                                             const double *args, double *out, size_t *operands,
                                             pdlt_error *err);

typedef struct pdlt_formula_variable {
  const char *name;
  double value;
} pdlt_formula_variable;

/* What names mean. Everything borrowed; archive and function may be NULL. */
typedef struct pdlt_formula_scope {
  size_t num_variables;
  const pdlt_formula_variable *variables;
  const pdlt_archive *archive; /* NAME[i,j], NAME@layer[i,j] */
  pdlt_formula_function function;
  void *context;
  size_t *left; /* operands that all formulas of the scope may still read together; NULL: each has
                   PDLT_FORMULA_OPERANDS of its own */
} pdlt_formula_scope;

/* Value of the formula. Errors: PDLT_ERR_INPUT, naming formula, place and reason; also where it is
 * nested too deeply or reads too many operands. Cost: about 0.1 microseconds an operand, and what the
 * functions of the scope take; stack: a few hundred bytes a level. */
pdlt_status pdlt_formula_value(double *out, const char *text, const pdlt_formula_scope *scope,
                               pdlt_error *err);

/* Checks syntax alone; names may mean anything. */
pdlt_status pdlt_formula_check(const char *text, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
