/* levels.h - brackets of one kernel to a tolerance, and the same at another
 * resolution for some samples, so that errors can be estimated.
 *
 * Is: choice of grids: where to begin, when two resolutions agree.
 * Is not: the brackets themselves (bracket.h) or the recursion on them (theory/tensors/tensors.c).
 */
#ifndef PDLT_THEORY_BRACKET_LEVELS_H
#define PDLT_THEORY_BRACKET_LEVELS_H

#include "theory/bracket/bracket.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_BRACKET_PAIR_LEVELS = 7 };

typedef struct pdlt_bracket_set {
  pdlt_bracket_pairs pairs;
  pdlt_bracket_quads quads;
} pdlt_bracket_set;

void pdlt_bracket_set_free(pdlt_bracket_set *set);

/* Of the same samples: turns the differences of other from all, for every kind of four-slot bracket (orders up
 * to a permutation), such that the largest is positive. */
void pdlt_bracket_set_align(pdlt_bracket_set *other, const pdlt_bracket_set *all);

/* Settings, and grids that serve every layer. */
typedef struct pdlt_bracket_levels {
  pdlt_activation activation;
  pdlt_quad_orders orders;
  double tolerance; /* of each bracket, relative to the largest connected part of its kind */
  int threads;
  int smooth, polynomial, degree;
  int many; /* 1: samples beyond the checked ones by pdlt_bracket_quads_new_many; set by the caller */
  pdlt_bracket_grid pair_grid[PDLT_BRACKET_PAIR_LEVELS]; /* made on first use */
  pdlt_progress *progress;                               /* may be NULL */
  double unit;                                           /* of progress, for each item */
} pdlt_bracket_levels;

/* Nothing is allocated until the first set. */
pdlt_bracket_levels pdlt_bracket_levels_init(const pdlt_activation *activation,
                                             pdlt_quad_orders orders, double tolerance,
                                             int threads);
void pdlt_bracket_levels_free(pdlt_bracket_levels *levels);

/* all: brackets of all samples of K (D, D). other: brackets of the `checked` samples check[i]
 * (increasing), which differ from the former by about what those are off. Both come from two neighbouring
 * resolutions that agree to the tolerance, unless the finest grid does not do. checked < D: all has the
 * coarser one, for all samples at the finer one would cost most of the time, and other the finer one. Every sample
 * checked: all has the finer one; other is off from it in the direction of the coarser one, eight times as far
 * as a third resolution shows for a few brackets, or is the coarser one where there is no third. Closed
 * forms have one resolution, and *other stays empty. Both are owned
 * by the caller, untouched on failure. Errors: PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. Cost: D^4/24 four-slot
 * brackets. */
pdlt_status pdlt_bracket_levels_run(pdlt_bracket_levels *levels, size_t D, const double *K,
                                    size_t checked, const size_t *check, pdlt_bracket_set *other,
                                    pdlt_bracket_set *all, pdlt_error *err);

/* The same of pairs of slots alone (NULL: of all multisets): `blocks` of the D slots, `check_blocks` of the
 * checked ones; borrowed as long as the sets live. */
pdlt_status pdlt_bracket_levels_run_blocks(pdlt_bracket_levels *levels, size_t D, const double *K,
                                           const pdlt_bracket_blocks *blocks, size_t checked,
                                           const size_t *check,
                                           const pdlt_bracket_blocks *check_blocks,
                                           pdlt_bracket_set *other, pdlt_bracket_set *all,
                                           pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
