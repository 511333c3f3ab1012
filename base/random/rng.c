/* rng.c - see rng.h. */
#include "base/random/rng.h"

#include <string.h>

#include "base/vector/kernels.h"

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

/* In line and by words: copied as a whole, the numbers wait for one another in the store buffer. */
static inline void block(const pdlt_rng *rng, uint64_t index, uint64_t words[4]) {
  const philox4x64_ctr_t counter = {{index, rng->stream, rng->member, 0}};
  const philox4x64_key_t key = {{rng->seed, rng->width}};
  const philox4x64_ctr_t out = philox4x64_R(10, counter, key);
  for (int i = 0; i < 4; i++) words[i] = out.v[i];
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
  enum { blocks = 64 }; /* of four words, that is four numbers */
  const size_t numbers = (size_t)4 * blocks;
  uint64_t first[2 * blocks], second[2 * blocks];
  double last[4];
  pdlt_normal_kernel *kernel = pdlt_simd_best()->normal;
  for (size_t start = 0; start < n; start += numbers) {
    const size_t left = n - start, count = left < numbers ? (left + 3) / 4 : blocks;
    for (size_t i = 0; i < count; i++) {
      uint64_t words[4];
      block(rng, start / 4 + i, words);
      first[2 * i] = words[0];
      second[2 * i] = words[1];
      first[2 * i + 1] = words[2];
      second[2 * i + 1] = words[3];
    }
    const size_t whole = left < 4 * count ? count - 1 : count;
    kernel(2 * whole, first, second, out + start);
    if (whole == count) continue;
    kernel(2, first + 2 * whole, second + 2 * whole, last);
    memcpy(out + start + 4 * whole, last, (left - 4 * whole) * sizeof *last);
  }
}
