/* segment.h - features of one network along the segment from theta(0) to theta(t).
 *
 * Is: phi = dz/dtheta~ of all outputs and samples, theta_mu = sqrt(lambda_mu) theta~_mu, at the start and as
 * base/experiment/feature.h lists them, with their kernels k = phi . phi (docs/features.md, "Measured on
 * networks"). Nothing as long as a feature is kept: of layer l it is a sum of rank-one terms
 *
 *   dz_i;a/dW^(l) = sum_q w_q g_q;ia s_q;a^T,     g_q (n_l), s_q (n_{l-1}) and b_q = 1, or 0, for the bias
 *   k_ij;ab = sum_l sum_qr w_q w_r <g_q;ia, g_r;jb> { lambda_W/n_{l-1} <s_q;a, s_r;b> + lambda_b b_q b_r }
 *
 *   k, k_E, midpoint   g, s at theta(0), theta(t) and half way between
 *   k_sharp            (g + dg/2, s, 1) and (g, ds/2, 0), ds and dg derivatives along d = theta(t) - theta(0)
 *   secant             g, s at the nodes of a Gauss-Legendre rule, w its weights
 *
 * Where g or s is the same for all terms, in the first and the last layer, they are one term.
 * Is not: for layers with positions; regression with the kernels (features.h beside it).
 *
 * Where layer 1 moves as preactivations (step.h), z^(1) stands for its parameters. Parameters whose learning
 * rate is 0 must be those of the start. */
#ifndef PDLT_TRAINER_MEASURE_SEGMENT_H
#define PDLT_TRAINER_MEASURE_SEGMENT_H

#include "base/experiment/feature.h"
#include "trainer/network/step.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Most nodes of the secant, and the share of the largest |z(t) - z(0)| that they may miss. */
enum { PDLT_SEGMENT_NODES = 16 };
#define PDLT_SEGMENT_TOLERANCE 1e-9

/* Eigenvalues below this share of the largest count as 0: kernels are sums, rounded. */
#define PDLT_SEGMENT_SINGULAR 1e-12

/* What is known at both ends, and the difference. */
enum { PDLT_SEGMENT_START, PDLT_SEGMENT_END, PDLT_SEGMENT_CHANGE, PDLT_SEGMENT_WHICH };

/* Terms of a layer, p = n_L D. */
typedef struct pdlt_segment_terms {
  size_t terms;
  double *g; /* (most, n_l, p); NULL: of the last layer, unit vectors of the outputs */
  double *s; /* (most, n_{l-1}, D); of the first layer the samples, borrowed */
} pdlt_segment_terms;

/* A hidden layer at a point of the segment, (n_l, D) each. */
typedef struct pdlt_segment_hidden {
  double *s, *d1;   /* activations and their slopes */
  double *ds, *d2z; /* ds, and the second derivative of the activation times dz */
} pdlt_segment_hidden;

typedef struct pdlt_segment {
  const pdlt_network *net;           /* borrowed */
  const pdlt_samples *data;          /* borrowed */
  const double *end;                 /* (num_params) theta(t); borrowed */
  double *start, *d, *at;            /* (num_params) theta(0), d, and a point between */
  double *first[PDLT_SEGMENT_WHICH]; /* (n_1, D) z^(1) at the start, at t, and their difference */
  double *z[PDLT_SEGMENT_WHICH];     /* (n_L, D) likewise of the outputs */
  int by_samples;                    /* 1: z^(1) in the place of the parameters of layer 1 */
  double *root;                      /* (N_A, N_A) rows of a root of the inverse of h of layer 1 */
  pdlt_segment_hidden *hidden;       /* (L-1) */
  pdlt_segment_terms *terms;         /* (L) the features at hand */
  double weight[PDLT_SEGMENT_NODES], bias[PDLT_SEGMENT_NODES]; /* w_q and b_q */
  int nodes;                                                   /* of the secant, the last time */
  double residual;  /* likewise: largest |z(t) - z(0) - phi . d|, over the largest |z(t) - z(0)| */
  double *delta[4]; /* (max n_l, p) */
  double *z_at[2], *dz_at[2]; /* (max n_l, D) */
  double *h, *gram;           /* (D, D), (p, p) */
  double *storage;
} pdlt_segment;

/* p = n_L D: outputs times samples, the features there are. */
static inline size_t pdlt_segment_rows(const pdlt_segment *segment) {
  return segment->data->outputs * segment->data->samples;
}

/* Memory for one network at a time: about 16 (n_l + n_{l-1}) p numbers for each layer between hidden ones.
 * Errors: PDLT_ERR_MEMORY; PDLT_ERR_INPUT where layers have positions. */
pdlt_status pdlt_segment_new(pdlt_segment *out, const pdlt_network *net, const pdlt_samples *data,
                             pdlt_error *err);
void pdlt_segment_free(pdlt_segment *segment);

/* theta(0): the given parameters (num_params), or the state that the stepper's last forward saw. */
void pdlt_segment_begin_at(pdlt_segment *segment, const double *theta);
void pdlt_segment_begin(pdlt_segment *segment, const pdlt_stepper *stepper);

/* theta(t) likewise; theta, or the stepper's, is borrowed until the next time. Cost: a forward pass. */
void pdlt_segment_reach_at(pdlt_segment *segment, const double *theta);
void pdlt_segment_reach(pdlt_segment *segment, const pdlt_stepper *stepper);

/* Makes these features the ones at hand, for the functions below. For the secant the number of nodes grows
 * from 1 until phi . d = z(t) - z(0), exact for the mean over the segment, is met within
 * PDLT_SEGMENT_TOLERANCE and rounding, or is 16, as across kinks: segment->nodes and ->residual say how it
 * ended. Where d = 0 all are those of the start to the last bit. Cost: forward and backward passes, the
 * latter p n^2 for each hidden layer, of each node. */
void pdlt_segment_features(pdlt_segment *segment, pdlt_feature feature);

/* out (n_L, D, n_L, D): their kernel; of layer l alone, l = 1..L (k is the sum over layers). Cost, with
 * p = n_L D and T terms: T^2 p^2 n for each layer. */
void pdlt_segment_kernel(pdlt_segment *segment, double *out);
void pdlt_segment_kernel_of_layer(pdlt_segment *segment, int l, double *out);

/* out (n_L, D): phi . d. */
void pdlt_segment_product(pdlt_segment *segment, double *out);

/* out (n_{l-1} + 1, n_L, D): phi_mu d_mu of the parameters mu of neuron m = 0..n_l - 1 of layer l, weights
 * first, then the bias; of the secant their sum over all mu is z(t) - z(0). 0 for layer 1 where it moves as
 * preactivations, whose parameters stay as drawn. Cost: T n_{l-1} p. */
void pdlt_segment_contributions(pdlt_segment *segment, int l, size_t m, double *out);

/* |d|^2 of d = theta~(t) - theta~(0), sum over parameters of d_mu^2/lambda_mu. Of layer 1 that moves as
 * preactivations: of the shortest move of its parameters that gives those, which is the one that gradient
 * descent makes; eigenvalues of h of layer 1 below PDLT_SEGMENT_SINGULAR of the largest count as 0. */
double pdlt_segment_length2(pdlt_segment *segment);

#ifdef __cplusplus
}
#endif
#endif
