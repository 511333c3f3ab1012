/* bench_stability.c - what it costs to know whether each draw is unstable: processor time of
 * the check, of a draw and of its training, and their share in runs of some lengths.
 *
 * Is: one thread, tanh, four layers, one output, from a fixed seed.
 * Is not: part of the tests; figures belong to the machine and the moment. */
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "trainer/measure/stability.h"

enum { INPUTS = 8, DEPTH = 4, DRAWS = 200 };

/* Seconds of a draw, of a check without and with the factorization, of a step. */
typedef struct timing {
  double draw, bound, factor, step;
} timing;

static pdlt_status measure(timing *out, const pdlt_network *net, const pdlt_samples *problem,
                           pdlt_error *err) {
  pdlt_stepper stepper = {.eta = 0};
  pdlt_stability stability = {.eta = 0};
  int unstable = 0;
  pdlt_status status = PDLT_OK;
  *out = (timing){0};
  PDLT_TRY(pdlt_stepper_new(&stepper, net, problem, &(pdlt_step_settings){.eta = 1e-6}, err));
  PDLT_TRY(pdlt_stability_new(&stability, net, problem, 1e-6, err));
  for (int k = 0; k < DRAWS; k++) {
    const double start = now(CLOCK_THREAD_CPUTIME_ID);
    pdlt_network_draw(net, 1, (uint64_t)k, stepper.theta);
    const double drawn = now(CLOCK_THREAD_CPUTIME_ID);
    stability.eta = 1e-6;
    unstable += pdlt_stability_check(&stability, stepper.theta);
    const double checked = now(CLOCK_THREAD_CPUTIME_ID);
    stability.eta = 10;
    unstable += pdlt_stability_check(&stability, stepper.theta);
    const double factored = now(CLOCK_THREAD_CPUTIME_ID);
    pdlt_stepper_begin(&stepper);
    for (int step = 0; step < 10; step++) {
      pdlt_stepper_forward(&stepper);
      pdlt_stepper_update(&stepper);
    }
    out->step += (now(CLOCK_THREAD_CPUTIME_ID) - factored) / (10 * DRAWS);
    out->factor += (factored - checked) / DRAWS;
    out->bound += (checked - drawn) / DRAWS;
    out->draw += (drawn - start) / DRAWS;
  }
  if (unstable < DRAWS) PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERNAL, "eta = 10 was stable"));
cleanup:
  pdlt_stepper_free(&stepper);
  pdlt_stability_free(&stability);
  return status;
}

static pdlt_status run(int width, size_t train, pdlt_error *err) {
  double ones[DEPTH] = {1, 1, 1, 1}, bias[DEPTH] = {0.1, 0.1, 0.1, 0.1};
  double x[64 * INPUTS], y[64];
  int ratios[DEPTH] = {1, 1, 1, 1};
  pdlt_experiment ex = {.network = {.depth = DEPTH, .outputs = 1, .num_widths = 1}};
  pdlt_dataset data = {.train = train, .inputs = INPUTS, .outputs = 1, .x = x, .y = y};
  pdlt_samples problem = {.train = 0};
  pdlt_network net = {.depth = 0};
  timing t;
  pdlt_status status = PDLT_OK;
  ex.network.activation.kind = PDLT_TANH;
  ex.network.widths = &width;
  ex.network.width_ratios = ratios;
  ex.network.C_b = ex.network.lambda_b = bias;
  ex.network.C_W = ex.network.lambda_W = ones;
  for (size_t i = 0; i < train * INPUTS; i++) x[i] = (double)(i * 7919 % 101) / 50 - 1;
  for (size_t i = 0; i < train; i++) y[i] = (double)(i % 3) - 1;
  PDLT_TRY(pdlt_samples_new(&problem, &ex, &data, err));
  PDLT_TRY(pdlt_network_new(&net, &ex, width, INPUTS, err));
  PDLT_TRY(measure(&t, &net, &problem, err));
  printf("n = %-4d %2zu samples: draw %.3g, check %.3g to %.3g, step %.3g us; share of the run ",
         width, train, 1e6 * t.draw, 1e6 * t.bound, 1e6 * t.factor, 1e6 * t.step);
  for (int steps = 10; steps <= 1000; steps *= 10)
    printf("%s%.2g %%", steps == 10 ? "" : ", ",
           100 * t.factor / (t.draw + t.factor + steps * t.step));
  printf(" (10, 100, 1000 steps)\n");
cleanup:
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
  return status;
}

int main(void) {
  static const int widths[] = {32, 128};
  static const size_t samples[] = {2, 8, 32};
  pdlt_error err = {0};
  if (pdlt_linalg_init(1, &err) != PDLT_OK) return fprintf(stderr, "%s\n", err.message), 1;
  for (int w = 0; w < 2; w++)
    for (int k = 0; k < 3; k++)
      if (run(widths[w], samples[k], &err) != PDLT_OK)
        return fprintf(stderr, "%s\n", err.message), 1;
  return 0;
}
