/* translate.c - pdlt translate: a framework's network as an experiment, and back. */
#include <jansson.h>
#include <stdio.h>

#include "cli/command.h"

pdlt_status pdlt_command_translate(pdlt_options *options, int *exit_status, pdlt_error *err) {
  char *text = NULL;
  *exit_status = 0;
  if (options->sets[0] != NULL && !options->back)
    return pdlt_fail(
        err, PDLT_ERR_INPUT,
        "pdlt translate: --set: a description has no keys of an experiment; change them "
        "when the experiment is run, or translate --back");
  pdlt_status status = pdlt_translate(options->args[0], options->back, options->output,
                                      &options->settings, &text, err);
  if (status == PDLT_OK && options->json) {
    json_t *made = json_pack("{s:s?, s:s}", "output", options->output, "text", text);
    status = pdlt_print_json(made, err);
    json_decref(made);
  } else if (status == PDLT_OK && options->output == NULL) {
    fputs(text, stdout);
  }
  pdlt_text_free(text);
  return status;
}
