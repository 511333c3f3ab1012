/* forward.h - sigma and sigma' by a given instruction set.
 *
 * Is: the way from an activation to its kernel, for callers that keep their set.
 * Is not: the kernels (base/vector/kernels.h). */
#ifndef PDLT_BASE_ACTIVATION_FORWARD_H
#define PDLT_BASE_ACTIVATION_FORWARD_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/vector/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* pdlt_activation_forward and pdlt_activation_forward_single (activation.h) by a given set. Cost:
 * one call for all n where the set has a kernel, else n scalar evaluations of each order. */
void pdlt_simd_forward(const pdlt_simd_set *set, const pdlt_activation *act, size_t n,
                       const double *z, double *s, double *ds);
void pdlt_simd_forward_single(const pdlt_simd_set *set, const pdlt_activation *act, size_t n,
                              const float *z, float *s, float *ds);

#ifdef __cplusplus
}
#endif
#endif
