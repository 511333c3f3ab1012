/* grid.h - the times at which the crossings are followed, and the modes of the errors there.
 *
 * Is: cells from 0 to the last time: single steps at first, later joined, since little moves then; under
 * gradient flow cells that grow with the time. Within joined cells and flow the motion is continuous.
 * Is not: the dynamics of the outputs (theory/infinite/training.h), whose eigenmodes it reads.
 *
 * Shapes: C cells, G = C + 1 times, A modes of Theta_AA, T recorded times. */
#ifndef PDLT_THEORY_KINK_GRID_H
#define PDLT_THEORY_KINK_GRID_H

#include <stddef.h>

#include "base/core/status.h"
#include "theory/infinite/training.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Owned (pdlt_kink_grid_free). */
typedef struct pdlt_kink_grid {
  size_t cells, modes;
  double *time;  /* (G) */
  int *flow;     /* (C) 0: one step; all cells after the first of another kind are of that kind */
  double *gain;  /* (C, A) eta times the sum over the cell's steps (flow: the integral) of mu^t */
  double *power; /* (G, A) mu^t, the size of the mode of the error */
  /* (C, A) each: a mode of the shift z_half goes from z to decay z + spread dS in a cell in which its source
   * grows by dS, and eta times the sum (flow: the integral) of z over the cell is held z + fed dS. */
  double *decay, *spread, *held, *fed;
  size_t *record; /* (T) where each recorded time lies; an infinite one: the end of the last cell */
} pdlt_kink_grid;

/* times (T) increasing from 0 on; a last one may be INFINITY: then to where the slowest mode has fallen to
 * 10^-6 of its start, at most 10^9 steps of it (a mode of theta = 0 never falls). fine: 1 for the cells that
 * are used, larger for more single steps and shorter cells, as a check. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_kink_grid_new(pdlt_kink_grid *out, const pdlt_training *training, size_t num_times,
                               const double *times, double fine, pdlt_error *err);

void pdlt_kink_grid_free(pdlt_kink_grid *grid);

#ifdef __cplusplus
}
#endif
#endif
