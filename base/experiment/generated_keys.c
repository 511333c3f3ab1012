/* generated_keys.c - keys of sets that are made, not read: bits, amplitudes, center, importance.
 *
 * Is: their readers, what they demand of other keys, and their JSON.
 * Is not: the samples (datasets/generate.c). */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/json.h"

pdlt_status pdlt_read_bits(pdlt_reader *reader, const pdlt_node *value,
                           const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  const pdlt_status status = pdlt_value_read_ints(reader, value, key, 0, 999999, &ex->data.bits);
  if (status != PDLT_OK) return status;
  for (size_t k = 1; k < value->count; k++)
    if (ex->data.bits[k] <= ex->data.bits[k - 1])
      return pdlt_reader_fail(reader, value->items[k]->line, key->path,
                              "%d after %d; list the inputs increasing, each once",
                              ex->data.bits[k], ex->data.bits[k - 1]);
  ex->data.num_bits = value->count;
  return PDLT_OK;
}

pdlt_status pdlt_read_factors(pdlt_reader *reader, const pdlt_node *value,
                              const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  const int amplitudes = key->offset == offsetof(pdlt_experiment, data.amplitudes);
  const size_t count = value->kind == PDLT_NODE_LIST ? value->count : 1;
  double *list = NULL;
  pdlt_status status = PDLT_OK;
  if (count == 0) return pdlt_value_wrong(reader, value, key);
  PDLT_TRY(pdlt_alloc(&list, count, sizeof *list, reader->err));
  for (size_t k = 0; k < count; k++) {
    const pdlt_node *item = value->kind == PDLT_NODE_LIST ? value->items[k] : value;
    if (!pdlt_node_number(item, &list[k])) PDLT_TRY(pdlt_value_wrong(reader, item, key));
  }
  double **slot = amplitudes ? &ex->data.amplitudes : &ex->data.importance;
  *(amplitudes ? &ex->data.num_amplitudes : &ex->data.num_importance) = count;
  pdlt_free(*slot);
  *slot = list;
  list = NULL;
cleanup:
  pdlt_free(list);
  return status;
}

/* By 1: of the inputs, 2: of the targets. */
static const char *const center_words[] = {"false", "true", "targets", "both"};
enum { CENTER_WORDS = sizeof center_words / sizeof *center_words };

pdlt_status pdlt_read_center(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key) {
  int k = 0;
  while (k < CENTER_WORDS && !pdlt_value_is_word(value, center_words[k])) k++;
  if (k == CENTER_WORDS || (k < 2 && !value->plain)) return pdlt_value_wrong(reader, value, key);
  reader->ex->data.center = k & 1;
  reader->ex->data.center_targets = k >> 1;
  return PDLT_OK;
}

/* One number for all, or as many as there are outputs or features. */
static pdlt_status check_factors(pdlt_reader *reader, const char *key, size_t given, int wanted,
                                 const char *noun) {
  if (given <= 1 || given == (size_t)wanted) return PDLT_OK;
  return pdlt_experiment_fail(reader->ex, key, reader->err,
                              "a list of %zu; %d %s need %d numbers, or one for all", given, wanted,
                              noun, wanted);
}

/* All 2^n_0 inputs are samples: those that do not train test. */
static pdlt_status check_cube(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  if (!ex->data.cube) return PDLT_OK;
  if (ex->data.inputs > PDLT_PARITY_BITS)
    return pdlt_experiment_fail(
        ex, "data.cube", reader->err,
        "%d inputs make too many samples; at most %d inputs, or cube: false", ex->data.inputs,
        PDLT_PARITY_BITS);
  const int all = 1 << ex->data.inputs, rest = all - ex->data.train;
  if (rest < 0)
    return pdlt_experiment_fail(ex, "data.train", reader->err,
                                "%d, but the cube of %d inputs has %d samples", ex->data.train,
                                ex->data.inputs, all);
  if (pdlt_experiment_is_given(ex, "data.test") && ex->data.test != rest)
    return pdlt_experiment_fail(ex, "data.test", reader->err,
                                "%d; cube: all %d samples that do not train test, leave test out",
                                ex->data.test, rest);
  ex->data.test = rest;
  return PDLT_OK;
}

static pdlt_status check_parity(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const int last = ex->data.num_bits > 0 ? ex->data.bits[ex->data.num_bits - 1] : 0;
  pdlt_status status = PDLT_OK;
  if (last >= ex->data.inputs)
    return pdlt_experiment_fail(ex, "data.bits", reader->err,
                                "%d; %d inputs are numbered from 0 to %d", last, ex->data.inputs,
                                ex->data.inputs - 1);
  if (ex->data.num_amplitudes <= 1)
    PDLT_TRY(pdlt_check_outputs(reader, 1, "source parity without a list of amplitudes"));
  PDLT_TRY(check_cube(reader));
  return pdlt_check_count(reader, exp2(fmin(ex->data.inputs, PDLT_PARITY_BITS)),
                          "different inputs");
cleanup:
  return status;
}

static pdlt_status check_modular_addition(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_check_inputs(reader, 2 * ex->data.modulus, "source modular_addition"));
  if (ex->network.outputs != 1)
    PDLT_TRY(pdlt_check_outputs(reader, ex->data.modulus, "this modulus (or 1)"));
  return pdlt_check_count(reader, (double)ex->data.modulus * ex->data.modulus, "different pairs");
cleanup:
  return status;
}

static pdlt_status check_superposition(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const int features = ex->data.features, samples = ex->data.train + ex->data.test;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_check_inputs(reader, features, "source superposition with so many features"));
  PDLT_TRY(pdlt_check_outputs(reader, features, "source superposition with so many features"));
  PDLT_TRY(check_factors(reader, "data.importance", ex->data.num_importance, features, "features"));
  if (samples < features)
    return pdlt_experiment_fail(ex, "data.train", reader->err,
                                "train + test = %d; the last %d samples are the features one by "
                                "one, so at least %d",
                                samples, features, features);
cleanup:
  return status;
}

pdlt_status pdlt_check_generated(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  pdlt_status status = PDLT_OK;
  if (ex->data.source == PDLT_SOURCE_SUPERPOSITION) return check_superposition(reader);
  PDLT_TRY(ex->data.source == PDLT_SOURCE_PARITY ? check_parity(reader)
                                                 : check_modular_addition(reader));
  PDLT_TRY(check_factors(reader, "data.amplitudes", ex->data.num_amplitudes, ex->network.outputs,
                         "outputs"));
cleanup:
  return status;
}

json_t *pdlt_center_json(const pdlt_experiment *ex) {
  const int k = ex->data.center + 2 * ex->data.center_targets;
  return k < 2 ? json_boolean(k) : json_string(center_words[k]);
}

void pdlt_put_generated_json(json_t **data, const pdlt_experiment *ex) {
  if (ex->data.num_bits > 0)
    pdlt_json_put(data, "bits", pdlt_ints_json(ex->data.bits, ex->data.num_bits));
  if (ex->data.num_amplitudes > 0)
    pdlt_json_put(data, "amplitudes",
                  pdlt_reals_json(ex->data.amplitudes, ex->data.num_amplitudes));
  if (ex->data.cube) pdlt_json_put(data, "cube", json_true());
  if (ex->data.source != PDLT_SOURCE_SUPERPOSITION) return;
  pdlt_json_put(data, "features", json_integer(ex->data.features));
  pdlt_json_put(data, "probability", json_real(ex->data.probability));
  if (ex->data.num_importance > 0)
    pdlt_json_put(data, "importance",
                  pdlt_reals_json(ex->data.importance, ex->data.num_importance));
}
