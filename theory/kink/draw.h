/* draw.h - one draw of everything that is random at infinite width, and what its neurons near the kink do.
 *
 * Is: outputs at the start, backpropagated weights, slopes of the other samples, moves from below; the motion
 * of the neurons of every ray; the sources of the outputs, the NTK, the crossings. The draw and its mirror images
 * (weights and moves with the other sign; slopes of the other samples exchanged) are taken together: what is odd
 * in the first, and much larger, cancels exactly.
 * Is not: points or means over them (points.h, kink.c).
 *
 * Shapes: G times of the grid, T recorded times, n outputs, D samples, A of them train. docs/kinks.md. */
#ifndef PDLT_THEORY_KINK_DRAW_H
#define PDLT_THEORY_KINK_DRAW_H

#include "theory/kink/kink.h"
#include "theory/kink/path.h"
#include "theory/kink/rays.h"
#include "theory/kink/response.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What every draw reads; borrowed. */
typedef struct pdlt_kink_model {
  pdlt_kink_slopes slopes;
  const pdlt_kink_rays *rays;
  const pdlt_training *training;
  pdlt_kink_response response; /* with grid and times */
  pdlt_kink_factors factors;
} pdlt_kink_model;

/* Normal numbers that a draw takes. */
size_t pdlt_kink_dimensions(const pdlt_kink_model *model);

/* Sums over draws; views of one block of pdlt_kink_sums_size numbers, in this order. */
typedef struct pdlt_kink_sums {
  double *source;    /* (L-1, PDLT_KINK_PART_COUNT, G, n, D), without factors */
  double *cov;       /* (T, n, D, n, D): deviation times shift; its transpose is to be added */
  double *theta;     /* (T, n, D, n, D): its transpose is to be added */
  double *crossings; /* (T, L-1, D) */
} pdlt_kink_sums;

size_t pdlt_kink_sums_size(const pdlt_kink_model *model);
pdlt_kink_sums pdlt_kink_sums_view(const pdlt_kink_model *model, double *block);

/* Room for the draws of one thread; owned (pdlt_kink_drawer_free). */
typedef struct pdlt_kink_drawer pdlt_kink_drawer;
pdlt_status pdlt_kink_drawer_new(pdlt_kink_drawer **out, const pdlt_kink_model *model,
                                 pdlt_error *err);
void pdlt_kink_drawer_free(pdlt_kink_drawer *drawer);

/* Adds a draw and its mirror images, with weight 1 together, to sums. normal: (dimensions). The parts with Y = 0,
 * of which the total is free, come from every fourth index alone unless a factor is not 1. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_kink_draw(pdlt_kink_drawer *drawer, size_t index, const double *normal,
                           const pdlt_kink_sums *sums, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
