/* bench_train.c - speed of training: networks stepped per second, and the share of the
 * processor's FMA peak, measured beside it.
 *
 * Is: the trainer's own step on tanh networks without biases, fully connected or, with --side, circular
 * convolutions on side x side positions under a flatten (--inputs are channels then), drawn from a fixed seed before
 * the clock starts, each trained once for exactly --steps steps without recording.
 * Is not: part of the tests; figures belong to the machine and the moment. */
#include <getopt.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "bench/peak.h"
#include "bench/train_setup.h"
#include "trainer/control/flops.h"
#include "trainer/network/step.h"

typedef struct bench {
  int width, hidden, inputs, samples, threads, json, single;
  int side, kernel; /* of convolutions on side x side positions; 0: fully connected */
  long steps, networks;
} bench;

enum { PEAK_ROUNDS = 400000, PEAK_REPEATS = 10 };

/* GFLOP/s of all threads together, the best of several runs. */
static double peak_gflops(const bench *b) {
  double sink = 0, best = INFINITY;
  for (int k = 0; k < PEAK_REPEATS; k++) {
    const double start = now(CLOCK_MONOTONIC);
#pragma omp parallel for num_threads(b->threads) schedule(static, 1) reduction(+ : sink)
    for (int t = 0; t < b->threads; t++)
      sink += peak_chains(pdlt_simd_best(), b->single, PEAK_ROUNDS);
    best = fmin(best, now(CLOCK_MONOTONIC) - start);
  }
  if (!isfinite(sink)) fprintf(stderr, "the peak loop overflowed\n");
  return chains_flops(pdlt_simd_best(), b->single, PEAK_ROUNDS) * b->threads / best * 1e-9;
}

/* Draws of so many networks are held at once. */
static const size_t draw_bytes = (size_t)256 << 20;

/* Of training alone; processor: of all threads together. */
typedef struct spent {
  double seconds, processor;
} spent;

/* Trains all networks; draws are not in what is spent. */
static spent train_all(const bench *b, const pdlt_network *net, pdlt_stepper *steppers,
                       double *draws, long held) {
  const size_t size = net->num_params;
  spent out = {0};
  for (long first = 0; first < b->networks; first += held) {
    const long count = b->networks - first < held ? b->networks - first : held;
#pragma omp parallel for num_threads(b->threads) schedule(static)
    for (long k = 0; k < count; k++)
      pdlt_network_draw(net, 1, (uint64_t)(first + k), draws + (size_t)k * size);
    const double start = now(CLOCK_MONOTONIC), begun = now(CLOCK_PROCESS_CPUTIME_ID);
#pragma omp parallel for num_threads(b->threads) schedule(static)
    for (long k = 0; k < count; k++) {
      pdlt_stepper *st = &steppers[omp_get_thread_num()];
      memcpy(st->theta, draws + (size_t)k * size, size * sizeof *draws);
      pdlt_stepper_begin(st);
      for (long step = 0; step < b->steps; step++) {
        pdlt_stepper_forward(st);
        pdlt_stepper_update(st);
      }
    }
    out.seconds += now(CLOCK_MONOTONIC) - start;
    out.processor += now(CLOCK_PROCESS_CPUTIME_ID) - begun;
  }
  return out;
}

static void report(const bench *b, const spent *s, double flops, double peak) {
  const double work = (double)b->networks * (double)b->steps, rate = work / s->seconds;
  const double gflops = rate * flops * 1e-9;
  const char *format = b->json ? "{\"networks\": %ld, \"steps\": %ld, "
                                 "\"network_steps_per_second\": %.6g, "
                                 "\"network_steps_per_processor_second\": %.6g, \"gflops\": %.6g, "
                                 "\"peak_gflops\": %.6g, \"fraction_of_peak\": %.4f}\n"
                               : "networks %ld\nsteps %ld\nnetwork_steps_per_second %.6g\n"
                                 "network_steps_per_processor_second %.6g\n"
                                 "gflops %.6g\npeak_gflops %.6g\nfraction_of_peak %.4f\n";
  printf(format, b->networks, b->steps, rate, work / s->processor, gflops, peak, gflops / peak);
}

enum { MAX_HIDDEN = 63, MAX_BENCH_THREADS = 256 };

