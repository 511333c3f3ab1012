/* until.h - when an ensemble is large enough: the error of the coefficient of 1/n, or of n^(-1/2).
 *
 * Is: ensemble.until (docs/trainer/runs.md, "Until a precision"): fixed numbers of members at
 * which the run looks, and what it sees there. A function of the records alone, so threads,
 * ranks and interruptions do not change when a run ends.
 * Is not: theory; the trainer knows no expected value. */
#ifndef PDLT_TRAINER_OUTPUT_UNTIL_H
#define PDLT_TRAINER_OUTPUT_UNTIL_H

#include "base/experiment/experiment.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The first number of members after `members` (0: the first at all) at which to look:
 * 2048, 2880, 4096, 5760, ..., a factor of about sqrt 2 each time, at most max_members. */
long pdlt_until_next(const pdlt_until *until, long members);

typedef struct pdlt_until_look {
  size_t widths;   /* that entered the fit */
  double error;    /* largest standard error of c1, c0 fixed */
  double scale;    /* what it is compared with; 0: not known yet */
  double relative; /* largest (error of an entry)/(its scale); NAN while unknown */
  int reached;     /* relative <= what is wanted */
  int hopeless;    /* 1: fewer widths than a fit needs; more members will not help */
} pdlt_until_look;

/* Looks at measured arrays (n<n>/NAME, _se, diverged, unconverged, unstable). Errors:
 * PDLT_ERR_MEMORY. Cost: entries times widths times degree^2. */
pdlt_status pdlt_until_look_at(pdlt_until_look *out, const pdlt_experiment *ex,
                               const pdlt_archive *measured, pdlt_error *err);

/* Members that would do, from what `members` gave; 0 while unknown. */
double pdlt_until_needed(const pdlt_until_look *look, const pdlt_until *until, double members);

/* Adds the key `until` to the metadata: what was wanted and what was reached. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_until_meta(pdlt_archive *measured, const pdlt_experiment *ex,
                            const pdlt_until_look *look, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
