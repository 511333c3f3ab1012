/* keep.c - see keep.h. */
#include "cli/study/keep.h"

#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "compare/reach/stored.h"

/* Whether an entry is a tensor with four indices over samples: V, layer2/V. */
static int is_tensor(const pdlt_archive_entry *entry) {
  const char *slash = strchr(entry->name, '/');
  const char *name = strncmp(entry->name, "layer", 5) == 0 && slash ? slash + 1 : entry->name;
  const int row = pdlt_quantity_find(name);
  return row >= 0 && strcmp(pdlt_quantities[row].indices, "ssss") == 0 && entry->array.ndim == 4;
}

static pdlt_status cut_tensors(pdlt_archive *theory, size_t kept, pdlt_error *err) {
  int cut = 0;
  for (size_t i = 0; i < theory->count; i++) {
    pdlt_archive_entry *entry = &theory->entries[i];
    if (!is_tensor(entry) || entry->array.dim[0] <= kept) continue;
    const pdlt_status status = pdlt_array_corner(&entry->array, kept, err);
    if (status != PDLT_OK) return status;
    cut = 1;
  }
  if (!cut) return PDLT_OK;
  return pdlt_json_set(theory->meta, "kept_samples", json_integer((json_int_t)kept), err);
}

static pdlt_status leave_out(pdlt_archive *theory, const char *name, pdlt_error *err) {
  const pdlt_array *array = pdlt_archive_get(theory, name);
  char reason[96], error[64];
  const double bytes = (double)pdlt_array_count(array) * sizeof(double);
  snprintf(reason, sizeof reason, "not kept: %.3g MB; theory.keep: [Theta_t] keeps it",
           bytes / 1e6);
  snprintf(error, sizeof error, "err/%s", name);
  pdlt_archive_remove(theory, name);
  pdlt_archive_remove(theory, error);
  json_t *absent = json_object_get(theory->meta, "absent");
  return pdlt_json_set(absent, name, json_string(reason), err);
}

/* What the comparison would have computed of the arrays that go. */
static pdlt_status store_reach(pdlt_archive *theory, const pdlt_experiment *ex,
                               pdlt_progress *progress, pdlt_error *err) {
  const size_t num = ex->network.num_widths;
  const double ratio = ex->network.width_ratios[ex->network.depth - 2];
  double *h = NULL;
  pdlt_status status = pdlt_alloc(&h, num, sizeof *h, err);
  if (status != PDLT_OK) return status;
  for (size_t w = 0; w < num; w++) h[w] = 1.0 / (ex->network.widths[w] * ratio);
  status = pdlt_reach_store(theory, num, h, progress, err);
  pdlt_free(h);
  return status;
}

pdlt_status pdlt_theory_keep(pdlt_archive *theory, const pdlt_experiment *ex,
                             pdlt_progress *progress, pdlt_error *err) {
  const size_t D = pdlt_archive_get(theory, "K")->dim[0];
  const size_t kept = pdlt_experiment_kept_samples(ex, D);
  const int cut = kept < D && pdlt_archive_get(theory, "V") != NULL;
  const char *moved =
      pdlt_archive_get(theory, "Theta_t_half") != NULL ? "Theta_t_half" : "Theta_t_nlo";
  const int drop = pdlt_archive_get(theory, moved) != NULL && !pdlt_experiment_keeps_theta_t(ex, D);
  pdlt_status status = PDLT_OK;
  if (!cut && !drop) return PDLT_OK;
  PDLT_TRY(store_reach(theory, ex, progress, err));
  if (cut) PDLT_TRY(cut_tensors(theory, kept, err));
  if (drop) PDLT_TRY(leave_out(theory, moved, err));
cleanup:
  return status;
}
