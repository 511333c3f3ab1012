/* bench_false_alarms.c - how often comparisons refute what is true: parametric bootstrap.
 *
 * Is: block values drawn again and again from theory's prediction, the powers of h that the
 * measurement shows beyond it, and the stored block covariance of an archive (or its own blocks,
 * drawn with replacement), through the fits, joint tests and verdicts of the comparison itself;
 * the rate of small p and the distance of p from uniform, for each quantity and coefficient.
 * Everything from fixed seeds: the same numbers on each run, for any number of threads.
 * Is not: a test; real networks (bench/false_alarms.py). */
#include <getopt.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/npz.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "compare/statistics/fit.h"
#include "compare/verdict/verdict.h"

enum { LEVELS = 4, MAX_POWERS = 9 };
static const double levels[LEVELS] = {0.1, 0.01, 0.001, 1e-4};

typedef struct bench {
  size_t replications, blocks; /* blocks 0: as many as the archive has */
  double truncation;           /* factor of the truncation error; negative: that of comparisons */
  int powers;                  /* of h in the truth; -1: the degree of the comparison */
  int resample, threads;
  unsigned long seed;
} bench;

/* What one width's blocks are drawn from. N numbers of a quantity, B blocks. */
typedef struct source {
  size_t blocks;    /* of a replication */
  double weight;    /* members behind each of them */
  size_t stored;    /* blocks of the archive */
  double *truth;    /* (N) */
  double *root;     /* (N, N) root root^T = covariance of a block of weight 1 */
  double *centered; /* (stored, N) sqrt(w_b B/(B - 1)) (y_b - mean) */
  uint64_t stream;  /* of random numbers: quantities share none */
} source;

/* A join whose values, error bars and blocks are simulated; one for each thread. */
typedef struct replica {
  pdlt_join join; /* shallow copy of the archive's, with own x, se, blocks, weights */
  double **blocks, **weights;
  size_t *num_blocks;
  double *normal;
  pdlt_compare_row *rows;
  double *p; /* (N) */
} replica;

static void free_sources(source *s, size_t widths) {
  for (size_t w = 0; s != NULL && w < widths; w++) {
    pdlt_free(s[w].truth);
    pdlt_free(s[w].root);
    pdlt_free(s[w].centered);
  }
  pdlt_free(s);
}

/* Blocks of width w less their mean, and the root of their covariance. */
static pdlt_status fill_spread(source *s, const pdlt_join *join, size_t w, pdlt_error *err) {
  const size_t n = join->count, stored = join->num_blocks[w];
  double total = 0, *mean = NULL, *c = NULL, *values = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&mean, n, sizeof *mean, err));
  PDLT_TRY(pdlt_alloc(&c, n * n, sizeof *c, err));
  PDLT_TRY(pdlt_alloc(&values, n, sizeof *values, err));
  PDLT_TRY(pdlt_alloc(&s->centered, stored * n, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s->root, n * n, sizeof(double), err));
  for (size_t b = 0; b < stored; b++) {
    total += join->weights[w][b];
    for (size_t k = 0; k < n; k++) mean[k] += join->weights[w][b] * join->blocks[w][b * n + k];
  }
  const double unit = (double)stored / (double)(stored - 1);
  for (size_t b = 0; b < stored; b++)
    for (size_t k = 0; k < n; k++)
      s->centered[b * n + k] =
          sqrt(unit * join->weights[w][b]) * (join->blocks[w][b * n + k] - mean[k] / total);
  pdlt_syrk(1, n, stored, 1.0 / (double)stored, s->centered, n, 0.0, c, n);
  PDLT_TRY(pdlt_symmetric_eigen(n, c, values, s->root, err));
  for (size_t a = 0; a < n; a++) /* row a of root: root of the eigenvalue times the vector */
    for (size_t k = 0; k < n; k++) s->root[a * n + k] *= sqrt(fmax(values[a], 0.0));
  s->stored = stored;
  s->weight = total / (double)s->blocks;
cleanup:
  pdlt_free(mean);
  pdlt_free(c);
  pdlt_free(values);
  return status;
}

/* Truth of number k at the used widths: lo + h nlo and the higher powers fitted to the
 * measurement, as far as there are widths for them. */
