/* shard.c - see shard.h: writing one shard, and taking one apart. */
#include "trainer/run/shard.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/results.h"
#include "base/file/json.h"
#include "trainer/output/output.h"
#include "trainer/record/codec.h"
#include "trainer/record/record.h"

/* --- writing --- */

static pdlt_status put_choice(pdlt_archive *archive, const pdlt_choice *choice, pdlt_error *err) {
  const size_t size = sizeof *choice;
  const unsigned char *byte = (const unsigned char *)choice;
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(archive, "choice", 1, &size, &array, err);
  for (size_t i = 0; status == PDLT_OK && i < size; i++) array->data[i] = byte[i];
  return status;
}

/* Doubles of samples of all blocks of the share. */
static size_t count_samples(const pdlt_records *b, const pdlt_share *share) {
  size_t total = 0, count;
  for (size_t u = 0; u < b->units; u++) {
    if (!pdlt_share_has(share, u % b->per_width)) continue;
    pdlt_records_kept(b, u, &count);
    total += count;
  }
  return total;
}

static pdlt_status put_blocks(pdlt_archive *archive, const pdlt_records *b, const pdlt_share *share,
                              pdlt_error *err) {
  const size_t count = pdlt_records_shared(b, share), kept = count_samples(b, share);
  const size_t units_dim[2] = {count, 2}, records_dim[2] = {count, b->record};
  pdlt_array *array = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_archive_new(archive, "units", 2, units_dim, &array, err));
  pdlt_block_rows rows = {.place = array->data};
  PDLT_TRY(pdlt_archive_new(archive, "records", 2, records_dim, &array, err));
  rows.record = array->data;
  PDLT_TRY(pdlt_archive_new(archive, "samples", 1, &kept, &array, err));
  rows.samples = array->data;
  for (size_t u = 0; u < b->units; u++)
    if (pdlt_share_has(share, u % b->per_width)) pdlt_block_put(b, u, &rows);
cleanup:
  return status;
}

pdlt_status pdlt_shard_write(pdlt_archive *archive, int shard, int shards,
                             const pdlt_records *blocks, const pdlt_choice *choice,
                             const pdlt_dataset *data, pdlt_error *err) {
  const pdlt_share share = {(size_t)shard - 1, (size_t)shards};
  json_t *meta = pdlt_archive_meta(archive);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_dataset_put(data, archive, err));
  PDLT_TRY(put_choice(archive, choice, err));
  PDLT_TRY(put_blocks(archive, blocks, &share, err));
  PDLT_TRY(pdlt_json_set(meta, "shard", json_integer(shard), err));
  PDLT_TRY(pdlt_json_set(meta, "shards", json_integer(shards), err));
cleanup:
  return status;
}

/* --- the run that a shard belongs to --- */

static const char *text_of(const json_t *meta, const char *key) {
  const char *text = json_string_value(json_object_get(meta, key));
  return text == NULL ? "" : text;
}

static pdlt_status damaged(const char *name, const char *what, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: a shard, but %s; make it again", name, what);
}

static pdlt_status read_matrix(const pdlt_archive *shard, const char *name, const char *what,
                               size_t cols, size_t *rows, double **out, pdlt_error *err) {
  const pdlt_array *array = pdlt_archive_get(shard, what);
  if (array == NULL || array->ndim != 2 || array->dim[1] == 0 ||
      (cols > 0 && array->dim[1] != cols))
    return damaged(name, "its samples do not fit its experiment", err);
  const size_t count = pdlt_array_count(array);
  for (size_t i = 0; i < count; i++)
    if (!isfinite(array->data[i])) return damaged(name, "its samples are not all finite", err);
  const pdlt_status status = pdlt_alloc(out, count, sizeof **out, err);
  if (status != PDLT_OK) return status;
  if (count > 0) memcpy(*out, array->data, count * sizeof **out);
  *rows = array->dim[0];
  return PDLT_OK;
}

