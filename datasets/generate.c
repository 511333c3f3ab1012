/* generate.c - samples that are made, not read.
 *
 * Is: circle, gaussian, teacher, parity, modular_addition, superposition; definitions in
 * datasets/README.md. All but circle draw from (data.seed, stream PDLT_STREAM_DATA).
 * Is not: preprocessing (dataset.c). */
#include <math.h>
#include <stdint.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "datasets/dataset_internal.h"

static const double pi = 3.14159265358979323846;

enum { TEACHER_WIDTH = 100 };

static pdlt_rng stream(const pdlt_experiment *ex, uint64_t draw) {
  const pdlt_rng rng = {ex->data.seed, 0, draw, PDLT_STREAM_DATA};
  return rng;
}

static size_t count_samples(const pdlt_dataset *data) { return data->train + data->test; }

/* x = sqrt(2) (cos t, sin t), y_i = 0.7 sin((i+1) t) + 0.3 cos(2 (i+1) t), i from 0. */
static void circle_sample(pdlt_dataset *data, size_t a, double angle) {
  data->x[2 * a] = sqrt(2.0) * cos(angle);
  data->x[2 * a + 1] = sqrt(2.0) * sin(angle);
  for (size_t i = 0; i < data->outputs; i++) {
    double t = (double)(i + 1) * angle;
    data->y[a * data->outputs + i] = 0.7 * sin(t) + 0.3 * cos(2.0 * t);
  }
}

/* Training samples at equal angles 2 pi a/N_A; test samples spread over the gaps
 * between them, those in one gap at equal distances. */
static void make_circle(pdlt_dataset *data) {
  size_t train = data->train, test = data->test, in_gap = 0;
  for (size_t a = 0; a < train; a++) circle_sample(data, a, 2.0 * pi * (double)a / (double)train);
  for (size_t b = 0; b < test; b++) {
    size_t gap = b * train / test, last = b;
    in_gap = b > 0 && (b - 1) * train / test == gap ? in_gap + 1 : 0;
    while (last + 1 < test && (last + 1) * train / test == gap) last++;
    double part = (double)(in_gap + 1) / (double)(in_gap + last - b + 2);
    circle_sample(data, train + b, 2.0 * pi * ((double)gap + part) / (double)train);
  }
}

static void draw_inputs(pdlt_dataset *data, const pdlt_experiment *ex) {
  const pdlt_rng rng = stream(ex, PDLT_DRAW_INPUTS);
  pdlt_rng_normal(&rng, count_samples(data) * data->inputs, data->x);
}

/* y_i = n_T^(-1/2) sum_k v_ik tanh(n_0^(-1/2) sum_j w_kj x_j), w, v ~ N(0, 1). */
static pdlt_status make_teacher(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t n0 = data->inputs, nl = data->outputs;
  double *w = NULL; /* (n_T, n_0) */
  double *v = NULL; /* (n_L, n_T) */
  const pdlt_rng rng_in = stream(ex, PDLT_DRAW_TEACHER_IN),
                 rng_out = stream(ex, PDLT_DRAW_TEACHER_OUT);

  PDLT_TRY(pdlt_alloc(&w, TEACHER_WIDTH * n0, sizeof *w, err));
  PDLT_TRY(pdlt_alloc(&v, TEACHER_WIDTH * nl, sizeof *v, err));
  pdlt_rng_normal(&rng_in, TEACHER_WIDTH * n0, w);
  pdlt_rng_normal(&rng_out, TEACHER_WIDTH * nl, v);
  draw_inputs(data, ex);
  for (size_t a = 0; a < count_samples(data); a++) {
    for (size_t k = 0; k < TEACHER_WIDTH; k++) {
      double z = 0.0;
      for (size_t j = 0; j < n0; j++) z += w[k * n0 + j] * data->x[a * n0 + j];
      double s = tanh(z / sqrt((double)n0)) / sqrt((double)TEACHER_WIDTH);
      for (size_t i = 0; i < nl; i++) data->y[a * nl + i] += v[i * TEACHER_WIDTH + k] * s;
    }
  }

cleanup:
  pdlt_free(w);
  pdlt_free(v);
  return status;
}

