/* sweep.c - see sweep.h. */
#include "compare/page/sweep.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "base/file/stream.h"
#include "compare/join/join.h"
#include "compare/page/internal.h"
#include "compare/plot/plot.h"
#include "compare/text/markup.h"
#include "compare/text/order.h"
#include "compare/verdict/rows.h"

enum { MAX_PANELS = 9 };

typedef struct page {
  const char *title, *key, *folder;
  const pdlt_sweep_entry *entries;
  size_t count;
} page;

static pdlt_verdict worst(const page *s) {
  pdlt_verdict verdict = PDLT_AGREE;
  for (size_t i = 0; i < s->count; i++)
    if (s->entries[i].comparison->verdict > verdict) verdict = s->entries[i].comparison->verdict;
  return verdict;
}

static const pdlt_coefficient *coefficient_of(const pdlt_compare_row *row,
                                              const pdlt_compare_test *test) {
  return pdlt_test_is_limit(test) ? &row->c0 : &row->c1;
}

/* The number of the test with the largest prediction, at the last time. */
static const pdlt_compare_row *choose(const pdlt_comparison *c, const pdlt_compare_test *test) {
  const pdlt_compare_row *best = NULL;
  for (size_t r = 0; r < c->num_rows; r++) {
    const pdlt_compare_row *row = &c->rows[r];
    const pdlt_coefficient *k = coefficient_of(row, test);
    if (strcmp(row->quantity, test->quantity) != 0 || !k->tested) continue;
    if (best == NULL || row->time > best->time ||
        (!(row->time < best->time) && fabs(k->theory) > fabs(coefficient_of(best, test)->theory)))
      best = row;
  }
  return best;
}

/* The same number at another point: by quantity and index, at its last time. */
static const pdlt_compare_row *same(const pdlt_comparison *c, const pdlt_compare_row *row) {
  const pdlt_compare_row *found = NULL;
  for (size_t r = 0; r < c->num_rows; r++) {
    const pdlt_compare_row *other = &c->rows[r];
    if (strcmp(other->quantity, row->quantity) != 0 || other->ndim != row->ndim ||
        memcmp(other->index, row->index, (size_t)row->ndim * sizeof *row->index) != 0)
      continue;
    if (found == NULL || other->time > found->time) found = other;
  }
  return found;
}

static pdlt_status fill_panel(pdlt_panel *panel, const page *s, const pdlt_compare_test *test,
                              pdlt_error *err) {
  const pdlt_compare_row *row = choose(s->entries[0].comparison, test);
  double *x = NULL;
  char symbol[320], title[360];
  pdlt_status status = pdlt_alloc(&x, 5 * s->count, sizeof *x, err);
  if (status != PDLT_OK || row == NULL) {
    pdlt_free(x);
    return status;
  }
  double *y = x + s->count, *lo = y + s->count, *hi = lo + s->count, *line = hi + s->count;
  for (size_t i = 0; i < s->count; i++) {
    const pdlt_compare_row *here = same(s->entries[i].comparison, row);
    const pdlt_coefficient *c = here == NULL ? NULL : coefficient_of(here, test);
    const int known = c != NULL && c->tested;
    x[i] = s->entries[i].value;
    y[i] = known ? c->value : NAN;
    lo[i] = known ? c->value - c->se : NAN;
    hi[i] = known ? c->value + c->se : NAN;
    line[i] = known ? c->theory : NAN;
  }
  pdlt_row_markup(symbol, sizeof symbol, row);
  if (pdlt_test_is_limit(test))
    snprintf(title, sizeof title, "%s, infinite width", symbol);
  else
    snprintf(title, sizeof title, "%s, order %s", symbol, pdlt_order_of(row->power)->markup);
  pdlt_panel_title(panel, title);
  pdlt_markup_short(pdlt_panel_x(panel)->label, sizeof pdlt_panel_x(panel)->label, s->key, 100);
  pdlt_panel_y(panel);
  const pdlt_series theory = {.kind = PDLT_SERIES_LINE,
                              .n = s->count,
                              .x = x,
                              .y = line,
                              .color = PDLT_VERMILION,
                              .label = "theory"};
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = s->count,
                             .x = x,
                             .y = y,
                             .lo = lo,
                             .hi = hi,
                             .color = PDLT_BLUE,
                             .label = "measured, fitted"};
  status = pdlt_panel_add(panel, &theory, err);
  if (status == PDLT_OK) status = pdlt_panel_add(panel, &marks, err);
  pdlt_free(x);
  return status;
}

