/* pairwise_fit.c - the pilot of pairwise.h: coefficients of one width. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/control/pairwise.h"
#include "trainer/control/weightless.h"
#include "trainer/network/draws.h"

enum { KERNEL_DRAWS = 64, FEWEST_DRAWS = 1024, DRAWS_PER_CONTROL = 16 };

/* Against controls that say the same: of a = b three are one. */
#define RIDGE 1e-9

/* The largest K_aa of some draws and of layers that depend on them. */
static pdlt_status find_largest(pdlt_pairwise_fit *fit, const pdlt_plan *plan,
                                const pdlt_network *net, pdlt_error *err) {
  const size_t D = plan->data->samples, P = D * (D + 1) / 2;
  pdlt_preactivation pre = {.net = NULL};
  double *kernel = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_preactivation_new_forward(&pre, net, plan->data, 0, err));
  PDLT_TRY(pdlt_alloc(&kernel, P, sizeof *kernel, err));
  for (uint64_t draw = 0; draw < KERNEL_DRAWS; draw++) {
    pdlt_preactivation_draw_forward(&pre, plan->ex->ensemble.seed, PDLT_WEIGHTLESS_PILOT + draw);
    for (int l = 2; l < net->depth; l++) {
      pdlt_preactivation_kernel(&pre, l, kernel);
      for (size_t a = 0; a < D; a++) fit->largest = fmax(fit->largest, kernel[pdlt_pair(D, a, a)]);
    }
  }
cleanup:
  pdlt_preactivation_free(&pre);
  pdlt_free(kernel);
  return status;
}

/* Sums over draws of the products of all rows of a readout: 1, controls, K and Th less those of the first
 * draw; C = X + 3 of them. */
typedef struct fit_sums {
  size_t rows, pairs; /* C, P */
  double *product;    /* (C, C, P), i <= j */
  double *origin;     /* (2, P) */
  double *value;      /* (2, P) */
} fit_sums;

static const double *row_of(const fit_sums *s, const pdlt_pairwise *w, size_t r, size_t i) {
  const size_t X = s->rows - 3;
  if (i <= X) return pdlt_pairwise_control(w, r, i - 1);
  return s->value + (i - X - 1) * s->pairs;
}

static void add_draw(fit_sums *s, const pdlt_pairwise *w, size_t r) {
  const size_t P = s->pairs, C = s->rows;
  for (size_t p = 0; p < P; p++) {
    s->value[p] = w->kernel[r * P + p] - s->origin[p];
    s->value[P + p] = w->theta[r * P + p] - s->origin[P + p];
  }
  for (size_t i = 0; i < C; i++)
    for (size_t j = i; j < C; j++) {
      double *sum = s->product + (i * C + j) * P;
      const double *y = j == 0 ? NULL : row_of(s, w, r, j), *x = i == 0 ? NULL : row_of(s, w, r, i);
      for (size_t p = 0; p < P && y != NULL; p++) sum[p] += (x == NULL ? 1 : x[p]) * y[p];
    }
}

/* Coefficients (2, X, P) of pair p; matrix ((X, X)) and right (X, 2) are work. */
static pdlt_status solve(const fit_sums *s, double draws, size_t p, size_t stride, double *matrix,
                         double *right, double *coefficient, pdlt_error *err) {
  const size_t C = s->rows, X = C - 3, P = s->pairs;
  double *scale = right + 2 * X;
  for (size_t i = 0; i < X; i++) {
    const double variance = s->product[((i + 1) * C + i + 1) * P + p] / draws;
    scale[i] = variance > 1e-24 ? 1 / sqrt(variance) : 0;
  }
  for (size_t i = 0; i < X; i++) {
    const double mean = s->product[(i + 1) * P + p] / draws;
    for (size_t j = i; j < X; j++) {
      const double x = s->product[((i + 1) * C + j + 1) * P + p] / draws;
      matrix[i * X + j] = matrix[j * X + i] = scale[i] * scale[j] * x;
    }
    matrix[i * X + i] += scale[i] > 0 ? RIDGE : 1;
    for (size_t v = 0; v < 2; v++)
      right[i * 2 + v] = scale[i] * (s->product[((i + 1) * C + X + 1 + v) * P + p] / draws -
                                     mean * s->product[(X + 1 + v) * P + p] / draws);
  }
  const pdlt_status status = pdlt_solve_spd(X, matrix, 2, right, err);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < X; i++)
    for (size_t v = 0; v < 2; v++)
      coefficient[(v * stride + i) * P + p] =
          (1 - PDLT_CONTROLLED_SHRINK) * scale[i] * right[i * 2 + v];
  return PDLT_OK;
}

