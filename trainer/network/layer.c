/* layer.c - see layer.h. */
#include "trainer/network/layer.h"

#include <string.h>

#include "base/vector/linalg.h"

/* --- reads: which activations a tap sees --- */

/* At `length` positions of layer l from `here` on, tap `tap` reads as many of the layer below from
 * `below` on, each with the weight 1/window, window positions in a window. */
typedef struct reads {
  size_t tap, here, below, length;
} reads;

/* Finds the reads of a layer one after the other: for each tap and member k of its windows runs of
 * positions, as long as both sides go on by one. */
typedef struct walk {
  const pdlt_layer *layer;
  size_t window, tap, k, p;
} walk;

static walk walk_of(const pdlt_layer *layer) {
  return (walk){.layer = layer, .window = pdlt_layer_pool(layer)};
}

/* The position below that member k of the tap's window at p is; PDLT_ABSENT: none. */
static size_t read_at(const walk *w, size_t p) {
  const size_t window = pdlt_layer_window(w->layer, w->tap, p);
  return window == PDLT_ABSENT ? window : pdlt_layer_pooled(w->layer, window, w->k);
}

/* The next run into *out; 0 when there is none. */
static int next_reads(walk *w, reads *out) {
  const size_t here = pdlt_layer_here(w->layer);
  for (; w->tap < w->layer->taps; w->tap++, w->k = 0)
    for (; w->k < w->window; w->k++, w->p = 0) {
      size_t below = PDLT_ABSENT;
      while (w->p < here && (below = read_at(w, w->p)) == PDLT_ABSENT) w->p++;
      if (w->p == here) continue;
      *out = (reads){.tap = w->tap, .here = w->p, .below = below, .length = 1};
      for (w->p++; w->p < here && read_at(w, w->p) == below + out->length; w->p++) out->length++;
      return 1;
    }
  return 0;
}

/* --- products --- */

/* z += factor W_t s for the slots of a run; W_t (n_l, n_{l-1}). */
static void forward_run(const pdlt_layer *layer, const double *weight, pdlt_order order,
                        size_t count, double factor, const reads *r, const double *s, double *z) {
  const size_t in = layer->in, out = layer->out, fan = pdlt_layer_fan(layer);
  const size_t below = pdlt_layer_below(layer) * count, here = pdlt_layer_here(layer) * count;
  const size_t slots = r->length * count;
  weight += r->tap * in;
  if (order == PDLT_BY_SAMPLE)
    pdlt_gemm(0, 1, slots, out, in, factor, s + r->below * count * in, in, weight, fan, 1.0,
              z + r->here * count * out, out);
  else
    pdlt_gemm(0, 0, out, slots, in, factor, weight, fan, s + r->below * count, below, 1.0,
              z + r->here * count, here);
}

/* g += factor W_t^T delta for the slots of a run. */
static void back_run(const pdlt_layer *layer, const double *weight, pdlt_order order, size_t count,
                     double factor, const reads *r, const double *delta, double *g) {
  const size_t in = layer->in, out = layer->out, fan = pdlt_layer_fan(layer);
  const size_t below = pdlt_layer_below(layer) * count, here = pdlt_layer_here(layer) * count;
  const size_t slots = r->length * count;
  weight += r->tap * in;
  if (order == PDLT_BY_SAMPLE)
    pdlt_gemm(0, 0, slots, in, out, factor, delta + r->here * count * out, out, weight, fan, 1.0,
              g + r->below * count * in, in);
  else
    pdlt_gemm(1, 0, in, slots, out, factor, weight, fan, delta + r->here * count, here, 1.0,
              g + r->below * count, below);
}

/* z = W s + beta z, beta 0 or 1. */
static void times_weight(const pdlt_layer *layer, const double *theta, pdlt_order order,
                         size_t count, const double *s, double beta, double *z) {
  const size_t in = layer->in, out = layer->out;
  const double *weight = theta + layer->weight;
  if (layer->kind != PDLT_LAYER_DENSE) {
    walk w = walk_of(layer);
    if (beta == 0) memset(z, 0, pdlt_layer_units(layer) * count * sizeof *z);
    for (reads r; next_reads(&w, &r);)
      forward_run(layer, weight, order, count, 1 / (double)w.window, &r, s, z);
  } else if (order == PDLT_BY_SAMPLE) {
    pdlt_gemm(0, 1, count, out, in, 1.0, s, in, weight, in, beta, z, out);
  } else {
    pdlt_gemm(0, 0, out, count, in, 1.0, weight, in, s, count, beta, z, count);
  }
}

