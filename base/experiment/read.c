/* read.c - reads an experiment file: tree, overrides, schema, checks.
 *
 * Is: the public entry points, the error text, what the struct owns. The parts:
 * base/file/yaml.h (text to tree), override.c (--set), schema.c (which keys exist),
 * arrays.c (samples in memory), values.c (single values), check.c (keys against each other),
 * json.c (back to text, digest). */
#include "base/experiment/experiment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/file.h"

const char *pdlt_quote(char out[PDLT_QUOTE_LENGTH], const char *text) {
  size_t length = strlen(text), most = PDLT_QUOTE_LENGTH - 4;
  if (length < PDLT_QUOTE_LENGTH) return memcpy(out, text, length + 1);
  while (most > 0 && ((unsigned char)text[most] & 0xC0U) == 0x80U) most--; /* whole UTF-8 */
  memcpy(out, text, most);
  memcpy(out + most, "...", 4);
  return out;
}

pdlt_status pdlt_reader_fail(pdlt_reader *reader, int line, const char *key, const char *format,
                             ...) {
  va_list args;
  va_start(args, format);
  pdlt_status status = pdlt_yaml_vfail(reader->name, line, key, reader->err, format, args);
  va_end(args);
  return status;
}

/* Line of the key, else of its section, else of the file. */
static int line_of_key(const pdlt_experiment *ex, const char *key) {
  int index = pdlt_schema_find(key);
  if (index >= 0 && ex->origin->line[index] != 0) return ex->origin->line[index];
  char section[PDLT_QUOTE_LENGTH];
  snprintf(section, sizeof section, "%.*s", (int)strcspn(key, "."), key);
  index = pdlt_schema_find(section);
  return index >= 0 && ex->origin->line[index] != 0 ? ex->origin->line[index] : 1;
}

pdlt_status pdlt_experiment_fail(const pdlt_experiment *ex, const char *key, pdlt_error *err,
                                 const char *format, ...) {
  va_list args;
  va_start(args, format);
  pdlt_status status = pdlt_yaml_vfail(ex->path, line_of_key(ex, key), key, err, format, args);
  va_end(args);
  return status;
}

pdlt_status pdlt_experiment_blame(const pdlt_experiment *ex, const char *key, pdlt_status status,
                                  pdlt_error *err, const char *remedy) {
  if (status != PDLT_ERR_MEMORY || err == NULL) return status;
  const size_t length = strlen(ex->path);
  const int named = strncmp(err->message, ex->path, length) == 0 && err->message[length] == ':';
  if (named || strncmp(err->message, "--set: ", 7) == 0) return status;
  const pdlt_error inner = *err;
  pdlt_experiment_fail(ex, key, err, "%.400s; %s", inner.message, remedy);
  err->status = status;
  return status;
}

static void free_names(pdlt_name_list *list) {
  for (size_t i = 0; i < list->count; i++) pdlt_free(list->name[i]);
  pdlt_free((void *)list->name);
}

void pdlt_experiment_free(pdlt_experiment *ex) {
  if (ex == NULL) return;
  free_names(&ex->data.columns_x);
  free_names(&ex->data.columns_y);
  free_names(&ex->data.class_names);
  free_names(&ex->theory.omit);
  free_names(&ex->theory.flip);
  void *owned[] = {ex->title,
                   ex->network.widths,
                   ex->network.width_ratios,
                   ex->network.layers,
                   ex->network.skip,
                   ex->network.C_b,
                   ex->network.C_W,
                   ex->network.lambda_b,
                   ex->network.lambda_W,
                   ex->data.file,
                   ex->data.images,
                   ex->data.labels,
                   ex->data.x,
                   ex->data.y,
                   ex->data.label,
                   ex->data.classes,
                   ex->data.bits,
                   ex->data.amplitudes,
                   ex->data.importance,
                   ex->training.record,
                   ex->path,
                   ex->directory,
                   ex->origin};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
  memset(ex, 0, sizeof *ex);
}

/* Folder part of a path: "." when there is none. */
static pdlt_status folder_of(const char *path, char **out, pdlt_error *err) {
  const char *slash = strrchr(path, '/');
  pdlt_status status = pdlt_strdup(out, slash != NULL ? path : ".", err);
  if (status == PDLT_OK && slash != NULL) (*out)[slash == path ? 1 : slash - path] = '\0';
  return status;
}

static pdlt_status check_root(pdlt_reader *reader, const pdlt_node *root) {
  if (root->kind == PDLT_NODE_MAP) return PDLT_OK;
  if (root->kind == PDLT_NODE_SCALAR && root->plain && root->text[0] == '\0')
    return pdlt_reader_fail(reader, root->line, "yaml",
                            "the file is empty; it needs network, data, training");
  return pdlt_reader_fail(reader, root->line, "yaml",
                          "the file must be a mapping: network: ..., data: ..., training: ...");
}

static pdlt_status begin(pdlt_experiment *ex, const char *name, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_strdup(&ex->path, name, err));
  PDLT_TRY(folder_of(name, &ex->directory, err));
  PDLT_TRY(pdlt_alloc(&ex->origin, 1, sizeof *ex->origin, err));
