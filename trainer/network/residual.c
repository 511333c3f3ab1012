/* residual.c - see residual.h. */
#include "trainer/network/residual.h"

#include "base/core/softmax.h"
#include "base/experiment/batch.h"
#include "base/vector/linalg.h"

int pdlt_residual_is_plain(const pdlt_samples *p) {
  return !p->newton && !p->cross_entropy && p->batch >= p->train;
}

void pdlt_residual_back(const pdlt_samples *p, long step, const double *z, const double *eps,
                        double *back) {
  const size_t A = p->train, n = p->outputs;
  if (p->newton) {
    pdlt_gemm(0, 0, n, A, A, 1, eps, A, p->kappa, A, 0, back, A);
    return;
  }
  for (size_t a = 0; a < A; a++) {
    const double kept = pdlt_in_batch(A, p->batch, (size_t)step, a) ? 1 : 0;
    if (p->cross_entropy) pdlt_softmax(n, z + a, A, back + a, A);
    for (size_t i = 0; i < n; i++)
      back[i * A + a] =
          kept * (p->cross_entropy ? back[i * A + a] - p->y_train[i * A + a] : eps[i * A + a]);
  }
}
