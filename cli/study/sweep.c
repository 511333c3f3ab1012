/* sweep.c - the points of a study with a sweep, and the page over all of them. */
#include "compare/page/sweep.h"
#include "base/core/memory.h"
#include "cli/study/study.h"

size_t pdlt_study_num_points(const pdlt_study *study) {
  return study->sweep.num_keys == 0 ? 0 : study->sweep.count;
}

const char *pdlt_study_name(const pdlt_study *study) { return study->name; }

static pdlt_status make_point(pdlt_study *study, size_t k, pdlt_error *err) {
  const pdlt_sweep_point *at = &study->sweep.points[k];
  pdlt_study *point = NULL;
  char *name = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_strdup(&name, at->name, err));
  PDLT_TRY(pdlt_study_derive(&point, study, study->sweep.num_keys + 1, at->sets, err));
  pdlt_free(point->name);
  point->name = name;
  point->settings.team = 0; /* helpers know the file, not its points */
  study->points[k] = point;
  return PDLT_OK;
cleanup:
  pdlt_free(name);
  return status;
}

pdlt_status pdlt_study_point(pdlt_study *study, size_t k, pdlt_study **out, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  const size_t points = pdlt_study_num_points(study);
  pdlt_status status = PDLT_OK;
  if (k >= points) return pdlt_fail(err, PDLT_ERR_INPUT, "point %zu of a sweep of %zu", k, points);
  if (study->points == NULL)
    PDLT_TRY(pdlt_alloc((void *)&study->points, points, sizeof(pdlt_study *), err));
  if (study->points[k] == NULL) PDLT_TRY(make_point(study, k, err));
  *out = study->points[k];
cleanup:
  return status;
}

/* Title of the experiment, read with the settings of the first point. */
static pdlt_status read_title(char **out, pdlt_study *study, pdlt_error *err) {
  pdlt_experiment ex = {0};
  pdlt_study *first = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_point(study, 0, &first, err));
  PDLT_TRY(pdlt_study_read(first, &ex, err));
  PDLT_TRY(pdlt_strdup(out, ex.title, err));
cleanup:
  pdlt_experiment_free(&ex);
  return status;
}

pdlt_status pdlt_study_write_sweep(pdlt_study *study, const char *folder, pdlt_error *err) {
  const pdlt_sweep *sweep = &study->sweep;
  pdlt_sweep_entry *entries = NULL;
  char *title = NULL;
  char axis[PDLT_SWEEP_AXIS_LENGTH];
  int own = 0;
  pdlt_status status = PDLT_OK;
  pdlt_sweep_axis(axis, sweep);
  PDLT_TRY(pdlt_alloc(&entries, sweep->count, sizeof *entries, err));
  for (size_t p = 0; p < sweep->count; p++) {
    const pdlt_study *point = study->points != NULL ? study->points[p] : NULL;
    if (point == NULL || !point->compared)
      PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "nothing to compare: %s has no verdict yet",
                         sweep->points[p].name));
    entries[p] =
        (pdlt_sweep_entry){sweep->points[p].name, pdlt_sweep_value(sweep, p), &point->comparison};
  }
  PDLT_TRY(read_title(&title, study, err));
  if (folder == NULL) goto cleanup;
  PDLT_TRY(pdlt_study_hold_now(study, folder, &own, err));
  PDLT_TRY(pdlt_sweep_page_write(title, axis, entries, sweep->count, folder, err));
cleanup:
  pdlt_study_release(study, own);
  pdlt_free(entries);
  pdlt_free(title);
  return status;
}
