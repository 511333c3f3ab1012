/* compare_keys.c - the section `compare` of an experiment by itself: it may be set anew for
 * results that are there already.
 *
 * Is not: the comparison (compare/). */
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/json.h"

void pdlt_compare_keys_default(pdlt_compare_keys *out) {
  *out = (pdlt_compare_keys){.degree = 2, .level = 1e-4, .csv = PDLT_CSV_AUTO};
}

json_t *pdlt_compare_keys_json(const pdlt_compare_keys *keys) {
  json_t *out = json_pack("{s:i, s:f}", "degree", keys->degree, "level", keys->level);
  if (keys->csv != PDLT_CSV_AUTO)
    pdlt_json_put(&out, "csv", json_string(pdlt_csv_words[keys->csv]));
  return out;
}

void pdlt_compare_keys_from_json(pdlt_compare_keys *out, const json_t *experiment) {
  const json_t *compare = json_object_get(experiment, "compare");
  const json_t *degree = json_object_get(compare, "degree");
  const json_t *level = json_object_get(compare, "level");
  const char *csv = json_string_value(json_object_get(compare, "csv"));
  pdlt_compare_keys_default(out);
  if (json_is_integer(degree)) out->degree = (int)json_integer_value(degree);
  if (json_is_number(level)) out->level = json_number_value(level);
  for (int k = 0; csv != NULL && pdlt_csv_words[k] != NULL; k++)
    if (strcmp(pdlt_csv_words[k], csv) == 0) out->csv = (pdlt_csv)k;
}

static int is_of_compare(const char *path) {
  return strcmp(path, "compare") == 0 || strncmp(path, "compare.", 8) == 0;
}

/* The keys that were set are of compare; a section is named only when nothing in it is. */
static pdlt_status refuse_others(pdlt_reader *reader) {
  for (int sections = 0; sections < 2; sections++)
    for (size_t i = 0; i < pdlt_schema_count; i++) {
      const pdlt_schema_key *key = &pdlt_schema[i];
      if (reader->ex->origin->line[i] == 0 || is_of_compare(key->path) ||
          (key->type == PDLT_VALUE_SECTION) != sections)
        continue;
      return pdlt_reader_fail(reader, PDLT_LINE_SET, key->path,
                              "belongs to the run; compare only knows compare.degree, "
                              "compare.level, compare.csv");
    }
  return PDLT_OK;
}

static pdlt_status read_values(pdlt_reader *reader, const pdlt_node *root) {
  const pdlt_node *section = pdlt_node_find(root, "compare", strlen("compare"), NULL);
  for (size_t i = 0; section != NULL && i < pdlt_schema_count; i++) {
    const pdlt_schema_key *key = &pdlt_schema[i];
    if (strncmp(key->path, "compare.", 8) != 0) continue;
    const char *name = key->path + 8;
    const pdlt_node *value = pdlt_node_find(section, name, strlen(name), NULL);
    const pdlt_status status = value == NULL ? PDLT_OK : pdlt_value_read(reader, value, key);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

pdlt_status pdlt_compare_keys_set(pdlt_compare_keys *keys, size_t num_settings,
                                  const char *const *settings, pdlt_error *err) {
  pdlt_experiment ex = {.compare = *keys};
  pdlt_reader reader = {"--set", &ex, err};
  pdlt_node *root = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&ex.origin, 1, sizeof *ex.origin, err));
  PDLT_TRY(pdlt_node_new(&root, PDLT_NODE_MAP, PDLT_LINE_SET, err));
  for (size_t i = 0; i < num_settings; i++)
    PDLT_TRY(pdlt_experiment_override(&reader, root, settings[i]));
  PDLT_TRY(pdlt_schema_check_keys(&reader, root));
  PDLT_TRY(refuse_others(&reader));
  PDLT_TRY(read_values(&reader, root));
  *keys = ex.compare;
cleanup:
  pdlt_node_free(root);
  pdlt_free(ex.origin);
  return status;
}
