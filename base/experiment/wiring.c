/* wiring.c - see wiring.h. Equations: docs/convolution.md. */
#include "base/experiment/wiring.h"

#include "base/experiment/skip.h"
#include "base/file/yaml.h"

static const pdlt_wiring one_position = {
    .below = {1, 1}, .here = {1, 1}, .pool = {1, 1}, .taps = {1, 1}, .stride = {1, 1}};

static size_t positions(const size_t shape[2]) { return shape[0] * shape[1]; }

/* Whether the direction d = 0 (rows), 1 (columns) is there. */
static int has_direction(const pdlt_experiment *ex, int d) {
  return d == 1 || ex->network.dimensions == 2;
}

/* The layer on positions `below`. */
static pdlt_wiring wire(const pdlt_experiment *ex, const pdlt_layer_keys *keys,
                        const size_t below[2]) {
  pdlt_wiring out = one_position;
  for (int d = 0; d < 2; d++) {
    out.below[d] = below[d];
    if (keys->reads == PDLT_READS_DENSE) out.taps[d] = out.stride[d] = below[d];
    if (keys->reads == PDLT_READS_AVERAGE) out.pool[d] = below[d];
    if (keys->reads != PDLT_READS_CONV || !has_direction(ex, d)) continue;
    const size_t stride = (size_t)keys->stride, taps = (size_t)keys->kernel[d];
    out.pool[d] = (size_t)keys->pool;
    out.taps[d] = taps;
    out.stride[d] = stride;
    out.offset[d] = (taps - 1) / 2;
    out.here[d] = (below[d] / out.pool[d] + stride - 1) / stride;
  }
  out.circular = keys->reads == PDLT_READS_CONV && keys->circular;
  return out;
}

static pdlt_wiring first_of(const pdlt_experiment *ex) {
  pdlt_wiring out = one_position;
  for (int d = 0; d < 2 && ex->network.dimensions > 0; d++)
    out.here[d] = (size_t)ex->network.shape[d];
  return out;
}

pdlt_wiring pdlt_wiring_of(const pdlt_experiment *ex, int l) {
  pdlt_wiring out = one_position;
  if (ex->network.layers == NULL) return out;
  out = first_of(ex);
  for (int k = 0; k < l; k++) {
    const size_t below[2] = {out.here[0], out.here[1]};
    out = wire(ex, &ex->network.layers[k], below);
  }
  return out;
}

size_t pdlt_wiring_inputs(const pdlt_experiment *ex) {
  if (ex->network.layers == NULL) return 1;
  return positions(first_of(ex).here);
}

static pdlt_status fail_at(const pdlt_experiment *ex, int l, pdlt_error *err, const char *format,
                           ...) PDLT_PRINTF(4, 5);

static pdlt_status fail_at(const pdlt_experiment *ex, int l, pdlt_error *err, const char *format,
                           ...) {
  va_list args;
  va_start(args, format);
  const pdlt_status status = pdlt_yaml_vfail(ex->path, ex->network.layers[l - 1].line,
                                             "network.layers", err, format, args);
  va_end(args);
  return status;
}

/* One direction of a convolution of layer l. */
static pdlt_status check_direction(const pdlt_experiment *ex, int l, size_t below, int d,
                                   pdlt_error *err) {
  const pdlt_layer_keys *keys = &ex->network.layers[l - 1];
  const size_t pool = (size_t)keys->pool, taps = (size_t)keys->kernel[d];
  if (below % pool != 0)
    return fail_at(
        ex, l, err,
        "layer %d: pool %zu; %zu positions do not divide into such windows, use a divisor", l, pool,
        below);
  const size_t windows = below / pool;
  if ((size_t)keys->stride > windows)
    return fail_at(ex, l, err, "layer %d: stride %d; there are only %zu positions to step over", l,
                   keys->stride, windows);
  if (taps > 2 * windows - 1 && taps > 1 && !keys->circular)
    return fail_at(ex, l, err,
                   "layer %d: conv %zu; with zero padding and %zu positions taps beyond %zu never "
                   "read anything, use a smaller kernel",
                   l, taps, windows, 2 * windows - 1);
  return PDLT_OK;
}

