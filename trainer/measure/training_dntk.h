/* training_dntk.h - the dNTK of the outputs as they are while a network trains.
 *
 * Is: dTh_ijk;abc = sum_mu,nu lambda_mu lambda_nu d2z_i;a/dtheta_mu dtheta_nu
 * dz_j;b/dtheta_mu dz_k;c/dtheta_nu of one network in its present state, all outputs, the
 * first S samples, by exact second derivatives (PDLT ch. 11; docs/trainer/measurements.md). With
 * delta_ia = dz_i;a/dz^(l), g_ia = dz_i;a/ds^(l) and Y = (j, b) the direction
 * lambda dz_j;b/dtheta, which moves layer l by rate delta_jb s_b^T and lambda_b delta_jb,
 *
 *   dz_aY  = W ds_aY(below) + h_ab delta_jb                       ds = s' dz
 *   dg_iaY = W^T ddelta_iaY(above) + rate s_b (delta_jb.delta_ia)(above)
 *   ddelta = s'' dz_aY g_ia + s' dg_iaY
 *   dTh_ijk;abc = sum_l h_ac (ddelta_iaY.delta_kc) + rate (delta_ia.delta_kc) (ds_aY(below).s_c)
 *
 * with a skip gamma of layer l + 1 gamma dz of layer l in dz of layer l + 1, and gamma delta, gamma ddelta of
 * layer l + 1 in those of layer l; and by positions_dntk.h where layers have positions.
 * Is not: P and Q, the correlation of the initial dNTK with the outputs (ddntk.h). */
#ifndef PDLT_TRAINER_MEASURE_TRAINING_DNTK_H
#define PDLT_TRAINER_MEASURE_TRAINING_DNTK_H

#include "trainer/measure/positions_dntk.h"
#include "trainer/network/step.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A hidden layer with n neurons; p = n_L S rows (output, sample). */
typedef struct pdlt_training_dntk_layer {
  size_t n;
  double *s, *d1, *d2; /* (S, n) sigma and its derivatives */
  double *g, *delta;   /* (p, n) */
  double *dz, *ds;     /* (S, p, n) along Y */
  double *ds_s;        /* (S, p, S) ds_aY.s_c */
  double *delta_delta; /* (p, p) */
} pdlt_training_dntk_layer;

typedef struct pdlt_training_dntk {
  const pdlt_network *net;         /* borrowed */
  const pdlt_samples *data;        /* borrowed */
  size_t samples;                  /* S */
  pdlt_training_dntk_layer *layer; /* (L-1) */
  double *x;                       /* (S, n_0) */
  double *first;                   /* (n_1, D) z^(1) of all samples */
  double *h;                       /* (L, S, S) lambda_b + rate s.s of the layer below */
  double *ddelta[2];               /* (p, p, max n_l) */
  double *product;                 /* (p, p, p) */
  double *storage;
  pdlt_positions_dntk positions; /* where layers have them, instead of all that */
} pdlt_training_dntk;

/* Memory for one network at a time; samples <= D; the activation has a second derivative.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_training_dntk_new(pdlt_training_dntk *out, const pdlt_network *net,
                                   const pdlt_samples *data, size_t samples, pdlt_error *err);
void pdlt_training_dntk_free(pdlt_training_dntk *dntk);

/* out (n_L, S, n_L, S, n_L, S) at the state that the stepper's last forward saw. Cost, for each
 * hidden layer: (p^2 + p S) n^2 + p^3 n. */
void pdlt_training_dntk_measure(pdlt_training_dntk *dntk, const pdlt_stepper *stepper, double *out);

#ifdef __cplusplus
}
#endif
#endif
