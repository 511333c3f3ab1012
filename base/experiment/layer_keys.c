/* layer_keys.c - network.input and network.layers, read and written.
 *
 * Is: their values, one by one. Is not: whether layers fit together (wiring.c). */
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/file/json.h"

enum { MAX_SIDE = 100000, MAX_TAPS = 1000 };

static pdlt_status wrong(pdlt_reader *reader, const pdlt_node *value, const pdlt_schema_key *key,
                         const char *what) {
  return pdlt_reader_fail(reader, value->line, key->path, "%s", what);
}

/* A whole number from 1 to max. */
static int count_of(const pdlt_node *value, int max, int *out) {
  double number = 0;
  if (!pdlt_node_number(value, &number) || number < 1 || number > max || number != (int)number)
    return 0;
  *out = (int)number;
  return 1;
}

pdlt_status pdlt_read_input(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  const pdlt_node *shape = pdlt_node_find(value, "shape", 5, NULL);
  const pdlt_node *channels = pdlt_node_find(value, "channels", 8, NULL);
  if (value->kind != PDLT_NODE_MAP || shape == NULL || shape->kind != PDLT_NODE_LIST ||
      value->count != (channels != NULL ? 2u : 1u) || shape->count < 1 || shape->count > 2)
    return pdlt_value_wrong(reader, value, key);
  ex->network.shape[0] = 1;
  for (size_t d = 0; d < shape->count; d++)
    if (!count_of(shape->items[d], MAX_SIDE, &ex->network.shape[2 - shape->count + d]))
      return pdlt_value_wrong(reader, value, key);
  if (channels != NULL && !count_of(channels, MAX_SIDE, &ex->network.channels))
    return pdlt_value_wrong(reader, value, key);
  ex->network.dimensions = (int)shape->count;
  return PDLT_OK;
}

/* 3 or [3, 3]. */
static int read_kernel(const pdlt_node *value, pdlt_layer_keys *out) {
  if (value->kind == PDLT_NODE_LIST)
    return value->count == 2 && count_of(value->items[0], MAX_TAPS, &out->kernel[0]) &&
           count_of(value->items[1], MAX_TAPS, &out->kernel[1]);
  out->square = 1;
  if (!count_of(value, MAX_TAPS, &out->kernel[0])) return 0;
  out->kernel[1] = out->kernel[0];
  return 1;
}

/* The value of skip. */
static pdlt_status read_skip(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key, pdlt_layer_keys *out) {
  if (pdlt_node_number(value, &out->skip)) return PDLT_OK;
  return wrong(reader, value, key, "skip: expected a number, the factor of the layer below");
}

/* One key of {conv: ...}. */
static pdlt_status read_conv_key(pdlt_reader *reader, const char *name, const pdlt_node *value,
                                 const pdlt_schema_key *key, pdlt_layer_keys *out, int *padded) {
  if (strcmp(name, "conv") == 0)
    return read_kernel(value, out)
               ? PDLT_OK
               : wrong(reader, value, key, "conv: expected a whole number from 1 to 1000, or two");
  if (strcmp(name, "padding") == 0) {
    *padded = 1;
    out->circular = pdlt_value_is_word(value, "circular");
    return out->circular || pdlt_value_is_word(value, "zero")
               ? PDLT_OK
               : wrong(reader, value, key, "padding: expected circular or zero");
  }
  if (strcmp(name, "stride") == 0 || strcmp(name, "pool") == 0)
    return count_of(value, MAX_SIDE, name[0] == 's' ? &out->stride : &out->pool)
               ? PDLT_OK
               : pdlt_reader_fail(reader, value->line, key->path,
                                  "%s: expected a whole number from 1 to %d", name, MAX_SIDE);
  if (strcmp(name, "skip") == 0) return read_skip(reader, value, key, out);
  char quoted[PDLT_QUOTE_LENGTH];
  return pdlt_reader_fail(reader, value->line, key->path,
                          "%s: unknown; a convolution has conv, padding, stride, pool, skip",
                          pdlt_quote(quoted, name));
}

/* {dense: true, skip: NUMBER}. */
static pdlt_status read_dense(pdlt_reader *reader, const pdlt_node *value,
                              const pdlt_schema_key *key, pdlt_layer_keys *out) {
  const pdlt_node *skip = pdlt_node_find(value, "skip", 4, NULL);
  const pdlt_node *dense = pdlt_node_find(value, "dense", 5, NULL);
  if (!pdlt_value_is_word(dense, "true") || value->count != (skip != NULL ? 2u : 1u))
    return wrong(reader, value, key, "expected dense, or {dense: true, skip: NUMBER}");
  return skip != NULL ? read_skip(reader, skip, key, out) : PDLT_OK;
}

