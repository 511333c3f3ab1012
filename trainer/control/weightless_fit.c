/* weightless_fit.c - the pilot of weightless.h: frozen kernels and coefficients of one width. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/rows.h"
#include "trainer/control/pair_mean.h"
#include "trainer/control/weightless.h"
#include "trainer/network/draws.h"

/* FREE_DRAWS: for the variances alone, without controls. */
enum { ROOT_DRAWS = 128, FREE_DRAWS = 128, FEWEST_DRAWS = 1024, DRAWS_PER_CONTROL = 8, BATCH = 64 };

/* Against controls that say the same, as sin^2 + cos^2 = 1. */
#define RIDGE 1e-9

/* G of each layer, averaged over some draws. */
static void freeze_kernels(pdlt_weightless_fit *fit, pdlt_weightless *w) {
  const int depth = w->plan->ex->network.depth;
  const size_t square = w->plan->data->samples * w->plan->data->samples;
  for (uint64_t draw = 0; draw < ROOT_DRAWS; draw++) {
    pdlt_preactivation_draw(&w->pre, w->plan->ex->ensemble.seed, PDLT_WEIGHTLESS_PILOT + draw, 0);
    for (size_t k = 0; k + 1 < (size_t)depth; k++)
      pdlt_row_add(square, 1.0 / ROOT_DRAWS, w->pre.root[k], fit->root + k * square);
  }
}

/* r, the mean of c over the same draws. */
static pdlt_status find_middle(pdlt_weightless_fit *fit, pdlt_weightless *w, pdlt_error *err) {
  const size_t values = w->plan->times * w->plan->p;
  double *mean = NULL;
  pdlt_status status = PDLT_OK;
  if (!w->plan->control.spread) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&mean, values, sizeof *mean, err));
  for (uint64_t draw = 0; draw < ROOT_DRAWS; draw++) {
    PDLT_TRY(pdlt_weightless_raw(w, PDLT_WEIGHTLESS_PILOT + draw));
    pdlt_row_add(values, 1.0 / ROOT_DRAWS, w->value + fit->linear, mean);
  }
  memcpy(fit->middle, mean, values * sizeof *mean);
cleanup:
  pdlt_free(mean);
  return status;
}

/* mean (X) of the controls; *known = 0 where one of them is not. */
static pdlt_status fill_means(const pdlt_weightless_fit *fit, const pdlt_plan *plan, double *mean,
                              int *known, pdlt_error *err) {
  const size_t D = plan->data->samples, P = D * (D + 1) / 2;
  pdlt_status status = PDLT_OK;
  *known = 1;
  for (size_t k = 0; k + 1 < (size_t)plan->ex->network.depth; k++)
    for (size_t a = 0, p = 0; a < D; a++)
      for (size_t b = a; b < D && *known; b++, p++) {
        const double *u = fit->root + (k * D + a) * D, *v = fit->root + (k * D + b) * D;
        const double uu = pdlt_row_dot(D, u, u), uv = pdlt_row_dot(D, u, v);
        double g[3] = {sqrt(uu), uu > 0 ? uv / sqrt(uu) : 0, 0}, out[2];
        for (size_t r = 0; r < D; r++) {
          const double rest = v[r] - (uu > 0 ? uv / uu * u[r] : 0);
          g[2] += a == b ? 0 : rest * rest;
        }
        g[2] = sqrt(g[2]);
        PDLT_TRY(pdlt_pair_mean(&plan->ex->network.activation, g, out, known, err));
        mean[2 * k * P + p] = out[0];
        mean[(2 * k + 1) * P + p] = out[1];
      }
cleanup:
  return status;
}

/* Sums over the draws, values counted from those of the first one, controls from their means. */
typedef struct fit_sums {
  size_t draws;
  double *x, *xx;         /* (X), (X, X) */
  double *value, *square; /* (V) */
  double *cross;          /* (X, V) */
  double *origin, *mean;  /* (V), (X) */
  double *rows[2];        /* (BATCH, X), (BATCH, V) */
  double *storage;
} fit_sums;

