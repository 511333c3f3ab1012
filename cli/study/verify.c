/* verify.c - the book, claim by claim: which are wanted, their tests, index.html, verdicts.json. */
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "base/file/lock.h"
#include "cli/study/study.h"
#include "compare/figure/claim.h"
#include "compare/page/claims.h"

struct pdlt_claims {
  pdlt_settings settings;
  int quick;
  pdlt_claim_list list;
  pdlt_claim_result *results; /* (list.count) empty where not tested yet */
  pdlt_claim_entry *entries;  /* (list.count) borrow results and drawings */
  char **drawings;            /* (list.count) owned */
  pdlt_lock lock;             /* of the folder, from the first test on */
};

void pdlt_claims_free(pdlt_claims *claims) {
  if (claims == NULL) return;
  for (size_t k = 0; k < claims->list.count; k++) {
    if (claims->results != NULL) pdlt_claim_result_free(&claims->results[k]);
    if (claims->drawings != NULL) pdlt_free(claims->drawings[k]);
  }
  pdlt_free(claims->results);
  pdlt_free(claims->entries);
  pdlt_free((void *)claims->drawings);
  pdlt_claim_list_free(&claims->list);
  pdlt_settings_clear(&claims->settings);
  pdlt_lock_release(&claims->lock);
  pdlt_free(claims);
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

static int is_wanted(const char *folder, const char *const *names) {
  int wanted = 0;
  for (size_t a = 0; names[a] != NULL; a++) wanted |= matches(folder, names[a]);
  return wanted;
}

/* Keeps the claims that some name names, in the order of the book. */
static pdlt_status choose(pdlt_claim_list *list, const char *const *names, pdlt_error *err) {
  size_t kept = 0;
  for (size_t a = 0; names[a] != NULL; a++) {
    int found = 0;
    for (size_t i = 0; i < list->count && !found; i++) found = matches(list->folders[i], names[a]);
    if (!found)
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "pdlt verify: \"%s\" is no chapter with claims and no claim; pdlt list "
                       "claims names them",
                       names[a]);
  }
  for (size_t i = 0; i < list->count; i++) {
    char *folder = list->folders[i];
    list->folders[i] = NULL;
    if (is_wanted(folder, names))
      list->folders[kept++] = folder;
    else
      pdlt_free(folder);
  }
  list->count = kept;
  return PDLT_OK;
}

pdlt_status pdlt_claims_open(pdlt_claims **out, const char *claims, const char *const *names,
                             int quick, const pdlt_settings *settings, pdlt_error *err) {
  char folder[PDLT_PATH_LENGTH];
  pdlt_claims *made = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&made, 1, sizeof *made, err));
  made->quick = quick;
  PDLT_TRY(pdlt_settings_copy(&made->settings, settings, 0, NULL, err));
  PDLT_TRY(pdlt_claims_folder(folder, claims, err));
  PDLT_TRY(pdlt_claim_list_find(&made->list, folder, err));
  if (names != NULL && names[0] != NULL) PDLT_TRY(choose(&made->list, names, err));
  if (made->list.count == 0)
    PDLT_TRY(
        pdlt_fail(err, PDLT_ERR_INPUT, "%s: holds no claims (folders with expect.yaml)", folder));
  const size_t count = made->list.count;
  PDLT_TRY(pdlt_alloc(&made->results, count, sizeof *made->results, err));
  PDLT_TRY(pdlt_alloc(&made->entries, count, sizeof *made->entries, err));
  PDLT_TRY(pdlt_alloc((void *)&made->drawings, count, sizeof *made->drawings, err));
  *out = made;
  return PDLT_OK;
cleanup:
  pdlt_claims_free(made);
  return status;
}

size_t pdlt_claims_count(const pdlt_claims *claims) { return claims->list.count; }

const char *pdlt_claims_name(const pdlt_claims *claims, size_t k) {
  return k < claims->list.count ? name_of(claims->list.folders[k]) : NULL;
}

static pdlt_status check_index(const pdlt_claims *claims, size_t k, pdlt_error *err) {
  if (k < claims->list.count) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT, "claim %zu of %zu", k, claims->list.count);
}

static pdlt_status check_folder(const char *folder, pdlt_error *err) {
  return folder != NULL ? PDLT_OK : pdlt_fail(err, PDLT_ERR_INPUT, "no folder was given");
}

