/* archive.c - see archive.h. */
#include "base/file/archive.h"

#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"

void pdlt_archive_free(pdlt_archive *archive) {
  for (size_t i = 0; i < archive->count; i++) {
    pdlt_free(archive->entries[i].name);
    pdlt_array_free(&archive->entries[i].array);
  }
  pdlt_free(archive->entries);
  json_decref(archive->meta);
  memset(archive, 0, sizeof *archive);
}

static pdlt_status grow(pdlt_archive *archive, pdlt_error *err) {
  if (archive->count < archive->capacity) return PDLT_OK;
  size_t capacity = archive->capacity == 0 ? 16 : 2 * archive->capacity;
  pdlt_archive_entry *entries = NULL;
  pdlt_status status = pdlt_alloc(&entries, capacity, sizeof *entries, err);
  if (status != PDLT_OK) return status;
  if (archive->count > 0) memcpy(entries, archive->entries, archive->count * sizeof *entries);
  pdlt_free(archive->entries);
  archive->entries = entries;
  archive->capacity = capacity;
  return PDLT_OK;
}

pdlt_status pdlt_archive_put(pdlt_archive *archive, const char *name, pdlt_array *array,
                             pdlt_error *err) {
  if (pdlt_archive_get(archive, name) != NULL)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "the archive holds %s already", name);
  pdlt_status status = grow(archive, err);
  if (status != PDLT_OK) return status;
  char *copy = NULL;
  status = pdlt_strdup(&copy, name, err);
  if (status != PDLT_OK) return status;
  archive->entries[archive->count++] = (pdlt_archive_entry){.name = copy, .array = *array};
  memset(array, 0, sizeof *array);
  return PDLT_OK;
}

pdlt_status pdlt_archive_new(pdlt_archive *archive, const char *name, int ndim, const size_t *dim,
                             pdlt_array **out, pdlt_error *err) {
  pdlt_array array = {0};
  pdlt_status status = pdlt_array_new(&array, ndim, dim, err);
  if (status == PDLT_OK) status = pdlt_archive_put(archive, name, &array, err);
  if (status == PDLT_OK && out != NULL) *out = &archive->entries[archive->count - 1].array;
  pdlt_array_free(&array);
  return status;
}

pdlt_status pdlt_archive_put_scalar(pdlt_archive *archive, const char *name, double value,
                                    pdlt_error *err) {
  pdlt_array *array = NULL;
  pdlt_status status = pdlt_archive_new(archive, name, 0, NULL, &array, err);
  if (status == PDLT_OK) array->data[0] = value;
  return status;
}

const pdlt_array *pdlt_archive_get(const pdlt_archive *archive, const char *name) {
  for (size_t i = 0; i < archive->count; i++)
    if (strcmp(archive->entries[i].name, name) == 0) return &archive->entries[i].array;
  return NULL;
}

const pdlt_array *pdlt_archive_getf(const pdlt_archive *archive, const char *format, ...) {
  char name[256];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(name, sizeof name, format, args);
  va_end(args);
  if (length < 0 || (size_t)length >= sizeof name) return NULL; /* a prefix is another name */
  return pdlt_archive_get(archive, name);
}

void pdlt_archive_remove(pdlt_archive *archive, const char *name) {
  size_t at = 0;
  while (at < archive->count && strcmp(archive->entries[at].name, name) != 0) at++;
  if (at == archive->count) return;
  pdlt_free(archive->entries[at].name);
  pdlt_array_free(&archive->entries[at].array);
  archive->count--;
  memmove(archive->entries + at, archive->entries + at + 1,
          (archive->count - at) * sizeof *archive->entries);
}

json_t *pdlt_archive_meta(pdlt_archive *archive) {
  if (archive->meta == NULL) archive->meta = json_object();
  return archive->meta;
}
