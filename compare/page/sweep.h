/* sweep.h - the page of an experiment that was run for several values of its keys.
 *
 * Is: one table of verdicts, one figure of coefficients against the swept value, links to the
 * reports of the points. Is not: a test of its own; each point has its comparison. */
#ifndef PDLT_COMPARE_PAGE_SWEEP_H
#define PDLT_COMPARE_PAGE_SWEEP_H

#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_sweep_entry {
  const char *name;                  /* of the point and of its folder */
  double value;                      /* swept number, or place of the point */
  const pdlt_comparison *comparison; /* borrowed */
} pdlt_sweep_entry;

/* Writes FOLDER/report.html, FOLDER/figures/sweep.svg, .png, .csv and FOLDER/verdict.json
 * ({verdict, points: [{name, verdict, tests}]}). key: what is swept, for the axis. Errors:
 * PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_sweep_page_write(const char *title, const char *key,
                                  const pdlt_sweep_entry *entries, size_t count, const char *folder,
                                  pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
