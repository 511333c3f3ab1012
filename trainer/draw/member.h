/* member.h - one network from draw to end of training.
 *
 * Is: the loop over steps, what is recorded when, and how a member ends.
 * Is not: drawing (network.h), a step (step.h) or averaging (block.h). */
#ifndef PDLT_TRAINER_DRAW_MEMBER_H
#define PDLT_TRAINER_DRAW_MEMBER_H

#include <signal.h>

#include "trainer/measure/crossings.h"
#include "trainer/measure/features.h"
#include "trainer/measure/hidden.h"
#include "trainer/measure/training_dntk.h"
#include "trainer/measure/training_ntk.h"
#include "trainer/network/schedule.h"
#include "trainer/network/step.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  PDLT_MEMBER_DONE,
  PDLT_MEMBER_UNCONVERGED, /* steps: end, not there after max_steps; z is still of use */
  PDLT_MEMBER_DIVERGED,    /* an output is not finite or above the limit; z is not filled */
  PDLT_MEMBER_STOPPED      /* *stop was set; z is not filled */
} pdlt_member_outcome;

/* Trains from stepper->theta, z (T, n_L, D) at the recorded times. Training outputs are
 * checked for divergence at every step, test outputs at recorded times. stop may be
 * NULL. *steps, unless NULL: steps taken. */
pdlt_member_outcome pdlt_member_train(pdlt_stepper *stepper, const pdlt_schedule *schedule,
                                      const volatile sig_atomic_t *stop, double *z, long *steps);

/* What else is measured at the recorded times; everything borrowed, NULL: not measured. */
typedef struct pdlt_member_probe {
  pdlt_training_ntk *ntk;
  double *theta_t; /* (T, n_L, D, n_L, D) NTK; needs ntk */
  pdlt_training_dntk *dntk;
  double *dtheta_t; /* (T, n_L, S, n_L, S, n_L, S) dNTK; needs dntk */
  pdlt_crossings *crossings;
  double *crossed; /* (T, L-1, D) share of neurons across the kink; needs crossings */
  pdlt_hidden *hidden;
  pdlt_hidden_numbers layers; /* (T, L-1, D) each, all or none; needs hidden */
  pdlt_network_features *features;
  pdlt_features_numbers featured; /* of the first time, others follow; with features */
  double *agop; /* (T, n_0, n_0) change of the average gradient outer product; samples are a cube */
  double *agop_start;                           /* (n_0, n_0) work; with agop */
  double *loss_train, *loss_test, *loss_sample; /* (T), (T), (T, D) cross-entropies */
  double *error_train, *error_test; /* (T) shares in a wrong class; targets are classes */
  double *start; /* (n_L, D) z(0), for centered targets, of which errors are those of z(t) - z(0) */
  double *changed; /* (n_L, D) work; with start or agop */
} pdlt_member_probe;

/* The same, and what probe asks for. */
pdlt_member_outcome pdlt_member_train_probed(pdlt_stepper *stepper, const pdlt_schedule *schedule,
                                             const volatile sig_atomic_t *stop, double *z,
                                             const pdlt_member_probe *probe, long *steps);

#ifdef __cplusplus
}
#endif
#endif
