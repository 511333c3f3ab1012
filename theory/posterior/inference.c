/* inference.c - see inference.h: evidence, mean, covariance and kernel of the output layer. */
#include "theory/posterior/inference.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/posterior/internal.h"

static const double log_two_pi = 1.8378770664093454836;

void pdlt_inference_free(pdlt_inference *inference) {
  pdlt_free(inference->storage);
  memset(inference, 0, sizeof *inference);
}

static pdlt_status allocate(pdlt_inference *out, const pdlt_inference_input *in, pdlt_error *err) {
  const size_t D = in->D, count = in->outputs * D, H = in->hidden;
  const size_t square = in->covariance ? count * count : 0;
  const pdlt_status status = pdlt_alloc(
      &out->storage, (3 + PDLT_INFERENCE_PARTS) * count + 3 * square + (2 * H + 1) * D * D + H * D,
      sizeof *out->storage, err);
  if (status != PDLT_OK) return status;
  double *next = out->storage;
  out->D = D, out->A = in->A, out->outputs = in->outputs, out->hidden = H;
  out->z_lo = pdlt_take(&next, count);
  out->z = pdlt_take(&next, count);
  out->last_z = pdlt_take(&next, count);
  out->parts = pdlt_take(&next, PDLT_INFERENCE_PARTS * count);
  out->kernel = pdlt_take(&next, (H + 1) * D * D);
  out->q = pdlt_take(&next, H * D * D);
  out->mean = pdlt_take(&next, H * D);
  if (!in->covariance) return PDLT_OK;
  out->cov_lo = pdlt_take(&next, square);
  out->cov = pdlt_take(&next, square);
  out->last_cov = pdlt_take(&next, square);
  return PDLT_OK;
}

static pdlt_status new_work(pdlt_inference_work *w, const pdlt_inference_input *in,
                            pdlt_error *err) {
  const size_t A = in->A, size = in->D * in->D;
  const pdlt_status status =
      pdlt_alloc(&w->storage, 2 * A * A + in->outputs * A + 6 * size, sizeof *w->storage, err);
  if (status != PDLT_OK) return status;
  double *next = w->storage;
  w->input = in, w->top = &in->layer[in->hidden];
  w->P = pdlt_take(&next, A * A);
  w->U = pdlt_take(&next, A * A);
  w->u = pdlt_take(&next, in->outputs * A);
  double **each[] = {&w->M, &w->R, &w->T, &w->VM, &w->scratch, &w->other};
  for (size_t k = 0; k < sizeof each / sizeof *each; k++) *each[k] = pdlt_take(&next, size);
  return PDLT_OK;
}

/* --- Definitions --- */

/* S = K_AA + s2 into w->scratch; its inverse, and log det S. */
static pdlt_status invert(pdlt_inference_work *w, double err_K, pdlt_error *err) {
  const size_t D = w->input->D, A = w->input->A;
  double *S = w->scratch, *value = w->other, largest = 0;
  pdlt_status status = PDLT_OK;
  for (size_t a = 0; a < A; a++) {
    for (size_t b = 0; b < A; b++) S[a * A + b] = w->top->K[a * D + b];
    S[a * A + a] += w->input->noise;
    w->P[a * A + a] = 1;
  }
  PDLT_TRY(pdlt_symmetric_eigen(A, S, value, NULL, err));
  if (A > 0) largest = fabs(value[A - 1]);
  w->log_det = 0;
  for (size_t a = 0; a < A; a++) {
    if (!(value[a] > (double)A * (err_K + 8 * DBL_EPSILON * largest)))
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "the kernel of the training samples plus the noise is singular (smallest "
                       "eigenvalue %.3g, largest %.3g): samples are equal, or too many for this "
                       "kernel",
                       value[a], largest);
    w->log_det += log(value[a]);
  }
  PDLT_TRY(pdlt_solve_spd(A, S, A, w->P, err));
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < a; b++)
      w->P[a * A + b] = w->P[b * A + a] = 0.5 * (w->P[a * A + b] + w->P[b * A + a]);
cleanup:
  return status;
}

/* u, U, and M = U - n_L P on training samples. */
static void fill_targets(pdlt_inference_work *w) {
  const pdlt_inference_input *in = w->input;
  const size_t D = in->D, A = in->A, n = in->outputs;
  const double trace = (double)n * pdlt_inference_factor(in, PDLT_POSTERIOR_TRACE);
  pdlt_gemm(1, 0, n, A, A, 1, in->y, n, w->P, A, 0, w->u, A);
  pdlt_syrk(1, A, n, 1, w->u, A, 0, w->U, A);
  memset(w->M, 0, D * D * sizeof *w->M);
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) w->M[a * D + b] = w->U[a * A + b] - trace * w->P[a * A + b];
}

/* R = 1 - K_.A P in training columns; in training rows that is s2 P, 0 without noise. */
static void fill_response(pdlt_inference_work *w) {
  const size_t D = w->input->D, A = w->input->A;
  memset(w->R, 0, D * D * sizeof *w->R);
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) w->R[a * D + b] = w->input->noise * w->P[a * A + b];
  pdlt_gemm(0, 0, D - A, A, A, -1, w->top->K + A * D, D, w->P, A, 0, w->R + A * D, D);
  for (size_t mu = A; mu < D; mu++) w->R[mu * D + mu] = 1;
}

