/* training_ntk.c - the arrays of NTK and dNTK during training: Theta_t, dTheta_t. */
#include "trainer/output/internal.h"

/* The mean over survivors of the sums that begin at `sum` in the records. */
static pdlt_status put(const pdlt_width_output *out, const char *name, int ndim, const size_t *dim,
                       size_t sum, pdlt_error *err) {
  pdlt_estimates q;
  const pdlt_status status = pdlt_estimates_add(out, "", name, ndim, dim, &q, err);
  if (status != PDLT_OK) return status;
  for (size_t b = 0; b < out->blocks; b++) {
    const double *from = out->records + b * out->plan->at.size + sum;
    for (size_t i = 0; i < q.count; i++) q.blocks[b * q.count + i] = from[i] / out->survivors[b];
  }
  pdlt_estimates_finish(out, out->survivors, &q);
  return PDLT_OK;
}

pdlt_status pdlt_output_training_ntk(const pdlt_width_output *out, pdlt_error *err) {
  const pdlt_plan *plan = out->plan;
  const size_t T = plan->times, n_L = plan->data->outputs, D = plan->data->samples;
  const size_t S = plan->first;
  pdlt_status status = PDLT_OK;
  if (plan->with_theta_t)
    PDLT_TRY(put(out, "Theta_t", 5, (size_t[]){T, n_L, D, n_L, D}, plan->at.theta_t, err));
  if (plan->with_dtheta_t)
    PDLT_TRY(
        put(out, "dTheta_t", 7, (size_t[]){T, n_L, S, n_L, S, n_L, S}, plan->at.dtheta_t, err));
cleanup:
  return status;
}
