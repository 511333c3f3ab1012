/* positions_linear.h - the own linearization of networks whose layers have positions or skips, from their
 * weights.
 *
 * Is: c_0 of a draw (linearization.h) from the NTK of its outputs (trainer/measure/training_ntk.h), and
 * further draws that give its mean: networks, since draws without weights know neither
 * (docs/trainer/convolution.md, "Estimators").
 * Is not: levels, which bundle.h makes of networks without them. */
#ifndef PDLT_TRAINER_CONTROL_POSITIONS_LINEAR_H
#define PDLT_TRAINER_CONTROL_POSITIONS_LINEAR_H

#include "trainer/control/linearization.h"
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
  double *theta;  /* (num_params) a further draw */
  double *matrix; /* (p, p) its NTK */
  double *c;      /* (T, p) c_0 of the last draw */
  int unstable;   /* whether its eta theta_max > 2 */
  double *storage;
} pdlt_positions_linear;

/* Memory for one draw at a time. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_positions_linear_new(pdlt_positions_linear *out, const pdlt_plan *plan,
                                      const pdlt_network *net, pdlt_error *err);
void pdlt_positions_linear_free(pdlt_positions_linear *drawn);

/* Fills c and unstable of the draw theta (num_params). Errors: PDLT_ERR_MEMORY. Cost:
 * pdlt_flops_linear. */
pdlt_status pdlt_positions_linear_look(pdlt_positions_linear *drawn, const double *theta);

/* The same of further draw `sample` of the trained draw `member`. */
pdlt_status pdlt_positions_linear_further(pdlt_positions_linear *drawn, uint64_t member,
                                          size_t sample);

#ifdef __cplusplus
}
#endif
#endif
