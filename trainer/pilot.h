/* pilot.h - which estimator gives the smallest error bar for the work.
 *
 * Is: a fixed number of draws outside the run, at the smallest and the largest width,
 * and a count of flops; never a clock, so the choice is the same on every run.
 * Is not: part of the result; the run draws other members. */
#ifndef PDLT_TRAINER_PILOT_H
#define PDLT_TRAINER_PILOT_H

#include "trainer/block.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_PILOT_DRAWS = 64 };
#define PDLT_PILOT_MEMBER ((uint64_t)1 << 62) /* first member of the pilot */

typedef struct pdlt_pilot {
  int antithetic; /* the choice */
  size_t survivors[2];
  /* smallest and largest width: variance per draw of z, summed over times, outputs and
   * samples, and flops per draw */
  double variance_plain[2], variance_antithetic[2];
  double flops_plain[2], flops_antithetic[2];
} pdlt_pilot;

/* antithetic when its variance times flops is the smaller, on average over the two
 * widths of the ratio. Fewer than 8 surviving pairs decide for plain. Errors:
 * PDLT_ERR_MEMORY, PDLT_ERR_INTERRUPTED. */
pdlt_status pdlt_pilot_run(pdlt_pilot *out, const pdlt_plan *plan, int threads,
                           const volatile sig_atomic_t *stop, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
