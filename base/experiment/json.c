/* json.c - a resolved experiment as JSON, and its digest.
 *
 * Is: the canonical form: every default filled in, numbers to 17 digits; it is YAML
 * too, so reading it again gives the same experiment. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/experiment/layer.h"
#include "base/file/file.h"
#include "base/file/json.h"

/* Puts value (reference taken) under key; *ok turns 0 when memory is short. */
static void put(json_t *object, const char *key, json_t *value, int *ok) {
  if (pdlt_json_set(object, key, value, NULL) != PDLT_OK) *ok = 0;
}

json_t *pdlt_reals_json(const double *values, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) pdlt_json_append(&list, json_real(values[i]));
  return list;
}

json_t *pdlt_ints_json(const int *values, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) pdlt_json_append(&list, json_integer(values[i]));
  return list;
}

/* A list of numbers, or how it follows the width. */
static json_t *parameter_json(const pdlt_experiment *ex, pdlt_parameter which, const double *list,
                              int *ok) {
  if ((ex->network.follows >> which & 1U) == 0)
    return pdlt_reals_json(list, (size_t)ex->network.depth);
  json_t *out = json_object();
  put(out, "scale", json_real(list[0]), ok);
  put(out, "width", json_real(ex->network.width_power[which]), ok);
  return out;
}

static json_t *network_json(const pdlt_experiment *ex, int with_widths, int *ok) {
  char activation[512];
  size_t depth = (size_t)ex->network.depth;
  json_t *out = json_object();
  pdlt_activation_format(&ex->network.activation, activation, sizeof activation);
  put(out, "activation", json_string(activation), ok);
  put(out, "depth", json_integer(ex->network.depth), ok);
  if (with_widths)
    put(out, "widths", pdlt_ints_json(ex->network.widths, ex->network.num_widths), ok);
  put(out, "width_ratios", pdlt_ints_json(ex->network.width_ratios, depth - 1), ok);
  put(out, "outputs", json_integer(ex->network.outputs), ok);
  if (ex->network.dimensions > 0) put(out, "input", pdlt_input_json(ex), ok);
  if (ex->network.layers != NULL) put(out, "layers", pdlt_layers_json(ex), ok);
  if (ex->network.skip != NULL && pdlt_experiment_has_skips(ex))
    put(out, "skip", pdlt_skip_json(ex), ok);
  if (ex->network.critical) {
    put(out, "C_b", json_string("critical"), ok);
    put(out, "C_W", json_string("critical"), ok);
  } else {
    put(out, "C_b", parameter_json(ex, PDLT_PARAMETER_C_B, ex->network.C_b, ok), ok);
    put(out, "C_W", parameter_json(ex, PDLT_PARAMETER_C_W, ex->network.C_W, ok), ok);
  }
  put(out, "lambda_b", parameter_json(ex, PDLT_PARAMETER_LAMBDA_B, ex->network.lambda_b, ok), ok);
  put(out, "lambda_W", parameter_json(ex, PDLT_PARAMETER_LAMBDA_W, ex->network.lambda_W, ok), ok);
  if (ex->network.init != PDLT_INIT_NORMAL)
    put(out, "init", json_string(pdlt_init_words[ex->network.init]), ok);
  return out;
}

/* A path as written; of an absolute one only the file name: results name no machine. */
static json_t *path_json(const char *path) {
  const char *slash = strrchr(path, '/');
  return json_string(path[0] == '/' ? slash + 1 : path);
}

static json_t *name_list(const pdlt_name_list *list) {
  json_t *out = json_array();
  for (size_t i = 0; i < list->count; i++) pdlt_json_append(&out, json_string(list->name[i]));
  return out;
}

/* How a CSV file is read, as far as the file says. */
static void put_columns(json_t *out, const pdlt_experiment *ex, int *ok) {
  const pdlt_name_list *x = &ex->data.columns_x, *y = &ex->data.columns_y;
  if (x->count + y->count > 0) {
    json_t *columns = json_object();
    if (x->count > 0) put(columns, "x", name_list(x), ok);
    if (y->count > 0) put(columns, "y", name_list(y), ok);
    put(out, "columns", columns, ok);
  }
  if (ex->data.label != NULL) put(out, "label", json_string(ex->data.label), ok);
  if (ex->data.header >= 0) put(out, "header", json_boolean(ex->data.header), ok);
}

