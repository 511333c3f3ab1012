/* mask.c - see mask.h. */
#include "theory/mask.h"

#include <string.h>

/* Multiplies every factor that the name means; returns how many. */
static int scale(pdlt_mask *m, const char *name, double factor) {
  int found = pdlt_term_mask_scale(&m->terms, name, factor, NULL) == PDLT_OK;
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++) {
    if (!pdlt_term_is_named(pdlt_dynamics_term_name((pdlt_dynamics_term)t), name)) continue;
    m->dynamics.factor[t] *= factor;
    found++;
  }
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++) {
    if (strcmp(name, pdlt_dynamics_part_name((pdlt_dynamics_part)p)) != 0) continue;
    m->part[p] *= factor;
    found++;
  }
  return found;
}

pdlt_status pdlt_mask_read(pdlt_mask *out, const pdlt_experiment *ex, pdlt_error *err) {
  const pdlt_name_list *omit = &ex->theory.omit;
  pdlt_mask m = {.active = omit->count > 0, .terms = pdlt_term_mask_all()};
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++) m.dynamics.factor[t] = 1.0;
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++) m.part[p] = 1.0;
  for (size_t i = 0; i < omit->count; i++)
    if (scale(&m, omit->name[i], 0.0) == 0)
      return pdlt_experiment_fail(
          ex, "theory.omit", err,
          "\"%s\" is no term, tensor or part; pdlt list terms and pdlt list "
          "parts name them",
          omit->name[i]);
  *out = m;
  return PDLT_OK;
}
