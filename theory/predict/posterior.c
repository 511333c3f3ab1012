/* posterior.c - Bayesian inference with the network at initialization as the prior, as arrays.
 *
 * Is: what theory/posterior/inference.h makes, from kernels and tensors of every layer; why a part is absent.
 * Is not: the equations (docs/posterior.md). */
#include <math.h>
#include <stdio.h>

#include "base/core/memory.h"
#include "theory/posterior/inference.h"
#include "theory/predict/internal.h"

static const double max_covariance_bytes = 512.0 * 1024 * 1024;
static const double max_vertex_bytes = 1024.0 * 1024 * 1024;

static const char *const covariances[] = {"post_cov_lo", "post_cov_nlo", "last_layer_cov_nlo"};
static const char *const hidden_names[] = {"post_q_lo", "post_q_nlo", "post_mean_nlo"};
static const char *const first_names[] = {
    "log_evidence_nlo", "post_z_nlo",       "post_cov_nlo",       "post_kernel_nlo",  "post_q_nlo",
    "post_mean_nlo",    "last_layer_z_nlo", "last_layer_cov_nlo", "post_ess_exponent"};

/* Inputs of one inference; owned but for what layers borrow. */
typedef struct inputs {
  pdlt_inference_input in;
  pdlt_inference_layer *layer; /* (hidden + 1) */
  pdlt_inference_doubt *doubt;
  pdlt_chi *chi; /* (hidden) */
} inputs;

static void free_inputs(inputs *x) {
  for (size_t k = 0; x->chi != NULL && k < x->in.hidden; k++) pdlt_chi_free(&x->chi[k]);
  pdlt_free(x->chi);
  pdlt_free(x->layer);
  pdlt_free(x->doubt);
}

const char *pdlt_predict_posterior_alone(const pdlt_prediction *p) {
  return (p->ex->measure & PDLT_MEASURE_POSTERIOR) != 0
             ? "not asked for: measure: [posterior] is of Bayesian inference, and nothing is "
               "trained"
             : NULL;
}

const char *pdlt_predict_no_hidden_posterior(const pdlt_prediction *p) {
  const double D = (double)p->kernel->D;
  for (int l = 1; l <= p->ex->network.depth; l++)
    if (p->layer[l - 1].skip != 0 || p->layer[l - 1].kind != PDLT_LAYER_DENSE)
      return "hidden layers given the data are derived for fully connected networks without skip "
             "connections";
  if (D * D * D * D * sizeof(double) * p->ex->network.depth > max_vertex_bytes)
    return "the vertices of all layers would take more than 1 GiB";
  return NULL;
}

/* Layer l of the network as layer k of the inference. */
static pdlt_status fill_layer(const pdlt_prediction *p, const pdlt_tensor_set *set, int l,
                              inputs *x, size_t k, pdlt_error *err) {
  const size_t D = p->kernel->D, last = (size_t)p->ex->network.depth - 1;
  const pdlt_layer *at = &p->layer[l - 1];
  pdlt_inference_layer *layer = &x->layer[k];
  pdlt_inference_doubt *doubt = &x->doubt[k];
  const double width = (double)p->layer[last].in; /* n_{L-1} in units of n */
  layer->K = p->kernel->K + (size_t)(l - 1) * D * D;
  layer->below = l == 1 ? 0 : width / (double)at->in;
  doubt->K.each = p->kernel->layer_err_K[l - 1];
  if (set != NULL && l > 1) {
    layer->G1 = pdlt_tensors_get(set, l, PDLT_TENSOR_G1);
    layer->V = pdlt_tensors_get(set, l, PDLT_TENSOR_V);
    doubt->G1.each = set->layer[l - 1].err[PDLT_TENSOR_G1];
    doubt->V.each = set->layer[l - 1].err[PDLT_TENSOR_V];
  }
  if (l == p->ex->network.depth) return PDLT_OK;
  layer->here = width / (double)at->out;
  layer->C_W = p->layer[l].C_W;
  layer->chi = &x->chi[k];
  return pdlt_chi_new(&x->chi[k], &p->ex->network.activation, D, layer->K, p->ex->theory.tolerance,
                      err);
}

