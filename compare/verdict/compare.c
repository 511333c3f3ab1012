/* compare.c - see compare.h: joins, tests, verdicts in order; the rows and warnings. */
#include "compare/verdict/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "compare/join/join.h"
#include "compare/verdict/answer.h"
#include "compare/verdict/kurtosis.h"
#include "compare/verdict/slope.h"
#include "compare/verdict/verdict.h"

/* What backs a comparison; kept until it is freed. */
typedef struct storage {
  size_t num_joins;
  pdlt_join *joins;
} storage;

/* Work of pdlt_compare: the result under construction and what it needs on the way. */
typedef struct work {
  pdlt_comparison *out;
  const pdlt_archive *theory, *measured;
  pdlt_join_setup setup;
  storage *store;
  size_t num_evidence;
  pdlt_evidence *evidence; /* (2 joins) */
  const char **quantity;   /* (2 joins) of the evidence */
  double *p0, *p1;         /* (rows) */
} work;

void pdlt_comparison_free(pdlt_comparison *comparison) {
  storage *store = comparison->storage;
  for (size_t i = 0; store != NULL && i < store->num_joins; i++) pdlt_join_free(&store->joins[i]);
  if (store != NULL) pdlt_free(store->joins);
  pdlt_free(store);
  for (size_t i = 0; i < comparison->num_warnings; i++) pdlt_free(comparison->warnings[i]);
  pdlt_free(comparison->warnings);
  pdlt_free(comparison->widths);
  pdlt_free(comparison->h);
  pdlt_free(comparison->reach);
  pdlt_free(comparison->rows);
  pdlt_free(comparison->tests);
  pdlt_free(comparison->slopes);
  pdlt_free(comparison->distances);
  pdlt_kurtosis_free(&comparison->kurtosis);
  for (int k = 0; k < 2; k++) pdlt_free(comparison->answer[k]);
  memset(comparison, 0, sizeof *comparison);
}

static pdlt_status warn(pdlt_comparison *out, pdlt_error *err, const char *format, ...)
    PDLT_PRINTF(3, 4);

static pdlt_status warn(pdlt_comparison *out, pdlt_error *err, const char *format, ...) {
  char text[512], **warnings = NULL, *copy = NULL;
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  pdlt_status status = pdlt_strdup(&copy, text, err);
  if (status == PDLT_OK)
    status = pdlt_alloc((void *)&warnings, out->num_warnings + 1, sizeof *warnings, err);
  if (status != PDLT_OK) {
    pdlt_free(copy);
    return status;
  }
  for (size_t i = 0; i < out->num_warnings; i++) warnings[i] = out->warnings[i];
  warnings[out->num_warnings++] = copy;
  pdlt_free(out->warnings);
  out->warnings = warnings;
  return PDLT_OK;
}

static pdlt_status read_joins(work *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t kinds = pdlt_join_kinds();
  PDLT_TRY(pdlt_alloc(&job->store->joins, kinds, sizeof(pdlt_join), err));
  for (size_t k = 0; k < kinds; k++) {
    pdlt_join *join = &job->store->joins[job->store->num_joins];
    PDLT_TRY(pdlt_join_read(join, k, &job->setup, job->theory, job->measured, err));
    if (join->count > 0) job->store->num_joins++;
  }
cleanup:
  return status;
}

/* Adds to list (size bytes) the names of joins for which pick is 1. */
static void name_joins(const work *job, size_t w, int trained, char *list, size_t size) {
  list[0] = '\0';
  for (size_t i = 0; i < job->store->num_joins; i++) {
    const pdlt_join *join = &job->store->joins[i];
    if (join->used[w] || join->trained != trained) continue;
    if (trained && !job->setup.reach[w].in_reach) continue; /* has its own warning */
    size_t length = strlen(list);
    snprintf(list + length, size - length, "%s%s", length == 0 ? "" : ", ", join->name);
  }
}

/* Widths that are out of reach of order 1/n, and what would do. */
static pdlt_status warn_of_reach(work *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < job->setup.num_widths && status == PDLT_OK; w++) {
    const pdlt_reach *reach = &job->setup.reach[w];
    const double enough = fmax(job->setup.width_within, ceil(reach->stable_width));
    char rest[64] = "use a smaller eta";
    if (reach->in_reach) continue;
    if (isfinite(enough)) snprintf(rest, sizeof rest, "n = %.0f would do", enough);
    status = warn(job->out, err,
                  "n = %.0f: %s; this width is left out of the fits of what depends on training, "
                  "%s",
                  job->setup.widths[w], reach->reason, rest);
  }
  return status;
}

