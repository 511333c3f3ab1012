/* gaussian_rule.c - see gaussian_rule.h. */
#include "theory/infinite/gaussian_rule.h"

#include <math.h>

#include "base/core/memory.h"
#include "theory/gauss/points.h"

/* exp(-range^2/2) is 1e-16: what lies beyond does not count. */
static const double range = 8.6;

/* Steps at which the rule of a Gaussian itself is exact to rounding; in one and two dimensions finer ones
 * cost nothing. */
static const double steps[PDLT_RULE_GRID_DIMENSIONS + 1] = {1.0, 0.1, 0.25, 0.35};

pdlt_status pdlt_gaussian_rule_new(pdlt_gaussian_rule *out, size_t dimensions, int coarse,
                                   pdlt_error *err) {
  pdlt_gaussian_rule rule = {.dimensions = dimensions,
                             .replicas = PDLT_RULE_REPLICAS,
                             .points = PDLT_GAUSS_MAX_POINTS,
                             .grid = dimensions <= PDLT_RULE_GRID_DIMENSIONS};
  const pdlt_status status =
      pdlt_alloc(&rule.shift, PDLT_RULE_REPLICAS * dimensions, sizeof *rule.shift, err);
  if (status != PDLT_OK) return status;
  if (rule.grid) {
    rule.replicas = PDLT_RULE_GRIDS;
    rule.step = steps[dimensions] * (coarse ? 2 : 1);
    rule.side = 2 * (size_t)ceil(range / rule.step) + 1;
    rule.points = 1;
    for (size_t k = 0; k < dimensions; k++) rule.points *= rule.side;
  } else {
    for (size_t r = 0; r < rule.replicas; r++)
      pdlt_gauss_shift(r, dimensions, rule.shift + r * dimensions);
  }
  *out = rule;
  return PDLT_OK;
}

void pdlt_gaussian_rule_free(pdlt_gaussian_rule *rule) {
  pdlt_free(rule->shift);
  *rule = (pdlt_gaussian_rule){0};
}

double pdlt_gaussian_rule_point(const pdlt_gaussian_rule *rule, size_t replica, size_t index,
                                double *u) {
  const size_t count = rule->dimensions;
  double square = 0;
  if (!rule->grid) {
    pdlt_gauss_point(replica, index, count, rule->shift + replica * count, u);
    return 1;
  }
  const double middle = (double)(rule->side - 1) / 2 - 0.5 * (double)replica;
  for (size_t k = 0; k < count; k++, index /= rule->side) {
    u[k] = ((double)(index % rule->side) - middle) * rule->step;
    square += u[k] * u[k];
  }
  return square > range * range ? 0 : exp(-square / 2);
}