/* --- Infinite width --- */

/* E[z|y] of training samples is y - s2 u, of others K_.A u. */
static void fill_mean(pdlt_inference *out, const pdlt_inference_work *w) {
  const pdlt_inference_input *in = w->input;
  const size_t D = in->D, A = in->A, n = in->outputs;
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < A; a++)
      out->z_lo[i * D + a] = in->y[a * n + i] - in->noise * w->u[i * A + a];
  pdlt_gemm(0, 1, n, D - A, A, 1, w->u, A, w->top->K + A * D, D, 0, out->z_lo + A, D);
}

/* Entry (i, beta), (j, gamma) of an array (n_L, D, n_L, D). */
static double *entry(double *cov, size_t n, size_t D, size_t i, size_t beta, size_t j,
                     size_t gamma) {
  return &cov[((i * D + beta) * n + j) * D + gamma];
}

/* R K, the same for every output. */
static void fill_covariance(pdlt_inference *out, pdlt_inference_work *w) {
  const size_t D = w->input->D, A = w->input->A, n = w->input->outputs;
  double *c = w->scratch;
  if (out->cov_lo == NULL) return;
  pdlt_gemm(0, 0, D, D, D, 1, w->R, D, w->top->K, D, 0, c, D);
  for (size_t beta = 0; beta < D; beta++)
    for (size_t gamma = 0; gamma < beta; gamma++) {
      const double turned = c[gamma * D + beta]; /* of a training row, exactly 0 without noise */
      const double x = beta >= A && gamma < A ? turned : 0.5 * (c[beta * D + gamma] + turned);
      c[beta * D + gamma] = c[gamma * D + beta] = x;
    }
  for (size_t i = 0; i < n; i++)
    for (size_t beta = 0; beta < D; beta++)
      memcpy(entry(out->cov_lo, n, D, i, beta, i, 0), c + beta * D, D * sizeof *c);
}

static double log_evidence(const pdlt_inference_work *w) {
  const pdlt_inference_input *in = w->input;
  const size_t A = in->A, n = in->outputs;
  double square = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t a = 0; a < A; a++) square += in->y[a * n + i] * w->u[i * A + a];
  return -0.5 * (square + (double)n * (w->log_det + (double)A * log_two_pi));
}

/* --- Order 1/width --- */

void pdlt_inference_learning(const pdlt_inference_work *w, const pdlt_inference_layer *layer,
                             const double *M, double *to) {
  const size_t size = w->input->D * w->input->D;
  memset(to, 0, size * sizeof *to);
  if (layer->V != NULL) pdlt_gemv(0, size, size, 0.5, layer->V, size, M, 0, to);
}

/* V_(ma)(bn) P_ab times the factor of vertex. */
static void fill_vertex(pdlt_inference_work *w) {
  const size_t D = w->input->D, A = w->input->A;
  const double factor = pdlt_inference_factor(w->input, PDLT_POSTERIOR_VERTEX);
  memset(w->T, 0, D * D * sizeof *w->T);
  if (w->top->V == NULL) return;
  for (size_t mu = 0; mu < D; mu++)
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++) {
        const double p = factor * w->P[a * A + b];
        const double *v = w->top->V + ((mu * D + a) * D + b) * D;
        for (size_t nu = 0; nu < D; nu++) w->T[mu * D + nu] += p * v[nu];
      }
}

/* sum_ab X_ab Y_ab over training samples; X (ldx), Y (D). */
static double contract(size_t A, const double *x, size_t ldx, const double *y, size_t D) {
  double sum = 0;
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) sum += x[a * ldx + b] * y[a * D + b];
  return sum;
}

static void add_evidence(pdlt_inference *out, const pdlt_inference_work *w) {
  const size_t D = w->input->D, A = w->input->A;
  const double mvm = 2 * contract(A, w->M, D, w->VM, D);
  const double first = w->top->G1 == NULL ? 0 : contract(A, w->M, D, w->top->G1, D);
  out->ess = 0.25 * mvm;
  out->log = 0.5 * pdlt_inference_factor(w->input, PDLT_POSTERIOR_KERNEL) * first +
             0.125 * pdlt_inference_factor(w->input, PDLT_POSTERIOR_LEARNING) * mvm -
             0.5 * contract(A, w->U, A, w->T, D) +
             0.25 * (double)w->input->outputs * contract(A, w->P, A, w->T, D);
}

/* to (n_L, D) = scale R X u. */
static void respond(const pdlt_inference_work *w, double scale, const double *X, double *to) {
  const size_t D = w->input->D, A = w->input->A, n = w->input->outputs;
  double *room = w->other; /* X u of one output at a time */
  for (size_t i = 0; i < n; i++) {
    for (size_t mu = 0; mu < D; mu++) {
      room[mu] = 0;
      for (size_t a = 0; a < A; a++) room[mu] += X[mu * D + a] * w->u[i * A + a];
    }
    pdlt_gemv(0, D, D, scale, w->R, D, room, 0, to + i * D);
  }
}

