/* mean.c - the mean output at order 1/width at recorded times.
 *
 * Is: the loop over steps (or panels of flow), in batches whose sources are
 * made together. Is not: the sources themselves (source.c) or the rotation (rotate.c). */
#include "theory/order_one/mean.h"

#include "base/core/memory.h"
#include "theory/order_one/internal.h"

/* Recorded vectors (T, 5, n_L, D) in samples: parts (5, T, n_L, D), z_nlo their
 * sum. */
static void deliver(const pdlt_dynamics *dyn, size_t num_times, const double *recorded,
                    double *z_nlo, double *parts) {
  const size_t block = dyn->lo.outputs * dyn->lo.D;
  for (size_t t = 0; t < num_times; t++)
    for (size_t i = 0; i < block; i++) {
      double sum = 0;
      for (size_t part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
        const double value = recorded[(t * PDLT_DYNAMICS_PART_COUNT + part) * block + i];
        if (parts) parts[(part * num_times + t) * block + i] = value;
        sum += value;
      }
      z_nlo[t * block + i] = sum;
    }
}

pdlt_status pdlt_dynamics_run(const pdlt_dynamics *dyn, size_t num_times, const double *times,
                              double *z_nlo, double *parts, double *theta_t, pdlt_error *err) {
  const size_t A = dyn->lo.A, count = PDLT_DYNAMICS_PART_COUNT * dyn->lo.outputs;
  const size_t size = num_times * count * dyn->lo.D;
  double *recorded = NULL, *samples = NULL, *snapshots = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&recorded, size, sizeof *recorded, err));
  PDLT_TRY(pdlt_alloc(&samples, size, sizeof *samples, err));
  if (theta_t)
    PDLT_TRY(pdlt_alloc(&snapshots, num_times * pdlt_time_state_size(A), sizeof(double), err));
  const pdlt_time_loop loop = {.num_times = num_times,
                               .times = times,
                               .count = count,
                               .source = pdlt_dynamics_source,
                               .self = dyn,
                               .recorded = recorded,
                               .snapshots = snapshots,
                               .units = 0.2};
  PDLT_TRY(pdlt_time_loop_run(dyn, &loop, err));
  if (theta_t) {
    const pdlt_time_states states = {.A = A, .points = num_times, .data = snapshots};
    PDLT_TRY(pdlt_dynamics_ntk(dyn, &states, theta_t, err));
  }
  pdlt_rotate_back(dyn, num_times * count, recorded, samples);
  deliver(dyn, num_times, samples, z_nlo, parts);
cleanup:
  pdlt_free(recorded);
  pdlt_free(samples);
  pdlt_free(snapshots);
  return status;
}
