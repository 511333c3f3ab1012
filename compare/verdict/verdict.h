/* verdict.h - the tests of one quantity, and what they mean.
 *
 * Is: fits of all its numbers, joint tests of coefficient and fit (evidence), and the rule from
 * evidence to agree, undecided or disagree.
 * Is not: reading (join.h) or writing. Method: docs/statistics.md. */
#ifndef PDLT_COMPARE_VERDICT_VERDICT_H
#define PDLT_COMPARE_VERDICT_VERDICT_H

#include "base/core/status.h"
#include "compare/join/join.h"
#include "compare/verdict/compare.h"
#include "compare/verdict/joint.h"
#include "compare/verdict/truncation.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of errors. */
enum { PDLT_ERROR_STATISTICAL, PDLT_ERROR_NUMERICAL, PDLT_ERROR_TRUNCATION, PDLT_ERROR_KINDS };

/* What the data say about one coefficient of one quantity. */
typedef struct pdlt_evidence {
  int power;             /* 0: c0 free; 1: c1 with c0 fixed at theory */
  int vanishes;          /* the quantity is 0 at infinite width by construction */
  int follows;           /* theory is another at each width: a0 and a (docs/width.md) */
  double h_power;        /* fits go in powers of h^h_power */
  size_t widths, needed; /* usable and needed; fewer than needed: no fit below */
  size_t beyond_reach;   /* widths left out because they are out of reach */
  double width_within;   /* n from which on they would be within; INFINITY: at no n */
  char why_beyond[PDLT_REACH_REASON]; /* of the widest of them */
  double smallest;                    /* n that is used */
  double members;                     /* largest number of members of a width used */
  size_t numbers;                     /* distinct numbers tested */
  size_t exact;                       /* of these, without statistics: compared by tolerance */
  int broken;                         /* an exact number deviates */
  pdlt_joint coefficient, fit;        /* tests of the coefficient and of what the fit leaves; p NaN:
                                         not possible */
  pdlt_coefficient worst;             /* the number with the largest |z| */
  double largest, largest_se;         /* predicted number, total error: not always of one number */
  double share[PDLT_ERROR_KINDS];     /* of each kind in the variance that hides the null
                                         hypothesis, in arbitrary units */
  double null_z;
  double check_p, check_fit_p; /* of both tests in a fit of the degree that refutes, where that of
                                        less found a deviation; else NaN */
} pdlt_evidence;

/* The 2 % by which the null hypothesis of c0 differs from theory that is not 0; 4 total errors
 * that tell them apart, and bound what is known; p below which a fit is bad. */
#define PDLT_NULL_SHIFT 0.02
#define PDLT_NULL_DISTANCE 4.0
#define PDLT_BAD_FIT 1e-3

/* Least degree of a fit that refutes: it knows how one correction grows from another. */
#define PDLT_REFUTING_DEGREE 2

/* p below which (or below the level, where that is more) a fit of less is made with that degree too. */
#define PDLT_CHECK_BELOW 0.1

/* How large what the fits of a quantity leave out may be, the same for c0 and c1; all 0 where fewer
 * widths are used than a fit needs. Errors and cost: those of pdlt_truncation_size. */
pdlt_status pdlt_evidence_beyond(pdlt_truncation *out, const pdlt_join *join,
                                 const pdlt_join_setup *setup, pdlt_error *err);

/* What pdlt_evidence_gather tells setup->progress of, for each number. */
#define PDLT_EVIDENCE_UNITS 4.0

/* Fits every number, with what the fits leave out as large as `beyond` says; fills c0 (power 0, with
 * fit_p) or c1 (power 1) of rows (N) and p (N): of each number alone, NaN where not tested. A deviation
 * in fits of a degree that does not refute is looked at again, and p is then the larger of both. Errors:
 * PDLT_ERR_MEMORY, PDLT_ERR_NUMERIC. */
pdlt_status pdlt_evidence_gather(pdlt_evidence *out, const pdlt_join *join,
                                 const pdlt_join_setup *setup, const pdlt_truncation *beyond,
                                 int power, pdlt_compare_row *rows, double *p, pdlt_error *err);

/* 1 when evidence comes from a test that was done: it takes a share of the level. */
int pdlt_evidence_tested(const pdlt_evidence *evidence);

/* The joint p-value, numbers without statistics included (0 or 1). Of evidence that was tested. */
double pdlt_evidence_p(const pdlt_evidence *evidence);

/* What the tests say at this share of the level, with the reason: disagree, undecided (not tested,
 * a bad fit), or agree: no deviation, whatever the null hypothesis. */
pdlt_verdict pdlt_verdict_test(const pdlt_evidence *evidence, int degree, double share,
                               char *reason, size_t size);

/* The verdict at this test's share of the level, with its reason: also undecided when theory
 * cannot be told from its null hypothesis. */
void pdlt_verdict_decide(pdlt_compare_test *out, const pdlt_evidence *evidence,
                         const char *quantity, int degree, double share);

/* The verdict of one number alone: p (of c0 and c1, NaN: not tested) at its share. */
pdlt_verdict pdlt_verdict_row(const pdlt_compare_row *row, double p0, double p1, double share);

#ifdef __cplusplus
}
#endif
#endif
