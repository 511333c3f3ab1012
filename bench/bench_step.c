/* bench_step.c - share of the FMA peak that a training step reaches, over widths and samples.
 *
 * Is: tanh, 3 hidden layers, 16 inputs, one thread: the best of many short batches by the
 * thread's own clock, the peak measured between them, so that other work on the machine
 * matters little.
 * Is not: a count of what a whole run reaches; that is bench_train. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/linalg.h"
#include "bench/peak.h"
#include "bench/train_setup.h"
#include "trainer/flops.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

enum { HIDDEN = 3, INPUTS = 16, BATCHES = 40, PEAK_ROUNDS = 4000 };

static double sink;

/* Seconds of so many steps, and of the peak loop. */
static double time_steps(pdlt_stepper *st, long steps) {
  const double start = now();
  for (long k = 0; k < steps; k++) {
    pdlt_stepper_forward(st);
    pdlt_stepper_update(st);
  }
  return now() - start;
}

static double time_peak(int single) {
  const double start = now();
  sink += single ? float_chains(PEAK_ROUNDS) : double_chains(PEAK_ROUNDS);
  return now() - start;
}

static int ascending(const void *x, const void *y) {
  const double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

/* A tenth of the batches are faster: the clock is not exact. */
static double low(double *seconds) {
  qsort(seconds, BATCHES, sizeof *seconds, ascending);
  return seconds[BATCHES / 10];
}

static pdlt_status share(int n, int samples, int single, double *out, pdlt_error *err) {
  double zeros[HIDDEN + 1], ones[HIDDEN + 1], steps_time[BATCHES], peak_time[BATCHES];
  int ratios[HIDDEN + 1];
  const pdlt_experiment ex = make_experiment(HIDDEN, zeros, ones, ratios);
  pdlt_dataset data = {0};
  pdlt_problem problem = {0};
  pdlt_network net = {0};
  pdlt_stepper st = {0};
  pdlt_error local = {.status = PDLT_OK};
  pdlt_status status = PDLT_OK;
  fill_problem((size_t)samples, INPUTS, &data, &local);
  if (local.status != PDLT_OK) PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory"));
  PDLT_TRY(pdlt_problem_new(&problem, &ex, &data, err));
  PDLT_TRY(pdlt_network_new(&net, &ex, n, INPUTS, err));
  PDLT_TRY(pdlt_stepper_new(&st, &net, &problem, 0.1 / samples, PDLT_FIRST_AUTO, single, err));
  pdlt_network_draw(&net, 1, 0, st.theta);
  pdlt_stepper_begin(&st);
  const double flops = pdlt_flops_step(&net, problem.train);
  const long steps = 1 + (long)(4e7 / flops);
  time_steps(&st, steps);
  for (int k = 0; k < BATCHES; k++) {
    steps_time[k] = time_steps(&st, steps) / (double)steps;
    peak_time[k] = time_peak(single);
  }
  *out = flops / low(steps_time) * low(peak_time) / chains_flops(single, PEAK_ROUNDS);
cleanup:
  pdlt_stepper_free(&st);
  pdlt_network_free(&net);
  pdlt_problem_free(&problem);
  free(data.x);
  free(data.y);
  return status;
}

int main(int argc, char **argv) {
  static const int widths[] = {16, 24, 32, 48, 64, 96, 100, 128, 192, 256, 384, 512};
  static const int grid[] = {8, 12, 16, 24, 32, 64, 100, 128}, beside[] = {9, 10, 13, 17, 20, 33};
  const int single = argc > 1 && strcmp(argv[1], "single") == 0;
  const int off = argc > 2 && strcmp(argv[2], "off") == 0;
  const int *samples = off ? beside : grid;
  const int count = off ? (int)(sizeof beside / sizeof *beside) : (int)(sizeof grid / sizeof *grid);
  pdlt_error err = {.status = PDLT_OK};
  if (argc > 3 || (argc > 1 && !single && strcmp(argv[1], "double") != 0) || (argc > 2 && !off)) {
    fprintf(stderr, "bench_step [double|single [off]]\n");
    return 2;
  }
  printf("share of peak, %s; n down, samples across\n    ", single ? "single" : "double");
  for (int j = 0; j < count; j++) printf(" %5d", samples[j]);
  printf("\n");
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
    printf("%4d", widths[i]);
    for (int j = 0; j < count; j++) {
      double found = 0;
      if (share(widths[i], samples[j], single, &found, &err) != PDLT_OK) {
        fprintf(stderr, "bench_step: %s\n", err.message);
        return pdlt_status_exit(err.status);
      }
      printf(" %5.2f", found);
      fflush(stdout);
    }
    printf("\n");
  }
  return isfinite(sink) ? 0 : 3;
}
