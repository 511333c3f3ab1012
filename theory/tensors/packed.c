/* packed.c - see packed.h. */
#include "theory/tensors/packed.h"

size_t pdlt_packed_size(size_t D, int both) {
  const size_t U = pdlt_half(D);
  return both ? pdlt_half(U) : U * U;
}

void pdlt_packed_spread(size_t D, int both, const double *from, double *to) {
  const size_t U = pdlt_half(D);
  for (size_t ab = 0; ab < D * D; ab++)
    for (size_t cd = 0; cd < D * D; cd++) {
      const size_t u = pdlt_unordered(ab / D, ab % D), v = pdlt_unordered(cd / D, cd % D);
      *to++ = from[both ? pdlt_unordered(u, v) : u * U + v];
    }
}
