/* samples.h - the samples in the layout that the kernels read, shared by all networks.
 *
 * Is: transposed inputs and targets, and the layer-1 NTK of the samples.
 * Is not: aware of a width; one data serves the whole sweep. */
#ifndef PDLT_TRAINER_NETWORK_SAMPLES_H
#define PDLT_TRAINER_NETWORK_SAMPLES_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/experiment/experiment.h"
#include "datasets/cube.h"
#include "datasets/dataset.h"
#include "datasets/truth.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_samples {
  size_t train, test, samples; /* N_A, N_B, D */
  size_t inputs, outputs;      /* n_0, n_L */
  double *x_train;             /* (n_0, N_A) */
  double *x_test;              /* (n_0, N_B) */
  double *x_all;               /* (n_0, D) */
  double *y_train;             /* (n_L, N_A) */
  double *y_all;               /* (n_L, D) */
  double *h_train; /* (N_A, N_A) lambda_b + lambda_W x.x/n_0 of layer 1, unless it has positions */
  double *h_test;  /* (N_A, N_B) the same, training against test */
  int centered;    /* 1: networks train on y + their own z(0) */
  int newton;      /* 1: by Newton's method, with */
  double *kappa;   /* (N_A, N_A) infinite width's Theta_AA^-1; NULL: not known, and not trained */
  double *root;    /* (N_A, N_A) kappa^(1/2); NULL likewise */
  int cross_entropy; /* 1: the loss is cross-entropy, and y are probabilities */
  size_t batch;      /* samples of a step; N_A: all of them */
  pdlt_truth truth;  /* where features are measured; owned */
  pdlt_cube cube;    /* likewise */
  double max_target; /* max |y| over training samples */
  double *storage;   /* backs all of them; owned */
} pdlt_samples;

/* Errors: PDLT_ERR_MEMORY. Cost O(N_A D n_0). */
pdlt_status pdlt_samples_new(pdlt_samples *out, const pdlt_experiment *ex, const pdlt_dataset *data,
                             pdlt_error *err);
void pdlt_samples_free(pdlt_samples *data);

#ifdef __cplusplus
}
#endif
#endif
