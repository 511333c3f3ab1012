/* further_draws.c - see further_draws.h. */
#include "trainer/control/further_draws.h"

#include "base/core/memory.h"
#include "base/vector/rows.h"
#include "trainer/network/draws.h"

/* sums (R, D, D) += weight values (R, P). */
static void add_matrices(const pdlt_plan *plan, double weight, const double *values, double *sums) {
  const size_t D = plan->data->samples;
  for (size_t r = 0; r < plan->readouts; r++, sums += D * D)
    for (size_t a = 0; a < D; a++)
      for (size_t b = a; b < D; b++) {
        const double x = weight * *values++;
        sums[a * D + b] += x;
        if (b > a) sums[b * D + a] += x;
      }
}

pdlt_status pdlt_further_samples(pdlt_weightless *weightless, pdlt_accumulator *tensors,
                                 uint64_t member, double *record) {
  const pdlt_plan *plan = weightless->plan;
  const size_t D = plan->data->samples, matrices = plan->readouts * (D * (D + 1) / 2);
  const double weight = 1 / (double)plan->samples;
  for (size_t k = 0; k < plan->samples; k++) {
    const double *value = weightless->value;
    const pdlt_status status =
        pdlt_weightless_draw(weightless, PDLT_WEIGHTLESS_MEMBER + member * plan->samples + k);
    if (status != PDLT_OK) return status;
    if (plan->weightless && plan->with_kernel) {
      add_matrices(plan, weight, value, record + plan->at.kernel);
      value += matrices;
    }
    if (plan->weightless && plan->with_theta) {
      add_matrices(plan, weight, value, record + plan->at.theta);
      value += matrices;
    }
    if (plan->linear) pdlt_row_add(plan->times * plan->p, weight, value, record + plan->at.shift);
    if (plan->weightless && plan->with_vertex && !plan->with_fluctuations)
      pdlt_accumulator_kernel(tensors, weightless->kernel, record);
  }
  return PDLT_OK;
}

/* --- levels --- */

static size_t last_of(const pdlt_network *net) {
  return net->num_params - net->layer[net->depth - 1].weight;
}

pdlt_status pdlt_further_new(pdlt_further *out, const pdlt_plan *plan, const pdlt_network *net,
                             pdlt_error *err) {
  pdlt_further f = {.plan = plan};
  const size_t theta = net->num_params + (PDLT_FURTHER_LAST - 1) * last_of(net);
  pdlt_status status = PDLT_OK;
  const pdlt_level_settings settings = {.net = net,
                                        .data = plan->data,
                                        .schedule = &plan->schedule,
                                        .eta = plan->ex->training.eta,
                                        .heads = PDLT_FURTHER_LAST,
                                        .nodes = PDLT_MAX_NODES};
  PDLT_TRY(pdlt_level_draws_new(&f.level_draws, &settings, err));
  PDLT_TRY(pdlt_alloc(&f.storage, theta + PDLT_FURTHER_LAST * plan->times * plan->p,
                      sizeof *f.storage, err));
  f.theta = f.storage;
  f.level = f.theta + theta;
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_further_free(&f);
  return status;
}

void pdlt_further_free(pdlt_further *further) {
  pdlt_level_draws_free(&further->level_draws);
  pdlt_free(further->storage);
  *further = (pdlt_further){0};
}

/* shift += factor c_k of the draws in level_draws, k = 0 the own linearization. */
static pdlt_status add_level(pdlt_further *f, size_t k, double factor, double *shift) {
  static const pdlt_level own = {.nodes = 0};
  const pdlt_level *level = k == 0 ? &own : &f->plan->levels.level[k - 1];
  const size_t values = f->plan->times * f->plan->p;
  const pdlt_status status = pdlt_level_draws_output(&f->level_draws, level, f->level, NULL);
  for (size_t r = 0; r < f->level_draws.bundle->draw.heads && status == PDLT_OK; r++)
    pdlt_row_add(values, factor, f->level + r * values, shift);
  return status;
}

/* Draws d .. d + heads - 1 of level k + 1: hidden layers of the first, last layers of all. */
static pdlt_status begin(pdlt_further *f, size_t k, uint64_t member, size_t d, size_t heads) {
  const pdlt_network *net = f->level_draws.bundle->net;
  const uint64_t seed = f->plan->ex->ensemble.seed;
  member = PDLT_FURTHER_MEMBER(k) + member * f->plan->levels.draws[k] + d;
  pdlt_network_draw(net, seed, member, f->theta);
  for (size_t r = 1; r < heads; r++)
    pdlt_network_draw_layers(net, seed, member + r, net->depth, net->depth,
                             f->theta + r * last_of(net));
  return pdlt_level_draws_begin(&f->level_draws, f->theta, heads, NULL);
}

pdlt_status pdlt_further_levels(pdlt_further *f, const double *theta, uint64_t member,
                                double *shift, int *unstable) {
  const pdlt_levels *levels = &f->plan->levels;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_level_draws_begin(&f->level_draws, theta, 1, NULL));
  *unstable = f->level_draws.unstable[0];
  PDLT_TRY(add_level(f, levels->count, -1, shift));
  for (size_t k = 0; k < levels->count; k++) {
    const double weight = 1 / (double)levels->draws[k];
    for (size_t d = 0; d < levels->draws[k]; d += PDLT_FURTHER_LAST) {
      const size_t left = levels->draws[k] - d;
      PDLT_TRY(begin(f, k, member, d, left < PDLT_FURTHER_LAST ? left : PDLT_FURTHER_LAST));
      PDLT_TRY(add_level(f, k + 1, weight, shift));
      PDLT_TRY(add_level(f, k, -weight, shift));
    }
  }
cleanup:
  return status;
}
