/* features.c - see features.h. */
#include "trainer/measure/features.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"

static size_t rows_of(const pdlt_network_features *f) { return pdlt_segment_rows(&f->segment); }

static size_t train_rows(const pdlt_network_features *f) {
  return f->segment.data->outputs * f->segment.data->train;
}

/* Row of all samples that row ia of the training samples is. */
static size_t row_of(const pdlt_network_features *f, size_t ia) {
  const pdlt_samples *data = f->segment.data;
  return ia / data->train * data->samples + ia % data->train;
}

pdlt_status pdlt_network_features_new(pdlt_network_features *out, const pdlt_network *net,
                                      const pdlt_samples *data, pdlt_error *err) {
  pdlt_network_features f = {.storage = NULL};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_segment_new(&f.segment, net, data, err));
  const size_t p = rows_of(&f), q = train_rows(&f);
  const size_t all = pdlt_symmetric_eigen_room(p, 0), train = pdlt_symmetric_eigen_room(q, 1);
  const size_t work = all > train ? all : train;
  PDLT_TRY(
      pdlt_alloc(&f.storage, 2 * p * p + 2 * q * q + 3 * p + q + work, sizeof *f.storage, err));
  double *next = f.storage;
  f.start = pdlt_take(&next, p * p);
  f.kernel = pdlt_take(&next, p * p);
  f.train = pdlt_take(&next, q * q);
  f.vector = pdlt_take(&next, q * q);
  f.way = pdlt_take(&next, p);
  f.part = pdlt_take(&next, p);
  f.value = pdlt_take(&next, p);
  f.solution = pdlt_take(&next, q);
  f.work = pdlt_take(&next, work);
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_network_features_free(&f);
  return status;
}

void pdlt_network_features_free(pdlt_network_features *f) {
  pdlt_segment_free(&f->segment);
  pdlt_free(f->storage);
  *f = (pdlt_network_features){.storage = NULL};
}

/* --- regression --- */

/* train (q, q) = k_AA. */
static void take_train(pdlt_network_features *f, const double *kernel) {
  const size_t p = rows_of(f), q = train_rows(f);
  for (size_t ia = 0; ia < q; ia++)
    for (size_t jb = 0; jb < q; jb++)
      f->train[ia * q + jb] = kernel[row_of(f, ia) * p + row_of(f, jb)];
}

/* Cholesky's factor of k_AA into train: 0 where it is singular. */
static int factor(pdlt_network_features *f, const double *kernel) {
  const size_t q = train_rows(f);
  double largest = 0, least = INFINITY;
  take_train(f, kernel);
  for (size_t i = 0; i < q; i++) largest = fmax(largest, f->train[i * q + i]);
  if (!pdlt_positive_definite(q, f->train)) return 0;
  for (size_t i = 0; i < q; i++) least = fmin(least, f->train[i * q + i] * f->train[i * q + i]);
  return least > PDLT_SEGMENT_SINGULAR * largest;
}

/* solution (q) = pseudo-inverse of k_AA times itself; NaN where k_AA is not finite. */
static void solve_singular(pdlt_network_features *f, const double *kernel) {
  const size_t q = train_rows(f);
  double *x = f->solution, *part = f->part;
  take_train(f, kernel);
  if (pdlt_symmetric_eigen_in(q, f->train, f->value, f->vector, f->work) != 0) {
    for (size_t i = 0; i < q; i++) x[i] = NAN;
    return;
  }
  pdlt_gemv(0, q, q, 1.0, f->vector, q, x, 0.0, part);
  const double least = PDLT_SEGMENT_SINGULAR * f->value[q - 1];
  for (size_t i = 0; i < q; i++) part[i] = f->value[i] > least ? part[i] / f->value[i] : 0;
  pdlt_gemv(1, q, q, 1.0, f->vector, q, part, 0.0, x);
}

/* solution (q) = k_AA^-1 c_A, c (p); 0 where k_AA is singular. */
static int solve(pdlt_network_features *f, const double *kernel, const double *c) {
  const size_t q = train_rows(f);
  const int regular = factor(f, kernel);
  for (size_t ia = 0; ia < q; ia++) f->solution[ia] = c[row_of(f, ia)];
  if (regular)
    pdlt_cholesky_solve(q, f->train, 1, f->solution);
  else
    solve_singular(f, kernel);
  return regular;
}

/* Deviations and their squares, either may be NULL. */
static void deviate(pdlt_network_features *f, const double *kernel, double *deviation,
                    double *square) {
  const pdlt_samples *data = f->segment.data;
  const size_t p = rows_of(f), q = train_rows(f);
  const double *change = f->segment.z[PDLT_SEGMENT_CHANGE];
  const int regular = solve(f, kernel, change);
  for (size_t ia = 0; ia < p; ia++) {
    double x = change[ia];
    for (size_t jb = 0; jb < q; jb++) x -= kernel[ia * p + row_of(f, jb)] * f->solution[jb];
    if (regular && ia % data->samples < data->train) x = 0;
    if (deviation != NULL) deviation[ia] = x;
    if (square != NULL) square[ia] = x * x;
  }
}

/* 1 - c_A^T k_AA^-1 c_A/|d|^2 with c = phi . d, of the secant at hand. */
static double rho2(pdlt_network_features *f, const double *kernel) {
  const size_t q = train_rows(f);
  const double length2 = pdlt_segment_length2(&f->segment);
  double sum = 0;
  if (length2 == 0) return 0;
  pdlt_segment_product(&f->segment, f->way);
  solve(f, kernel, f->way);
  for (size_t ia = 0; ia < q; ia++) sum += f->way[row_of(f, ia)] * f->solution[ia];
  return fmax(0, 1 - sum / length2); /* below 0 by rounding only */
}

