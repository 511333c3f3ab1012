/* verdict.c - from evidence to a verdict and its reason; see verdict.h. */
#include "compare/verdict/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare/text/order.h"

const char *pdlt_verdict_text(pdlt_verdict verdict) {
  static const char *const texts[] = {"agree", "undecided", "disagree"};
  return texts[verdict];
}

int pdlt_evidence_tested(const pdlt_evidence *evidence) {
  return evidence->widths >= evidence->needed && evidence->numbers > 0;
}

double pdlt_evidence_p(const pdlt_evidence *e) {
  if (e->broken) return 0.0;
  return e->exact == e->numbers ? 1.0 : e->coefficient.p;
}

/* 4 total errors, relative to the largest predicted number. */
static double bound_of(const pdlt_evidence *e) {
  return e->largest > 0.0 ? PDLT_NULL_DISTANCE * e->largest_se / e->largest : NAN;
}

static int predicts_nothing(const pdlt_evidence *e) { return !(e->null_z > 0.0); }

/* Share of one kind in the variance that hides the null hypothesis. */
static double share_of(const pdlt_evidence *e, int kind) {
  double sum = 0.0;
  for (int k = 0; k < PDLT_ERROR_KINDS; k++) sum += e->share[k];
  return sum > 0.0 ? e->share[kind] / sum : 0.0;
}

/* The variance at which null_z is 4, over today's. */
static double variance_allowed(const pdlt_evidence *e) {
  return e->null_z * e->null_z / (PDLT_NULL_DISTANCE * PDLT_NULL_DISTANCE);
}

/* By which factor the variance of one kind must fall so that null_z is 4, when the others stay;
 * NaN: they are too large by themselves. */
static double fall_needed(const pdlt_evidence *e, int kind) {
  const double share = share_of(e, kind), left = variance_allowed(e) - (1.0 - share);
  return left > 0.0 ? fmin(left / share, 1.0) : NAN;
}

static double members_needed(const pdlt_evidence *e) {
  if (predicts_nothing(e)) return NAN;
  if (e->null_z >= PDLT_NULL_DISTANCE)
    return ceil(e->members * pow(PDLT_NULL_DISTANCE / e->null_z, 2.0));
  const double fall = fall_needed(e, PDLT_ERROR_STATISTICAL);
  return ceil(e->members / fall);
}

/* The truncation error of c_k falls as h^((degree + 1 - k) power) with the widths. */
static double width_needed(const pdlt_evidence *e, int degree) {
  const double share = share_of(e, PDLT_ERROR_TRUNCATION);
  const double fall = sqrt(0.5 * variance_allowed(e) / share); /* half of what is allowed */
  return ceil(e->smallest * pow(fall, -1.0 / (e->h_power * (degree + 1 - e->power))));
}

static const char *null_text(const pdlt_evidence *e) {
  return e->power == 1 ? "0" : e->vanishes ? "no fall with the width" : "2 % off";
}

/* What is known, in plain numbers. */
static void add_known(pdlt_compare_test *out, const pdlt_evidence *e) {
  const size_t length = strlen(out->reason);
  char *to = out->reason + length;
  const size_t size = sizeof out->reason - length;
  const double percent = 100.0 * out->bound;
  if (isfinite(percent))
    snprintf(to, size, percent < 99.5 ? "; %s agrees within %.2g %%" : "; %s agrees within %.0f %%",
             out->coefficient, percent);
  else
    snprintf(to, size, "; %s is 0 within %.2g", out->coefficient,
             PDLT_NULL_DISTANCE * e->largest_se);
}

