/* further.c - see further.h. */
#include "trainer/further.h"

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

pdlt_status pdlt_further_add(pdlt_worker *w, uint64_t member, double *record) {
  const pdlt_plan *plan = w->plan;
  const size_t D = plan->problem->samples, matrices = plan->readouts * (D * (D + 1) / 2);
  const double weight = 1 / (double)plan->samples;
  for (size_t k = 0; k < plan->samples; k++) {
    const double *value = w->initial.value;
    const pdlt_status status =
        pdlt_initial_draw(&w->initial, PDLT_INITIAL_MEMBER + member * plan->samples + k);
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
      pdlt_accumulator_kernel(&w->tensors, w->initial.kernel, record);
  }
  return PDLT_OK;
}
