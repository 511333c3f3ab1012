/* positions_jet.h - derivatives of a network with positions along directions in the space of parameters.
 *
 * Is: up to three of them for the activations of all hidden layers, and gradients, with a derivative of
 * them, of functions of the last one; directions V and covectors are arrays like theta (num_params), and
 * nothing but the chain rule (docs/trainer/convolution.md, "Derivatives of the NTK"):
 *
 *   dz = W ds + V s                              ds   = s' dz
 *   ddz_12 = W dds_12 + V_1 ds_2 + V_2 ds_1      dds  = s'' dz_1 dz_2 + s' ddz_12
 *   dddz = W ddds + sum_m V_m dds_(others)
 *   ddds = s''' dz_1 dz_2 dz_3 + s'' sum_m ddz_(others) dz_m + s' dddz
 *
 * with what the taps see for s, V_b where it belongs, and gamma dz, gamma ddz, .. of the layer below with a skip.
 * Is not: fast for layers without positions, where ddntk.h needs no array like theta. */
#ifndef PDLT_TRAINER_MEASURE_POSITIONS_JET_H
#define PDLT_TRAINER_MEASURE_POSITIONS_JET_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Arrays (U): one hidden layer after the other, (P_l, S, n_l) each. */
typedef struct pdlt_positions_jet {
  const pdlt_network *net;         /* borrowed */
  size_t samples, rows;            /* S; most rows of pdlt_positions_jet_reverse, a multiple of S */
  size_t units;                    /* U */
  size_t *at;                      /* (L) where layer l = 1.. begins */
  double *x;                       /* (P_0, S, n_0) */
  double *order[4];                /* (U) sigma and its derivatives */
  double *work, *more;             /* (U) */
  double *seen, *dseen;            /* (P_l, S, kappa n_{l-1}), the largest */
  double *start;                   /* (P_{L-1}, R, n_{L-1}) set before pdlt_positions_jet_reverse */
  double *g, *dg, *delta, *ddelta; /* (P_l, R, n_l), the largest; start and g are one */
  double *storage;
} pdlt_positions_jet;

/* A first or second derivative: of z and of s, (U) each. */
typedef struct pdlt_tangent {
  double *z, *s;
} pdlt_tangent;

/* Memory for one network at a time, on the first `samples` of data. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_positions_jet_new(pdlt_positions_jet *out, const pdlt_network *net,
                                   const pdlt_samples *data, size_t samples, size_t rows,
                                   pdlt_error *err);
void pdlt_positions_jet_free(pdlt_positions_jet *jet);

/* Runs the samples through theta; call before those below. */
void pdlt_positions_jet_forward(pdlt_positions_jet *jet, const double *theta);

/* out = the derivative along v; along v[0] and v[1], whose own are d[0] and d[1]; out (U) = third one of
 * s along v[0..2], second[m] that along the two others than m. Cost: 1, 3, 4 forward passes. */
void pdlt_positions_jet_first(pdlt_positions_jet *jet, const double *theta, const double *v,
                              const pdlt_tangent *out);
void pdlt_positions_jet_second(pdlt_positions_jet *jet, const double *theta,
                               const double *const v[2], const pdlt_tangent d[2],
                               const pdlt_tangent *out);
void pdlt_positions_jet_third(pdlt_positions_jet *jet, const double *theta,
                              const double *const v[3], const pdlt_tangent d[3],
                              const pdlt_tangent second[3], double *out);

/* seen (S, kappa n_{L-1}) of the readout, of s (U) or a derivative of it. */
void pdlt_positions_jet_top(const pdlt_positions_jet *jet, const double *s, double *seen);

/* out (rows, num_params) = gradients of functions of the last hidden layer whose derivatives in it are in
 * jet->start, row r of sample r mod S; or, with v, their derivatives along v, which d belongs to. The
 * readout's own are 0. start is lost. */
void pdlt_positions_jet_reverse(pdlt_positions_jet *jet, const double *theta, size_t rows,
                                const double *v, const pdlt_tangent *d, double *out);

#ifdef __cplusplus
}
#endif
#endif
