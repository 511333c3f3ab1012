/* sections.c - the sections of the page: verdict, tests, figures, setting. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "compare/join/join.h"
#include "compare/page/internal.h"
#include "compare/text/markup.h"
#include "compare/text/number.h"
#include "compare/text/order.h"
#include "compare/verdict/rows.h"

enum { NULL_DISTANCE = 4 /* total errors that make the power of a test */ };

static void write_quantity(FILE *out, const char *quantity) {
  char markup[192];
  pdlt_quantity_markup(markup, sizeof markup, quantity);
  fputs(markup, out);
}

/* 1 where some quantity goes in powers of h^(1/2). */
static int has_half_powers(const pdlt_comparison *c) {
  for (size_t r = 0; r < c->num_rows; r++)
    if (c->rows[r].power < 1.0) return 1;
  return 0;
}

static void write_coefficient(FILE *out, const pdlt_comparison *c, const pdlt_compare_test *test) {
  if (pdlt_test_is_limit(test))
    fputs("infinite width", out);
  else if (strcmp(test->coefficient, "c1") != 0 && strcmp(test->coefficient, "a") != 0)
    pdlt_html_text(out, test->coefficient);
  else
    fprintf(out, "order %s", pdlt_order_of(pdlt_comparison_power(c, test->quantity))->markup);
}

/* Losses are made of z and cov; their tests are told apart unless one disagrees. */
static int counts(const pdlt_compare_test *test) {
  return test->verdict == PDLT_DISAGREE || !test->derived;
}

/* The tests with the given verdict, as a list "K (infinite width), z (order 1/n)". */
static size_t write_tests_with(FILE *out, const pdlt_comparison *c, pdlt_verdict verdict) {
  size_t count = 0;
  for (size_t i = 0; i < c->num_tests; i++) {
    if (c->tests[i].verdict != verdict || !counts(&c->tests[i])) continue;
    if (out) {
      fputs(count ? ", " : "", out);
      write_quantity(out, c->tests[i].quantity);
      fputs(" (", out);
      write_coefficient(out, c, &c->tests[i]);
      fputs(")", out);
    }
    count++;
  }
  return count;
}

/* 1 when every test would have found its null hypothesis. */
static int all_had_power(const pdlt_comparison *c) {
  for (size_t i = 0; i < c->num_tests; i++)
    if (counts(&c->tests[i]) && !(c->tests[i].null_z >= NULL_DISTANCE)) return 0;
  return 1;
}

static void write_sentence(FILE *out, const pdlt_comparison *c) {
  size_t numbers = 0, count = 0;
  const size_t fails = write_tests_with(NULL, c, c->verdict);
  for (size_t i = 0; i < c->num_tests; i++) {
    if (!counts(&c->tests[i])) continue;
    count++;
    numbers += c->tests[i].numbers;
  }
  const char *tests = count == 1 ? "test" : "tests";
  if (count == 0) {
    fputs("No quantity could be tested.", out);
  } else if (c->verdict == PDLT_AGREE) {
    fprintf(out, "Measurement agrees with theory in %s %zu %s, made of %zu numbers%s.",
            count == 1 ? "the" : "all", count, tests, numbers,
            all_had_power(c) ? ", and each test had the power to refute it" : "");
  } else {
    fprintf(out, "%zu of %zu %s %s: ", fails, count, tests,
            c->verdict == PDLT_DISAGREE ? (fails == 1 ? "refutes theory" : "refute theory")
                                        : (fails == 1 ? "is undecided" : "are undecided"));
    write_tests_with(out, c, c->verdict);
    fputs(".", out);
  }
}

/* 1 when the blank belongs to what surrounds it: "n = 16", "3.1 +- 0.2 %". */
static int is_tight(const char *before, const char *blank) {
  return strchr("=%", blank[1]) != NULL || strncmp(blank + 1, "+-", 2) == 0 ||
         (blank > before && blank[-1] == '=') ||
         (blank > before + 1 && strncmp(blank - 2, "+-", 2) == 0);
}

