/* features.c - see features.h. */
#include "theory/order_one/features.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/order_one/internal.h"

/* ---- sums over times ---- */

/* The loop follows no vectors here, only the sums. */
static pdlt_status no_source(const void *self, const pdlt_time_weights *weights, double *out,
                             pdlt_error *err) {
  (void)self, (void)weights, (void)out, (void)err;
  return PDLT_OK;
}

pdlt_status pdlt_features_new(pdlt_features *out, const pdlt_dynamics *dyn, size_t num_times,
                              const double *times, pdlt_error *err) {
  const size_t size = pdlt_time_state_size(dyn->lo.A);
  size_t finite = 0;
  double *states = NULL;
  pdlt_status status = PDLT_OK;
  while (finite < num_times && !(isinf(times[finite]) && times[finite] > 0)) finite++;
  PDLT_TRY(pdlt_alloc(&states, num_times * size, sizeof *states, err));
  const pdlt_time_loop loop = {
      .num_times = finite, .times = times, .source = no_source, .snapshots = states};
  PDLT_TRY(pdlt_time_loop_run(dyn, &loop, err));
  for (size_t t = finite; t < num_times; t++) PDLT_TRY(pdlt_end_state(dyn, states + t * size, err));
  *out = (pdlt_features){.dyn = dyn, .num_times = num_times, .states = states};
  states = NULL;
cleanup:
  pdlt_free(states);
  return status;
}

void pdlt_features_free(pdlt_features *features) {
  pdlt_free(features->states);
  *features = (pdlt_features){0};
}

/* ---- kernels ---- */

pdlt_status pdlt_features_kernel(const pdlt_features *f, pdlt_feature feature, double *kernel,
                                 pdlt_error *err) {
  const double a = pdlt_feature_definitions[feature].a, b = pdlt_feature_definitions[feature].b;
  const pdlt_time_states states = {.A = f->dyn->lo.A, .points = f->num_times, .data = f->states};
  const double *factor = f->dyn->factors.factor;
  const double ordered = a * factor[PDLT_DYNAMICS_FEATURES_ORDERED],
               square = a * a / 2 * factor[PDLT_DYNAMICS_FEATURES_SQUARE],
               chi = b / 2 * factor[PDLT_DYNAMICS_FEATURES_CHI];
  const pdlt_kernel_terms terms = {
      .dntk = a, .rows = {{0, 0, 0, ordered, 0, 0}, {chi, 0, square, 0, 0, 0}}, .pairs = 1};
  return pdlt_dynamics_kernel(f->dyn, &states, &terms, kernel, err);
}

/* ---- regression ---- */

/* What the change of the kernel does to the summed residual: rows of a slice, sums over times. */
typedef struct change {
  const pdlt_features *features;
  double eta;    /* 1 under flow */
  double uv, uu; /* factors of the terms of the NTK */
} change;

/* w_a w_b of the dNTK; of the ddNTK w_a times the sums over pairs of times, later times first in
 * DDNTK_USV, all of them in DDNTK_SUU; w = eta g. */
static void fill_change(const void *self, size_t point, pdlt_dynamics_term term, size_t a,
                        double *out) {
  const change *c = self;
  const size_t A = c->features->dyn->lo.A;
  const pdlt_time_state s =
      pdlt_time_state_view(A, c->features->states + point * pdlt_time_state_size(A));
  const double square = c->eta * c->eta, w = square * c->eta * s.g[a];
  for (size_t i = 0; i < A; i++)
    for (size_t j = 0; j < A; j++) {
      const size_t ij = i * A + j;
      if (term == PDLT_DYNAMICS_DNTK_US)
        out[ij] = square * s.g[i] * s.g[j];
      else if (term == PDLT_DYNAMICS_DDNTK_USV)
        out[ij] = w * c->uv * s.g2[ij];
      else
        out[ij] = w * (c->uv * (s.g2[ij] + s.g2[j * A + i]) + c->uu * s.d[ij]);
    }
}

/* source (5, n_L, T, D), rotated: h times its sum over parts is E[- eta sum_s (k - k(0))_IJ e_J(s)]. */
static pdlt_status make_change(const pdlt_features *f, pdlt_feature feature, double *source,
                               pdlt_error *err) {
  const double a = pdlt_feature_definitions[feature].a, b = pdlt_feature_definitions[feature].b;
  const double *factor = f->dyn->factors.factor;
  const double ordered = a * factor[PDLT_DYNAMICS_FEATURES_ORDERED],
               square = a * a * factor[PDLT_DYNAMICS_FEATURES_SQUARE],
               chi = b / 2 * factor[PDLT_DYNAMICS_FEATURES_CHI];
  const double rows[4][PDLT_DD_ROWS] = {{0, 0, 0, ordered, 0, ordered},
                                        {chi, chi, square, 0, 0, 0}};
  const change c = {.features = f,
                    .eta = f->dyn->lo.flow ? 1 : f->dyn->lo.eta,
                    .uv = factor[PDLT_DYNAMICS_NTK_DDNTK_UV],
                    .uu = factor[PDLT_DYNAMICS_NTK_DDNTK_UU]};
  pdlt_time_weights weights = {
      .points = f->num_times, .fill = fill_change, .self = &c, .rows = rows};
  weights.scale[PDLT_DYNAMICS_DNTK_US] = -a * factor[PDLT_DYNAMICS_NTK_DNTK];
  weights.scale[PDLT_DYNAMICS_DDNTK_USV] = weights.scale[PDLT_DYNAMICS_DDNTK_SUU] = 1;
  return pdlt_dynamics_source(f->dyn, &weights, source, err);
}

