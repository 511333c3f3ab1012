/* control.h - variance reduction of the mean output, its covariance and the NTK in training, behind three calls.
 *
 * Is: what docs/trainer/estimators.md puts beside a trained draw. A width is prepared once
 * (pdlt_control_width_new); of each trained draw its own control c_K is taken (pdlt_control_draw),
 * and its further draws, none of them trained, are added to the record (pdlt_control_further):
 *
 *   x = mean over M of c_0 + sum_k mean over R_k of (c_k - c_(k-1)) - c_K,    E[x] = 0,
 *
 * c_0 the draw's own linearization, c_1 .. c_K levels; where layers have positions or skips K = 0, and the M draws
 * are networks (positions_linear.h). The other headers of this room are the
 * parts that stand behind these calls; of them other rooms include flops.h only.
 * Is not: training, or a decision: how many levels and draws there are is in the plan. */
#ifndef PDLT_TRAINER_CONTROL_CONTROL_H
#define PDLT_TRAINER_CONTROL_CONTROL_H

#include "trainer/network/network.h"
#include "trainer/record/accumulate.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Last layers in turn on the same hidden layers of further draws of a level: the noise is mostly
 * theirs, the numbers are mostly the others'. */
enum { PDLT_FURTHER_LAST = 8 };

/* What is settled for a width before its first draw: frozen kernels and coefficients of the draws
 * without weights (weightless.h). Read only; threads share it. */
typedef struct pdlt_control_width pdlt_control_width;

/* Memory of one thread. */
typedef struct pdlt_control pdlt_control;

/* Prepares a width, owned by the caller; plan and net are borrowed. Its draws are members that no
 * run uses. Cost: 1152 draws without weights or more (docs/trainer/control.md, "Controls with frozen kernels",
 * "Many samples"), or PDLT_FROZEN_DRAWS NTKs of networks with positions or skips ("Covariances"); none where
 * the plan has no such draws. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_control_width_new(pdlt_control_width **out, const pdlt_plan *plan,
                                   const pdlt_network *net, pdlt_error *err);
void pdlt_control_width_free(pdlt_control_width *width);

/* Memory for a width, which is borrowed; owned by the caller. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_control_new(pdlt_control **out, const pdlt_control_width *width, pdlt_error *err);
void pdlt_control_free(pdlt_control *control);

/* Control of the draw theta (num_params): keeps its c_K, where outputs have one, for the next
 * call. *unstable: eta theta_max > 2, where the plan asks; else 0. Cost: pdlt_flops_level. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_control_draw(pdlt_control *control, const double *theta, int *unstable);

/* Further draws of that draw, called `member`: adds x to shift in the record, the same of products of odd
 * outputs and of the NTK to odd_shift, start_shift and kernel_shift, as the plan has them, and the shares of one
 * draw to K and Theta, as far as they are measured without weights. tensors: where V is. Cost: M
 * times pdlt_flops_weightless, R_k times those of levels k and k - 1 on one draw. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_control_further(pdlt_control *control, uint64_t member, pdlt_accumulator *tensors,
                                 double *record);

/* --- what the pilot asks besides --- */

/* Begins with the draw theta; then out (T, p) is c of any level of it and, where the plan has products of odd
 * outputs and odd is not NULL, odd (T, p) half the difference of its pair. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_control_look(pdlt_control *control, const double *theta);
pdlt_status pdlt_control_level(pdlt_control *control, const pdlt_level *level, double *out,
                               double *odd);

/* Variance of c_0 of a draw without weights, less its controls, summed over every stride-th of its
 * T p numbers. */
double pdlt_control_width_variance(const pdlt_control_width *width, size_t stride);

/* Variance of K or Theta of a draw without weights, less its controls, summed over pairs a <= b of the layers
 * measured; 0 where they are not measured so. */
double pdlt_control_width_matrices(const pdlt_control_width *width, int quantity);

/* Whether draws without weights have controls. */
int pdlt_control_is_fitted(const pdlt_plan *plan);

/* r (T, p) about which products of even outputs are taken (weightless.h); borrowed. */
const double *pdlt_control_width_middle(const pdlt_control_width *width);

/* Products of outputs, of i <= j row by row or squares alone, of all times; the same variance of every
 * stride-th of them. */
size_t pdlt_control_products(const pdlt_plan *plan);
double pdlt_control_width_products(const pdlt_control_width *width, size_t stride);

#ifdef __cplusplus
}
#endif
#endif