static pdlt_status read_data(pdlt_merge *m, const pdlt_archive *shard, const char *name,
                             const char *data_hash, pdlt_error *err) {
  pdlt_dataset *data = &m->data;
  size_t rows_x = 0, rows_y = 0;
  pdlt_status status = PDLT_OK;
  data->train = (size_t)m->experiment.data.train;
  data->test = (size_t)m->experiment.data.test;
  data->outputs = (size_t)m->experiment.network.outputs;
  PDLT_TRY(read_matrix(shard, name, "x", 0, &rows_x, &data->x, err));
  PDLT_TRY(read_matrix(shard, name, "y", data->outputs, &rows_y, &data->y, err));
  data->inputs = pdlt_archive_get(shard, "x")->dim[1];
  if (rows_x != data->train + data->test || rows_y != rows_x)
    PDLT_TRY(damaged(name, "its samples do not fit its experiment", err));
  pdlt_dataset_hash(data, data->hash);
  if (strcmp(data->hash, data_hash) != 0)
    PDLT_TRY(damaged(name, "its samples are not those that it names", err));
cleanup:
  return status;
}

static pdlt_status read_experiment(pdlt_merge *m, const json_t *meta, const char *name,
                                   pdlt_error *err) {
  char *text = NULL, hash[17] = "";
  const json_t *experiment = json_object_get(meta, "experiment");
  pdlt_status status = PDLT_OK;
  if (experiment == NULL) return damaged(name, "its experiment cannot be read", err);
  PDLT_TRY(pdlt_json_dump(experiment, &text, err));
  status = pdlt_experiment_parse(&m->experiment, text, name, 0, NULL, err);
  if (status == PDLT_ERR_INPUT) status = damaged(name, "its experiment cannot be read", err);
  PDLT_TRY(status);
  PDLT_TRY(pdlt_experiment_hash(&m->experiment, text_of(meta, "data_hash"), 0, hash, err));
  if (strcmp(hash, text_of(meta, "hash")) != 0)
    PDLT_TRY(damaged(name, "its experiment is not the one that it names", err));
cleanup:
  pdlt_free(text);
  return status;
}

static pdlt_status read_choice(pdlt_choice *out, const pdlt_archive *shard, const char *name,
                               pdlt_error *err) {
  const pdlt_array *array = pdlt_archive_get(shard, "choice");
  unsigned char *byte = (unsigned char *)out;
  if (array == NULL || pdlt_array_count(array) != sizeof *out)
    return damaged(name, "of another version of this program", err);
  for (size_t i = 0; i < sizeof *out; i++) {
    const double value = array->data[i];
    if (!(value >= 0 && value <= 255 && value == floor(value)))
      return damaged(name, "its choice of the estimator is not bytes", err);
    byte[i] = (unsigned char)value;
  }
  return PDLT_OK;
}

/* Whether the arrays of blocks have the shapes that follow from the plan. */
static pdlt_status check_blocks(const pdlt_records *b, const pdlt_archive *shard, const char *name,
                                const pdlt_share *share, pdlt_error *err) {
  const size_t count = pdlt_records_shared(b, share);
  const pdlt_array *units = pdlt_archive_get(shard, "units");
  const pdlt_array *records = pdlt_archive_get(shard, "records");
  const pdlt_array *samples = pdlt_archive_get(shard, "samples");
  if (units == NULL || records == NULL || samples == NULL || units->ndim != 2 ||
      units->dim[0] != count || units->dim[1] != 2 || records->ndim != 2 ||
      records->dim[0] != count || records->dim[1] != b->record)
    return damaged(name, "not all of its blocks are there", err);
  if (pdlt_array_count(samples) != count_samples(b, share))
    return damaged(name, "not all of the outputs that it should keep are there", err);
  return PDLT_OK;
}

/* Memory for what the shards hold together, once the first has shown that it holds its part; none where
 * there are not files enough, of which pdlt_merge_finish complains. */
