/* output_training_ntk.c - the array of the NTK during training: Theta_t. */
#include "trainer/output_internal.h"

pdlt_status pdlt_output_training_ntk(const pdlt_width_output *out, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t n_L = plan->problem->outputs, D = plan->problem->samples;
  const size_t dim[5] = {plan->times, n_L, D, n_L, D};
  if (!plan->with_theta_t) return PDLT_OK;
  pdlt_quantity q;
  const pdlt_status status = pdlt_quantity_add(out, "", "Theta_t", 5, dim, &q, err);
  if (status != PDLT_OK) return status;
  for (size_t b = 0; b < out->blocks; b++) {
    const double *sum = out->records + b * plan->at.size + plan->at.theta_t;
    for (size_t i = 0; i < q.count; i++) q.blocks[b * q.count + i] = sum[i] / out->survivors[b];
  }
  pdlt_quantity_finish(out, out->survivors, &q);
  return PDLT_OK;
}
