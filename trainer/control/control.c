/* control.c - see control.h. */
#include "trainer/control/control.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/rows.h"
#include "trainer/control/level.h"
#include "trainer/control/positions_linear.h"
#include "trainer/control/weightless.h"
#include "trainer/measure/stability.h"
#include "trainer/network/draws.h"

/* --- a width --- */

struct pdlt_control_width {
  const pdlt_plan *plan;   /* borrowed */
  const pdlt_network *net; /* borrowed */
  pdlt_weightless_fit fit; /* empty without draws without weights */
};

pdlt_status pdlt_control_width_new(pdlt_control_width **out, const pdlt_plan *plan,
                                   const pdlt_network *net, pdlt_error *err) {
  pdlt_control_width *width = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&width, 1, sizeof *width, err));
  *width = (pdlt_control_width){.plan = plan, .net = net};
  if (plan->control.samples > 0 && !plan->networks)
    PDLT_TRY(pdlt_weightless_fit_new(&width->fit, plan, net, err));
  *out = width;
  return PDLT_OK;
cleanup:
  pdlt_control_width_free(width);
  return status;
}

void pdlt_control_width_free(pdlt_control_width *width) {
  if (width != NULL) pdlt_weightless_fit_free(&width->fit);
  pdlt_free(width);
}

double pdlt_control_width_variance(const pdlt_control_width *width, size_t stride) {
  const pdlt_weightless_fit *fit = &width->fit;
  double sum = 0;
  for (size_t i = fit->linear; i < fit->spread; i += stride) sum += fit->left[i];
  return sum;
}

double pdlt_control_width_matrices(const pdlt_control_width *width, int quantity) {
  const pdlt_plan *plan = width->plan;
  const size_t D = plan->data->samples, count = plan->readouts * (D * (D + 1) / 2);
  const int first = quantity == PDLT_QUANTITY_K;
  const size_t at = !first && pdlt_weightless_kernel(plan) ? count : 0;
  double sum = 0;
  if (!(first ? pdlt_weightless_kernel(plan) : pdlt_weightless_theta(plan))) return 0;
  for (size_t i = at; i < at + count; i++) sum += width->fit.left[i];
  return sum;
}

int pdlt_control_is_fitted(const pdlt_plan *plan) { return pdlt_weightless_controls(plan) > 0; }

const double *pdlt_control_width_middle(const pdlt_control_width *width) {
  return width->fit.middle;
}

size_t pdlt_control_products(const pdlt_plan *plan) { return pdlt_spread_values(plan); }

double pdlt_control_width_products(const pdlt_control_width *width, size_t stride) {
  const pdlt_weightless_fit *fit = &width->fit;
  double sum = 0;
  for (size_t i = fit->spread; i < fit->values; i += stride) sum += fit->left[i];
  return sum;
}

/* --- memory of a thread --- */

struct pdlt_control {
  const pdlt_plan *plan;       /* borrowed */
  const pdlt_network *net;     /* borrowed */
  pdlt_weightless weightless;  /* the M draws */
  pdlt_level_draws levels;     /* of the trained draw, then of further ones */
  pdlt_positions_linear drawn; /* where layers have positions or skips, instead of both */
  pdlt_stability stability;    /* of the trained draw, where it has no levels */
  double *theta; /* a further draw, and PDLT_FURTHER_LAST - 1 more of its last layer */
  double *level,
      *level_odd; /* (PDLT_FURTHER_LAST, T, p) one level of them; half the differences of pairs */
  double *own, *own_odd; /* (T, p) c_K of the trained draw, all there is with `drawn`; the same */
  double *storage;
};

static size_t last_of(const pdlt_network *net) {
  return net->num_params - net->layer[net->depth - 1].weight;
}

static pdlt_status new_levels(pdlt_control *c, pdlt_error *err) {
  const pdlt_plan *plan = c->plan;
  const size_t theta = c->net->num_params + (PDLT_FURTHER_LAST - 1) * last_of(c->net);
  const size_t values = plan->times * plan->p;
  const pdlt_level_settings settings = {.net = c->net,
                                        .data = plan->data,
                                        .schedule = &plan->schedule,
                                        .eta = plan->ex->training.eta,
                                        .heads = PDLT_FURTHER_LAST,
                                        .nodes = PDLT_MAX_NODES};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_level_draws_new(&c->levels, &settings, err));
  PDLT_TRY(pdlt_alloc(&c->storage, theta + 2 * (PDLT_FURTHER_LAST + 1) * values, sizeof *c->storage,
                      err));
  double *next = c->storage;
  c->theta = pdlt_take(&next, theta);
  c->level = pdlt_take(&next, PDLT_FURTHER_LAST * values);
  c->level_odd = pdlt_take(&next, PDLT_FURTHER_LAST * values);
  c->own = pdlt_take(&next, values);
  c->own_odd = pdlt_take(&next, values);
cleanup:
  return status;
}

