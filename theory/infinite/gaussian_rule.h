/* gaussian_rule.h - averages over a Gaussian vector: a few rules of the same points, each shifted by itself.
 *
 * Is: in up to three dimensions two trapezoid grids, half a step apart in every direction; else eight shifted
 * lattices (theory/gauss/points.h) with the mirror image of each point. The mean of the rules is the average,
 * their spread its error. Part of cross_entropy.h; only this room includes it.
 * Is not: adaptive; who asks goes on with more points. */
#ifndef PDLT_THEORY_INFINITE_GAUSSIAN_RULE_H
#define PDLT_THEORY_INFINITE_GAUSSIAN_RULE_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_RULE_REPLICAS = 8, PDLT_RULE_GRIDS = 2, PDLT_RULE_GRID_DIMENSIONS = 3 };

typedef struct pdlt_gaussian_rule {
  size_t dimensions, replicas;
  size_t points; /* of each rule, at most */
  int grid;
  size_t side; /* of a grid: nodes in each direction */
  double step;
  double *shift; /* (replicas, dimensions) of a lattice; owned */
} pdlt_gaussian_rule;

/* coarse: a grid of twice the step. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_gaussian_rule_new(pdlt_gaussian_rule *out, size_t dimensions, int coarse,
                                   pdlt_error *err);
void pdlt_gaussian_rule_free(pdlt_gaussian_rule *rule);

/* Point `index` of rule `replica` into u (dimensions); returns its weight, 0: to be left out. Weights are to
 * be divided by their sum. Of a lattice - u belongs to it too. */
double pdlt_gaussian_rule_point(const pdlt_gaussian_rule *rule, size_t replica, size_t index,
                                double *u);

#ifdef __cplusplus
}
#endif
#endif
