/* further.c - see further.h. */
#include "trainer/further.h"

#include "base/memory.h"
#include "trainer/rows.h"

/* sums (R, D, D) += weight values (R, P). */
static void add_matrices(const pdlt_plan *plan, double weight, const double *values, double *sums) {
  const size_t D = plan->problem->samples;
  for (size_t r = 0; r < plan->readouts; r++, sums += D * D)
    for (size_t a = 0; a < D; a++)
      for (size_t b = a; b < D; b++) {
        const double x = weight * *values++;
        sums[a * D + b] += x;
        if (b > a) sums[b * D + a] += x;
      }
}

pdlt_status pdlt_further_samples(pdlt_initial *initial, pdlt_accumulator *tensors, uint64_t member,
                                 double *record) {
  const pdlt_plan *plan = initial->plan;
  const size_t D = plan->problem->samples, matrices = plan->readouts * (D * (D + 1) / 2);
  const double weight = 1 / (double)plan->samples;
  for (size_t k = 0; k < plan->samples; k++) {
    const double *value = initial->value;
    const pdlt_status status =
        pdlt_initial_draw(initial, PDLT_INITIAL_MEMBER + member * plan->samples + k);
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
      pdlt_accumulator_kernel(tensors, initial->kernel, record);
  }
  return PDLT_OK;
}

/* --- levels --- */

pdlt_status pdlt_further_new(pdlt_further *out, const pdlt_plan *plan, const pdlt_network *net,
                             pdlt_error *err) {
  pdlt_further f = {.plan = plan};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_relinear_new(&f.relinear, net, plan->problem, &plan->schedule,
                             plan->ex->training.eta, err));
  PDLT_TRY(pdlt_alloc(&f.storage, net->num_params + plan->times * plan->p, sizeof *f.storage, err));
  f.theta = f.storage;
  f.level = f.theta + net->num_params;
  *out = f;
  return PDLT_OK;
cleanup:
  pdlt_further_free(&f);
  return status;
}

void pdlt_further_free(pdlt_further *further) {
  pdlt_relinear_free(&further->relinear);
  pdlt_free(further->storage);
  *further = (pdlt_further){0};
}

/* shift += factor c_k of the draw in relinear, k = 0 the own linearization. */
static pdlt_status add_level(pdlt_further *f, size_t k, double factor, double *shift) {
  static const pdlt_level own = {.nodes = 0};
  const pdlt_level *level = k == 0 ? &own : &f->plan->levels.level[k - 1];
  const pdlt_status status = pdlt_relinear_output(&f->relinear, level, f->level, NULL);
  if (status == PDLT_OK) pdlt_row_add(f->plan->times * f->plan->p, factor, f->level, shift);
  return status;
}

pdlt_status pdlt_further_levels(pdlt_further *f, const double *theta, uint64_t member,
                                double *shift, int *unstable) {
  const pdlt_levels *levels = &f->plan->levels;
  const pdlt_network *net = f->relinear.first.net;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_relinear_begin(&f->relinear, theta, NULL));
  *unstable = f->relinear.unstable;
  PDLT_TRY(add_level(f, levels->count, -1, shift));
  for (size_t k = 0; k < levels->count; k++)
    for (size_t d = 0; d < levels->draws[k]; d++) {
      const double weight = 1 / (double)levels->draws[k];
      pdlt_network_draw_layers(net, f->plan->ex->ensemble.seed,
                               PDLT_FURTHER_MEMBER(k) + member * levels->draws[k] + d,
                               d % PDLT_FURTHER_LAST == 0 ? 1 : net->depth, net->depth, f->theta);
      PDLT_TRY(pdlt_relinear_begin(&f->relinear, f->theta, NULL));
      PDLT_TRY(add_level(f, k + 1, weight, shift));
      PDLT_TRY(add_level(f, k, -weight, shift));
    }
cleanup:
  return status;
}
