/* weightless.c - see weightless.h: one draw. */
#include "trainer/control/weightless.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/rows.h"
#include "base/vector/small.h"

static size_t pairs_of(const pdlt_plan *plan) {
  return plan->data->samples * (plan->data->samples + 1) / 2;
}

int pdlt_weightless_kernel(const pdlt_plan *plan) {
  return plan->control.weightless && plan->has[PDLT_QUANTITY_K];
}
int pdlt_weightless_theta(const pdlt_plan *plan) {
  return plan->control.start || (plan->control.weightless && plan->has[PDLT_QUANTITY_THETA]);
}

size_t pdlt_weightless_values(const pdlt_plan *plan) {
  const size_t matrices =
      (size_t)pdlt_weightless_kernel(plan) + (size_t)pdlt_weightless_theta(plan);
  return matrices * plan->readouts * pairs_of(plan) +
         (plan->control.linear ? plan->times * plan->p : 0) +
         (plan->control.spread ? pdlt_spread_values(plan) : 0);
}

size_t pdlt_weightless_controls(const pdlt_plan *plan) {
  const size_t layers = (size_t)plan->ex->network.depth - 1;
  size_t count = 2 * layers * pairs_of(plan);
  if (plan->control.linear) count += plan->p * (plan->p + 1) / 2;
  return count <= PDLT_MAX_CONTROLS && pdlt_weightless_values(plan) > 0 ? count : 0;
}

pdlt_status pdlt_weightless_new(pdlt_weightless *out, const pdlt_plan *plan,
                                const pdlt_network *net, const pdlt_weightless_fit *fit,
                                pdlt_error *err) {
  pdlt_weightless w = {.plan = plan, .fit = fit};
  const size_t D = plan->data->samples, P = pairs_of(plan), q = plan->p;
  const size_t odd = plan->control.spread ? (1 + 2 * plan->times) * q : 0;
  const size_t total = 2 * D * (net->max_width + D) + (1 + plan->readouts) * P + q * q + odd +
                       2 * (fit->controls + fit->values);
  pdlt_status status = PDLT_OK;
  if (plan->control.linear)
    PDLT_TRY(pdlt_linearization_new(&w.linearization, plan->data, &plan->schedule,
                                    plan->ex->training.eta, err));
  if (plan->control.spread) PDLT_TRY(pdlt_spread_new(&w.spread, plan, err));
  PDLT_TRY(pdlt_preactivation_new(&w.pre, net, plan->data, err));
  PDLT_TRY(pdlt_alloc(&w.storage, total, sizeof *w.storage, err));
  double *next = w.storage;
  w.s = pdlt_take(&next, D * net->max_width);
  w.ds = pdlt_take(&next, D * net->max_width);
  for (int k = 0; k < 2; k++) w.gram[k] = pdlt_take(&next, D * D);
  w.theta = pdlt_take(&next, P);
  w.kernel = pdlt_take(&next, plan->readouts * P);
  w.ntk = pdlt_take(&next, q * q);
  w.x = pdlt_take(&next, fit->controls);
  w.sum_x = pdlt_take(&next, fit->controls);
  w.value = pdlt_take(&next, fit->values);
  w.sum = pdlt_take(&next, fit->values);
  if (plan->control.spread) {
    w.z = pdlt_take(&next, q);
    w.odd = pdlt_take(&next, plan->times * q);
    w.even = pdlt_take(&next, plan->times * q);
  }
  *out = w;
  return PDLT_OK;
cleanup:
  pdlt_weightless_free(&w);
  return status;
}

void pdlt_weightless_free(pdlt_weightless *weightless) {
  pdlt_linearization_free(&weightless->linearization);
  pdlt_spread_free(&weightless->spread);
  pdlt_preactivation_free(&weightless->pre);
  pdlt_free(weightless->storage);
  *weightless = (pdlt_weightless){0};
}

/* x of layer index k: averages over neurons of products at the frozen kernel, and the same of
 * slopes. The kernel of layer 1 is frozen by itself. */
static void fill_layer(pdlt_weightless *w, int k, double *x) {
  const pdlt_preactivation *pre = &w->pre;
  const pdlt_small_set *small = pdlt_small_best();
  const size_t D = w->plan->data->samples, n = pre->net->layer[k].out, P = pre->pairs;
  const double *s = pre->s[k], *ds = pre->ds[k], *root = w->fit->root + (size_t)k * D * D;
  if (k > 0) {
    small->product(D, n, D, root, D, pre->xi[k], n, w->s, n);
    pdlt_activation_forward(&pre->net->activation, D * n, w->s, w->s, w->ds);
    s = w->s;
    ds = w->ds;
  }
  small->inner(D, D, n, s, n, s, n, w->gram[0], D);
  small->inner(D, D, n, ds, n, ds, n, w->gram[1], D);
  for (size_t a = 0; a < D; a++)
    for (size_t b = a; b < D; b++, x++) {
      x[0] = w->gram[0][a * D + b] / (double)n;
      x[P] = w->gram[1][a * D + b] / (double)n;
    }
}

