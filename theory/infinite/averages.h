/* averages.h - <s1 s2> and <s1' s2'> of pairs of samples over one layer's kernel, with errors that
 * follow from the pair alone.
 *
 * Is: closed form, Hermite series or grid, whichever the activation and the two variances ask for,
 * and how the averages react to errors of the kernel.
 * Is not: the recursion over layers (kernel.h).
 *
 * Shapes: D samples. Derivation: docs/kernels.md, "Errors". */
#ifndef PDLT_THEORY_INFINITE_AVERAGES_H
#define PDLT_THEORY_INFINITE_AVERAGES_H

#include <stddef.h>

#include "base/activation/activation.h"
#include "base/core/status.h"
#include "theory/gauss/expectation.h"
#include "theory/gauss/hermite.h"
#include "theory/infinite/angle.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_AVERAGES_SERIES = 4 };

/* What one layer needs of each sample. */
typedef struct pdlt_averages {
  pdlt_activation activation;
  pdlt_activation_traits traits;
  int closed; /* 1: closed forms, no series */
  size_t room,
      D; /* samples that there is room for; samples of the layer at hand, set by the caller */
  double tolerance;
  pdlt_hermite_series (*series)[PDLT_AVERAGES_SERIES]; /* (D) of sigma to sigma''', owned */
  int *wide;           /* (D) 1: out of reach of the series; owned */
  pdlt_status *status; /* (D), owned */
  pdlt_error *error;   /* (D), owned */
} pdlt_averages;

/* A pair of samples: entries of the kernel and their absolute errors. */
typedef struct pdlt_pair_kernel {
  size_t i, j;
  int same; /* 1: equal samples, whose three entries are one number with one error */
  double k11, k12, k22;
  double e11, e12, e22;
  pdlt_angle angle; /* with kinks; sine < 0: as the kernel says */
} pdlt_pair_kernel;

/* Room for D samples, which D is at first; tolerance of each average, relative to sqrt(<s1^2><s2^2>). *out is owned by
 * the caller (pdlt_averages_free). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_averages_new(pdlt_averages *out, const pdlt_activation *activation, size_t D,
                              double tolerance, pdlt_error *err);

void pdlt_averages_free(pdlt_averages *averages);

/* Series of every sample for the kernel K (D, D). Errors: PDLT_ERR_NUMERIC (a kernel that is not
 * finite: it explodes), PDLT_ERR_MEMORY. */
pdlt_status pdlt_averages_prepare(pdlt_averages *averages, const double *K, int threads,
                                  pdlt_error *err);

/* *ss = <s1 s2>, *dd = <s1' s2'>; their errors are those of the numbers at the given kernel plus
 * what the errors of the kernel make of them to first order (kinks: at most). Depends on the pair
 * alone, to the last bit. Errors: PDLT_ERR_NUMERIC (tolerance not reached), PDLT_ERR_MEMORY. Cost
 * O(N) with N terms of a series; 10^5 evaluations where a sample is out of its reach. */
pdlt_status pdlt_averages_pair(const pdlt_averages *averages, const pdlt_pair_kernel *pair,
                               pdlt_value *ss, pdlt_value *dd, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
