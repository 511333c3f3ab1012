/* weightless.h - what a draw without weights says: K, Theta and c, with controls of known mean.
 *
 * Is: per draw of preactivations (preactivation.h) the numbers
 *
 *   value - B (x - mu),   value = (K and Theta of the layers measured, c (T, q),
 *                                  products of spread.h + (c - r)(c - r)^T),
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
#include "trainer/control/spread.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* More controls than this are not fitted; how far B stays from the best coefficients, so that
 * an error bar never falls below 2^-10 of what it is without controls. */
#define PDLT_MAX_CONTROLS ((size_t)400)
#define PDLT_CONTROLLED_SHRINK 0x1p-10

/* What the pilot of one width leaves; read only afterwards, shared by threads. */
typedef struct pdlt_weightless_fit {
  size_t values, controls; /* V, X; X = 0: no controls */
  size_t linear, spread;   /* values before c; before the products of spread.h, which end them */
  double *root;            /* (L-1, D, D) G of the frozen kernels */
  double *middle;          /* (T, q) r, about the mean of c; of any value nothing is biased */
  double *coefficient;     /* (X, V) B */
  double *known;           /* (V) B mu */
  double *variance;        /* (V) of a draw, without controls */
  double *left;            /* (V) and with them */
  double *storage;
} pdlt_weightless_fit;

/* Of a plan with draws without weights. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_weightless_fit_new(pdlt_weightless_fit *out, const pdlt_plan *plan,
                                    const pdlt_network *net, pdlt_error *err);
void pdlt_weightless_fit_free(pdlt_weightless_fit *fit);

/* Memory of one thread. */
typedef struct pdlt_weightless {
  const pdlt_plan *plan;            /* borrowed */
  const pdlt_weightless_fit *fit;   /* borrowed */
  pdlt_linearization linearization; /* of the same network; empty without c */
  pdlt_preactivation pre;
  pdlt_spread spread;  /* empty where the plan has none */
  double *s, *ds;      /* (D, max n) at the frozen kernels */
  double *gram[2];     /* (D, D) */
  double *theta, *ntk; /* (P), (q, q) */
  double *z, *odd;     /* (q), (T, q) with spread */
  double *even;        /* (T, q) c - r, with spread */
  double *x, *sum_x;   /* (X) of the last draw; sums since begin */
  double *value, *sum; /* (V) the same */
  double *kernel;      /* (R, P) K of the last draw */
  double *storage;
} pdlt_weightless;

/* Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_weightless_new(pdlt_weightless *out, const pdlt_plan *plan,
                                const pdlt_network *net, const pdlt_weightless_fit *fit,
                                pdlt_error *err);
void pdlt_weightless_free(pdlt_weightless *weightless);

/* Whether K and Theta are among the numbers of a draw; Theta also where it is the mean of a control. */
int pdlt_weightless_kernel(const pdlt_plan *plan);
int pdlt_weightless_theta(const pdlt_plan *plan);

/* Numbers V of a plan, and controls X that its pilot would fit, 0 where they are too many. */
size_t pdlt_weightless_values(const pdlt_plan *plan);
size_t pdlt_weightless_controls(const pdlt_plan *plan);

/* Begins a mean over draws; adds the draw `member`, whose K is in weightless->kernel then; makes
 * weightless->value the mean over the `draws` since, less the controls. Errors: PDLT_ERR_MEMORY. */
void pdlt_weightless_begin(pdlt_weightless *weightless);
pdlt_status pdlt_weightless_add(pdlt_weightless *weightless, uint64_t member);
void pdlt_weightless_mean(pdlt_weightless *weightless, size_t draws);

/* value and x of the draw as they are, at the kernels in fit->root. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_weightless_raw(pdlt_weightless *weightless, uint64_t member);

#ifdef __cplusplus
}
#endif
#endif