/* Networks that are drawn otherwise than theory takes them to be. */
static pdlt_status warn_of_init(work *job, pdlt_error *err) {
  const char *theory = json_string_value(json_object_get(job->theory->meta, "init"));
  const char *networks = json_string_value(json_object_get(job->measured->meta, "init"));
  if (theory == NULL || networks == NULL || strcmp(theory, networks) == 0) return PDLT_OK;
  return warn(job->out, err,
              "the networks start from %s parameters, theory speaks of %s ones with the same "
              "variances: the two differ at order 1 where few inputs or large biases make a "
              "preactivation, else at order 1/n, and a test that disagrees may say only that; "
              "network.init: %s tests theory",
              networks, theory, theory);
}

/* Widths at which few members carry much of the variance of z. */
static pdlt_status warn_of_tails(work *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t w = 0; w < job->out->num_widths && status == PDLT_OK; w++) {
    const double share = job->out->reach[w].top_share;
    if (share > PDLT_HEAVY_TOP)
      status =
          warn(job->out, err,
               "n = %.0f: the top 0.1 %% of the members carry %.2g of the variance of z; error "
               "bars are not Gaussian",
               job->out->widths[w], share);
  }
  return status;
}

/* Widths left out, and why. */
static pdlt_status warn_of_widths(work *job, pdlt_error *err) {
  const pdlt_join_setup *s = &job->setup;
  pdlt_status status = PDLT_OK;
  char names[200];
  for (size_t w = 0; w < s->num_widths; w++) {
    int lost = s->diverged[w] > 0.0 || s->unconverged[w] > 0.0;
    name_joins(job, w, 1, names, sizeof names);
    if (lost)
      PDLT_TRY(warn(job->out, err,
                    "n = %.0f: %.0f of %.0f members diverged and %.0f did not converge; this width "
                    "is left out of the fits of %s",
                    s->widths[w], s->diverged[w], s->members[w], s->unconverged[w],
                    names[0] == '\0' ? "trained quantities" : names));
    else if (names[0] != '\0')
      PDLT_TRY(warn(job->out, err,
                    "n = %.0f: no error bars or block values (fewer than 32 blocks); this width is "
                    "left out of the fits of %s",
                    s->widths[w], names));
    name_joins(job, w, 0, names, sizeof names);
    if (names[0] != '\0')
      PDLT_TRY(warn(job->out, err,
                    "n = %.0f: no error bars or block values (fewer than 32 blocks); this width is "
                    "left out of the fits of %s",
                    s->widths[w], names));
  }
cleanup:
  return status;
}

/* The quantity that an array of theory is needed for: its own name, or of what is 0 at infinite width
 * that of its first coefficient. */
static const char *needed_for(const work *job, const char *name) {
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_quantity *q = &pdlt_quantities[k];
    const char *first = pdlt_quantity_first(q, job->setup.trained_power);
    if (q->lo == NULL && first != NULL && strcmp(first, name) == 0) return q->name;
  }
  return name;
}

/* Quantities that were measured but that theory says nothing about. */
static pdlt_status warn_of_absent(work *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const char *name = NULL;
  json_t *reason = NULL, *absent = json_object_get(job->theory->meta, "absent");
  json_object_foreach(absent, name, reason) {
    const char *text = json_string_value(reason), *of = needed_for(job, name);
    int measured = 0;
    for (size_t w = 0; w < job->setup.num_widths && !measured; w++)
      for (size_t k = 0; k < pdlt_join_kinds() && !measured; k++) {
        const char *kind = pdlt_join_name(k);
        measured = strncmp(kind, of, strlen(kind)) == 0 &&
                   pdlt_archive_getf(job->measured, "n%.0f/%s", job->setup.widths[w], of) != NULL;
      }
    if (measured)
      PDLT_TRY(warn(job->out, err, "%s was measured but theory has none: %s", of,
                    text == NULL ? "no reason given" : text));
  }
cleanup:
  return status;
}

/* Quantities that were measured and are not in the archive for their size. */
static pdlt_status warn_of_dropped(work *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const char *name = NULL;
  json_t *reason = NULL, *absent = json_object_get(job->measured->meta, "absent");
  json_object_foreach(absent, name, reason) {
    const char *text = json_string_value(reason);
    if (text != NULL && strncmp(text, "not kept", strlen("not kept")) == 0)
      PDLT_TRY(warn(job->out, err, "%s was %s", name, text));
  }
cleanup:
  return status;
}

/* Names of what was measured, at some width, and is never predicted. */
static void find_alone(work *job) {
  pdlt_comparison *out = job->out;
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_quantity *q = &pdlt_quantities[k];
    int measured = 0;
    if (!(q->flags & PDLT_QUANTITY_ALONE)) continue;
    for (size_t w = 0; w < job->setup.num_widths && !measured; w++)
      measured =
          pdlt_archive_getf(job->measured, "n%.0f/%s", job->setup.widths[w], q->name) != NULL;
    if (measured) out->alone[out->num_alone++] = q->name;
  }
}

