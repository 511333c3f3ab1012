/* sections.c - the sections of the page. */
#include <math.h>
#include <string.h>

#include "compare/page/internal.h"
#include "compare/text/markup.h"
#include "compare/text/number.h"
#include "compare/verdict/rows.h"

enum { SELECTED_ROWS = 24 };

static void write_word(FILE *out, pdlt_verdict verdict) {
  const char *text = pdlt_verdict_text(verdict);
  fprintf(out, "<span class=\"word %s\">%s</span>", text, text);
}

static void write_quantity(FILE *out, const char *quantity) {
  char markup[192];
  pdlt_quantity_markup(markup, sizeof markup, quantity);
  fputs(markup, out);
}

static void write_coefficient(FILE *out, const char *coefficient) {
  if (strcmp(coefficient, "c0") == 0)
    fputs("infinite width", out);
  else if (strcmp(coefficient, "c1") == 0)
    fputs("order 1/<i>n</i>", out);
  else
    pdlt_html_text(out, coefficient);
}

/* value +- se, or a dash. */
static void write_with_error(FILE *out, double value, double se) {
  char text[160];
  pdlt_plot_measured(text, sizeof text, value, se);
  fputs(text, out);
}

static void write_table_head(FILE *out, const char *columns) {
  fputs("<div class=\"scroll\"><table>\n<thead><tr>", out);
  fputs(columns, out);
  fputs("</tr></thead>\n<tbody>\n", out);
}

/* The tests with the given verdict, as a list "K (infinite width), z (order 1/n)". */
static size_t write_tests_with(FILE *out, const pdlt_comparison *c, pdlt_verdict verdict) {
  size_t count = 0;
  for (size_t i = 0; i < c->num_tests; i++) {
    if (c->tests[i].verdict != verdict) continue;
    if (out) {
      fputs(count ? ", " : "", out);
      write_quantity(out, c->tests[i].quantity);
      fputs(" (", out);
      write_coefficient(out, c->tests[i].coefficient);
      fputs(")", out);
    }
    count++;
  }
  return count;
}

static void write_sentence(FILE *out, const pdlt_comparison *c) {
  size_t numbers = 0, fails = write_tests_with(NULL, c, c->verdict);
  const char *tests = c->num_tests == 1 ? "test" : "tests";
  for (size_t i = 0; i < c->num_tests; i++) numbers += c->tests[i].numbers;
  size_t weak = write_tests_with(NULL, c, PDLT_UNDECIDED);
  if (c->num_tests == 0) {
    fputs("No quantity could be tested.", out);
  } else if (c->verdict == PDLT_AGREE && weak > 0) {
    fprintf(out,
            "Measurement agrees with theory in %zu of %zu tests, made of %zu numbers; none "
            "disagrees. Undecided, and left to <i>z</i> and cov, of which they are made: ",
            fails, c->num_tests, numbers);
    write_tests_with(out, c, PDLT_UNDECIDED);
    fputs(".", out);
  } else if (c->verdict == PDLT_AGREE) {
    fprintf(out,
            "Measurement agrees with theory in %s %zu %s, made of %zu numbers, "
            "and each test had the power to refute it.",
            c->num_tests == 1 ? "the" : "all", c->num_tests, tests, numbers);
  } else {
    fprintf(out, "%zu of %zu %s %s: ", fails, c->num_tests, tests,
            c->verdict == PDLT_DISAGREE ? (fails == 1 ? "refutes theory" : "refute theory")
                                        : (fails == 1 ? "is undecided" : "are undecided"));
    write_tests_with(out, c, c->verdict);
    fputs(".", out);
  }
}

