/* join.h - the numbers that theory and measurement share, side by side.
 *
 * Is: which array of one archive answers to which of the other, index by index, with all
 * error estimates; which widths may enter fits.
 * Is not: statistics (fit.h, joint.h) or decisions (verdict.h).
 *
 * Shapes: N numbers of a quantity, W widths, B_n blocks at width n. */
#ifndef PDLT_COMPARE_JOIN_JOIN_H
#define PDLT_COMPARE_JOIN_JOIN_H

#include <math.h>
#include <stddef.h>

#include "base/core/status.h"
#include "base/file/archive.h"
#include "compare/reach/reach.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Times the size that the growth of the coefficients suggests for powers beyond the fit. */
#define PDLT_TRUNCATION_FACTOR 3.0

/* Settings of the comparison and the widths, from the measured archive. Arrays owned. */
typedef struct pdlt_join_setup {
  size_t num_widths;
  double *widths, *h;             /* (W) n; 1/n_{L-1} */
  double *members;                /* (W) independent draws */
  double *diverged, *unconverged; /* (W) */
  pdlt_reach *reach;              /* (W) how far the expansion can be trusted */
  double width_within;  /* n from which on theory alone keeps all rules of reach; 0: no rule
                                     applies */
  double trained_power; /* trained quantities go in powers of h^trained_power: 1/2 for
                                     activations with a kink, else 1 */
  double ratio;         /* n_{L-1} / n */
  double truncation;    /* times the size that powers beyond the fit seem to have, 3
                          (docs/statistics.md, "Truncation"); 0: none is allowed for */
  int degree;           /* of the fit */
  double level;         /* family-wise */
  pdlt_archive *theory; /* (W) owned views of theory at each width, where its parameters follow
                                   the width (base/experiment/at_width.h); else NULL */
  double rounding;      /* of one measured number, relative to its array's largest */
  const pdlt_archive *measured; /* borrowed */
  pdlt_progress *progress;      /* borrowed, or NULL: told of the reach and of the fits */
} pdlt_join_setup;

/* Reads widths, members, degree, level, arithmetic. Errors: PDLT_ERR_INPUT (not a measured
 * archive, other physics than theory's, meta incomplete), PDLT_ERR_MEMORY. */
pdlt_status pdlt_join_setup_read(pdlt_join_setup *out, const pdlt_archive *theory,
                                 const pdlt_archive *measured, pdlt_progress *progress,
                                 pdlt_error *err);
void pdlt_join_setup_free(pdlt_join_setup *setup);

/* One quantity; everything but the name, the blocks and the weights is owned. */
typedef struct pdlt_join {
  const char *name;  /* measured name */
  int trained;       /* depends on training: diverged members and reach matter */
  double power;      /* fits go in powers of h^power */
  int second;        /* c1, the coefficient of h^power, is tested too (nlo exists) */
  int vanishes;      /* 0 at infinite width by construction: theory has no array for it */
  int ndim;          /* of the index, time excluded */
  size_t count;      /* N */
  size_t num_widths; /* W */
  size_t *index;     /* (N, ndim) */
  double *time;      /* (N) NaN: has no time */
  double *lo, *nlo;  /* (N) nlo: coefficient of h^power; NaN where absent. Where theory follows
                             the width: the largest over widths of the next two */
  double *lo_at,
      *nlo_at; /* (N, W) what theory says at each width, where it follows it; else NULL */
  double err_lo, err_nlo; /* numerical errors of theory's arrays, largest absolute */
  double *x, *se;         /* (N, W) NaN where there is none */
  double *floor;          /* (N) rounding and convergence tolerance of x */
  int *used;              /* (W) may enter fits */
  int *distinct;          /* (N) 0: equal to an earlier number by symmetry */
  const double **blocks;  /* (W) block values (B_n, N); NULL: none */
  const double **weights; /* (W) members behind each block (B_n) */
  size_t *num_blocks;     /* (W) B_n */
} pdlt_join;

/* h^power at width number w: what nlo multiplies. */
static inline double pdlt_join_unit(const pdlt_join *join, const pdlt_join_setup *setup, size_t w) {
  return join->power < 1.0 ? pow(setup->h[w], join->power) : setup->h[w];
}

/* Infinite width of number k as theory has it at width number w; nlo likewise. */
static inline double pdlt_join_lo(const pdlt_join *join, size_t k, size_t w) {
  return join->lo_at == NULL ? join->lo[k] : join->lo_at[k * join->num_widths + w];
}
static inline double pdlt_join_nlo(const pdlt_join *join, size_t k, size_t w) {
  return join->nlo_at == NULL ? join->nlo[k] : join->nlo_at[k * join->num_widths + w];
}

/* Shapes of the powers 0 and 1 in the fit of number k over the widths `width` (num): lo and nlo there
 * over join->lo[k] and join->nlo[k]; 1 where these are 0. shape (2, num), room, which is returned; NULL
 * where theory is the same at all widths. */
const double *pdlt_join_shape(const pdlt_join *join, size_t k, size_t num, const size_t *width,
                              double *shape);
/* The same for sum_k weight_k x_k, in units of the largest of each over these widths: unit (2). */
const double *pdlt_join_shape_along(const pdlt_join *join, const double *weight, size_t num,
                                    const size_t *width, double *shape, double unit[2]);

/* By how much of itself theory changes per h over these widths: of lo and nlo the larger one, root mean
 * squares over the numbers; 0 where theory is the same at all widths (docs/width.md, "Truncation"). */
double pdlt_join_growth(const pdlt_join *join, size_t num, const size_t *width, const double *h);

/* How many quantities can be compared at all; k below is less than that. */
size_t pdlt_join_kinds(void);
const char *pdlt_join_name(size_t k);
int pdlt_join_is_trained(size_t k);

/* 1 for the losses, which are made of z and cov (docs/losses.md), but cross-entropies are not. */
int pdlt_join_is_derived(const pdlt_archive *theory, const char *name);

/* Quantity k of the two archives; out->count is 0 when either lacks it. *out is complete or
 * empty. Errors: PDLT_ERR_INPUT (shapes that do not fit, theory not finite),
 * PDLT_ERR_MEMORY. Cost O(N W + N log N). */
pdlt_status pdlt_join_read(pdlt_join *out, size_t k, const pdlt_join_setup *setup,
                           const pdlt_archive *theory, const pdlt_archive *measured,
                           pdlt_error *err);
void pdlt_join_free(pdlt_join *join);

#ifdef __cplusplus
}
#endif
#endif
