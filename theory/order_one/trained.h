/* trained.h - the trained network at order 1/n, all of it at once.
 *
 * Is: mean, parts, NTK, dNTK, covariance and kernels of features at a list of times and at the end, as plain
 * arrays; and what an error of the tensors does to them.
 * Is not: the equations (mean.h, end.h, cov.h) or files (predict.h).
 *
 * Shapes: T times, the first F of them finite; n_L outputs; D samples, S of them for the dNTK. */
#ifndef PDLT_THEORY_ORDER_ONE_TRAINED_H
#define PDLT_THEORY_ORDER_ONE_TRAINED_H

#include "theory/order_one/cov.h"
#include "theory/order_one/features.h"
#include "theory/tensors/doubt.h"
#include "theory/terms/mask.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Tensors of the output layer and their estimated errors; borrowed. in.factors is set
 * from mask. */
typedef struct pdlt_trained_input {
  pdlt_dynamics_input in;
  const double *g1, *d, *f; /* (D, D), (D, D, D, D): for the covariance */
  const pdlt_mask *mask;
  int mean_only;           /* 1: pdlt_trained_mean, the mean alone; d and f are not read */
  size_t dntk_samples;     /* S of the dNTK; 0: none */
  int features;            /* 1: kernels of features and regression with them too */
  const pdlt_truth *truth; /* with features: weights along it; NULL or no blocks: none */
  size_t num_times;        /* T */
  const double *times;     /* (T) increasing; a last one may be INFINITY */
} pdlt_trained_input;

/* Results; owned, one allocation. Entries at an infinite time hold the end. */
typedef struct pdlt_trained {
  size_t times, finite, outputs, D, dntk_samples;
  double *z;          /* (T, n_L, D) */
  double *parts;      /* (5, T, n_L, D) */
  double *theta;      /* (T, n_L, D, n_L, D); NaN where there is no end */
  double *dntk;       /* (T, n_L, S, n_L, S, n_L, S); NaN where there is no end */
  double *cov;        /* (T, n_L, D, n_L, D) */
  double *change;     /* (T, n_L, D) with centered targets, else 0: variance of z(t) - z(0) */
  double *end;        /* (n_L, D) */
  double *end_parts;  /* (5, n_L, D) */
  double *cov_end;    /* (n_L, D, n_L, D) */
  double *change_end; /* (n_L, D) */
  double *kernel[PDLT_FEATURE_COUNT]; /* (T, n_L, D, n_L, D) of features.h, as the next three; NULL
                                                where they are not asked for */
  double *kernel_end[PDLT_FEATURE_COUNT]; /* (n_L, D, n_L, D) */
  double *deviation[PDLT_FEATURE_COUNT];  /* (T, n_L, D); 0 where there is no end, like the ends */
  double *deviation_end[PDLT_FEATURE_COUNT]; /* (n_L, D) */
  double *alignment; /* (T) mean change of the alignment; NaN where there is none, or no end */
  double alignment_start, alignment_end; /* of Theta; mean change at the end */
  size_t blocks;                         /* of truth */
  double *weight_start;                  /* (blocks) of Theta; NaN where there is none */
  double *weight;                        /* (T, blocks) mean change; NaN likewise, or no end */
  double *weight_end;                    /* (blocks) */
  int mean_only; /* 1: z, parts, end, end_parts alone, the others are NULL */
  int batches;   /* 1: z, parts and cov alone, where times are finite */
  int have_cov;  /* 0: the covariance of batches would take too long */
  int have_end;  /* 0: Theta_AA is singular, `why` says so */
  char why[PDLT_ERROR_LENGTH];
  double *storage;
} pdlt_trained;

/* Errors: PDLT_ERR_MEMORY, those of pdlt_dynamics_new. Cost: that of its parts. */
pdlt_status pdlt_trained_new(pdlt_trained *out, const pdlt_trained_input *input, pdlt_error *err);
void pdlt_trained_free(pdlt_trained *trained);

/* K, Theta, G1, ... */
#define PDLT_TRAINED_TENSORS(X) \
  X(K, in.lo.K, 2)              \
  X(Theta, in.lo.theta, 2)      \
  X(Theta1, in.theta1, 2)       \
  X(G1, g1, 2)                  \
  X(A, in.a, 4)                 \
  X(B, in.b, 4)                 \
  X(P, in.p, 4)                 \
  X(Q, in.q, 4)                 \
  X(R, in.r, 4)                 \
  X(S, in.s, 4)                 \
  X(T, in.t, 4)                 \
  X(U, in.u, 4)                 \
  X(D, d, 4)                    \
  X(F, f, 4)
enum { PDLT_TRAINED_TENSOR_COUNT = 14 };

/* Largest absolute change of each result. */
typedef struct pdlt_trained_errors {
  double z, theta, dntk, cov, change, end, cov_end, change_end;
  double kernel[PDLT_FEATURE_COUNT], kernel_end[PDLT_FEATURE_COUNT];
  double deviation[PDLT_FEATURE_COUNT], deviation_end[PDLT_FEATURE_COUNT];
  double alignment, alignment_start, alignment_end;
  double weight, weight_start, weight_end;
} pdlt_trained_errors;

/* Estimated numerical errors: everything once more with the entries of each tensor moved by their
 * errors, up or down by a fixed hash of their indices (of their value where there is `entry`), and to one
 * of moved[], or as far to the other side, by a hash of the tensor; twice the largest change, of four such
 * moves where a tensor has moved[]. doubt: (14). Cost: a second pdlt_trained_new, or five, and a copy of
 * the tensors. */
pdlt_status pdlt_trained_error(pdlt_trained_errors *out, const pdlt_trained *trained,
                               const pdlt_trained_input *input, const pdlt_doubt *doubt,
                               pdlt_error *err);

/* Mean and its errors alone, with mean_only, by gradient descent on all samples or its flow. release (self), unless
 * NULL, is called when A, B, P, Q are not read any more. *out is owned by the caller (pdlt_trained_free); both
 * untouched on failure. Errors: as above. Memory 4 D^4 doubles besides the tensors, 1 D^4 before release. */
pdlt_status pdlt_trained_mean(pdlt_trained *out, pdlt_trained_errors *errors,
                              const pdlt_trained_input *input, const pdlt_doubt *doubt,
                              void (*release)(void *), void *self, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
