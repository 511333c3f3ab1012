/* truth.c - see truth.h. */
#include "datasets/truth.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"

static const double pi = 3.14159265358979323846;

/* Of a function whose values are of the order of 1, what is left of it that is no more than rounding. */
static const double nothing = 1e-10;

/* Of a trace what centring leaves of a kernel that is constant. */
static const double rounding = 1e-13;

void pdlt_truth_free(pdlt_truth *truth) {
  pdlt_free(truth->size);
  pdlt_free(truth->family);
  pdlt_free(truth->label);
  pdlt_free(truth->v);
  *truth = (pdlt_truth){0};
}

static pdlt_status allocate(pdlt_truth *t, size_t blocks, size_t functions, size_t D,
                            pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  t->samples = D;
  PDLT_TRY(pdlt_alloc(&t->size, blocks, sizeof *t->size, err));
  PDLT_TRY(pdlt_alloc(&t->family, blocks, sizeof *t->family, err));
  PDLT_TRY(pdlt_alloc(&t->label, blocks, sizeof *t->label, err));
  PDLT_TRY(pdlt_alloc(&t->v, functions * D, sizeof *t->v, err));
cleanup:
  return status;
}

static double norm_of(const double *f, size_t D) {
  double sum = 0;
  for (size_t a = 0; a < D; a++) sum += f[a] * f[a];
  return sqrt(sum);
}

static void subtract_mean(double *f, size_t D) {
  double mean = 0;
  for (size_t a = 0; a < D; a++) mean += f[a] / (double)D;
  for (size_t a = 0; a < D; a++) f[a] -= mean;
}

static void subtract_projection(double *f, const double *v, size_t D) {
  double product = 0;
  for (size_t a = 0; a < D; a++) product += f[a] * v[a];
  for (size_t a = 0; a < D; a++) f[a] -= product * v[a];
}

/* The function that stands behind the last one joins the last block, unless nothing new is left of it. Twice,
 * because the first time leaves rounding of the size of what was taken away. scale: of its norm before. */
static void join_block(pdlt_truth *t, double scale) {
  const size_t D = t->samples, last = t->blocks - 1;
  double *f = t->v + t->functions * D;
  for (int pass = 0; pass < 2; pass++) {
    subtract_mean(f, D);
    for (size_t k = t->functions - t->size[last]; k < t->functions; k++)
      subtract_projection(f, t->v + k * D, D);
  }
  const double norm = norm_of(f, D);
  if (!(norm > nothing * scale)) return;
  for (size_t a = 0; a < D; a++) f[a] /= norm;
  t->size[last]++;
  t->functions++;
}

static pdlt_truth_label *begin_block(pdlt_truth *t, pdlt_truth_family family) {
  t->family[t->blocks] = family;
  return &t->label[t->blocks++];
}

static pdlt_status make_inputs(pdlt_truth *t, size_t count, const int *chosen, size_t D,
                               size_t inputs, const double *x, pdlt_error *err) {
  const pdlt_status status = allocate(t, count, count, D, err);
  for (size_t k = 0; status == PDLT_OK && k < count; k++) {
    const size_t i = chosen != NULL ? (size_t)chosen[k] : k;
    double *f = t->v + t->functions * D;
    snprintf(begin_block(t, PDLT_FAMILY_FIRST)->text, PDLT_TRUTH_LABEL, "x_%zu", i);
    for (size_t a = 0; a < D; a++) f[a] = x[a * inputs + i];
    join_block(t, norm_of(f, D));
  }
  return status;
}

/* Where the largest of p numbers is; p when it is not alone. */
static size_t find_hot(const double *x, size_t p) {
  size_t hot = 0, equal = 0;
  for (size_t k = 1; k < p; k++)
    if (x[k] > x[hot]) hot = k;
  for (size_t k = 0; k < p; k++) equal += x[k] == x[hot];
  return equal == 1 ? hot : p;
}

static pdlt_status find_pairs(size_t *pair, const pdlt_experiment *ex, size_t p, size_t D,
                              const double *x, pdlt_error *err) {
  for (size_t s = 0; s < D; s++)
    for (size_t half = 0; half < 2; half++) {
      const size_t hot = find_hot(x + (2 * s + half) * p, p);
      if (hot == p)
        return pdlt_experiment_fail(ex, "features.truth", err,
                                    "sample %zu does not say which numbers it adds, after center; "
                                    "leave center out or train on more samples",
                                    s + 1);
      pair[2 * s + half] = hot;
    }
  return PDLT_OK;
}

