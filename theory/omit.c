/* omit.c - see omit.h. */
#include "theory/omit.h"

#include <string.h>

/* 1 when name is the term's own or the part before its dot. */
static int names_term(const char *name, const char *term) {
  const size_t length = strlen(name);
  return strncmp(name, term, length) == 0 && (term[length] == 0 || term[length] == '.');
}

/* Returns how many factors the name sets to 0. */
static int leave_out(pdlt_omission *o, const char *name) {
  int found = pdlt_term_mask_scale(&o->terms, name, 0.0, NULL) == PDLT_OK;
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++) {
    if (!names_term(name, pdlt_dynamics_term_name((pdlt_dynamics_term)t))) continue;
    o->dynamics.factor[t] = 0.0;
    found++;
  }
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++) {
    if (strcmp(name, pdlt_dynamics_part_name((pdlt_dynamics_part)p)) != 0) continue;
    o->part[p] = 0.0;
    found++;
  }
  return found;
}

pdlt_status pdlt_omission_read(pdlt_omission *out, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_omission o = {.any = ex->theory.num_omit > 0, .terms = pdlt_term_mask_all()};
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++) o.dynamics.factor[t] = 1.0;
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++) o.part[p] = 1.0;
  for (size_t i = 0; i < ex->theory.num_omit; i++)
    if (leave_out(&o, ex->theory.omit[i]) == 0)
      return pdlt_experiment_fail(
          ex, "theory.omit", err,
          "\"%s\" is no term, tensor or part; pdlt list terms and pdlt list "
          "parts name them",
          ex->theory.omit[i]);
  *out = o;
  return PDLT_OK;
}