static pdlt_status make_room(pdlt_merge *m, const pdlt_archive *shard, const char *name,
                             const pdlt_share *share, pdlt_error *err) {
  const pdlt_records sizes = pdlt_records_sizes(&m->plan);
  char what[96];
  pdlt_status status = PDLT_OK;
  if (share->parts > m->plan.blocks) {
    snprintf(what, sizeof what, "one of %zu, but a run of this experiment has only %zu blocks",
             share->parts, m->plan.blocks);
    return damaged(name, what, err);
  }
  PDLT_TRY(check_blocks(&sizes, shard, name, share, err));
  PDLT_TRY(pdlt_alloc(&m->names, share->parts, sizeof *m->names, err));
  m->shards = (int)share->parts;
  m->partial = m->files > 0 && share->parts > m->files;
  m->blocks = sizes;
  if (!m->partial) PDLT_TRY(pdlt_records_new(&m->blocks, &m->plan, err));
cleanup:
  return status;
}

static pdlt_status begin(pdlt_merge *m, const pdlt_archive *shard, const char *name,
                         const pdlt_share *share, pdlt_error *err) {
  const int layers = json_is_true(json_object_get(shard->meta, "layers"));
  pdlt_status status = PDLT_OK;
  PDLT_TRY(read_experiment(m, shard->meta, name, err));
  PDLT_TRY(read_data(m, shard, name, text_of(shard->meta, "data_hash"), err));
  PDLT_TRY(read_choice(&m->choice, shard, name, err));
  PDLT_TRY(pdlt_samples_new(&m->samples, &m->experiment, &m->data, err));
  PDLT_TRY(pdlt_plan_make(&m->plan, &m->experiment, &m->samples, layers, err));
  const char *wrong = pdlt_choice_wrong(&m->choice, &m->plan);
  if (wrong != NULL) PDLT_TRY(damaged(name, wrong, err));
  pdlt_choice_apply(&m->choice, &m->plan);
  m->meta = pdlt_json_copy(shard->meta);
  if (m->meta == NULL) PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: metadata"));
  PDLT_TRY(make_room(m, shard, name, share, err));
cleanup:
  return status;
}

/* --- putting shards together --- */

static const char *first_name(const pdlt_merge *m) {
  for (int k = 0; k < m->shards; k++)
    if (m->names[k] != NULL) return m->names[k];
  return "";
}

/* What the estimator was settled to; the pilot's figures may differ in the last digits
 * between processors. */
static int same_estimator(const json_t *a, const json_t *b) {
  static const char *const keys[] = {"requested", "used", "samples", "weightless"};
  const json_t *left = json_object_get(a, "estimator"), *right = json_object_get(b, "estimator");
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
    const json_t *x = json_object_get(left, keys[k]), *y = json_object_get(right, keys[k]);
    if (x != y && !json_equal(x, y)) return 0;
  }
  return 1;
}

static pdlt_status check_same(pdlt_merge *m, const json_t *meta, const char *name, int shard,
                              int shards, pdlt_error *err) {
  static const struct {
    const char *key, *what;
  } keys[] = {{"hash", "another experiment"},
              {"layers", "a run with other --layers"},
              {"program", "another version of this program"},
              {"commit", "another build of this program"},
              {"compiler", "another build of this program"}};
  const char *other = first_name(m);
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    if (!json_equal(json_object_get(meta, keys[k].key), json_object_get(m->meta, keys[k].key)))
      return pdlt_fail(err, PDLT_ERR_INPUT, "%s: of %s than %s; make both with the same", name,
                       keys[k].what, other);
  if (shards != m->shards)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "%s: shard %d of %d, but %s is one of %d; all shards must come from the same "
                     "number",
                     name, shard, shards, other, m->shards);
  if (!same_estimator(meta, m->meta))
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "%s: its pilot chose another estimator than that of %s; name one in "
                     "ensemble.estimator and make both again",
                     name, other);
  if (!json_equal(json_object_get(meta, "blas"), json_object_get(m->meta, "blas"))) m->mixed = 1;
  return PDLT_OK;
}

static pdlt_status damaged_block(const char *name, const pdlt_merge *m, size_t u, const char *what,
                                 pdlt_error *err) {
  char text[200];
  snprintf(text, sizeof text, "block %zu of width %d: %s", u % m->blocks.per_width,
           m->experiment.network.widths[u / m->blocks.per_width], what);
  return damaged(name, text, err);
}

