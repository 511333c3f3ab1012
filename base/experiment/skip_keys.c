/* skip_keys.c - network.skip, and the skips of layers whichever key has them.
 *
 * Is: reading and writing the short form, the factor of a layer, and which layers may have one.
 * Is not: skip of an entry of network.layers as text (layer_keys.c). */
#include <stdarg.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "base/experiment/internal.h"
#include "base/experiment/skip.h"

pdlt_status pdlt_read_skip(pdlt_reader *reader, const pdlt_node *value,
                           const pdlt_schema_key *key) {
  const int depth = reader->ex->network.depth, list = value->kind == PDLT_NODE_LIST;
  double *skip = NULL;
  pdlt_status status = PDLT_OK;
  if (depth < 3)
    return pdlt_reader_fail(
        reader, value->line, key->path,
        "depth %d has no layer between the first one and the readout, which have "
        "no skip; leave it out",
        depth);
  if (list && value->count != (size_t)depth - 2)
    return pdlt_reader_fail(reader, value->line, key->path,
                            "a list of %zu; depth %d needs %d numbers, for layers 2 to %d",
                            value->count, depth, depth - 2, depth - 1);
  PDLT_TRY(pdlt_alloc(&skip, (size_t)depth, sizeof *skip, reader->err));
  for (int l = 2; l < depth; l++) {
    const pdlt_node *number = list ? value->items[l - 2] : value;
    if (pdlt_node_number(number, &skip[l - 1])) continue;
    status = pdlt_value_wrong(reader, number, key);
    goto cleanup;
  }
  pdlt_free(reader->ex->network.skip);
  reader->ex->network.skip = skip;
  skip = NULL;
cleanup:
  pdlt_free(skip);
  return status;
}

double pdlt_experiment_skip(const pdlt_experiment *ex, int l) {
  if (ex->network.layers != NULL) return ex->network.layers[l - 1].skip;
  return ex->network.skip != NULL ? ex->network.skip[l - 1] : 0;
}

json_t *pdlt_skip_json(const pdlt_experiment *ex) {
  return pdlt_reals_json(ex->network.skip + 1, (size_t)ex->network.depth - 2);
}

/* `NAME:LINE: KEY: layer l: ...` at the line of the layer. */
static pdlt_status fail(const pdlt_experiment *ex, int l, pdlt_error *err, const char *format, ...)
    PDLT_PRINTF(4, 5);

static pdlt_status fail(const pdlt_experiment *ex, int l, pdlt_error *err, const char *format,
                        ...) {
  char text[PDLT_ERROR_LENGTH];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (ex->network.layers != NULL)
    return pdlt_yaml_fail(ex->path, ex->network.layers[l - 1].line, "network.layers", err, "%s",
                          text);
  return pdlt_experiment_fail(ex, "network.skip", err, "%s", text);
}

pdlt_status pdlt_skip_check(const pdlt_experiment *ex, int l, size_t below, size_t here,
                            pdlt_error *err) {
  const int depth = ex->network.depth, *ratio = ex->network.width_ratios;
  if (pdlt_experiment_skip(ex, l) == 0) return PDLT_OK;
  if (l == 1)
    return fail(ex, l, err,
                "layer 1: skip; below it are the inputs and no preactivations, leave skip out");
  if (l == depth)
    return fail(
        ex, l, err,
        "layer %d: skip; the readout has none (its outputs are independent of what is below "
        "but for their weights), leave skip out",
        l);
  if (ratio[l - 1] != ratio[l - 2])
    return fail(
        ex, l, err,
        "layer %d: skip; it has %d n neurons and the layer below %d n, a skip needs equally "
        "many: change network.width_ratios or leave skip out",
        l, ratio[l - 1], ratio[l - 2]);
  if (below != here)
    return fail(
        ex, l, err,
        "layer %d: skip; it has %zu positions and the layer below %zu, a skip needs the same "
        "ones: leave out skip, or what changes them",
        l, here, below);
  return PDLT_OK;
}

pdlt_status pdlt_skips_check(const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (ex->network.skip != NULL && ex->network.layers != NULL)
    return pdlt_experiment_fail(ex, "network.skip", err,
                                "network.layers is given too; write skip into its entries");
  for (int l = 1; l <= ex->network.depth && ex->network.layers == NULL && status == PDLT_OK; l++)
    status = pdlt_skip_check(ex, l, 1, 1, err);
  return status;
}
