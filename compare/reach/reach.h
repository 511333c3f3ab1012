/* reach.h - how far the expansion in 1/width can be trusted, width by width.
 *
 * Is: what theory alone says of a width (size of the corrections, negative predictions, training
 * with a Gaussian NTK), what a run adds (unstable and heavy-tailed draws), and the rule that takes
 * a width out of the fits of trained quantities. Rule and derivation: docs/statistics.md, "Reach".
 * Is not: a test; the verdict is verdict.h. */
#ifndef PDLT_COMPARE_REACH_REACH_H
#define PDLT_COMPARE_REACH_REACH_H

#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Beyond any of these a width is out of reach: share of draws whose own linearization is unstable
 * (eta times the largest eigenvalue of their NTK above 2); a correction relative to what it
 * corrects; a predicted loss or variance below 0, in units of its largest value; g of
 * gaussian_ntk.h. */
#define PDLT_UNSTABLE_SHARE 1e-5
#define PDLT_REACH_CORRECTION 0.5
#define PDLT_REACH_NEGATIVE 0.01
#define PDLT_REACH_G 0.15

/* More of the variance than this in the top 0.1 % of the members means heavy tails: error bars
 * are not those of a Gaussian (docs/statistics.md). */
#define PDLT_HEAVY_TOP 0.25

enum { PDLT_REACH_REASON = 160 };

/* NaN: not known, or theory has no correction. Root mean squares over all times and samples. */
typedef struct pdlt_reach {
  int in_reach;
  char reason[PDLT_REACH_REASON]; /* why not; "" */
  double g;                       /* gaussian_ntk.h; NaN also where its first order is 0 */
  double power;          /* 1, or 1/2 with a kink: then the first four are of h^(1/2) z_half, ... */
  double correction;     /* |h z_nlo| / sqrt(z_lo^2 + variance_lo) */
  double correction_cov; /* |h cov_nlo| / |cov_lo| */
  double correction_loss; /* |h loss_test_nlo| / loss_test_lo; without test samples that of train,
                             at the first time */
  double correction_ntk;  /* |h Theta_t_nlo| / |Theta|; h Theta1 where that is not predicted */
  double negative;        /* most negative prediction of a loss or variance over its largest value
                             at infinite width; 0: none is negative */
  double ntk_spread;      /* standard deviation of Theta_ii;aa over networks relative to its mean,
                             sqrt(h (A_aaaa + 2 B_aaaa))/Theta_aa, mean over samples a */
  double unstable;     /* share of members with eta theta_max > 2: the run's count or the estimate
                             of the trainer's pilot (meta stability), whichever is larger */
  double stable_width; /* at which that share would be PDLT_UNSTABLE_SHARE; INFINITY: at none; NaN:
                             not above it */
  double top_share;    /* share of the variance of z carried by the top 0.1 % of the members */
} pdlt_reach;

/* What theory.npz says of all widths. */
typedef struct pdlt_reach_theory pdlt_reach_theory;

/* Reads it off an archive; what is not there stays unknown. g needs Theta, A, B, y, times and the
 * resolved experiment in meta. *out is owned by the caller (pdlt_reach_theory_free). Errors:
 * PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. Cost: that of pdlt_gaussian_ntk_new. */
pdlt_status pdlt_reach_theory_new(pdlt_reach_theory **out, const pdlt_archive *theory,
                                  pdlt_progress *progress, pdlt_error *err);

/* The same without g, at next to no cost. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_reach_theory_new_sizes(pdlt_reach_theory **out, const pdlt_archive *theory,
                                        pdlt_error *err);
void pdlt_reach_theory_free(pdlt_reach_theory *theory);

/* The rule at h = 1/n_{L-1}, with what is known of the draws (NaN: nothing). Where nothing but the
 * start is recorded every width is within. stable_width and
 * top_share of *out stay NaN. Cost: that of pdlt_gaussian_ntk_miss. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_reach_at(pdlt_reach *out, const pdlt_reach_theory *theory, double h,
                          double unstable, pdlt_error *err);

/* The same for width n of a run, with all it measured. */
pdlt_status pdlt_reach_of_width(pdlt_reach *out, const pdlt_reach_theory *theory,
                                const pdlt_archive *measured, double n, double h, pdlt_error *err);

/* Largest h within reach by theory alone (g to 10 %); INFINITY where no rule applies. Cost: about
 * six times that of pdlt_reach_at; as a stage of progress it has that name and so many units. Errors:
 * PDLT_ERR_MEMORY. */
#define PDLT_REACH_SEARCH "width that would be within reach"
#define PDLT_REACH_SEARCH_UNITS 6.0
pdlt_status pdlt_reach_largest_h(const pdlt_reach_theory *theory, double *h, pdlt_error *err);

/* h at which the largest of the corrections of z, the loss and the NTK is `wanted`; INFINITY: all are
 * 0; NaN: theory has none of z. */
double pdlt_reach_correction_h(const pdlt_reach_theory *theory, double wanted);
/* The same of g alone. */
pdlt_status pdlt_reach_largest_h_of_g(const pdlt_reach_theory *theory, double *h, pdlt_error *err);

/* Whether g is known at all; the correction of the NTK over h, and its spread over h^(1/2). */
int pdlt_reach_has_g(const pdlt_reach_theory *theory);
double pdlt_reach_ntk(const pdlt_reach_theory *theory);
double pdlt_reach_spread(const pdlt_reach_theory *theory);

/* Width at which the unstable share would fall to PDLT_UNSTABLE_SHARE, when the largest
 * eigenvalue is normal with a spread that falls as n^-1/2; INFINITY when share >= 1/2. Used where
 * the pilot's fit names none beyond n. */
double pdlt_reach_stable_width(double n, double share);

#ifdef __cplusplus
}
#endif
#endif
