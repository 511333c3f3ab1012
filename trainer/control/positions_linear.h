/* positions_linear.h - the own linearization of networks whose layers have positions or skips, from their
 * weights.
 *
 * Is: c_0 of a draw (linearization.h) from the NTK of its outputs (trainer/measure/training_ntk.h), and
 * further draws that give its mean: networks, since draws without weights know neither
 * (docs/trainer/convolution.md, "Estimators"). For covariances half the difference of its pair and, of a further
 * draw, the products of spread.h with a frozen Theta.
 * Is not: levels, which bundle.h makes of networks without them. */
#ifndef PDLT_TRAINER_CONTROL_POSITIONS_LINEAR_H
#define PDLT_TRAINER_CONTROL_POSITIONS_LINEAR_H

#include "trainer/control/linearization.h"
#include "trainer/control/spread.h"
#include "trainer/measure/training_ntk.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_positions_linear {
  const pdlt_plan *plan;   /* borrowed */
  const pdlt_network *net; /* borrowed */
  pdlt_training_ntk ntk;
  pdlt_linearization linearization;
  double *theta;        /* (num_params) a further draw */
  double *matrix;       /* (p, p) its NTK */
  double *c;            /* (T, p) c_0 of the last draw */
  pdlt_spread spread;   /* where products have a control, with all below */
  const double *frozen; /* (D (D + 1)/2) Theta; borrowed */
  double *z, *odd;      /* (p), (T, p) outputs at the start, and half the difference of the pair */
  double *kernel[2];    /* (D, D) K, and packed */
  double *products;     /* (pdlt_spread_values) */
  int unstable;         /* whether its eta theta_max > 2 */
  double *storage, *more;
} pdlt_positions_linear;

/* theta (D (D + 1)/2) = mean NTK of equal outputs, of draws that no run uses. Errors: PDLT_ERR_MEMORY. Cost:
 * PDLT_FROZEN_DRAWS times pdlt_flops_linear. */
pdlt_status pdlt_positions_linear_freeze(const pdlt_plan *plan, const pdlt_network *net,
                                         double *theta, pdlt_error *err);

/* Memory for one draw at a time. frozen: of the same plan and network, where it has products; borrowed.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_positions_linear_new(pdlt_positions_linear *out, const pdlt_plan *plan,
                                      const pdlt_network *net, const double *frozen,
                                      pdlt_error *err);
void pdlt_positions_linear_free(pdlt_positions_linear *drawn);

/* Fills c, unstable, z and odd of the draw theta (num_params). Errors: PDLT_ERR_MEMORY. Cost:
 * pdlt_flops_linear. */
pdlt_status pdlt_positions_linear_look(pdlt_positions_linear *drawn, const double *theta);

/* The same, and products, of further draw `sample` of the trained draw `member`. */
pdlt_status pdlt_positions_linear_further(pdlt_positions_linear *drawn, uint64_t member,
                                          size_t sample);

#ifdef __cplusplus
}
#endif
#endif
