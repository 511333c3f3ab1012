/* unknown_key.c - what is said of a key that no experiment has.
 *
 * Is: the key that was meant, that of other programs (foreign.h), or those that stand there. */
#include <stdio.h>
#include <string.h>

#include "base/experiment/foreign.h"
#include "base/experiment/internal.h"

static size_t smallest(size_t a, size_t b, size_t c) {
  size_t m = a < b ? a : b;
  return m < c ? m : c;
}

/* Levenshtein distance of short texts; longer ones count as far away. */
static size_t edit_distance(const char *a, const char *b) {
  enum { LONGEST = 48 };
  size_t row[LONGEST + 1], na = strlen(a), nb = strlen(b);
  if (na > LONGEST || nb > LONGEST) return LONGEST;
  for (size_t j = 0; j <= nb; j++) row[j] = j;
  for (size_t i = 1; i <= na; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= nb; j++) {
      size_t above = row[j];
      row[j] = smallest(row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[nb];
}

static const char *last_part(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot != NULL ? dot + 1 : path;
}

/* The key most like path, or NULL when none is alike. A right name in the wrong
 * section counts as one typing error. */
static const char *nearest_key(const char *path) {
  const char *best = NULL, *name = last_part(path);
  size_t best_distance = strlen(name) / 3 + 2;
  for (size_t i = 0; i < pdlt_schema_count; i++) {
    size_t whole = edit_distance(path, pdlt_schema[i].path);
    size_t part = edit_distance(name, last_part(pdlt_schema[i].path)) + 1;
    size_t distance = whole < part ? whole : part;
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = pdlt_schema[i].path;
  }
  return best;
}

/* The keys of one section ("" for the top level), separated by commas. */
static void list_keys(const char *section, char *out, size_t size) {
  size_t used = 0, length = strlen(section);
  out[0] = '\0';
  for (size_t i = 0; i < pdlt_schema_count && used < size; i++) {
    const char *path = pdlt_schema[i].path;
    if (length > 0) {
      if (strncmp(path, section, length) != 0 || path[length] != '.') continue;
      path += length + 1;
    }
    if (strchr(path, '.') != NULL) continue;
    used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", path);
  }
}

pdlt_status pdlt_schema_unknown_key(pdlt_reader *reader, int line, const char *section,
                                    const char *path) {
  const char *foreign = pdlt_foreign_key(last_part(path)), *near = nearest_key(path);
  if (foreign != NULL) return pdlt_reader_fail(reader, line, path, "unknown key; %s", foreign);
  if (near != NULL)
    return pdlt_reader_fail(reader, line, path, "unknown key; did you mean %s?", near);
  char known[512];
  list_keys(section, known, sizeof known);
  return pdlt_reader_fail(reader, line, path, "unknown key; known here: %s", known);
}
