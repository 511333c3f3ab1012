/* rays.h - which samples reach their kink together, and what is drawn for them.
 *
 * Is: per hidden layer the samples in groups that are multiples of each other (almost always one sample each):
 * h_b = r_b h_a for every neuron, so one motion serves the whole group; and square roots of the covariances of
 * what the motion depends on.
 * Is not: the draws themselves (draw.c).
 *
 * Shapes: D samples; a square root is (D, rank), largest direction first. docs/kinks.md, "Rays". */
#ifndef PDLT_THEORY_KINK_RAYS_H
#define PDLT_THEORY_KINK_RAYS_H

#include <stddef.h>

#include "base/core/status.h"
#include "theory/kink/backward.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cov = root root^T */
typedef struct pdlt_kink_root {
  size_t rank;
  double *value; /* (D, rank), owned */
} pdlt_kink_root;

typedef struct pdlt_kink_ray {
  int layer;            /* hidden layer l = 1.. at l - 1 */
  size_t reference;     /* a: the first of the group */
  double *ratio;        /* (D) r_b, 0 for samples outside the group; owned */
  int trains;           /* 1: a training sample is in the group */
  double weight;        /* (n_{L-1}/n_l)^(1/2)/(2 pi K_aa)^(1/2) */
  const double *theta;  /* (D, D) of the layer; borrowed */
  pdlt_kink_root slope; /* h of the other samples given h_a = 0 */
  pdlt_kink_root lower; /* Y_ab over b; rank 0 in the first layer */
} pdlt_kink_ray;

typedef struct pdlt_kink_rays {
  size_t count, D;
  int hidden;
  pdlt_kink_ray *ray;    /* owned, layer by layer */
  pdlt_kink_root *omega; /* (L-1) omega_b of each output; owned */
  pdlt_kink_root output; /* z_b(0) of each output */
} pdlt_kink_rays;

/* train: A. Samples with K_aa = 0 have no neuron near the kink and are left out. Errors:
 * PDLT_ERR_UNSUPPORTED with the reason where samples are multiples of each other at the start and biases move
 * them apart; PDLT_ERR_MEMORY. Cost O(L D^4). */
pdlt_status pdlt_kink_rays_new(pdlt_kink_rays *out, const pdlt_kink_backward *backward,
                               const pdlt_layer *layer, const pdlt_kernel_layers *kernel,
                               size_t train, pdlt_error *err);

void pdlt_kink_rays_free(pdlt_kink_rays *rays);

#ifdef __cplusplus
}
#endif
#endif
