/* list.c - pdlt list: what the library knows, as text or JSON. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const char *text_of(const json_t *entry, const char *key) {
  const char *text = json_string_value(json_object_get(entry, key));
  return text == NULL ? "" : text;
}

/* Names of claims are longer than all others. */
static void print_list(const char *title, const json_t *list) {
  const int width = strcmp(title, "claims") == 0 ? 32 : 22;
  size_t k = 0;
  const json_t *entry = NULL;
  printf("%s\n", title);
  json_array_foreach(list, k, entry)
      printf("  %-*s %s\n", width, text_of(entry, "name"), text_of(entry, "text"));
}

pdlt_status pdlt_command_list(pdlt_options *options, int *exit_status, pdlt_error *err) {
  const char *wanted = options->num_args > 0 ? options->args[0] : NULL, *title = NULL;
  char *text = NULL;
  json_t *list = NULL, *all = NULL;
  pdlt_status status = pdlt_list(wanted, options->claims, &text, err);
  if (status != PDLT_OK) return status;
  const int as_json = options->json || (wanted != NULL && strcmp(wanted, "schema") == 0);
  *exit_status = 0;
  if (!as_json) status = pdlt_json_of(&all, text, err);
  if (as_json)
    printf("%s\n", text);
  else
    json_object_foreach(all, title, list) print_list(title, list);
  json_decref(all);
  pdlt_text_free(text);
  return status;
}