static pdlt_status fill_inputs(const pdlt_prediction *p, const pdlt_tensor_set *set,
                               const pdlt_tensor_doubts *doubts, inputs *x, pdlt_error *err) {
  const int L = p->ex->network.depth,
            with_hidden = set != NULL && pdlt_predict_no_hidden_posterior(p) == NULL;
  const size_t D = p->kernel->D, hidden = with_hidden ? (size_t)L - 1 : 0;
  const double rows = (double)D * p->ex->network.outputs;
  pdlt_status status = PDLT_OK;
  x->in = (pdlt_inference_input){.D = D,
                                 .A = p->data->train,
                                 .outputs = (size_t)p->ex->network.outputs,
                                 .noise = p->ex->posterior.noise,
                                 .y = p->data->y,
                                 .order = set != NULL,
                                 .covariance = rows * rows * sizeof(double) <= max_covariance_bytes,
                                 .hidden = hidden,
                                 .factors = &p->mask->posterior};
  PDLT_TRY(pdlt_alloc(&x->layer, hidden + 1, sizeof *x->layer, err));
  PDLT_TRY(pdlt_alloc(&x->doubt, hidden + 1, sizeof *x->doubt, err));
  PDLT_TRY(pdlt_alloc(&x->chi, hidden + 1, sizeof *x->chi, err));
  x->in.layer = x->layer;
  for (size_t k = 0; k <= hidden; k++)
    PDLT_TRY(fill_layer(p, set, L - (int)(hidden - k), x, k, err));
  pdlt_inference_doubt *top = &x->doubt[hidden];
  top->K.entry = p->kernel->pair_err_K;
  if (set == NULL) return PDLT_OK;
  top->G1 = pdlt_predict_doubt(doubts, PDLT_TENSOR_G1, top->G1.each);
  top->V = pdlt_predict_doubt(doubts, PDLT_TENSOR_V, top->V.each);
cleanup:
  return status;
}

/* NAME and err/NAME. */
static pdlt_status put(const pdlt_prediction *p, const char *name, int ndim, const size_t *dim,
                       const double *from, double error, pdlt_error *err) {
  const pdlt_status status = pdlt_predict_put(p->out, name, ndim, dim, from, err);
  return status == PDLT_OK ? pdlt_predict_error(p->out, name, error, err) : status;
}

static pdlt_status put_infinite(const pdlt_prediction *p, const pdlt_inference *x,
                                const pdlt_inference_errors *e, pdlt_error *err) {
  const size_t dim[4] = {x->outputs, x->D, x->outputs, x->D};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(put(p, "log_evidence_lo", 0, NULL, &x->log_lo, e->log_lo, err));
  PDLT_TRY(put(p, "post_z_lo", 2, dim, x->z_lo, e->z_lo, err));
  if (x->cov_lo != NULL) return put(p, "post_cov_lo", 4, dim, x->cov_lo, e->cov_lo, err);
  return pdlt_predict_all_absent(p->out, covariances, p->ex->theory.order > 0 ? 3 : 1,
                                 "it would need more than 512 MiB", err);
cleanup:
  return status;
}

static pdlt_status put_first(const pdlt_prediction *p, const pdlt_inference *x,
                             const pdlt_inference_errors *e, pdlt_error *err) {
  static const char *const parts[PDLT_INFERENCE_PARTS] = {"kernel", "vertex", "learning"};
  const size_t dim[4] = {x->outputs, x->D, x->outputs, x->D}, square[2] = {x->D, x->D};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(put(p, "log_evidence_nlo", 0, NULL, &x->log, e->log, err));
  PDLT_TRY(put(p, "post_ess_exponent", 0, NULL, &x->ess, e->ess, err));
  PDLT_TRY(put(p, "post_z_nlo", 2, dim, x->z, e->z, err));
  PDLT_TRY(put(p, "last_layer_z_nlo", 2, dim, x->last_z, e->last_z, err));
  PDLT_TRY(
      put(p, "post_kernel_nlo", 2, square, x->kernel + x->hidden * x->D * x->D, e->kernel, err));
  for (size_t k = 0; k < PDLT_INFERENCE_PARTS; k++) {
    char name[64];
    snprintf(name, sizeof name, "post_z_nlo/%s", parts[k]);
    PDLT_TRY(pdlt_predict_put(p->out, name, 2, dim, x->parts + k * x->outputs * x->D, err));
  }
  if (x->cov == NULL) return PDLT_OK;
  PDLT_TRY(put(p, "post_cov_nlo", 4, dim, x->cov, e->cov, err));
  PDLT_TRY(put(p, "last_layer_cov_nlo", 4, dim, x->last_cov, e->last_cov, err));
cleanup:
  return status;
}

