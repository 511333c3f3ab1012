/* internal.h - what the parts of output share: one width and how its arrays are
 * named.
 *
 * Is not: for others; include output.h. */
#ifndef PDLT_TRAINER_OUTPUT_INTERNAL_H
#define PDLT_TRAINER_OUTPUT_INTERNAL_H

#include "base/file/archive.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everything about one width while its arrays are written. */
typedef struct pdlt_width_output {
  pdlt_archive *archive;
  const pdlt_plan *plan;
  int n;
  size_t blocks;
  const double *records;       /* (B, record) of this width */
  const double *samples;       /* (keep, T, p) */
  double *survivors, *members; /* (B) weights */
} pdlt_width_output;

/* NAME, NAME_se, blocks/NAME of a quantity. */
typedef struct pdlt_estimates {
  double *estimate, *se, *blocks;
  size_t count; /* numbers of the quantity */
} pdlt_estimates;

/* A new array n<n>/<prefix>NAME<suffix>, all 0; *data is its numbers. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_add(const pdlt_width_output *out, const char *prefix, const char *name,
                            const char *suffix, int ndim, const size_t *dim, double **data,
                            pdlt_error *err);

/* New arrays n<n>/<layer>NAME, ..., all 0, of quantity k. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_estimates_add(const pdlt_width_output *out, const char *layer, int k,
                               pdlt_estimates *x, pdlt_error *err);

/* Estimate and error bar from the block values. Blocks without a survivor carry no
 * information: they repeat the estimate, weight 0. */
void pdlt_estimates_finish(const pdlt_width_output *out, const double *weights, pdlt_estimates *q);

/* Where readout r is written: copy 0, layer<l>/NAME, with --layers; copy 1, NAME, of the
 * last layer. prefix (32) gets the first part; 0 when there is no such copy. */
int pdlt_readout_prefix(const pdlt_width_output *out, size_t r, int copy, char *prefix);

/* Quantity k, whose sums are in the record: drawn LAYERS, TRAINED, ALL or SHARE. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_mean(const pdlt_width_output *out, int k, pdlt_error *err);

/* The quantities drawn WEIGHTED, as far as they are measured. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_posterior(const pdlt_width_output *out, pdlt_error *err);

/* The numbers of quantity k, whose index l is a hidden layer, and its error bars, written before, once more
 * layer by layer, layer<l>/NAME without that index. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_slices(const pdlt_width_output *out, int k, pdlt_error *err);

/* The quantities drawn PRODUCTS, as far as they are measured: V, D, A. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_products(const pdlt_width_output *out, pdlt_error *err);

/* Whether quantity k, whose sums are in the record, has a control: Theta_t, k_E and dTheta_t may. */
int pdlt_output_is_controlled(const pdlt_plan *plan, int k);

/* Block values (B, count) of such a quantity, less what its control says about their noise
 * (docs/trainer/control.md, "The NTK in training"). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_kernel(const pdlt_width_output *out, int k, double *values,
                               pdlt_error *err);

/* odd (B, p, c) = sum of d d^T of the blocks at time t: of pairs, and with a control the survivors times its
 * controlled mean (docs/trainer/control.md, "Covariances"). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_odd(const pdlt_width_output *out, size_t t, double *odd, pdlt_error *err);

/* loss_train, loss_test with their parts, and loss_sample; z: the mean as it was written,
 * controlled or not. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_output_losses(const pdlt_width_output *out, const pdlt_estimates *z,
                               pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
