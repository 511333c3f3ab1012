/* pairwise.c - see pairwise.h: one draw. */
#include "trainer/control/pairwise.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/rows.h"
#include "base/vector/small.h"

size_t pdlt_pairwise_controls(int l) { return 4 * (size_t)(l - 1) + pdlt_head_rows(l); }

const double *pdlt_pairwise_control(const pdlt_pairwise *w, size_t r, size_t x) {
  const size_t P = w->head.pre.pairs, layers = (size_t)w->plan->ex->network.depth - 1;
  const size_t own = 4 * (size_t)(pdlt_plan_layer(w->plan, r) - 1);
  if (x < own) return w->control + x * P;
  return w->rest + (r * 2 * (layers - 1) + x - own) * P;
}

/* Means of layer 1, whose kernels may be larger than those above. */
static pdlt_status fill_first(pdlt_pairwise *w, pdlt_error *err) {
  const pdlt_preactivation *pre = &w->head.pre;
  const size_t D = pre->data->samples;
  double largest = 0;
  pdlt_conditional own;
  pdlt_preactivation_kernel(pre, 1, w->value); /* as work */
  for (size_t a = 0; a < D; a++) largest = fmax(largest, w->value[pdlt_pair(D, a, a)]);
  pdlt_status status = pdlt_conditional_new(&own, &pre->net->activation, D, largest, err);
  if (status != PDLT_OK) return status;
  status = pdlt_conditional_means(&own, w->value, w->first, err);
  pdlt_conditional_free(&own);
  return status;
}

pdlt_status pdlt_pairwise_new(pdlt_pairwise *out, const pdlt_plan *plan, const pdlt_network *net,
                              const pdlt_pairwise_fit *fit, pdlt_error *err) {
  pdlt_pairwise w = {.plan = plan, .fit = fit};
  const size_t D = plan->data->samples, P = D * (D + 1) / 2, R = plan->readouts;
  const size_t layers = (size_t)net->depth - 1, rows = layers > 1 ? 2 * (layers - 1) : 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_head_new(&w.head, net, plan->data, err));
  PDLT_TRY(pdlt_conditional_new(&w.conditional, &net->activation, D, fit->largest, err));
  PDLT_TRY(pdlt_alloc(&w.storage, (4 + 4 * layers + R * (rows + 4)) * P + D * D, sizeof *w.storage,
                      err));
  double *next = w.storage;
  for (int k = 0; k < 2; k++) {
    w.first[k] = pdlt_take(&next, P);
    w.expected[k] = pdlt_take(&next, P);
  }
  w.gram = pdlt_take(&next, D * D);
  w.control = pdlt_take(&next, 4 * layers * P);
  w.rest = pdlt_take(&next, R * rows * P);
  w.kernel = pdlt_take(&next, R * P);
  w.theta = pdlt_take(&next, R * P);
  w.value = pdlt_take(&next, 2 * R * P);
  if (w.conditional.reaches) PDLT_TRY(fill_first(&w, err));
  *out = w;
  return PDLT_OK;
cleanup:
  pdlt_pairwise_free(&w);
  return status;
}

void pdlt_pairwise_free(pdlt_pairwise *pairwise) {
  pdlt_head_free(&pairwise->head);
  pdlt_conditional_free(&pairwise->conditional);
  pdlt_free(pairwise->storage);
  *pairwise = (pdlt_pairwise){0};
}

/* x (4, P) of hidden layer index k: M_aa, M_ab, M_bb, M'_ab. */
static pdlt_status fill_layer(pdlt_pairwise *w, int k, double *x) {
  const pdlt_preactivation *pre = &w->head.pre;
  const size_t D = pre->data->samples, P = pre->pairs, n = pre->net->layer[k].out;
  const double share = 1 / (double)n, *gram = pre->gram[k + 1];
  double *const *expected = k == 0 ? w->first : w->expected;
  if (k > 0) {
    pdlt_preactivation_kernel(pre, k + 1, w->value); /* as work */
    const pdlt_status status = pdlt_conditional_means(&w->conditional, w->value, w->expected, NULL);
    if (status != PDLT_OK) return status;
  }
  pdlt_small_best()->inner(D, D, n, pre->ds[k], n, pre->ds[k], n, w->gram, D);
  for (size_t a = 0, p = 0; a < D; a++)
    for (size_t b = a; b < D; b++, p++) {
      x[P + p] = share * gram[a * D + b] - expected[0][p];
      x[3 * P + p] = share * w->gram[a * D + b] - expected[1][p];
    }
  for (size_t a = 0, p = 0; a < D; a++)
    for (size_t b = a; b < D; b++, p++) {
      x[p] = x[P + pdlt_pair(D, a, a)];
      x[2 * P + p] = x[P + pdlt_pair(D, b, b)];
    }
  return PDLT_OK;
}

pdlt_status pdlt_pairwise_raw(pdlt_pairwise *w, uint64_t member) {
  const pdlt_plan *plan = w->plan;
  const size_t P = w->head.pre.pairs, layers = (size_t)plan->ex->network.depth - 1;
  const size_t rows = layers > 1 ? 2 * (layers - 1) : 0;
  pdlt_head_draw(&w->head, plan->ex->ensemble.seed, member);
  for (size_t r = 0; r < plan->readouts; r++) {
    const int l = pdlt_plan_layer(plan, r);
    pdlt_preactivation_kernel(&w->head.pre, l, w->kernel + r * P);
    if (plan->has[PDLT_QUANTITY_THETA])
      pdlt_head_theta(&w->head, l, w->theta + r * P, w->rest + r * rows * P);
  }
  if (!w->conditional.reaches) return PDLT_OK; /* these controls stay 0 */
  for (size_t k = 0; k < layers; k++) {
    const pdlt_status status = fill_layer(w, (int)k, w->control + 4 * k * P);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* value (P) -= sum_x coefficient_x control_x of readout r. */
static void subtract(const pdlt_pairwise *w, size_t r, const double *coefficient, double *value) {
  const size_t P = w->head.pre.pairs, X = pdlt_pairwise_controls(pdlt_plan_layer(w->plan, r));
  for (size_t x = 0; x < X; x++) {
    const double *control = pdlt_pairwise_control(w, r, x), *b = coefficient + x * P;
    for (size_t p = 0; p < P; p++) value[p] -= b[p] * control[p];
  }
}

pdlt_status pdlt_pairwise_draw(pdlt_pairwise *w, uint64_t member) {
  const pdlt_plan *plan = w->plan;
  const size_t P = w->head.pre.pairs, R = plan->readouts, each = w->fit->most * P;
  const pdlt_status status = pdlt_pairwise_raw(w, member);
  double *value = w->value;
  if (status != PDLT_OK) return status;
  for (int k = 0; k < 2; k++) {
    if (!plan->has[k == 0 ? PDLT_QUANTITY_K : PDLT_QUANTITY_THETA]) continue;
    memcpy(value, k == 0 ? w->kernel : w->theta, R * P * sizeof *value);
    for (size_t r = 0; r < R; r++, value += P)
      subtract(w, r, w->fit->coefficient + (2 * r + (size_t)k) * each, value);
  }
  return PDLT_OK;
}
