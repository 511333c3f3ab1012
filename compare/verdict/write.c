/* write.c - comparison.csv and verdict.json; see compare.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/number.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "compare/verdict/rows.h"

static const char header[] =
    "quantity,index,time,width,h,used,measured,se,lo,lo_plus_h_nlo,"
    "fit,fit_se,theory,null,z,c1_fit,c1_fit_se,c1_theory,c1_null,c1_z,fit_p,verdict\n";

/* Longer than any line: 22 cells of at most PDLT_NUMBER_LENGTH bytes, a name, eight indices. */
enum { LINE_LENGTH = 2048 };

/* A line as it grows. */
typedef struct line {
  char text[LINE_LENGTH];
  size_t size;
} line;

static void put_text(line *to, const char *text) {
  const size_t size = strlen(text);
  memcpy(to->text + to->size, text, size);
  to->size += size;
}

/* ",value", the shortest form that reads back as the same double; "," when there is none. */
static void put(line *to, double value) {
  char text[PDLT_NUMBER_LENGTH];
  put_text(to, ",");
  if (!isnan(value)) put_text(to, pdlt_number_text(text, value));
}

/* quantity, index ("0 3") and time. */
static void put_name(line *to, const pdlt_compare_row *row) {
  char text[32];
  put_text(to, row->quantity);
  put_text(to, ",");
  for (int d = 0; d < row->ndim; d++) {
    snprintf(text, sizeof text, "%s%zu", d == 0 ? "" : " ", row->index[d]);
    put_text(to, text);
  }
  put(to, row->time);
}

static void put_coefficient(line *to, const pdlt_coefficient *c) {
  put(to, c->value);
  put(to, c->se);
  put(to, c->theory);
  put(to, c->null);
  put(to, c->z);
}

static void put_row(line *to, const pdlt_compare_row *row) {
  put_text(to, ",,,,,,,"); /* width to lo_plus_h_nlo */
  put_coefficient(to, &row->c0);
  put_coefficient(to, &row->c1);
  put(to, row->fit_p);
  put_text(to, ",");
  put_text(to, pdlt_verdict_text(row->verdict));
  put_text(to, "\n");
}

static void put_width(line *to, const pdlt_comparison *comparison, const pdlt_compare_row *row,
                      size_t w) {
  put(to, comparison->widths[w]);
  put(to, comparison->h[w]);
  put_text(to, row->used[w] ? ",1" : ",0");
  put(to, row->measured[w]);
  put(to, row->se[w]);
  put(to, pdlt_row_predicted(row, w, comparison->h[w], 0));
  put(to, pdlt_row_predicted(row, w, comparison->h[w], 1));
  put_text(to, ",,,,,,,,,,,,\n"); /* fit to verdict */
}

/* The lines of one number. */
static pdlt_status write_row(pdlt_file_writer *to, const pdlt_comparison *comparison,
                             const pdlt_compare_row *row, int summary, pdlt_error *err) {
  line text = {.size = 0};
  put_name(&text, row);
  const size_t name = text.size;
  put_row(&text, row);
  pdlt_status status = pdlt_file_put(to, text.text, text.size, err);
  for (size_t w = 0; w < comparison->num_widths && !summary && status == PDLT_OK; w++) {
    text.size = name;
    put_width(&text, comparison, row, w);
    status = pdlt_file_put(to, text.text, text.size, err);
  }
  return status;
}

pdlt_status pdlt_comparison_write_csv(const pdlt_comparison *comparison, int summary,
                                      const char *path, pdlt_error *err) {
  pdlt_file_writer to = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_file_begin(&to, path, err));
  PDLT_TRY(pdlt_file_put(&to, header, sizeof header - 1, err));
  for (size_t r = 0; r < comparison->num_rows; r++)
    PDLT_TRY(write_row(&to, comparison, &comparison->rows[r], summary, err));
  return pdlt_file_commit(&to, err);
cleanup:
  pdlt_file_abandon(&to);
  return status;
}