static pdlt_status run(const bench *b, pdlt_error *err) {
  double zeros[MAX_HIDDEN + 1], ones[MAX_HIDDEN + 1];
  int ratios[MAX_HIDDEN + 1], made = 0;
  pdlt_layer_keys layers[MAX_HIDDEN + 1];
  pdlt_experiment ex = make_experiment(b->hidden, zeros, ones, ratios);
  if (b->side > 0) add_convolutions(&ex, b->side, b->kernel, layers);
  pdlt_dataset data = {0};
  pdlt_samples problem = {0};
  pdlt_network net = {0};
  pdlt_stepper *steppers = calloc((size_t)b->threads, sizeof *steppers);
  double *draws = NULL;
  pdlt_error local = {.status = PDLT_OK};
  pdlt_status status = PDLT_OK;
  const size_t positions = b->side > 0 ? (size_t)(b->side * b->side) : 1;
  fill_problem((size_t)b->samples, (size_t)b->inputs * positions, &data, &local);
  if (steppers == NULL || local.status != PDLT_OK)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory"));
  PDLT_TRY(pdlt_linalg_init(b->threads, err));
  PDLT_TRY(pdlt_samples_new(&problem, &ex, &data, err));
  PDLT_TRY(pdlt_network_new(&net, &ex, b->width, problem.inputs, err));
  long held = (long)(draw_bytes / (net.num_params * sizeof *draws)) / b->threads * b->threads;
  if (held < b->threads) held = b->threads;
  PDLT_TRY(pdlt_alloc(&draws, (size_t)held * net.num_params, sizeof *draws, err));
  const pdlt_step_settings settings = {.eta = 0.1 / (double)(b->samples * (int)positions),
                                       .single = b->single};
  for (; made < b->threads; made++)
    PDLT_TRY(pdlt_stepper_new(&steppers[made], &net, &problem, &settings, err));
  const double before = peak_gflops(b);
  const spent seconds = train_all(b, &net, steppers, draws, held);
  report(b, &seconds, pdlt_flops_step(&net, problem.train), fmax(before, peak_gflops(b)));
cleanup:
  for (int t = 0; t < made; t++) pdlt_stepper_free(&steppers[t]);
  pdlt_free(draws);
  free(steppers);
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
  free(data.x);
  free(data.y);
  return status;
}

static int usage(void) {
  fprintf(stderr,
          "bench_train [--width N] [--hidden 1..%d] [--inputs N] [--samples N] [--steps S] "
          "[--networks M] [--threads 1..%d] [--precision double|single] [--json] "
          "[--side N --kernel K]\n",
          MAX_HIDDEN, MAX_BENCH_THREADS);
  return 2;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"width", 1, NULL, 'w'},   {"hidden", 1, NULL, 'h'},    {"inputs", 1, NULL, 'i'},
      {"samples", 1, NULL, 'd'}, {"steps", 1, NULL, 's'},     {"networks", 1, NULL, 'n'},
      {"threads", 1, NULL, 't'}, {"precision", 1, NULL, 'p'}, {"side", 1, NULL, 'q'},
      {"kernel", 1, NULL, 'k'},  {"json", 0, NULL, 'j'},      {NULL, 0, NULL, 0}};
  bench b = {.width = 64, .hidden = 3, .inputs = 16, .samples = 16, .threads = 1, .kernel = 3};
  b.steps = 100;
  b.networks = 1000;
  int *const fields[] = {['w'] = &b.width, ['h'] = &b.hidden, ['i'] = &b.inputs, ['d'] = &b.samples,
                         ['q'] = &b.side,  ['k'] = &b.kernel, ['t'] = &b.threads};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == 'j')
      b.json = 1;
    else if (c == 's')
      b.steps = atol(optarg);
    else if (c == 'n')
      b.networks = atol(optarg);
    else if (c == 'p' && (strcmp(optarg, "double") == 0 || strcmp(optarg, "single") == 0))
      b.single = optarg[0] == 's';
    else if (c == 'w' || c == 'h' || c == 'i' || c == 'd' || c == 't' || c == 'q' || c == 'k')
      *fields[c] = atoi(optarg);
    else
      return usage();
  }
  if (b.width < 1 || b.hidden < 1 || b.hidden > MAX_HIDDEN || b.inputs < 1 || b.samples < 1 ||
      b.side < 0 || b.kernel < 1 || b.threads < 1 || b.threads > MAX_BENCH_THREADS || b.steps < 1 ||
      b.networks < 1)
    return usage();
  pdlt_error err = {.status = PDLT_OK};
  const pdlt_status status = run(&b, &err);
  if (status != PDLT_OK) fprintf(stderr, "bench_train: %s\n", err.message);
  return pdlt_status_exit(status);
}