static pdlt_status draw(const page *s, char **svg, size_t *size, pdlt_error *err) {
  const pdlt_comparison *first = s->entries[0].comparison;
  const size_t count = first->num_tests < MAX_PANELS ? first->num_tests : MAX_PANELS;
  const size_t columns = count < 3 ? count : count == 4 ? 2 : 3;
  const pdlt_provenance provenance = {.title = s->title};
  char path[4096], *csv = NULL;
  size_t csv_size = 0;
  pdlt_plot *plot = NULL;
  pdlt_status status = PDLT_OK;
  if (count == 0) return PDLT_OK;
  if ((size_t)snprintf(path, sizeof path, "%s/figures/sweep.png", s->folder) >= sizeof path)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", s->folder);
  PDLT_TRY(pdlt_plot_new(&plot, (count + columns - 1) / columns, columns, columns < 3 ? 230 : 165,
                         columns < 3 ? 170 : 135, err));
  for (size_t k = 0; k < count; k++)
    PDLT_TRY(fill_panel(pdlt_plot_panel(plot, k), s, &first->tests[k], err));
  *strrchr(path, '/') = '\0';
  PDLT_TRY(pdlt_folder_make(path, err));
  path[strlen(path)] = '/';
  PDLT_TRY(pdlt_plot_svg(plot, svg, size, err));
  PDLT_TRY(pdlt_plot_write_png(plot, &provenance, path, err));
  snprintf(path + strlen(path) - 3, 4, "svg");
  PDLT_TRY(pdlt_file_write(path, *svg, *size, err));
  PDLT_TRY(pdlt_plot_csv(plot, &csv, &csv_size, err));
  snprintf(path + strlen(path) - 3, 4, "csv");
  PDLT_TRY(pdlt_file_write(path, csv, csv_size, err));
cleanup:
  pdlt_free(csv);
  pdlt_plot_free(plot);
  return status;
}

static void write_link(FILE *out, const pdlt_sweep_entry *entry) {
  fputs("<a href=\"", out);
  pdlt_html_text(out, entry->name);
  fputs("/report.html\">", out);
}

/* Begins the cell of a point; names stand in it where the page is too narrow for a heading. */
static void write_point(FILE *out, const pdlt_sweep_entry *entry) {
  fputs("<td data-label=\"", out);
  pdlt_html_text(out, entry->name);
  fputs("\">", out);
}

static const pdlt_compare_test *find_test(const pdlt_comparison *c, const pdlt_compare_test *test) {
  for (size_t t = 0; t < c->num_tests; t++)
    if (strcmp(c->tests[t].quantity, test->quantity) == 0 &&
        strcmp(c->tests[t].coefficient, test->coefficient) == 0)
      return &c->tests[t];
  return NULL;
}

/* A row for a test: its verdict at every point. */
static void write_row(FILE *out, const page *s, const pdlt_compare_test *test) {
  char symbol[192];
  pdlt_quantity_markup(symbol, sizeof symbol, test->quantity);
  fprintf(out, "<tr><td class=\"wide\" data-label=\"Test\">%s, %s</td>", symbol,
          pdlt_test_is_limit(test) ? "limit" : "1/<i>n</i>");
  for (size_t i = 0; i < s->count; i++) {
    const pdlt_compare_test *here = find_test(s->entries[i].comparison, test);
    write_point(out, &s->entries[i]);
    if (here == NULL)
      fputs("\xe2\x80\x94", out);
    else
      pdlt_html_verdict(out, here->verdict);
    fputs("</td>", out);
  }
  fputs("</tr>\n", out);
}

