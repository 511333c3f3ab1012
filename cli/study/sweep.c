/* sweep.c - pdlt run on an experiment with a sweep: every point, then one page. */
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "cli/command.h"
#include "compare/page/sweep.h"

static pdlt_status run_point(const pdlt_sweep *sweep, size_t p, const pdlt_options *options,
                             pdlt_comparison *comparison, int *exit_status, pdlt_error *err) {
  char folder[PDLT_PATH_LENGTH];
  pdlt_options own = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_path_join(folder, options->output, sweep->points[p].name, err));
  PDLT_TRY(pdlt_options_with(&own, options, sweep->num_keys + 1, sweep->points[p].sets, err));
  own.team = 0; /* helpers know the file, not its points */
  if (!options->json) printf("%s\n", sweep->points[p].name);
  PDLT_TRY(pdlt_run_one(folder, &own, comparison, exit_status, err));
cleanup:
  pdlt_options_free(&own);
  return status;
}

/* Title of the experiment, read with the settings of the first point. */
static pdlt_status read_title(char **out, const pdlt_sweep *sweep, const pdlt_options *options,
                              pdlt_error *err) {
  pdlt_options own = {0};
  pdlt_experiment ex = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_options_with(&own, options, sweep->num_keys + 1, sweep->points[0].sets, err));
  PDLT_TRY(pdlt_experiment_read(&ex, own.args[0], own.num_sets, own.sets, err));
  PDLT_TRY(pdlt_strdup(out, ex.title, err));
cleanup:
  pdlt_experiment_free(&ex);
  pdlt_options_free(&own);
  return status;
}

pdlt_status pdlt_run_sweep(const pdlt_sweep *sweep, pdlt_options *options, int *exit_status,
                           pdlt_error *err) {
  pdlt_comparison *comparisons = NULL;
  pdlt_sweep_entry *entries = NULL;
  char *title = NULL;
  char axis[PDLT_SWEEP_AXIS_LENGTH];
  pdlt_status status = PDLT_OK;
  *exit_status = 0;
  pdlt_sweep_axis(axis, sweep);
  PDLT_TRY(read_title(&title, sweep, options, err));
  PDLT_TRY(pdlt_alloc(&comparisons, sweep->count, sizeof *comparisons, err));
  PDLT_TRY(pdlt_alloc(&entries, sweep->count, sizeof *entries, err));
  for (size_t p = 0; p < sweep->count; p++) {
    int one = 0;
    PDLT_TRY(run_point(sweep, p, options, &comparisons[p], &one, err));
    entries[p] =
        (pdlt_sweep_entry){sweep->points[p].name, pdlt_sweep_value(sweep, p), &comparisons[p]};
    if (one > *exit_status) *exit_status = one;
  }
  PDLT_TRY(pdlt_sweep_page_write(title, axis, entries, sweep->count, options->output, err));
  if (!options->json) printf("%s/report.html\n", options->output);
cleanup:
  for (size_t p = 0; comparisons != NULL && p < sweep->count; p++)
    pdlt_comparison_free(&comparisons[p]);
  pdlt_free(comparisons);
  pdlt_free(entries);
  pdlt_free(title);
  return status;
}
