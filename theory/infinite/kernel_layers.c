/* kernel_layers.c - memory of pdlt_kernel_layers; see kernel_internal.h. */
#include <math.h>

#include "base/core/memory.h"
#include "theory/infinite/kernel_internal.h"

/* Largest size of kernels over slots that are computed; bytes. */
static const double max_bytes = 7.0 * 1024 * 1024 * 1024;

static double square(double x) { return x * x; }

/* What layers with positions take at once: K and Theta of all, errors and terms of the largest, its map. */
static double bytes_of(const pdlt_kernel_settings *settings, size_t D, double *most) {
  double kept = 0, terms = 0;
  *most = 1;
  for (int l = 0; l < settings->depth; l++) {
    const pdlt_layer *layer = &settings->layer[l];
    const double here = (double)pdlt_layer_here(layer), below = (double)pdlt_layer_below(layer);
    const double reads = (double)pdlt_layer_taps(layer) * square((double)pdlt_layer_pool(layer));
    if (layer->kind != PDLT_LAYER_POSITIONS) continue;
    kept += 2 * sizeof(double) * square(here * (double)D);
    *most = fmax(*most, fmax(here, below));
    terms = fmax(terms, square(here) * (reads + 3) * 2 * sizeof(double));
  }
  if (kept > 0) terms += (4 * sizeof(double) + sizeof(pdlt_pair_terms)) * square(*most * (double)D);
  return kept + terms;
}

static pdlt_status check_bytes(const pdlt_kernel_settings *settings, size_t D, pdlt_error *err) {
  const double gib = 1024.0 * 1024 * 1024;
  double most;
  const double bytes = bytes_of(settings, D, &most);
  if (bytes <= max_bytes) return PDLT_OK;
  return pdlt_fail(
      err, PDLT_ERR_INPUT,
      "the kernels of %zu samples at %.0f positions need %.3g GiB; at most %.0f GiB: use "
      "fewer samples or positions",
      D, most, bytes / gib, max_bytes / gib);
}

/* slots, slot_K, slot_theta, block: layers with positions have numbers of their own. */
static pdlt_status allocate_slots(pdlt_kernel_layers *out, const pdlt_kernel_settings *settings,
                                  pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t layers = (size_t)out->depth, D = out->D;
  PDLT_TRY(pdlt_alloc(&out->slots, layers, sizeof *out->slots, err));
  PDLT_TRY(pdlt_alloc(&out->block, 3 * layers, sizeof *out->block, err));
  out->slot_K = out->block + layers;
  out->slot_theta = out->slot_K + layers;
  for (size_t l = 0; l < layers; l++) {
    const size_t E = pdlt_layer_here(&settings->layer[l]) * D;
    out->slots[l] = E;
    out->slot_K[l] = out->K + l * D * D;
    out->slot_theta[l] = out->theta + l * D * D;
    if (E == D) continue;
    PDLT_TRY(pdlt_alloc(&out->block[l], 2 * E, E * sizeof(double), err));
    out->slot_K[l] = out->block[l];
    out->slot_theta[l] = out->block[l] + E * E;
  }
cleanup:
  return status;
}

pdlt_status pdlt_kernel_layers_allocate(pdlt_kernel_layers *out,
                                        const pdlt_kernel_settings *settings, size_t D,
                                        pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t layers = (size_t)settings->depth;
  out->depth = settings->depth;
  out->D = D;
  PDLT_TRY(check_bytes(settings, D, err));
  PDLT_TRY(pdlt_alloc_unset(&out->K, layers * D, D * sizeof *out->K, err));
  PDLT_TRY(pdlt_alloc_unset(&out->theta, layers * D, D * sizeof *out->theta, err));
  PDLT_TRY(pdlt_alloc(&out->layer_err_K, layers, sizeof *out->layer_err_K, err));
  PDLT_TRY(pdlt_alloc(&out->layer_err_theta, layers, sizeof *out->layer_err_theta, err));
  PDLT_TRY(allocate_slots(out, settings, err));
cleanup:
  return status;
}

/* out (D, D) = mean over positions p of slots (p, a), (p, b). */
static void mean_over_positions(size_t E, size_t D, const double *slots, double *out) {
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++) {
      double sum = 0;
      for (size_t p = 0; p < E; p += D) sum += slots[(p + a) * E + p + b];
      out[a * D + b] = sum * (double)D / (double)E;
    }
}

void pdlt_kernel_layers_average(pdlt_kernel_layers *layers) {
  const size_t D = layers->D;
  for (size_t l = 0; l < (size_t)layers->depth; l++) {
    if (layers->block[l] == NULL) continue;
    mean_over_positions(layers->slots[l], D, layers->slot_K[l], layers->K + l * D * D);
    mean_over_positions(layers->slots[l], D, layers->slot_theta[l], layers->theta + l * D * D);
  }
}

void pdlt_kernel_layers_free(pdlt_kernel_layers *layers) {
  for (int l = 0; layers->block != NULL && l < layers->depth; l++) pdlt_free(layers->block[l]);
  pdlt_free(layers->block);
  pdlt_free(layers->slots);
  pdlt_free(layers->K);
  pdlt_free(layers->theta);
  pdlt_free(layers->layer_err_K);
  pdlt_free(layers->layer_err_theta);
  pdlt_free(layers->pair_err_K);
  pdlt_free(layers->pair_err_theta);
  *layers = (pdlt_kernel_layers){0};
}