void pdlt_report_verdict(FILE *out, const pdlt_report_input *in) {
  const pdlt_comparison *c = in->comparison;
  const char *text = pdlt_verdict_text(c->verdict);
  fprintf(out, "<section class=\"verdict\" id=\"verdict\"><span class=\"badge %s\">%s</span><p>",
          text, text);
  write_sentence(out, c);
  if (c->num_widths > 0)
    fprintf(out, " <span class=\"soft\">%zu width%s, <i>n</i> = %.0f to %.0f.</span>",
            c->num_widths, c->num_widths == 1 ? "" : "s", c->widths[0],
            c->widths[c->num_widths - 1]);
  fputs("</p></section>\n", out);
  if (c->num_warnings == 0) return;
  fputs("<section id=\"warnings\"><h2>Warnings</h2>\n<ul>\n", out);
  for (size_t i = 0; i < c->num_warnings; i++) {
    fputs("<li>", out);
    pdlt_html_text(out, c->warnings[i]);
    fputs("</li>\n", out);
  }
  fputs("</ul></section>\n", out);
}

static void write_test(FILE *out, const pdlt_compare_test *test) {
  fputs("<tr><td>", out);
  write_quantity(out, test->quantity);
  fputs("</td><td class=\"nowrap\">", out);
  write_coefficient(out, test->coefficient);
  fputs("</td><td>", out);
  write_word(out, test->verdict);
  fputs("</td><td class=\"n\">", out);
  pdlt_html_number(out, test->p, 2);
  fputs("</td><td class=\"n\">", out);
  pdlt_html_number(out, test->worst_z, 2);
  fprintf(out, "</td><td class=\"n\">%zu", test->numbers);
  if (test->directions != test->numbers) fprintf(out, " (%zu)", test->directions);
  fputs("</td><td class=\"n\">", out);
  pdlt_html_number(out, test->null_z, 3);
  fputs("</td><td class=\"n\">", out);
  if (test->members_needed < 1e7)
    fprintf(out, "%.0f", ceil(test->members_needed));
  else
    pdlt_html_number(out, test->members_needed, 3);
  fputs("</td><td class=\"reason\">", out);
  pdlt_html_text(out, test->reason);
  fputs("</td></tr>\n", out);
}

void pdlt_report_tests(FILE *out, const pdlt_report_input *in) {
  const pdlt_comparison *c = in->comparison;
  fputs(
      "<section id=\"tests\"><h2>Tests</h2>\n<p>Each number is fitted over the widths by a "
      "polynomial in <i>h</i> = 1/<i>n</i><sub><i>L</i>\xe2\x88\x92"
      "1</sub> of degree ",
      out);
  fprintf(out, "%d", c->degree);
  fputs("; all numbers of a quantity are tested jointly. Family-wise level ", out);
  pdlt_html_number(out, c->level, 3);
  fputs(
      ". <i>Null <i>z</i></i> is the distance of theory from its null hypothesis in standard "
      "errors: the power of the test. <i>Members</i> would give a null <i>z</i> of 4.</p>\n",
      out);
  write_table_head(out,
                   "<th>Quantity</th><th>Coefficient</th><th>Verdict</th><th class=\"n\"><i>p</i>"
                   "</th><th class=\"n\">Worst <i>z</i></th><th class=\"n\">Numbers</th>"
                   "<th class=\"n\">Null <i>z</i></th><th class=\"n\">Members</th><th>Reason</th>");
  for (size_t i = 0; i < c->num_tests; i++) write_test(out, &c->tests[i]);
  fputs("</tbody></table></div>\n", out);
  int projected = 0;
  for (size_t i = 0; i < c->num_tests; i++)
    projected |= c->tests[i].directions != c->tests[i].numbers;
  if (projected)
    fputs(
        "<p class=\"soft\">In brackets: the number of directions that the joint test was "
        "projected on.</p>\n",
        out);
  fputs("</section>\n", out);
}

/* Width in points from the root element's viewBox; 600 when there is none. */
static double svg_width(const pdlt_figure *figure) {
  const char *box = strstr(figure->svg, "viewBox=\"");
  double width = 600;
  if (box && sscanf(box, "viewBox=\"%*f %*f %lf", &width) != 1) width = 600;
  return width;
}