/* cos and sin of 2 pi k n/p on all samples. */
static void join_waves(pdlt_truth *t, size_t p, size_t k, const size_t *pair, int first,
                       int second) {
  const size_t D = t->samples;
  for (int wave = 0; wave < 2; wave++) {
    double *f = t->v + t->functions * D;
    for (size_t s = 0; s < D; s++) {
      const size_t n = (first ? pair[2 * s] : 0) + (second ? pair[2 * s + 1] : 0);
      const double angle = 2 * pi * (double)(k * n % p) / (double)p;
      f[s] = wave == 0 ? cos(angle) : sin(angle);
    }
    join_block(t, sqrt((double)D));
  }
}

static pdlt_status make_modular_addition(pdlt_truth *t, const pdlt_experiment *ex, size_t D,
                                         const double *x, pdlt_error *err) {
  const size_t p = (size_t)ex->data.modulus, waves = p / 2;
  size_t *pair = NULL; /* (D, 2) */
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&pair, 2 * D, sizeof *pair, err));
  PDLT_TRY(find_pairs(pair, ex, p, D, x, err));
  PDLT_TRY(allocate(t, 2 * waves, 6 * waves, D, err));
  for (size_t k = 1; k <= waves; k++) {
    snprintf(begin_block(t, PDLT_FAMILY_FIRST)->text, PDLT_TRUTH_LABEL, "k = %zu of a, b", k);
    join_waves(t, p, k, pair, 1, 0);
    join_waves(t, p, k, pair, 0, 1);
  }
  for (size_t k = 1; k <= waves; k++) {
    snprintf(begin_block(t, PDLT_FAMILY_SUM)->text, PDLT_TRUTH_LABEL, "k = %zu of a + b", k);
    join_waves(t, p, k, pair, 1, 1);
  }
cleanup:
  pdlt_free(pair);
  return status;
}

pdlt_status pdlt_truth_make(pdlt_truth *out, const pdlt_experiment *ex, size_t D, size_t inputs,
                            const double *x, pdlt_error *err) {
  const int some = ex->features.truth == PDLT_TRUTH_PARITY && ex->data.num_bits > 0;
  pdlt_truth t = {.samples = D};
  pdlt_status status = PDLT_OK;
  switch (ex->features.truth) {
    case PDLT_TRUTH_NONE:
      break;
    case PDLT_TRUTH_PARITY:
    case PDLT_TRUTH_INPUTS:
      status = make_inputs(&t, some ? ex->data.num_bits : inputs, some ? ex->data.bits : NULL, D,
                           inputs, x, err);
      break;
    case PDLT_TRUTH_MODULAR_ADDITION:
      status = make_modular_addition(&t, ex, D, x, err);
      break;
  }
  if (status == PDLT_OK)
    *out = t;
  else
    pdlt_truth_free(&t);
  return status;
}

void pdlt_truth_trace_outputs(size_t outputs, size_t D, const double *kernel, double *out) {
  for (size_t k = 0; k < D * D; k++) out[k] = 0;
  for (size_t i = 0; i < outputs; i++)
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) out[a * D + b] += kernel[((i * D + a) * outputs + i) * D + b];
}

/* v^T k v. */
static double form(const double *v, const double *k, size_t D) {
  double sum = 0;
  for (size_t a = 0; a < D; a++) {
    double row = 0;
    for (size_t b = 0; b < D; b++) row += k[a * D + b] * v[b];
    sum += v[a] * row;
  }
  return sum;
}

void pdlt_truth_traces(const pdlt_truth *truth, const double *k, double *along, double *total) {
  const size_t D = truth->samples;
  const double *v = truth->v;
  double all = 0;
  *total = 0;
  for (size_t a = 0; a < D; a++) {
    *total += k[a * D + a];
    for (size_t b = 0; b < D; b++) all += k[a * D + b];
  }
  if (D > 0) *total -= all / (double)D;
  for (size_t j = 0; j < truth->blocks; j++) {
    along[j] = 0;
    for (size_t f = 0; f < truth->size[j]; f++, v += D) along[j] += form(v, k, D);
  }
}

void pdlt_truth_weights(const pdlt_truth *truth, const double *k, double *weight) {
  const size_t D = truth->samples;
  double total = 0, trace = 0;
  for (size_t a = 0; a < D; a++) trace += k[a * D + a];
  pdlt_truth_traces(truth, k, weight, &total);
  for (size_t j = 0; j < truth->blocks; j++)
    weight[j] = total > rounding * trace ? weight[j] / total : NAN;
}