/* A sentence of the answer, or a reason: single letters n and p in italics, "+-" as one sign, no line breaks
 * within a number. */
static void write_prose(FILE *out, const char *text) {
  for (const char *at = text; *at != 0; at++) {
    const int starts = at == text || !isalnum((unsigned char)at[-1]);
    if ((*at == 'n' || *at == 'p') && starts && !isalnum((unsigned char)at[1])) {
      fprintf(out, "<i>%c</i>", *at);
    } else if (at[0] == '+' && at[1] == '-') {
      fputs("\xc2\xb1", out);
      at++;
    } else if (*at == ' ' && is_tight(text, at)) {
      fputs("&nbsp;", out);
    } else {
      const char letter[2] = {*at, 0};
      pdlt_html_text(out, letter);
    }
  }
}

void pdlt_report_verdict(FILE *out, const pdlt_report_input *in) {
  const pdlt_comparison *c = in->comparison;
  const char *text = pdlt_verdict_text(c->verdict);
  fprintf(out, "<section class=\"verdict\" id=\"verdict\"><span class=\"badge %s\">%s</span><div>",
          text, text);
  for (int k = 0; k < 2; k++) {
    if (c->answer[k] == NULL) continue;
    fputs("<p class=\"answer\">", out);
    write_prose(out, c->answer[k]);
    fputs("</p>\n", out);
  }
  fputs("<p class=\"soft\">", out);
  write_sentence(out, c);
  if (c->num_widths > 0)
    fprintf(out, " %zu width%s, <i>n</i> = %.0f to %.0f.", c->num_widths,
            c->num_widths == 1 ? "" : "s", c->widths[0], c->widths[c->num_widths - 1]);
  if (c->follows)
    fputs(
        " Parameters follow the width, and theory was computed for each: what is tested is "
        "<i>a</i><sub>0</sub> = <i>a</i> = 1 in <i>x<sub>n</sub></i> = <i>a</i><sub>0</sub> "
        "lo<i><sub>n</sub></i> + <i>a h</i> nlo<i><sub>n</sub></i> + <i>c</i><sub>2</sub> "
        "<i>h</i><sup>2</sup> + ...",
        out);
  fputs("</p></div></section>\n", out);
  if (c->num_warnings == 0) return;
  fputs("<section id=\"warnings\"><h2>Warnings</h2>\n<ul>\n", out);
  for (size_t i = 0; i < c->num_warnings; i++) {
    fputs("<li>", out);
    pdlt_html_text(out, c->warnings[i]);
    fputs("</li>\n", out);
  }
  fputs("</ul></section>\n", out);
}

enum {
  TEST_QUANTITY,
  TEST_COEFFICIENT,
  TEST_VERDICT,
  TEST_P,
  TEST_WORST,
  TEST_NUMBERS,
  TEST_NULL,
  TEST_BOUND,
  TEST_MEMBERS,
  TEST_REASON,
  TEST_COLUMNS
};

static const pdlt_column test_columns[TEST_COLUMNS] = {
    {"Quantity", "Quantity", ""},       {"Coefficient", "Coefficient", ""},
    {"Verdict", "Verdict", ""},         {"<i>p</i>", "p", "n"},
    {"Worst <i>z</i>", "Worst z", "n"}, {"Numbers", "Numbers", "n"},
    {"Null <i>z</i>", "Null z", "n"},   {"Bound", "Bound", "n"},
    {"Members", "Members", "n"},        {"Reason", "Reason", "reason"},
};

/* 1 when the joint test looked in fewer directions than there are numbers. */
static int is_projected(const pdlt_compare_test *test) {
  return test->directions > 0 && test->directions != test->numbers;
}

