/* rows.h - rows of a comparison: their names, which to show, their place in the archives.
 *
 * Is: what claims, figures and pages ask of rows.
 * Is not: how rows come about (compare.h). */
#ifndef PDLT_COMPARE_VERDICT_ROWS_H
#define PDLT_COMPARE_VERDICT_ROWS_H

#include "base/file/archive.h"
#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_QUANTITIES_MAX = 32 }; /* of one comparison */

/* A row as markup: <i>z</i><sub>1;3</sub> (indices from 1; sample behind the semicolon). */
void pdlt_row_markup(char *out, size_t size, const pdlt_compare_row *row);

/* The prediction of a number at width number w, h = 1/n_{L-1}: lo (order 0), or lo + h^power nlo (1). */
double pdlt_row_predicted(const pdlt_compare_row *row, size_t w, double h, int order);

/* The power of h that corrects a quantity first, 1 or 1/2; of one without rows that of the trained
 * ones when it is trained, else 1. Cost O(rows). */
double pdlt_comparison_power(const pdlt_comparison *comparison, const char *quantity);

/* Different quantities of the comparison in order of appearance; returns how many (at
 * most max). */
size_t pdlt_comparison_quantities(const pdlt_comparison *comparison, size_t max,
                                  const char **names);

/* Rows worth showing one by one: for each quantity in turn the number with the clearest
 * finite-width effect, then for each the number farthest from theory; at most max,
 * without repeats. rows: (max) indices. Returns how many. */
size_t pdlt_comparison_select(const pdlt_comparison *comparison, size_t max, size_t *rows);

/* Measured array n<width>/NAME, or NULL. */
const pdlt_array *pdlt_measured_get(const pdlt_archive *measured, double width, const char *name);

/* Position of the row's number within NAME of a measured archive with these times (NULL: it has none), time
 * included; 0 and *offset, or -1 when the shapes do not fit. */
int pdlt_row_offset(const pdlt_array *times, const pdlt_compare_row *row, const pdlt_array *array,
                    size_t *offset);

#ifdef __cplusplus
}
#endif
#endif
