/* at_width.c - see at_width.h. */
#include "base/experiment/at_width.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/results_internal.h"

static const char *const keys[PDLT_PARAMETERS] = {"network.C_b", "network.C_W", "network.lambda_b",
                                                  "network.lambda_W"};

/* --- Experiments --- */

static double *const *list_of(const pdlt_experiment *ex, pdlt_parameter which) {
  double *const *const lists[PDLT_PARAMETERS] = {&ex->network.C_b, &ex->network.C_W,
                                                 &ex->network.lambda_b, &ex->network.lambda_W};
  return lists[which];
}

static int follows(const pdlt_experiment *ex, pdlt_parameter which) {
  return (ex->network.follows >> which & 1U) != 0;
}

double pdlt_experiment_parameter(const pdlt_experiment *ex, pdlt_parameter which, int l,
                                 size_t in) {
  const double value = (*list_of(ex, which))[l - 1];
  return follows(ex, which) ? value * pow((double)in, ex->network.width_power[which]) : value;
}

const char *pdlt_experiment_follows(const pdlt_experiment *ex) {
  for (int which = 0; which < PDLT_PARAMETERS; which++)
    if (follows(ex, (pdlt_parameter)which)) return keys[which];
  return NULL;
}

/* The list of one parameter at width n. */
static pdlt_status fill(double *to, const pdlt_experiment *ex, pdlt_parameter which, int n,
                        size_t inputs, pdlt_error *err) {
  for (int l = 1; l <= ex->network.depth; l++) {
    const int below = pdlt_experiment_layer_width(ex, l - 1, n, (int)inputs);
    to[l - 1] = pdlt_experiment_parameter(ex, which, l, (size_t)below);
    if (!isfinite(to[l - 1]))
      return pdlt_experiment_fail(
          ex, keys[which], err,
          "layer %d gets a value beyond all numbers at n = %d; use a smaller "
          "power of the width",
          l, n);
  }
  return PDLT_OK;
}

void pdlt_experiment_at_width_free(pdlt_experiment *ex) {
  for (int which = 0; which < PDLT_PARAMETERS; which++)
    pdlt_free(*list_of(ex, (pdlt_parameter)which));
  pdlt_free(ex->network.widths);
  memset(ex, 0, sizeof *ex);
}

pdlt_status pdlt_experiment_at_width(pdlt_experiment *out, const pdlt_experiment *ex, int n,
                                     size_t inputs, pdlt_error *err) {
  pdlt_experiment plain = *ex;
  double **const lists[PDLT_PARAMETERS] = {&plain.network.C_b, &plain.network.C_W,
                                           &plain.network.lambda_b, &plain.network.lambda_W};
  pdlt_status status = PDLT_OK;
  plain.network.widths = NULL;
  for (int which = 0; which < PDLT_PARAMETERS; which++) *lists[which] = NULL;
  PDLT_TRY(pdlt_alloc(&plain.network.widths, 1, sizeof(int), err));
  plain.network.widths[0] = n;
  plain.network.num_widths = 1;
  plain.network.follows = 0;
  for (int which = 0; which < PDLT_PARAMETERS; which++) {
    PDLT_TRY(pdlt_alloc(lists[which], (size_t)ex->network.depth, sizeof(double), err));
    PDLT_TRY(fill(*lists[which], ex, (pdlt_parameter)which, n, inputs, err));
  }
  *out = plain;
  return PDLT_OK;
cleanup:
  pdlt_experiment_at_width_free(&plain);
  return status;
}

/* --- Archives --- */

int pdlt_theory_follows(const pdlt_archive *theory) {
  const json_t *network = json_object_get(json_object_get(theory->meta, "experiment"), "network");
  for (int which = 0; which < PDLT_PARAMETERS; which++)
    if (json_object_get(json_object_get(network, strchr(keys[which], '.') + 1), "width") != NULL)
      return 1;
  return 0;
}

void pdlt_theory_view_free(pdlt_archive *view) {
  pdlt_free(view->entries);
  memset(view, 0, sizeof *view);
}

pdlt_status pdlt_theory_view(pdlt_archive *out, const pdlt_archive *theory, double n,
                             pdlt_error *err) {
  char prefix[32] = "";
  if (pdlt_theory_follows(theory)) snprintf(prefix, sizeof prefix, "n%.0f/", n);
  const size_t length = strlen(prefix);
  pdlt_archive view = {.meta = theory->meta, .capacity = theory->count};
  size_t own = 0;
  const pdlt_status status = pdlt_alloc(&view.entries, theory->count, sizeof *view.entries, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < theory->count; i++) {
    const pdlt_archive_entry *entry = &theory->entries[i];
    const int here = strncmp(entry->name, prefix, length) == 0;
    if (!here && !pdlt_results_is_common(entry->name)) continue;
    own += (size_t)here;
    view.entries[view.count] = *entry;
    view.entries[view.count++].name += here ? length : 0;
  }
  *out = view;
  if (own > 0) return PDLT_OK;
  pdlt_theory_view_free(out);
  return pdlt_fail(
      err, PDLT_ERR_INPUT,
      "theory has no arrays of n = %.0f; make it with network.widths of the measurement", n);
}

pdlt_status pdlt_theory_add_width(pdlt_archive *all, pdlt_archive *theory, int n, pdlt_error *err) {
  char name[PDLT_RESULTS_NAME + 32];
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < theory->count && status == PDLT_OK; i++) {
    pdlt_archive_entry *entry = &theory->entries[i];
    const int common = pdlt_results_is_common(entry->name);
    if (common && pdlt_archive_get(all, entry->name) != NULL) continue;
    if (common)
      snprintf(name, sizeof name, "%s", entry->name);
    else
      snprintf(name, sizeof name, "n%d/%s", n, entry->name);
    status = pdlt_archive_put(all, name, &entry->array, err);
  }
  return status;
}