/* Too little is known to tell theory from its null hypothesis: which error, and what would do. */
static void explain_null(pdlt_compare_test *out, const pdlt_evidence *e, int degree) {
  const double statistical = share_of(e, PDLT_ERROR_STATISTICAL);
  const double numerical = share_of(e, PDLT_ERROR_NUMERICAL);
  const double truncation = share_of(e, PDLT_ERROR_TRUNCATION);
  char apart[120];
  snprintf(apart, sizeof apart, "theory and its null hypothesis (%s) are %.2g total errors apart",
           null_text(e), e->null_z);
  if (numerical >= statistical && numerical >= truncation)
    snprintf(out->reason, sizeof out->reason,
             "numerical error too large: %s; no number of members helps, but a smaller "
             "theory.tolerance, double arithmetic or better conditioned data",
             apart);
  else if (truncation >= statistical)
    snprintf(out->reason, sizeof out->reason,
             "truncation error too large: %s; widths from about n = %.0f on, or a higher "
             "compare.degree with more widths, would do",
             apart, width_needed(e, degree));
  else if (isfinite(out->members_needed))
    snprintf(out->reason, sizeof out->reason, "too few members: %s, about %.0f per width would do",
             apart, out->members_needed);
  else
    snprintf(out->reason, sizeof out->reason,
             "too few members and too narrow: %s; more members at widths from about n = %.0f on "
             "would do",
             apart, width_needed(e, degree));
}

/* Why nothing was tested. */
static void explain_untested(char *out, size_t size, const pdlt_evidence *e, int degree) {
  char rest[80] = "no width would be within: a smaller eta would do";
  if (e->beyond_reach == 0) {
    snprintf(
        out, size,
        "too few widths: %zu can be used (with error bars, every member trained), a fit of degree "
        "%d needs %zu",
        e->widths, degree, e->needed);
    return;
  }
  if (isfinite(e->width_within))
    snprintf(rest, sizeof rest, "widths from n = %.0f on would be within", e->width_within);
  snprintf(out, size,
           "widths out of reach of order %s: %zu (%s); %zu can be used, a fit of degree %d needs "
           "%zu; %s",
           pdlt_order_of(e->h_power)->plain, e->beyond_reach, e->why_beyond, e->widths, degree,
           e->needed, rest);
}

/* c0, c1; a0, a where theory is another at each width. */
static const char *coefficient_name(const pdlt_evidence *e) {
  if (e->follows) return e->power == 0 ? "a0" : "a";
  return e->power == 0 ? "c0" : "c1";
}

/* 1 when a deviation refutes: a fit of a low degree does not say how fast corrections grow, and what
 * it leaves out looks like an error of theory (docs/statistics.md, "Degrees that refute"). */
static int refutes(const pdlt_evidence *e, int degree, double share) {
  if (degree >= PDLT_REFUTING_DEGREE) return 1;
  return e->check_p < share && !(e->check_fit_p < PDLT_BAD_FIT);
}

/* Why it does not, and what would do. */
static void explain_check(char *out, size_t size, const pdlt_evidence *e, int degree) {
  char found[80] = "";
  if (e->check_fit_p < PDLT_BAD_FIT)
    snprintf(found, sizeof found, ", and one of degree %d is bad (p = %.2g)", PDLT_REFUTING_DEGREE,
             e->check_fit_p);
  else if (isfinite(e->check_p))
    snprintf(found, sizeof found, " but not with degree %d (p = %.2g)", PDLT_REFUTING_DEGREE,
             e->check_p);
  snprintf(
      out, size,
      "degree of the fit too low: %s is off with degree %d (p = %.2g)%s, so it may be what the "
      "fit leaves out; compare.degree %d or more with at least %d widths, or wider networks, "
      "would tell",
      coefficient_name(e), degree, pdlt_evidence_p(e), found, PDLT_REFUTING_DEGREE,
      PDLT_REFUTING_DEGREE + 2);
}

pdlt_verdict pdlt_verdict_test(const pdlt_evidence *e, int degree, double share, char *reason,
                               size_t size) {
  const double p = pdlt_evidence_p(e);
  if (!pdlt_evidence_tested(e)) {
    explain_untested(reason, size, e, degree);
    return PDLT_UNDECIDED;
  }
  if (e->h_power < 1.0 && degree < 2 && (e->broken || p < share)) {
    snprintf(reason, size,
             "with a kink the coefficient of h can be much larger than that of h^(1/2), and a fit "
             "of degree %d "
             "cannot tell (p = %.2g); use compare.degree 2 or more",
             degree, p);
    return PDLT_UNDECIDED;
  }
  if ((e->broken || (p < share && !(e->fit.p < PDLT_BAD_FIT))) && !refutes(e, degree, share)) {
    explain_check(reason, size, e, degree);
    return PDLT_UNDECIDED;
  }
  if (e->broken) {
    snprintf(reason, size,
             "a number without statistical error differs from theory by more than its numerical "
             "error");
    return PDLT_DISAGREE;
  }
  if (e->fit.p < PDLT_BAD_FIT) { /* proves nothing about theory */
    snprintf(reason, size,
             "widths too small for a fit of degree %d: what it leaves has p = %.2g; wider "
             "networks, or a higher compare.degree with more widths",
             degree, e->fit.p);
    return PDLT_UNDECIDED;
  }
  if (p < share) {
    snprintf(reason, size,
             "measured %s is not that of theory: p = %.2g is below this test's share %.2g of the "
             "level",
             coefficient_name(e), p, share);
    return PDLT_DISAGREE;
  }
  snprintf(reason, size, "no deviation (p = %.2g)", p);
  return PDLT_AGREE;
}