static pdlt_status fill_truth(source *s, const pdlt_join *join, const double *h, size_t k,
                              int powers, pdlt_error *err) {
  const size_t widths = join->num_widths;
  double used_h[64], se[64], x[64], rows[MAX_POWERS * 64], c[MAX_POWERS + 1] = {join->lo[k]};
  const int first = join->second ? 2 : 1;
  size_t num = 0;
  if (join->second) c[1] = join->nlo[k];
  for (size_t w = 0; w < widths && num < 64; w++) {
    if (!join->used[w]) continue;
    used_h[num] = pow(h[w], join->power);
    se[num] = hypot(join->se[k * widths + w], join->floor[k]);
    x[num] = join->x[k * widths + w] - c[0] - c[1] * used_h[num];
    num++;
  }
  int last = powers;
  if (last - first + 1 > (int)num) last = first - 1 + (int)num;
  pdlt_status status = PDLT_OK;
  if (last >= first) status = pdlt_fit_rows(num, used_h, se, first, last, NULL, rows, NULL, err);
  if (status != PDLT_OK) return status;
  for (int m = first; m <= last; m++)
    for (size_t i = 0; i < num; i++) c[m] += rows[(size_t)(m - first) * num + i] * x[i];
  for (size_t w = 0; w < widths; w++)
    for (int m = MAX_POWERS; join->used[w] && m >= 0; m--)
      s[w].truth[k] = s[w].truth[k] * pow(h[w], join->power) + c[m];
  return PDLT_OK;
}

static pdlt_status new_sources(source **out, const bench *b, const pdlt_join *join, size_t kind,
                               const pdlt_join_setup *setup, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  source *s = NULL;
  PDLT_TRY(pdlt_alloc(&s, join->num_widths, sizeof *s, err));
  for (size_t w = 0; w < join->num_widths; w++) {
    if (!join->used[w]) continue;
    s[w].stream = kind;
    s[w].blocks = b->blocks > 0 ? b->blocks : join->num_blocks[w];
    PDLT_TRY(pdlt_alloc(&s[w].truth, join->count, sizeof(double), err));
    PDLT_TRY(fill_spread(&s[w], join, w, err));
  }
  for (size_t k = 0; k < join->count; k++)
    PDLT_TRY(fill_truth(s, join, setup->h, k, b->powers < 0 ? setup->degree : b->powers, err));
  *out = s;
  s = NULL;
cleanup:
  free_sources(s, join->num_widths);
  return status;
}

static void free_replica(replica *r) {
  for (size_t w = 0; r->blocks != NULL && w < r->join.num_widths; w++) pdlt_free(r->blocks[w]);
  for (size_t w = 0; r->weights != NULL && w < r->join.num_widths; w++) pdlt_free(r->weights[w]);
  void *owned[] = {(void *)r->blocks, (void *)r->weights, r->num_blocks, r->normal, r->rows, r->p,
                   r->join.x,         r->join.se};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
}

static pdlt_status new_replica(replica *r, const pdlt_join *join, const source *s,
                               pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t n = join->count, widths = join->num_widths;
  size_t most = 0;
  r->join = *join;
  r->join.x = r->join.se = NULL;
  PDLT_TRY(pdlt_alloc((void *)&r->blocks, widths, sizeof *r->blocks, err));
  PDLT_TRY(pdlt_alloc((void *)&r->weights, widths, sizeof *r->weights, err));
  PDLT_TRY(pdlt_alloc(&r->num_blocks, widths, sizeof *r->num_blocks, err));
  PDLT_TRY(pdlt_alloc(&r->rows, n, sizeof *r->rows, err));
  PDLT_TRY(pdlt_alloc(&r->p, n, sizeof *r->p, err));
  PDLT_TRY(pdlt_alloc(&r->join.x, n * widths, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&r->join.se, n * widths, sizeof(double), err));
  for (size_t w = 0; w < widths; w++) {
    if (!join->used[w]) continue;
    if (s[w].blocks > most) most = s[w].blocks;
    r->num_blocks[w] = s[w].blocks;
    PDLT_TRY(pdlt_alloc(&r->blocks[w], s[w].blocks * n, sizeof(double), err));
    PDLT_TRY(pdlt_alloc(&r->weights[w], s[w].blocks, sizeof(double), err));
    for (size_t b = 0; b < s[w].blocks; b++) r->weights[w][b] = s[w].weight;
  }
  PDLT_TRY(pdlt_alloc(&r->normal, most * n, sizeof(double), err));
  r->join.blocks = (const double **)(void *)r->blocks;
  r->join.weights = (const double **)(void *)r->weights;
  r->join.num_blocks = r->num_blocks;
cleanup:
  return status;
}

