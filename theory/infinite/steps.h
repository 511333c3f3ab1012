/* steps.h - training at infinite width by other steps than full-batch gradient descent.
 *
 * Is: z(s+1) = z(s) - eta Theta E K_s E (z(s) - y) on plain matrices, with K_s a matrix over training samples:
 * the projector on the batch of step s (base/experiment/batch.h), or kappa = Theta_AA^-1 for Newton's method
 * (PDLT 10.2.1; docs/infinite_training.md, "Other steps").
 * Is not: the end of training, which is that of gradient descent (training.h), or order 1/n. */
#ifndef PDLT_THEORY_INFINITE_STEPS_H
#define PDLT_THEORY_INFINITE_STEPS_H

#include "theory/infinite/training.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1 when K_s = 1 in all steps: gradient descent, or its flow. */
int pdlt_steps_are_plain(const pdlt_training_input *input);

/* What K_s is made of; read only. */
typedef struct pdlt_steps {
  size_t A, batch; /* batch = A with kappa */
  double *kappa;   /* (A, A), or NULL: batches; owned */
} pdlt_steps;

/* *out is owned by the caller (pdlt_steps_free), untouched on failure. Errors: PDLT_ERR_INPUT when Newton's
 * method finds Theta_AA singular to within its errors, saying so; PDLT_ERR_MEMORY. Cost O(A^3). */
pdlt_status pdlt_steps_new(pdlt_steps *out, const pdlt_training_input *input, pdlt_error *err);
void pdlt_steps_free(pdlt_steps *steps);

/* out (A, cols) = K_s in, in (A, cols). */
void pdlt_steps_pull(const pdlt_steps *steps, size_t s, size_t cols, const double *in, double *out);

/* x (D, cols) <- x - eta Theta E K_s E (x - y), y (A, cols), or NULL: 0. work: 2 A cols. */
void pdlt_steps_step(const pdlt_training_input *input, const pdlt_steps *steps, size_t s,
                     size_t cols, const double *y, double *work, double *x);

/* Largest eigenvalue of K_s Theta_AA over all steps: 1 for Newton's method, that of a batch's block of theta,
 * else that of Theta_AA. eta times it must stay below 2: then no step lets (z - y) Theta_AA^-1 (z - y) grow.
 * Errors: PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. Cost O(A^3), for each batch O(m^3). */
pdlt_status pdlt_steps_largest(double *out, const pdlt_training_input *input, pdlt_error *err);

/* Refuses times that are no finite whole steps in increasing order. Errors: PDLT_ERR_INPUT. */
pdlt_status pdlt_steps_check_times(size_t num_times, const double *times, pdlt_error *err);

/* Mean (T, n_L, D) and covariance of one output (T, D, D; may be NULL) at the first num_times times, finite whole
 * steps in increasing order; errors (may be NULL) of the two, twice the largest change when the entries of K and Theta
 * move by their errors and by rounding. Errors: those of pdlt_steps_new. Cost O(D^2 A) for a step, three times. */
pdlt_status pdlt_steps_run(const pdlt_training_input *input, size_t num_times, const double *times,
                           double *mean, double *cov, pdlt_training_errors *errors,
                           pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
