/* report.h - report.html: the comparison as one page, like the supplement to a paper.
 *
 * Is: a single file without scripts and without anything loaded from elsewhere; figures
 * lie inside. Is not: a place for numbers of its own; all come from the comparison and
 * the archives. */
#ifndef PDLT_COMPARE_PAGE_REPORT_H
#define PDLT_COMPARE_PAGE_REPORT_H

#include "base/core/status.h"
#include "base/file/archive.h"
#include "compare/figure/figure.h"
#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everything borrowed; figures may be NULL. */
typedef struct pdlt_report_input {
  const pdlt_comparison *comparison;
  const pdlt_archive *theory, *measured;
  const pdlt_figure_list *figures;
} pdlt_report_input;

/* Writes the page, whole or not at all. The same input gives the same bytes. Text from the
 * experiment is escaped. Errors: PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_report_write(const pdlt_report_input *in, const char *path, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
