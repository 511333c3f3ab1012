/* function.h - functions of feature space at any input, with their gradients there.
 *
 * Is: u(x) = offset + sum_parts factor sum_i sum_a c_a phi_i(x).phi_i(x_a), the traced NTK of one network, or
 * of its states at two times, times coefficients on the samples. With w_i = sum_a c_a phi_i(x_a) it is
 * sum_i w_i.phi_i(x), the derivative of the outputs along directions in parameters: one forward pass with dual
 * numbers for each output, and one backward pass for the gradient in x (docs/features.md, "Functions of
 * features").
 * Is not: search for where it is large (ascent.h).
 *
 * Inputs lie as in pdlt_samples, (n_0, count). */
#ifndef PDLT_TRAINER_FEATURES_FUNCTION_H
#define PDLT_TRAINER_FEATURES_FUNCTION_H

#include "trainer/features/gradient.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_FUNCTION_PARTS = 2 };

typedef struct pdlt_function {
  const pdlt_network *net; /* borrowed */
  size_t batch;            /* inputs at a time, at most */
  size_t parts;
  double offset;
  struct {
    double factor;
    const double *theta; /* (num_params) borrowed */
    double *direction;   /* (n_L, num_params) lambda_mu sum_a c_a dz_i;a/dtheta_mu */
  } part[PDLT_FUNCTION_PARTS];
  double **s, **slope,
      **curve; /* (L) of (n_k, batch): inputs of layer k + 1, sigma', sigma'' of its z */
  double **dz; /* (L) of (n_{k+1}, batch): derivative of z^(k+1) along the direction */
  double **across,
      **bent;       /* (L) of (n_k, batch), (n_{k+1}, batch): sums over outputs, of the gradient */
  double *work[3];  /* (largest n_l, batch), inputs counted */
  double *gradient; /* (n_0, batch) */
  double *storage;
} pdlt_function;

/* u = 0 for up to `batch` inputs at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_function_new(pdlt_function *out, const pdlt_network *net, size_t batch,
                              pdlt_error *err);
void pdlt_function_free(pdlt_function *f);

/* u = 0 again. */
void pdlt_function_clear(pdlt_function *f);

/* Adds the part of the network that g saw in its last forward, whose theta must stay, with coefficients c
 * (D); at most PDLT_FUNCTION_PARTS. Cost n_L D num_params. */
void pdlt_function_add(pdlt_function *f, pdlt_gradient *g, double factor, const double *c);

/* u (count) of x (n_0, count), any count; du (n_0, count), unless NULL: its gradient. Where sigma has a kink
 * sigma'' is 0. Cost about 4, with du 8, n_L count num_params flops for each part. */
void pdlt_function_evaluate(pdlt_function *f, size_t count, const double *x, double *u, double *du);

#ifdef __cplusplus
}
#endif
#endif
