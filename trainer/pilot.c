/* pilot.c - see pilot.h. */
#include "trainer/pilot.h"

#include "base/memory.h"
#include "trainer/flops.h"

enum { PILOT_MIN_SURVIVORS = 8 };

/* The draws of the pilot at one width. */
typedef struct pilot_width {
  const pdlt_plan *plan;
  const pdlt_network *net;
  double *plus, *minus; /* (draws, T, p) */
  int *survived;        /* (draws) */
} pilot_width;

static pdlt_status train_draws(pilot_width *pw, int threads, const volatile sig_atomic_t *stop,
                               pdlt_error *err) {
  const size_t values = pw->plan->times * pw->plan->p;
  pdlt_worker *workers = NULL;
  int made = 0, stopped = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&workers, (size_t)threads, sizeof *workers, err));
  for (; made < threads; made++) PDLT_TRY(pdlt_worker_new(&workers[made], pw->plan, pw->net, err));
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(| : stopped)
  for (int thread = 0; thread < threads; thread++)
    for (int d = thread; d < PDLT_PILOT_DRAWS; d += threads) {
      const pdlt_member_outcome outcome =
          pdlt_worker_train(&workers[thread], PDLT_PILOT_MEMBER + (uint64_t)d, stop,
                            pw->plus + (size_t)d * values, pw->minus + (size_t)d * values);
      stopped |= outcome == PDLT_MEMBER_STOPPED;
      pw->survived[d] = outcome == PDLT_MEMBER_DONE || outcome == PDLT_MEMBER_UNCONVERGED;
    }
  if (stopped) status = pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted");
cleanup:
  for (int k = 0; k < made; k++) pdlt_worker_free(&workers[k]);
  pdlt_free(workers);
  return status;
}

/* Sum over the values of the sample variance of z and of (z + z_minus)/2. */
static size_t variances(const pilot_width *pw, double *plain, double *antithetic) {
  const size_t values = pw->plan->times * pw->plan->p;
  size_t count = 0;
  for (int d = 0; d < PDLT_PILOT_DRAWS; d++) count += (size_t)pw->survived[d];
  *plain = *antithetic = 0;
  if (count < 2) return count;
  for (size_t i = 0; i < values; i++) {
    double mean[2] = {0, 0}, scatter[2] = {0, 0};
    for (int pass = 0; pass < 2; pass++)
      for (int d = 0; d < PDLT_PILOT_DRAWS; d++) {
        if (!pw->survived[d]) continue;
        const double z = pw->plus[(size_t)d * values + i];
        const double m = 0.5 * (z + pw->minus[(size_t)d * values + i]);
        if (pass == 0) {
          mean[0] += z / (double)count;
          mean[1] += m / (double)count;
        } else {
          scatter[0] += (z - mean[0]) * (z - mean[0]);
          scatter[1] += (m - mean[1]) * (m - mean[1]);
        }
      }
    *plain += scatter[0] / (double)(count - 1);
    *antithetic += scatter[1] / (double)(count - 1);
  }
  return count;
}

static pdlt_status run_width(pdlt_pilot *pilot, int which, const pdlt_plan *plan, int threads,
                             const volatile sig_atomic_t *stop, pdlt_error *err) {
  const pdlt_experiment *ex = plan->ex;
  const size_t values = plan->times * plan->p;
  const int width = ex->network.widths[which == 0 ? 0 : ex->network.num_widths - 1];
  pdlt_network net = {0};
  double *z = NULL;
  int survived[PDLT_PILOT_DRAWS] = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_network_new(&net, ex, width, plan->problem->inputs, err));
  PDLT_TRY(pdlt_alloc(&z, 2 * PDLT_PILOT_DRAWS * values, sizeof *z, err));
  pilot_width pw = {plan, &net, z, z + PDLT_PILOT_DRAWS * values, survived};
  PDLT_TRY(train_draws(&pw, threads, stop, err));
  pilot->survivors[which] =
      variances(&pw, &pilot->variance_plain[which], &pilot->variance_antithetic[which]);
  /* With steps: end the number of steps is the same for both, up to chance: count one. */
  const double steps = plan->schedule.to_end ? 1 : plan->schedule.times[plan->times - 1];
  pilot->flops_plain[which] =
      steps * pdlt_flops_step(&net, plan->problem->train) +
      (double)plan->times * pdlt_flops_forward(&net, plan->problem->samples);
  pilot->flops_antithetic[which] = 2 * pilot->flops_plain[which];
cleanup:
  pdlt_free(z);
  pdlt_network_free(&net);
  return status;
}

pdlt_status pdlt_pilot_run(pdlt_pilot *out, const pdlt_plan *plan, int threads,
                           const volatile sig_atomic_t *stop, pdlt_error *err) {
  pdlt_pilot pilot = {0};
  double ratio = 0;
  int enough = 1;
  for (int which = 0; which < 2; which++) {
    const pdlt_status status = run_width(&pilot, which, plan, threads, stop, err);
    if (status != PDLT_OK) return status;
    enough &= pilot.survivors[which] >= PILOT_MIN_SURVIVORS && pilot.variance_plain[which] > 0;
    if (enough)
      ratio += 0.5 * pilot.variance_antithetic[which] * pilot.flops_antithetic[which] /
               (pilot.variance_plain[which] * pilot.flops_plain[which]);
  }
  pilot.antithetic = enough && ratio < 1;
  *out = pilot;
  return PDLT_OK;
}
