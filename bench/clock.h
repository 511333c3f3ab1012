/* clock.h - seconds by one of the system's clocks.
 *
 * Is: CLOCK_MONOTONIC for wall time; CLOCK_THREAD_CPUTIME_ID and CLOCK_PROCESS_CPUTIME_ID for
 * processor time, which other work on the machine changes little.
 * Is not: a header of the libraries; benchmarks include it. */
#ifndef PDLT_BENCH_CLOCK_H
#define PDLT_BENCH_CLOCK_H

#include <time.h>

static inline double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
