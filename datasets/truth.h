/* truth.h - functions that are known to make up the targets of a data set, in blocks.
 *
 * Is: features.truth as orthonormal, centred functions on all samples, and how much of a kernel lies along
 * them (docs/features.md, "Ground truth").
 * Is not: functions that a network has learned.
 *
 * Shapes: D samples, training samples first; blocks of functions that may be exchanged for each other. */
#ifndef PDLT_DATASETS_TRUTH_H
#define PDLT_DATASETS_TRUTH_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_TRUTH_LABEL = 40 };
typedef struct pdlt_truth_label {
  char text[PDLT_TRUTH_LABEL]; /* "x_0", "k = 2 of a, b" */
} pdlt_truth_label;

/* Blocks that belong together; modular_addition alone has two of them. */
typedef enum { PDLT_FAMILY_FIRST, PDLT_FAMILY_SUM } pdlt_truth_family;

typedef struct pdlt_truth {
  size_t samples;            /* D */
  size_t blocks, functions;  /* functions: the sum of size; both 0 without truth */
  size_t *size;              /* (blocks) functions of each; may be 0 */
  pdlt_truth_family *family; /* (blocks) not decreasing */
  pdlt_truth_label *label;   /* (blocks) */
  double *v;                 /* (functions, D) block after block */
} pdlt_truth;

/* The blocks of ex->features.truth on the samples x (D, n_0), after center and scale:
 *   none                no blocks
 *   parity              each input of data.bits (all without the key), one function x_i each
 *   inputs              the same of every input
 *   modular_addition    for each k = 1..p/2 the waves cos, sin of 2 pi k a/p and of 2 pi k b/p (FAMILY_FIRST),
 *                       then for each k those of 2 pi k (a + b)/p (FAMILY_SUM)
 * The mean over all samples is subtracted; within a block functions are made orthonormal, sum_a v_a v'_a = 1 or
 * 0, in this order (Gram-Schmidt); one that depends on those before it, or is constant, is left out. Blocks are
 * orthogonal to each other where the samples are the whole cube, or all pairs, and not in general. *out is owned by
 * the caller (pdlt_truth_free), untouched on failure. Errors: PDLT_ERR_INPUT (samples that are no pairs),
 * PDLT_ERR_MEMORY. Cost: functions times D. */
pdlt_status pdlt_truth_make(pdlt_truth *out, const pdlt_experiment *ex, size_t D, size_t inputs,
                            const double *x, pdlt_error *err);
void pdlt_truth_free(pdlt_truth *truth);

/* out (D, D) = sum over outputs i of kernel (n_L, D, n_L, D) between equal ones. */
void pdlt_truth_trace_outputs(size_t outputs, size_t D, const double *kernel, double *out);

/* along (blocks) = sum over the functions v of a block of v^T k v, k (D, D) summed over outputs; *total = tr k_c,
 * the trace of k with rows and columns centred, tr k - (sum of all entries)/D. Linear in k. Cost: functions
 * times D^2. */
void pdlt_truth_traces(const pdlt_truth *truth, const double *k, double *along, double *total);

/* weight (blocks) = along/total: the share W_V of the kernel that lies along each block. NaN where the centred
 * kernel is 0, but for rounding. */
void pdlt_truth_weights(const pdlt_truth *truth, const double *k, double *weight);

#ifdef __cplusplus
}
#endif
#endif