static json_t *test_object(const pdlt_compare_test *t, int follows) {
  json_t *object = json_pack(
      "{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "quantity",
      t->quantity, "coefficient", t->coefficient, "verdict", pdlt_verdict_text(t->verdict), "p",
      pdlt_json_real(t->p), "worst_z", pdlt_json_real(t->worst_z), "numbers",
      (json_int_t)t->numbers, "directions", (json_int_t)t->directions, "fit_p",
      pdlt_json_real(t->fit_p), "null_z", pdlt_json_real(t->null_z), "members_needed",
      pdlt_json_real(t->members_needed), "statistical", pdlt_json_real(t->statistical), "numerical",
      pdlt_json_real(t->numerical), "truncation", pdlt_json_real(t->truncation), "bound",
      pdlt_json_real(t->bound), "reason", t->reason);
  if (follows) {
    pdlt_json_put(&object, "a", pdlt_json_real(t->a));
    pdlt_json_put(&object, "a_se", pdlt_json_real(t->a_se));
  }
  return object;
}

static json_t *reach_list(const pdlt_comparison *c) {
  json_t *list = json_array();
  for (size_t w = 0; w < c->num_widths; w++) {
    const pdlt_reach *r = &c->reach[w];
    pdlt_json_append(
        &list, json_pack("{s:f, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "width", c->widths[w],
                         "in_reach", r->in_reach, "reason", r->reason, "g", pdlt_json_real(r->g),
                         "correction", pdlt_json_real(r->correction), "ntk_spread",
                         pdlt_json_real(r->ntk_spread), "unstable", pdlt_json_real(r->unstable),
                         "stable_width", pdlt_json_real(r->stable_width), "top_share",
                         pdlt_json_real(r->top_share)));
  }
  return list;
}

static json_t *slope_list(const pdlt_comparison *c) {
  json_t *list = json_array();
  for (size_t i = 0; i < c->num_slopes; i++) {
    const pdlt_compare_slope *s = &c->slopes[i];
    pdlt_json_append(&list,
                     json_pack("{s:s, s:i, s:o, s:o}", "quantity", s->quantity, "order", s->order,
                               "slope", pdlt_json_real(s->value), "se", pdlt_json_real(s->se)));
  }
  return list;
}

static json_t *kurtosis_object(const pdlt_kurtosis *k) {
  if (k->num == 0) return json_null();
  return json_pack("{s:I, s:o, s:o, s:o, s:s}", "sample", (json_int_t)k->sample, "coefficient",
                   pdlt_json_real(k->c1), "se", pdlt_json_real(k->c1_se), "theory",
                   pdlt_json_real(k->theory), "verdict", pdlt_verdict_text(k->verdict));
}

static json_t *answer_list(const pdlt_comparison *c) {
  json_t *list = json_array();
  for (int k = 0; k < 2; k++)
    if (c->answer[k] != NULL) pdlt_json_append(&list, json_string(c->answer[k]));
  return list;
}

static json_t *verdict_object(const pdlt_comparison *c) {
  json_t *tests = json_array(), *warnings = json_array(), *alone = json_array();
  for (size_t i = 0; i < c->num_tests; i++)
    pdlt_json_append(&tests, test_object(&c->tests[i], c->follows));
  for (size_t i = 0; i < c->num_warnings; i++)
    pdlt_json_append(&warnings, json_string(c->warnings[i]));
  for (size_t i = 0; i < c->num_alone; i++) pdlt_json_append(&alone, json_string(c->alone[i]));
  return json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:f, s:s, s:s, s:o, s:o, s:o}", "verdict",
                   pdlt_verdict_text(c->verdict), "answer", answer_list(c), "tests", tests,
                   "measured_alone", alone, "warnings", warnings, "degree", c->degree, "level",
                   c->level, "theory_hash", c->theory_hash, "measured_hash", c->measured_hash,
                   "reach", reach_list(c), "slopes", slope_list(c), "kurtosis",
                   kurtosis_object(&c->kurtosis));
}

pdlt_status pdlt_comparison_json(const pdlt_comparison *comparison, char **out, pdlt_error *err) {
  json_t *object = verdict_object(comparison);
  char *text = NULL;
  const pdlt_status status =
      pdlt_json_format(object, JSON_INDENT(2) | JSON_REAL_PRECISION(17), &text, err);
  json_decref(object);
  if (status != PDLT_OK) return status;
  strcat(text, "\n"); /* there is room for it */
  *out = text;
  return PDLT_OK;
}

pdlt_status pdlt_comparison_write_json(const pdlt_comparison *comparison, const char *path,
                                       pdlt_error *err) {
  char *text = NULL;
  pdlt_status status = pdlt_comparison_json(comparison, &text, err);
  if (status == PDLT_OK) status = pdlt_file_write(path, text, strlen(text), err);
  pdlt_free(text);
  return status;
}
