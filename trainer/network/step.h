/* step.h - the fast kernel: one network, one full-batch gradient-descent step.
 *
 * Is: forward, backward and update of one network, in double or single precision, by the
 * products of base/vector/dense.h on memory that is allocated once and stays in cache.
 * Is not: a loop over steps (member.h) or over networks (ensemble.h); reference.h says
 * the same in plain loops.
 *
 *   delta^(L) = eps = z^(L) - y,   delta^(l) = sigma'(z^(l)) * (W^(l+1)^T delta^(l+1))
 *   W^(l) <- W^(l) - eta lambda_W/n_{l-1} delta^(l) s^(l-1)^T,  b <- b - eta lambda_b sum delta
 *
 * and with a skip gamma of layer l + 1, z^(l+1) has gamma z^(l) and delta^(l) gamma delta^(l+1) in addition;
 * with centered targets (samples.h) y + z(0) in the place of y, z(0) that of the first forward; with another
 * method or batches delta^(L) is that of residual.h.
 * (PDLT ch. 7 and docs/trainer/step.md; with positions docs/trainer/convolution.md.) The first layer may be moved without its weights:
 * z^(1) <- z^(1) - eta delta^(1) h, h = lambda_b + lambda_W x.x/n_0, which is the same
 * statement and cheaper when N_A < 2 n_0; not where layers have positions. Test samples are carried only
 * when asked for. */
#ifndef PDLT_TRAINER_NETWORK_STEP_H
#define PDLT_TRAINER_NETWORK_STEP_H

#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { PDLT_FIRST_AUTO, PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES } pdlt_first_layer;

struct pdlt_simd_set;

typedef struct pdlt_step_settings {
  double eta;
  pdlt_first_layer first;
  int single;                      /* 1: in float */
  const struct pdlt_simd_set *set; /* NULL: the best that the processor can run */
} pdlt_step_settings;

typedef struct pdlt_stepper {
  const pdlt_network *net;  /* borrowed */
  const pdlt_samples *data; /* borrowed */
  double eta;
  int first_by_samples; /* 1: layer 1 moves as z^(1), its weights in theta stay as drawn */
  double *theta;        /* (num_params) set by the caller before pdlt_stepper_begin */
  double *z;            /* (n_L, N_A) outputs of the last forward */
  double *eps;          /* (n_L, N_A) z - y, or z - z(0) - y */
  double *back;         /* (n_L, N_A) delta^(L) of residual.h, where it is not eps itself; work */
  int plain;            /* 1: it is */
  long step;            /* updates since begin */
  const struct pdlt_step_kind *kind; /* what is done with the state */
  void *state;                       /* the network itself, in its precision; owned */
  double *storage;                   /* backs the arrays; owned */
} pdlt_stepper;

/* Memory for training one network at a time; theta is zero. Tests and benchmarks give a set of
 * base/vector/kernels.h. Errors: PDLT_ERR_MEMORY;
 * PDLT_ERR_INTERNAL without the kappa of Newton's method. */
pdlt_status pdlt_stepper_new(pdlt_stepper *out, const pdlt_network *net, const pdlt_samples *data,
                             const pdlt_step_settings *settings, pdlt_error *err);
void pdlt_stepper_free(pdlt_stepper *stepper);

/* Starts training from stepper->theta. */
void pdlt_stepper_begin(pdlt_stepper *stepper);

/* Fills z and eps. No allocation. Cost: flops.h. */
void pdlt_stepper_forward(pdlt_stepper *stepper);

/* One step from the state that the last forward saw. */
void pdlt_stepper_update(pdlt_stepper *stepper);

/* Writes the present weights into theta; those of layer 1 stay when it moves by samples. */
void pdlt_stepper_weights(const pdlt_stepper *stepper);

/* Preactivations of layer 1 of all samples in the present state: z (n_1, P_1, D). */
void pdlt_stepper_first(const pdlt_stepper *stepper, double *z);

/* Outputs of all samples at the state of the last forward: out (n_L, D). */
void pdlt_stepper_output(const pdlt_stepper *stepper, double *out);

#ifdef __cplusplus
}
#endif
#endif
