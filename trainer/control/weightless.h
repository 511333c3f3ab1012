/* weightless.h - what a draw without weights says: K, Theta and c, with controls of known mean.
 *
 * Is: per draw of preactivations (preactivation.h) the numbers
 *
 *   value - B (x - mu),   value = (K and Theta of the layers measured, c (T, q)),
 *
 * where x are averages over neurons of the same random numbers at frozen kernels, whose mean
 * mu is known exactly, and Th - Theta, whose mean is 0 (docs/trainer/control.md, "Controls with
 * frozen kernels"). Frozen kernels and B come from a pilot whose draws no run uses, so nothing
 * is biased.
 * Is not: a prediction: whatever the frozen kernels are, the mean is that of the networks. */
#ifndef PDLT_TRAINER_CONTROL_WEIGHTLESS_H
#define PDLT_TRAINER_CONTROL_WEIGHTLESS_H

#include "trainer/control/linearization.h"
#include "trainer/control/preactivation.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Draws of preactivations of a run and of its pilot; no network uses these members. */
#define PDLT_INITIAL_MEMBER ((uint64_t)1 << 40)
#define PDLT_INITIAL_PILOT ((uint64_t)1 << 61)

/* More controls than this are not fitted; how far B stays from the best coefficients, so that
 * an error bar never falls below 2^-10 of what it is without controls. */
#define PDLT_MAX_CONTROLS ((size_t)400)
#define PDLT_CONTROL_SHRINK 0x1p-10

/* What the pilot of one width leaves; read only afterwards, shared by threads. */
typedef struct pdlt_initial_fit {
  size_t values, controls; /* V, X; X = 0: no controls */
  size_t linear;           /* values before c */
  double *root;            /* (L-1, D, D) G of the frozen kernels */
  double *coefficient;     /* (X, V) B */
  double *known;           /* (V) B mu */
  double *variance;        /* (V) of a draw, without controls */
  double *left;            /* (V) and with them */
  double *storage;
} pdlt_initial_fit;

/* Errors: PDLT_ERR_MEMORY. A plan without samples: nothing is drawn. */
pdlt_status pdlt_initial_fit_new(pdlt_initial_fit *out, const pdlt_plan *plan,
                                 const pdlt_network *net, pdlt_error *err);
void pdlt_initial_fit_free(pdlt_initial_fit *fit);

/* Memory of one thread. */
typedef struct pdlt_initial {
  const pdlt_plan *plan;       /* borrowed */
  const pdlt_initial_fit *fit; /* borrowed */
  pdlt_control control;        /* of the same network; empty without c */
  pdlt_preactivation pre;
  double *s, *ds;      /* (D, max n) at the frozen kernels */
  double *gram[2];     /* (D, D) */
  double *theta, *ntk; /* (P), (q, q) */
  double *x;           /* (X) */
  double *value;       /* (V) */
  double *kernel;      /* (R, P) K of the last draw */
  double *storage;
} pdlt_initial;

/* Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_initial_new(pdlt_initial *out, const pdlt_plan *plan, const pdlt_network *net,
                             const pdlt_initial_fit *fit, pdlt_error *err);
void pdlt_initial_free(pdlt_initial *initial);

/* Numbers V of a plan, and controls X that its pilot would fit, 0 where they are too many. */
size_t pdlt_initial_values(const pdlt_plan *plan);
size_t pdlt_initial_controls(const pdlt_plan *plan);

/* initial->value of the draw `member`, and initial->kernel. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_initial_draw(pdlt_initial *initial, uint64_t member);

/* value and x of the draw as they are, at the kernels in fit->root. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_initial_raw(pdlt_initial *initial, uint64_t member);

/* Operations of one draw (flops.h). */
double pdlt_initial_flops(const pdlt_plan *plan, const pdlt_network *net);

#ifdef __cplusplus
}
#endif
#endif
