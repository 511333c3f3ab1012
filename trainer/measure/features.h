/* features.h - how the features of one network have changed since its start, and what regression misses.
 *
 * Is: of a network in its present state, with kernels k of base/experiment/feature.h (segment.h) and change
 * c = z(t) - z(0), training samples A, any sample B (docs/features.md, "Measured on networks"):
 *
 *   kernel       k - k(0), all outputs and samples
 *   deviation    c_B - k_BA k_AA^-1 c_A; 0 on training samples
 *   rho2         1 - c_A^T (k^S_AA)^-1 c_A/|d|^2, k^S the secant's: the share of the way of the parameters
 *                that regression would not go
 *   alignment    change since the start of y^T k_E y/(|y|^2 |k_E|) on A
 *   weight       likewise of W_V = tr(V k_E V^T)/tr(k_E centred), k_E summed over equal outputs
 *
 * Where k_AA is singular, that is has no Cholesky factor or one with a pivot below PDLT_SEGMENT_SINGULAR of the
 * largest diagonal element, its inverse is that of its eigenvalues above that share of the largest, and
 * deviations of training samples are what remains.
 * Is not: aware of other networks, of training or of a prediction. */
#ifndef PDLT_TRAINER_MEASURE_FEATURES_H
#define PDLT_TRAINER_MEASURE_FEATURES_H

#include "trainer/measure/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Functions on all samples whose weight in the kernel is asked for: blocks of size[j] rows of v (sum of size,
 * D), orthonormal and centred. */
typedef struct pdlt_features_blocks {
  size_t blocks;
  const size_t *size;
  const double *v;
} pdlt_features_blocks;

typedef struct pdlt_network_features {
  pdlt_segment segment;
  pdlt_features_blocks blocks; /* borrowed; 0 until set by the caller */
  double *start;               /* (p, p) kernel at the start, p = n_L D */
  double *kernel;              /* (p, p) */
  double *train;               /* (q, q) of training samples, q = n_L N_A */
  double *solution;            /* (q) k_AA^-1 c_A */
  double *way, *part;          /* (p) phi . d; work */
  double *value, *vector;      /* (p), (q, q) eigenvalues and eigenvectors */
  double *work;                /* of eigenvalues */
  double *storage;
} pdlt_network_features;

/* What is measured at one time; each NULL: not asked for. */
typedef struct pdlt_features_numbers {
  double *kernel[PDLT_FEATURE_COUNT]; /* (n_L, D, n_L, D) less the kernel at the start; [K] never */
  double *deviation[PDLT_FEATURE_COUNT];   /* (n_L, D) */
  double *square[PDLT_FEATURE_COUNT];      /* (n_L, D) squares of the deviations */
  double *eigenvalues[PDLT_FEATURE_COUNT]; /* (n_L D) of the kernel itself, largest first */
  double *rho2;                            /* 0 where nothing has moved */
  double *alignment;                       /* 0 where all targets are 0 */
  double *weight;                          /* (blocks) */
} pdlt_features_numbers;

/* Memory for one network at a time. Errors: PDLT_ERR_MEMORY; PDLT_ERR_INPUT where layers have positions. */
pdlt_status pdlt_network_features_new(pdlt_network_features *out, const pdlt_network *net,
                                      const pdlt_samples *data, pdlt_error *err);
void pdlt_network_features_free(pdlt_network_features *features);

/* The start: the state that the stepper's last forward saw, or the network with parameters theta. Cost: of
 * an NTK. */
void pdlt_network_features_begin(pdlt_network_features *features, const pdlt_stepper *stepper);
void pdlt_network_features_begin_at(pdlt_network_features *features, const double *theta);

/* What is asked for of the state that the stepper's last forward saw, or of parameters theta. At the start
 * all but the eigenvalues is 0 to the last bit. No allocation. Cost: of the kernels asked for (segment.h),
 * q^3/3 for the deviations of each, 4/3 p^3 for its eigenvalues. */
void pdlt_network_features_measure(pdlt_network_features *features, const pdlt_stepper *stepper,
                                   const pdlt_features_numbers *out);
void pdlt_network_features_of(pdlt_network_features *features, const double *theta,
                              const pdlt_features_numbers *out);

#ifdef __cplusplus
}
#endif
#endif
