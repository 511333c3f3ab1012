/* kernel.c - see kernel.h. */
#include "theory/infinite/kernel.h"

#include <float.h>
#include <math.h>

#include "base/core/memory.h"
#include "theory/gauss/correlation.h"
#include "theory/gauss/expectation.h"
#include "theory/gauss/hermite.h"

enum { MOMENTS = 4 };

/* What one layer needs of each sample, and how its averages react to an error of K. */
typedef struct layer_work {
  const pdlt_activation *act;
  pdlt_activation_traits traits;
  int closed; /* 1: closed forms, no series */
  size_t D;
  double tolerance;
  pdlt_hermite_series *s, *ds;    /* (D) series of sigma, sigma' */
  double (*moment)[MOMENTS];      /* (D) <(sigma^(k))^2> */
  double *row_err_s, *row_err_ds; /* (D) largest error in a row of <s1 s2>, <s1' s2'> */
  pdlt_status *row_status;        /* (D) */
  pdlt_error *row_error;          /* (D) */
} layer_work;

static void layer_work_clear(layer_work *work) {
  for (size_t i = 0; i < work->D && !work->closed; i++) {
    if (work->s) pdlt_hermite_series_free(&work->s[i]);
    if (work->ds) pdlt_hermite_series_free(&work->ds[i]);
  }
}

static void layer_work_free(layer_work *work) {
  layer_work_clear(work);
  pdlt_free(work->s);
  pdlt_free(work->ds);
  pdlt_free(work->moment);
  pdlt_free(work->row_err_s);
  pdlt_free(work->row_err_ds);
  pdlt_free(work->row_status);
  pdlt_free(work->row_error);
}

static pdlt_status layer_work_new(layer_work *work, const pdlt_kernel_settings *settings, size_t D,
                                  pdlt_error *err) {
  const pdlt_activation *act = &settings->activation;
  pdlt_status status = PDLT_OK;
  work->act = act;
  work->traits = pdlt_activation_get_traits(act);
  work->closed = pdlt_expectation_has_closed(act, 0, 0) && pdlt_expectation_has_closed(act, 1, 1);
  work->D = D;
  work->tolerance = settings->tolerance;
  PDLT_TRY(pdlt_alloc(&work->s, D, sizeof *work->s, err));
  PDLT_TRY(pdlt_alloc(&work->ds, D, sizeof *work->ds, err));
  PDLT_TRY(pdlt_alloc(&work->moment, D, sizeof *work->moment, err));
  PDLT_TRY(pdlt_alloc(&work->row_err_s, D, sizeof *work->row_err_s, err));
  PDLT_TRY(pdlt_alloc(&work->row_err_ds, D, sizeof *work->row_err_ds, err));
  PDLT_TRY(pdlt_alloc(&work->row_status, D, sizeof *work->row_status, err));
  PDLT_TRY(pdlt_alloc(&work->row_error, D, sizeof *work->row_error, err));
cleanup:
  return status;
}

/* Series and moments of sample i at variance k. */
static pdlt_status prepare_sample(layer_work *work, size_t i, double k, pdlt_error *err) {
  if (!isfinite(k))
    return pdlt_fail(err, PDLT_ERR_NUMERIC, "the kernel is not finite: it explodes with depth");
  const int orders = work->traits.smooth ? MOMENTS : 2;
  for (int p = 0; p < orders; p++) {
    pdlt_value value;
    if (work->closed)
      value = pdlt_expectation_pair_closed(work->act, p, p, k, k, k);
    else {
      /* Only the size of an error depends on these. */
      const pdlt_status status = pdlt_expectation_single(&value, work->act, p, p, k, 1e-4, err);
      if (status != PDLT_OK) return status;
    }
    work->moment[i][p] = value.value;
  }
  if (work->closed) return PDLT_OK;
  pdlt_status status = pdlt_hermite_series_new(&work->s[i], work->act, 0, k, work->tolerance, err);
  if (status == PDLT_OK)
    status = pdlt_hermite_series_new(&work->ds[i], work->act, 1, k, work->tolerance, err);
  return status;
}

static pdlt_status prepare(layer_work *work, const double *K, int threads, pdlt_error *err) {
  const long D = (long)work->D;
  layer_work_clear(work);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (long i = 0; i < D; i++)
    work->row_status[i] = prepare_sample(work, (size_t)i, K[i * (D + 1)], &work->row_error[i]);
  for (long i = 0; i < D; i++)
    if (work->row_status[i] != PDLT_OK)
      return pdlt_fail(err, work->row_status[i], "%s", work->row_error[i].message);
  return PDLT_OK;
}

/* Error of <s1' s2'> of a kinked activation from an error err_K of the kernel: the
 * angle between samples moves by d rho/sqrt(1 - rho^2), at most sqrt(2 d rho). */
static double kink_error(const pdlt_activation_traits *traits, double k11, double k12, double k22,
                         double err_K) {
  const double d = (traits->a_plus - traits->a_minus) / 2;
  const double rho = pdlt_correlation(k11, k12, k22), norm = sqrt(k11) * sqrt(k22);
  if (d == 0 || norm == 0) return 0;
  const double slip = 2 * err_K / norm, cosine = sqrt((1 - rho) * (1 + rho));
  return d * d * fmin(1, fmin(slip / cosine, sqrt(2 * slip)));
}

