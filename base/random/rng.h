/* rng.h - counter-based random numbers: Philox4x64-10 (Random123).
 *
 * Is: numbers as a pure function of (seed, width, member, stream, index), so that
 * results depend neither on threads, nor on order, nor on what else is drawn.
 * Is not: a generator with state. */
#ifndef PDLT_BASE_RANDOM_RNG_H
#define PDLT_BASE_RANDOM_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One stream of numbers: key = (seed, width), counter = (index/.., stream, member, 0). */
typedef struct pdlt_rng {
  uint64_t seed;   /* of the ensemble or data set */
  uint64_t width;  /* hidden width n; 0 outside ensembles */
  uint64_t member; /* member of the ensemble */
  uint64_t stream; /* what is drawn: PDLT_STREAM_* */
} pdlt_rng;

/* The stream of a data set; those of networks: trainer/network/draws.h. */
enum { PDLT_STREAM_DATA = 1 };

/* splitmix64's step: a fixed hash of x, for signs and directions that must be the same in
 * every run; not a source of samples. */
static inline uint64_t pdlt_mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/* Four 64-bit words of Philox4x64-10; for known-answer tests. */
void pdlt_philox4x64(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4]);

/* out[i], i = first .. first + n - 1: uniform in (0, 1): odd
 * multiples of 2^-53, never 0 or 1. */
void pdlt_rng_uniform(const pdlt_rng *rng, uint64_t first, size_t n, double *out);

/* out[i], i < n: independent standard normal numbers (Box-Muller), vectorized; a
 * prefix of a longer draw has the same bits, and so has every machine. Numbers 4 i ..
 * 4 i + 3 come from block i of the stream, the largest possible is 8.57. */
void pdlt_rng_normal(const pdlt_rng *rng, size_t n, double *out);

#ifdef __cplusplus
}
#endif
#endif
