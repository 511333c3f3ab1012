/* bench_estimators.c - time to a given standard error: each estimator against plain networks.
 *
 * Is: whole ensembles of one width through pdlt_ensemble_run, pilots included: outputs, their
 * covariance and the expected loss, recorded at the last step only; NTK and dNTK there; K, Theta and V at
 * initialization; with --kernels nothing but K and Theta, on and off the diagonal. Data, draws and therefore
 * every variance from fixed seeds. Time is processor time, of all threads.
 * Is not: part of the tests; seconds belong to the machine and the moment, the count of
 * flops (trainer/control/flops.h) does not. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "base/file/json.h"
#include "bench/clock.h"
#include "trainer/control/flops.h"
#include "trainer/run/ensemble.h"

typedef struct bench {
  int width, depth, steps, train, test, inputs, threads, kernels;
  double eta, C_W;
  const char *activation;
  long members;
} bench;

enum { MOST_QUANTITIES = 3, MATRICES = 2 };

/* What one estimator did. */
typedef struct outcome {
  double square[MOST_QUANTITIES]; /* se^2, mean over the entries of a quantity */
  double part[MATRICES][2];       /* the same of K and Theta, off and on the diagonal */
  double seconds, flops;          /* flops of a draw; 0: not counted */
  long members;
  int samples;
  double level_flops; /* of the further draws of levels */
  pdlt_level top;     /* the control */
  char levels[96];    /* step x nodes, m for middle, * further draws */
  char name[16];
} outcome;

static pdlt_status make_experiment(const bench *b, const char *estimator, const char *measure,
                                   long members, pdlt_experiment *ex, pdlt_error *err) {
  char text[1024];
  snprintf(text, sizeof text,
           "network: {activation: %s, depth: %d, widths: [%d], C_b: 0, C_W: %g, lambda_b: 0, "
           "lambda_W: 1}\n"
           "data: {source: csv, file: none.csv, train: %d, test: %d}\n"
           "training: {eta: %.17g, steps: %d, record: [%d]}\n"
           "ensemble: {members: %ld, seed: 1, estimator: %s}\n"
           "measure: [%s]\n",
           b->activation, b->depth, b->width, b->C_W, b->train, b->test, b->eta, b->steps, b->steps,
           members, estimator, measure);
  return pdlt_experiment_parse(ex, text, "bench", 0, NULL, err);
}