static void write_test(FILE *out, const pdlt_comparison *comparison,
                       const pdlt_compare_test *test) {
  const pdlt_column *c = test_columns;
  fputs("<tr>", out);
  pdlt_html_cell(out, &c[TEST_QUANTITY]);
  write_quantity(out, test->quantity);
  fputs("</td>", out);
  pdlt_html_cell(out, &c[TEST_COEFFICIENT]);
  write_coefficient(out, comparison, test);
  fputs("</td>", out);
  pdlt_html_cell(out, &c[TEST_VERDICT]);
  pdlt_html_verdict(out, test->verdict);
  fputs("</td>", out);
  pdlt_html_number_cell(out, &c[TEST_P], test->p, 2);
  pdlt_html_number_cell(out, &c[TEST_WORST], test->worst_z, 2);
  pdlt_html_cell(out, &c[TEST_NUMBERS]);
  fprintf(out, "%zu", test->numbers);
  if (is_projected(test)) fprintf(out, " (%zu)", test->directions);
  fputs("</td>", out);
  pdlt_html_number_cell(out, &c[TEST_NULL], test->null_z, 3);
  pdlt_html_cell(out, &c[TEST_BOUND]);
  pdlt_html_number(out, 100.0 * test->bound, 2);
  fputs(isnan(test->bound) ? "</td>" : "&nbsp;%</td>", out);
  pdlt_html_cell(out, &c[TEST_MEMBERS]);
  if (test->members_needed < 1e7)
    fprintf(out, "%.0f", ceil(test->members_needed));
  else
    pdlt_html_number(out, test->members_needed, 3);
  fputs("</td>", out);
  pdlt_html_cell(out, &c[TEST_REASON]);
  write_prose(out, test->reason);
  fputs("</td></tr>\n", out);
}

/* The tests of z, cov and so on (derived 0) or those of the losses (1). */
static void write_tests(FILE *out, const pdlt_comparison *c, int derived) {
  pdlt_html_table_begin(out, test_columns, TEST_COLUMNS);
  for (size_t i = 0; i < c->num_tests; i++)
    if (c->tests[i].derived == derived) write_test(out, c, &c->tests[i]);
  pdlt_html_table_end(out);
}

/* Losses are made of z and cov; their tests stay folded unless one of them disagrees. */
static void write_derived_tests(FILE *out, const pdlt_comparison *c) {
  size_t number[PDLT_DISAGREE + 1] = {0}, count = 0, written = 0;
  for (size_t i = 0; i < c->num_tests; i++) {
    if (!c->tests[i].derived) continue;
    number[c->tests[i].verdict]++;
    count++;
  }
  if (count == 0) return;
  fprintf(out,
          "<details%s><summary>Losses, with their bias and variance, follow from <i>z</i> and cov: "
          "%zu test%s, ",
          number[PDLT_DISAGREE] > 0 ? " open" : "", count, count == 1 ? "" : "s");
  for (int v = PDLT_AGREE; v <= PDLT_DISAGREE; v++)
    if (number[v] > 0)
      fprintf(out, "%s%zu %s", written++ > 0 ? ", " : "", number[v],
              pdlt_verdict_text((pdlt_verdict)v));
  fputs("</summary>\n", out);
  write_tests(out, c, 1);
  fputs("</details>\n", out);
}

/* Quantities that stand beside no prediction. */
static void write_alone(FILE *out, const pdlt_comparison *c) {
  if (c->num_alone == 0) return;
  fputs("<p class=\"soft\" id=\"alone\">Measured alone, without a prediction: ", out);
  for (size_t k = 0; k < c->num_alone; k++) {
    const int row = pdlt_quantity_find(c->alone[k]);
    fputs(k > 0 ? "; " : "", out);
    write_quantity(out, c->alone[k]);
    fputs(", ", out);
    pdlt_html_text(out, pdlt_quantities[row].what);
  }
  fputs(".</p>\n", out);
}