static pdlt_status sums_new(fit_sums *out, size_t X, size_t V, pdlt_error *err) {
  fit_sums s = {.draws = 0};
  const size_t total = X * (2 + X + V + BATCH) + V * (3 + BATCH);
  const pdlt_status status = pdlt_alloc(&s.storage, total, sizeof *s.storage, err);
  if (status != PDLT_OK) return status;
  s.x = s.storage;
  s.xx = s.x + X;
  s.mean = s.xx + X * X;
  s.cross = s.mean + X;
  s.rows[0] = s.cross + X * V;
  s.value = s.rows[0] + BATCH * X;
  s.square = s.value + V;
  s.origin = s.square + V;
  s.rows[1] = s.origin + V;
  *out = s;
  return PDLT_OK;
}

static pdlt_status add_draws(fit_sums *s, pdlt_weightless *w) {
  const size_t X = w->fit->controls, V = w->fit->values;
  size_t draws = DRAWS_PER_CONTROL * X;
  if (draws < FEWEST_DRAWS) draws = X > 0 ? FEWEST_DRAWS : FREE_DRAWS;
  for (size_t draw = 0; draw < draws; draw++) {
    const pdlt_status status = pdlt_weightless_raw(w, PDLT_WEIGHTLESS_PILOT + ROOT_DRAWS + draw);
    if (status != PDLT_OK) return status;
    if (draw == 0) memcpy(s->origin, w->value, V * sizeof *w->value);
    double *x = s->rows[0] + draw % BATCH * X, *value = s->rows[1] + draw % BATCH * V;
    for (size_t j = 0; j < X; j++) s->x[j] += x[j] = w->x[j] - s->mean[j];
    for (size_t i = 0; i < V; i++) {
      value[i] = w->value[i] - s->origin[i];
      s->value[i] += value[i];
      s->square[i] += value[i] * value[i];
    }
    if ((draw + 1) % BATCH != 0 || X == 0) continue;
    pdlt_syrk(1, X, BATCH, 1.0, s->rows[0], X, 1.0, s->xx, X);
    pdlt_gemm(1, 0, X, V, BATCH, 1.0, s->rows[0], X, s->rows[1], V, 1.0, s->cross, V);
  }
  s->draws = draws;
  return PDLT_OK;
}

/* Sums become central moments, controls in units of their own size; one that does not vary is
 * left out. scale (X). */
static void standardize(fit_sums *s, size_t X, size_t V, double *scale) {
  const double N = (double)s->draws;
  for (size_t j = 0; j < X; j++) {
    const double own = s->xx[j * X + j] / N, mean = s->x[j] / N;
    const double variance = own - mean * mean, floor = 1e-24 * (1 + s->mean[j] * s->mean[j]);
    scale[j] = variance > floor ? 1 / sqrt(variance) : 0;
  }
  for (size_t i = 0; i < V; i++) {
    const double mean = s->value[i] / N;
    s->square[i] = s->square[i] / N - mean * mean;
    for (size_t j = 0; j < X; j++)
      s->cross[j * V + i] = scale[j] * (s->cross[j * V + i] / N - s->x[j] / N * mean);
  }
  for (size_t j = 0; j < X; j++)
    for (size_t k = 0; k < X; k++) {
      const double central = s->xx[j * X + k] / N - s->x[j] / N * (s->x[k] / N);
      s->xx[j * X + k] = scale[j] * scale[k] * central + (j == k ? (scale[j] > 0 ? RIDGE : 1) : 0);
    }
}

/* B, B mu, and the variances. With R the regression on all draws of the pilot and
 * B = (1 - shrink) R, var(value - B x) = var(value) - (1 - shrink^2) R cov(x, value). */
