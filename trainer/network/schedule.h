/* schedule.h - when outputs are recorded and when training ends.
 *
 * Is: recorded times, and the bounds at which a network has converged or diverged.
 * Is not: the loop over steps (trainer/draw/member.h). */
#ifndef PDLT_TRAINER_NETWORK_SCHEDULE_H
#define PDLT_TRAINER_NETWORK_SCHEDULE_H

#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_schedule {
  size_t num_times;
  const double *times; /* (T) steps, increasing; with to_end: {0, INFINITY}; borrowed */
  int to_end;          /* train until max|eps| < converged on training samples */
  long max_steps;      /* of to_end */
  double converged;    /* 1e-9 (1 + max|y|) */
  double limit;        /* 1e6 (1 + max|y|): beyond it a network has diverged */
} pdlt_schedule;

/* converged and limit for targets of size 0. */
#define PDLT_CONVERGED 1e-9
#define PDLT_LIMIT 1e6

/* The schedule of ex, which it borrows, on these samples. */
pdlt_schedule pdlt_schedule_make(const pdlt_experiment *ex, const pdlt_samples *data);

#ifdef __cplusplus
}
#endif
#endif
