/* claims.c - where claims are, which folders hold one, and in which order. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/file/installed.h"
#include "cli/study/study.h"

void pdlt_claim_list_free(pdlt_claim_list *list) {
  for (size_t i = 0; list->folders != NULL && i < list->count; i++) pdlt_free(list->folders[i]);
  pdlt_free((void *)list->folders);
  *list = (pdlt_claim_list){0};
}

pdlt_status pdlt_claims_folder(char out[PDLT_PATH_LENGTH], const char *claims, pdlt_error *err) {
  if (claims == NULL && access("reports", R_OK) == 0) claims = "reports";
  if (claims != NULL && snprintf(out, PDLT_PATH_LENGTH, "%s", claims) >= PDLT_PATH_LENGTH)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", claims);
  if (claims != NULL) return PDLT_OK;
  if (pdlt_installed(out, PDLT_PATH_LENGTH, "reports")) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT,
                   "no folder reports here and none beside the program; name the folder that holds "
                   "the claims (--claims)");
}

/* Place of a chapter in the book: inf after 11, then A, B. */
static int order_of(const char *folder) {
  const char *slash = strrchr(folder, '/');
  const char *name = slash == NULL ? folder : slash + 1;
  const long number = strtol(name, NULL, 10);
  if (number > 0) return number < INT_MAX ? (int)number : INT_MAX;
  return strncmp(name, "inf", 3) == 0 ? 100 : 200;
}

static int compare_folders(const void *a, const void *b) {
  const char *const *x = a, *const *y = b;
  const int difference = order_of(*x) - order_of(*y);
  return difference != 0 ? difference : strcmp(*x, *y);
}

static int is_claim(const char *claims, const char *name) {
  char path[PDLT_PATH_LENGTH + 512];
  snprintf(path, sizeof path, "%s/%s/expect.yaml", claims, name);
  return access(path, F_OK) == 0;
}

static pdlt_status fill(pdlt_claim_list *out, const char *claims, DIR *folder, size_t most,
                        pdlt_error *err) {
  char path[PDLT_PATH_LENGTH];
  pdlt_status status = PDLT_OK;
  rewinddir(folder);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL && out->count < most;) {
    if (!is_claim(claims, entry->d_name)) continue;
    PDLT_TRY(pdlt_path_join(path, claims, entry->d_name, err));
    PDLT_TRY(pdlt_strdup(&out->folders[out->count], path, err));
    out->count++;
  }
  qsort((void *)out->folders, out->count, sizeof *out->folders, compare_folders);
cleanup:
  return status;
}

static pdlt_status refuse_folder(const char *claims, int reason, pdlt_error *err) {
  if (reason == ENOENT || reason == ENOTDIR)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s: no such folder of claims", claims);
  const pdlt_status status = reason == ENOMEM ? PDLT_ERR_MEMORY : PDLT_ERR_INPUT;
  return pdlt_fail(err, status, "%s: %s", claims, strerror(reason));
}

pdlt_status pdlt_claim_list_find(pdlt_claim_list *out, const char *claims, pdlt_error *err) {
  pdlt_claim_list list = {0};
  pdlt_status status = PDLT_OK;
  size_t count = 0;
  DIR *folder = opendir(claims);
  if (folder == NULL) return refuse_folder(claims, errno, err);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    count += is_claim(claims, entry->d_name) != 0;
  PDLT_TRY(pdlt_alloc((void *)&list.folders, count, sizeof *list.folders, err));
  PDLT_TRY(fill(&list, claims, folder, count, err));
  *out = list;
  list = (pdlt_claim_list){0};
cleanup:
  closedir(folder);
  pdlt_claim_list_free(&list);
  return status;
}
