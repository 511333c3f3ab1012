/* flops.h - floating-point operations of the trainer's parts, weighed by how long they take.
 *
 * Is: the count by which the pilot weighs estimators: one flop of a large matrix product is 1, and
 * other work counts as many flops as such a product makes in the same time. The weights are fixed
 * numbers, measured once with AVX-512 (docs/performance.md, "Variance per network").
 * Is not: a time; no clock is read. */
#ifndef PDLT_TRAINER_CONTROL_FLOPS_H
#define PDLT_TRAINER_CONTROL_FLOPS_H

#include "trainer/network/network.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PDLT_FLOPS_NORMAL 300.0 /* a normal random number */
#define PDLT_FLOPS_SIGMA 80.0   /* sigma and sigma' of a number: sin; tanh half, GELU twice that */
#define PDLT_FLOPS_THIN 3.0     /* a training step costs so many samples more than it has */
#define PDLT_FLOPS_SHORT 3.0    /* a flop of products as short as moves of a bundle */
#define PDLT_FLOPS_LOOP 30000.0 /* what is left of an evaluation of one network */

/* Multiplications of a layer for a sample: kappa n_l n_{l-1} weights at each of P_l positions, absent taps
 * counted. */
double pdlt_flops_layer(const pdlt_layer *layer);

/* Forward, backward and update with explicit weights in every layer, at N_A samples, unweighed:
 * 2 N_A (2 n_1 n_0 + 3 sum_{l>1} n_l n_{l-1}), of layers with positions pdlt_flops_layer. */
double pdlt_flops_step(const pdlt_network *net, size_t train);

/* `steps` steps of training, 1 + PDLT_FLOPS_THIN/N_A for a flop, and `times` records at all
 * samples. */
double pdlt_flops_train(const pdlt_network *net, size_t train, size_t samples, double steps,
                        size_t times);

/* K and, with theta, Theta of the last layer at the start (trainer/measure/ntk.h): a forward pass, products of
 * signals, and Jacobians of the neurons below the last layer from layer to layer,
 * 2 D n_{L-1} sum_l n_l n_{l-1} + 2 D^2 n_{L-1} sum_l n_l. */
double pdlt_flops_initial(const pdlt_network *net, size_t samples, int theta);

/* Random numbers of layers first..last. */
double pdlt_flops_draw(const pdlt_network *net, int first, int last);

/* Eigenvectors of a symmetric matrix of order n: 4000 n^2 + 9 n^3; LAPACK is slow at small ones. */
double pdlt_flops_eigen(double n);

/* One linearization (linearization.h) with q = n_L D, q_A = n_L N_A: forward and backward,
 * 2 (D + q) sum_l n_l n_{l-1}, sigma, Gram matrices 2 q^2 sum_l n_l, eigenvectors of order q_A.
 * With positions 2 (D + 2 q) pdlt_flops_layer for the first, q^2 sum_l kappa n_l n_{l-1} for the third. */
double pdlt_flops_linear(const pdlt_network *net, size_t train, size_t samples);

/* c of a level of a draw with weights: a linearization at every node and half-way point of both
 * networks of the pair, and what their moves add (moves.h). */
double pdlt_flops_level(const pdlt_network *net, const pdlt_samples *data, const pdlt_level *level);

/* Random numbers of a further draw of a level, its share of hidden layers. */
double pdlt_flops_level_draw(const pdlt_network *net);

/* A draw without weights, with what the plan takes from it (weightless.h); with positions or skips a further network
 * and its linearization (positions_linear.h). */
double pdlt_flops_weightless(const pdlt_plan *plan, const pdlt_network *net);

#ifdef __cplusplus
}
#endif
#endif