/* <s1 s2> and <s1' s2'> of the pair (i, j) into *ss, *dd. */
static void pair_averages(const layer_work *work, const double *K, double err_K, size_t i, size_t j,
                          pdlt_value *ss, pdlt_value *dd) {
  const size_t D = work->D;
  const double k11 = K[i * D + i], k12 = K[i * D + j], k22 = K[j * D + j];
  if (work->closed) {
    *ss = pdlt_expectation_pair_closed(work->act, 0, 0, k11, k12, k22);
    *dd = pdlt_expectation_pair_closed(work->act, 1, 1, k11, k12, k22);
    if (!work->traits.smooth && i != j)
      dd->error += kink_error(&work->traits, k11, k12, k22, err_K);
    if (!work->traits.smooth && i == j) dd->error = 4 * DBL_EPSILON * dd->value;
    return;
  }
  const double rho = i == j ? 1 : pdlt_correlation(k11, k12, k22);
  ss->value = pdlt_hermite_pair(&work->s[i], &work->s[j], rho);
  dd->value = pdlt_hermite_pair(&work->ds[i], &work->ds[j], rho);
  ss->error = pdlt_hermite_pair_error(&work->s[i], &work->s[j]);
  dd->error = pdlt_hermite_pair_error(&work->ds[i], &work->ds[j]);
}

static double row_largest(const double *row, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(row[i]));
  return largest;
}

/* Errors of layer l+1 (index l) from those of layer l: quadrature, the reaction of the
 * averages to an error of K (d<fg>/dK_12 = <f'g'>, d<fg>/dK_11 = <f''g>/2, bounded by
 * Cauchy-Schwarz), and rounding. */
static void propagate_errors(pdlt_kernel_layers *layers, const layer_work *work, int l,
                             const pdlt_layer *layer) {
  const size_t D = layers->D, size = D * D;
  const double C = layer->C_W, lambda = layer->lambda_W;
  const double *K = layers->K + (size_t)(l - 1) * size;
  double m[MOMENTS] = {0}, k_max = 0, k_min = INFINITY;
  for (size_t i = 0; i < D; i++) {
    for (int p = 0; p < MOMENTS; p++) m[p] = fmax(m[p], work->moment[i][p]);
    k_max = fmax(k_max, K[i * D + i]);
    if (K[i * D + i] > 0) k_min = fmin(k_min, K[i * D + i]);
  }
  const int smooth = work->traits.smooth;
  const double react_s = smooth ? m[1] + sqrt(m[0] * m[2]) : m[1] * (1 + sqrt(k_max / k_min));
  const double react_ds = smooth ? m[2] + sqrt(m[1] * m[3]) : 0; /* kinks: in row_err_ds */
  const double err_K = layers->layer_err_K[l - 1], err_theta = layers->layer_err_theta[l - 1];
  const double err_s = row_largest(work->row_err_s, D) + react_s * err_K;
  const double err_ds = row_largest(work->row_err_ds, D) + react_ds * err_K;
  const double theta = row_largest(layers->theta + (size_t)(l - 1) * size, size);
  layers->layer_err_K[l] =
      C * err_s + 2 * DBL_EPSILON * row_largest(layers->K + (size_t)l * size, size);
  layers->layer_err_theta[l] =
      lambda * err_s + C * (theta * err_ds + m[1] * err_theta) +
      4 * DBL_EPSILON * row_largest(layers->theta + (size_t)l * size, size);
}

/* Layer l+1 (index l) from layer l. */
static void next_layer(pdlt_kernel_layers *layers, layer_work *work, int l, const pdlt_layer *layer,
                       int threads) {
  const size_t D = layers->D, size = D * D;
  const double C_b = layer->C_b, C_W = layer->C_W;
  const double lambda_b = layer->lambda_b, lambda_W = layer->lambda_W;
  const double *K = layers->K + (size_t)(l - 1) * size;
  const double *theta = layers->theta + (size_t)(l - 1) * size;
  double *K_next = layers->K + (size_t)l * size, *theta_next = layers->theta + (size_t)l * size;
  const double err_K = layers->layer_err_K[l - 1];
  const long rows = (long)D;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (long row = 0; row < rows; row++) {
    const size_t i = (size_t)row;
    double err_s = 0, err_ds = 0;
    for (size_t j = i; j < D; j++) {
      pdlt_value ss, dd;
      pair_averages(work, K, err_K, i, j, &ss, &dd);
      K_next[i * D + j] = K_next[j * D + i] = C_b + C_W * ss.value;
      theta_next[i * D + j] = theta_next[j * D + i] =
          lambda_b + lambda_W * ss.value + C_W * (dd.value * theta[i * D + j]);
      err_s = fmax(err_s, ss.error);
      err_ds = fmax(err_ds, dd.error);
    }
    work->row_err_s[i] = err_s;
    work->row_err_ds[i] = err_ds;
  }
}

