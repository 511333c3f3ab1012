/* rng.c - see rng.h. */
#include "base/rng.h"

#include <math.h>
#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include <Random123/philox.h>
#pragma GCC diagnostic pop

void pdlt_philox4x64(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4]) {
  philox4x64_ctr_t c;
  philox4x64_key_t k;
  memcpy(c.v, counter, sizeof c.v);
  memcpy(k.v, key, sizeof k.v);
  c = philox4x64_R(10, c, k);
  memcpy(out, c.v, sizeof c.v);
}

static void block(const pdlt_rng *rng, uint64_t index, uint64_t words[4]) {
  const uint64_t counter[4] = {index, rng->stream, rng->member, 0};
  const uint64_t key[2] = {rng->seed, rng->width};
  pdlt_philox4x64(counter, key, words);
}

static double to_uniform(uint64_t word) { return ((double)(word >> 12) + 0.5) * 0x1p-52; }

void pdlt_rng_uniform(const pdlt_rng *rng, uint64_t first, size_t n, double *out) {
  uint64_t words[4];
  for (size_t i = 0; i < n; i++) {
    const uint64_t index = first + i;
    if (i == 0 || index % 4 == 0) block(rng, index / 4, words);
    out[i] = to_uniform(words[index % 4]);
  }
}

void pdlt_rng_normal(const pdlt_rng *rng, size_t n, double *out) {
  const double two_pi = 6.28318530717958647693;
  uint64_t words[4];
  for (size_t i = 0; i < n; i++) {
    if (i % 4 == 0) block(rng, i / 4, words);
    const uint64_t *pair = words + (i & 2);
    const double r = sqrt(-2 * log(to_uniform(pair[0]))), angle = two_pi * to_uniform(pair[1]);
    out[i] = r * (i % 2 == 0 ? cos(angle) : sin(angle));
  }
}