void pdlt_layer_forward(const pdlt_layer *layer, const double *theta, pdlt_order order,
                        size_t count, const double *s, double *z) {
  const size_t out = layer->out, slots = pdlt_layer_here(layer) * count;
  const double *bias = theta + layer->bias;
  if (order == PDLT_BY_SAMPLE)
    for (size_t a = 0; a < slots; a++) memcpy(z + a * out, bias, out * sizeof *z);
  else
    for (size_t i = 0; i < out; i++)
      for (size_t a = 0; a < slots; a++) z[i * slots + a] = bias[i];
  times_weight(layer, theta, order, count, s, 1.0, z);
}

void pdlt_layer_forward_tangent(const pdlt_layer *layer, const double *theta, pdlt_order order,
                                size_t count, const double *ds, double *dz) {
  times_weight(layer, theta, order, count, ds, 0.0, dz);
}

void pdlt_layer_pull_back(const pdlt_layer *layer, const double *theta, pdlt_order order,
                          size_t count, const double *delta, double *g) {
  const size_t in = layer->in, out = layer->out;
  const double *weight = theta + layer->weight;
  if (layer->kind != PDLT_LAYER_DENSE) {
    walk w = walk_of(layer);
    memset(g, 0, pdlt_layer_units_below(layer) * count * sizeof *g);
    for (reads r; next_reads(&w, &r);)
      back_run(layer, weight, order, count, 1 / (double)w.window, &r, delta, g);
  } else if (order == PDLT_BY_SAMPLE) {
    pdlt_gemm(0, 0, count, in, out, 1.0, delta, out, weight, in, 0.0, g, in);
  } else {
    pdlt_gemm(1, 0, in, count, out, 1.0, weight, in, delta, count, 0.0, g, count);
  }
}

void pdlt_layer_add_skip(const pdlt_layer *layer, size_t count, const double *from, double *to) {
  const size_t size = pdlt_layer_units(layer) * count;
  const double gamma = layer->skip;
  if (gamma == 0) return;
  for (size_t i = 0; i < size; i++) to[i] += gamma * from[i];
}

/* --- what weights see --- */

/* Adds factor times the activations of sample a at position q to what a tap sees. */
static void add_seen(const pdlt_layer *layer, pdlt_order order, size_t count, double factor,
                     const double *s, size_t q, size_t a, double *seen) {
  const size_t in = layer->in, slots = pdlt_layer_below(layer) * count, at = q * count + a;
  if (order == PDLT_BY_SAMPLE)
    for (size_t j = 0; j < in; j++) seen[j] += factor * s[at * in + j];
  else
    for (size_t j = 0; j < in; j++) seen[j] += factor * s[j * slots + at];
}

void pdlt_layer_gather(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                       double *seen) {
  const size_t in = layer->in, fan = pdlt_layer_fan(layer);
  memset(seen, 0, pdlt_layer_here(layer) * count * fan * sizeof *seen);
  if (layer->kind == PDLT_LAYER_DENSE) {
    for (size_t a = 0; a < count; a++) add_seen(layer, order, count, 1, s, 0, a, seen + a * fan);
    return;
  }
  walk w = walk_of(layer);
  for (reads r; next_reads(&w, &r);)
    for (size_t i = 0; i < r.length; i++)
      for (size_t a = 0; a < count; a++)
        add_seen(layer, order, count, 1 / (double)w.window, s, r.below + i, a,
                 seen + ((r.here + i) * count + a) * fan + r.tap * in);
}

/* out = factor s_a.s_b. */
static void products(const pdlt_layer *layer, pdlt_order order, size_t count, double factor,
                     const double *s, double *out) {
  const int by_neuron = order == PDLT_BY_NEURON;
  const size_t fan = pdlt_layer_fan(layer);
  pdlt_syrk(by_neuron, count, fan, factor, s, by_neuron ? count : fan, 0.0, out, count);
}

void pdlt_layer_gram(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                     double *gram) {
  products(layer, order, count, 1.0, s, gram);
}

void pdlt_layer_kernel(const pdlt_layer *layer, size_t entries, const double *gram,
                       double *kernel) {
  const double C_b = layer->C_b, scale = pdlt_layer_variance(layer);
  for (size_t i = 0; i < entries; i++) kernel[i] = C_b + scale * gram[i];
}

void pdlt_layer_ntk(const pdlt_layer *layer, size_t entries, const double *gram, double *h) {
  const double lambda_b = layer->lambda_b, scale = pdlt_layer_rate(layer);
  for (size_t i = 0; i < entries; i++) h[i] = lambda_b + scale * gram[i];
}

void pdlt_layer_ntk_of(const pdlt_layer *layer, pdlt_order order, size_t count, const double *s,
                       double *h) {
  products(layer, order, count, pdlt_layer_rate(layer), s, h);
  for (size_t i = 0; i < count * count; i++) h[i] += layer->lambda_b;
}
