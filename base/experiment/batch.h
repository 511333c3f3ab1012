/* batch.h - which training samples a step sees (training.batch).
 *
 * Is: batches in file order, round and round; trainer and theory read the same.
 * Is not: the loss, which is that of NOTATION.md with the sum over the batch alone. */
#ifndef PDLT_BASE_EXPERIMENT_BATCH_H
#define PDLT_BASE_EXPERIMENT_BATCH_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 1 when sample a is one of the `batch` samples (step batch + j) mod train, j = 0 .. batch - 1, of step
 * number `step` = 0, 1, ...; 1 <= batch <= train, a < train. */
static inline int pdlt_in_batch(size_t train, size_t batch, size_t step, size_t a) {
  const size_t first = step % train * batch % train;
  return (a + train - first) % train < batch;
}

#ifdef __cplusplus
}
#endif
#endif
