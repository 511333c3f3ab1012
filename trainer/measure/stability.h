/* stability.h - does gradient descent on the linearized network explode?
 *
 * Is: theta_max, the largest eigenvalue of a draw's own NTK of the training samples, last
 * layer's weights as drawn (both networks of a pair have the same); whether eta theta_max > 2
 * (docs/trainer/measurements.md, "Stability").
 * Is not: divergence of the trained network (member.h) or a fit (trainer/pilot/stability_tail.h).
 */
#ifndef PDLT_TRAINER_MEASURE_STABILITY_H
#define PDLT_TRAINER_MEASURE_STABILITY_H

#include "trainer/measure/quick_ntk.h"
#include "trainer/measure/training_ntk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* q = n_L N_A. */
typedef struct pdlt_stability {
  pdlt_samples *data; /* the training samples alone; borrows its arrays, owned itself */
  int quick;          /* which of the two */
  pdlt_quick_ntk small;
  pdlt_training_ntk ntk;
  double eta;
  double *theta, *work; /* (q, q); what largest.h asks for */
  double *side;         /* (q, q) of Newton's method */
} pdlt_stability;

/* Memory for one network at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_stability_new(pdlt_stability *out, const pdlt_network *net,
                               const pdlt_samples *data, double eta, pdlt_error *err);
void pdlt_stability_free(pdlt_stability *stability);

/* 1 when eta theta_max > 2 or the NTK is not finite. A bound decides when it can, else a
 * factorization of 2/eta - Th. No allocation. Cost, for each hidden layer: q n^2 + q^2 n; and
 * q^3/3. */
int pdlt_stability_check(pdlt_stability *stability, const double *theta);

/* theta_max to 1e-9 of it (largest.h); INFINITY when the NTK is not finite. No allocation. Cost: the
 * same, and 2 q^2 for each of Lanczos' steps. */
double pdlt_stability_largest(pdlt_stability *stability, const double *theta);

#ifdef __cplusplus
}
#endif
#endif
