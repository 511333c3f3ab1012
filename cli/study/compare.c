/* compare.c - theory beside measurement: verdict, figures, report. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "cli/study/study.h"
#include "compare/figure/figure.h"
#include "compare/page/report.h"

enum { VERDICT_BYTES = 1 << 28 }; /* most in a verdict.json */

/* What takes how long, in figures: the page, and each row of comparison.csv. */
static const double page_units = 2, row_units = 1.0 / 8000;

/* A folder with the verdict of other archives is left alone without --force. */
static pdlt_status check_folder(const pdlt_study *study, const char *folder, pdlt_error *err) {
  const pdlt_archive *theory = &study->results[PDLT_THEORY].archive;
  const pdlt_archive *measured = &study->results[PDLT_MEASURED].archive;
  char path[PDLT_PATH_LENGTH];
  pdlt_status status = pdlt_path_join(path, folder, "verdict.json", err);
  if (status != PDLT_OK || study->settings.force || access(path, F_OK) != 0) return status;
  char *text = NULL;
  size_t size = 0;
  json_t *verdict = NULL;
  status = pdlt_file_read(path, VERDICT_BYTES, &text, &size, err);
  if (status == PDLT_OK) status = pdlt_json_parse(&verdict, text, size, err);
  pdlt_free(text);
  if (status == PDLT_ERR_MEMORY) return status;
  const char *of_theory = json_string_value(json_object_get(verdict, "theory_hash"));
  const char *of_measured = json_string_value(json_object_get(verdict, "measured_hash"));
  const char *theory_hash = json_string_value(json_object_get(theory->meta, "hash"));
  const char *measured_hash = json_string_value(json_object_get(measured->meta, "hash"));
  const int same = of_theory != NULL && of_measured != NULL && theory_hash != NULL &&
                   measured_hash != NULL && strcmp(of_theory, theory_hash) == 0 &&
                   strcmp(of_measured, measured_hash) == 0;
  json_decref(verdict);
  if (same) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: holds the comparison of other archives; choose another path, or --force to "
                   "overwrite it",
                   folder);
}

/* Keys of compare: of results in files as the run had them, changed by the settings. */
static pdlt_status read_keys(pdlt_compare_keys *out, const pdlt_study *study, pdlt_error *err) {
  const json_t *meta = study->results[PDLT_MEASURED].archive.meta;
  if (study->is_resolved) {
    *out = study->resolved.experiment.compare;
    return PDLT_OK;
  }
  pdlt_compare_keys_from_json(out, json_object_get(meta, "experiment"));
  return pdlt_compare_keys_set(out, pdlt_settings_count(&study->settings), study->settings.sets,
                               err);
}

/* Whether comparison.csv has the rows without width only; says so when nobody asked for it. */
static int is_summary(pdlt_study *study, const pdlt_comparison *comparison, pdlt_csv csv) {
  const size_t rows = pdlt_comparison_csv_rows(comparison);
  if (csv != PDLT_CSV_AUTO) return csv == PDLT_CSV_SUMMARY;
  if (rows <= PDLT_CSV_FULL_ROWS) return 0;
  pdlt_progress_note(&study->progress,
                     "comparison.csv: %zu rows are more than %d; it holds those without a width, "
                     "compare.csv: full writes all",
                     rows, (int)PDLT_CSV_FULL_ROWS);
  return 1;
}

