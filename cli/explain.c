/* explain.c - pdlt explain: what will come of an experiment, before any training. */
#include <stdio.h>

#include "cli/command.h"

pdlt_status pdlt_command_explain(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_study *study = NULL;
  char *text = NULL;
  pdlt_status status = PDLT_OK;
  *exit_status = 0;
  PDLT_TRY(pdlt_study_open(&study, options->args[0], &options->settings, err));
  PDLT_TRY(pdlt_study_explain(study, options->json, &text, err));
  printf("%s%s", text, options->json ? "\n" : "");
cleanup:
  pdlt_text_free(text);
  pdlt_study_free(study);
  return status;
}