static pdlt_status hold(pdlt_claims *claims, const char *folder, pdlt_error *err) {
  if (pdlt_lock_is_of(&claims->lock, folder)) return PDLT_OK;
  pdlt_lock_release(&claims->lock);
  const pdlt_status status = pdlt_folder_make(folder, err);
  return status != PDLT_OK ? status : pdlt_lock_folder(&claims->lock, folder, err);
}

pdlt_status pdlt_claims_test(pdlt_claims *claims, size_t k, const char *folder, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  char own[PDLT_PATH_LENGTH], *drawing = NULL;
  size_t size = 0;
  pdlt_claim_result result = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_index(claims, k, err));
  PDLT_TRY(check_folder(folder, err));
  PDLT_TRY(hold(claims, folder, err));
  PDLT_TRY(pdlt_verify_claim(&result, claims->list.folders[k], claims->quick, folder,
                             &claims->settings, err));
  PDLT_TRY(pdlt_path_join(own, folder, result.claim.name, err));
  PDLT_TRY(pdlt_claim_figure(&drawing, &size, &result, own, err));
  pdlt_claim_result_free(&claims->results[k]);
  pdlt_free(claims->drawings[k]);
  claims->results[k] = result;
  claims->drawings[k] = drawing;
  claims->entries[k] = (pdlt_claim_entry){&claims->results[k], drawing, size};
  return PDLT_OK;
cleanup:
  pdlt_claim_result_free(&result);
  return status;
}

static pdlt_status check_tested(const pdlt_claims *claims, size_t k, pdlt_error *err) {
  const pdlt_status status = check_index(claims, k, err);
  if (status != PDLT_OK || claims->entries[k].result != NULL) return status;
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: not tested yet", pdlt_claims_name(claims, k));
}

pdlt_status pdlt_claims_json(const pdlt_claims *claims, size_t k, char **out, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  json_t *found = NULL;
  pdlt_status status = check_tested(claims, k, err);
  if (status != PDLT_OK) return status;
  found = pdlt_claim_result_json(&claims->results[k]);
  status = found == NULL ? pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory")
                         : pdlt_json_dump(found, out, err);
  json_decref(found);
  return status;
}

static pdlt_status write_verdicts(const pdlt_claims *claims, const char *path, pdlt_error *err) {
  json_t *list = json_array();
  for (size_t i = 0; i < claims->list.count; i++)
    pdlt_json_append(&list, pdlt_claim_result_json(&claims->results[i]));
  const pdlt_status status = pdlt_json_write(list, path, err);
  json_decref(list);
  return status;
}

pdlt_status pdlt_claims_write(const pdlt_claims *claims, const char *folder, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  char path[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_folder(folder, err));
  for (size_t k = 0; k < claims->list.count; k++) PDLT_TRY(check_tested(claims, k, err));
  PDLT_TRY(pdlt_path_join(path, folder, "index.html", err));
  PDLT_TRY(pdlt_claim_page_write(
      claims->entries, claims->list.count,
      claims->quick ? "Quick run: fewer members than a full one." : "Full run.", path, err));
  PDLT_TRY(pdlt_path_join(path, folder, "verdicts.json", err));
  PDLT_TRY(write_verdicts(claims, path, err));
cleanup:
  return status;
}

const char *pdlt_claims_verdict(const pdlt_claims *claims) {
  pdlt_claim_verdict worst = PDLT_CLAIM_AGREE;
  for (size_t k = 0; k < claims->list.count; k++) {
    if (claims->entries[k].result == NULL) continue;
    const pdlt_claim_verdict verdict = pdlt_claim_result_verdict(&claims->results[k]);
    if (verdict > worst) worst = verdict;
  }
  return pdlt_claim_verdict_text(worst);
}

pdlt_status pdlt_verify(const char *claims, const char *const *names, int quick, const char *folder,
                        const pdlt_settings *settings, const char **verdict, pdlt_error *err) {
  pdlt_claims *all = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_claims_open(&all, claims, names, quick, settings, err));
  for (size_t k = 0; k < pdlt_claims_count(all); k++)
    PDLT_TRY(pdlt_claims_test(all, k, folder, err));
  PDLT_TRY(pdlt_claims_write(all, folder, err));
  *verdict = pdlt_claims_verdict(all);
cleanup:
  pdlt_claims_free(all);
  return status;
}