static void begin_table(FILE *out, const page *s) {
  fputs("<div class=\"scroll\"><table class=\"cards\">\n<thead><tr><th>Test</th>", out);
  for (size_t i = 0; i < s->count; i++) {
    fputs("<th>", out);
    write_link(out, &s->entries[i]);
    pdlt_html_text(out, s->entries[i].name);
    fputs("</a></th>", out);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
}

/* Tests of z, cov and so on below the verdicts, those of the losses folded. */
static void write_table(FILE *out, const page *s) {
  const pdlt_comparison *first = s->entries[0].comparison;
  size_t derived = 0;
  begin_table(out, s);
  fputs("<tr><td class=\"wide\" data-label=\"Test\"><b>all together</b></td>", out);
  for (size_t i = 0; i < s->count; i++) {
    write_point(out, &s->entries[i]);
    write_link(out, &s->entries[i]);
    pdlt_html_verdict(out, s->entries[i].comparison->verdict);
    fputs("</a></td>", out);
  }
  fputs("</tr>\n", out);
  for (size_t t = 0; t < first->num_tests; t++) {
    const int folded = first->tests[t].derived;
    derived += (size_t)folded;
    if (!folded) write_row(out, s, &first->tests[t]);
  }
  pdlt_html_table_end(out);
  if (derived == 0) return;
  fputs("<details><summary>Losses, which follow from <i>z</i> and cov</summary>\n", out);
  begin_table(out, s);
  for (size_t t = 0; t < first->num_tests; t++)
    if (first->tests[t].derived) write_row(out, s, &first->tests[t]);
  pdlt_html_table_end(out);
  fputs("</details>\n", out);
}

static void write_page(FILE *out, const page *s, const char *svg, size_t size) {
  const char *word = pdlt_verdict_text(worst(s));
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      out);
  pdlt_html_text(out, s->title);
  fputs("</title>\n", out);
  pdlt_html_style(out);
  fputs("</head>\n<body>\n<header>\n<h1>", out);
  pdlt_html_text(out, s->title);
  fputs("</h1>\n</header>\n<main>\n", out);
  fprintf(out, "<section class=\"verdict\"><span class=\"badge %s\">%s</span><p>%zu values of ",
          word, word, s->count);
  pdlt_html_text(out, s->key);
  fputs(", each an experiment of its own.</p></section>\n", out);
  write_table(out, s);
  if (svg != NULL) {
    fputs(
        "<figure><div class=\"scroll\"><img alt=\"coefficients against the swept value\" "
        "style=\"--w:60rem\" "
        "src=\"data:image/svg+xml;base64,",
        out);
    pdlt_html_base64(out, svg, size);
    fputs(
        "\"></div><figcaption>For each test the number with the largest prediction: fitted "
        "coefficient with one total error, and theory.</figcaption></figure>\n",
        out);
  }
  fputs("</main>\n</body>\n</html>\n", out);
}

static pdlt_status write_html(const page *s, const char *svg, size_t size, pdlt_error *err) {
  char path[4096];
  pdlt_stream text;
  snprintf(path, sizeof path, "%s/report.html", s->folder);
  const pdlt_status status = pdlt_stream_open(&text, path, err);
  if (status != PDLT_OK) return status;
  write_page(text.out, s, svg, size);
  return pdlt_stream_write(&text, path, err);
}

static json_t *tests_json(const pdlt_comparison *c) {
  json_t *tests = json_array();
  for (size_t t = 0; t < c->num_tests; t++)
    pdlt_json_append(&tests, json_pack("{s:s, s:s, s:s, s:o}", "quantity", c->tests[t].quantity,
                                       "coefficient", c->tests[t].coefficient, "verdict",
                                       pdlt_verdict_text(c->tests[t].verdict), "p",
                                       pdlt_json_real(c->tests[t].p)));
  return tests;
}

static pdlt_status write_json(const page *s, pdlt_error *err) {
  char path[4096];
  json_t *points = json_array();
  snprintf(path, sizeof path, "%s/verdict.json", s->folder);
  for (size_t i = 0; i < s->count; i++)
    pdlt_json_append(&points, json_pack("{s:s, s:s, s:o}", "name", s->entries[i].name, "verdict",
                                        pdlt_verdict_text(s->entries[i].comparison->verdict),
                                        "tests", tests_json(s->entries[i].comparison)));
  json_t *root = json_pack("{s:s, s:o}", "verdict", pdlt_verdict_text(worst(s)), "points", points);
  pdlt_status status = root == NULL ? pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory")
                                    : pdlt_json_write(root, path, err);
  json_decref(root);
  return status;
}

pdlt_status pdlt_sweep_page_write(const char *title, const char *key,
                                  const pdlt_sweep_entry *entries, size_t count, const char *folder,
                                  pdlt_error *err) {
  const page s = {title, key, folder, entries, count};
  char *svg = NULL;
  size_t size = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(draw(&s, &svg, &size, err));
  PDLT_TRY(write_html(&s, svg, size, err));
  PDLT_TRY(write_json(&s, err));
cleanup:
  pdlt_free(svg);
  return status;
}
