/* compare.h - theory against measurement: fit over widths, tests, verdicts.
 *
 * Is: two archives in (theory, measured), rows, tests and a verdict out.
 * Is not: figures or pages (figure.h, report.h). Method: docs/statistics.md. */
#ifndef PDLT_COMPARE_VERDICT_COMPARE_H
#define PDLT_COMPARE_VERDICT_COMPARE_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/experiment/quantity.h"
#include "base/file/archive.h"
#include "compare/reach/reach.h"
#include "compare/statistics/distance.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_verdict { PDLT_AGREE, PDLT_UNDECIDED, PDLT_DISAGREE } pdlt_verdict;

/* "agree", "undecided", "disagree". */
const char *pdlt_verdict_text(pdlt_verdict verdict);

/* A coefficient of the fit x_n = c0 + c1 h + c2 h^2 (+ ...) beside theory; trained quantities of
 * activations with a kink go in powers of h^(1/2) instead of h. */
typedef struct pdlt_coefficient {
  int tested;                                /* 0: not tested, the rest is NaN */
  double value, se;                          /* fitted, with its total error */
  double theory, null;                       /* prediction; value under the null hypothesis */
  double z;                                  /* (value - theory) / se */
  double statistical, numerical, truncation; /* of which se is the root of the sum of squares */
} pdlt_coefficient;

/* One number (quantity, index, time) over all widths. Owned by pdlt_comparison. */
typedef struct pdlt_compare_row {
  const char *quantity;        /* measured name: "z", "cov", "K", "Theta", "V", ... */
  int ndim;                    /* of the index, time excluded */
  size_t index[PDLT_MAX_NDIM]; /* position in the array, time excluded */
  double time;                 /* step, INFINITY for the end; NaN: has no time */
  double lo, nlo;              /* theory: infinite width, coefficient of h^power; NaN: absent */
  const double *lo_at,
      *nlo_at; /* (num_widths) where theory follows the width: at each, lo and nlo the
                                   largest of them; else NULL */
  const double *measured, *se; /* (num_widths) */
  const int *used;  /* (num_widths) 0: left out of the fit (diverged members, no error bar) */
  double power;     /* fits go in powers of h^power: 1 or 1/2 */
  double beyond[2]; /* standard deviations of the next two coefficients, verdict/truncation.h */
  pdlt_coefficient c0, c1; /* c0 free; c1 with c0 fixed at theory */
  double fit_p;            /* p-value of the fit with c0 free; NaN without freedom */
  pdlt_verdict verdict;    /* of this number alone, at the per-number level */
} pdlt_compare_row;

/* One test of a whole quantity. */
typedef struct pdlt_compare_test {
  const char *quantity;
  int derived;             /* 1: a loss that follows from z and cov (pdlt_join_is_derived) */
  const char *coefficient; /* "c0" or "c1"; where theory follows the width "a0" or "a" */
  pdlt_verdict verdict;
  double p;              /* of the joint test */
  double worst_z;        /* largest |z| of a single number, with its sign */
  size_t numbers;        /* how many numbers went in */
  size_t directions;     /* dimension of the joint test (= numbers unless projected) */
  double fit_p;          /* of the joint fit with this coefficient free; NaN without freedom */
  double null_z;         /* distance of theory from the null hypothesis in standard errors */
  double members_needed; /* per width, for null_z = 4; NaN: no number of members does it */
  double statistical, numerical, truncation; /* errors of the number with worst_z */
  double a,
      a_se; /* where theory follows the width: what the test measures, 1 in theory, and its total
                     error; NaN: theory says 0 */
  double bound; /* 4 total errors of the largest number that theory predicts, relative to it; NaN:
                       all are 0 */
  char reason[512]; /* one line: why this verdict, and what is known in plain numbers */
} pdlt_compare_test;

/* 1 for the test of infinite width, 0 for that of the first correction. */
static inline int pdlt_test_is_limit(const pdlt_compare_test *test) {
  return test->coefficient[1] == '0';
}