void pdlt_report_tests(FILE *out, const pdlt_report_input *in) {
  const pdlt_comparison *c = in->comparison;
  fputs(
      "<section id=\"tests\"><h2>Tests</h2>\n<p>Each number is fitted over the widths by a "
      "polynomial in <i>h</i> = 1/<i>n</i><sub><i>L</i>\xe2\x88\x92"
      "1</sub> of degree ",
      out);
  fprintf(out, "%d", c->degree);
  if (has_half_powers(c)) fputs(", what depends on training by one in <i>h</i><sup>1/2</sup>", out);
  fputs("; all numbers of a quantity are tested jointly. Family-wise level ", out);
  pdlt_html_number(out, c->level, 3);
  fputs(
      ". <i>Null <i>z</i></i> is the distance of theory from its null hypothesis in total errors "
      "(statistical, numerical and of the powers left out): the power of the test. <i>Bound</i>: "
      "four times the largest total error of a number, relative to the largest number predicted; "
      "so well all of them are known. <i>Members</i> would give a null <i>z</i> of 4.</p>\n",
      out);
  write_tests(out, c, 0);
  write_derived_tests(out, c);
  int projected = 0;
  for (size_t i = 0; i < c->num_tests; i++) projected |= is_projected(&c->tests[i]);
  if (projected)
    fputs(
        "<p class=\"soft\">In brackets: the number of directions that the joint test was "
        "projected on.</p>\n",
        out);
  write_alone(out, c);
  fputs("</section>\n", out);
}

void pdlt_html_figures(FILE *out, const pdlt_figure_list *figures) {
  if (!figures || figures->count == 0) return;
  fputs("<section id=\"figures\"><h2>Figures</h2>\n", out);
  for (size_t i = 0; i < figures->count; i++) {
    const pdlt_figure *figure = &figures->items[i];
    fprintf(out,
            "<figure id=\"figure-%s\">\n<div class=\"scroll\"><img style=\"--w:%.0fpx\" "
            "alt=\"%s\" src=\"data:image/svg+xml;base64,",
            figure->stem, pdlt_html_svg_width(figure->svg), figure->title);
    pdlt_html_base64(out, figure->svg, figure->svg_size);
    fprintf(out, "\"></div>\n<figcaption><b>Figure %zu. %s.</b> %s</figcaption>\n</figure>\n",
            i + 1, figure->title, figure->caption);
  }
  fputs("</section>\n", out);
}

static void begin_block(FILE *out, const char *id, const char *title) {
  fprintf(out, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
}

static void write_block(FILE *out, const char *id, const char *title, const json_t *value) {
  if (!value) return;
  begin_block(out, id, title);
  if (json_is_object(value)) {
    pdlt_html_json_table(out, value);
  } else if (json_is_string(value)) {
    fputs("<p>", out);
    pdlt_html_text(out, json_string_value(value));
    fputs("</p>\n", out);
  }
  fputs("</section>\n", out);
}

/* The keys of provenance that the metadata hold, in a fixed order. */
void pdlt_html_provenance(FILE *out, const json_t *meta, const json_t *theory) {
  static const char *const keys[] = {"program",      "commit",    "compiler", "blas",     "hash",
                                     "physics_hash", "data_hash", "seed",     "estimator"};
  const json_t *commit = json_object_get(theory, "commit");
  begin_block(out, "provenance", "Provenance");
  pdlt_html_json_begin(out);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const json_t *value = json_object_get(meta, keys[i]);
    if (value) pdlt_html_json_row(out, keys[i], value);
  }
  if (commit && !json_equal(commit, json_object_get(meta, "commit")))
    pdlt_html_json_row(out, "commit of theory", commit);
  pdlt_html_json_end(out);
  fputs("</section>\n", out);
}

void pdlt_report_setting(FILE *out, const pdlt_report_input *in) {
  const json_t *meta = in->measured->meta, *theory = in->theory->meta;
  const json_t *absent = json_object_get(theory, "absent");
  if (json_object_size(absent) > 0) write_block(out, "absent", "What theory leaves out", absent);
  write_block(out, "conventions", "Conventions", json_object_get(meta, "conventions"));
  write_block(out, "experiment", "Experiment, as resolved", json_object_get(meta, "experiment"));
  pdlt_html_provenance(out, meta, theory);
}
