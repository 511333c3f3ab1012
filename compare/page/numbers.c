/* numbers.c - the sections of the page with tables of single numbers and of ensembles. */
#include <math.h>

#include "compare/page/internal.h"
#include "compare/text/markup.h"
#include "compare/text/number.h"
#include "compare/text/order.h"
#include "compare/verdict/rows.h"

enum { SELECTED_ROWS = 24 };

/* value +- se, or a dash. */
static void write_with_error(FILE *out, double value, double se) {
  char text[160];
  pdlt_plot_measured(text, sizeof text, value, se);
  fputs(text, out);
}

enum {
  NUMBER_NAME,
  NUMBER_TIME,
  NUMBER_LO,
  NUMBER_C0,
  NUMBER_Z,
  NUMBER_NLO,
  NUMBER_C1,
  NUMBER_FIT,
  NUMBER_VERDICT,
  NUMBER_COLUMNS
};

static const pdlt_column number_columns[NUMBER_COLUMNS] = {
    {"Number", "Number", "nowrap"},
    {"Time", "Time", ""},
    {"Theory", "Theory", "n"},
    {"Intercept", "Intercept of the fit", "n"},
    {"<i>z</i>", "z", "n"},
    {"Theory, slope", "Theory, slope", "n"},
    {"Fitted slope", "Fitted slope", "n"},
    {"Fit <i>p</i>", "Fit p", "n"},
    {"Verdict", "Verdict", ""},
};

/* slopes: 1 when the table has the two columns of the first correction. */
static void write_row(FILE *out, const pdlt_compare_row *row, int slopes) {
  const pdlt_column *c = number_columns;
  char name[320], time[96];
  pdlt_row_markup(name, sizeof name, row);
  pdlt_time_markup(time, sizeof time, row->time);
  fputs("<tr>", out);
  pdlt_html_cell(out, &c[NUMBER_NAME]);
  fprintf(out, "%s</td>", name);
  pdlt_html_cell(out, &c[NUMBER_TIME]);
  fprintf(out, "%s</td>", time[0] != 0 ? time : "\xe2\x80\x94");
  pdlt_html_number_cell(out, &c[NUMBER_LO], row->lo, 6);
  pdlt_html_cell(out, &c[NUMBER_C0]);
  write_with_error(out, row->c0.tested ? row->c0.value : NAN, row->c0.se);
  fputs("</td>", out);
  pdlt_html_number_cell(out, &c[NUMBER_Z], row->c0.tested ? row->c0.z : NAN, 2);
  if (slopes) {
    pdlt_html_number_cell(out, &c[NUMBER_NLO], row->nlo, 5);
    pdlt_html_cell(out, &c[NUMBER_C1]);
    write_with_error(out, row->c1.tested ? row->c1.value : NAN, row->c1.se);
    fputs("</td>", out);
  }
  pdlt_html_number_cell(out, &c[NUMBER_FIT], row->fit_p, 2);
  pdlt_html_cell(out, &c[NUMBER_VERDICT]);
  pdlt_html_verdict(out, row->verdict);
  fputs("</td></tr>\n", out);
}

void pdlt_report_numbers(FILE *out, const pdlt_report_input *in) {
  size_t rows[SELECTED_ROWS], columns = 0;
  pdlt_column shown[NUMBER_COLUMNS];
  int slopes = 0, half = 0;
  size_t count = pdlt_comparison_select(in->comparison, SELECTED_ROWS, rows);
  if (count == 0) return;
  for (size_t i = 0; i < count; i++) {
    const pdlt_compare_row *row = &in->comparison->rows[rows[i]];
    slopes |= isfinite(row->nlo);
    half |= isfinite(row->nlo) && row->power < 1;
  }
  fprintf(
      out,
      "<section id=\"numbers\"><h2>Selected numbers</h2>\n<p>Of %zu numbers: for each "
      "quantity the one with the clearest finite-width effect and the one farthest from "
      "theory. <i>Intercept</i> is that of the fit%s%s%s; errors and <i>z</i> are total ones. All "
      "are in <code>comparison.csv</code>.%s</p>\n",
      in->comparison->num_rows,
      slopes ? ", to be compared with theory, <i>slope</i> the coefficient of order "
               "1/<i>n</i>, infinite width held at theory"
             : ", to be compared with theory",
      half ? ", of what depends on training that of order " : "",
      half ? pdlt_order_of(0.5)->markup : "",
      in->comparison->follows
          ? " Theory is that of the width where it is largest; the fit gives these numbers times "
            "<i>a</i><sub>0</sub> and <i>a</i>."
          : "");
  for (size_t k = 0; k < NUMBER_COLUMNS; k++)
    if (slopes || (k != NUMBER_NLO && k != NUMBER_C1)) shown[columns++] = number_columns[k];
  pdlt_html_table_begin(out, shown, columns);
  for (size_t i = 0; i < count; i++) write_row(out, &in->comparison->rows[rows[i]], slopes);
  pdlt_html_table_end(out);
  fputs("</section>\n", out);
}

