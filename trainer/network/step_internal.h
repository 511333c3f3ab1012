/* step_internal.h - the state of a stepper in its own precision.
 *
 * Is: what step.c asks of step_double.c and step_single.c, which are step_real.inc in double
 * and in float.
 * Is not: public; callers use step.h. */
#ifndef PDLT_TRAINER_NETWORK_STEP_INTERNAL_H
#define PDLT_TRAINER_NETWORK_STEP_INTERNAL_H

#include "base/activation/forward.h"
#include "trainer/network/network.h"
#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For a stepper of net and data; theta, z, eps, out as in step.h, in double. */
#define PDLT_STEP_DECLARE(KIND)                                                                   \
  typedef struct pdlt_step_##KIND pdlt_step_##KIND;                                               \
  pdlt_status pdlt_step_new_##KIND(pdlt_step_##KIND **out, const pdlt_simd_set *set,              \
                                   const pdlt_network *net, const pdlt_samples *data, double eta, \
                                   int first_by_samples, pdlt_error *err);                        \
  void pdlt_step_free_##KIND(pdlt_step_##KIND *state);                                            \
  void pdlt_step_begin_##KIND(pdlt_step_##KIND *state, const double *theta);                      \
  void pdlt_step_forward_##KIND(pdlt_step_##KIND *state, double *z, double *eps);                 \
  void pdlt_step_update_##KIND(pdlt_step_##KIND *state);                                          \
  /* Layers 2.. of theta, and layer 1 unless it moves by samples. */                              \
  void pdlt_step_weights_##KIND(const pdlt_step_##KIND *state, double *theta);                    \
  /* z (n_1, D) of layer 1; z (n_L, N_B) of the test samples, rows D apart. */                    \
  void pdlt_step_first_##KIND(pdlt_step_##KIND *state, double *z);                                \
  void pdlt_step_test_##KIND(pdlt_step_##KIND *state, double *z);

PDLT_STEP_DECLARE(d)
PDLT_STEP_DECLARE(f)

#ifdef __cplusplus
}
#endif
#endif