/* --- numbers of a kernel --- */

/* y^T k y/(|y|^2 |k|) on the training samples. */
static double alignment(const pdlt_network_features *f, const double *kernel) {
  const size_t p = rows_of(f), q = train_rows(f);
  const double *y = f->segment.data->y_train;
  double along = 0, y2 = 0, k2 = 0;
  for (size_t ia = 0; ia < q; ia++) {
    y2 += y[ia] * y[ia];
    for (size_t jb = 0; jb < q; jb++) {
      const double k = kernel[row_of(f, ia) * p + row_of(f, jb)];
      along += y[ia] * k * y[jb];
      k2 += k * k;
    }
  }
  return y2 > 0 && k2 > 0 ? along / (y2 * sqrt(k2)) : 0;
}

/* Sum over equal outputs of x^T k y; x, y (D), NULL: D numbers 1. */
static double form(const pdlt_network_features *f, const double *kernel, const double *x) {
  const size_t n_L = f->segment.data->outputs, D = f->segment.data->samples, p = n_L * D;
  double sum = 0;
  for (size_t i = 0; i < n_L; i++)
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++)
        sum += (x == NULL ? 1 : x[a] * x[b]) * kernel[(i * D + a) * p + i * D + b];
  return sum;
}

/* Trace of the kernel with rows and columns centred over the samples of an output. */
static double centered_trace(const pdlt_network_features *f, const double *kernel) {
  const size_t p = rows_of(f);
  double trace = -form(f, kernel, NULL) / (double)f->segment.data->samples;
  for (size_t ia = 0; ia < p; ia++) trace += kernel[ia * p + ia];
  return trace;
}

/* out (blocks): change of tr(V k V^T)/tr(k centred), function by function. */
static void weights(const pdlt_network_features *f, const double *kernel, double *out) {
  const double *v = f->blocks.v;
  const double trace = centered_trace(f, kernel), before = centered_trace(f, f->start);
  for (size_t j = 0; j < f->blocks.blocks; j++) {
    out[j] = 0;
    for (size_t i = 0; i < f->blocks.size[j]; i++, v += f->segment.data->samples)
      out[j] += form(f, kernel, v) / trace - form(f, f->start, v) / before;
  }
}

/* Eigenvalues, largest first; NaN where the kernel is not finite. */
static void spectrum(pdlt_network_features *f, const double *kernel, double *out) {
  const size_t p = rows_of(f);
  const int failed = pdlt_symmetric_eigen_in(p, kernel, f->value, NULL, f->work);
  for (size_t i = 0; i < p; i++) out[i] = failed ? NAN : f->value[p - 1 - i];
}

/* --- the whole --- */

void pdlt_network_features_begin(pdlt_network_features *f, const pdlt_stepper *stepper) {
  pdlt_segment_begin(&f->segment, stepper);
  pdlt_segment_features(&f->segment, PDLT_FEATURE_K);
  pdlt_segment_kernel(&f->segment, f->start);
}

void pdlt_network_features_begin_at(pdlt_network_features *f, const double *theta) {
  pdlt_segment_begin_at(&f->segment, theta);
  pdlt_segment_features(&f->segment, PDLT_FEATURE_K);
  pdlt_segment_kernel(&f->segment, f->start);
}

static int wanted(const pdlt_features_numbers *out, pdlt_feature feature) {
  const int of_secant = feature == PDLT_FEATURE_SECANT && out->rho2 != NULL;
  const int of_end = feature == PDLT_FEATURE_K_E && (out->alignment != NULL || out->weight != NULL);
  return out->kernel[feature] != NULL || out->deviation[feature] != NULL ||
         out->square[feature] != NULL || out->eigenvalues[feature] != NULL || of_secant || of_end;
}

/* What is asked for of k_E alone. */
static void measure_end(const pdlt_network_features *f, const double *kernel,
                        const pdlt_features_numbers *out) {
  if (out->alignment != NULL) *out->alignment = alignment(f, kernel) - alignment(f, f->start);
  if (out->weight != NULL) weights(f, kernel, out->weight);
}

static void measure(pdlt_network_features *f, const pdlt_features_numbers *out) {
  const size_t p = rows_of(f);
  for (int i = 0; i < PDLT_FEATURE_COUNT; i++) {
    const pdlt_feature feature = (pdlt_feature)i;
    if (!wanted(out, feature)) continue;
    double *kernel = feature == PDLT_FEATURE_K ? f->start : f->kernel;
    if (feature != PDLT_FEATURE_K) {
      pdlt_segment_features(&f->segment, feature);
      pdlt_segment_kernel(&f->segment, kernel);
    }
    for (size_t k = 0; k < p * p && out->kernel[i] != NULL; k++)
      out->kernel[i][k] = kernel[k] - f->start[k];
    if (out->deviation[i] != NULL || out->square[i] != NULL)
      deviate(f, kernel, out->deviation[i], out->square[i]);
    if (out->eigenvalues[i] != NULL) spectrum(f, kernel, out->eigenvalues[i]);
    if (feature == PDLT_FEATURE_SECANT && out->rho2 != NULL) *out->rho2 = rho2(f, kernel);
    if (feature == PDLT_FEATURE_K_E) measure_end(f, kernel, out);
  }
}

void pdlt_network_features_measure(pdlt_network_features *f, const pdlt_stepper *stepper,
                                   const pdlt_features_numbers *out) {
  pdlt_segment_reach(&f->segment, stepper);
  measure(f, out);
}

void pdlt_network_features_of(pdlt_network_features *f, const double *theta,
                              const pdlt_features_numbers *out) {
  pdlt_segment_reach_at(&f->segment, theta);
  measure(f, out);
}