/* comparison.csv, verdict.json, report.html and figures/ into folder. */
static pdlt_status write_all(pdlt_study *study, const pdlt_comparison *comparison,
                             const pdlt_compare_keys *keys, const char *folder, pdlt_error *err) {
  const pdlt_archive *theory = &study->results[PDLT_THEORY].archive;
  const pdlt_archive *measured = &study->results[PDLT_MEASURED].archive;
  pdlt_figure_list figures = {0};
  char csv[PDLT_PATH_LENGTH], json[PDLT_PATH_LENGTH], page[PDLT_PATH_LENGTH];
  int own = 0;
  pdlt_status status = PDLT_OK;
  pdlt_progress_start_short(&study->progress, "comparison",
                            PDLT_FIGURES + page_units + row_units * (double)comparison->num_rows);
  PDLT_TRY(pdlt_path_join(csv, folder, "comparison.csv", err));
  PDLT_TRY(pdlt_path_join(json, folder, "verdict.json", err));
  PDLT_TRY(pdlt_path_join(page, folder, "report.html", err));
  PDLT_TRY(pdlt_study_hold_now(study, folder, &own, err));
  const pdlt_figure_input figure_input = {comparison, theory, measured, &keys->figures};
  PDLT_TRY(pdlt_figures_write(&figure_input, folder, &figures, &study->progress, err));
  const pdlt_report_input report_input = {comparison, theory, measured, &figures};
  PDLT_TRY(pdlt_report_write(&report_input, page, err));
  pdlt_progress_add(&study->progress, page_units);
  PDLT_TRY(
      pdlt_comparison_write_csv(comparison, is_summary(study, comparison, keys->csv), csv, err));
  pdlt_progress_add(&study->progress, row_units * (double)comparison->num_rows);
  PDLT_TRY(pdlt_comparison_write_json(comparison, json, err));
  pdlt_progress_finish(&study->progress);
cleanup:
  pdlt_figure_list_free(&figures);
  pdlt_study_release(study, own);
  return status;
}

static pdlt_status compare_one(pdlt_study *study, const char *folder, pdlt_error *err) {
  const pdlt_result *theory = &study->results[PDLT_THEORY];
  const pdlt_result *measured = &study->results[PDLT_MEASURED];
  pdlt_comparison comparison = {0};
  pdlt_compare_keys keys;
  char *verdict = NULL;
  pdlt_status status = PDLT_OK;
  if (!theory->made || !measured->made)
    return pdlt_fail(err, PDLT_ERR_INPUT, "nothing to compare: %s first",
                     theory->made ? "train" : "predict");
  pdlt_progress_event(&study->progress, PDLT_EVENT_BEGIN, "comparison");
  PDLT_TRY(read_keys(&keys, study, err));
  const pdlt_compare_options options = {keys.degree, keys.level, &study->progress};
  PDLT_TRY(pdlt_compare(&comparison, &theory->archive, &measured->archive, &options, err));
  if (folder != NULL) PDLT_TRY(write_all(study, &comparison, &keys, folder, err));
  PDLT_TRY(pdlt_comparison_json(&comparison, &verdict, err));
  pdlt_comparison_free(&study->comparison);
  pdlt_free(study->verdict);
  study->comparison = comparison;
  study->verdict = verdict;
  study->compared = 1;
  pdlt_progress_event(&study->progress, PDLT_EVENT_END, "comparison");
  return PDLT_OK;
cleanup:
  pdlt_progress_break(&study->progress);
  pdlt_comparison_free(&comparison);
  return status;
}

pdlt_status pdlt_study_compare(pdlt_study *study, const char *folder, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  if (study->sweep.num_keys > 0) return pdlt_study_write_sweep(study, folder, err);
  const int from_files = study->origin.path == NULL && study->origin.text == NULL;
  const pdlt_status status =
      from_files && folder != NULL ? check_folder(study, folder, err) : PDLT_OK;
  return status != PDLT_OK ? status : compare_one(study, folder, err);
}

pdlt_status pdlt_study_figure(pdlt_study *study, const char *name, const char *path, char **caption,
                              pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  const pdlt_result *theory = &study->results[PDLT_THEORY];
  const pdlt_result *measured = &study->results[PDLT_MEASURED];
  pdlt_compare_keys keys;
  if (name == NULL || path == NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "no name of a figure or no path was given");
  if (study->sweep.num_keys > 0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "a sweep has no figure; each of its points has");
  pdlt_status status =
      study->compared && theory->made && measured->made ? PDLT_OK : compare_one(study, NULL, err);
  if (status == PDLT_OK) status = read_keys(&keys, study, err);
  if (status != PDLT_OK) return status;
  const pdlt_figure_input input = {&study->comparison, &theory->archive, &measured->archive,
                                   &keys.figures};
  return pdlt_figure_write(&input, name, path, caption, err);
}
