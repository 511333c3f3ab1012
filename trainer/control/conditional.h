/* conditional.h - means of products of sigma over neurons whose preactivations are Gaussian.
 *
 * Is: for D samples with kernel K of a draw, <sigma(z_a) sigma(z_b)> and <sigma'(z_a) sigma'(z_b)>,
 * z ~ N(0, K), of all pairs: what averages over a layer's neurons are expected to be given the layers
 * below (docs/trainer/control.md, "Many samples"). Closed for the ReLU family; else Hermite series on
 * fixed nodes, checked sample by sample, and pair_mean.h where they do not suffice.
 * Is not: a prediction; it sees only the activation, and kernels that the trainer itself drew. */
#ifndef PDLT_TRAINER_CONTROL_CONDITIONAL_H
#define PDLT_TRAINER_CONTROL_CONDITIONAL_H

#include "base/activation/activation.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What series and nodes leave, relative to the mean square of the factors. */
#define PDLT_CONDITIONAL_ERROR 1e-10

/* Memory of one thread. N terms of each parity, H nodes t >= 0. */
typedef struct pdlt_conditional {
  const pdlt_activation *activation; /* borrowed */
  size_t samples;                    /* D */
  int reaches; /* 0: even the finest series does not suffice at such kernels */
  int closed;  /* ReLU family: sigma = straight z + bent |z| */
  double straight, bent;
  int odd;                   /* sigma(-z) = -sigma(z): half of each series is 0 */
  size_t nodes, terms;       /* H, N */
  double *t, *w;             /* (H) and weights, that of t = 0 halved */
  double *table[2];          /* (N, H) w h_n, n even; n odd, h_n orthonormal */
  double *z, *f[2];          /* (H) z; sigma, sigma' at z */
  double *minus[2];          /* (H) the same at -z */
  double *folded[2][2];      /* (H, D) of sigma, sigma': even part, odd part */
  double *coefficient[2][2]; /* (N, D) likewise */
  double *norm[2];           /* (D) <f^2> */
  double *line[2];           /* (D) means of the pairs of one sample */
  double *rho;               /* (3, D) their correlations, and work */
  double *unsure;            /* (D) 1: the series does not reach PDLT_CONDITIONAL_ERROR */
  double *storage;
} pdlt_conditional;

/* For kernels of samples up to about `largest`. Where reaches is 0 afterwards, means cost milliseconds a
 * pair. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_conditional_new(pdlt_conditional *out, const pdlt_activation *activation,
                                 size_t samples, double largest, pdlt_error *err);
void pdlt_conditional_free(pdlt_conditional *conditional);

/* mean[0], mean[1] (P): <sigma sigma> and <sigma' sigma'> of the pairs a <= b of kernel (P), to
 * PDLT_CONDITIONAL_ERROR of the mean squares; for sigma' of the ReLU family to 1e-8 of two samples that
 * are one but for rounding. Cost: D (2 H sigmas, 4 H N flops), 4 P N; closed: P. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_conditional_means(pdlt_conditional *conditional, const double *kernel,
                                   double *const mean[2], pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