static pdlt_status new_drawn(pdlt_control *c, pdlt_error *err) {
  const pdlt_plan *plan = c->plan;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_positions_linear_new(&c->drawn, plan, c->net, err));
  PDLT_TRY(pdlt_alloc(&c->storage, plan->times * plan->p, sizeof *c->storage, err));
  c->own = c->storage;
cleanup:
  return status;
}

pdlt_status pdlt_control_new(pdlt_control **out, const pdlt_control_width *width, pdlt_error *err) {
  const pdlt_plan *plan = width->plan;
  pdlt_control *c = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&c, 1, sizeof *c, err));
  *c = (pdlt_control){.plan = plan, .net = width->net};
  if (plan->control.samples > 0 && !plan->networks)
    PDLT_TRY(pdlt_weightless_new(&c->weightless, plan, width->net, &width->fit, err));
  if (plan->control.linear)
    PDLT_TRY(plan->networks ? new_drawn(c, err) : new_levels(c, err));
  else if (plan->has[PDLT_QUANTITY_UNSTABLE])
    PDLT_TRY(
        pdlt_stability_new(&c->stability, width->net, plan->data, plan->ex->training.eta, err));
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_control_free(c);
  return status;
}

void pdlt_control_free(pdlt_control *control) {
  if (control == NULL) return;
  pdlt_weightless_free(&control->weightless);
  pdlt_level_draws_free(&control->levels);
  pdlt_positions_linear_free(&control->drawn);
  pdlt_stability_free(&control->stability);
  pdlt_free(control->storage);
  pdlt_free(control);
}

/* --- the trained draw --- */

pdlt_status pdlt_control_look(pdlt_control *c, const double *theta) {
  if (c->plan->networks) return pdlt_positions_linear_look(&c->drawn, theta);
  return pdlt_level_draws_begin(&c->levels, theta, 1, NULL);
}

/* odd may be NULL; with positions or skips it stays as it is. */
static pdlt_status level_output(pdlt_control *c, const pdlt_level *level, double *out,
                                double *odd) {
  if (c->plan->networks) {
    memcpy(out, c->drawn.c, c->plan->times * c->plan->p * sizeof *out);
    return PDLT_OK;
  }
  return pdlt_level_draws_output(&c->levels, level, out, odd, NULL);
}

pdlt_status pdlt_control_level(pdlt_control *c, const pdlt_level *level, double *out, double *odd) {
  return level_output(c, level, out, odd);
}

/* Level k = 1 .. K of the plan; k = 0: the own linearization. */
static const pdlt_level *level_of(const pdlt_plan *plan, size_t k) {
  static const pdlt_level own = {.nodes = 0};
  return k == 0 ? &own : &plan->control.levels.level[k - 1];
}

pdlt_status pdlt_control_draw(pdlt_control *c, const double *theta, int *unstable) {
  const pdlt_plan *plan = c->plan;
  pdlt_status status = PDLT_OK;
  *unstable = 0;
  if (plan->control.linear) {
    PDLT_TRY(pdlt_control_look(c, theta));
    *unstable = plan->networks ? c->drawn.unstable : c->levels.unstable[0];
    PDLT_TRY(level_output(c, level_of(plan, plan->control.levels.count), c->own, c->own_odd));
  } else if (plan->has[PDLT_QUANTITY_UNSTABLE]) {
    *unstable = pdlt_stability_check(&c->stability, theta);
  }
cleanup:
  return status;
}

/* --- draws without weights --- */

/* sums (R, D, D) += values (R, P). */
static void add_matrices(const pdlt_plan *plan, const double *values, double *sums) {
  const size_t D = plan->data->samples;
  for (size_t r = 0; r < plan->readouts; r++, sums += D * D)
    for (size_t a = 0; a < D; a++)
      for (size_t b = a; b < D; b++) {
        const double x = *values++;
        sums[a * D + b] += x;
        if (b > a) sums[b * D + a] += x;
      }
}

/* shift += share of the c_0 of further network `sample` of `member`. */
static pdlt_status add_network(pdlt_control *c, uint64_t member, size_t sample, double *shift) {
  const pdlt_plan *plan = c->plan;
  const pdlt_status status = pdlt_positions_linear_further(&c->drawn, member, sample);
  if (status == PDLT_OK)
    pdlt_row_add(plan->times * plan->p, 1 / (double)plan->control.samples, c->drawn.c, shift);
  return status;
}