static pdlt_status solve(pdlt_weightless_fit *fit, fit_sums *s, pdlt_error *err) {
  const size_t X = fit->controls, V = fit->values;
  const double N = (double)s->draws, kept = 1 - PDLT_CONTROLLED_SHRINK * PDLT_CONTROLLED_SHRINK;
  double *scale = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&scale, X + 1, sizeof *scale, err));
  standardize(s, X, V, scale);
  for (size_t i = 0; i < V; i++) fit->left[i] = fit->variance[i] = s->square[i] * N / (N - 1);
  memcpy(fit->coefficient, s->cross, X * V * sizeof *s->cross);
  if (X > 0) PDLT_TRY(pdlt_solve_spd(X, s->xx, V, fit->coefficient, err));
  for (size_t j = 0; j < X; j++)
    for (size_t i = 0; i < V; i++) {
      double *b = fit->coefficient + j * V + i;
      fit->left[i] -= kept * *b * s->cross[j * V + i] * N / (N - 1);
      *b *= (1 - PDLT_CONTROLLED_SHRINK) * scale[j];
      fit->known[i] += *b * s->mean[j];
    }
  for (size_t i = 0; i < V; i++) {
    const double least = PDLT_CONTROLLED_SHRINK * PDLT_CONTROLLED_SHRINK * fit->variance[i];
    fit->left[i] *= N / (N - (double)X);
    if (!(fit->left[i] > least)) fit->left[i] = least;
  }
cleanup:
  pdlt_free(scale);
  return status;
}

static pdlt_status fit_memory(pdlt_weightless_fit *fit, size_t roots, pdlt_error *err) {
  const size_t X = fit->controls, V = fit->values, middle = fit->spread - fit->linear;
  const pdlt_status status =
      pdlt_alloc(&fit->storage, roots + X * V + 3 * V + middle, sizeof *fit->storage, err);
  if (status != PDLT_OK) return status;
  fit->root = fit->storage;
  fit->coefficient = fit->root + roots;
  fit->known = fit->coefficient + X * V;
  fit->variance = fit->known + V;
  fit->left = fit->variance + V;
  fit->middle = fit->left + V;
  return PDLT_OK;
}

pdlt_status pdlt_weightless_fit_new(pdlt_weightless_fit *out, const pdlt_plan *plan,
                                    const pdlt_network *net, pdlt_error *err) {
  const size_t square = plan->data->samples * plan->data->samples;
  pdlt_weightless_fit fit = {.values = pdlt_weightless_values(plan)};
  pdlt_weightless w = {.plan = NULL};
  fit_sums sums = {.draws = 0};
  int known = 1;
  pdlt_status status = PDLT_OK;
  fit.controls = pdlt_weightless_controls(plan);
  fit.spread = fit.values - (plan->control.spread ? pdlt_spread_values(plan) : 0);
  fit.linear = fit.spread - (plan->control.linear ? plan->times * plan->p : 0);
  PDLT_TRY(fit_memory(&fit, (size_t)(net->depth - 1) * square, err));
  PDLT_TRY(sums_new(&sums, fit.controls, fit.values, err));
  PDLT_TRY(pdlt_weightless_new(&w, plan, net, &fit, err));
  if (fit.controls > 0) freeze_kernels(&fit, &w);
  PDLT_TRY(find_middle(&fit, &w, err));
  if (fit.controls > 0) PDLT_TRY(fill_means(&fit, plan, sums.mean, &known, err));
  if (!known) fit.controls = 0;
  PDLT_TRY(add_draws(&sums, &w));
  status = solve(&fit, &sums, err);
  if (status == PDLT_ERR_NUMERIC) { /* values that are not finite */
    fit.controls = 0;
    status = PDLT_OK;
  }
cleanup:
  if (status == PDLT_OK)
    *out = fit;
  else
    pdlt_weightless_fit_free(&fit);
  pdlt_free(sums.storage);
  pdlt_weightless_free(&w);
  return status;
}

void pdlt_weightless_fit_free(pdlt_weightless_fit *fit) {
  pdlt_free(fit->storage);
  *fit = (pdlt_weightless_fit){0};
}
