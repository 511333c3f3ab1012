/* bench_calibration.c - whether error bars are what they say: many independent repetitions of a
 * small run against a long one.
 *
 * Is: for each estimator the standard deviation over repetitions of
 * (estimate - long run)/sqrt(se^2 + se_long^2), averaged over the entries of a quantity. With B
 * blocks se is that of B - 1 degrees of freedom, so that deviation is sqrt((B-1)/(B-3)) if all is
 * right; the ratio to it is printed, and its standard error from the spread between repetitions.
 * Below it the standard deviation of the estimates over the root mean square of se, which is 1 also
 * where heavy tails make deviation and se of a repetition grow together, with the error of a
 * Gaussian one; then the share of all deviations that are beyond three standard errors, which Student's t
 * with B - 1 degrees of freedom says too.
 * Everything from fixed seeds: the same numbers on each run.
 * Is not: a test; it takes minutes. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "trainer/run/ensemble.h"

enum { QUANTITIES = 7, WIDTH = 8, SAMPLES = 3, ENTRIES = SAMPLES * SAMPLES * SAMPLES * SAMPLES };
static const char *const quantities[QUANTITIES] = {"z", "cov",   "loss_train", "loss_test",
                                                   "K", "Theta", "V"};
#define BEYOND 3.0 /* standard errors: a false alarm */

typedef struct bench {
  int repetitions, threads;
  long members, factor; /* draws of a repetition; the long run has `factor` times as many */
  const char *activation, *estimator; /* estimator: one, or NULL: all */
} bench;

/* Sums over repetitions of one entry: deviation in standard errors and as it is, their squares,
 * squared standard errors, and how often it is beyond. */
typedef struct entry_sums {
  double deviation, square, raw, raw_square, se_square, beyond;
} entry_sums;

/* Sums over repetitions of the mean square over entries, and of its square. */
typedef struct mean_sums {
  double mean, square;
} mean_sums;

static pdlt_status run(const bench *b, const char *estimator, int seed, long members,
                       pdlt_archive *out, pdlt_error *err) {
  double x[SAMPLES * 2] = {1.2, 0.1, -0.4, 0.9, 0.5, -1.1}, y[SAMPLES] = {0.5, -0.4, 0.2};
  const pdlt_dataset data = {
      .train = 2, .test = 1, .inputs = 2, .outputs = 1, .x = x, .y = y, .hash = "0"};
  const pdlt_ensemble_options options = {.threads = b->threads, .checkpoint_seconds = 1e9};
  pdlt_experiment ex = {0};
  char text[1024];
  snprintf(text, sizeof text,
           "network: {activation: %s, depth: 3, widths: [%d], C_b: 0.1, C_W: 1.2, lambda_b: 0.5, "
           "lambda_W: 1}\n"
           "data: {source: csv, file: none.csv, train: 2, test: 1}\n"
           "training: {eta: 0.05, steps: 8, record: [8]}\n"
           "ensemble: {members: %ld, seed: %d, estimator: %s}\n"
           "measure: [output, kernel, ntk, vertex]\n",
           b->activation, WIDTH, members, seed, estimator);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_experiment_parse(&ex, text, "bench", 0, NULL, err));
  PDLT_TRY(pdlt_ensemble_run(out, &ex, &data, &options, err));
cleanup:
  pdlt_experiment_free(&ex);
  return status;
}

static const pdlt_array *array(const pdlt_archive *archive, const char *quantity,
                               const char *suffix) {
  char name[64];
  snprintf(name, sizeof name, "n%d/%s%s", WIDTH, quantity, suffix);
  return pdlt_archive_get(archive, name);
}

/* Adds the deviations of one repetition to sums (entries) and their mean square to means. */
static void add(const pdlt_archive *once, const pdlt_archive *longer, const char *quantity,
                entry_sums *sums, mean_sums *means) {
  const pdlt_array *x = array(once, quantity, ""), *se = array(once, quantity, "_se");
  const pdlt_array *x0 = array(longer, quantity, ""), *se0 = array(longer, quantity, "_se");
  double total = 0;
  for (size_t i = 0; i < pdlt_array_count(x); i++) {
    const double raw = x->data[i] - x0->data[i], z = raw / hypot(se->data[i], se0->data[i]);
    sums[i].deviation += z;
    sums[i].square += z * z;
    sums[i].raw += raw;
    sums[i].raw_square += raw * raw;
    sums[i].se_square += se->data[i] * se->data[i];
    sums[i].beyond += fabs(z) > BEYOND;
    total += z * z;
  }
  total /= (double)pdlt_array_count(x);
  means->mean += total;
  means->square += total * total;
}

/* Root mean square over entries of the standard deviation. */
static double summarize(size_t entries, double repetitions, const entry_sums *sums) {
  double total = 0;
  for (size_t i = 0; i < entries; i++) {
    const double mean = sums[i].deviation / repetitions;
    total += (sums[i].square / repetitions - mean * mean) * repetitions / (repetitions - 1);
  }
  return sqrt(total / (double)entries);
}

/* Root mean square over entries of the standard deviation over that of se. */
static double compare_errors(size_t entries, double repetitions, const entry_sums *sums) {
  double total = 0;
  for (size_t i = 0; i < entries; i++) {
    const double mean = sums[i].raw / repetitions;
    total += (sums[i].raw_square - repetitions * mean * mean) / (repetitions - 1) /
             (sums[i].se_square / repetitions);
  }
  return sqrt(total / (double)entries);
}

