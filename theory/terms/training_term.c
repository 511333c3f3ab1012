/* training_term.c - see training_term.h. */
#include "theory/terms/training_term.h"

const char *pdlt_dynamics_term_name(pdlt_dynamics_term term) {
  static const char *const names[] = {
#define PDLT_DYNAMICS_TERM_NAME(id, name, equation) name,
      PDLT_DYNAMICS_TERM_LIST(PDLT_DYNAMICS_TERM_NAME)
#undef PDLT_DYNAMICS_TERM_NAME
  };
  return names[term];
}

const char *pdlt_dynamics_term_equation(pdlt_dynamics_term term) {
  static const char *const equations[] = {
#define PDLT_DYNAMICS_TERM_EQUATION(id, name, equation) equation,
      PDLT_DYNAMICS_TERM_LIST(PDLT_DYNAMICS_TERM_EQUATION)
#undef PDLT_DYNAMICS_TERM_EQUATION
  };
  return equations[term];
}

const char *pdlt_dynamics_part_name(pdlt_dynamics_part part) {
  static const char *const names[] = {
#define PDLT_DYNAMICS_PART_NAME(id, name) name,
      PDLT_DYNAMICS_PART_LIST(PDLT_DYNAMICS_PART_NAME)
#undef PDLT_DYNAMICS_PART_NAME
  };
  return names[part];
}