static void add_mean(pdlt_inference *out, const pdlt_inference_work *w) {
  const size_t count = w->input->outputs * w->input->D;
  double *part = out->parts;
  const pdlt_posterior_factors *f = w->input->factors;
  if (w->top->G1 != NULL)
    respond(w, f == NULL ? 1 : f->factor[PDLT_POSTERIOR_KERNEL], w->top->G1, part);
  respond(w, -1, w->T, part + count);
  respond(w, f == NULL ? 1 : f->factor[PDLT_POSTERIOR_LEARNING], w->VM, part + 2 * count);
  for (size_t k = 0; k < count; k++) {
    out->last_z[k] = part[k] + part[count + k];
    out->z[k] = out->last_z[k] + part[2 * count + k];
  }
}

/* Block (i, j) of cov += R X R^T, X in w->other, which is lost. */
static void add_block(const pdlt_inference_work *w, double *cov, size_t i, size_t j) {
  const size_t D = w->input->D, n = w->input->outputs;
  pdlt_gemm(0, 0, D, D, D, 1, w->R, D, w->other, D, 0, w->scratch, D);
  pdlt_gemm(0, 1, D, D, D, 1, w->scratch, D, w->R, D, 1, entry(cov, n, D, i, 0, j, 0), n * D);
}

/* w->other = V_(ma)(nb) u_ia u_jb, times the factor of wiring. */
static void fill_wiring(const pdlt_inference_work *w, size_t i, size_t j) {
  const size_t D = w->input->D, A = w->input->A;
  const double factor = pdlt_inference_factor(w->input, PDLT_POSTERIOR_WIRING);
  const double *u = w->u + i * A, *v = w->u + j * A;
  memset(w->other, 0, D * D * sizeof *w->other);
  if (w->top->V == NULL) return;
  for (size_t mu = 0; mu < D; mu++)
    for (size_t a = 0; a < A; a++)
      for (size_t nu = 0; nu < D; nu++) {
        const double *V = w->top->V + ((mu * D + a) * D + nu) * D;
        double sum = 0;
        for (size_t b = 0; b < A; b++) sum += V[b] * v[b];
        w->other[mu * D + nu] += factor * u[a] * sum;
      }
}

static void add_covariance(pdlt_inference *out, const pdlt_inference_work *w) {
  const size_t D = w->input->D, n = w->input->outputs, size = D * D;
  const double first = pdlt_inference_factor(w->input, PDLT_POSTERIOR_KERNEL);
  const double learned = pdlt_inference_factor(w->input, PDLT_POSTERIOR_LEARNING);
  if (out->cov == NULL) return;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) {
      fill_wiring(w, i, j);
      for (size_t k = 0; k < size && i == j; k++)
        w->other[k] += (w->top->G1 == NULL ? 0 : first * w->top->G1[k]) - w->T[k];
      add_block(w, out->last_cov, i, j);
      for (size_t k = 0; k < size && i < j; k++)
        *entry(out->last_cov, n, D, j, k % D, i, k / D) =
            *entry(out->last_cov, n, D, i, k / D, j, k % D);
    }
  memcpy(out->cov, out->last_cov, n * D * n * D * sizeof *out->cov);
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < size; k++) w->other[k] = learned * w->VM[k];
    add_block(w, out->cov, i, i);
  }
}

static void add_kernel(pdlt_inference *out, const pdlt_inference_work *w) {
  const size_t size = w->input->D * w->input->D;
  const double first = pdlt_inference_factor(w->input, PDLT_POSTERIOR_KERNEL);
  const double learned = pdlt_inference_factor(w->input, PDLT_POSTERIOR_LEARNING);
  double *J = out->kernel + w->input->hidden * size;
  for (size_t k = 0; k < size; k++)
    J[k] = (w->top->G1 == NULL ? 0 : first * w->top->G1[k]) + learned * w->VM[k];
}

static void add_first_order(pdlt_inference *out, pdlt_inference_work *w) {
  pdlt_inference_learning(w, w->top, w->M, w->VM);
  fill_vertex(w);
  add_evidence(out, w);
  add_mean(out, w);
  add_covariance(out, w);
  add_kernel(out, w);
  pdlt_inference_hidden(out, w);
}

pdlt_status pdlt_inference_new(pdlt_inference *out, const pdlt_inference_input *input, double err_K,
                               pdlt_error *err) {
  pdlt_inference made = {0};
  pdlt_inference_work w = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(allocate(&made, input, err));
  PDLT_TRY(new_work(&w, input, err));
  PDLT_TRY(invert(&w, err_K, err));
  fill_targets(&w);
  fill_response(&w);
  made.log_lo = log_evidence(&w);
  fill_mean(&made, &w);
  fill_covariance(&made, &w);
  if (input->order > 0) add_first_order(&made, &w);
  *out = made;
  made.storage = NULL;
cleanup:
  pdlt_inference_free(&made);
  pdlt_free(w.storage);
  return status;
}
