/* gaussian_ntk.h - training with a frozen Gaussian NTK, exactly and at first order.
 *
 * Is: a model of finite width in which the only thing that fluctuates is the NTK, with the
 * covariance that theory predicts; how far its mean output is from the first order of its own
 * expansion in 1/width.
 * Is not: a prediction of the trained network. Derivation: docs/statistics.md, "Reach".
 *
 * Shapes: D samples, the first A of them train; n_L outputs; T times. */
#ifndef PDLT_COMPARE_REACH_GAUSSIAN_NTK_H
#define PDLT_COMPARE_REACH_GAUSSIAN_NTK_H

#include <stddef.h>

#include "base/core/progress.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draws of a mean, unless a draw is dear: then fewer, halved as long as all of them together cost
 * more than PDLT_GAUSSIAN_NTK_FLOPS, but at least PDLT_GAUSSIAN_NTK_FEWEST. */
enum { PDLT_GAUSSIAN_NTK_DRAWS = 1 << 13, PDLT_GAUSSIAN_NTK_FEWEST = 1 << 10 };
#define PDLT_GAUSSIAN_NTK_FLOPS 2e10

/* Everything borrowed, for the duration of the call. Theta_ia,jb has mean Theta_ab delta_ij and
 * Cov(Theta_ia,jb, Theta_kc,ld) = h (A_abcd delta_ij delta_kl + B_acbd delta_ik delta_jl
 *                                    + B_adbc delta_il delta_jk). */
typedef struct pdlt_gaussian_ntk_input {
  size_t D, A, outputs;
  const double *theta; /* (D, D) */
  const double *a, *b; /* (D, D, D, D) */
  const double *y;     /* (D, n_L) targets; those of the first A samples are used */
  double eta;          /* learning rate; not used under flow */
  int flow;            /* 1: times are values of eta t */
  size_t num_times;
  const double *times;     /* (T) whole steps, or eta t; INFINITY: the end */
  pdlt_progress *progress; /* told of one unit for the model and one for each mean; may be NULL */
} pdlt_gaussian_ntk_input;

typedef struct pdlt_gaussian_ntk pdlt_gaussian_ntk;

/* Factors the covariance and sums the first order. *out is owned by the caller
 * (pdlt_gaussian_ntk_free), untouched on failure. Errors: PDLT_ERR_NUMERIC (Theta not finite),
 * PDLT_ERR_MEMORY. Cost D^4 A + P r^2 flops, P pairs of samples, r the rank of the covariance. */
pdlt_status pdlt_gaussian_ntk_new(pdlt_gaussian_ntk **out, const pdlt_gaussian_ntk_input *input,
                                  pdlt_error *err);
void pdlt_gaussian_ntk_free(pdlt_gaussian_ntk *model);

/* Coefficient of h of the mean output (T, n_L, D), exact up to rounding: what z_nlo/
 * ntk_fluctuations is in theory.npz. Owned by the model. */
const double *pdlt_gaussian_ntk_first_order(const pdlt_gaussian_ntk *model);

/* Mean output minus that at infinite width (T, n_L, D) at h, by quasi-random pairs of draws
 * Theta +- deviation, with their second order as a control. Draws that do not converge are left
 * out: under steps those whose largest eigenvalue is beyond 2/eta, to the end of training those
 * with one that is not positive. Not finite where no draw is left. Errors: PDLT_ERR_MEMORY. Cost
 * per draw two eigenproblems of size n_L A. */
pdlt_status pdlt_gaussian_ntk_shift(const pdlt_gaussian_ntk *model, double h, double *shift,
                                    pdlt_error *err);

/* g = rms(shift - h first) / rms(h first), over times, outputs and samples. NaN when the first
 * order is 0 (no training, one step); INFINITY where no draw is left. */
pdlt_status pdlt_gaussian_ntk_miss(const pdlt_gaussian_ntk *model, double h, double *g,
                                   pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
