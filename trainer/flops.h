/* flops.h - floating-point operations of the trainer's parts, matrix products above all.
 *
 * Is: the count by which the pilot weighs estimators and the benchmark states its speed.
 * Is not: a time; sigma and the additions of biases are left out. */
#ifndef PDLT_TRAINER_FLOPS_H
#define PDLT_TRAINER_FLOPS_H

#include "trainer/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Forward, backward and update with explicit weights in every layer, at N_A samples:
 * 2 N_A (2 n_1 n_0 + 3 sum_{l>1} n_l n_{l-1}). */
double pdlt_flops_step(const pdlt_network *net, size_t train);

/* Random numbers of layers first..last, PDLT_FLOPS_NORMAL each. */
#define PDLT_FLOPS_NORMAL 150.0 /* a normal number counts as so many flops */
double pdlt_flops_draw(const pdlt_network *net, int first, int last);

/* One linearization (control.h) with q = n_L D, q_A = n_L N_A: forward and backward,
 * 2 (D + q) sum_l n_l n_{l-1}, Gram matrices q^2 sum_l n_l, eigenvectors 9 q_A^3. */
double pdlt_flops_linear(const pdlt_network *net, size_t train, size_t samples);

/* One forward pass over `samples` samples: 2 samples sum_l n_l n_{l-1}. */
double pdlt_flops_forward(const pdlt_network *net, size_t samples);

#ifdef __cplusplus
}
#endif
#endif