static int is_change(int part) {
  return part != PDLT_DYNAMICS_PART_MEAN && part != PDLT_DYNAMICS_PART_FLUCTUATIONS;
}

/* x (D) = what z_nlo owes to changes of the NTK, rotated, less what a changed kernel makes of it. */
static void fill_rest(const pdlt_features *f, const double *parts, const double *source, size_t i,
                      size_t t, double *x) {
  const pdlt_training *lo = &f->dyn->lo;
  const size_t D = lo->D, A = lo->A, n = lo->outputs, T = f->num_times;
  if (D > 0) memset(x, 0, D * sizeof *x);
  for (size_t part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
    const double *z = parts + ((part * T + t) * n + i) * D,
                 *o = source + ((part * n + i) * T + t) * D;
    if (!is_change((int)part)) continue;
    for (size_t d = A; d < D; d++) x[d] += z[d];
    for (size_t a = 0; a < A; a++)
      for (size_t s = 0; s < A; s++) x[a] += lo->vector[a * A + s] * z[s];
    for (size_t d = 0; d < D; d++) x[d] -= o[d];
  }
}

pdlt_status pdlt_features_deviation(const pdlt_features *f, pdlt_feature feature,
                                    const double *parts, double *deviation, pdlt_error *err) {
  const pdlt_training *lo = &f->dyn->lo;
  const size_t D = lo->D, A = lo->A, n = lo->outputs, T = f->num_times;
  double *source = NULL, *x = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_end_check(f->dyn, err));
  PDLT_TRY(pdlt_alloc(&source, PDLT_DYNAMICS_PART_COUNT * n * T * D, sizeof *source, err));
  PDLT_TRY(pdlt_alloc(&x, D, sizeof *x, err));
  if (feature != PDLT_FEATURE_K) PDLT_TRY(make_change(f, feature, source, err));
  for (size_t t = 0; t < T; t++)
    for (size_t i = 0; i < n; i++) {
      double *out = deviation + (t * n + i) * D;
      fill_rest(f, parts, source, i, t, x);
      for (size_t d = 0; d < D; d++) {
        out[d] = d < A ? 0 : x[d];
        for (size_t a = 0; a < A && d >= A; a++)
          out[d] -= lo->project[d * A + a] * x[a] / lo->value[a];
      }
    }
cleanup:
  pdlt_free(source);
  pdlt_free(x);
  return status;
}

/* ---- alignment ---- */

/* |y|^2 of the training targets and |Theta_AA|^2. */
static void squares(const pdlt_training *lo, double *targets, double *theta) {
  *targets = *theta = 0;
  for (size_t i = 0; i < lo->A * lo->outputs; i++) *targets += lo->y[i] * lo->y[i];
  for (size_t a = 0; a < lo->A; a++) *theta += lo->value[a] * lo->value[a];
}

double pdlt_features_alignment(const pdlt_training *lo) {
  const size_t n = lo->outputs;
  double targets, theta, product = 0;
  squares(lo, &targets, &theta);
  for (size_t a = 0; a < lo->A; a++)
    for (size_t i = 0; i < n; i++)
      product += lo->value[a] * lo->target[a * n + i] * lo->target[a * n + i];
  return targets > 0 && theta > 0 ? product / (targets * sqrt((double)n * theta)) : NAN;
}

/* sum over outputs of <Theta_AA, kernel_ii> = sum_a theta_a v_a kernel_ii v_a. */
static double product_with_theta(const pdlt_training *lo, const double *kernel) {
  const size_t A = lo->A, D = lo->D, n = lo->outputs;
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t s = 0; s < A; s++)
      for (size_t r = 0; r < A; r++) {
        const double value = kernel[(i * D + s) * n * D + i * D + r];
        for (size_t a = 0; a < A; a++)
          sum += lo->value[a] * lo->vector[a * A + s] * lo->vector[a * A + r] * value;
      }
  return sum;
}

double pdlt_features_alignment_change(const pdlt_training *lo, const double *kernel) {
  const size_t A = lo->A, D = lo->D, n = lo->outputs;
  double targets, theta, product = 0;
  squares(lo, &targets, &theta);
  if (!(targets > 0 && theta > 0)) return NAN;
  for (size_t i = 0; i < n; i++)
    for (size_t s = 0; s < A; s++)
      for (size_t j = 0; j < n; j++)
        for (size_t r = 0; r < A; r++)
          product += lo->y[s * n + i] * kernel[(i * D + s) * n * D + j * D + r] * lo->y[r * n + j];
  const double norm = (double)n * theta; /* |k|^2 */
  return product / (targets * sqrt(norm)) -
         pdlt_features_alignment(lo) * product_with_theta(lo, kernel) / norm;
}

/* ---- weights ---- */

pdlt_status pdlt_features_weight_change(const pdlt_truth *truth, size_t outputs,
                                        const double *theta, const double *kernel, double *out,
                                        pdlt_error *err) {
  const size_t D = truth->samples;
  double *traced = NULL, *weight = NULL, total = 0, total_theta = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&traced, D * D, sizeof *traced, err));
  PDLT_TRY(pdlt_alloc(&weight, truth->blocks, sizeof *weight, err));
  pdlt_truth_traces(truth, theta, weight, &total_theta);
  pdlt_truth_weights(truth, theta, weight);
  pdlt_truth_trace_outputs(outputs, D, kernel, traced);
  pdlt_truth_traces(truth, traced, out, &total);
  for (size_t j = 0; j < truth->blocks; j++)
    out[j] = (out[j] - weight[j] * total) / ((double)outputs * total_theta);
cleanup:
  pdlt_free(traced);
  pdlt_free(weight);
  return status;
}
