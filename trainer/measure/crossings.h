/* crossings.h - how many neurons training has moved across the kink of the activation.
 *
 * Is: for each hidden layer l and sample a the share of the n_l neurons whose slope differs from the
 * one at the start (docs/trainer/measurements.md, "Crossings"),
 *
 *   crossings_la(t) = 1/n_l sum_i [ sigma'(z^(l)_i;a(t)) != sigma'(z^(l)_i;a(0)) ]
 *
 * the share of channels and positions where layers have positions.
 * Is not: how often a neuron crossed: one that came back counts as one that stayed. */
#ifndef PDLT_TRAINER_MEASURE_CROSSINGS_H
#define PDLT_TRAINER_MEASURE_CROSSINGS_H

#include "trainer/network/step.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_crossings {
  const pdlt_network *net;   /* borrowed */
  const pdlt_samples *data;  /* borrowed */
  double **start;            /* (L-1) of (n_l, P_l, D) slopes at the start */
  double *z, *next, *s, *ds; /* (max n_l P_l, D) */
  double *storage;
} pdlt_crossings;

/* Memory for one network at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_crossings_new(pdlt_crossings *out, const pdlt_network *net,
                               const pdlt_samples *data, pdlt_error *err);
void pdlt_crossings_free(pdlt_crossings *crossings);

/* The state that the stepper's last forward saw is the start. Cost: a forward pass of all samples. */
void pdlt_crossings_begin(pdlt_crossings *crossings, const pdlt_stepper *stepper);

/* out (L-1, D) at the state that the stepper's last forward saw: 0 at the start. Cost as before. */
void pdlt_crossings_measure(pdlt_crossings *crossings, const pdlt_stepper *stepper, double *out);

#ifdef __cplusplus
}
#endif
#endif
