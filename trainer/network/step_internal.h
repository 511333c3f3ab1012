/* step_internal.h - the state of a stepper in its own precision.
 *
 * Is: what step.c asks of step_double.c and step_single.c, which are step_real.inc and
 * step_positions.inc in double and in float.
 * Is not: public; callers use step.h. */
#ifndef PDLT_TRAINER_NETWORK_STEP_INTERNAL_H
#define PDLT_TRAINER_NETWORK_STEP_INTERNAL_H

#include "base/activation/forward.h"
#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a stepper of net and data does; theta, z, eps, out as in step.h, in double. */
typedef struct pdlt_step_kind {
  /* *out: the state, which free takes. Errors: PDLT_ERR_MEMORY. */
  pdlt_status (*make)(void **out, const pdlt_simd_set *set, const pdlt_network *net,
                      const pdlt_samples *data, double eta, int first_by_samples, pdlt_error *err);
  void (*free)(void *state);
  void (*begin)(void *state, const double *theta);
  void (*forward)(void *state, double *z, double *eps);
  /* delta^(L) of the next update: back (n_L, N_A) in the place of eps. */
  void (*send)(void *state, const double *back);
  void (*update)(void *state);
  /* Layers 2.. of theta, and layer 1 unless it moves by samples. */
  void (*weights)(const void *state, double *theta);
  /* z (n_1, P_1, D) of layer 1; z (n_L, N_B) of the test samples, rows D apart. */
  void (*first)(void *state, double *z);
  void (*test)(void *state, double *z);
} pdlt_step_kind;

/* Networks without positions, and with; in double, and in float. */
extern const pdlt_step_kind pdlt_step_d, pdlt_step_f;
extern const pdlt_step_kind pdlt_step_positions_d, pdlt_step_positions_f;

#ifdef __cplusplus
}
#endif
#endif
