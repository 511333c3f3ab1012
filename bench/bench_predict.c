/* bench_predict.c - processor time, wall time and peak memory of everything that `pdlt
 * theory` computes, against the number of samples, with fitted exponents:
 * bench_predict ORDER ACTIVATION TOLERANCE THREADS D... ORDER: 0, 1, or z, of order 1 the mean
 * alone (theory.only: z). Four layers, Gaussian inputs, three
 * quarters of the samples train for 100 steps. Each size runs in a process of its own,
 * whose resources the system counts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "theory/predict/predict.h"

typedef struct usage {
  double D, processor, wall, mebibytes;
} usage;

static double entry(const pdlt_archive *archive, const char *name, const char *error) {
  const pdlt_array *value = pdlt_archive_get(archive, name);
  const pdlt_array *err = pdlt_archive_get(archive, error);
  double largest = 0;
  if (value == NULL || err == NULL) return NAN;
  for (size_t i = 0; i < pdlt_array_count(value); i++)
    largest = fmax(largest, fabs(value->data[i]));
  return err->data[0] / largest;
}

/* The error by its name; "-" where there is none, as at order 0. */
static void print_entry(const pdlt_archive *archive, const char *name, const char *error) {
  const double found = entry(archive, name, error);
  if (isnan(found))
    printf("%s -, ", error);
  else
    printf("%s %.1e, ", error, found);
}

/* The work itself; in the child. */
static pdlt_status predict(const char *order, const char *activation, const char *tolerance,
                           int threads, size_t D, pdlt_error *err) {
  pdlt_experiment ex = {0};
  pdlt_dataset data = {0};
  pdlt_archive out = {0};
  const pdlt_predict_options options = {.threads = threads};
  char text[1024];
  pdlt_status status = PDLT_OK;
  snprintf(text, sizeof text,
           "title: bench\n"
           "network: {activation: %s, depth: 4, widths: [64], C_b: 0.1, C_W: 1.5}\n"
           "data: {source: gaussian, inputs: 16, seed: 1, scale: 1, train: %zu, test: %zu}\n"
           "training: {eta: %.6g, steps: 100}\nensemble: {members: 640, seed: 1}\n"
           "theory: {order: %s, tolerance: %s}\n",
           activation, D - D / 4, D / 4, 0.3 / (double)D,
           strcmp(order, "z") == 0 ? "1, only: z" : order, tolerance);
  PDLT_TRY(pdlt_linalg_init(threads, err));
  PDLT_TRY(pdlt_experiment_parse(&ex, text, "bench", 0, NULL, err));
  PDLT_TRY(pdlt_dataset_load(&data, &ex, err));
  PDLT_TRY(pdlt_predict(&out, &ex, &data, &options, err));
  print_entry(&out, "z_nlo", "err/z_nlo");
  print_entry(&out, "z_end_nlo", "err/z_end_nlo");
  printf("relative to the largest entry; ");
  fflush(stdout);
cleanup:
  pdlt_archive_free(&out);
  pdlt_dataset_free(&data);
  pdlt_experiment_free(&ex);
  return status;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + 1e-6 * (double)t.tv_usec; }

/* 0 when the child failed. */
static int measure(char **argv, size_t D, usage *out) {
  const double start = now(CLOCK_MONOTONIC);
  const pid_t child = fork();
  int state = 0;
  struct rusage used;
  if (child == 0) {
    pdlt_error err = {0};
    const pdlt_status status = predict(argv[1], argv[2], argv[3], atoi(argv[4]), D, &err);
    if (status != PDLT_OK) fprintf(stderr, "bench_predict: %s\n", err.message);
    _exit(pdlt_status_exit(status));
  }
  if (child < 0 || wait4(child, &state, 0, &used) != child || state != 0) return 0;
  *out = (usage){.D = (double)D,
                 .processor = seconds(used.ru_utime) + seconds(used.ru_stime),
                 .wall = now(CLOCK_MONOTONIC) - start,
                 .mebibytes = (double)used.ru_maxrss / 1024};
  return 1;
}

/* Slope of log y over log D. */
static double exponent(size_t n, const double *D, const double *y) {
  double x1 = 0, y1 = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < n; i++) {
    x1 += log(D[i]) / (double)n;
    y1 += log(y[i]) / (double)n;
  }
  for (size_t i = 0; i < n; i++) {
    xx += (log(D[i]) - x1) * (log(D[i]) - x1);
    xy += (log(D[i]) - x1) * (log(y[i]) - y1);
  }
  return xy / xx;
}

int main(int argc, char **argv) {
  enum { MOST = 32 };
  double D[MOST], processor[MOST], memory[MOST];
  size_t n = 0;
  if (argc < 6 || argc > 5 + MOST || atoi(argv[4]) < 1) {
    fprintf(stderr, "bench_predict ORDER ACTIVATION TOLERANCE THREADS D...\n");
    return 2;
  }
  for (int i = 5; i < argc; i++) {
    usage u;
    if (!measure(argv, strtoul(argv[i], NULL, 10), &u)) return 3;
    printf("D = %s: %.2f s of processor, %.2f s of wall, %.0f MiB\n", argv[i], u.processor, u.wall,
           u.mebibytes);
    fflush(stdout);
    D[n] = u.D, processor[n] = u.processor, memory[n++] = u.mebibytes;
  }
  if (n > 1)
    printf("processor time ~ D^%.2f, memory ~ D^%.2f\n", exponent(n, D, processor),
           exponent(n, D, memory));
  return 0;
}
