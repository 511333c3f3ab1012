/* doubt.c - see doubt.h. */
#include "theory/tensors/doubt.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/random/rng.h"

double pdlt_doubt_sign(uint64_t position) { return pdlt_mix64(position) >> 63 ? 1.0 : -1.0; }

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

void pdlt_doubt_move(double *to, const double *from, int rank, size_t D, uint64_t pass,
                     uint64_t tag, const pdlt_doubt *doubt) {
  const size_t count = rank == 2 ? D * D : D * D * D * D;
  const uint64_t salt = (tag << 48) + (pass << 56);
  const double *moved = doubt->moved[pass % 2], side = pdlt_doubt_sign(pass / 2 + (tag << 32));
  for (size_t i = 0; i < count; i++) {
    size_t at = i;
    if (rank == 2 && i / D < i % D) at = (i % D) * D + i / D;
    to[i] = from[i] * (1.0 + side * doubt->all);
    if (doubt->entry != NULL)
      to[i] += doubt->entry[at] * pdlt_doubt_sign(bits_of(from[at]) + salt) +
               8.0 * DBL_EPSILON * fabs(from[at]) * pdlt_doubt_sign(at + salt);
    else
      to[i] += doubt->each * pdlt_doubt_sign(at + salt);
    if (moved != NULL) to[i] += side * (moved[i] - from[i]);
  }
}

void pdlt_doubt_raise(double *most, size_t count, const double *a, const double *b) {
  for (size_t i = 0; i < count; i++)
    if (!isnan(a[i])) *most = fmax(*most, 2 * fabs(a[i] - b[i]));
}