/* All coefficients of readout r; 0 where values are not finite. */
static pdlt_status solve_all(pdlt_pairwise_fit *fit, const fit_sums *s, double draws, size_t r,
                             pdlt_error *err) {
  const size_t X = s->rows - 3, P = s->pairs;
  double *work = NULL, *coefficient = fit->coefficient + 2 * r * fit->most * P;
  pdlt_status status = pdlt_alloc(&work, X * X + 3 * X + 1, sizeof *work, err);
  for (size_t p = 0; p < P && status == PDLT_OK && X > 0; p++) {
    status = solve(s, draws, p, fit->most, work, work + X * X, coefficient, err);
    if (status == PDLT_ERR_NUMERIC) status = PDLT_OK;
  }
  pdlt_free(work);
  return status;
}

static pdlt_status fit_readouts(pdlt_pairwise_fit *fit, fit_sums *sums, pdlt_pairwise *w,
                                pdlt_error *err) {
  const pdlt_plan *plan = w->plan;
  const size_t P = sums->pairs, own = DRAWS_PER_CONTROL * fit->most;
  const uint64_t draws = own > FEWEST_DRAWS ? own : FEWEST_DRAWS;
  pdlt_status status = PDLT_OK;
  for (uint64_t draw = 0; draw < draws; draw++) {
    PDLT_TRY(pdlt_pairwise_raw(w, PDLT_WEIGHTLESS_PILOT + KERNEL_DRAWS + draw));
    for (size_t r = 0; r < plan->readouts; r++) {
      if (draw == 0) {
        memcpy(sums[r].origin, w->kernel + r * P, P * sizeof *w->kernel);
        memcpy(sums[r].origin + P, w->theta + r * P, P * sizeof *w->theta);
      }
      add_draw(&sums[r], w, r);
    }
  }
  for (size_t r = 0; r < plan->readouts; r++)
    PDLT_TRY(solve_all(fit, &sums[r], (double)draws, r, err));
cleanup:
  return status;
}

pdlt_status pdlt_pairwise_fit_new(pdlt_pairwise_fit *out, const pdlt_plan *plan,
                                  const pdlt_network *net, pdlt_error *err) {
  const size_t P = plan->data->samples * (plan->data->samples + 1) / 2, R = plan->readouts;
  pdlt_pairwise_fit fit = {.most = pdlt_pairwise_controls(net->depth)};
  pdlt_pairwise w = {.plan = NULL};
  fit_sums *sums = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&fit.coefficient, R * 2 * fit.most * P + 1, sizeof *fit.coefficient, err));
  PDLT_TRY(pdlt_alloc(&sums, R, sizeof *sums, err));
  PDLT_TRY(find_largest(&fit, plan, net, err));
  PDLT_TRY(pdlt_pairwise_new(&w, plan, net, &fit, err));
  for (size_t r = 0; r < R; r++) {
    fit_sums *s = &sums[r];
    *s = (fit_sums){.rows = pdlt_pairwise_controls(pdlt_plan_layer(plan, r)) + 3, .pairs = P};
    PDLT_TRY(pdlt_alloc(&s->product, (s->rows * s->rows + 4) * P, sizeof *s->product, err));
    s->origin = s->product + s->rows * s->rows * P;
    s->value = s->origin + 2 * P;
  }
  PDLT_TRY(fit_readouts(&fit, sums, &w, err));
cleanup:
  if (status == PDLT_OK)
    *out = fit;
  else
    pdlt_pairwise_fit_free(&fit);
  for (size_t r = 0; r < R && sums != NULL; r++) pdlt_free(sums[r].product);
  pdlt_free(sums);
  pdlt_pairwise_free(&w);
  return status;
}

void pdlt_pairwise_fit_free(pdlt_pairwise_fit *fit) {
  pdlt_free(fit->coefficient);
  *fit = (pdlt_pairwise_fit){0};
}