/* How the distance of a quantity from a prediction falls with width (slope.h). */
typedef struct pdlt_compare_slope {
  const char *quantity;
  int order;               /* 0: distance from lo; 1: from lo + h^power nlo */
  pdlt_distance *distance; /* (num_widths) */
  double value, se;        /* exponent of n; NaN: fewer than two widths stand clear of the noise */
} pdlt_compare_slope;

/* Excess kurtosis kappa_4/K^2 of the first output at initialization (kurtosis.h), of the sample
 * that is farthest from Gaussian in theory. */
typedef struct pdlt_kurtosis {
  size_t sample;
  double K, G1, V;          /* of that sample */
  size_t num;               /* widths that kept enough networks; 0: nothing below is set */
  size_t first;             /* number of the first of them */
  double *h, *value, *se;   /* (num) */
  double c1, c1_se, theory; /* coefficient of h, fitted (NaN: too few widths) and predicted */
  pdlt_verdict verdict;     /* on c1 alone; no part of the comparison's */
} pdlt_kurtosis;

typedef struct pdlt_comparison {
  pdlt_verdict verdict;
  size_t num_widths;
  double *widths;    /* (num_widths) n */
  double *h;         /* (num_widths) 1/n_{L-1} */
  pdlt_reach *reach; /* (num_widths) how far the expansion can be trusted */
  size_t num_rows;
  pdlt_compare_row *rows;
  size_t num_tests;
  pdlt_compare_test *tests;
  size_t num_slopes; /* every quantity at order 0 and, where theory has it, 1 */
  pdlt_compare_slope *slopes;
  pdlt_distance *distances; /* backs the slopes */
  pdlt_kurtosis kurtosis;
  size_t num_alone;                   /* quantities that were measured and that theory has not */
  const char *alone[PDLT_QUANTITIES]; /* (num_alone) their names */
  size_t num_warnings;
  char **warnings;                         /* one line each */
  char theory_hash[24], measured_hash[24]; /* of the two archives; empty when they have none */
  int channels;    /* 1: n counts channels (network.layers has a convolution) */
  int follows;     /* 1: theory is another at each width (docs/width.md) */
  int degree;      /* of the fit */
  double level;    /* family-wise, of the comparison */
  char *answer[2]; /* two sentences (answer.h); NULL: not made */
  void *storage;   /* backs the rows */
} pdlt_comparison;

/* How to compare; what is negative is as in the experiment of measured->meta. */
typedef struct pdlt_compare_options {
  int degree;              /* of the fit, at most 8 */
  double level;            /* family-wise, in (0, 1) */
  pdlt_progress *progress; /* told how far it is; may be NULL */
} pdlt_compare_options;

/* Compares every quantity that both archives hold. options may be NULL: degree and level from the
 * experiment in measured->meta. Errors: PDLT_ERR_INPUT when the two do not belong to
 * the same physics (meta "physics_hash"), PDLT_ERR_MEMORY. */
pdlt_status pdlt_compare(pdlt_comparison *out, const pdlt_archive *theory,
                         const pdlt_archive *measured, const pdlt_compare_options *options,
                         pdlt_error *err);

void pdlt_comparison_free(pdlt_comparison *comparison);

/* What n counts, in a word: "width" or "channels". */
static inline const char *pdlt_comparison_size(const pdlt_comparison *comparison) {
  return comparison->channels ? "channels" : "width";
}

/* Rows of comparison.csv below its header when it is full. */
static inline size_t pdlt_comparison_csv_rows(const pdlt_comparison *comparison) {
  return comparison->num_rows * (1 + comparison->num_widths);
}

/* comparison.csv (summary: its rows without width only) and verdict.json (columns and keys:
 * NOTATION.md), written whole or not at all. Errors: PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_comparison_write_csv(const pdlt_comparison *comparison, int summary,
                                      const char *path, pdlt_error *err);
pdlt_status pdlt_comparison_write_json(const pdlt_comparison *comparison, const char *path,
                                       pdlt_error *err);

/* The text of verdict.json, final newline included; owned by the caller (pdlt_free). Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_comparison_json(const pdlt_comparison *comparison, char **out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
