/* bench_step.c - share of the FMA peak that a training step reaches, over widths and samples,
 * for each instruction set.
 *
 * Is: tanh, 3 hidden layers, 16 inputs, one thread: the best of many short batches by the
 * thread's own clock, the peak measured between them, so that other work on the machine
 * matters little. Only real samples and neurons count as work.
 * Is not: a count of what a whole run reaches; that is bench_train. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "bench/peak.h"
#include "bench/train_setup.h"
#include "trainer/control/flops.h"

enum { HIDDEN = 3, INPUTS = 16, BATCHES = 40, PEAK_ROUNDS = 8000, MOST = 256 };

typedef struct list {
  int count, value[MOST];
} list;

typedef struct scan {
  const pdlt_simd_set *set;
  int single, least;
  list widths, samples;
} scan;

static double sink;

/* Seconds of so many steps, and of the peak loop. */
static double time_steps(pdlt_stepper *st, long steps) {
  const double start = now(CLOCK_THREAD_CPUTIME_ID);
  for (long k = 0; k < steps; k++) {
    pdlt_stepper_forward(st);
    pdlt_stepper_update(st);
  }
  return now(CLOCK_THREAD_CPUTIME_ID) - start;
}

static double time_peak(const scan *s) {
  const double start = now(CLOCK_THREAD_CPUTIME_ID);
  sink += peak_chains(s->set, s->single, PEAK_ROUNDS);
  return now(CLOCK_THREAD_CPUTIME_ID) - start;
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

static pdlt_status share(const scan *s, int n, int samples, double *out, pdlt_error *err) {
  double zeros[HIDDEN + 1], ones[HIDDEN + 1], steps_time[BATCHES], peak_time[BATCHES];
  int ratios[HIDDEN + 1];
  const pdlt_experiment ex = make_experiment(HIDDEN, zeros, ones, ratios);
  pdlt_dataset data = {0};
  pdlt_samples problem = {0};
  pdlt_network net = {0};
  pdlt_stepper st = {0};
  pdlt_error local = {.status = PDLT_OK};
  pdlt_status status = PDLT_OK;
  fill_problem((size_t)samples, INPUTS, &data, &local);
  if (local.status != PDLT_OK) PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory"));
  PDLT_TRY(pdlt_samples_new(&problem, &ex, &data, err));
  PDLT_TRY(pdlt_network_new(&net, &ex, n, INPUTS, err));
  const pdlt_step_settings settings = {.eta = 0.1 / samples, .single = s->single, .set = s->set};
  PDLT_TRY(pdlt_stepper_new(&st, &net, &problem, &settings, err));
  pdlt_network_draw(&net, 1, 0, st.theta);
  pdlt_stepper_begin(&st);
  const double flops = pdlt_flops_step(&net, problem.train);
  const long steps = 1 + (long)(4e7 / flops);
  time_steps(&st, steps);
  for (int k = 0; k < BATCHES; k++) {
    steps_time[k] = time_steps(&st, steps) / (double)steps;
    peak_time[k] = time_peak(s);
  }
  *out = flops / low(steps_time) * low(peak_time) / chains_flops(s->set, s->single, PEAK_ROUNDS);
cleanup:
  pdlt_stepper_free(&st);
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
  free(data.x);
  free(data.y);
  return status;
}

/* One line: the shares at width n, or the least of them and where. */
static pdlt_status print_width(const scan *s, int n, pdlt_error *err) {
  double least = INFINITY;
  int where = 0;
  printf("%4d", n);
  for (int j = 0; j < s->samples.count; j++) {
    double found = 0;
    const pdlt_status status = share(s, n, s->samples.value[j], &found, err);
    if (status != PDLT_OK) return status;
    if (!s->least) printf(" %5.2f", found);
    if (found < least) where = s->samples.value[j];
    least = fmin(least, found);
    fflush(stdout);
  }
  if (s->least) printf("  %.3f at %d samples", least, where);
  printf("\n");
  return PDLT_OK;
}

/* "8-40,64": numbers and ranges of positive numbers. Returns 0 when it is not that. */
static int read_list(const char *text, list *out) {
  out->count = 0;
  for (;; text++) {
    char *end = NULL;
    const long first = strtol(text, &end, 10);
    long last = first;
    if (end != text && *end == '-') last = strtol(text = end + 1, &end, 10);
    if (end == text || first < 1 || last < first || last - first >= MOST - out->count) return 0;
    for (long v = first; v <= last; v++) out->value[out->count++] = (int)v;
    if (*end == '\0') return 1;
    if (*end != ',') return 0;
    text = end;
  }
}

static const pdlt_simd_set *find_set(const char *name) {
  for (int k = 0; pdlt_simd_get(k) != NULL; k++)
    if (strcmp(pdlt_simd_get(k)->name, name) == 0) return pdlt_simd_get(k);
  return NULL;
}

static int read_options(int argc, char **argv, scan *s) {
  static const struct option options[] = {{"set", 1, NULL, 's'},    {"precision", 1, NULL, 'p'},
                                          {"widths", 1, NULL, 'n'}, {"samples", 1, NULL, 'd'},
                                          {"least", 0, NULL, 'l'},  {NULL, 0, NULL, 0}};
  int good = 1;
  for (int c; good && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == 's') {
      s->set = find_set(optarg);
      good = s->set != NULL;
    } else if (c == 'p') {
      s->single = strcmp(optarg, "single") == 0;
      good = s->single || strcmp(optarg, "double") == 0;
    } else if (c == 'n' || c == 'd') {
      good = read_list(optarg, c == 'n' ? &s->widths : &s->samples);
    } else if (c == 'l') {
      s->least = 1;
    } else {
      good = 0;
    }
  }
  return good && optind == argc;
}

int main(int argc, char **argv) {
  scan s = {.set = pdlt_simd_best()};
  pdlt_error err = {.status = PDLT_OK};
  read_list("16,24,32,48,64,96,100,128,192,256,384,512", &s.widths);
  read_list("8,12,16,24,32,64,100,128", &s.samples);
  if (!read_options(argc, argv, &s)) {
    fprintf(stderr,
            "bench_step [--set avx512|avx2|plain] [--precision double|single] [--widths LIST] "
            "[--samples LIST] [--least]\nLIST: numbers and ranges, such as 8-40,64\n");
    return 2;
  }
  printf("share of the peak of %s, %s; n down, samples across\n", s.set->name,
         s.single ? "single" : "double");
  if (!s.least) printf("    ");
  for (int j = 0; !s.least && j < s.samples.count; j++) printf(" %5d", s.samples.value[j]);
  if (!s.least) printf("\n");
  for (int i = 0; i < s.widths.count; i++)
    if (print_width(&s, s.widths.value[i], &err) != PDLT_OK) {
      fprintf(stderr, "bench_step: %s\n", err.message);
      return pdlt_status_exit(err.status);
    }
  return isfinite(sink) ? 0 : 3;
}
