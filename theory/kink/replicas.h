/* replicas.h - randomized quasi-Monte Carlo of kinks on one grid of time: replicas of the same points, each shifted
 * by itself, and what each of them says.
 *
 * Is: sums over draws and the means of every replica, as one row of results each.
 * Is not: how many points, which grids, the mean over replicas (kink.c).
 *
 * Shapes: R replicas, T times, n outputs, D samples, L-1 hidden layers. docs/kinks.md, "How it is computed". */
#ifndef PDLT_THEORY_KINK_REPLICAS_H
#define PDLT_THEORY_KINK_REPLICAS_H

#include "theory/kink/draw.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Owned (pdlt_kink_replicas_free). */
typedef struct pdlt_kink_replicas {
  pdlt_kink_model model;
  pdlt_kink_backward backward;
  pdlt_kink_rays rays;
  pdlt_kink_grid grid;
  size_t dimensions, sums, results; /* sizes */
  size_t points;                    /* of each replica so far */
  double *shift;                    /* (R, dimensions) */
  double *sum;                      /* (R, sums) */
  double *result; /* (R, results) means of each replica, in the order of pdlt_kink */
} pdlt_kink_replicas;

/* The sizes of a result and no arrays. */
pdlt_kink pdlt_kink_shape(const pdlt_kink_input *in);

/* Numbers of a result. */
size_t pdlt_kink_results_size(const pdlt_kink *shape);

/* Sets the arrays of a result to views of a block: z, parts, layers, cov, theta, crossings. */
void pdlt_kink_view(pdlt_kink *out, double *block);

/* No points yet. fine: of the grid (grid.h). Borrows all of in. Errors: PDLT_ERR_UNSUPPORTED (rays.h),
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_kink_replicas_new(pdlt_kink_replicas *out, const pdlt_kink_input *in, double fine,
                                   pdlt_error *err);

/* Goes on to `points` points of each replica and fills result. Two grids take the same draws at the same points.
 * Each replica is one thread's from end to end. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_kink_replicas_go_on(pdlt_kink_replicas *r, size_t points,
                                     const pdlt_kink_input *in, pdlt_error *err);

void pdlt_kink_replicas_free(pdlt_kink_replicas *r);

#ifdef __cplusplus
}
#endif
#endif
