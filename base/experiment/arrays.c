/* arrays.c - the section `data` of an experiment whose samples are given in memory.
 *
 * Is: what of the section stays, and how many samples train and test.
 * Is not: aware of the samples themselves (datasets/dataset.h). */
#include <stdio.h>
#include <string.h>

#include "base/experiment/internal.h"

static pdlt_node *find(const pdlt_node *map, const char *key) {
  return pdlt_node_find(map, key, strlen(key), NULL);
}

/* Appends `key: text`, as if by --set. */
static pdlt_status append(pdlt_reader *reader, pdlt_node *map, const char *key, const char *text) {
  pdlt_node *value = NULL;
  const pdlt_status status =
      pdlt_node_parse(&value, reader->name, text, strlen(text), key, reader->err);
  return status != PDLT_OK
             ? status
             : pdlt_node_append(map, value, key, strlen(key), PDLT_LINE_SET, reader->err);
}

/* The section, made where there is none; *out NULL: it is no mapping, which the schema will say. */
static pdlt_status section(pdlt_reader *reader, pdlt_node *root, pdlt_node **out) {
  size_t place = 0;
  pdlt_node *data = pdlt_node_find(root, "data", strlen("data"), &place), *made = NULL;
  *out = NULL;
  if (data != NULL && pdlt_value_is_empty(data)) {
    pdlt_node_remove(root, place);
    data = NULL;
  }
  if (data != NULL) {
    if (data->kind == PDLT_NODE_MAP) *out = data;
    return PDLT_OK;
  }
  pdlt_status status = pdlt_node_new(&made, PDLT_NODE_MAP, PDLT_LINE_SET, reader->err);
  if (status == PDLT_OK)
    status = pdlt_node_append(root, made, "data", strlen("data"), PDLT_LINE_SET, reader->err);
  if (status == PDLT_OK) *out = made;
  return status;
}

/* Whether a key has a meaning whatever the source. What is no key at all stays, to be refused. */
static int stays(const char *key) {
  static const char *const keys[] = {"train", "test", "center", "scale"};
  char path[PDLT_QUOTE_LENGTH];
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    if (strcmp(key, keys[k]) == 0) return 1;
  snprintf(path, sizeof path, "data.%s", key);
  return pdlt_schema_find(path) < 0;
}

pdlt_status pdlt_experiment_place_arrays(pdlt_reader *reader, pdlt_node *root) {
  pdlt_node *data = NULL;
  const pdlt_status status = section(reader, root, &data);
  if (status != PDLT_OK || data == NULL) return status;
  const pdlt_node *source = find(data, "source");
  if (source != NULL && pdlt_value_is_word(source, "arrays")) return PDLT_OK;
  for (size_t k = data->count; k-- > 0;)
    if (!stays(data->keys[k])) pdlt_node_remove(data, k);
  return append(reader, data, "source", "arrays");
}

/* 1 and *out when the key is a whole number up to samples. */
static int count_of(const pdlt_node *data, const char *key, size_t samples, size_t *out) {
  const pdlt_node *value = find(data, key);
  double number = 0;
  if (value == NULL || !pdlt_node_number(value, &number)) return 0;
  if (!(number >= 0 && number <= (double)samples)) return 0;
  *out = (size_t)number;
  return 1;
}

/* Appends the key with those of the samples that the other one leaves, where only the other stands. */
static pdlt_status append_rest(pdlt_reader *reader, pdlt_node *data, const char *key,
                               const char *other, size_t samples) {
  char text[32];
  size_t taken = 0;
  if (find(data, key) != NULL) return PDLT_OK;
  if (find(data, other) != NULL && !count_of(data, other, samples, &taken)) return PDLT_OK;
  snprintf(text, sizeof text, "%zu", samples - taken);
  return append(reader, data, key, text);
}

pdlt_status pdlt_experiment_count_arrays(pdlt_reader *reader, pdlt_node *root, size_t samples) {
  pdlt_node *data = find(root, "data");
  if (data == NULL || data->kind != PDLT_NODE_MAP) return PDLT_OK;
  const pdlt_status status = append_rest(reader, data, "train", "test", samples);
  return status != PDLT_OK ? status : append_rest(reader, data, "test", "train", samples);
}