cleanup:
  return status;
}

/* All values of the tree. */
static pdlt_status read_tree(pdlt_reader *reader, const pdlt_node *root) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_schema_check_keys(reader, root));
  pdlt_experiment_set_defaults(reader->ex);
  PDLT_TRY(pdlt_schema_read(reader, root));
  PDLT_TRY(pdlt_experiment_check(reader));
cleanup:
  return status;
}

pdlt_status pdlt_experiment_parse_tree(pdlt_experiment *out, const pdlt_node *root,
                                       const char *name, pdlt_error *err) {
  pdlt_experiment ex = {0};
  pdlt_reader reader = {name, &ex, err};
  pdlt_status status = begin(&ex, name, err);
  if (status == PDLT_OK) status = check_root(&reader, root);
  if (status == PDLT_OK) status = read_tree(&reader, root);
  if (status == PDLT_OK)
    *out = ex;
  else
    pdlt_experiment_free(&ex);
  return status;
}

/* samples: of arrays in memory; 0: there are none. */
static pdlt_status parse_bytes(pdlt_experiment *out, const char *text, size_t size,
                               const char *name, size_t samples, size_t num_overrides,
                               const char *const *overrides, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_experiment ex;
  memset(&ex, 0, sizeof ex);
  pdlt_reader reader = {name, &ex, err};
  pdlt_node *root = NULL;

  PDLT_TRY(begin(&ex, name, err));
  PDLT_TRY(pdlt_node_parse(&root, name, text, size, NULL, err));
  PDLT_TRY(check_root(&reader, root));
  if (samples > 0) PDLT_TRY(pdlt_experiment_place_arrays(&reader, root));
  for (size_t i = 0; i < num_overrides; i++)
    PDLT_TRY(pdlt_experiment_override(&reader, root, overrides[i]));
  if (samples > 0) PDLT_TRY(pdlt_experiment_count_arrays(&reader, root, samples));
  PDLT_TRY(read_tree(&reader, root));
  *out = ex;
  memset(&ex, 0, sizeof ex);

cleanup:
  pdlt_node_free(root);
  pdlt_experiment_free(&ex);
  return status;
}

pdlt_status pdlt_experiment_parse(pdlt_experiment *out, const char *text, const char *name,
                                  size_t num_overrides, const char *const *overrides,
                                  pdlt_error *err) {
  return parse_bytes(out, text, strlen(text), name, 0, num_overrides, overrides, err);
}

pdlt_status pdlt_experiment_parse_arrays(pdlt_experiment *out, const char *text, const char *name,
                                         size_t samples, size_t num_overrides,
                                         const char *const *overrides, pdlt_error *err) {
  return parse_bytes(out, text, strlen(text), name, samples, num_overrides, overrides, err);
}

pdlt_status pdlt_experiment_read(pdlt_experiment *out, const char *path, size_t num_overrides,
                                 const char *const *overrides, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_status status = pdlt_file_read(path, PDLT_YAML_MAX_BYTES, &text, &size, err);
  if (status != PDLT_OK) return status;
  status = parse_bytes(out, text, size, path, 0, num_overrides, overrides, err);
  pdlt_free(text);
  return status;
}

int pdlt_experiment_trains(const pdlt_experiment *ex) {
  const size_t times = ex->training.num_record;
  return (ex->measure & PDLT_MEASURE_OUTPUT) != 0 && times > 0 &&
         ex->training.record[times - 1] > 0;
}

size_t pdlt_experiment_dntk_samples(const pdlt_experiment *ex) {
  const double rows = (double)ex->network.outputs * ex->measure_samples;
  const double numbers = rows * rows * rows * (double)ex->training.num_record;
  return numbers <= (double)PDLT_DNTK_T_NUMBERS ? (size_t)ex->measure_samples : 0;
}

size_t pdlt_experiment_kept_samples(const pdlt_experiment *ex, size_t D) {
  const unsigned tensors =
      PDLT_MEASURE_VERTEX | PDLT_MEASURE_NTK_FLUCTUATIONS | PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK;
  const size_t measured = (ex->measure & tensors) != 0 ? (size_t)ex->measure_samples : 0;
  size_t kept = D;
  if (ex->theory.keep & PDLT_KEEP_TENSORS) return D;
  while (kept > measured && pow((double)kept, 4) * sizeof(double) > PDLT_KEPT_BYTES) kept--;
  return kept;
}

int pdlt_experiment_keeps_theta_t(const pdlt_experiment *ex, size_t D) {
  const double rows = (double)ex->network.outputs * (double)D;
  const int wanted =
      ex->ensemble.members == 0 && ex->ensemble.until.quantity == PDLT_QUANTITY_THETA_T;
  return wanted || (ex->theory.keep & PDLT_KEEP_THETA_T_NLO) != 0 ||
         (ex->ensemble.keep & PDLT_KEEP_THETA_T) != 0 ||
         rows * rows * (double)ex->training.num_record * sizeof(double) <= PDLT_KEPT_BYTES;
}
