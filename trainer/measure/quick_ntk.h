/* quick_ntk.h - the NTK of the outputs of a draw, by products for small matrices.
 *
 * Is: training_ntk.h's Theta_ij;ab of a network with parameters theta, sample by sample (D, n_l) and by
 * base/vector/small.h, which no library call interrupts: for decisions about every draw, such as stability.h.
 * Is not: the same bits as training_ntk.h, only the same number to rounding; with positions, or of matrices
 * beyond the cache. */
#ifndef PDLT_TRAINER_MEASURE_QUICK_NTK_H
#define PDLT_TRAINER_MEASURE_QUICK_NTK_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_quick_ntk {
  const pdlt_network *net;  /* borrowed */
  const pdlt_samples *data; /* borrowed */
  double **s, **ds; /* (L) of (D, n_l), l = 0 to L-1: s of the inputs are x; (L-1) of (D, n_l) */
  double **h;       /* (L) of (D, D), training_ntk.h; that of the first layer is always the same */
  double *z[2];     /* (D, max n_l) */
  double *delta[2]; /* (n_L D, max n_l) */
  double *gram;     /* (n_L D, n_L D) */
  double *storage;
} pdlt_quick_ntk;

/* 1 where it is faster than training_ntk.h: no positions, and shapes that stay in cache. */
int pdlt_quick_ntk_suits(const pdlt_network *net, const pdlt_samples *data);

/* Memory for one network at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_quick_ntk_new(pdlt_quick_ntk *out, const pdlt_network *net,
                               const pdlt_samples *data, pdlt_error *err);
void pdlt_quick_ntk_free(pdlt_quick_ntk *ntk);

/* out (n_L, D, n_L, D). No allocation. Cost, with p = n_L D: 2 (p + D) n^2 + 2 (p^2 + D^2) n flops for each
 * hidden layer. */
void pdlt_quick_ntk_of(pdlt_quick_ntk *ntk, const double *theta, double *out);

#ifdef __cplusplus
}
#endif
#endif
