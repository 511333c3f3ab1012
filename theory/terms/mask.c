/* mask.c - see mask.h. */
#include "theory/terms/mask.h"

#include <string.h>

#include "base/experiment/layer.h"

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
  for (int t = 0; t < PDLT_POSTERIOR_TERM_COUNT; t++) {
    if (!pdlt_term_is_named(pdlt_posterior_term_name((pdlt_posterior_term)t), name)) continue;
    m->posterior.factor[t] *= factor;
    found++;
  }
  double *kink = pdlt_kink_factor(&m->kink, name);
  if (kink != NULL) *kink *= factor;
  found += kink != NULL;
  return found;
}

/* 1 when a factor that the name means is not 1 any more. */
static int is_changed(const pdlt_mask *m, const char *name) {
  pdlt_kink_factors kink = m->kink;
  const double *factor = pdlt_kink_factor(&kink, name);
  int changed = factor != NULL && *factor != 1.0;
  for (int t = 0; t < PDLT_TERM_COUNT; t++)
    changed |= pdlt_term_is_named(pdlt_term_name((pdlt_term)t), name) && m->terms.factor[t] != 1.0;
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++)
    changed |= pdlt_term_is_named(pdlt_dynamics_term_name((pdlt_dynamics_term)t), name) &&
               m->dynamics.factor[t] != 1.0;
  for (int t = 0; t < PDLT_POSTERIOR_TERM_COUNT; t++)
    changed |= pdlt_term_is_named(pdlt_posterior_term_name((pdlt_posterior_term)t), name) &&
               m->posterior.factor[t] != 1.0;
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++)
    changed |=
        strcmp(name, pdlt_dynamics_part_name((pdlt_dynamics_part)p)) == 0 && m->part[p] != 1.0;
  return changed;
}

/* What a name that means nothing in this network lacks; NULL: it is in place. */
static const char *out_of_place(const pdlt_experiment *ex, const char *name) {
  const int skips = pdlt_experiment_has_skips(ex);
  if (ex->network.layers == NULL && pdlt_term_is_named(name, "positions"))
    return "is of layers with positions (network.layers), and this network has none";
  if (!skips && pdlt_term_is_named(name, "skip"))
    return "is of layers with skips (network.skip), and this network has none";
  if (!ex->posterior.on && pdlt_term_is_named(name, "posterior"))
    return "is of Bayesian inference (posterior.noise), which is not asked for";
  if (skips && pdlt_term_is_named(name, "positions"))
    return "is of networks without skips, and this network has some";
  return NULL;
}

static pdlt_status apply(pdlt_mask *m, const pdlt_experiment *ex, const char *key,
                         const pdlt_name_list *list, double factor, pdlt_error *err) {
  for (size_t i = 0; i < list->count; i++) {
    if (factor != 0.0 && is_changed(m, list->name[i]))
      return pdlt_experiment_fail(ex, key, err,
                                  "\"%s\" is left out by theory.omit or flipped already; name "
                                  "each term once, in one of the two",
                                  list->name[i]);
    const char *why = out_of_place(ex, list->name[i]);
    if (why != NULL)
      return pdlt_experiment_fail(ex, key, err, "\"%s\" %s; leave it out", list->name[i], why);
    if (scale(m, list->name[i], factor) == 0)
      return pdlt_experiment_fail(
          ex, key, err,
          "\"%s\" is no term, tensor or part; pdlt list terms and pdlt list parts name them",
          list->name[i]);
  }
  return PDLT_OK;
}

pdlt_status pdlt_mask_read(pdlt_mask *out, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_mask m = {.active = ex->theory.omit.count + ex->theory.flip.count > 0,
                 .terms = pdlt_term_mask_all(),
                 .kink = pdlt_kink_factors_all(),
                 .posterior = pdlt_posterior_factors_all()};
  pdlt_status status = PDLT_OK;
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++) m.dynamics.factor[t] = 1.0;
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++) m.part[p] = 1.0;
  PDLT_TRY(apply(&m, ex, "theory.omit", &ex->theory.omit, 0.0, err));
  PDLT_TRY(apply(&m, ex, "theory.flip", &ex->theory.flip, -1.0, err));
  *out = m;
cleanup:
  return status;
}
