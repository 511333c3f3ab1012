/* kernels.h - the vector kernels behind base/activation/activation.h and base/random/rng.h.
 *
 * Is: the same loops compiled for several instruction sets, and the choice among
 * them at run time. Internal, but callable, so that tests compare the sets.
 * Is not: intrinsics; the loops are C (base/vector/sigma.inc).
 *
 * Bits: within a set they depend on the element only, never on n, position or
 * alignment. The random numbers and the activations without exponential (sin too)
 * have the same bits in every set; the others differ in the last places between sets
 * with and without fused multiply-add. */
#ifndef PDLT_BASE_VECTOR_KERNELS_H
#define PDLT_BASE_VECTOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/vector/activation_kind.h"
#include "base/vector/dense.h"

#ifdef __cplusplus
extern "C" {
#endif

/* s[i] = sigma(z[i]), ds[i] = sigma'(z[i]), i < n; s may equal z, ds may be NULL. */
typedef void pdlt_forward_kernel(const double *param, int num_params, size_t n, const double *z,
                                 double *s, double *ds);

/* The same in single precision. */
typedef void pdlt_forward_single_kernel(const double *param, int num_params, size_t n,
                                        const float *z, float *s, float *ds);

enum { PDLT_JET_BLOCK = 64, PDLT_JET_ORDERS = PDLT_ACTIVATION_MAX_ORDER + 1 };

/* d[order * PDLT_JET_BLOCK + i] = sigma^(order)(z[i]), i < n <= PDLT_JET_BLOCK, every
 * order; orders 0 and 1 have the bits of the forward kernel. d and z do not overlap. */
typedef void pdlt_jet_kernel(const double *param, int num_params, size_t n, const double *z,
                             double *d);

/* Box-Muller: out[2j], out[2j+1] from the words first[j], second[j], j < pairs. */
typedef void pdlt_normal_kernel(size_t pairs, const uint64_t *first, const uint64_t *second,
                                double *out);

typedef struct pdlt_simd_set {
  const char *name;
  pdlt_forward_kernel *forward[PDLT_ACTIVATION_COUNT]; /* NULL: none, evaluate one by one */
  pdlt_forward_single_kernel *forward_single[PDLT_ACTIVATION_COUNT]; /* the same */
  pdlt_jet_kernel *jet[PDLT_ACTIVATION_COUNT];                       /* the same */
  pdlt_normal_kernel *normal;
  const pdlt_dense_set *dense; /* products of the same instruction set */
} pdlt_simd_set;

/* The k-th set that this processor can run, best first; NULL beyond the last. A
 * function of the processor only, hence safe from any thread. */
const pdlt_simd_set *pdlt_simd_get(int k);

/* The best one, or the one that the environment variable PDLT_SIMD names (avx512, avx2, plain), if this
 * processor can run it. The same one throughout a process; safe from any thread. */
const pdlt_simd_set *pdlt_simd_best(void);

#ifdef __cplusplus
}
#endif
#endif
