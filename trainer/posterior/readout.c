/* readout.c - see readout.h. */
#include "trainer/posterior/readout.h"

#include <math.h>

#include "base/core/memory.h"

#define LOG_TWO_PI 1.8378770664093454836

pdlt_status pdlt_readout_new(pdlt_readout *out, const pdlt_samples *data, double noise,
                             pdlt_error *err) {
  const size_t N = data->train, D = data->samples, outputs = data->outputs;
  pdlt_readout readout = {
      .train = N, .samples = D, .outputs = outputs, .noise = noise, .y = data->y_train};
  const pdlt_status status = pdlt_alloc(
      &readout.storage, outputs * D + D * D + N * N + N * (outputs + D), sizeof(double), err);
  if (status != PDLT_OK) return status;
  double *next = readout.storage;
  readout.m = pdlt_take(&next, outputs * D);
  readout.c = pdlt_take(&next, D * D);
  readout.factor = pdlt_take(&next, N * N);
  readout.right = pdlt_take(&next, N * (outputs + D));
  *out = readout;
  return PDLT_OK;
}

void pdlt_readout_free(pdlt_readout *readout) {
  pdlt_free(readout->storage);
  *readout = (pdlt_readout){0};
}

/* Lower factor of Khat_AA + s2; the logarithm of its determinant, or NAN. */
static double factorize(pdlt_readout *r, const double *kernel) {
  const size_t N = r->train, D = r->samples;
  double *f = r->factor, log_det = 0;
  for (size_t a = 0; a < N; a++)
    for (size_t b = 0; b <= a; b++) {
      double x = kernel[a * D + b] + (a == b ? r->noise : 0);
      for (size_t k = 0; k < b; k++) x -= f[a * N + k] * f[b * N + k];
      if (a > b) {
        f[a * N + b] = x / f[b * N + b];
        continue;
      }
      /* what rounding leaves of a 0 is not positive */
      if (!(x > 1e-14 * (kernel[a * D + a] + r->noise))) return NAN;
      f[a * N + a] = sqrt(x);
      log_det += log(x);
    }
  return log_det;
}

/* Columns first..last of right become factor^-1 of themselves. */
static void solve(pdlt_readout *r, size_t first, size_t last) {
  const size_t N = r->train, columns = r->outputs + r->samples;
  for (size_t a = 0; a < N; a++) {
    double *row = r->right + a * columns;
    for (size_t k = 0; k < a; k++) {
      const double f = r->factor[a * N + k], *above = r->right + k * columns;
      for (size_t i = first; i < last; i++) row[i] -= f * above[i];
    }
    for (size_t i = first; i < last; i++) row[i] /= r->factor[a * N + a];
  }
}

/* m and c, with right solved. */
static void take_moments(pdlt_readout *r, const double *kernel) {
  const size_t N = r->train, D = r->samples, outputs = r->outputs, columns = outputs + D;
  for (size_t a = 0; a < D; a++) {
    const int exact = r->noise == 0 && a < N;
    for (size_t i = 0; i < outputs; i++) {
      double sum = 0;
      for (size_t k = 0; k < N; k++)
        sum += r->right[k * columns + outputs + a] * r->right[k * columns + i];
      r->m[i * D + a] = exact ? r->y[i * N + a] : sum;
    }
    for (size_t b = a; b < D; b++) {
      double rest = kernel[a * D + b];
      for (size_t k = 0; k < N; k++)
        rest -= r->right[k * columns + outputs + a] * r->right[k * columns + outputs + b];
      r->c[a * D + b] = r->c[b * D + a] = exact ? 0 : rest;
    }
  }
}

double pdlt_readout_weigh(pdlt_readout *r, const double *kernel, int moments) {
  const size_t N = r->train, D = r->samples, outputs = r->outputs, columns = outputs + D;
  const double log_det = factorize(r, kernel);
  double squares = 0;
  if (isnan(log_det)) return NAN;
  for (size_t a = 0; a < N; a++) {
    for (size_t i = 0; i < outputs; i++) r->right[a * columns + i] = r->y[i * N + a];
    for (size_t b = 0; b < D && moments; b++)
      r->right[a * columns + outputs + b] = kernel[a * D + b];
  }
  solve(r, 0, moments ? columns : outputs);
  for (size_t a = 0; a < N; a++)
    for (size_t i = 0; i < outputs; i++)
      squares += r->right[a * columns + i] * r->right[a * columns + i];
  if (moments) take_moments(r, kernel);
  return -0.5 * (squares + (double)outputs * (log_det + (double)N * LOG_TWO_PI));
}
