/* forward.c - from an activation to its kernel: many numbers at once; see forward.h and
 * activation.h. What has no kernel is evaluated one by one. */
#include "base/activation/forward.h"

#include <string.h>

void pdlt_simd_forward(const pdlt_simd_set *set, const pdlt_activation *act, size_t n,
                       const double *z, double *s, double *ds) {
  pdlt_forward_kernel *kernel = set->forward[act->kind];
  if (kernel != NULL) {
    kernel(act->param, act->num_params, n, z, s, ds);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const double x = z[i];
    s[i] = pdlt_activation_eval(act, 0, x);
    if (ds != NULL) ds[i] = pdlt_activation_eval(act, 1, x);
  }
}

void pdlt_simd_forward_single(const pdlt_simd_set *set, const pdlt_activation *act, size_t n,
                              const float *z, float *s, float *ds) {
  pdlt_forward_single_kernel *kernel = set->forward_single[act->kind];
  if (kernel != NULL) {
    kernel(act->param, act->num_params, n, z, s, ds);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const double x = (double)z[i];
    s[i] = (float)pdlt_activation_eval(act, 0, x);
    if (ds != NULL) ds[i] = (float)pdlt_activation_eval(act, 1, x);
  }
}

void pdlt_activation_forward(const pdlt_activation *act, size_t n, const double *z, double *s,
                             double *ds) {
  pdlt_simd_forward(pdlt_simd_best(), act, n, z, s, ds);
}

void pdlt_activation_forward_single(const pdlt_activation *act, size_t n, const float *z, float *s,
                                    float *ds) {
  pdlt_simd_forward_single(pdlt_simd_best(), act, n, z, s, ds);
}

/* Orders first .. last of n <= PDLT_JET_BLOCK elements, element by element. */
static void jet_scalar(const pdlt_activation *act, int first, int last, size_t n, const double *z,
                       double *d) {
  for (int order = first; order <= last; order++)
    for (size_t i = 0; i < n; i++)
      d[(size_t)order * PDLT_JET_BLOCK + i] = pdlt_activation_eval(act, order, z[i]);
}

/* Fills at least the orders first .. last of d (PDLT_JET_ORDERS, PDLT_JET_BLOCK). */
static void jet_block(const pdlt_activation *act, int first, int last, size_t n, const double *z,
                      double *d) {
  pdlt_jet_kernel *kernel = pdlt_simd_best()->jet[act->kind];
  if (kernel != NULL)
    kernel(act->param, act->num_params, n, z, d);
  else
    jet_scalar(act, first, last, n, z, d);
}

void pdlt_activation_jet(const pdlt_activation *act, int max_order, size_t n, const double *z,
                         double *const *out) {
  double d[PDLT_JET_ORDERS * PDLT_JET_BLOCK];
  if (max_order < 2) {
    pdlt_activation_forward(act, n, z, out[0], max_order == 1 ? out[1] : NULL);
    return;
  }
  for (size_t start = 0; start < n; start += PDLT_JET_BLOCK) {
    const size_t count = n - start < PDLT_JET_BLOCK ? n - start : PDLT_JET_BLOCK;
    jet_block(act, 0, max_order, count, z + start, d);
    for (int order = 0; order <= max_order; order++)
      memcpy(out[order] + start, d + (size_t)order * PDLT_JET_BLOCK, count * sizeof *d);
  }
}

/* One order >= 2. */
static void map_high(const pdlt_activation *act, int order, size_t n, const double *z,
                     double *out) {
  double d[PDLT_JET_ORDERS * PDLT_JET_BLOCK];
  for (size_t start = 0; start < n; start += PDLT_JET_BLOCK) {
    const size_t count = n - start < PDLT_JET_BLOCK ? n - start : PDLT_JET_BLOCK;
    jet_block(act, order, order, count, z + start, d);
    memcpy(out + start, d + (size_t)order * PDLT_JET_BLOCK, count * sizeof *d);
  }
}

void pdlt_activation_map(const pdlt_activation *act, int order, size_t n, const double *z,
                         double *out) {
  enum { block = 256 };
  double s[block];
  if (order == 0) {
    pdlt_activation_forward(act, n, z, out, NULL);
  } else if (order == 1) {
    for (size_t i = 0; i < n; i += block)
      pdlt_activation_forward(act, n - i < block ? n - i : block, z + i, s, out + i);
  } else {
    map_high(act, order, n, z, out);
  }
}
