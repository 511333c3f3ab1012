/* bench_fluctuation.c - draws per second of what is measured at initialization: the draw
 * itself, the vertex V, D, F, A, B with it, and P to U.
 *
 * Is: the trainer's own accumulator on one thread, tanh, from a fixed seed.
 * Is not: part of the tests; figures belong to the machine and the moment. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "trainer/measure/ddntk.h"
#include "trainer/record/accumulate.h"

typedef struct bench {
  int width, depth, inputs, samples, json;
  double seconds;
} bench;

enum { MAX_DEPTH = 64 };

static void differentiate(pdlt_ddntk *f, const double *theta, uint64_t member) {
  pdlt_ddntk_forward(f, theta);
  for (uint64_t pair = 0; pair < PDLT_DDNTK_PAIRS; pair++) {
    pdlt_ddntk_draw(f, 1, member, f->net->depth, pair);
    pdlt_ddntk_tensors(f, theta, f->net->depth);
  }
}

/* Draws per second; measure = 0: nothing but the draw. */
static pdlt_status time_draws(const bench *b, pdlt_experiment *ex, const pdlt_samples *problem,
                              const pdlt_network *net, unsigned measure, double *rate,
                              pdlt_error *err) {
  pdlt_plan plan = {0};
  pdlt_accumulator acc = {0};
  pdlt_ddntk ddntk = {0};
  double *theta = NULL, *record = NULL;
  pdlt_status status = PDLT_OK;
  ex->measure = measure;
  PDLT_TRY(pdlt_plan_make(&plan, ex, problem, 0, err));
  PDLT_TRY(pdlt_alloc(&theta, net->num_params, sizeof *theta, err));
  PDLT_TRY(pdlt_alloc(&record, plan.at.size, sizeof *record, err));
  if (plan.moments > 0) PDLT_TRY(pdlt_accumulator_new(&acc, &plan, net, err));
  if (plan.has[PDLT_QUANTITY_R]) PDLT_TRY(pdlt_ddntk_new(&ddntk, net, problem, plan.first, 1, err));
  const double start = now(CLOCK_MONOTONIC);
  double elapsed = 0;
  unsigned long draws = 0;
  for (; elapsed < b->seconds; elapsed = now(CLOCK_MONOTONIC) - start)
    for (int k = 0; k < 64; k++) {
      pdlt_network_draw(net, 1, draws++, theta);
      if (plan.moments > 0) pdlt_accumulator_add(&acc, theta, record);
      if (plan.has[PDLT_QUANTITY_R]) differentiate(&ddntk, theta, draws);
    }
  *rate = (double)draws / elapsed;
cleanup:
  pdlt_accumulator_free(&acc);
  pdlt_ddntk_free(&ddntk);
  pdlt_free(theta);
  pdlt_free(record);
  return status;
}

static pdlt_status run(const bench *b, pdlt_error *err) {
  const size_t samples = (size_t)b->samples, inputs = (size_t)b->inputs;
  double list[MAX_DEPTH], time_zero = 0, rate[4] = {0}, *x = NULL;
  int ratios[MAX_DEPTH], width = b->width;
  pdlt_samples problem = {0};
  pdlt_network net = {0};
  pdlt_experiment ex = {.measure_samples = b->samples};
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < MAX_DEPTH; k++) list[k] = ratios[k] = 1;
  ex.network.activation.kind = PDLT_TANH;
  ex.network.depth = b->depth;
  ex.network.outputs = 1;
  ex.network.num_widths = 1;
  ex.network.widths = &width;
  ex.network.width_ratios = ratios;
  ex.network.C_b = ex.network.C_W = ex.network.lambda_b = ex.network.lambda_W = list;
  ex.training.record = &time_zero;
  ex.training.num_record = 1;
  ex.ensemble.members = 64;
  PDLT_TRY(pdlt_linalg_init(1, err));
  PDLT_TRY(pdlt_alloc(&x, samples * (inputs + 1), sizeof *x, err));
  const pdlt_rng rng = {1, 0, 0, PDLT_STREAM_DATA};
  pdlt_rng_normal(&rng, samples * inputs, x);
  const pdlt_dataset data = {
      .train = samples, .inputs = inputs, .outputs = 1, .x = x, .y = x + samples * inputs};
  PDLT_TRY(pdlt_samples_new(&problem, &ex, &data, err));
  PDLT_TRY(pdlt_network_new(&net, &ex, width, inputs, err));
  const unsigned measure[] = {0, PDLT_MEASURE_VERTEX,
                              PDLT_MEASURE_VERTEX | PDLT_MEASURE_NTK_FLUCTUATIONS,
                              PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK};
  for (int k = 0; k < 4; k++)
    PDLT_TRY(time_draws(b, &ex, &problem, &net, measure[k], &rate[k], err));
  printf(b->json ? "{\"draw_per_second\": %.6g, \"vertex_per_second\": %.6g, "
                   "\"ntk_fluctuations_per_second\": %.6g, \"ddntk_per_second\": %.6g}\n"
                 : "draw_per_second %.6g\nvertex_per_second %.6g\n"
                   "ntk_fluctuations_per_second %.6g\nddntk_per_second %.6g\n",
         rate[0], rate[1], rate[2], rate[3]);
cleanup:
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
  pdlt_free(x);
  return status;
}

static int usage(void) {
  fprintf(stderr,
          "bench_fluctuation [--width N] [--depth 2..%d] [--inputs N] [--samples 1..32] "
          "[--seconds X] [--json]\n",
          MAX_DEPTH);
  return 2;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"width", 1, NULL, 'w'},   {"depth", 1, NULL, 'l'},
                                          {"inputs", 1, NULL, 'i'},  {"samples", 1, NULL, 's'},
                                          {"seconds", 1, NULL, 't'}, {"json", 0, NULL, 'j'},
                                          {NULL, 0, NULL, 0}};
  bench b = {.width = 64, .depth = 3, .inputs = 4, .samples = 4, .seconds = 1};
  int *const fields[] = {['w'] = &b.width, ['l'] = &b.depth, ['i'] = &b.inputs, ['s'] = &b.samples};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == 'j')
      b.json = 1;
    else if (c == 't')
      b.seconds = atof(optarg);
    else if (c == 'w' || c == 'l' || c == 'i' || c == 's')
      *fields[c] = atoi(optarg);
    else
      return usage();
  }
  if (b.width < 1 || b.depth < 2 || b.depth > MAX_DEPTH || b.inputs < 1 || b.samples < 1 ||
      b.samples > 32)
    return usage();
  pdlt_error err = {.status = PDLT_OK};
  if (run(&b, &err) == PDLT_OK) return 0;
  fprintf(stderr, "bench_fluctuation: %s\n", err.message);
  return 3;
}
