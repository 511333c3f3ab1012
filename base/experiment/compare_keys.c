/* compare_keys.c - the sections `compare` and `figures` of an experiment by themselves: they may be set
 * anew for results that are there already.
 *
 * Is not: the comparison (compare/), or the values of figures (figure_keys.c). */
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
  pdlt_figure_keys_from_json(&out->figures, experiment);
}

static const char *const sections[] = {"compare", "figures"};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* What stands behind "SECTION." in a path; "" for the section; NULL: of another. */
static const char *key_of(const char *path, const char *section) {
  const size_t length = strlen(section);
  if (strncmp(path, section, length) != 0) return NULL;
  return path[length] == '.' ? path + length + 1 : path[length] == 0 ? "" : NULL;
}

/* The keys that were set are of these sections; another is named only when nothing in it is. */
static pdlt_status refuse_others(pdlt_reader *reader) {
  for (int whole = 0; whole < 2; whole++)
    for (size_t i = 0; i < pdlt_schema_count; i++) {
      const pdlt_schema_key *key = &pdlt_schema[i];
      if (reader->ex->origin->line[i] == 0 || key_of(key->path, "compare") != NULL ||
          key_of(key->path, "figures") != NULL || (key->type == PDLT_VALUE_SECTION) != whole)
        continue;
      return pdlt_reader_fail(reader, PDLT_LINE_SET, key->path,
                              "belongs to the run; compare only knows compare.degree, "
                              "compare.level, compare.csv and figures");
    }
  return PDLT_OK;
}

static pdlt_status read_section(pdlt_reader *reader, const pdlt_node *root, const char *name) {
  const pdlt_node *section = pdlt_node_find(root, name, strlen(name), NULL);
  for (size_t i = 0; section != NULL && i < pdlt_schema_count; i++) {
    const char *own = key_of(pdlt_schema[i].path, name);
    if (own == NULL || own[0] == 0) continue;
    const pdlt_node *value = pdlt_node_find(section, own, strlen(own), NULL);
    const pdlt_status status =
        value == NULL ? PDLT_OK : pdlt_value_read(reader, value, &pdlt_schema[i]);
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
  for (int k = 0; k < SECTIONS; k++) PDLT_TRY(read_section(&reader, root, sections[k]));
  *keys = ex.compare;
cleanup:
  pdlt_node_free(root);
  pdlt_free(ex.origin);
  return status;
}
