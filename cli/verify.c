/* verify.c - pdlt verify: the book, claim by claim; table, index.html, verdicts.json. */
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "cli/command.h"
#include "compare/figure/claim.h"
#include "compare/page/claims.h"

/* Everything of one run. */
typedef struct run {
  size_t count;
  pdlt_claim_result *results; /* (count) */
  pdlt_claim_entry *entries;  /* (count) borrow results, own the drawings */
} run;

static void free_run(run *r, char **drawings) {
  for (size_t i = 0; i < r->count; i++) {
    pdlt_claim_result_free(&r->results[i]);
    if (drawings != NULL) pdlt_free(drawings[i]);
  }
  pdlt_free(r->results);
  pdlt_free(r->entries);
  pdlt_free((void *)drawings);
}

static const char *name_of(const char *folder) {
  const char *slash = strrchr(folder, '/');
  return slash == NULL ? folder : slash + 1;
}

/* wanted: a chapter ("5"), a folder ("5-universality"), or its name ("universality"). */
static int matches(const char *folder, const char *wanted) {
  const char *name = name_of(folder), *dash = strchr(name, '-');
  if (dash == NULL) return 0;
  const size_t length = (size_t)(dash - name);
  return strcmp(name, wanted) == 0 || strcmp(dash + 1, wanted) == 0 ||
         (strlen(wanted) == length && strncmp(name, wanted, length) == 0);
}

/* Keeps the claims that some argument names, in the order of the book. */
static pdlt_status choose(pdlt_claim_list *list, const pdlt_options *options, pdlt_error *err) {
  size_t kept = 0;
  for (int a = 0; a < options->num_args; a++) {
    int found = 0;
    for (size_t i = 0; i < list->count && !found; i++)
      found = matches(list->folders[i], options->args[a]);
    if (!found)
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "pdlt verify: \"%s\" is no chapter with claims and no claim; pdlt list "
                       "claims names them",
                       options->args[a]);
  }
  for (size_t i = 0; options->num_args > 0 && i < list->count; i++) {
    int wanted = 0;
    for (int a = 0; a < options->num_args; a++)
      wanted |= matches(list->folders[i], options->args[a]);
    if (!wanted) {
      pdlt_free(list->folders[i]);
      continue;
    }
    char *folder = list->folders[i];
    list->folders[i] = NULL;
    list->folders[kept++] = folder;
  }
  if (options->num_args > 0) list->count = kept;
  return PDLT_OK;
}

static void print_row(const pdlt_claim_result *r) {
  size_t refuted = 0, sabotages = pdlt_claim_count_sabotages(r, &refuted);
  printf("%-9s  %-44s  %zu of %zu sabotages refuted\n",
         pdlt_claim_verdict_text(pdlt_claim_result_verdict(r)), r->claim.name, refuted, sabotages);
  for (size_t e = 0; e < r->claim.num_expectations; e++) {
    for (size_t p = 0; p < r->points; p++)
      if (r->truth[e][p].verdict != PDLT_AGREE)
        printf("           %s%s%s: %s: %s\n", r->claim.expectations[e].label,
               r->points > 1 ? " at " : "", r->point_names[p],
               pdlt_verdict_text(r->truth[e][p].verdict), r->truth[e][p].reason);
    for (size_t s = 0; s < r->claim.expectations[e].num_sabotages; s++)
      if (pdlt_claim_sabotage_verdict(r, e, s) != PDLT_DISAGREE)
        printf("           %s: not refuted: %s (%.2g standard errors)\n",
               r->claim.expectations[e].label, r->claim.expectations[e].sabotages[s].text,
               pdlt_claim_sabotage_sigma(r, e, s));
  }
  fflush(stdout);
}

static pdlt_status write_verdicts(const run *r, const char *path, int print, pdlt_error *err) {
  json_t *list = json_array();
  for (size_t i = 0; i < r->count; i++)
    json_array_append_new(list, pdlt_claim_result_json(&r->results[i]));
  pdlt_status status = json_array_size(list) == r->count
                           ? pdlt_json_write(list, path, err)
                           : pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory");
  if (status == PDLT_OK && print) {
    json_dumpf(list, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
    printf("\n");
  }
  json_decref(list);
  return status;
}

/* 0 all agree; 1 something disagrees; 4 something is undecided or without power. */
static int exit_of(const run *r) {
  pdlt_claim_verdict worst = PDLT_CLAIM_AGREE;
  for (size_t i = 0; i < r->count; i++) {
    const pdlt_claim_verdict verdict = pdlt_claim_result_verdict(&r->results[i]);
    if (verdict > worst) worst = verdict;
  }
  return worst == PDLT_CLAIM_DISAGREE ? 1 : worst == PDLT_CLAIM_AGREE ? 0 : 4;
}

static pdlt_status do_claim(run *r, char **drawings, size_t i, const char *folder,
                            pdlt_options *options, pdlt_error *err) {
  char own[PDLT_PATH_LENGTH];
  size_t size = 0;
  pdlt_status status = PDLT_OK;
  if (!options->quiet) fprintf(stderr, "%s\n", name_of(folder));
  PDLT_TRY(pdlt_verify_claim(&r->results[i], folder, options, err));
  PDLT_TRY(pdlt_path_join(own, options->output, r->results[i].claim.name, err));
  PDLT_TRY(pdlt_claim_figure(&drawings[i], &size, &r->results[i], own, err));
  r->entries[i] = (pdlt_claim_entry){&r->results[i], drawings[i], size};
  if (!options->json) print_row(&r->results[i]);
cleanup:
  return status;
}

pdlt_status pdlt_command_verify(pdlt_options *options, int *exit_status, pdlt_error *err) {
  pdlt_claim_list list = {0};
  run r = {0};
  char claims[PDLT_PATH_LENGTH], path[PDLT_PATH_LENGTH], **drawings = NULL;
  pdlt_status status = PDLT_OK;
  if (options->progress.mode == PDLT_PROGRESS_LINES) /* one line per claim is enough */
    options->progress.mode = PDLT_PROGRESS_QUIET;
  PDLT_TRY(pdlt_claims_folder(claims, options, err));
  PDLT_TRY(pdlt_claim_list_find(&list, claims, err));
  PDLT_TRY(choose(&list, options, err));
  if (list.count == 0)
    PDLT_TRY(
        pdlt_fail(err, PDLT_ERR_INPUT, "%s: holds no claims (folders with expect.yaml)", claims));
  PDLT_TRY(pdlt_folder_make(options->output, err));
  PDLT_TRY(pdlt_alloc(&r.results, list.count, sizeof *r.results, err));
  PDLT_TRY(pdlt_alloc(&r.entries, list.count, sizeof *r.entries, err));
  PDLT_TRY(pdlt_alloc((void *)&drawings, list.count, sizeof *drawings, err));
  r.count = list.count;
  for (size_t i = 0; i < list.count; i++)
    PDLT_TRY(do_claim(&r, drawings, i, list.folders[i], options, err));
  PDLT_TRY(pdlt_path_join(path, options->output, "index.html", err));
  PDLT_TRY(pdlt_claim_page_write(
      r.entries, r.count,
      options->quick ? "Quick run: fewer members than a full one." : "Full run.", path, err));
  if (!options->json) printf("%s\n", path);
  PDLT_TRY(pdlt_path_join(path, options->output, "verdicts.json", err));
  PDLT_TRY(write_verdicts(&r, path, options->json, err));
  *exit_status = exit_of(&r);
cleanup:
  free_run(&r, drawings);
  pdlt_claim_list_free(&list);
  return status;
}
