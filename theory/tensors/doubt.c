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

/* What all entries of a tensor have in common. */
typedef struct move {
  const pdlt_doubt *doubt;
  uint64_t salt;
  const double *moved;
  double side;
} move;

static move move_of(uint64_t pass, uint64_t tag, const pdlt_doubt *doubt) {
  return (move){.doubt = doubt,
                .salt = (tag << 48) + (pass << 56),
                .moved = doubt->moved[pass % 2],
                .side = pdlt_doubt_sign(pass / 2 + (tag << 32))};
}

/* Entry i; `at`: the position that stands for it and its equal. */
static inline double moved_entry(const move *by, const double *from, size_t i, size_t at) {
  const pdlt_doubt *doubt = by->doubt;
  double to = from[i] * (1.0 + by->side * doubt->all);
  if (doubt->entry != NULL)
    to += doubt->entry[at] * pdlt_doubt_sign(bits_of(from[at]) + by->salt) +
          8.0 * DBL_EPSILON * fabs(from[at]) * pdlt_doubt_sign(at + by->salt);
  else
    to += doubt->each * pdlt_doubt_sign(at + by->salt);
  if (by->moved != NULL) to += by->side * (by->moved[i] - from[i]);
  return to;
}

double pdlt_doubt_entry(const double *from, size_t at, uint64_t tag, const pdlt_doubt_pass *pass) {
  if (pass->doubts == NULL) return from[at];
  const move by = move_of(pass->pass, tag, pass->doubts + tag);
  return moved_entry(&by, from, at, at);
}

void pdlt_doubt_move(double *to, const double *from, int rank, size_t D, uint64_t pass,
                     uint64_t tag, const pdlt_doubt *doubt) {
  const size_t count = rank == 2 ? D * D : D * D * D * D;
  const move by = move_of(pass, tag, doubt);
  for (size_t i = 0; i < count; i++)
    to[i] = moved_entry(&by, from, i, rank == 2 && i / D < i % D ? (i % D) * D + i / D : i);
}

void pdlt_doubt_raise(double *most, size_t count, const double *a, const double *b) {
  for (size_t i = 0; i < count; i++)
    if (!isnan(a[i])) *most = fmax(*most, 2 * fabs(a[i] - b[i]));
}
