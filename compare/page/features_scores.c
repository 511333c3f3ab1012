/* features_scores.c - see features_scores.h. */
#include "compare/page/features_scores.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"

const char *const pdlt_feature_score_names[PDLT_FEATURE_SCORES] = {"A", "B", "P"};
const char *const pdlt_holds_words[] = {"more", "less", "no answer"};

/* Every other list is held against this one. */
static const char *const subject = "k_E";

/* scores (members, lists, 3), and the number of the subject among the lists. */
typedef struct table {
  size_t members, lists, subject;
  const double *scores;
} table;

static double at(const table *t, size_t member, size_t list, size_t score) {
  return t->scores[(member * t->lists + list) * PDLT_FEATURE_SCORES + score];
}

/* Mean over members of the score of a list, or (against: its number) of the subject less that. */
static pdlt_feature_mean mean_of(const table *t, size_t list, int difference, size_t score) {
  double count = 0, mean = 0, scatter = 0;
  for (size_t m = 0; m < t->members; m++) {
    const double own = at(t, m, list, score);
    const double x = difference ? at(t, m, t->subject, score) - own : own;
    if (!isfinite(x)) continue;
    const double step = x - mean;
    count++;
    mean += step / count;
    scatter += step * (x - mean);
  }
  return (pdlt_feature_mean){count > 0 ? mean : NAN,
                             count > 1 ? sqrt(scatter / (count * (count - 1))) : NAN};
}

static pdlt_holds judge(const pdlt_feature_mean *d) {
  if (!isfinite(d->se) || !(fabs(d->mean) > PDLT_FEATURE_DECIDES * d->se))
    return PDLT_HOLDS_NO_ANSWER;
  return d->mean > 0 ? PDLT_HOLDS_MORE : PDLT_HOLDS_LESS;
}

static size_t survivors(const table *t) {
  size_t count = 0;
  for (size_t m = 0; m < t->members; m++) count += (size_t)isfinite(at(t, m, t->subject, 0));
  return count;
}

/* 0 where the metadata and the array do not belong together. */
static int find_table(table *t, const pdlt_archive *features, const char *name) {
  const json_t *lists = json_object_get(features->meta, "lists");
  const pdlt_array *scores = name == NULL ? NULL : pdlt_archive_getf(features, "scores/%s", name);
  *t = (table){.lists = json_array_size(lists)};
  if (scores == NULL || scores->ndim != 3 || scores->dim[1] != t->lists ||
      scores->dim[2] != PDLT_FEATURE_SCORES)
    return 0;
  t->members = scores->dim[0];
  t->scores = scores->data;
  for (; t->subject < t->lists; t->subject++) {
    const char *list = json_string_value(json_array_get(lists, t->subject));
    if (list != NULL && strcmp(list, subject) == 0) return 1;
  }
  return 0;
}

static const char *text_at(const pdlt_archive *features, const char *key, size_t k) {
  const char *text = json_string_value(json_array_get(json_object_get(features->meta, key), k));
  return text == NULL ? "" : text;
}

pdlt_status pdlt_feature_scores_make(pdlt_feature_scores *out, const pdlt_archive *features,
                                     size_t k, pdlt_error *err) {
  const json_t *structure = json_array_get(json_object_get(features->meta, "structures"), k);
  const char *name = json_string_value(json_object_get(structure, "name"));
  const char *text = json_string_value(json_object_get(structure, "text"));
  table t;
  if (!find_table(&t, features, name) || text == NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "scores/%s: does not fit the metadata",
                     name == NULL ? "" : name);
  pdlt_feature_scores scores = {
      .name = name,
      .text = text,
      .blocks = json_object_get(structure, "blocks"),
      .budget = (size_t)json_integer_value(json_object_get(structure, "budget")),
      .members = survivors(&t),
      .count = t.lists};
  const pdlt_status status = pdlt_alloc(&scores.row, t.lists, sizeof *scores.row, err);
  if (status != PDLT_OK) return status;
  for (size_t list = 0; list < t.lists; list++) {
    pdlt_feature_row *row = &scores.row[list];
    row->name = text_at(features, "lists", list);
    row->text = text_at(features, "list_texts", list);
    for (size_t s = 0; s < PDLT_FEATURE_SCORES; s++) {
      row->score[s] = mean_of(&t, list, 0, s);
      row->less[s] = mean_of(&t, list, 1, s);
      row->holds[s] = judge(&row->less[s]);
    }
  }
  *out = scores;
  return PDLT_OK;
}

void pdlt_feature_scores_free(pdlt_feature_scores *scores) {
  pdlt_free(scores->row);
  *scores = (pdlt_feature_scores){0};
}

const pdlt_feature_row *pdlt_feature_scores_find(const pdlt_feature_scores *scores,
                                                 const char *name) {
  for (size_t k = 0; k < scores->count; k++)
    if (strcmp(scores->row[k].name, name) == 0) return &scores->row[k];
  return NULL;
}

static json_t *mean_json(const pdlt_feature_mean *m) {
  return json_pack("{s:o, s:o}", "mean", pdlt_json_real(m->mean), "se", pdlt_json_real(m->se));
}

static json_t *candidate_json(const pdlt_feature_row *row) {
  json_t *out = json_pack("{s:s, s:s}", "name", row->name, "text", row->text);
  for (size_t s = 0; s < PDLT_FEATURE_SCORES; s++)
    pdlt_json_put(&out, pdlt_feature_score_names[s], mean_json(&row->score[s]));
  return out;
}

static json_t *difference_json(const pdlt_feature_row *row) {
  json_t *out = json_pack("{s:s}", "against", row->name);
  for (size_t s = 0; s < PDLT_FEATURE_SCORES; s++) {
    json_t *one = mean_json(&row->less[s]);
    pdlt_json_put(&one, subject, json_string(pdlt_holds_words[row->holds[s]]));
    pdlt_json_put(&out, pdlt_feature_score_names[s], one);
  }
  return out;
}

json_t *pdlt_feature_scores_json(const pdlt_feature_scores *scores) {
  json_t *candidates = json_array(), *differences = json_array();
  for (size_t k = 0; k < scores->count; k++) {
    pdlt_json_append(&candidates, candidate_json(&scores->row[k]));
    if (strcmp(scores->row[k].name, subject) != 0)
      pdlt_json_append(&differences, difference_json(&scores->row[k]));
  }
  return json_pack("{s:s, s:s, s:O, s:I, s:I, s:o, s:o}", "name", scores->name, "text",
                   scores->text, "blocks", scores->blocks, "budget", (json_int_t)scores->budget,
                   "members", (json_int_t)scores->members, "candidates", candidates, "differences",
                   differences);
}