/* The next block of the rows into its place. */
static pdlt_status add_block(pdlt_merge *m, pdlt_block_rows *rows, const char *name,
                             const pdlt_share *share, pdlt_error *err) {
  pdlt_records *b = &m->blocks;
  size_t u = 0;
  const pdlt_block_found found = pdlt_block_take(b, rows, &u);
  if (found == PDLT_BLOCK_SHORT) return damaged(name, "samples are missing", err);
  if (found == PDLT_BLOCK_UNKNOWN || !pdlt_share_has(share, u % b->per_width))
    return damaged(name, "it holds blocks of others", err);
  if (b->done[u])
    return damaged_block(name, m, u, "it is there twice, and another is missing", err);
  const char *wrong = pdlt_record_wrong(&m->plan, u % b->per_width, b->records + u * b->record);
  if (wrong != NULL) return damaged_block(name, m, u, wrong, err);
  b->done[u] = 1;
  return PDLT_OK;
}

static pdlt_status add_blocks(pdlt_merge *m, const pdlt_archive *shard, const char *name,
                              const pdlt_share *share, pdlt_error *err) {
  const size_t count = pdlt_records_shared(&m->blocks, share);
  pdlt_status status = check_blocks(&m->blocks, shard, name, share, err);
  if (status != PDLT_OK || m->partial) return status;
  const pdlt_array *samples = pdlt_archive_get(shard, "samples");
  pdlt_block_rows rows = {pdlt_archive_get(shard, "units")->data,
                          pdlt_archive_get(shard, "records")->data, samples->data,
                          pdlt_array_count(samples)};
  for (size_t k = 0; k < count && status == PDLT_OK; k++)
    status = add_block(m, &rows, name, share, err);
  return status;
}

pdlt_status pdlt_merge_add(pdlt_merge *m, const pdlt_archive *shard, const char *name,
                           pdlt_error *err) {
  const json_int_t k = json_integer_value(json_object_get(shard->meta, "shard"));
  const json_int_t K = json_integer_value(json_object_get(shard->meta, "shards"));
  pdlt_status status = PDLT_OK;
  if (strcmp(text_of(shard->meta, "kind"), "shard") != 0 || k < 1 || k > K || K > INT_MAX)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "%s: not a shard; give files that pdlt train --shard k/K wrote", name);
  const pdlt_share share = {(size_t)k - 1, (size_t)K};
  PDLT_TRY(m->names == NULL ? begin(m, shard, name, &share, err)
                            : check_same(m, shard->meta, name, (int)k, (int)K, err));
  if (m->names[k - 1] != NULL)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "%s: shard %d of %d, as is %s; leave one out", name,
                       (int)k, (int)K, m->names[k - 1]));
  PDLT_TRY(add_blocks(m, shard, name, &share, err));
  PDLT_TRY(pdlt_strdup(&m->names[k - 1], name, err));
cleanup:
  return status;
}

pdlt_status pdlt_merge_finish(const pdlt_merge *m, pdlt_archive *out, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < m->shards; k++)
    if (m->names[k] == NULL)
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "shard %d of %d is missing; make it with pdlt train EXPERIMENT.yaml --shard "
                       "%d/%d -o FILE.npz, and give all %d files",
                       k + 1, m->shards, k + 1, m->shards, m->shards);
  PDLT_TRY(pdlt_output_write(out, &m->plan, &m->blocks, err));
  PDLT_TRY(pdlt_dataset_put(&m->data, out, err));
  json_t *meta = pdlt_archive_meta(out);
  PDLT_TRY(pdlt_json_update(meta, m->meta, err));
  PDLT_TRY(pdlt_json_set(meta, "kind", json_string("measured"), err));
  json_object_del(meta, "shard");
  json_object_del(meta, "shards");
  PDLT_TRY(pdlt_results_check(out, "the merged shards", err));
cleanup:
  if (status != PDLT_OK) pdlt_archive_free(out);
  return status;
}

void pdlt_merge_free(pdlt_merge *m) {
  for (int k = 0; k < m->shards; k++) pdlt_free(m->names[k]);
  pdlt_free(m->names);
  json_decref(m->meta);
  pdlt_records_free(&m->blocks);
  pdlt_samples_free(&m->samples);
  pdlt_dataset_free(&m->data);
  pdlt_experiment_free(&m->experiment);
  *m = (pdlt_merge){0};
}