/* Draws the blocks of width w, and from them values and error bars as the trainer forms them. */
static void draw_width(replica *r, const bench *b, const source *s, size_t w, size_t number) {
  const size_t n = r->join.count, blocks = s->blocks, widths = r->join.num_widths;
  const pdlt_rng rng = {.seed = b->seed, .width = w, .member = number, .stream = s->stream};
  double *y = r->blocks[w];
  if (b->resample) {
    pdlt_rng_uniform(&rng, 0, blocks, r->normal);
    for (size_t i = 0; i < blocks; i++) {
      const size_t from = (size_t)(r->normal[i] * (double)s->stored);
      memcpy(y + i * n, s->centered + from * n, n * sizeof *y);
    }
  } else {
    pdlt_rng_normal(&rng, blocks * n, r->normal);
    pdlt_gemm(0, 0, blocks, n, n, 1.0, r->normal, n, s->root, n, 0.0, y, n);
  }
  for (size_t k = 0; k < n; k++) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < blocks; i++) {
      y[i * n + k] = s->truth[k] + y[i * n + k] / sqrt(s->weight);
      mean += y[i * n + k] / (double)blocks;
    }
    for (size_t i = 0; i < blocks; i++) square += (y[i * n + k] - mean) * (y[i * n + k] - mean);
    r->join.x[k * widths + w] = mean;
    r->join.se[k * widths + w] = sqrt(square / (double)(blocks - 1) / (double)blocks);
  }
}

/* What the replications say about one coefficient of one quantity. */
typedef struct tally {
  double *p; /* (replications) NaN: not tested */
  size_t numbers, directions, bad_fit, verdicts[3];
} tally;

static pdlt_status replicate(tally *t, replica *r, const bench *b, const source *s,
                             const pdlt_join_setup *setup, int power, size_t number,
                             pdlt_error *err) {
  pdlt_evidence evidence = {0};
  pdlt_truncation beyond;
  pdlt_compare_test test;
  for (size_t w = 0; w < r->join.num_widths; w++)
    if (r->join.used[w]) draw_width(r, b, &s[w], w, number);
  pdlt_status status = pdlt_evidence_beyond(&beyond, &r->join, setup, err);
  if (status != PDLT_OK) return status;
  status = pdlt_evidence_gather(&evidence, &r->join, setup, &beyond, power, r->rows, r->p, err);
  if (status != PDLT_OK) return status;
  pdlt_verdict_decide(&test, &evidence, r->join.name, setup->degree, levels[1]);
  t->p[number] = evidence.exact == evidence.numbers ? NAN : evidence.coefficient.p;
#pragma omp critical
  {
    t->numbers = evidence.numbers;
    if (test.directions > t->directions) t->directions = test.directions;
    t->bad_fit += evidence.fit.p < PDLT_BAD_FIT;
    t->verdicts[test.verdict]++;
  }
  return PDLT_OK;
}