enum {
  WIDTH_N,
  WIDTH_H,
  WIDTH_MEMBERS,
  WIDTH_DIVERGED,
  WIDTH_UNCONVERGED,
  WIDTH_UNSTABLE,
  WIDTH_CORRECTION,
  WIDTH_G,
  WIDTH_NTK,
  WIDTH_TOP,
  WIDTH_REACH,
  WIDTH_COLUMNS
};

static const pdlt_column width_columns[WIDTH_COLUMNS] = {
    {"<i>n</i>", "Width n", "n"},
    {"<i>h</i>", "h", "n"},
    {"Members", "Members", "n"},
    {"Diverged", "Diverged", "n"},
    {"Not converged", "Not converged", "n"},
    {"Unstable", "Unstable", "n"},
    {"Correction", "Correction", "n"},
    {"<i>g</i>", "g", "n"},
    {"NTK fluctuation", "NTK fluctuation", "n"},
    {"Top 0.1 %", "Top 0.1 %", "n"},
    {"In reach", "In reach", "reason"},
};

/* Scalar n<width>/name, or a dash. */
static void write_scalar(FILE *out, const pdlt_column *c, const pdlt_archive *measured,
                         double width, const char *name) {
  const pdlt_array *t = pdlt_archive_getf(measured, "n%.0f/%s", width, name);
  pdlt_html_cell(out, c);
  if (t && pdlt_array_count(t) == 1 && isfinite(t->data[0]))
    fprintf(out, "%.0f", t->data[0]);
  else
    fputs("\xe2\x80\x94", out);
  fputs("</td>", out);
}

static void write_width(FILE *out, const pdlt_report_input *in, size_t w) {
  const pdlt_comparison *c = in->comparison;
  const pdlt_reach *reach = &c->reach[w];
  const pdlt_column *columns = width_columns;
  fputs("<tr>", out);
  pdlt_html_cell(out, &columns[WIDTH_N]);
  fprintf(out, "%.0f</td>", c->widths[w]);
  pdlt_html_number_cell(out, &columns[WIDTH_H], c->h[w], 5);
  write_scalar(out, &columns[WIDTH_MEMBERS], in->measured, c->widths[w], "members");
  write_scalar(out, &columns[WIDTH_DIVERGED], in->measured, c->widths[w], "diverged");
  write_scalar(out, &columns[WIDTH_UNCONVERGED], in->measured, c->widths[w], "unconverged");
  pdlt_html_number_cell(out, &columns[WIDTH_UNSTABLE], reach->unstable, 2);
  pdlt_html_number_cell(out, &columns[WIDTH_CORRECTION], reach->correction, 2);
  pdlt_html_number_cell(out, &columns[WIDTH_G], reach->g, 2);
  pdlt_html_number_cell(out, &columns[WIDTH_NTK], reach->ntk_spread, 2);
  pdlt_html_number_cell(out, &columns[WIDTH_TOP], reach->top_share, 2);
  pdlt_html_cell(out, &columns[WIDTH_REACH]);
  if (reach->in_reach) {
    fputs("yes", out);
  } else {
    fputs("<b>no</b>: ", out);
    pdlt_html_text(out, reach->reason);
  }
  fputs("</td></tr>\n", out);
}

/* order: of the first correction of what depends on training. */
static void write_about_widths(FILE *out, const char *order) {
  fprintf(
      out,
      "<p><i>Unstable</i>: share of members with &eta; times the largest eigenvalue of their own "
      "NTK above 2, counted or estimated by a pilot, whichever is larger. <i>Correction</i>: the "
      "correction of order %s to the mean output, relative to the size of the outputs at infinite "
      "width (root mean squares over times and samples). <i>g</i>: by how much the first order in "
      "the fluctuations of the NTK misses training with a Gaussian NTK. <i>NTK fluctuation</i>: "
      "predicted standard deviation over networks of a diagonal entry "
      "&Theta;<sub><i>aa</i></sub> relative to its mean, averaged over the samples <i>a</i>. The "
      "expansion needs all four to be small. <i>In reach</i>: whether the width enters the fits of "
      "what depends on training. <i>Top 0.1 %%</i>: share of the variance of the mean output at "
      "the last time that the outermost 0.1 %% of the members carry; about 0.013 for one Gaussian "
      "number, and with more than a quarter error bars cannot be trusted.</p></section>\n",
      order);
}

void pdlt_report_widths(FILE *out, const pdlt_report_input *in) {
  fputs("<section id=\"widths\"><h2>Ensembles</h2>\n", out);
  pdlt_html_table_begin(out, width_columns, WIDTH_COLUMNS);
  for (size_t w = 0; w < in->comparison->num_widths; w++) write_width(out, in, w);
  pdlt_html_table_end(out);
  write_about_widths(out, pdlt_order_of(pdlt_comparison_power(in->comparison, "z"))->markup);
}