/* What the null hypothesis says of a test that did not fail. */
static void weigh(pdlt_compare_test *out, const pdlt_evidence *e, int degree) {
  if (predicts_nothing(e)) {
    snprintf(out->reason, sizeof out->reason, "predicted and measured as 0 (p = %.2g)", out->p);
  } else if (!(e->null_z >= PDLT_NULL_DISTANCE)) {
    out->verdict = PDLT_UNDECIDED;
    explain_null(out, e, degree);
  } else {
    const size_t length = strlen(out->reason);
    snprintf(out->reason + length, sizeof out->reason - length,
             "; the null hypothesis is %.3g total errors away", e->null_z);
  }
  add_known(out, e);
}

/* The null hypothesis is 0 for a and 2 % more than 1 for a0: how far of the way there. */
static void measure_a(pdlt_compare_test *out, const pdlt_evidence *e) {
  const double way = e->power == 1 ? -1.0 : PDLT_NULL_SHIFT;
  if (!(e->coefficient.null_z > 0.0) || (e->power == 0 && e->vanishes)) return;
  out->a = 1.0 + way * e->coefficient.toward;
  out->a_se = fabs(way) / e->coefficient.null_z;
}

void pdlt_verdict_decide(pdlt_compare_test *out, const pdlt_evidence *e, const char *quantity,
                         int degree, double share) {
  *out = (pdlt_compare_test){.quantity = quantity,
                             .coefficient = coefficient_name(e),
                             .numbers = e->numbers,
                             .directions = e->coefficient.directions,
                             .p = NAN,
                             .worst_z = NAN,
                             .fit_p = NAN,
                             .null_z = NAN,
                             .members_needed = NAN,
                             .statistical = NAN,
                             .numerical = NAN,
                             .truncation = NAN,
                             .a = NAN,
                             .a_se = NAN,
                             .bound = NAN};
  out->verdict = pdlt_verdict_test(e, degree, share, out->reason, sizeof out->reason);
  if (!pdlt_evidence_tested(e)) return;
  out->p = pdlt_evidence_p(e);
  out->worst_z = e->worst.z;
  out->statistical = e->worst.statistical;
  out->numerical = e->worst.numerical;
  out->truncation = e->worst.truncation;
  out->fit_p = e->fit.p;
  out->null_z = e->null_z;
  out->members_needed = members_needed(e);
  out->bound = bound_of(e);
  if (e->follows) measure_a(out, e);
  if (out->verdict == PDLT_AGREE) weigh(out, e, degree);
  if (isfinite(out->a)) {
    const size_t length = strlen(out->reason);
    snprintf(out->reason + length, sizeof out->reason - length, "; %s = %.3g +- %.2g, 1 in theory",
             out->coefficient, out->a, out->a_se);
  }
}

static int far_from_null(const pdlt_coefficient *c) {
  const double shift = fabs(c->null - c->theory);
  return shift == 0.0 || shift >= PDLT_NULL_DISTANCE * c->se;
}

pdlt_verdict pdlt_verdict_row(const pdlt_compare_row *row, double p0, double p1, double share) {
  if (row->fit_p < PDLT_BAD_FIT) return PDLT_UNDECIDED;
  if (p0 < share || p1 < share) return PDLT_DISAGREE;
  if (!row->c0.tested || !far_from_null(&row->c0)) return PDLT_UNDECIDED;
  return row->c1.tested && !far_from_null(&row->c1) ? PDLT_UNDECIDED : PDLT_AGREE;
}
