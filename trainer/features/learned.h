/* learned.h - one network before and after training, and its kernels.
 *
 * Is: member k of the ensemble, drawn and trained as the ensemble does, with its parameters, outputs and
 * traced NTK at both ends, the change of the NTK, and their eigenfunctions on all samples.
 * Is not: averaged over networks (trainer/output), nor what is found in the network (candidates.h,
 * ascent.h). */
#ifndef PDLT_TRAINER_FEATURES_LEARNED_H
#define PDLT_TRAINER_FEATURES_LEARNED_H

#include <signal.h>

#include "base/experiment/experiment.h"
#include "trainer/draw/member.h"
#include "trainer/features/gradient.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kernels whose eigenfunctions are looked at, by pdlt_functions (base/experiment/experiment.h): the NTK at
 * the start and at the end, and the difference. */
enum { PDLT_LEARNED_KERNELS = PDLT_FUNCTIONS_CHANGE + 1 };
extern const char *const pdlt_learned_names[PDLT_LEARNED_KERNELS]; /* "k", "k_E", "change" */

typedef struct pdlt_learned {
  const pdlt_experiment *ex; /* borrowed */
  const pdlt_network *net;   /* borrowed */
  const pdlt_samples *data;  /* borrowed */
  uint64_t member;
  pdlt_member_outcome outcome;
  long steps;
  pdlt_gradient gradient;
  double *theta[2];                        /* (num_params) start, end */
  double *z[2];                            /* (n_L, D) */
  double *layers[2];                       /* (L, D, D) traced NTK, layer by layer */
  double *kernel[PDLT_LEARNED_KERNELS];    /* (D, D) traced over outputs */
  double *values[PDLT_LEARNED_KERNELS];    /* (D) of the centred kernel, by falling size */
  double *functions[PDLT_LEARNED_KERNELS]; /* (D, D) its eigenfunctions, row by row */
  double *storage;
} pdlt_learned;

/* Memory for one network at a time, in double precision whatever the experiment says. Errors:
 * PDLT_ERR_UNSUPPORTED (layers with positions), PDLT_ERR_MEMORY. */
pdlt_status pdlt_learned_new(pdlt_learned *out, const pdlt_experiment *ex, const pdlt_network *net,
                             const pdlt_samples *data, pdlt_error *err);
void pdlt_learned_free(pdlt_learned *t);

/* Draws and trains a member up to the last recorded time, and fills everything; what diverged has its outcome
 * alone. stop may be NULL. Errors: PDLT_ERR_INTERRUPTED, PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY. Cost: training;
 * 2 n_L D of its steps; O(D^3). */
pdlt_status pdlt_learned_make(pdlt_learned *t, uint64_t member, const volatile sig_atomic_t *stop,
                              pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
