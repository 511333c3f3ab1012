/* scored.c - scores of all candidates of several networks against known structures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/features/candidates.h"
#include "trainer/features/internal.h"

/* The arrays of the scores, one for each structure. */
typedef struct table {
  const pdlt_features_job *job;
  size_t lists, members;
  size_t most;     /* functions of a list */
  double **scores; /* (structures) of (members, lists, PDLT_SCORE_COUNT) */
} table;

/* The row of a member, NaN at first. */
static double *row(const table *t, size_t structure, size_t member) {
  return t->scores[structure] + member * t->lists * PDLT_SCORE_COUNT;
}

static pdlt_status score_member(const table *t, pdlt_learned *trained, size_t member, double *u,
                                pdlt_error *err) {
  const pdlt_features_options *o = t->job->options;
  pdlt_status status = pdlt_learned_make(trained, member, o->stop, err);
  if (status != PDLT_OK || trained->outcome == PDLT_MEMBER_DIVERGED) return status;
  for (size_t s = 0; s < t->job->structures; s++)
    for (size_t list = 0; list < t->lists; list++) {
      const pdlt_known *known = &t->job->known[s];
      size_t count = 0;
      status =
          pdlt_candidates_make(trained, list, pdlt_features_budget(t->job, known), u, &count, err);
      if (status == PDLT_OK)
        status = pdlt_scores(&known->structure, count, u,
                             row(t, s, member) + list * PDLT_SCORE_COUNT, err);
      if (status != PDLT_OK) return status;
    }
  return PDLT_OK;
}

/* The share of one thread. */
static pdlt_status score_some(const table *t, int thread, pdlt_error *err) {
  const pdlt_features_job *job = t->job;
  pdlt_learned trained = {0};
  double *u = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_learned_new(&trained, job->ex, job->net, job->data, err));
  PDLT_TRY(pdlt_alloc(&u, t->most * job->data->samples, sizeof *u, err));
  for (size_t m = (size_t)thread; m < t->members; m += (size_t)job->options->threads) {
    PDLT_TRY(score_member(t, &trained, m, u, err));
    pdlt_progress_add(job->options->progress, 1);
  }
cleanup:
  pdlt_free(u);
  pdlt_learned_free(&trained);
  return status;
}

static pdlt_status score_all(const table *t, pdlt_error *err) {
  const int threads = t->job->options->threads;
  pdlt_status first = PDLT_OK;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int thread = 0; thread < threads; thread++) {
    pdlt_error own = {0};
    const pdlt_status mine = score_some(t, thread, &own);
#pragma omp critical(pdlt_scored)
    if (mine != PDLT_OK && first == PDLT_OK) first = pdlt_fail(err, mine, "%s", own.message);
  }
  return first;
}

/* structure/NAME, structure_sizes/NAME and scores/NAME. */
static pdlt_status new_arrays(table *t, size_t s, pdlt_error *err) {
  const pdlt_known *known = &t->job->known[s];
  const pdlt_structure *st = &known->structure;
  const size_t all[2] = {pdlt_structure_size(st), st->samples};
  const size_t scores[3] = {t->members, t->lists, PDLT_SCORE_COUNT};
  pdlt_array *array = NULL;
  char name[96];
  pdlt_status status = PDLT_OK;
  snprintf(name, sizeof name, "structure/%s", known->name);
  PDLT_TRY(pdlt_archive_new(t->job->out, name, 2, all, &array, err));
  memcpy(array->data, st->v, all[0] * all[1] * sizeof *st->v);
  snprintf(name, sizeof name, "structure_sizes/%s", known->name);
  PDLT_TRY(pdlt_archive_new(t->job->out, name, 1, &st->blocks, &array, err));
  for (size_t j = 0; j < st->blocks; j++) array->data[j] = (double)st->size[j];
  snprintf(name, sizeof name, "scores/%s", known->name);
  PDLT_TRY(pdlt_archive_new(t->job->out, name, 3, scores, &array, err));
  for (size_t i = 0; i < pdlt_array_count(array); i++) array->data[i] = NAN;
  t->scores[s] = array->data;
cleanup:
  return status;
}

pdlt_status pdlt_features_score(const pdlt_features_job *job, pdlt_error *err) {
  const pdlt_features_options *o = job->options;
  table t = {.job = job,
             .lists = pdlt_candidates_lists(job->net->depth),
             .members = (size_t)job->ex->features.members};
  pdlt_status status = PDLT_OK;
  if (job->structures == 0) return PDLT_OK;
  PDLT_TRY(pdlt_alloc((void *)&t.scores, job->structures, sizeof *t.scores, err));
  for (size_t s = 0; s < job->structures; s++) {
    const size_t budget = pdlt_features_budget(job, &job->known[s]);
    t.most = budget > t.most ? budget : t.most;
    PDLT_TRY(new_arrays(&t, s, err));
  }
  pdlt_progress_start_short(o->progress, "networks", (double)t.members);
  PDLT_TRY(score_all(&t, err));
  pdlt_progress_finish(o->progress);
cleanup:
  if (status != PDLT_OK) pdlt_progress_break(o->progress);
  pdlt_free((void *)t.scores);
  return status;
}