/* Share of the deviations that are beyond, in per cent. */
static double alarms(size_t entries, double repetitions, const entry_sums *sums) {
  double total = 0;
  for (size_t i = 0; i < entries; i++) total += sums[i].beyond;
  return 100 * total / (repetitions * (double)entries);
}

/* P(|t| > BEYOND) of Student's t with so many degrees of freedom, in per cent: Simpson's rule for the part
 * within, t = sqrt(degrees) tan(angle). */
static double expected_alarms(double degrees) {
  enum { STEPS = 1000 };
  const double end = atan(BEYOND / sqrt(degrees));
  double inside = 0;
  for (int i = 0; i <= STEPS; i++)
    inside += pow(cos(end * i / STEPS), degrees - 1) * (i == 0 || i == STEPS ? 1 : 2 + 2 * (i % 2));
  const double norm = 2 * exp(lgamma((degrees + 1) / 2) - lgamma(degrees / 2)) / sqrt(acos(-1.0));
  return 100 * (1 - norm * inside * end / (3 * STEPS));
}

/* Standard error of summarize: that of its square over twice itself. */
static double error_of(double deviation, double repetitions, const mean_sums *means) {
  const double mean = means->mean / repetitions;
  return sqrt((means->square / repetitions - mean * mean) / (repetitions - 1)) / (2 * deviation);
}

static void print(const bench *b, const char *estimator, const pdlt_archive *longer,
                  double expected, entry_sums sums[][ENTRIES], const mean_sums *means) {
  printf("%-11s", estimator);
  for (int q = 0; q < QUANTITIES; q++) {
    const size_t entries = pdlt_array_count(array(longer, quantities[q], ""));
    const double deviation = summarize(entries, b->repetitions, sums[q]);
    printf("  %6.3f +- %5.3f", deviation / expected,
           error_of(deviation, b->repetitions, &means[q]) / expected);
  }
  printf("\n  to mean se");
  for (int q = 0; q < QUANTITIES; q++) {
    const size_t entries = pdlt_array_count(array(longer, quantities[q], ""));
    printf(" %6.3f +- %5.3f ", compare_errors(entries, b->repetitions, sums[q]),
           sqrt(0.5 / b->repetitions));
  }
  printf("\n  beyond %g se", BEYOND);
  for (int q = 0; q < QUANTITIES; q++)
    printf("%s%6.2f %%        ", q == 0 ? "" : " ",
           alarms(pdlt_array_count(array(longer, quantities[q], "")), b->repetitions, sums[q]));
  printf("\n");
  fflush(stdout);
}

static pdlt_status calibrate(const bench *b, const char *estimator, pdlt_error *err) {
  const double blocks = (double)b->members / 64, expected = sqrt((blocks - 1) / (blocks - 3));
  pdlt_archive longer = {0}, once = {0};
  entry_sums sums[QUANTITIES][ENTRIES] = {{{.deviation = 0}}};
  mean_sums means[QUANTITIES] = {{0, 0}};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(run(b, estimator, 1, b->factor * b->members, &longer, err));
  for (int k = 0; k < b->repetitions; k++) {
    PDLT_TRY(run(b, estimator, 1000 + k, b->members, &once, err));
    for (int q = 0; q < QUANTITIES; q++) add(&once, &longer, quantities[q], sums[q], &means[q]);
    pdlt_archive_free(&once);
  }
  print(b, estimator, &longer, expected, sums, means);
cleanup:
  pdlt_archive_free(&longer);
  pdlt_archive_free(&once);
  return status;
}

static int usage(void) {
  fprintf(stderr,
          "bench_calibration [--activation A] [--estimator E] [--repetitions R >= 2] [--members M, "
          "64 times 33 or "
          "more] [--factor F] [--threads 1..64]\n");
  return 2;
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"activation", 1, NULL, 'c'},
                                          {"repetitions", 1, NULL, 'r'},
                                          {"members", 1, NULL, 'm'},
                                          {"factor", 1, NULL, 'f'},
                                          {"threads", 1, NULL, 't'},
                                          {"estimator", 1, NULL, 'e'},
                                          {NULL, 0, NULL, 0}};
  static const char *const estimators[] = {"plain", "antithetic", "two_level", "control"};
  bench b = {
      .repetitions = 1000, .threads = 1, .members = 4096, .factor = 100, .activation = "tanh"};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == '?') return usage();
    if (c == 'c') b.activation = optarg;
    if (c == 'e') b.estimator = optarg;
    if (c == 'r') b.repetitions = atoi(optarg);
    if (c == 'm') b.members = atol(optarg);
    if (c == 'f') b.factor = atol(optarg);
    if (c == 't') b.threads = atoi(optarg);
  }
  if (b.repetitions < 2 || b.members < 33 * 64 || b.members % 64 != 0 || b.factor < 1 ||
      b.threads < 1 || b.threads > 64)
    return usage();
  printf("%s, 3 layers, n = %d, %d repetitions of %ld draws; deviation over expected\n",
         b.activation, WIDTH, b.repetitions, b.members);
  printf("beyond %g se would be %.2f %% by chance\n", BEYOND,
         expected_alarms((double)b.members / 64 - 1));
  printf("estimator  ");
  for (int q = 0; q < QUANTITIES; q++) printf("  %-15s", quantities[q]);
  printf("\n");
  pdlt_error err = {.status = PDLT_OK};
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < 4 && status == PDLT_OK; k++)
    if (b.estimator == NULL || strcmp(b.estimator, estimators[k]) == 0)
      status = calibrate(&b, estimators[k], &err);
  if (status != PDLT_OK) fprintf(stderr, "bench_calibration: %s\n", err.message);
  return pdlt_status_exit(status);
}