static pdlt_status check_layer(const pdlt_experiment *ex, int l, const size_t below[2],
                               int has_positions, pdlt_error *err) {
  const pdlt_layer_keys *keys = &ex->network.layers[l - 1];
  pdlt_status status = PDLT_OK;
  if (keys->reads != PDLT_READS_CONV) return PDLT_OK;
  if (ex->network.dimensions == 0)
    return fail_at(ex, l, err,
                   "layer %d: conv needs to know the positions of a sample; give network.input: "
                   "{shape: [P] or [ROWS, COLUMNS], channels: n_0}",
                   l);
  if (l == ex->network.depth)
    return fail_at(ex, l, err,
                   "layer %d is the readout, which has one position; write dense or average", l);
  if (!has_positions)
    return fail_at(ex, l, err,
                   "layer %d: conv after %s, which leaves one position; write dense, or leave the "
                   "convolutions below it",
                   l, ex->network.layers[l - 2].reads == PDLT_READS_AVERAGE ? "average" : "dense");
  if (!keys->square && ex->network.dimensions == 1)
    return fail_at(ex, l, err,
                   "layer %d: conv has two numbers, but samples have one dimension; write one", l);
  for (int d = 0; d < 2 && status == PDLT_OK; d++)
    if (has_direction(ex, d)) status = check_direction(ex, l, below[d], d, err);
  return status;
}

static pdlt_status check_inputs(const pdlt_experiment *ex, size_t inputs, pdlt_error *err) {
  const size_t here = pdlt_wiring_inputs(ex), channels = (size_t)ex->network.channels;
  if (inputs == 0 || ex->network.dimensions == 0) return PDLT_OK;
  if (channels > 0 ? inputs == here * channels : inputs % here == 0) return PDLT_OK;
  if (channels > 0)
    return pdlt_experiment_fail(ex, "network.input", err,
                                "%zu positions times %zu channels are %zu inputs; samples have "
                                "%zu, channels times positions",
                                here, channels, here * channels, inputs);
  return pdlt_experiment_fail(ex, "network.input", err,
                              "%zu positions; samples have %zu inputs, channels times positions",
                              here, inputs);
}

pdlt_status pdlt_wiring_check(const pdlt_experiment *ex, size_t inputs, pdlt_error *err) {
  pdlt_wiring now = first_of(ex);
  int has_positions = 1;
  if (ex->network.layers == NULL) return PDLT_OK;
  pdlt_status status = check_inputs(ex, inputs, err);
  for (int l = 1; l <= ex->network.depth && status == PDLT_OK; l++) {
    const size_t below[2] = {now.here[0], now.here[1]};
    status = check_layer(ex, l, below, has_positions, err);
    if (ex->network.layers[l - 1].reads != PDLT_READS_CONV) has_positions = 0;
    if (status != PDLT_OK) break;
    now = wire(ex, &ex->network.layers[l - 1], below);
    status = pdlt_skip_check(ex, l, positions(below), positions(now.here), err);
  }
  return status;
}

pdlt_status pdlt_experiment_place_images(pdlt_experiment *ex, size_t rows, size_t columns,
                                         size_t inputs, pdlt_error *err) {
  if (ex->network.layers == NULL) return PDLT_OK;
  if (ex->network.dimensions == 0 && rows > 0) {
    ex->network.dimensions = 2;
    ex->network.shape[0] = (int)rows;
    ex->network.shape[1] = (int)columns;
    ex->network.channels = 1;
  }
  return pdlt_wiring_check(ex, inputs, err);
}

size_t pdlt_layer_window(const pdlt_layer *layer, size_t tap, size_t p) {
  const pdlt_wiring *w = &layer->wiring;
  if (layer->kind == PDLT_LAYER_DENSE) return 0;
  const size_t at[2] = {p / w->here[1], p % w->here[1]};
  const size_t t[2] = {tap / w->taps[1], tap % w->taps[1]};
  size_t window = 0;
  for (int d = 0; d < 2; d++) {
    const size_t windows = w->below[d] / w->pool[d];
    size_t read = at[d] * w->stride[d] + t[d];
    if (w->circular) read += (w->offset[d] / windows + 1) * windows; /* not negative */
    if (read < w->offset[d]) return PDLT_ABSENT;
    read -= w->offset[d];
    if (w->circular) read %= windows;
    if (read >= windows) return PDLT_ABSENT;
    window = window * windows + read;
  }
  return window;
}

size_t pdlt_layer_pooled(const pdlt_layer *layer, size_t window, size_t k) {
  const pdlt_wiring *w = &layer->wiring;
  if (layer->kind == PDLT_LAYER_DENSE) return 0;
  const size_t across = w->below[1] / w->pool[1];
  const size_t row = (window / across) * w->pool[0] + k / w->pool[1];
  return row * w->below[1] + (window % across) * w->pool[1] + k % w->pool[1];
}