/* x of the outputs: Th - delta_ij Theta, rows (i, a) <= (j, b). */
static void fill_outputs(pdlt_weightless *w, double *x) {
  const size_t D = w->plan->data->samples, q = w->plan->p;
  for (size_t i = 0; i < q; i++)
    for (size_t j = i; j < q; j++)
      *x++ = w->ntk[i * q + j] - (i / D == j / D ? w->theta[pdlt_pair(D, i % D, j % D)] : 0);
}

/* products += (c - r)(c - r)^T, packed, of c (T, q). */
static void add_even(pdlt_weightless *w, const double *c, double *products) {
  const size_t q = w->plan->p, values = w->plan->times * q;
  for (size_t i = 0; i < values; i++) w->even[i] = c[i] - w->fit->middle[i];
  for (size_t t = 0; t < values; t += q)
    for (size_t i = 0; i < q; i++)
      for (size_t j = i; j < (w->plan->columns == 1 ? i + 1 : q); j++)
        *products++ += w->even[t + i] * w->even[t + j];
}

pdlt_status pdlt_weightless_raw(pdlt_weightless *w, uint64_t member) {
  const pdlt_plan *plan = w->plan;
  const int depth = plan->ex->network.depth;
  const size_t P = w->pre.pairs;
  double *value = w->value;
  pdlt_preactivation_draw(&w->pre, plan->ex->ensemble.seed, member, plan->control.linear);
  for (size_t r = 0; r < plan->readouts; r++)
    pdlt_preactivation_kernel(&w->pre, pdlt_plan_layer(plan, r), w->kernel + r * P);
  if (pdlt_weightless_kernel(plan)) {
    memcpy(value, w->kernel, plan->readouts * P * sizeof *value);
    value += plan->readouts * P;
  }
  for (size_t r = 0; r < plan->readouts && pdlt_weightless_theta(plan); r++, value += P)
    pdlt_preactivation_theta(&w->pre, pdlt_plan_layer(plan, r), value);
  const size_t layers = w->fit->controls > 0 ? (size_t)depth - 1 : 0;
  for (size_t k = 0; k < layers; k++) fill_layer(w, (int)k, w->x + 2 * k * P);
  if (!plan->control.linear) return PDLT_OK;
  pdlt_preactivation_ntk(&w->pre, w->ntk);
  if (layers > 0 || plan->control.spread) {
    if (pdlt_weightless_theta(plan))
      memcpy(w->theta, value - P, P * sizeof *value);
    else
      pdlt_preactivation_theta(&w->pre, depth, w->theta);
  }
  if (layers > 0) fill_outputs(w, w->x + 2 * layers * P);
  pdlt_status status = pdlt_linearization_course(&w->linearization, w->ntk, value, NULL, NULL);
  if (status != PDLT_OK || !plan->control.spread) return status;
  double *products = value + plan->times * plan->p;
  pdlt_preactivation_output(&w->pre, w->z);
  pdlt_linearization_odd(&w->linearization, w->z, w->odd);
  status = pdlt_spread_fill(&w->spread, w->theta, w->kernel + (plan->readouts - 1) * P, w->z,
                            w->odd, products);
  add_even(w, value, products);
  return status;
}

void pdlt_weightless_begin(pdlt_weightless *w) {
  memset(w->sum, 0, w->fit->values * sizeof *w->sum);
  memset(w->sum_x, 0, w->fit->controls * sizeof *w->sum_x);
}

pdlt_status pdlt_weightless_add(pdlt_weightless *w, uint64_t member) {
  const pdlt_weightless_fit *fit = w->fit;
  const pdlt_status status = pdlt_weightless_raw(w, member);
  if (status != PDLT_OK) return status;
  for (size_t i = 0; i < fit->values; i++) w->sum[i] += w->value[i];
  for (size_t j = 0; j < fit->controls; j++) w->sum_x[j] += w->x[j];
  return PDLT_OK;
}

void pdlt_weightless_mean(pdlt_weightless *w, size_t draws) {
  const pdlt_weightless_fit *fit = w->fit;
  const double share = 1 / (double)draws;
  for (size_t i = 0; i < fit->values; i++) w->value[i] = share * w->sum[i] + fit->known[i];
  for (size_t j = 0; j < fit->controls; j++)
    pdlt_row_add(fit->values, -share * w->sum_x[j], fit->coefficient + j * fit->values, w->value);
}
