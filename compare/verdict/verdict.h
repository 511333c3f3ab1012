/* verdict.h - the tests of one quantity, and what they mean.
 *
 * Is: fits of all its numbers, joint tests of coefficient, fit and one more degree
 * (evidence), and the rule from evidence to agree, undecided or disagree.
 * Is not: reading (join.h) or writing. Method: docs/statistics.md. */
#ifndef PDLT_COMPARE_VERDICT_VERDICT_H
#define PDLT_COMPARE_VERDICT_VERDICT_H

#include "base/core/status.h"
#include "compare/join/join.h"
#include "compare/verdict/compare.h"
#include "compare/verdict/joint.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the data say about one coefficient of one quantity. */
typedef struct pdlt_evidence {
  int power;             /* 0: c0 free; 1: c1 with c0 fixed at theory */
  int vanishes;          /* the quantity is 0 at infinite width by construction */
  size_t widths, needed; /* usable and needed; fewer than needed: nothing below is set */
  size_t numbers;        /* distinct numbers tested */
  size_t exact;          /* of these, without statistical error: compared by tolerance */
  int broken;            /* an exact number deviates */
  pdlt_joint coefficient, fit, degree; /* tests of the coefficient, of what the fit leaves, of the
                            shift of the coefficient by one more degree; p NaN: not possible */
  double degree_shift;                 /* rms of that shift in standard errors of the coefficient */
  double worst_z, null_z;
  double members; /* largest number of members of a width used */
} pdlt_evidence;

/* The 2 % by which the null hypothesis of c0 differs from theory that is not 0; 4 standard errors
 * that tell them apart; p below which a fit is bad; standard errors that a degree may move. */
#define PDLT_NULL_SHIFT 0.02
#define PDLT_NULL_DISTANCE 4.0
#define PDLT_BAD_FIT 1e-3
#define PDLT_DEGREE_SHIFT 2.0

/* Fits every number, fills c0 (power 0, with fit_p) or c1 (power 1) of rows (N) and p (N):
 * of each number alone, NaN where not tested. Errors: PDLT_ERR_MEMORY,
 * PDLT_ERR_NUMERIC. */
pdlt_status pdlt_evidence_gather(pdlt_evidence *out, const pdlt_join *join,
                                 const pdlt_join_setup *setup, int power, pdlt_compare_row *rows,
                                 double *p, pdlt_error *err);

/* 1 when evidence comes from a test that was done: it takes a share of the level. */
int pdlt_evidence_tested(const pdlt_evidence *evidence);

/* The verdict at this test's share of the level, with its reason. */
void pdlt_verdict_decide(pdlt_compare_test *out, const pdlt_evidence *evidence,
                         const char *quantity, int degree, double share);

/* The verdict of one number alone: p (of c0 and c1, NaN: not tested) at its share. */
pdlt_verdict pdlt_verdict_row(const pdlt_compare_row *row, double p0, double p1, double share);

#ifdef __cplusplus
}
#endif
#endif
