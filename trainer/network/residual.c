/* residual.c - see residual.h. */
#include "trainer/network/residual.h"

#include "base/vector/linalg.h"

int pdlt_residual_is_plain(const pdlt_samples *p) { return !p->newton && p->batch >= p->train; }

int pdlt_residual_in_batch(const pdlt_samples *p, long step, size_t a) {
  const size_t A = p->train, first = (size_t)step % A * p->batch % A;
  return (a + A - first) % A < p->batch;
}

void pdlt_residual_back(const pdlt_samples *p, long step, const double *z, const double *eps,
                        double *back) {
  const size_t A = p->train;
  (void)z;
  if (p->newton) {
    pdlt_gemm(0, 0, p->outputs, A, A, 1, eps, A, p->kappa, A, 0, back, A);
    return;
  }
  for (size_t a = 0; a < A; a++) {
    const double kept = pdlt_residual_in_batch(p, step, a) ? 1 : 0;
    for (size_t i = 0; i < p->outputs; i++) back[i * A + a] = kept * eps[i * A + a];
  }
}