static void fill_row(pdlt_compare_row *row, const pdlt_join *join, size_t k) {
  static const pdlt_coefficient none = {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  *row = (pdlt_compare_row){
      .quantity = join->name,
      .ndim = join->ndim,
      .time = join->time[k],
      .lo = join->lo[k],
      .nlo = join->nlo[k],
      .lo_at = join->lo_at == NULL ? NULL : join->lo_at + k * join->num_widths,
      .nlo_at = join->nlo_at == NULL ? NULL : join->nlo_at + k * join->num_widths,
      .measured = join->x + k * join->num_widths,
      .se = join->se + k * join->num_widths,
      .used = join->used,
      .power = join->power,
      .c0 = none,
      .c1 = none,
      .fit_p = NAN,
      .verdict = PDLT_UNDECIDED};
  for (int d = 0; d < join->ndim; d++)
    row->index[d] = join->index[k * (size_t)join->ndim + (size_t)d];
}

static pdlt_status gather(work *job, const pdlt_join *join, const pdlt_truncation *beyond,
                          size_t first_row, int power, pdlt_error *err) {
  double *p = power == 0 ? job->p0 : job->p1;
  job->quantity[job->num_evidence] = join->name;
  return pdlt_evidence_gather(&job->evidence[job->num_evidence++], join, &job->setup, beyond, power,
                              job->out->rows + first_row, p + first_row, err);
}

static int is_second_tested(const work *job, const pdlt_join *join) {
  return join->second && job->setup.degree > 0;
}

/* What gather_all tells progress of. */
static double fit_units(const work *job) {
  double units = 0.0;
  for (size_t i = 0; i < job->store->num_joins; i++) {
    const pdlt_join *join = &job->store->joins[i];
    units += PDLT_EVIDENCE_UNITS * (double)join->count * (is_second_tested(job, join) ? 2 : 1);
  }
  return units;
}

/* Rows and evidence of every quantity. */
static pdlt_status gather_all(work *job, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_comparison *out = job->out;
  size_t joins = job->store->num_joins, row = 0;
  for (size_t i = 0; i < joins; i++) out->num_rows += job->store->joins[i].count;
  pdlt_progress_start_short(job->setup.progress, "fits and tests", fit_units(job));
  PDLT_TRY(pdlt_alloc(&out->rows, out->num_rows, sizeof *out->rows, err));
  PDLT_TRY(pdlt_alloc(&job->p0, out->num_rows, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&job->p1, out->num_rows, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&job->evidence, 2 * joins, sizeof *job->evidence, err));
  PDLT_TRY(pdlt_alloc((void *)&job->quantity, 2 * joins, sizeof *job->quantity, err));
  for (size_t i = 0; i < joins; i++) {
    const pdlt_join *join = &job->store->joins[i];
    for (size_t k = 0; k < join->count; k++) {
      fill_row(&out->rows[row + k], join, k);
      job->p1[row + k] = NAN;
    }
    pdlt_truncation beyond;
    PDLT_TRY(pdlt_evidence_beyond(&beyond, join, &job->setup, err));
    PDLT_TRY(gather(job, join, &beyond, row, 0, err));
    if (is_second_tested(job, join)) PDLT_TRY(gather(job, join, &beyond, row, 1, err));
    row += join->count;
  }
  pdlt_progress_finish(job->setup.progress);
cleanup:
  return status;
}

/* An undecided loss leaves the verdict to z and cov, of which it is made. */
static int counts(const pdlt_compare_test *test) {
  return test->verdict != PDLT_UNDECIDED || !test->derived;
}

/* Shares the level among tests and among numbers, and decides. */
static pdlt_status decide_all(work *job, pdlt_error *err) {
  pdlt_comparison *out = job->out;
  double tests = 0.0, numbers = 0.0;
  pdlt_status status = pdlt_alloc(&out->tests, job->num_evidence, sizeof *out->tests, err);
  if (status != PDLT_OK) return status;
  out->num_tests = job->num_evidence;
  for (size_t i = 0; i < job->num_evidence; i++) {
    if (!pdlt_evidence_tested(&job->evidence[i])) continue;
    tests += 1.0;
    numbers += (double)job->evidence[i].numbers;
  }
  size_t counted = 0;
  out->verdict = PDLT_AGREE;
  for (size_t i = 0; i < out->num_tests; i++) {
    pdlt_verdict_decide(&out->tests[i], &job->evidence[i], job->quantity[i], out->degree,
                        out->level / tests);
    out->tests[i].derived = pdlt_join_is_derived(job->theory, job->quantity[i]);
    if (!counts(&out->tests[i])) continue;
    counted++;
    if (out->tests[i].verdict > out->verdict) out->verdict = out->tests[i].verdict;
  }
  if (counted == 0) out->verdict = PDLT_UNDECIDED;
  for (size_t r = 0; r < out->num_rows; r++)
    out->rows[r].verdict =
        pdlt_verdict_row(&out->rows[r], job->p0[r], job->p1[r], out->level / numbers);
  return PDLT_OK;
}

static void copy_hash(char *out, size_t size, const pdlt_archive *archive) {
  const char *hash = json_string_value(json_object_get(archive->meta, "hash"));
  snprintf(out, size, "%s", hash == NULL ? "" : hash);
}

/* Whether network.layers has a convolution. */
static int has_channels(const pdlt_archive *measured) {
  const json_t *experiment = json_object_get(measured->meta, "experiment");
  const json_t *layers = json_object_get(json_object_get(experiment, "network"), "layers");
  for (size_t l = 0; l < json_array_size(layers); l++)
    if (json_object_get(json_array_get(layers, l), "conv") != NULL) return 1;
  return 0;
}

static pdlt_status copy_widths(work *job, pdlt_error *err) {
  pdlt_comparison *out = job->out;
  size_t num = job->setup.num_widths;
  pdlt_status status = pdlt_alloc(&out->widths, num, sizeof(double), err);
  if (status == PDLT_OK) status = pdlt_alloc(&out->h, num, sizeof(double), err);
  if (status == PDLT_OK) status = pdlt_alloc(&out->reach, num, sizeof *out->reach, err);
  if (status != PDLT_OK) return status;
  out->num_widths = num;
  copy_hash(out->theory_hash, sizeof out->theory_hash, job->theory);
  copy_hash(out->measured_hash, sizeof out->measured_hash, job->measured);
  out->follows = job->setup.theory != NULL;
  out->channels = has_channels(job->measured);
  out->degree = job->setup.degree;
  out->level = job->setup.level;
  for (size_t w = 0; w < num; w++) {
    out->widths[w] = job->setup.widths[w];
    out->h[w] = job->setup.h[w];
    out->reach[w] = job->setup.reach[w];
  }
  return PDLT_OK;
}

static pdlt_status apply(pdlt_join_setup *setup, const pdlt_compare_options *options,
                         pdlt_error *err) {
  if (options == NULL) return PDLT_OK;
  if (options->degree > 8 || options->level >= 1.0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "degree %d and level %g; expected at most 8, below 1",
                     options->degree, options->level);
  if (options->degree >= 0) setup->degree = options->degree;
  if (options->level > 0.0) setup->level = options->level;
  return PDLT_OK;
}

pdlt_status pdlt_compare(pdlt_comparison *out, const pdlt_archive *theory,
                         const pdlt_archive *measured, const pdlt_compare_options *options,
                         pdlt_error *err) {
  pdlt_comparison result = {0};
  work job = {.out = &result, .theory = theory, .measured = measured};
  pdlt_status status = pdlt_join_setup_read(&job.setup, theory, measured,
                                            options == NULL ? NULL : options->progress, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(apply(&job.setup, options, err));
  PDLT_TRY(pdlt_alloc(&job.store, 1, sizeof *job.store, err));
  result.storage = job.store;
  PDLT_TRY(copy_widths(&job, err));
  PDLT_TRY(read_joins(&job, err));
  PDLT_TRY(warn_of_init(&job, err));
  PDLT_TRY(warn_of_widths(&job, err));
  PDLT_TRY(warn_of_reach(&job, err));
  PDLT_TRY(warn_of_tails(&job, err));
  PDLT_TRY(warn_of_absent(&job, err));
  PDLT_TRY(warn_of_dropped(&job, err));
  find_alone(&job);
  if (job.store->num_joins == 0)
    PDLT_TRY(warn(&result, err, "theory and measurement have no quantity in common"));
  PDLT_TRY(gather_all(&job, err));
  PDLT_TRY(decide_all(&job, err));
  PDLT_TRY(pdlt_comparison_slopes(&result, measured, err));
  PDLT_TRY(pdlt_kurtosis_measure(&result.kurtosis, &result, theory, measured, err));
  PDLT_TRY(pdlt_comparison_answer(&result, measured, err));
  *out = result;
  memset(&result, 0, sizeof result);
cleanup:
  pdlt_comparison_free(&result);
  pdlt_join_setup_free(&job.setup);
  pdlt_free(job.evidence);
  pdlt_free((void *)job.quantity);
  pdlt_free(job.p0);
  pdlt_free(job.p1);
  return status;
}