static json_t *data_json(const pdlt_experiment *ex, int with_paths, int *ok) {
  json_t *out = json_object();
  put(out, "source", json_string(pdlt_source_words[ex->data.source]), ok);
  if (with_paths && ex->data.file != NULL) put(out, "file", path_json(ex->data.file), ok);
  if (with_paths && ex->data.images != NULL) put(out, "images", path_json(ex->data.images), ok);
  if (with_paths && ex->data.labels != NULL) put(out, "labels", path_json(ex->data.labels), ok);
  if (with_paths && ex->data.x != NULL) put(out, "x", path_json(ex->data.x), ok);
  if (with_paths && ex->data.y != NULL) put(out, "y", path_json(ex->data.y), ok);
  if (with_paths) put_columns(out, ex, ok);
  if (ex->data.num_classes > 0) {
    const pdlt_name_list *names = &ex->data.class_names;
    put(out, "classes",
        names->count > 0 ? name_list(names)
                         : pdlt_ints_json(ex->data.classes, (size_t)ex->data.num_classes),
        ok);
    put(out, "targets", json_string(pdlt_targets_words[ex->data.targets]), ok);
  }
  if (ex->data.source == PDLT_SOURCE_IDX || ex->data.pool > 1)
    put(out, "pool", json_integer(ex->data.pool), ok);
  if (ex->data.skip > 0) put(out, "skip", json_integer(ex->data.skip), ok);
  if (ex->data.shuffle > 0) put(out, "shuffle", json_integer((json_int_t)ex->data.shuffle), ok);
  if (with_paths && ex->data.empty_classes) put(out, "empty_classes", json_true(), ok);
  if (ex->data.balance) put(out, "balance", json_true(), ok);
  if (ex->data.inputs > 0) put(out, "inputs", json_integer(ex->data.inputs), ok);
  if (ex->data.modulus > 0) put(out, "modulus", json_integer(ex->data.modulus), ok);
  pdlt_put_generated_json(&out, ex);
  put(out, "seed", json_integer((json_int_t)ex->data.seed), ok);
  put(out, "center", pdlt_center_json(ex), ok);
  put(out, "scale",
      ex->data.scale_kind == PDLT_SCALE_NUMBER     ? json_real(ex->data.scale)
      : ex->data.scale_kind == PDLT_SCALE_CRITICAL ? json_string("critical")
                                                   : json_string("none"),
      ok);
  put(out, "train", json_integer(ex->data.train), ok);
  put(out, "test", json_integer(ex->data.test), ok);
  return out;
}

static json_t *training_json(const pdlt_experiment *ex, int *ok) {
  json_t *out = json_object(), *eta = NULL;
  int flow = ex->training.eta_kind == PDLT_ETA_FLOW;
  if (flow) {
    eta = json_string("flow");
  } else if (ex->training.eta_kind == PDLT_ETA_RELATIVE) {
    eta = json_object();
    put(eta, "relative", json_real(ex->training.eta), ok);
  } else {
    eta = json_real(ex->training.eta);
  }
  put(out, "eta", eta, ok);
  if (ex->training.loss != PDLT_LOSS_MSE)
    put(out, "loss", json_string(pdlt_trained_loss_words[ex->training.loss]), ok);
  if (ex->training.centered) put(out, "targets", json_string("centered"), ok);
  if (ex->training.newton) put(out, "method", json_string("newton"), ok);
  if (ex->training.batch > 0) put(out, "batch", json_integer(ex->training.batch), ok);
  put(out, "max_steps", json_integer(ex->training.max_steps), ok);
  if (ex->training.to_end) {
    put(out, "steps", json_string("end"), ok);
    return out; /* record is 0 and the end, and cannot be written */
  }
  put(out, "steps", flow ? json_real(ex->training.flow_time) : json_integer(ex->training.steps),
      ok);
  if (flow) {
    put(out, "record", pdlt_reals_json(ex->training.record, ex->training.num_record), ok);
    return out;
  }
  json_t *record = json_array();
  for (size_t i = 0; i < ex->training.num_record; i++)
    pdlt_json_append(&record, json_integer((json_int_t)ex->training.record[i]));
  put(out, "record", record, ok);
  return out;
}

/* The words whose bits are set. */
json_t *pdlt_words_json(const char *const *words, unsigned bits) {
  json_t *out = json_array();
  for (unsigned k = 0; words[k] != NULL; k++)
    if (bits >> k & 1U) pdlt_json_append(&out, json_string(words[k]));
  return out;
}

static json_t *ensemble_json(const pdlt_experiment *ex, int *ok) {
  json_t *out = json_object();
  if (ex->ensemble.members > 0)
    put(out, "members", json_integer(ex->ensemble.members), ok);
  else
    put(out, "until", pdlt_until_json(&ex->ensemble.until), ok);
  put(out, "seed", json_integer((json_int_t)ex->ensemble.seed), ok);
  put(out, "estimator", json_string(pdlt_estimator_words[ex->ensemble.estimator]), ok);
  put(out, "arithmetic", json_string(ex->ensemble.single_precision ? "single" : "double"), ok);
  put(out, "keep_members", json_integer(ex->ensemble.keep_members), ok);
  if (ex->ensemble.keep != 0)
    put(out, "keep", pdlt_words_json(pdlt_keep_words, ex->ensemble.keep), ok);
  return out;
}

