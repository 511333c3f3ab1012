/* internal.h - parts of join.c that live in setup.c and symmetry.c. */
#ifndef PDLT_COMPARE_JOIN_INTERNAL_H
#define PDLT_COMPARE_JOIN_INTERNAL_H

#include "compare/join/join.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of theory that follows the width: lo and nlo as they are now are those of width number w; when all
 * widths are there, lo and nlo are the largest of each number. */
void pdlt_join_take_width(pdlt_join *join, size_t w);
void pdlt_join_take_largest(pdlt_join *join);

/* Fills join->floor: rounding relative to the largest number of the same time (6e-8 more for each
 * side stored as float32, in err_nlo for the coefficient), and at the end of training the tolerance
 * 1e-9 (1 + max|y|) to which members are trained. */
void pdlt_join_fill_floor(pdlt_join *join, const pdlt_join_setup *setup,
                          const pdlt_archive *theory);

/* Fills join->distinct: of numbers that agree in every width and in theory to rounding
 * (K_12 and K_21), only the first is distinct. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_join_find_distinct(pdlt_join *join, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
