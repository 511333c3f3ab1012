/* features.c - pdlt features: what single networks have learned, as a page. */
#include <jansson.h>
#include <stdio.h>

#include "cli/command.h"

/* The answer in words and where the page is; or all of features.json. */
static pdlt_status print_features(const pdlt_options *options, const char *text, pdlt_error *err) {
  json_t *root = NULL;
  pdlt_status status = pdlt_json_of(&root, text, err);
  if (status != PDLT_OK) return status;
  if (options->json) {
    status = pdlt_print_json(root, err);
  } else {
    pdlt_print_wrapped("", 0, json_string_value(json_object_get(root, "answer")));
    printf("%s/features.html\n", options->output);
  }
  json_decref(root);
  return status;
}

pdlt_status pdlt_command_features(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_study *study = NULL;
  char *json = NULL;
  pdlt_status status = PDLT_OK;
  *exit_status = 0;
  PDLT_TRY(pdlt_study_open(&study, options->args[0], &options->settings, err));
  PDLT_TRY(pdlt_study_features(study, options->output, (unsigned long)options->member, &json, err));
  PDLT_TRY(print_features(options, json, err));
cleanup:
  pdlt_text_free(json);
  pdlt_study_free(study);
  return status;
}
