/* posterior_term.c - see posterior_term.h. */
#include "theory/terms/posterior_term.h"

const char *pdlt_posterior_term_name(pdlt_posterior_term term) {
  static const char *const names[] = {
#define PDLT_POSTERIOR_TERM_NAME(id, name, equation) name,
      PDLT_POSTERIOR_TERM_LIST(PDLT_POSTERIOR_TERM_NAME)
#undef PDLT_POSTERIOR_TERM_NAME
  };
  return names[term];
}

const char *pdlt_posterior_term_equation(pdlt_posterior_term term) {
  static const char *const equations[] = {
#define PDLT_POSTERIOR_TERM_EQUATION(id, name, equation) equation,
      PDLT_POSTERIOR_TERM_LIST(PDLT_POSTERIOR_TERM_EQUATION)
#undef PDLT_POSTERIOR_TERM_EQUATION
  };
  return equations[term];
}

pdlt_posterior_factors pdlt_posterior_factors_all(void) {
  pdlt_posterior_factors factors;
  for (int t = 0; t < PDLT_POSTERIOR_TERM_COUNT; t++) factors.factor[t] = 1.0;
  return factors;
}
