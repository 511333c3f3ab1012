/* kernel_map.c - entries of a layer from their terms, and Mm over positions; see kernel_internal.h. */
#include <float.h>
#include <math.h>

#include "theory/infinite/kernel_internal.h"
#include "theory/infinite/positions.h"

/* Adds gamma^2 times the entry of the same slots of layer l, and its error. */
static void put_skip(pdlt_kernel_layers *layers, const pdlt_kernel_recursion *work, int l,
                     double gamma, size_t i, size_t j) {
  const size_t E = layers->slots[l], at = i * E + j, mirror = j * E + i;
  const double square = gamma * gamma;
  const double K = square * layers->slot_K[l - 1][at];
  const double theta = square * layers->slot_theta[l - 1][at];
  layers->slot_K[l][at] = layers->slot_K[l][mirror] = layers->slot_K[l][at] + K;
  layers->slot_theta[l][at] = layers->slot_theta[l][mirror] = layers->slot_theta[l][at] + theta;
  work->next_K[at] = work->next_K[mirror] =
      work->next_K[at] + square * work->err_K[at] + 2 * DBL_EPSILON * fabs(K);
  work->next_theta[at] = work->next_theta[mirror] =
      work->next_theta[at] + square * work->err_theta[at] + 2 * DBL_EPSILON * fabs(theta);
}

/* Entries i, j and j, i of layer l+1 (index l), whose slots are E, and their errors. */
void pdlt_kernel_put_entry(pdlt_kernel_layers *layers, const pdlt_kernel_recursion *work, int l,
                           const pdlt_layer *layer, size_t i, size_t j, const pdlt_pair_terms *t) {
  const size_t E = layers->slots[l], at = i * E + j, mirror = j * E + i;
  const double C_b = layer->C_b, C_W = layer->C_W;
  const double lambda_b = layer->lambda_b, lambda_W = layer->lambda_W;
  double *K = layers->slot_K[l], *theta = layers->slot_theta[l];
  K[at] = K[mirror] = C_b + C_W * t->ss;
  theta[at] = theta[mirror] = lambda_b + lambda_W * t->ss + C_W * t->dd;
  const double K_size = C_b + C_W * t->ss_size;
  const double theta_size = lambda_b + lambda_W * t->ss_size + C_W * t->dd_size;
  work->next_K[at] = work->next_K[mirror] = C_W * t->ss_error + DBL_EPSILON * K_size;
  work->next_theta[at] = work->next_theta[mirror] =
      lambda_W * t->ss_error + C_W * t->dd_error + 2 * DBL_EPSILON * theta_size;
  if (layer->skip != 0) put_skip(layers, work, l, layer->skip, i, j);
}

/* Mm of the terms of samples a, b, row r of the map. */
static pdlt_pair_terms map_terms(const pdlt_kernel_recursion *work, const pdlt_position_map *map,
                                 const pdlt_position_pairs *below, size_t r, size_t a, size_t b) {
  const size_t D = work->D, E = work->E;
  const double rounding = DBL_EPSILON * (double)(map->begin[r + 1] - map->begin[r]);
  pdlt_pair_terms sum = {0};
  for (size_t k = map->begin[r]; k < map->begin[r + 1]; k++) {
    const double w = map->weight[k];
    const size_t p = below->first[map->column[k]], q = below->second[map->column[k]];
    const pdlt_pair_terms *t = &work->terms[(p * D + a) * E + q * D + b];
    sum.ss += w * t->ss;
    sum.ss_size += w * t->ss_size;
    sum.ss_error += w * t->ss_error;
    sum.dd += w * t->dd;
    sum.dd_size += w * t->dd_size;
    sum.dd_error += w * t->dd_error;
  }
  sum.ss_error += rounding * sum.ss_size;
  sum.dd_error += rounding * sum.dd_size;
  return sum;
}

/* Layer l+1 (index l) from the terms of the layer below; index 0 from those of the samples. */
pdlt_status pdlt_kernel_map_layer(pdlt_kernel_layers *layers, const pdlt_kernel_recursion *work,
                                  int l, const pdlt_layer *layer, pdlt_error *err) {
  const size_t D = layers->D;
  pdlt_position_pairs below = {0}, here = {0};
  pdlt_position_map map = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_position_pairs_all(&below, pdlt_layer_below(layer), err));
  PDLT_TRY(pdlt_position_pairs_all(&here, pdlt_layer_here(layer), err));
  PDLT_TRY(pdlt_position_map_new(&map, layer, &below, &here, err));
#pragma omp parallel for num_threads(work->threads) schedule(dynamic)
  for (size_t r = 0; r < here.count; r++) {
    const size_t p = here.first[r], q = here.second[r];
    for (size_t a = 0; a < D && p <= q; a++)
      for (size_t b = p == q ? a : 0; b < D; b++) {
        const pdlt_pair_terms t = map_terms(work, &map, &below, r, a, b);
        pdlt_kernel_put_entry(layers, work, l, layer, p * D + a, q * D + b, &t);
      }
  }
cleanup:
  pdlt_position_map_free(&map);
  pdlt_position_pairs_free(&here);
  pdlt_position_pairs_free(&below);
  return status;
}

/* Terms of all slots of the samples; x (D, n_0, P). */
void pdlt_kernel_input_terms(pdlt_kernel_recursion *work, const pdlt_layer *layer,
                             const double *x) {
  const size_t D = work->D, P = pdlt_layer_below(layer), n_0 = layer->in;
  const double rounding = DBL_EPSILON * (0.5 * (double)n_0 + 2);
  const long rows = (long)(P * D);
  work->E = P * D;
#pragma omp parallel for num_threads(work->threads) schedule(dynamic)
  for (long row = 0; row < rows; row++) {
    const size_t i = (size_t)row;
    const double *left = x + (i % D) * n_0 * P + i / D;
    for (size_t j = i; j < P * D; j++) {
      const double *right = x + (j % D) * n_0 * P + j / D;
      pdlt_pair_terms t = {0};
      for (size_t k = 0; k < n_0; k++) {
        const double product = left[k * P] * right[k * P];
        t.ss += product;
        t.ss_size += fabs(product);
      }
      t.ss /= (double)n_0;
      t.ss_size /= (double)n_0;
      t.ss_error = rounding * t.ss_size;
      work->terms[i * work->E + j] = work->terms[j * work->E + i] = t;
    }
  }
}
