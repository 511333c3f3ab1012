/* figure.c - pdlt figure: one figure of two results, drawn as the keys of figures say. */
#include <jansson.h>
#include <stdio.h>

#include "cli/command.h"

/* Path and caption, as text or JSON. */
static pdlt_status print_figure(const pdlt_options *options, const char *caption, pdlt_error *err) {
  if (!options->json) {
    pdlt_print_wrapped("", 0, caption);
    return PDLT_OK;
  }
  json_t *made = json_pack("{s:s, s:s, s:s}", "figure", options->args[0], "output", options->output,
                           "caption", caption);
  const pdlt_status status = pdlt_print_json(made, err);
  json_decref(made);
  return status;
}

pdlt_status pdlt_command_figure(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_study *study = NULL;
  char *caption = NULL;
  pdlt_status status = PDLT_OK;
  *exit_status = 0;
  PDLT_TRY(
      pdlt_study_open_results(&study, options->args[1], options->args[2], &options->settings, err));
  PDLT_TRY(pdlt_study_figure(study, options->args[0], options->output, &caption, err));
  PDLT_TRY(print_figure(options, caption, err));
cleanup:
  pdlt_text_free(caption);
  pdlt_study_free(study);
  return status;
}