static pdlt_status replicate_all(tally *t, const bench *b, const pdlt_join *join, const source *s,
                                 const pdlt_join_setup *setup, int power, pdlt_error *err) {
  pdlt_status worst = PDLT_OK;
#pragma omp parallel num_threads(b->threads)
  {
    replica r = {.normal = NULL};
    pdlt_error own = {.status = PDLT_OK};
    pdlt_status status = new_replica(&r, join, s, &own);
#pragma omp for schedule(static)
    for (size_t i = 0; i < b->replications; i++)
      if (status == PDLT_OK) status = replicate(t, &r, b, s, setup, power, i, &own);
#pragma omp critical
    if (status != PDLT_OK) worst = status, *err = own;
    free_replica(&r);
  }
  return worst;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Probability of a Kolmogorov-Smirnov distance above d from `count` uniform numbers. */
static double kolmogorov(double d, double count) {
  const double x = (sqrt(count) + 0.12 + 0.11 / sqrt(count)) * d;
  double sum = 0;
  if (x < 0.3) return 1.0;
  for (int k = 1; k <= 100; k++) sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
  return fmin(fmax(sum, 0.0), 1.0);
}

static void print_tally(const tally *t, const bench *b, const char *name, int power,
                        size_t blocks) {
  size_t count = 0, below[LEVELS] = {0};
  double distance = 0;
  for (size_t i = 0; i < b->replications; i++)
    if (!isnan(t->p[i])) t->p[count++] = t->p[i];
  if (count == 0) return;
  qsort(t->p, count, sizeof(double), ascending);
  for (size_t i = 0; i < count; i++) {
    distance = fmax(distance, fabs(t->p[i] - (double)i / (double)count));
    distance = fmax(distance, fabs(t->p[i] - (double)(i + 1) / (double)count));
    for (int l = 0; l < LEVELS; l++) below[l] += t->p[i] < levels[l];
  }
  printf("| %s c%d | %zu | %zu | %zu |", name, power, t->numbers, t->directions, blocks);
  for (int l = 0; l < LEVELS; l++) printf(" %.3g |", (double)below[l] / (double)count / levels[l]);
  printf(" %.4f (%.2g) | %.2g | %.4f |\n", distance, kolmogorov(distance, (double)count),
         (double)t->bad_fit / (double)count / PDLT_BAD_FIT,
         (double)t->verdicts[PDLT_DISAGREE] / (double)b->replications);
  fflush(stdout);
}

static size_t fewest_blocks(const pdlt_join *join, const source *s) {
  size_t fewest = SIZE_MAX;
  for (size_t w = 0; w < join->num_widths; w++)
    if (join->used[w] && s[w].blocks < fewest) fewest = s[w].blocks;
  return fewest;
}

static pdlt_status run_quantity(const bench *b, const pdlt_join *join, size_t kind,
                                const pdlt_join_setup *setup, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  source *s = NULL;
  tally t = {.p = NULL};
  PDLT_TRY(new_sources(&s, b, join, kind, setup, err));
  PDLT_TRY(pdlt_alloc(&t.p, b->replications, sizeof *t.p, err));
  for (int power = 0; power <= (join->second && setup->degree > 0); power++) {
    t = (tally){.p = t.p};
    PDLT_TRY(replicate_all(&t, b, join, s, setup, power, err));
    print_tally(&t, b, join->name, power, fewest_blocks(join, s));
  }
cleanup:
  free_sources(s, join->num_widths);
  pdlt_free(t.p);
  return status;
}

static size_t usable_widths(const pdlt_join *join) {
  size_t count = 0;
  for (size_t w = 0; w < join->num_widths; w++) count += join->used[w] != 0;
  return count;
}

static pdlt_status run_all(const bench *b, char **paths, pdlt_error *err) {
  pdlt_archive theory = {0}, measured = {0};
  pdlt_join_setup setup = {0};
  pdlt_join join = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_linalg_init(b->threads, err));
  PDLT_TRY(pdlt_npz_read(&theory, paths[0], err));
  PDLT_TRY(pdlt_npz_read(&measured, paths[1], err));
  PDLT_TRY(pdlt_join_setup_read(&setup, &theory, &measured, NULL, err));
  if (b->truncation >= 0) setup.truncation = b->truncation;
  for (size_t k = 0; k < pdlt_join_kinds(); k++) {
    PDLT_TRY(pdlt_join_read(&join, k, &setup, &theory, &measured, err));
    if (join.count > 0 && usable_widths(&join) >= (size_t)setup.degree + 2)
      PDLT_TRY(run_quantity(b, &join, k, &setup, err));
    pdlt_join_free(&join);
    memset(&join, 0, sizeof join);
  }
cleanup:
  pdlt_join_free(&join);
  pdlt_join_setup_free(&setup);
  pdlt_archive_free(&theory);
  pdlt_archive_free(&measured);
  return status;
}

static int usage(void) {
  fprintf(stderr,
          "bench_false_alarms THEORY.npz MEASURED.npz [--replications R] [--blocks B >= 32]\n"
          "  [--powers P <= 9, of the truth] [--truncation FACTOR] [--resample] [--seed S]\n"
          "  [--threads 1..64]\n");
  return 2;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"replications", 1, NULL, 'r'}, {"blocks", 1, NULL, 'b'},   {"powers", 1, NULL, 'p'},
      {"truncation", 1, NULL, 'u'},   {"resample", 0, NULL, 'e'}, {"seed", 1, NULL, 's'},
      {"threads", 1, NULL, 't'},      {NULL, 0, NULL, 0}};
  bench b = {.replications = 40000, .powers = -1, .truncation = -1, .threads = 1, .seed = 1};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (c == '?') return usage();
    if (c == 'r') b.replications = strtoul(optarg, NULL, 10);
    if (c == 'b') b.blocks = strtoul(optarg, NULL, 10);
    if (c == 'p') b.powers = atoi(optarg);
    if (c == 'u') b.truncation = atof(optarg);
    if (c == 'e') b.resample = 1;
    if (c == 's') b.seed = strtoul(optarg, NULL, 10);
    if (c == 't') b.threads = atoi(optarg);
  }
  if (argc - optind != 2 || b.replications < 1 || (b.blocks > 0 && b.blocks < 32) ||
      b.powers > MAX_POWERS || b.threads < 1 || b.threads > 64)
    return usage();
  printf("%zu replications; shares of p below a level, in units of that level\n\n", b.replications);
  printf(
      "| test | numbers | directions | blocks | p < 0.1 | p < 0.01 | p < 0.001 | p < 0.0001 | "
      "distance from uniform (its p) | bad fit, p < 0.001 | disagree at 0.01 |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n");
  pdlt_error err = {.status = PDLT_OK};
  pdlt_status status = run_all(&b, argv + optind, &err);
  if (status != PDLT_OK) fprintf(stderr, "bench_false_alarms: %s\n", err.message);
  return pdlt_status_exit(status);
}