/* layer<l>/NAME, with --layers. */
static pdlt_status put_layer(const pdlt_prediction *p, int l, const char *own, int ndim,
                             const double *from, pdlt_error *err) {
  char name[64];
  snprintf(name, sizeof name, "layer%d/%s", l, own);
  return p->options->layers ? pdlt_predict_array(p->out, name, ndim, p->kernel->D, from, err)
                            : PDLT_OK;
}

/* Infinite width of the hidden layers. */
static pdlt_status put_hidden_kernels(const pdlt_prediction *p, pdlt_error *err) {
  const size_t D = p->kernel->D, hidden = (size_t)p->ex->network.depth - 1, dim[3] = {hidden, D, D};
  double error = 0;
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < hidden; k++) {
    error = fmax(error, p->kernel->layer_err_K[k]);
    PDLT_TRY(put_layer(p, (int)k + 1, "post_q_lo", 2, p->kernel->K + k * D * D, err));
  }
  PDLT_TRY(put(p, "post_q_lo", 3, dim, p->kernel->K, error, err));
cleanup:
  return status;
}

static pdlt_status put_hidden(const pdlt_prediction *p, const pdlt_inference *x,
                              const pdlt_inference_errors *e, pdlt_error *err) {
  const size_t D = x->D, dim[3] = {x->hidden, D, D};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(put(p, "post_q_nlo", 3, dim, x->q, e->q, err));
  PDLT_TRY(put(p, "post_mean_nlo", 2, dim, x->mean, e->mean, err));
  for (size_t k = 0; k < x->hidden; k++) {
    PDLT_TRY(put_layer(p, (int)k + 1, "post_q_nlo", 2, x->q + k * D * D, err));
    PDLT_TRY(put_layer(p, (int)k + 1, "post_mean_nlo", 1, x->mean + k * D, err));
  }
  for (size_t k = 0; k <= x->hidden; k++)
    PDLT_TRY(put_layer(p, (int)k + 1, "post_kernel_nlo", 2, x->kernel + k * D * D, err));
cleanup:
  return status;
}

/* What is not there, and why. */
static pdlt_status put_absent(const pdlt_prediction *p, const pdlt_tensor_set *set,
                              pdlt_error *err) {
  const char *hidden = pdlt_predict_no_hidden_posterior(p);
  char reason[PDLT_ERROR_LENGTH];
  pdlt_status status = PDLT_OK;
  if (set == NULL && p->ex->theory.order > 0) {
    const char *missing = pdlt_archive_get(p->out, "V") == NULL ? "V" : "G1";
    pdlt_predict_needs(p->out, missing, reason);
    PDLT_TRY(pdlt_predict_all_absent(p->out, first_names, sizeof first_names / sizeof *first_names,
                                     reason, err));
  }
  if (hidden != NULL)
    PDLT_TRY(pdlt_predict_all_absent(p->out, hidden_names, p->ex->theory.order > 0 ? 3 : 1, hidden,
                                     err));
cleanup:
  return status;
}

pdlt_status pdlt_predict_posterior(const pdlt_prediction *p, const pdlt_tensor_set *set,
                                   const pdlt_tensor_doubts *doubts, pdlt_error *err) {
  inputs x = {.layer = NULL};
  pdlt_inference made = {0};
  pdlt_inference_errors errors = {0};
  pdlt_error why = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(fill_inputs(p, set, doubts, &x, err));
  status = pdlt_inference_new(&made, &x.in, p->kernel->err_K, &why);
  if (status == PDLT_ERR_INPUT)
    PDLT_TRY(pdlt_experiment_fail(p->ex, "posterior.noise", err,
                                  "%g; %s: leave samples out or give a larger noise", x.in.noise,
                                  why.message));
  if (status != PDLT_OK) PDLT_TRY(pdlt_fail(err, status, "%s", why.message));
  PDLT_TRY(pdlt_inference_error(&errors, &made, &x.in, x.doubt, err));
  PDLT_TRY(put_absent(p, set, err));
  PDLT_TRY(put_infinite(p, &made, &errors, err));
  if (set != NULL) PDLT_TRY(put_first(p, &made, &errors, err));
  if (pdlt_predict_no_hidden_posterior(p) == NULL) PDLT_TRY(put_hidden_kernels(p, err));
  if (made.hidden > 0) PDLT_TRY(put_hidden(p, &made, &errors, err));
cleanup:
  pdlt_inference_free(&made);
  free_inputs(&x);
  return status;
}