/* `take` different places of 0..total-1 in random order; *order (total). */
static pdlt_status draw_order(const pdlt_experiment *ex, size_t total, size_t take, size_t **order,
                              pdlt_error *err) {
  const pdlt_rng rng = stream(ex, PDLT_DRAW_ORDER);
  return pdlt_dataset_draw_order(&rng, total, take, order, err);
}

/* What the targets of output i are multiplied by: one number for all, one for each, or 1. */
static double factor_of(const double *list, size_t count, size_t i) {
  return count == 0 ? 1.0 : list[count == 1 ? 0 : i];
}

/* The product of the inputs that matter, x (n_0). */
static double product_of_bits(const pdlt_experiment *ex, size_t n0, const double *x) {
  const size_t count = ex->data.num_bits > 0 ? ex->data.num_bits : n0;
  double product = 1.0;
  for (size_t k = 0; k < count; k++)
    product *= x[ex->data.num_bits > 0 ? ex->data.bits[k] : (int)k];
  return product;
}

/* Where input j of sample a comes from: the places of a cube that trains as a whole are counted. */
static pdlt_status draw_corners(const pdlt_experiment *ex, size_t total, size_t take,
                                size_t **order, pdlt_error *err) {
  const pdlt_status status = draw_order(ex, total, take, order, err);
  for (size_t a = 0; status == PDLT_OK && ex->data.cube && ex->data.test == 0 && a < take; a++)
    (*order)[a] = a;
  return status;
}

/* x_j = +-1, all samples different; y_i = amplitude_i times the product of the inputs that matter.
 * With more than PDLT_PARITY_BITS inputs the samples differ in the first PDLT_PARITY_BITS already. */
static pdlt_status make_parity(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  size_t n0 = data->inputs, samples = count_samples(data), *order = NULL;
  size_t bits = n0 < PDLT_PARITY_BITS ? n0 : PDLT_PARITY_BITS;
  const pdlt_rng rng = stream(ex, PDLT_DRAW_INPUTS);
  pdlt_status status = draw_corners(ex, (size_t)1 << bits, samples, &order, err);
  if (status != PDLT_OK) return status;
  pdlt_rng_uniform(&rng, 0, samples * n0, data->x);
  for (size_t a = 0; a < samples; a++) {
    for (size_t j = 0; j < n0; j++) {
      double *x = &data->x[a * n0 + j];
      *x = (j < bits ? (order[a] >> j & 1U) != 0 : *x > 0.5) ? 1.0 : -1.0;
    }
    const double product = product_of_bits(ex, n0, &data->x[a * n0]);
    for (size_t i = 0; i < data->outputs; i++)
      data->y[a * data->outputs + i] =
          factor_of(ex->data.amplitudes, ex->data.num_amplitudes, i) * product;
  }
  pdlt_free(order);
  return PDLT_OK;
}

/* x = sqrt(p) (one-hot of a, one-hot of b), so |x|^2/n_0 = 1; all pairs different;
 * c = (a + b) mod p: y one-hot of c, less 1/p where targets are centred, or cos(2 pi c/p) when there is
 * one output; times the amplitudes. */