void pdlt_report_figures(FILE *out, const pdlt_report_input *in) {
  if (!in->figures || in->figures->count == 0) return;
  fputs("<section id=\"figures\"><h2>Figures</h2>\n", out);
  for (size_t i = 0; i < in->figures->count; i++) {
    const pdlt_figure *figure = &in->figures->items[i];
    fprintf(out,
            "<figure id=\"figure-%s\">\n<div class=\"scroll\"><img style=\"--w:%.0fpx\" "
            "alt=\"%s\" src=\"data:image/svg+xml;base64,",
            figure->stem, 1.45 * svg_width(figure), figure->title);
    pdlt_html_base64(out, figure->svg, figure->svg_size);
    fprintf(out, "\"></div>\n<figcaption><b>Figure %zu. %s.</b> %s</figcaption>\n</figure>\n",
            i + 1, figure->title, figure->caption);
  }
  fputs("</section>\n", out);
}

/* slopes: 1 when the table has the two columns of order 1/n. */
static void write_row(FILE *out, const pdlt_compare_row *row, int slopes) {
  char name[320], time[96];
  pdlt_row_markup(name, sizeof name, row);
  pdlt_time_markup(time, sizeof time, row->time);
  fprintf(out, "<tr><td class=\"nowrap\">%s</td><td class=\"nowrap\">%s</td><td class=\"n\">", name,
          time);
  pdlt_html_number(out, row->lo, 6);
  fputs("</td><td class=\"n\">", out);
  write_with_error(out, row->c0.tested ? row->c0.value : NAN, row->c0.se);
  fputs("</td><td class=\"n\">", out);
  pdlt_html_number(out, row->c0.tested ? row->c0.z : NAN, 2);
  if (slopes) {
    fputs("</td><td class=\"n\">", out);
    pdlt_html_number(out, row->nlo, 5);
    fputs("</td><td class=\"n\">", out);
    write_with_error(out, row->c1.tested ? row->c1.value : NAN, row->c1.se);
  }
  fputs("</td><td class=\"n\">", out);
  pdlt_html_number(out, row->fit_p, 2);
  fputs("</td><td>", out);
  write_word(out, row->verdict);
  fputs("</td></tr>\n", out);
}

void pdlt_report_numbers(FILE *out, const pdlt_report_input *in) {
  size_t rows[SELECTED_ROWS];
  int slopes = 0;
  size_t count = pdlt_comparison_select(in->comparison, SELECTED_ROWS, rows);
  if (count == 0) return;
  fprintf(out,
          "<section id=\"numbers\"><h2>Selected numbers</h2>\n<p>Of %zu numbers: for each "
          "quantity the one with the clearest finite-width effect and the one farthest from "
          "theory. All are in <code>comparison.csv</code>.</p>\n",
          in->comparison->num_rows);
  for (size_t i = 0; i < count; i++) slopes |= isfinite(in->comparison->rows[rows[i]].nlo);
  write_table_head(
      out, slopes ? "<th>Number</th><th>Time</th><th class=\"n\">Theory</th><th class=\"n\">"
                    "Intercept of the fit</th><th class=\"n\"><i>z</i></th><th class=\"n\">"
                    "Theory, slope in <i>h</i></th><th class=\"n\">Fitted slope</th>"
                    "<th class=\"n\">Fit <i>p</i></th><th>Verdict</th>"
                  : "<th>Number</th><th>Time</th><th class=\"n\">Theory</th><th class=\"n\">"
                    "Intercept of the fit</th><th class=\"n\"><i>z</i></th>"
                    "<th class=\"n\">Fit <i>p</i></th><th>Verdict</th>");
  for (size_t i = 0; i < count; i++) write_row(out, &in->comparison->rows[rows[i]], slopes);
  fputs("</tbody></table></div></section>\n", out);
}

static void write_reach(FILE *out, const pdlt_reach *reach) {
  const double shown[] = {reach->unstable, reach->correction, reach->ntk_spread, reach->top_share};
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    fputs("<td class=\"n\">", out);
    if (isnan(shown[i]))
      fputs("&ndash;", out);
    else
      pdlt_html_number(out, shown[i], 2);
    fputs("</td>", out);
  }
}

