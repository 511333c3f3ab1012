/* explain.h - what will come of an experiment, before any training.
 *
 * Is: private to cli/study; the numbers behind pdlt_study_explain and the lines that run and train
 * begin with. What each means: docs/explain.md.
 * Is not: a verdict, or a bound: networks that were never trained may still surprise. */
#ifndef PDLT_CLI_STUDY_EXPLAIN_H
#define PDLT_CLI_STUDY_EXPLAIN_H

#include <jansson.h>
#include <stdio.h>

#include "base/core/status.h"
#include "cli/study/sizes.h"
#include "cli/study/study.h"
#include "compare/reach/reach.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Layer l = 1..L at l - 1. chi: of the step to the next layer, from its C_W; beyond the last as if
 * it came once more. */
typedef struct pdlt_explained_layer {
  double K;         /* mean over samples of K_aa, and over positions */
  size_t positions; /* 1 without positions */
  double chi_par, chi_perp;
  const char *phase; /* "ordered", "critical", "chaotic"; "unknown" where chi_perp is */
} pdlt_explained_layer;

/* Bayesian inference at one width, by theory (docs/posterior.md); NaN: not predicted. */
typedef struct pdlt_explained_posterior {
  double log_lo, log; /* of the evidence, at infinite width and with order 1/n */
  double exponent;    /* h post_ess_exponent: exp(-exponent) is the share of draws that count */
} pdlt_explained_posterior;

enum { PDLT_EXPLAIN_REASONS = 4, PDLT_EXPLAIN_REASON = 320 };

/* Why there will be no verdict. */
typedef struct pdlt_explained_reason {
  char text[PDLT_EXPLAIN_REASON];
} pdlt_explained_reason;

/* NaN: not known; INFINITY, of a width: none. */
typedef struct pdlt_explanation {
  const pdlt_experiment *ex; /* resolved, borrowed from the study */
  int follows; /* 1: parameters follow the width, and with them the reach of each width;
                                layers and r_star are those of the widest, eta_max the smallest */
  int threads;
  pdlt_explained_layer *layer; /* (L) owned; NULL in the short form */
  double pairs;    /* of slots in the largest layer with positions; 0: no layer has some */
  double averages; /* over four slots, of layers joined by skips; 0: there are none */
  double
      tensor_bytes; /* of memory that theory takes for either, or for theory.only: z; 0: none is there */
  double theta_max, eta_max;
  double depth_over_width, r_star;     /* at the narrowest width */
  pdlt_reach *reach;                   /* (widths) owned; NULL without theory (training alone) */
  pdlt_explained_posterior *posterior; /* (widths) owned; NULL: not asked for, or no theory */
  int with_g;                          /* 1: g was looked at, if there is one */
  int with_stability;                  /* 1: the pilot was asked, if it has an answer */
  double power;                        /* of h, of the first correction in training: 1, or 1/2 */
  char no_correction[256];             /* why theory has no correction of trained outputs; "" */
  double width_in_reach;               /* from which on all is within reach */
  double width_10_percent, width_30_percent;
  size_t needed, within; /* widths that a verdict needs, and that are within reach */
  size_t blocks;         /* of members at each width */
  size_t block;          /* draws of a block */
  size_t num_reasons;
  pdlt_explained_reason reason[PDLT_EXPLAIN_REASONS];
  int chooses;        /* 1: networks are trained, and auto chooses the estimator */
  int with_products;  /* by covariance and losses too */
  const char *closed; /* why two_level and control are not open to it; NULL: they are */
  double seconds;
  pdlt_sizes sizes;
} pdlt_explanation;

/* All of it; brief: what can be said at a few percent of the run, with theory only when the study
 * has it already. Resolves the study. Owned by the caller (pdlt_explanation_free). Errors: as
 * pdlt_study_predict. Cost: theory, the stability pilot, and for each width and the search of the
 * width that would do a mean of compare/reach/gaussian_ntk.h. */
pdlt_status pdlt_explanation_make(pdlt_explanation *out, pdlt_study *study, int brief,
                                  pdlt_error *err);
void pdlt_explanation_free(pdlt_explanation *explanation);

/* --- explain_posterior.c --- */

/* From theory, at h = 1/n_{L-1}. */
pdlt_explained_posterior pdlt_explained_posterior_of(const pdlt_archive *theory, double h);

/* Lines of the long form, with a warning where draws from the prior will hardly count; nothing where no
 * posterior is asked for. */
void pdlt_explained_posterior_put(FILE *to, const pdlt_explanation *e);

/* New reference: a list over widths; NULL where no posterior is asked for. */
json_t *pdlt_explained_posterior_json(const pdlt_explanation *e);

/* --- explain_text.c --- */

/* As text; of a brief one the short form. Owned by the caller (pdlt_free). */
pdlt_status pdlt_explanation_text(const pdlt_explanation *e, char **out, pdlt_error *err);

/* With the keys of NOTATION.md, and `figures` as the experiment has it; new reference. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_explanation_json(const pdlt_explanation *e, json_t **out, pdlt_error *err);

/* Before training: the short form as notes of the study's progress; nothing when that is quiet. */
pdlt_status pdlt_explain_note(pdlt_study *study, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
