/* verdict.c - from evidence to a verdict and its reason; see verdict.h. */
#include "compare/verdict/verdict.h"

#include <math.h>
#include <stdio.h>

const char *pdlt_verdict_text(pdlt_verdict verdict) {
  static const char *const texts[] = {"agree", "undecided", "disagree"};
  return texts[verdict];
}

int pdlt_evidence_tested(const pdlt_evidence *evidence) {
  return evidence->widths >= evidence->needed && evidence->numbers > 0;
}

static double members_needed(const pdlt_evidence *e) {
  double ratio = PDLT_NULL_DISTANCE / e->null_z;
  return e->null_z > 0.0 ? ceil(e->members * ratio * ratio) : NAN;
}

/* The joint p-value, exact numbers included. */
static double p_of(const pdlt_evidence *e) {
  if (e->broken) return 0.0;
  return e->exact == e->numbers ? 1.0 : e->coefficient.p;
}

static void explain_null(pdlt_compare_test *out, const pdlt_evidence *e) {
  if (!(e->null_z > 0.0))
    snprintf(out->reason, sizeof out->reason,
             "theory and its null hypothesis coincide (the prediction is 0): no number of members "
             "tells them apart");
  else
    snprintf(out->reason, sizeof out->reason,
             "too few members: theory and its null hypothesis (%s) are %.2g standard errors apart, "
             "about %.0f per width would do",
             e->power == 1 ? "0"
             : e->vanishes ? "no fall with the width"
                           : "2 % off",
             e->null_z, out->members_needed);
}

/* Undecided or agree, when no test failed. */
static pdlt_verdict weigh(pdlt_compare_test *out, const pdlt_evidence *e, int degree) {
  if (e->degree.p < PDLT_BAD_FIT && e->degree_shift > PDLT_DEGREE_SHIFT) {
    snprintf(out->reason, sizeof out->reason,
             "widths too small for this order: degree %d moves the coefficient by %.2g standard "
             "errors",
             degree + 1, e->degree_shift);
    return PDLT_UNDECIDED;
  }
  if (e->fit.p < PDLT_BAD_FIT) {
    snprintf(out->reason, sizeof out->reason,
             "bad fit: a polynomial of degree %d in 1/width does not describe the numbers "
             "(p = %.2g)",
             degree, e->fit.p);
    return PDLT_UNDECIDED;
  }
  if (!(e->null_z >= PDLT_NULL_DISTANCE)) {
    explain_null(out, e);
    return PDLT_UNDECIDED;
  }
  snprintf(out->reason, sizeof out->reason,
           "no deviation (p = %.2g); the null hypothesis is %.3g standard errors away", out->p,
           e->null_z);
  return PDLT_AGREE;
}

void pdlt_verdict_decide(pdlt_compare_test *out, const pdlt_evidence *e, const char *quantity,
                         int degree, double share) {
  *out = (pdlt_compare_test){.quantity = quantity,
                             .coefficient = e->power == 0 ? "c0" : "c1",
                             .verdict = PDLT_UNDECIDED,
                             .numbers = e->numbers,
                             .directions = e->coefficient.directions,
                             .p = NAN,
                             .worst_z = NAN,
                             .fit_p = NAN,
                             .null_z = NAN,
                             .members_needed = NAN};
  if (!pdlt_evidence_tested(e)) {
    snprintf(out->reason, sizeof out->reason,
             "too few widths: %zu can be used (no diverged members, error bars), a fit of degree "
             "%d needs %zu",
             e->widths, degree, e->needed);
    return;
  }
  out->p = p_of(e);
  out->worst_z = e->worst_z;
  out->fit_p = e->fit.p;
  out->null_z = e->null_z;
  out->members_needed = members_needed(e);
  if (e->broken) {
    snprintf(out->reason, sizeof out->reason,
             "a number without statistical error differs from theory by more "
             "than its numerical error");
    out->verdict = PDLT_DISAGREE;
  } else if (out->p < share) {
    snprintf(
        out->reason, sizeof out->reason,
        "measured %s is not that of theory: p = %.2g is below this test's share %.2g of the level",
        out->coefficient, out->p, share);
    out->verdict = PDLT_DISAGREE;
  } else {
    out->verdict = weigh(out, e, degree);
  }
}

static int far_from_null(const pdlt_coefficient *c) {
  return fabs(c->null - c->theory) >= PDLT_NULL_DISTANCE * c->se;
}

pdlt_verdict pdlt_verdict_row(const pdlt_compare_row *row, double p0, double p1, double share) {
  if (p0 < share || p1 < share) return PDLT_DISAGREE;
  if (!row->c0.tested || !far_from_null(&row->c0)) return PDLT_UNDECIDED;
  if (row->c1.tested && !far_from_null(&row->c1)) return PDLT_UNDECIDED;
  return row->fit_p < PDLT_BAD_FIT ? PDLT_UNDECIDED : PDLT_AGREE;
}
