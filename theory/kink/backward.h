/* backward.h - what a neuron near its kink sees of the network: backpropagated weights and moves from below.
 *
 * Is: for each hidden layer the covariance of omega (dz/dsigma = n_l^(-1/2) omega) and of Y, the move of a
 * neuron by way of the layers below and of the other neurons of its layer, at infinite width.
 * Is not: the motion of the neuron (path.h).
 *
 * Shapes: D samples. sigma(u) = a_plus u (u > 0), a_minus u (u < 0). Derivation: docs/kinks.md, "What
 * drives a neuron". */
#ifndef PDLT_THEORY_KINK_BACKWARD_H
#define PDLT_THEORY_KINK_BACKWARD_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/experiment/layer.h"
#include "theory/infinite/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The slopes on both sides as mean and half the difference. */
typedef struct pdlt_kink_slopes {
  double mean, half; /* (a_plus + a_minus)/2, (a_plus - a_minus)/2 */
} pdlt_kink_slopes;

/* Hidden layer l = 1..L-1 at index l - 1; owned, one allocation (pdlt_kink_backward_free). */
typedef struct pdlt_kink_backward {
  int hidden; /* L - 1 */
  size_t D;
  double *gamma; /* (L-1, D, D): Gamma_bb' of each output */
  double *lower; /* (L-1, D, D, D): Cov(Y_ab, Y_ab') at [a][b][b'] of each output */
} pdlt_kink_backward;

/* <s_a s_b>, s the sign of h ~ N(0, K): (2/pi) asin of the correlation; 0 where K_aa or K_bb is 0. */
double pdlt_kink_sign(const double *K, size_t D, size_t a, size_t b);

/* Gamma^(L-1) = C_W^(L),  Gamma^(l)_bb' = C_W^(l+1) <s'_b s'_b'>_(l+1) Gamma^(l+1)_bb';  Y^(1) = 0,
 * Cov(Y^(l+1)_ab, Y^(l+1)_ab') = (n_(l+1)/n_l) C_W^(l+1) {Theta^(l)_ab Theta^(l)_ab' Gamma^(l)_bb'
 * <s'_a^2 s'_b s'_b'>_l + <s'_a^2>_l Cov(Y^(l)_ab, Y^(l)_ab')}. layer: (L) widths in units of n.
 * Errors: PDLT_ERR_MEMORY. Cost O(L D^3). */
pdlt_status pdlt_kink_backward_new(pdlt_kink_backward *out, pdlt_kink_slopes slopes,
                                   const pdlt_layer *layer, const pdlt_kernel_layers *kernel,
                                   pdlt_error *err);

void pdlt_kink_backward_free(pdlt_kink_backward *backward);

#ifdef __cplusplus
}
#endif
#endif