static json_t *theory_json(const pdlt_experiment *ex, int *ok) {
  json_t *out = json_object();
  put(out, "order", json_integer(ex->theory.order), ok);
  put(out, "tolerance", json_real(ex->theory.tolerance), ok);
  put(out, "omit", name_list(&ex->theory.omit), ok);
  if (ex->theory.flip.count > 0) put(out, "flip", name_list(&ex->theory.flip), ok);
  if (ex->theory.pair_only) put(out, "variant", json_string("pair_only"), ok);
  if (ex->theory.only_z) put(out, "only", json_string("z"), ok);
  if (ex->theory.keep != 0)
    put(out, "keep", pdlt_words_json(pdlt_theory_keep_words, ex->theory.keep), ok);
  return out;
}

static pdlt_status out_of_memory(json_t *object, pdlt_error *err) {
  json_decref(object);
  return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory for the experiment as JSON");
}

/* A section, unless it is empty: everything has its default. */
static void put_section(json_t *object, const char *name, json_t *section, int *ok) {
  if (section == NULL || json_object_size(section) > 0)
    put(object, name, section, ok);
  else
    json_decref(section);
}

pdlt_status pdlt_experiment_to_json(const pdlt_experiment *ex, json_t **out, pdlt_error *err) {
  json_t *object = json_object();
  int ok = object != NULL;
  put(object, "title", json_string(ex->title), &ok);
  put(object, "network", network_json(ex, 1, &ok), &ok);
  put(object, "data", data_json(ex, 1, &ok), &ok);
  put(object, "training", training_json(ex, &ok), &ok);
  put(object, "ensemble", ensemble_json(ex, &ok), &ok);
  put(object, "measure", pdlt_words_json(pdlt_measure_words, ex->measure), &ok);
  put(object, "measure_samples", json_integer(ex->measure_samples), &ok);
  put(object, "theory", theory_json(ex, &ok), &ok);
  put_section(object, "features", pdlt_feature_keys_json(ex), &ok);
  put_section(object, "posterior", pdlt_posterior_keys_json(ex), &ok);
  put(object, "compare", pdlt_compare_keys_json(&ex->compare), &ok);
  put_section(object, "figures", pdlt_figure_keys_json(&ex->compare.figures), &ok);
  if (!ok) return out_of_memory(object, err);
  *out = object;
  return PDLT_OK;
}

/* What theory and measurement must share. */
static json_t *physics_json(const pdlt_experiment *ex, int *ok) {
  json_t *object = json_object();
  put(object, "network", network_json(ex, 0, ok), ok);
  put(object, "data", data_json(ex, 0, ok), ok);
  put(object, "training", training_json(ex, ok), ok);
  if (ex->features.truth != PDLT_TRUTH_NONE)
    put(object, "truth", json_string(pdlt_truth_words[ex->features.truth]), ok);
  put_section(object, "posterior", pdlt_posterior_keys_json(ex), ok);
  return object;
}

/* Digest of an object, which is owned; data_hash becomes part of it. */
static pdlt_status hash_object(json_t *object, int ok, const char *data_hash, char *out,
                               pdlt_error *err) {
  if (data_hash != NULL) put(object, "data_hash", json_string(data_hash), &ok);
  char *text = NULL;
  if (!ok) return out_of_memory(object, err);
  const size_t flags = JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17);
  const pdlt_status status = pdlt_json_format(object, flags, &text, err);
  json_decref(object);
  if (status != PDLT_OK) return status;
  unsigned long long hash = pdlt_hash_bytes(PDLT_HASH_START, text, strlen(text));
  pdlt_free(text);
  snprintf(out, 17, "%016llx", hash);
  return PDLT_OK;
}

/* The keys of compare that a run depends on, the others at their defaults. */
static json_t *compare_of_run(const json_t *experiment) {
  const json_t *ensemble = json_object_get(experiment, "ensemble");
  pdlt_compare_keys run, given;
  pdlt_compare_keys_default(&run);
  pdlt_compare_keys_from_json(&given, experiment);
  if (json_object_get(ensemble, "until") != NULL) run.degree = given.degree;
  return pdlt_compare_keys_json(&run);
}

pdlt_status pdlt_experiment_json_hash(const json_t *experiment, const char *data_hash, char *out,
                                      pdlt_error *err) {
  json_t *object = pdlt_json_copy(experiment);
  int ok = object != NULL;
  put(object, "compare", compare_of_run(experiment), &ok);
  (void)json_object_del(object, "figures");
  return hash_object(object, ok, data_hash, out, err);
}

pdlt_status pdlt_experiment_hash(const pdlt_experiment *ex, const char *data_hash, int physics_only,
                                 char *out, pdlt_error *err) {
  json_t *object = NULL;
  int ok = 1;
  if (physics_only) {
    object = physics_json(ex, &ok);
    return hash_object(object, ok, data_hash, out, err);
  }
  pdlt_status status = pdlt_experiment_to_json(ex, &object, err);
  if (status == PDLT_OK) status = pdlt_experiment_json_hash(object, data_hash, out, err);
  json_decref(object);
  return status;
}
