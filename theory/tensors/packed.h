/* packed.h - V, A and D by unordered pairs of samples.
 *
 * Is: where they lie while a recursion goes in place (step.h), and the way from there to (D, D, D, D).
 * Is not: public; programs use tensors.h.
 *
 * U = D (D + 1)/2 unordered pairs; V and A are the triangle of a symmetric (U, U), D is (U, U). */
#ifndef PDLT_THEORY_TENSORS_PACKED_H
#define PDLT_THEORY_TENSORS_PACKED_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* D (D + 1)/2. */
static inline size_t pdlt_half(size_t D) { return D * (D + 1) / 2; }

/* Number of the unordered pair a, b. */
static inline size_t pdlt_unordered(size_t a, size_t b) {
  return a > b ? pdlt_half(a) + b : pdlt_half(b) + a;
}

/* Numbers of D, and of V or A. */
size_t pdlt_packed_size(size_t D, int both);

/* to (D, D, D, D) of a packed D, or (both: 1) V or A. */
void pdlt_packed_spread(size_t D, int both, const double *from, double *to);

#ifdef __cplusplus
}
#endif
#endif
