/* response.h - what a source of the outputs becomes when training answers it.
 *
 * Is: z(t+1) = z(t) - eta Theta_.A z_A(t) + S(t+1) - S(t), z(0) = 0, in the modes of Theta_AA; and the outputs
 * of one draw at infinite width, less their mean.
 * Is not: the source S (draw.c).
 *
 * Shapes: n_L outputs, D samples, A of them train, T recorded times, G times of the grid. */
#ifndef PDLT_THEORY_KINK_RESPONSE_H
#define PDLT_THEORY_KINK_RESPONSE_H

#include "theory/kink/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrows what it points to. */
typedef struct pdlt_kink_response {
  const pdlt_training *training;
  const pdlt_kink_grid *grid;
  size_t num_times;
  const double *times; /* (T), a last one may be INFINITY */
} pdlt_kink_response;

/* z (T, n_L, D) from S (G, n_L, D). At an infinite time the training block is 0 and the rest is
 * S_B - Theta_BA Theta_AA^-1 S_A at the end of the grid. work: (4 A). Cost O(n_L (G A^2 + T D A)). */
void pdlt_kink_respond(const pdlt_kink_response *r, const double *source, double *z, double *work);

/* deviation (T, n_L, D) of the outputs that start at z0 (n_L, D) from their mean: N^t z0. work: (A). */
void pdlt_kink_deviate(const pdlt_kink_response *r, const double *z0, double *deviation,
                       double *work);

#ifdef __cplusplus
}
#endif
#endif