/* Scalar n<width>/name, or a dash. */
static void write_scalar(FILE *out, const pdlt_archive *measured, double width, const char *name) {
  const pdlt_array *t = pdlt_archive_getf(measured, "n%.0f/%s", width, name);
  fputs("<td class=\"n\">", out);
  if (t && pdlt_array_count(t) == 1 && isfinite(t->data[0]))
    fprintf(out, "%.0f", t->data[0]);
  else
    fputs("\xe2\x80\x94", out);
  fputs("</td>", out);
}

void pdlt_report_widths(FILE *out, const pdlt_report_input *in) {
  const pdlt_comparison *c = in->comparison;
  fputs("<section id=\"widths\"><h2>Ensembles</h2>\n", out);
  write_table_head(out,
                   "<th class=\"n\">Width <i>n</i></th><th class=\"n\"><i>h</i></th><th "
                   "class=\"n\">Members</th><th class=\"n\">Diverged</th><th class=\"n\">Not "
                   "converged</th><th class=\"n\">Unstable</th><th class=\"n\">Correction</th>"
                   "<th class=\"n\">NTK spread</th><th class=\"n\">Top 0.1 %</th>");
  for (size_t w = 0; w < c->num_widths; w++) {
    fprintf(out, "<tr><td class=\"n\">%.0f</td><td class=\"n\">", c->widths[w]);
    pdlt_html_number(out, c->h[w], 5);
    fputs("</td>", out);
    write_scalar(out, in->measured, c->widths[w], "members");
    write_scalar(out, in->measured, c->widths[w], "diverged");
    write_scalar(out, in->measured, c->widths[w], "unconverged");
    write_reach(out, &c->reach[w]);
    fputs("</tr>\n", out);
  }
  fputs(
      "</tbody></table></div>\n<p>Unstable: share of members with &eta; times the "
      "largest eigenvalue of their own NTK above 2, counted or estimated by a pilot, whichever is "
      "larger. Correction: order 1/<i>n</i> over infinite "
      "width in the mean output at the last time. NTK spread: standard deviation of "
      "&Theta;<sub>11</sub> over networks relative to its mean, predicted. The expansion needs "
      "all three to be small. Top 0.1 %: share of the variance of the mean output at the last time "
      "that the outermost 0.1 % of the members carry; about 0.013 for one Gaussian number, and "
      "with "
      "more than a quarter error bars cannot be trusted.</p></section>\n",
      out);
}

static void write_block(FILE *out, const char *id, const char *title, const json_t *value) {
  if (!value) return;
  fprintf(out, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
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
static void write_provenance(FILE *out, const json_t *meta, const json_t *theory) {
  static const char *const keys[] = {"program",      "commit",    "compiler", "blas",     "hash",
                                     "physics_hash", "data_hash", "seed",     "estimator"};
  json_t *table = json_object();
  for (size_t i = 0; table && i < sizeof keys / sizeof *keys; i++) {
    json_t *value = json_object_get(meta, keys[i]);
    if (value) json_object_set(table, keys[i], value);
  }
  json_t *commit = json_object_get(theory, "commit");
  if (table && commit && !json_equal(commit, json_object_get(meta, "commit")))
    json_object_set(table, "commit of theory", commit);
  write_block(out, "provenance", "Provenance", table);
  json_decref(table);
}

void pdlt_report_setting(FILE *out, const pdlt_report_input *in) {
  const json_t *meta = in->measured->meta, *theory = in->theory->meta;
  const json_t *absent = json_object_get(theory, "absent");
  if (json_object_size(absent) > 0) write_block(out, "absent", "What theory leaves out", absent);
  write_block(out, "conventions", "Conventions", json_object_get(meta, "conventions"));
  write_block(out, "experiment", "Experiment, as resolved", json_object_get(meta, "experiment"));
  write_provenance(out, meta, theory);
}
