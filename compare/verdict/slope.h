/* slope.h - with which power of the width a quantity approaches theory.
 *
 * Is: distances of every quantity from infinite width and from order 1/n at every width, their
 * error bars from block values, and the exponents.
 * Is not: a test: no verdict depends on it. */
#ifndef PDLT_COMPARE_VERDICT_SLOPE_H
#define PDLT_COMPARE_VERDICT_SLOPE_H

#include "base/file/archive.h"
#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills num_slopes, slopes and distances of a comparison whose rows are there. Errors:
 * PDLT_ERR_MEMORY. Cost: block values read once for each order. */
pdlt_status pdlt_comparison_slopes(pdlt_comparison *comparison, const pdlt_archive *measured,
                                   pdlt_error *err);

/* Some numbers of a quantity. */
typedef struct pdlt_numbers {
  const char *quantity;
  double time;  /* NaN: at all times */
  size_t first; /* of samples: those whose last index is smaller are left out */
} pdlt_numbers;

/* 1 when the row is one of the numbers. */
int pdlt_numbers_hold(const pdlt_numbers *numbers, const pdlt_compare_row *row);

/* How far the numbers are, at width number `width`, from infinite width (order 0) or from lo +
 * h^power nlo (order 1). 0 numbers: none is known with its prediction. Errors: PDLT_ERR_MEMORY.
 * Cost: block values of that width read once. */
pdlt_status pdlt_comparison_distance(pdlt_distance *out, const pdlt_comparison *comparison,
                                     const pdlt_archive *measured, const pdlt_numbers *numbers,
                                     size_t width, int order, pdlt_error *err);

/* The slope of a quantity at an order, or NULL. */
const pdlt_compare_slope *pdlt_comparison_slope(const pdlt_comparison *comparison,
                                                const char *quantity, int order);

#ifdef __cplusplus
}
#endif
#endif