/* Samples on a circle of |x|^2 = n_0, targets alternating. */
static pdlt_status make_data(const bench *b, pdlt_dataset *data, pdlt_error *err) {
  const size_t D = (size_t)(b->train + b->test), n0 = (size_t)b->inputs;
  data->train = (size_t)b->train;
  data->test = (size_t)b->test;
  data->inputs = n0;
  data->outputs = 1;
  data->x = calloc(D * n0, sizeof(double));
  data->y = calloc(D, sizeof(double));
  if (data->x == NULL || data->y == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory");
  for (size_t a = 0; a < D; a++) {
    const double angle = 1.2 * (double)a;
    data->x[a * n0] = sqrt((double)n0) * cos(angle);
    if (n0 > 1) data->x[a * n0 + 1] = sqrt((double)n0) * sin(angle);
    data->y[a] = a % 2 == 0 ? 0.5 : -0.5;
  }
  snprintf(data->hash, sizeof data->hash, "%016x", 0);
  return PDLT_OK;
}

/* se^2 of n<n>/NAME, mean over its entries. */
static double mean_square(const bench *b, const pdlt_archive *archive, const char *quantity) {
  char name[64];
  snprintf(name, sizeof name, "n%d/%s_se", b->width, quantity);
  const pdlt_array *se = pdlt_archive_get(archive, name);
  const size_t count = pdlt_array_count(se);
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += se->data[i] * se->data[i] / (double)count;
  return sum;
}

/* se^2 of a matrix over samples, means off and on its diagonal. */
static void split_square(const bench *b, const pdlt_archive *archive, const char *quantity,
                         double out[2]) {
  char name[64];
  snprintf(name, sizeof name, "n%d/%s_se", b->width, quantity);
  const pdlt_array *se = pdlt_archive_get(archive, name);
  const size_t D = (size_t)(b->train + b->test);
  out[0] = out[1] = 0;
  for (size_t i = 0; i < D * D; i++) {
    const int diagonal = i % (D + 1) == 0;
    out[diagonal] += se->data[i] * se->data[i] / (double)(diagonal ? D : D * (D - 1));
  }
}

/* levels, level_flops and top from the metadata. */
static void describe_levels(const json_t *chosen, const json_t *seen, outcome *out) {
  char *to = out->levels;
  for (size_t k = 0; k < json_array_size(chosen); k++) {
    const json_t *level = json_array_get(chosen, k);
    const size_t left = sizeof out->levels - (size_t)(to - out->levels);
    out->top = (pdlt_level){
        .step = json_number_value(json_object_get(level, "step")),
        .nodes = (int)json_integer_value(json_object_get(level, "nodes")),
        .middle = json_is_true(json_object_get(level, "middle")),
    };
    const json_int_t draws = json_integer_value(json_object_get(level, "draws"));
    to += snprintf(to, left, " %gx%d%s*%d", out->top.step, out->top.nodes,
                   out->top.middle ? "m" : "", (int)draws);
    out->level_flops +=
        (double)draws * json_number_value(json_object_get(json_array_get(seen, k), "flops"));
  }
}

/* Flops of one draw with outputs, by the pilot's count where there is one. */
static pdlt_status count_flops(const bench *b, const pdlt_experiment *ex, const json_t *meta,
                               outcome *out, pdlt_error *err) {
  pdlt_network net = {.depth = 0};
  pdlt_samples problem = {.outputs = 1};
  const size_t train = (size_t)b->train, samples = (size_t)(b->train + b->test);
  const pdlt_status status = pdlt_network_new(&net, ex, b->width, (size_t)b->inputs, err);
  if (status != PDLT_OK) return status;
  const double one = pdlt_flops_train(&net, train, samples, b->steps, 1);
  out->flops = pdlt_flops_draw(&net, 1, net.depth) + (out->name[0] == 'p' ? 1 : 2) * one;
  const json_t *pilot = json_array_get(json_object_get(meta, "pilot"), 0);
  if (out->samples > 0)
    out->flops += out->samples * json_number_value(json_object_get(pilot, "flops_further"));
  describe_levels(json_object_get(meta, "levels"), json_object_get(pilot, "levels"), out);
  if (out->samples > 0) {
    problem.train = train;
    problem.samples = samples;
    out->flops += out->level_flops + pdlt_flops_level(&net, &problem, &out->top);
  }
  pdlt_network_free(&net);
  return PDLT_OK;
}

/* One ensemble; quantities: names, NULL at the end. */
static pdlt_status run(const bench *b, const pdlt_dataset *data, const char *estimator,
                       const char *measure, const char *const *quantities, long members,
                       outcome *out, pdlt_error *err) {
  pdlt_experiment ex = {0};
  pdlt_archive archive = {0};
  const pdlt_ensemble_options options = {.threads = b->threads, .checkpoint_seconds = 1e9};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(make_experiment(b, estimator, measure, members, &ex, err));
  const double start = now(CLOCK_PROCESS_CPUTIME_ID);
  PDLT_TRY(pdlt_ensemble_run(&archive, &ex, data, &options, err));
  *out = (outcome){.seconds = now(CLOCK_PROCESS_CPUTIME_ID) - start, .members = members};
  for (int k = 0; k < MOST_QUANTITIES && quantities[k] != NULL; k++)
    out->square[k] = mean_square(b, &archive, quantities[k]);
  for (int k = 0; k < MATRICES && measure[0] == 'k'; k++)
    split_square(b, &archive, quantities[k], out->part[k]);
  const json_t *meta = json_object_get(pdlt_archive_meta(&archive), "estimator");
  snprintf(out->name, sizeof out->name, "%s", json_string_value(json_object_get(meta, "used")));
  out->samples = (int)json_integer_value(json_object_get(meta, "samples"));
  if (measure[0] == 'o') PDLT_TRY(count_flops(b, &ex, meta, out, err));
cleanup:
  pdlt_archive_free(&archive);
  pdlt_experiment_free(&ex);
  return status;
}

/* Time that plain takes over that of x, to the same error of quantity k. */
static double time_ratio(const outcome *plain, const outcome *x, int k) {
  return plain->square[k] * plain->seconds / (x->square[k] * x->seconds);
}

static double deviation(const outcome *x, int k) { return sqrt(x->square[k] * (double)x->members); }

static pdlt_status run_outputs(const bench *b, const pdlt_dataset *data, pdlt_error *err) {
  static const char *const estimators[] = {"plain", "antithetic", "two_level", "control", "auto"};
  const char *const quantities[] = {"z", "cov", b->test > 0 ? "loss_test" : "loss_train"};
  outcome plain, x;
  pdlt_status status = PDLT_OK;
  printf("trained outputs, %d steps, eta %g\n", b->steps, b->eta);
  printf(
      "estimator   used       samples  deviation  us/draw  kflop/draw  time ratio  flop ratio  "
      "of cov  of loss  levels: step x nodes * draws\n");
  for (int k = 0; k < 5; k++) {
    PDLT_TRY(
        run(b, data, estimators[k], "output", quantities, (k == 0 ? 4 : 1) * b->members, &x, err));
    if (k == 0) plain = x;
    const double members = (double)x.members, more = (double)plain.members / members;
    printf("%-11s %-11s %6d  %9.5f  %7.1f  %10.0f  %10.1f  %10.1f %7.1f %8.1f %s\n", estimators[k],
           x.name, x.samples, deviation(&x, 0), 1e6 * x.seconds / members, 1e-3 * x.flops,
           time_ratio(&plain, &x, 0),
           more * plain.square[0] * plain.flops / (x.square[0] * x.flops),
           time_ratio(&plain, &x, 1), time_ratio(&plain, &x, 2), x.levels);
  }
cleanup:
  return status;
}

static pdlt_status run_trained(const bench *b, const pdlt_dataset *data, pdlt_error *err) {
  static const char *const estimators[] = {"plain", "antithetic", "two_level", "control"};
  static const char *const quantities[] = {"Theta_t", "dTheta_t", NULL};
  outcome plain, x;
  pdlt_status status = PDLT_OK;
  printf("NTK and dNTK of trained networks\n");
  printf("estimator   us/draw   deviations of Theta_t, dTheta_t     time ratios\n");
  for (int k = 0; k < 4; k++) {
    PDLT_TRY(run(b, data, estimators[k], "output, ntk, dntk", quantities,
                 (k == 0 ? 4 : 1) * b->members, &x, err));
    if (k == 0) plain = x;
    printf("%-11s %7.1f   %9.5f  %9.5f              %8.1f  %8.1f\n", estimators[k],
           1e6 * x.seconds / (double)x.members, deviation(&x, 0), deviation(&x, 1),
           time_ratio(&plain, &x, 0), time_ratio(&plain, &x, 1));
  }
cleanup:
  return status;
}

static pdlt_status run_initial(const bench *b, const pdlt_dataset *data, pdlt_error *err) {
  static const char *const estimators[] = {"plain", "auto"};
  static const char *const quantities[] = {"K", "Theta", "V"};
  outcome plain, x;
  pdlt_status status = PDLT_OK;
  printf("K, Theta, V at initialization\n");
  printf("estimator   us/draw   deviations of K, Theta, V         time ratios\n");
  for (int k = 0; k < 2; k++) {
    PDLT_TRY(run(b, data, estimators[k], "kernel, ntk, vertex", quantities,
                 (k == 0 ? 4 : 16) * b->members, &x, err));
    if (k == 0) plain = x;
    printf("%-11s %7.1f   %9.5f  %9.5f  %9.5f   %8.1f  %8.1f  %8.1f\n", estimators[k],
           1e6 * x.seconds / (double)x.members, deviation(&x, 0), deviation(&x, 1),
           deviation(&x, 2), time_ratio(&plain, &x, 0), time_ratio(&plain, &x, 1),
           time_ratio(&plain, &x, 2));
  }
cleanup:
  return status;
}

static pdlt_status run_kernels(const bench *b, const pdlt_dataset *data, pdlt_error *err) {
  static const char *const estimators[] = {"plain", "auto"};
  static const char *const quantities[] = {"K", "Theta", NULL};
  outcome plain, x;
  pdlt_status status = PDLT_OK;
  printf("K and Theta at initialization; off, then on the diagonal\n");
  printf("estimator   us/draw   deviations of K, K, Theta, Theta              time ratios\n");
  for (int k = 0; k < 2; k++) {
    PDLT_TRY(run(b, data, estimators[k], "kernel, ntk", quantities, (k == 0 ? 1 : 4) * b->members,
                 &x, err));
    if (k == 0) plain = x;
    printf("%-11s %7.1f  ", estimators[k], 1e6 * x.seconds / (double)x.members);
    for (int i = 0; i < 2 * MATRICES; i++)
      printf(" %9.6f", sqrt(x.part[i / 2][i % 2] * (double)x.members));
    for (int i = 0; i < 2 * MATRICES; i++)
      printf(" %9.1f",
             plain.part[i / 2][i % 2] * plain.seconds / (x.part[i / 2][i % 2] * x.seconds));
    printf("\n");
  }
cleanup:
  return status;
}

static pdlt_status run_all(const bench *b, pdlt_error *err) {
  pdlt_dataset data = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(make_data(b, &data, err));
  printf("%s, %d layers, n = %d, %d + %d samples, %d threads\n", b->activation, b->depth, b->width,
         b->train, b->test, b->threads);
  if (b->kernels) {
    PDLT_TRY(run_kernels(b, &data, err));
  } else {
    PDLT_TRY(run_outputs(b, &data, err));
    PDLT_TRY(run_trained(b, &data, err));
    PDLT_TRY(run_initial(b, &data, err));
  }
cleanup:
  free(data.x);
  free(data.y);
  return status;
}

static int usage(void) {
  fprintf(stderr,
          "bench_estimators [--activation A] [--width N] [--depth L] [--steps S] "
          "[--train A] [--test B] [--inputs N] [--C_W C] [--eta E] [--members M] [--threads 1..64] "
          "[--kernels]\n");
  return 2;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"activation", 1, NULL, 'c'},
                                          {"width", 1, NULL, 'w'},
                                          {"depth", 1, NULL, 'l'},
                                          {"steps", 1, NULL, 's'},
                                          {"train", 1, NULL, 'a'},
                                          {"test", 1, NULL, 'b'},
                                          {"inputs", 1, NULL, 'i'},
                                          {"eta", 1, NULL, 'e'},
                                          {"members", 1, NULL, 'm'},
                                          {"threads", 1, NULL, 't'},
                                          {"C_W", 1, NULL, 'v'},
                                          {"kernels", 0, NULL, 'k'},
                                          {NULL, 0, NULL, 0}};
  bench b = {.width = 64, .depth = 4, .steps = 12, .train = 2, .test = 1, .inputs = 2};
  b.threads = 1;
  b.C_W = 1;
  b.eta = 0.1;
  b.activation = "sin";
  b.members = 2048;
  int *const fields[] = {['w'] = &b.width, ['l'] = &b.depth,  ['s'] = &b.steps,  ['a'] = &b.train,
                         ['b'] = &b.test,  ['i'] = &b.inputs, ['t'] = &b.threads};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == '?') return usage();
    if (c == 'c')
      b.activation = optarg;
    else if (c == 'e')
      b.eta = atof(optarg);
    else if (c == 'v')
      b.C_W = atof(optarg);
    else if (c == 'k')
      b.kernels = 1;
    else if (c == 'm')
      b.members = atol(optarg);
    else
      *fields[c] = atoi(optarg);
  }
  if (b.width < 1 || b.depth < 2 || b.steps < 1 || b.train < 1 || b.test < 0 || b.inputs < 1 ||
      b.members < 2048 || b.threads < 1 || b.threads > 64)
    return usage();
  pdlt_error err = {.status = PDLT_OK};
  const pdlt_status status = run_all(&b, &err);
  if (status != PDLT_OK) fprintf(stderr, "bench_estimators: %s\n", err.message);
  return pdlt_status_exit(status);
}
