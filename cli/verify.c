/* verify.c - pdlt verify: the book, claim by claim; what was found, a row each. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text == NULL ? "" : text;
}

/* An expectation that a point does not agree with. */
static void print_number(const json_t *entry) {
  const char *point = text_of(entry, "point"), *verdict = text_of(entry, "verdict");
  if (strcmp(verdict, "agree") == 0) return;
  printf("           %s%s%s: %s: %s\n", text_of(entry, "expectation"), point[0] != 0 ? " at " : "",
         point, verdict, text_of(entry, "reason"));
}

/* A sabotage that was not refuted; its name begins with the expectation. */
static void print_sabotage(const json_t *entry) {
  const char *label = text_of(entry, "expectation");
  if (strcmp(text_of(entry, "verdict"), "disagree") == 0) return;
  printf("           %s: not refuted: %s (%.2g standard errors)\n", label,
         text_of(entry, "sabotage") + strlen(label) + strlen(": "),
         json_real_value(json_object_get(entry, "sigma")));
}

static void print_row(const json_t *claim) {
  const json_t *sabotages = json_object_get(claim, "sabotage_verdicts"), *entry = NULL;
  size_t k = 0, refuted = 0;
  json_array_foreach(sabotages, k, entry) refuted +=
      strcmp(text_of(entry, "verdict"), "disagree") == 0;
  printf("%-9s  %-44s  %zu of %zu sabotages refuted\n", text_of(claim, "verdict"),
         text_of(claim, "claim"), refuted, json_array_size(sabotages));
  json_array_foreach(json_object_get(claim, "numbers"), k, entry) print_number(entry);
  json_array_foreach(sabotages, k, entry) print_sabotage(entry);
  (void)fflush(stdout);
}

static pdlt_status do_claim(pdlt_claims *claims, size_t k, const pdlt_options *options, json_t *all,
                            pdlt_error *err) {
  char *text = NULL;
  json_t *found = NULL;
  pdlt_status status = PDLT_OK;
  if (!options->quiet) fprintf(stderr, "%s\n", pdlt_claims_name(claims, k));
  PDLT_TRY(pdlt_claims_test(claims, k, options->output, err));
  PDLT_TRY(pdlt_claims_json(claims, k, &text, err));
  PDLT_TRY(pdlt_json_of(&found, text, err));
  if (!options->json) print_row(found);
  PDLT_TRY(pdlt_json_add(all, found, err));
cleanup:
  json_decref(found);
  pdlt_text_free(text);
  return status;
}

/* 0 all agree; 1 something disagrees; 4 something is undecided or without power. */
static int exit_of(const char *verdict) {
  return strcmp(verdict, "disagree") == 0 ? 1 : strcmp(verdict, "agree") == 0 ? 0 : 4;
}

pdlt_status pdlt_command_verify(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_claims *claims = NULL;
  json_t *all = json_array();
  pdlt_status status = PDLT_OK;
  options->tacit = 1;
  if (!isatty(STDERR_FILENO)) options->settings.verbose = 0; /* one line per claim is enough */
  PDLT_TRY(pdlt_claims_open(&claims, options->claims, (const char *const *)options->args,
                            options->quick, &options->settings, err));
  for (size_t k = 0; k < pdlt_claims_count(claims); k++)
    PDLT_TRY(do_claim(claims, k, options, all, err));
  PDLT_TRY(pdlt_claims_write(claims, options->output, err));
  if (options->json)
    PDLT_TRY(pdlt_print_json(all, err));
  else
    printf("%s/index.html\n", options->output);
  *exit_status = exit_of(pdlt_claims_verdict(claims));
cleanup:
  json_decref(all);
  pdlt_claims_free(claims);
  return status;
}
