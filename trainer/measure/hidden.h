/* hidden.h - how far the hidden layers of a network move in training.
 *
 * Is: for each hidden layer l and sample a the mean square preactivation
 * (docs/trainer/measurements.md, "Hidden layers"),
 *
 *   q_la = 1/n_l sum_i (z^(l)_i;a)^2
 *
 * of a network in its present state, its change since the start, and the mean square change of z,
 *
 *   1/n_l sum_i (z^(l)_i;a(t) - z^(l)_i;a(0))^2
 *
 * of a draw at initialization the mean of q over the layer's own parameters,
 *
 *   C_b + C_W/n_{l-1} sum_j (s^(l-1)_j;a)^2
 *
 * Where layers have positions, means over i are over channels and positions, sums over j over all that
 * weights see.
 * Is not: aware of other layers than the hidden ones; ntk.h has K of two samples, output included. */
#ifndef PDLT_TRAINER_MEASURE_HIDDEN_H
#define PDLT_TRAINER_MEASURE_HIDDEN_H

#include "trainer/network/step.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_hidden {
  const pdlt_network *net;  /* borrowed */
  const pdlt_samples *data; /* borrowed */
  double *q_start;          /* (L-1, D) q at the start */
  double **start;           /* (L-1) of (n_l, P_l, D) preactivations at the start */
  double *z, *next;         /* (max n_l P_l, D) preactivations of the layer at hand, and work */
  double *s;                /* (max n_l P_l, D) activations of a layer */
  double *seen;             /* (P_l, D, kappa n_{l-1}), the largest, where layers have positions */
  double *storage;
} pdlt_hidden;

/* Memory for one network at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_hidden_new(pdlt_hidden *out, const pdlt_network *net, const pdlt_samples *data,
                            pdlt_error *err);
void pdlt_hidden_free(pdlt_hidden *hidden);

/* out (L-1, D): q of the network with parameters theta (num_params), the layer's own integrated out.
 * Cost: a forward pass of all samples, as of the next three. */
void pdlt_hidden_draw(pdlt_hidden *hidden, const double *theta, double *out);

/* out (L-1, D): log q of the network with parameters theta (num_params), q at least the smallest normal
 * number. */
void pdlt_hidden_logs(pdlt_hidden *hidden, const double *theta, double *out);

/* The state that the stepper's last forward saw is the start. */
void pdlt_hidden_begin(pdlt_hidden *hidden, const pdlt_stepper *stepper);

/* What is measured at one time, (L-1, D) each. */
typedef struct pdlt_hidden_numbers {
  double *q, *change, *moved; /* q; q less that of the start; mean square change of z */
} pdlt_hidden_numbers;

/* Of the state that the stepper's last forward saw; change and moved are 0 at the start. */
void pdlt_hidden_measure(pdlt_hidden *hidden, const pdlt_stepper *stepper,
                         const pdlt_hidden_numbers *out);

#ifdef __cplusplus
}
#endif
#endif
