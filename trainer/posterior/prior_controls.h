/* prior_controls.h - numbers of a draw from the prior whose means are known: what takes the noise out.
 *
 * Is: averages over the neurons of a hidden layer of products of orthonormal Hermite polynomials of t, and
 * products of two of them (docs/posterior.md, "Measured"):
 *
 *   c_k^(l) = (1/n_l) sum_j prod_a He_{k_a}(t_ja)/sqrt(k_a!)      1 <= |k| = sum_a k_a <= 4,   E = 0
 *   c_k^(l) c_k'^(l') - d_ll' d_kk'/n_l                           |k|, |k'| <= 2,              E = 0
 *
 * exactly, at every width. Of odd activations only |k| = 2 is multiplied: nothing even changes with t -> -t.
 * Is not: the regression on them (trainer/statistics/regression.h). */
#ifndef PDLT_TRAINER_POSTERIOR_PRIOR_CONTROLS_H
#define PDLT_TRAINER_POSTERIOR_PRIOR_CONTROLS_H

#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_PRIOR_CONTROL_DEGREE = 4 };

/* In which order controls are added to a regression: the first are worth most. */
typedef enum pdlt_prior_control_rank {
  PDLT_PRIOR_CONTROL_SQUARES,  /* |k| = 2 */
  PDLT_PRIOR_CONTROL_HIGHER,   /* other |k| */
  PDLT_PRIOR_CONTROL_PRODUCTS, /* products with |k| = |k'| = 2 */
  PDLT_PRIOR_CONTROL_OTHERS,   /* other products */
  PDLT_PRIOR_CONTROL_RANKS
} pdlt_prior_control_rank;

/* Which controls there are. The averages of layer 1 come first, then those of layer 2, ..; then products. */
typedef struct pdlt_prior_controls_shape {
  size_t samples, layers; /* D; hidden layers */
  int degree;     /* of averages: 4, or 2 where 4 would make more than PDLT_MAX_PRIOR_CONTROLS */
  int odd;        /* the activation is odd */
  size_t each;    /* averages of one layer, C(D + degree, degree) - 1 */
  size_t factors; /* averages of one layer that are multiplied; 0: no products */
  size_t count;   /* of all; 0 without hidden layers, or where |k| <= 2 makes too many */
} pdlt_prior_controls_shape;

/* Most controls that are summed. */
#define PDLT_MAX_PRIOR_CONTROLS ((size_t)512)

/* Of an experiment with so many samples. */
pdlt_prior_controls_shape pdlt_prior_controls_shape_make(const pdlt_experiment *ex, size_t samples);

/* rank (count) of each control. */
void pdlt_prior_controls_rank(const pdlt_prior_controls_shape *shape, unsigned char *rank);

typedef struct pdlt_prior_controls {
  pdlt_prior_controls_shape shape;
  size_t *factor;  /* (factors) which of a layer's averages are multiplied */
  double *hermite; /* (D, degree, widest) */
  double *product; /* (D, widest) */
  double *ones;    /* (widest) */
  double *value;   /* (layers each) averages of the draw */
  double *storage;
} pdlt_prior_controls;

/* Memory for one draw at a time of layers of at most `widest` neurons. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_prior_controls_new(pdlt_prior_controls *out,
                                    const pdlt_prior_controls_shape *shape, size_t widest,
                                    pdlt_error *err);
void pdlt_prior_controls_free(pdlt_prior_controls *controls);

/* Averages of hidden layer index k of n neurons, whose t is (D, n), into value. Cost: about n times
 * C(D + degree, degree) products. */
void pdlt_prior_controls_layer(pdlt_prior_controls *controls, size_t k, size_t n, const double *t);

/* sum (count) += the controls of the draw; width (layers): n_l. */
void pdlt_prior_controls_add(const pdlt_prior_controls *controls, const size_t *width, double *sum);

#ifdef __cplusplus
}
#endif
#endif