static void first_layer(pdlt_kernel_layers *layers, const pdlt_layer *layer, const double *x,
                        int threads) {
  const size_t D = layers->D, inputs = layer->in;
  const double C_b = layer->C_b, C_W = layer->C_W;
  const double lambda_b = layer->lambda_b, lambda_W = layer->lambda_W;
  const long rows = (long)D;
  /* Plain dot products: the bits of an entry must not depend on the other samples. */
#pragma omp parallel for num_threads(threads) schedule(dynamic)
  for (long row = 0; row < rows; row++) {
    const size_t i = (size_t)row;
    for (size_t j = i; j < D; j++) {
      double dot = 0;
      for (size_t k = 0; k < inputs; k++) dot += x[i * inputs + k] * x[j * inputs + k];
      dot /= (double)inputs;
      layers->K[i * D + j] = layers->K[j * D + i] = C_b + C_W * dot;
      layers->theta[i * D + j] = layers->theta[j * D + i] = lambda_b + lambda_W * dot;
    }
  }
  const double rounding = DBL_EPSILON * (2 + (double)inputs);
  layers->layer_err_K[0] = rounding * row_largest(layers->K, D * D);
  layers->layer_err_theta[0] = rounding * row_largest(layers->theta, D * D);
}

static pdlt_status check_input(const pdlt_kernel_settings *settings, pdlt_error *err) {
  if (settings->depth < 1 || settings->layer[0].in < 1 || settings->threads < 1)
    return pdlt_fail(err, PDLT_ERR_INPUT, "kernels need depth, inputs and threads of at least 1");
  for (int l = 1; l <= settings->depth; l++) {
    const pdlt_layer *x = &settings->layer[l - 1];
    if (!(x->C_b >= 0 && x->C_W >= 0 && x->lambda_b >= 0 && x->lambda_W >= 0))
      return pdlt_fail(err, PDLT_ERR_INPUT, "layer %d: C_b, C_W and lambda must not be negative",
                       l);
  }
  return PDLT_OK;
}

static pdlt_status allocate(pdlt_kernel_layers *out, int depth, size_t D, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t layers = (size_t)depth;
  out->depth = depth;
  out->D = D;
  PDLT_TRY(pdlt_alloc(&out->K, layers * D, D * sizeof *out->K, err));
  PDLT_TRY(pdlt_alloc(&out->theta, layers * D, D * sizeof *out->theta, err));
  PDLT_TRY(pdlt_alloc(&out->layer_err_K, layers, sizeof *out->layer_err_K, err));
  PDLT_TRY(pdlt_alloc(&out->layer_err_theta, layers, sizeof *out->layer_err_theta, err));
cleanup:
  return status;
}

pdlt_status pdlt_kernel_layers_new(pdlt_kernel_layers *out, const pdlt_kernel_settings *settings,
                                   size_t D, const double *x, pdlt_error *err) {
  const pdlt_layer *layer = settings->layer;
  const int depth = settings->depth, threads = settings->threads;
  pdlt_status status = PDLT_OK;
  pdlt_kernel_layers layers = {0};
  layer_work work = {0};
  PDLT_TRY(check_input(settings, err));
  PDLT_TRY(allocate(&layers, depth, D, err));
  PDLT_TRY(layer_work_new(&work, settings, D, err));
  pdlt_progress_start(settings->progress, "kernels", depth, 0);
  first_layer(&layers, &layer[0], x, threads);
  for (int l = 1; l < depth; l++) {
    pdlt_progress_update(settings->progress, l);
    status = prepare(&work, layers.K + (size_t)(l - 1) * D * D, threads, err);
    if (status != PDLT_OK) {
      const pdlt_error inner = err ? *err : (pdlt_error){0};
      PDLT_TRY(pdlt_fail(err, status, "layer %d: %s", l + 1, inner.message));
    }
    next_layer(&layers, &work, l, &layer[l], threads);
    propagate_errors(&layers, &work, l, &layer[l]);
  }
  for (size_t i = 0; i < D * D; i++)
    if (!isfinite(layers.K[(size_t)(depth - 1) * D * D + i]) ||
        !isfinite(layers.theta[(size_t)(depth - 1) * D * D + i]))
      PDLT_TRY(pdlt_fail(err, PDLT_ERR_NUMERIC, "layer %d: kernel or NTK is not finite", depth));
  layers.err_K = layers.layer_err_K[depth - 1];
  layers.err_theta = layers.layer_err_theta[depth - 1];
  pdlt_progress_update(settings->progress, depth);
  pdlt_progress_finish(settings->progress);
  *out = layers;
  layers = (pdlt_kernel_layers){0};
cleanup:
  layer_work_free(&work);
  pdlt_kernel_layers_free(&layers);
  return status;
}

void pdlt_kernel_layers_free(pdlt_kernel_layers *layers) {
  pdlt_free(layers->K);
  pdlt_free(layers->theta);
  pdlt_free(layers->layer_err_K);
  pdlt_free(layers->layer_err_theta);
  *layers = (pdlt_kernel_layers){0};
}
