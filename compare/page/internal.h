/* internal.h - pieces of a page: escaping, numbers, tables, sections. Users include report.h. */
#ifndef PDLT_COMPARE_PAGE_INTERNAL_H
#define PDLT_COMPARE_PAGE_INTERNAL_H

#include <jansson.h>
#include <stdio.h>

#include "compare/page/report.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Text escaped for HTML; NULL is written as an em dash. */
void pdlt_html_text(FILE *out, const char *text);

/* The same, and MathML of symbols with scripts, C_W or K^(1/2), and of Greek names (docs/site has the
 * notation). Names of arrays and keys, loss_test, stay text. */
void pdlt_html_prose(FILE *out, const char *text);

/* A number with `digits` significant digits, HTML. */
void pdlt_html_number(FILE *out, double value, int digits);

/* bytes as base64. */
void pdlt_html_base64(FILE *out, const char *bytes, size_t size);

/* Two-column table of a JSON object: nested objects become rows "outer.inner"; lists are
 * written on one line. */
void pdlt_html_json_table(FILE *out, const json_t *object);
/* The same row by row: those of one value, whose own keys follow its path. */
void pdlt_html_json_begin(FILE *out);
void pdlt_html_json_row(FILE *out, const char *path, const json_t *value);
void pdlt_html_json_end(FILE *out);

/* The word of a verdict in its colour. */
void pdlt_html_verdict(FILE *out, pdlt_verdict verdict);

/* A column of a table: its heading (markup), the same as plain text for pages too narrow for a
 * heading, and the class of its cells ("n": numbers; "": none). */
typedef struct pdlt_column {
  const char *heading, *label, *class_name;
} pdlt_column;

/* Begins and ends a table whose rows become cards on a narrow page; between the two the caller
 * writes <tr>, cells, </tr>. */
void pdlt_html_table_begin(FILE *out, const pdlt_column *columns, size_t count);
void pdlt_html_table_end(FILE *out);

/* Begins the cell of a column; the caller ends it. A whole cell with one number of so many
 * significant digits. */
void pdlt_html_cell(FILE *out, const pdlt_column *column);
void pdlt_html_number_cell(FILE *out, const pdlt_column *column, double value, int digits);

/* The style sheet (style.css). */
extern const unsigned char pdlt_page_style[];
extern const size_t pdlt_page_style_size;

/* Pixels across on the page of a drawing of ours, by the viewBox of its root; as one of 600 points when it
 * has none. */
double pdlt_html_svg_width(const char *svg);

/* <style> with the style sheet. */
void pdlt_html_style(FILE *out);

/* The section of figures, numbered. */
void pdlt_html_figures(FILE *out, const pdlt_figure_list *figures);

/* The section that says where an archive comes from, by its metadata; theory: those of theory beside it, or
 * NULL. */
void pdlt_html_provenance(FILE *out, const json_t *meta, const json_t *theory);

/* Sections, in the order of the page. */
void pdlt_report_verdict(FILE *out, const pdlt_report_input *in);
void pdlt_report_tests(FILE *out, const pdlt_report_input *in);
/* Of samples that are images; nothing where they are not. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_report_samples(FILE *out, const pdlt_report_input *in, pdlt_error *err);
void pdlt_report_numbers(FILE *out, const pdlt_report_input *in);
void pdlt_report_widths(FILE *out, const pdlt_report_input *in);
void pdlt_report_setting(FILE *out, const pdlt_report_input *in);

#ifdef __cplusplus
}
#endif
#endif
