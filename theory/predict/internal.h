/* internal.h - pieces of pdlt_predict: each fills one group of arrays.
 *
 * Is not: public; only theory/predict includes it. Names and shapes of the arrays: NOTATION.md. */
#ifndef PDLT_THEORY_PREDICT_INTERNAL_H
#define PDLT_THEORY_PREDICT_INTERNAL_H

#include "datasets/truth.h"
#include "theory/infinite/kernel.h"
#include "theory/infinite/training.h"
#include "theory/order_one/trained.h"
#include "theory/predict/predict.h"
#include "theory/tensors/doubt.h"
#include "theory/tensors/tensors.h"
#include "theory/terms/mask.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everything the pieces read; borrowed. */
typedef struct pdlt_prediction {
  pdlt_archive *out;
  const pdlt_experiment *ex;
  const pdlt_dataset *data;
  const pdlt_predict_options *options;
  const pdlt_layer *layer; /* (L) widths in units of n */
  const pdlt_kernel_layers *kernel;
  const pdlt_mask *mask;
} pdlt_prediction;

/* What training at infinite width reads, from kernel and data; borrows them. */
pdlt_training_input pdlt_predict_training_input(const pdlt_prediction *p);

/* meta "absent": name -> reason (put.c, as all up to pdlt_predict_array). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_predict_absent(pdlt_archive *out, const char *name, const char *reason,
                                pdlt_error *err);

/* The same of several arrays, for one reason. */
pdlt_status pdlt_predict_all_absent(pdlt_archive *out, const char *const *names, size_t count,
                                    const char *reason, pdlt_error *err);

/* The reason under that name, borrowed; NULL: there is none. */
const char *pdlt_predict_why_absent(pdlt_archive *out, const char *name);

/* Why what needs the tensor `missing` is absent as well. */
void pdlt_predict_needs(pdlt_archive *out, const char *missing, char reason[PDLT_ERROR_LENGTH]);

/* Array of any shape, copied from `data`. */
pdlt_status pdlt_predict_put(pdlt_archive *out, const char *name, int ndim, const size_t *dim,
                             const double *data, pdlt_error *err);

/* Scalar err/NAME. */
pdlt_status pdlt_predict_error(pdlt_archive *out, const char *name, double value, pdlt_error *err);

/* Array of `rank` indices over D samples, copied from `from`. */
pdlt_status pdlt_predict_array(pdlt_archive *out, const char *name, int rank, size_t D,
                               const double *from, pdlt_error *err);

/* PDLT_ERR_NUMERIC, naming quantity, order and number, where an array holds NaN or infinity, or an error
 * estimate NaN (finite.c). */
pdlt_status pdlt_predict_check_finite(const pdlt_archive *theory, pdlt_error *err);

/* times, z_lo, cov_lo, z_end_lo, cov_end_lo (infinite_training.c). */
pdlt_status pdlt_predict_training(const pdlt_prediction *p, pdlt_error *err);

/* Of training.loss: cross_entropy: times, z_lo, cov_lo, loss_train_lo, loss_test_lo, loss_sample_lo
 * (cross_entropy.c); and why there is no order 1/n. */
pdlt_status pdlt_predict_cross_entropy(const pdlt_prediction *p, pdlt_error *err);
#define PDLT_NO_ORDER_ONE_OF_ENTROPY                                                            \
  "order 1/n of networks trained on cross-entropy is not known: its residual is not linear in " \
  "the "                                                                                        \
  "outputs"

/* q_lo, log_q_lo (hidden.c). */
pdlt_status pdlt_predict_hidden(const pdlt_prediction *p, pdlt_error *err);

/* q_nlo, from the tensor G1 of every layer; log_q_nlo, log_q_variance_nlo, from V too (hidden.c). */
pdlt_status pdlt_predict_hidden_first(const pdlt_prediction *p, const pdlt_tensor_set *set,
                                      pdlt_error *err);

/* Why log_q_nlo and log_q_variance_nlo are absent, where they are (hidden.c). */
pdlt_status pdlt_predict_hidden_rest(const pdlt_prediction *p, pdlt_error *err);

/* What is known of the errors of the tensors besides err/NAME (theory/tensors/tensors.h); owned. */
typedef struct pdlt_tensor_doubts {
  double rounding[PDLT_TENSOR_COUNT], inherited;
  double *moved[PDLT_TENSOR_MOVES][PDLT_TENSOR_COUNT];
} pdlt_tensor_doubts;

/* What is known of the errors of a tensor of the output layer, err/NAME being error (tensors.c). */
pdlt_doubt pdlt_predict_doubt(const pdlt_tensor_doubts *doubts, pdlt_tensor_name name,
                              double error);

/* Bytes that order 1/n holds at once with theory.only: z, of samples without positions. */
double pdlt_predict_mean_bytes(const pdlt_prediction *p);

/* Tensors of order 1/n at initialization, q_nlo, and with them inference (tensors.c). */
pdlt_status pdlt_predict_tensors(const pdlt_prediction *p, pdlt_tensor_doubts *doubts,
                                 pdlt_error *err);

/* z_nlo, its parts, z_end_nlo, cov_nlo, cov_end_nlo, Theta_t_nlo, dTheta_t_nlo, from the tensors
 * that are in the archive already (order_one.c). */
pdlt_status pdlt_predict_order_one(const pdlt_prediction *p, const pdlt_tensor_doubts *doubts,
                                   pdlt_error *err);

/* log_evidence, post_z, its parts, post_cov, post_kernel, post_q, post_mean, last_layer_z and _cov,
 * post_ess_exponent, at infinite width alone where set is NULL (posterior.c). Errors: PDLT_ERR_INPUT
 * `FILE:LINE: posterior.noise: ...`, a singular K_AA without noise; PDLT_ERR_MEMORY, those of chi.h. */
pdlt_status pdlt_predict_posterior(const pdlt_prediction *p, const pdlt_tensor_set *set,
                                   const pdlt_tensor_doubts *doubts, pdlt_error *err);

/* Why trained networks are not predicted where the posterior alone is asked for; NULL: they are. */
const char *pdlt_predict_posterior_alone(const pdlt_prediction *p);

/* Why hidden layers given the data are not predicted; NULL: they are. */
const char *pdlt_predict_no_hidden_posterior(const pdlt_prediction *p);

/* Kernels of features and what regression with them misses, where measure has features (features.c). */
pdlt_status pdlt_predict_features(const pdlt_prediction *p, const pdlt_trained *trained,
                                  const pdlt_trained_errors *errors, pdlt_error *err);

/* agop_lo, agop_change_lo, agop_nlo and their ends, where measure has features, from mean and covariance that
 * are in the archive already (agop.c). */
pdlt_status pdlt_predict_agop(const pdlt_prediction *p, pdlt_error *err);

/* All of them absent for one reason. */
pdlt_status pdlt_predict_no_features(const pdlt_prediction *p, const char *reason, pdlt_error *err);

/* z_half, its parts, cov_half, Theta_t_half, crossings_half, z_end_half, cov_end_half: activations with a
 * kink (kink.c). */
pdlt_status pdlt_predict_kink(const pdlt_prediction *p, pdlt_error *err);

/* loss_train, loss_test, loss_sample of every time and of the end, as far as mean and
 * covariance are in the archive already (loss.c). */
pdlt_status pdlt_predict_losses(const pdlt_prediction *p, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