/* Adds the mean over the draws without weights of `member` to the record. */
static pdlt_status add_samples(pdlt_control *c, uint64_t member, pdlt_accumulator *tensors,
                               double *record) {
  const pdlt_plan *plan = c->plan;
  const size_t D = plan->data->samples, matrices = plan->readouts * (D * (D + 1) / 2);
  const size_t samples = plan->control.samples, values = plan->times * plan->p;
  const double *value = c->weightless.value;
  const int vertex =
      plan->control.weightless && plan->has[PDLT_QUANTITY_V] && !plan->has[PDLT_QUANTITY_A];
  pdlt_status status = PDLT_OK;
  pdlt_weightless_begin(&c->weightless);
  for (size_t k = 0; k < samples; k++) {
    PDLT_TRY(pdlt_weightless_add(&c->weightless, PDLT_WEIGHTLESS_MEMBER + member * samples + k));
    if (vertex) pdlt_accumulator_kernel(tensors, c->weightless.kernel, record);
  }
  pdlt_weightless_mean(&c->weightless, samples);
  if (pdlt_weightless_kernel(plan)) {
    add_matrices(plan, value, record + plan->at.sum[PDLT_QUANTITY_K]);
    value += matrices;
  }
  if (pdlt_weightless_theta(plan)) {
    add_matrices(plan, value, record + plan->at.sum[PDLT_QUANTITY_THETA]);
    value += matrices;
  }
  if (plan->control.linear) pdlt_row_add(values, 1, value, record + plan->at.shift);
  if (plan->control.spread) pdlt_spread_unpack(plan, value + values, record + plan->at.odd_shift);
cleanup:
  return status;
}

/* --- further draws of the levels --- */

/* Draws d .. d + heads - 1 of level k + 1: hidden layers of the first, last layers of all. */
static pdlt_status begin(pdlt_control *c, size_t k, uint64_t member, size_t d, size_t heads) {
  const uint64_t seed = c->plan->ex->ensemble.seed;
  member = PDLT_FURTHER_MEMBER(k) + member * c->plan->control.levels.draws[k] + d;
  pdlt_network_draw(c->net, seed, member, c->theta);
  for (size_t r = 1; r < heads; r++)
    pdlt_network_draw_layers(c->net, seed, member + r, c->net->depth, c->net->depth,
                             c->theta + r * last_of(c->net));
  return pdlt_level_draws_begin(&c->levels, c->theta, heads, NULL);
}

/* Products of what a record sums += factor (odd odd^T + (c - r)(c - r)^T) of a draw, whose c becomes c - r. */
static void add_products(pdlt_control *c, double factor, double *own, const double *odd,
                         double *record) {
  const pdlt_plan *plan = c->plan;
  double *sums = record + plan->at.odd_shift;
  pdlt_spread_add_odd(plan, factor, odd, sums);
  pdlt_row_add(plan->times * plan->p, -1, c->weightless.fit->middle, own);
  pdlt_spread_add_odd(plan, factor, own, sums);
}

/* What the record sums of a draw += factor sum over these draws of c_k, and of products. */
static pdlt_status add_level(pdlt_control *c, size_t k, double factor, size_t heads,
                             double *record) {
  const pdlt_plan *plan = c->plan;
  const size_t values = plan->times * plan->p;
  double *odd = plan->control.spread ? c->level_odd : NULL;
  const pdlt_status status = level_output(c, level_of(plan, k), c->level, odd);
  for (size_t r = 0; r < heads && status == PDLT_OK; r++) {
    pdlt_row_add(values, factor, c->level + r * values, record + plan->at.shift);
    if (odd != NULL) add_products(c, factor, c->level + r * values, odd + r * values, record);
  }
  return status;
}

/* += the mean over the draws of level k + 1 of what it says less what level k does. */
static pdlt_status add_difference(pdlt_control *c, size_t k, uint64_t member, double *record) {
  const size_t draws = c->plan->control.levels.draws[k];
  const double weight = 1 / (double)draws;
  pdlt_status status = PDLT_OK;
  for (size_t d = 0; d < draws; d += PDLT_FURTHER_LAST) {
    const size_t heads = draws - d < PDLT_FURTHER_LAST ? draws - d : PDLT_FURTHER_LAST;
    PDLT_TRY(begin(c, k, member, d, heads));
    PDLT_TRY(add_level(c, k + 1, weight, heads, record));
    PDLT_TRY(add_level(c, k, -weight, heads, record));
  }
cleanup:
  return status;
}

pdlt_status pdlt_control_further(pdlt_control *c, uint64_t member, pdlt_accumulator *tensors,
                                 double *record) {
  const pdlt_plan *plan = c->plan;
  double *shift = record + plan->at.shift;
  pdlt_status status = PDLT_OK;
  if (plan->control.samples > 0 && !plan->networks)
    PDLT_TRY(add_samples(c, member, tensors, record));
  for (size_t k = 0; k < plan->control.samples && plan->networks; k++)
    PDLT_TRY(add_network(c, member, k, shift));
  if (!plan->control.linear) return PDLT_OK;
  pdlt_row_add(plan->times * plan->p, -1, c->own, shift);
  if (plan->control.spread) add_products(c, -1, c->own, c->own_odd, record);
  for (size_t k = 0; k < plan->control.levels.count; k++)
    PDLT_TRY(add_difference(c, k, member, record));
cleanup:
  return status;
}