static pdlt_status make_modular_addition(pdlt_dataset *data, const pdlt_experiment *ex,
                                         pdlt_error *err) {
  size_t p = (size_t)ex->data.modulus, *order = NULL;
  const double *amplitudes = ex->data.amplitudes;
  const size_t count = ex->data.num_amplitudes;
  const double mean = ex->data.center_targets ? 1.0 / (double)p : 0.0;
  pdlt_status status = draw_order(ex, p * p, count_samples(data), &order, err);
  if (status != PDLT_OK) return status;
  for (size_t s = 0; s < count_samples(data); s++) {
    size_t a = order[s] / p, b = order[s] % p, c = (a + b) % p;
    data->x[s * 2 * p + a] = sqrt((double)p);
    data->x[s * 2 * p + p + b] = sqrt((double)p);
    if (data->outputs == 1) {
      data->y[s] = factor_of(amplitudes, count, 0) * cos(2.0 * pi * (double)c / (double)p);
      continue;
    }
    for (size_t i = 0; i < p; i++)
      data->y[s * p + i] = factor_of(amplitudes, count, i) * ((i == c ? 1.0 : 0.0) - mean);
  }
  pdlt_free(order);
  return PDLT_OK;
}

/* x (F): each feature is on with probability p, at least one is, and then uniform in [0, 1]. The first
 * that is on has the number of trials of a geometric law cut at F. u (2 F) uniform numbers. */
static void sparse_sample(size_t F, double p, const double *u, double *x) {
  const double off = log1p(-p), some = -expm1((double)F * off);
  size_t first = (size_t)(log1p(-u[0] * some) / off);
  if (first >= F) first = F - 1;
  for (size_t j = first; j < F; j++)
    if (j == first || u[j] < p) x[j] = u[F + j];
}

/* Sparse samples, and as the last ones the features one by one; y_i = importance_i x_i. */
static pdlt_status make_superposition(pdlt_dataset *data, const pdlt_experiment *ex,
                                      pdlt_error *err) {
  const size_t F = data->inputs, samples = count_samples(data), sparse = samples - F;
  const pdlt_rng rng = stream(ex, PDLT_DRAW_INPUTS);
  double *u = NULL;
  const pdlt_status status = pdlt_alloc(&u, 2 * F * sparse, sizeof *u, err);
  if (status != PDLT_OK) return status;
  pdlt_rng_uniform(&rng, 0, 2 * F * sparse, u);
  for (size_t a = 0; a < sparse; a++)
    sparse_sample(F, ex->data.probability, u + 2 * F * a, data->x + a * F);
  for (size_t j = 0; j < F; j++) data->x[(sparse + j) * F + j] = 1.0;
  for (size_t a = 0; a < samples; a++)
    for (size_t i = 0; i < F; i++)
      data->y[a * F + i] =
          factor_of(ex->data.importance, ex->data.num_importance, i) * data->x[a * F + i];
  pdlt_free(u);
  return PDLT_OK;
}

pdlt_status pdlt_dataset_generate(pdlt_dataset *data, const pdlt_experiment *ex, pdlt_error *err) {
  const pdlt_rng rng = stream(ex, PDLT_DRAW_TARGETS);
  pdlt_status status =
      pdlt_dataset_allocate(data, (size_t)ex->data.inputs, (size_t)ex->network.outputs, err);
  if (status != PDLT_OK) return status;
  switch (ex->data.source) {
    case PDLT_SOURCE_CIRCLE:
      make_circle(data);
      return PDLT_OK;
    case PDLT_SOURCE_GAUSSIAN:
      draw_inputs(data, ex);
      pdlt_rng_normal(&rng, count_samples(data) * data->outputs, data->y);
      return PDLT_OK;
    case PDLT_SOURCE_TEACHER:
      return make_teacher(data, ex, err);
    case PDLT_SOURCE_PARITY:
      return make_parity(data, ex, err);
    case PDLT_SOURCE_MODULAR_ADDITION:
      return make_modular_addition(data, ex, err);
    case PDLT_SOURCE_SUPERPOSITION:
      return make_superposition(data, ex, err);
    case PDLT_SOURCE_CSV:
    case PDLT_SOURCE_IDX:
    case PDLT_SOURCE_NPY:
    case PDLT_SOURCE_ARRAYS:
      break;
  }
  return pdlt_fail(err, PDLT_ERR_INTERNAL, "data.source: %d is not generated",
                   (int)ex->data.source);
}
