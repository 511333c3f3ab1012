/* compare.c - pdlt compare, and the last stage of pdlt run: verdict, figures, report. */
#include "compare/verdict/compare.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/npz.h"
#include "cli/command.h"
#include "compare/figure/figure.h"
#include "compare/page/report.h"

static void print_table(const char *folder, const pdlt_comparison *comparison) {
  printf("%-10s %-4s %-10s %9s %8s %8s %8s\n", "quantity", "", "verdict", "p", "worst z", "numbers",
         "null z");
  for (size_t i = 0; i < comparison->num_tests; i++) {
    const pdlt_compare_test *test = &comparison->tests[i];
    printf("%-10s %-4s %-10s %9.2g %8.2f %8zu %8.3g\n", test->quantity, test->coefficient,
           pdlt_verdict_text(test->verdict), test->p, test->worst_z, test->numbers, test->null_z);
    if (test->verdict != PDLT_AGREE) printf("           %s\n", test->reason);
  }
  for (size_t i = 0; i < comparison->num_warnings; i++)
    printf("warning: %s\n", comparison->warnings[i]);
  printf("verdict: %s   (%s/report.html)\n", pdlt_verdict_text(comparison->verdict), folder);
}

static pdlt_status print_json(const char *path, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_status status = pdlt_file_read(path, &text, &size, err);
  if (status == PDLT_OK) fwrite(text, 1, size, stdout);
  pdlt_free(text);
  return status;
}

pdlt_status pdlt_compare_into(const char *folder, const pdlt_archive *theory,
                              const pdlt_archive *measured, pdlt_options *options,
                              pdlt_comparison *out, int *exit_status, pdlt_error *err) {
  pdlt_comparison comparison = {0};
  pdlt_figure_list figures = {0};
  char csv[PDLT_PATH_LENGTH], json[PDLT_PATH_LENGTH], page[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_path_join(csv, folder, "comparison.csv", err));
  PDLT_TRY(pdlt_path_join(json, folder, "verdict.json", err));
  PDLT_TRY(pdlt_path_join(page, folder, "report.html", err));
  PDLT_TRY(pdlt_compare(&comparison, theory, measured, err));
  PDLT_TRY(pdlt_folder_make(folder, err));
  const pdlt_figure_input figure_input = {&comparison, theory, measured};
  PDLT_TRY(pdlt_figures_write(&figure_input, folder, &figures, err));
  const pdlt_report_input report_input = {&comparison, theory, measured, &figures};
  PDLT_TRY(pdlt_report_write(&report_input, page, err));
  PDLT_TRY(pdlt_comparison_write_csv(&comparison, csv, err));
  PDLT_TRY(pdlt_comparison_write_json(&comparison, json, err));
  if (options->json)
    PDLT_TRY(print_json(json, err));
  else
    print_table(folder, &comparison);
  *exit_status = comparison.verdict == PDLT_DISAGREE ? 1 : 0;
  if (out != NULL) {
    *out = comparison;
    comparison = (pdlt_comparison){0};
  }
cleanup:
  pdlt_figure_list_free(&figures);
  pdlt_comparison_free(&comparison);
  return status;
}

static pdlt_status read_kind(pdlt_archive *out, const char *path, const char *kind,
                             pdlt_error *err) {
  pdlt_status status = pdlt_npz_read(out, path, err);
  if (status != PDLT_OK) return status;
  const char *found = json_string_value(json_object_get(out->meta, "kind"));
  if (found != NULL && strcmp(found, kind) == 0) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "%s: holds %s, not a %s archive; usage: pdlt compare THEORY.npz MEASURED.npz -o "
                   "DIR",
                   path, found == NULL ? "something else" : found, kind);
}

/* A folder with the verdict of other archives is left alone without --force. */
static pdlt_status check_folder(const char *folder, const pdlt_archive *theory,
                                const pdlt_archive *measured, const pdlt_options *options,
                                pdlt_error *err) {
  char path[PDLT_PATH_LENGTH];
  pdlt_status status = pdlt_path_join(path, folder, "verdict.json", err);
  if (status != PDLT_OK || options->force || access(path, F_OK) != 0) return status;
  json_t *verdict = json_load_file(path, 0, NULL);
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
                   "%s: holds the comparison of other archives; choose another -o, or --force to "
                   "overwrite it",
                   folder);
}

pdlt_status pdlt_command_compare(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_archive theory = {0}, measured = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(read_kind(&theory, options->args[0], "theory", err));
  PDLT_TRY(read_kind(&measured, options->args[1], "measured", err));
  PDLT_TRY(check_folder(options->output, &theory, &measured, options, err));
  PDLT_TRY(pdlt_compare_into(options->output, &theory, &measured, options, NULL, exit_status, err));
cleanup:
  pdlt_archive_free(&theory);
  pdlt_archive_free(&measured);
  return status;
}