static pdlt_status read_layer(pdlt_reader *reader, const pdlt_node *value,
                              const pdlt_schema_key *key, pdlt_layer_keys *out) {
  int padded = 0;
  *out = (pdlt_layer_keys){.kernel = {1, 1}, .stride = 1, .pool = 1, .line = value->line};
  if (pdlt_value_is_word(value, "dense")) return PDLT_OK;
  if (value->kind == PDLT_NODE_MAP && pdlt_node_find(value, "dense", 5, NULL) != NULL)
    return read_dense(reader, value, key, out);
  out->reads = pdlt_value_is_word(value, "average") ? PDLT_READS_AVERAGE : PDLT_READS_CONV;
  if (out->reads == PDLT_READS_AVERAGE) return PDLT_OK;
  if (value->kind != PDLT_NODE_MAP || pdlt_node_find(value, "conv", 4, NULL) == NULL)
    return wrong(reader, value, key,
                 "a layer is dense, average, or {conv: TAPS, padding: circular or zero, stride: 1, "
                 "pool: 1, skip: 0}");
  for (size_t i = 0; i < value->count; i++) {
    const pdlt_status status =
        read_conv_key(reader, value->keys[i], value->items[i], key, out, &padded);
    if (status != PDLT_OK) return status;
  }
  if (!padded && (out->kernel[0] > 1 || out->kernel[1] > 1))
    return wrong(reader, value, key, "conv needs padding: circular or zero");
  return PDLT_OK;
}

pdlt_status pdlt_read_layers(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key) {
  pdlt_experiment *ex = reader->ex;
  const size_t depth = (size_t)ex->network.depth;
  pdlt_layer_keys *layers = NULL;
  if (value->kind != PDLT_NODE_LIST) return pdlt_value_wrong(reader, value, key);
  if (value->count != depth)
    return pdlt_reader_fail(reader, value->line, key->path,
                            "a list of %zu; depth %zu needs an entry for each layer, the readout "
                            "included",
                            value->count, depth);
  pdlt_status status = pdlt_alloc(&layers, depth, sizeof *layers, reader->err);
  for (size_t k = 0; k < depth && status == PDLT_OK; k++)
    status = read_layer(reader, value->items[k], key, &layers[k]);
  if (status != PDLT_OK) {
    pdlt_free(layers);
    return status;
  }
  pdlt_free(ex->network.layers);
  ex->network.layers = layers;
  return PDLT_OK;
}

json_t *pdlt_input_json(const pdlt_experiment *ex) {
  json_t *out = json_object(), *shape = json_array();
  for (int d = 2 - ex->network.dimensions; d < 2; d++)
    pdlt_json_append(&shape, json_integer(ex->network.shape[d]));
  pdlt_json_put(&out, "shape", shape);
  if (ex->network.channels > 0) pdlt_json_put(&out, "channels", json_integer(ex->network.channels));
  return out;
}

static json_t *layer_json(const pdlt_layer_keys *keys) {
  if (keys->reads == PDLT_READS_DENSE && keys->skip == 0) return json_string("dense");
  if (keys->reads == PDLT_READS_AVERAGE) return json_string("average");
  json_t *out = json_object(), *kernel = NULL;
  if (keys->skip != 0) pdlt_json_put(&out, "skip", json_real(keys->skip));
  if (keys->reads == PDLT_READS_DENSE) {
    pdlt_json_put(&out, "dense", json_true());
    return out;
  }
  if (keys->square) {
    kernel = json_integer(keys->kernel[0]);
  } else {
    kernel = json_array();
    for (int d = 0; d < 2; d++) pdlt_json_append(&kernel, json_integer(keys->kernel[d]));
  }
  pdlt_json_put(&out, "conv", kernel);
  pdlt_json_put(&out, "padding", json_string(keys->circular ? "circular" : "zero"));
  if (keys->stride > 1) pdlt_json_put(&out, "stride", json_integer(keys->stride));
  if (keys->pool > 1) pdlt_json_put(&out, "pool", json_integer(keys->pool));
  return out;
}

json_t *pdlt_layers_json(const pdlt_experiment *ex) {
  json_t *out = json_array();
  for (int k = 0; k < ex->network.depth; k++)
    pdlt_json_append(&out, layer_json(&ex->network.layers[k]));
  return out;
}
