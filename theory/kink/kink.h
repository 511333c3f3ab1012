/* kink.h - the first correction of a trained network whose activation has a kink: of order n^(-1/2).
 *
 * Is: the coefficient of h^(1/2) of mean output, covariance, NTK and the share of neurons that crossed their
 * kink, at a list of times and at the end, by randomized quasi-Monte Carlo with error bars.
 * Is not: order 1/n (theory/order_one), which for smooth activations comes first.
 *
 * Shapes: T times; n_L outputs; D samples, A of them train; L-1 hidden layers. Derivation: docs/kinks.md. */
#ifndef PDLT_THEORY_KINK_KINK_H
#define PDLT_THEORY_KINK_KINK_H

#include <stddef.h>

#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/experiment/layer.h"
#include "theory/infinite/kernel.h"
#include "theory/infinite/training.h"
#include "theory/terms/kink_term.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everything borrowed. */
typedef struct pdlt_kink_input {
  double a_plus, a_minus;           /* slopes of sigma for u > 0 and u < 0 */
  const pdlt_layer *layer;          /* (L) widths in units of n */
  const pdlt_kernel_layers *kernel; /* of every layer */
  const pdlt_training *training;    /* modes of the outputs' NTK, eta, targets */
  size_t num_times;                 /* T */
  const double *times;              /* (T) increasing; a last one may be INFINITY */
  const pdlt_kink_factors *factors; /* of each part and layer; NULL: 1 everywhere */
  double tolerance;        /* three standard errors of the mean, relative to its largest entry */
  size_t max_points;       /* of each replica, a power of 2; 0: the default */
  int threads;             /* >= 1; the result does not depend on it */
  pdlt_progress *progress; /* NULL: silent */
} pdlt_kink_input;

enum { PDLT_KINK_REPLICAS = 8 };

/* Coefficients of h^(1/2); owned, one allocation (pdlt_kink_free). */
typedef struct pdlt_kink {
  size_t times, outputs, D, hidden;
  double *z;         /* (T, n_L, D) */
  double *part;      /* (PDLT_KINK_PART_COUNT, T, n_L, D): their sum is z */
  double *layer;     /* (L-1, T, n_L, D): their sum is z */
  double *cov;       /* (T, n_L, D, n_L, D) */
  double *theta;     /* (T, n_L, D, n_L, D) */
  double *crossings; /* (T, L-1, D): of the share of neurons whose slope is not that of the start */
  double err_z, err_cov, err_theta, err_crossings; /* three standard errors of the worst entry */
  double err_part;                                 /* of part and layer */
  double points;                                   /* draws of all replicas */
  double *storage;
} pdlt_kink;

/* Doubles the points until the mean is known to the tolerance or max_points are used. Where steps are joined or
 * time is continuous most points take coarser cells, and the difference that finer ones make comes from few.
 * Errors: PDLT_ERR_UNSUPPORTED with the reason (rays.h), PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. Cost for each draw:
 * A (L-1) motions of C cells, and T (n_L D)^2. */
pdlt_status pdlt_kink_new(pdlt_kink *out, const pdlt_kink_input *input, pdlt_error *err);

void pdlt_kink_free(pdlt_kink *kink);

#ifdef __cplusplus
}
#endif
#endif
