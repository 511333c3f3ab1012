/* threads.c - see threads.h. */
#include "base/core/threads.h"

#include <sched.h>
#include <unistd.h>

int pdlt_threads_default(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  long count = 0;
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
  /* The mask above has 1024 bits and the call fails on larger machines. */
  if (count < 1) count = sysconf(_SC_NPROCESSORS_ONLN);
  if (count < 1) return 1;
  return count > PDLT_MAX_THREADS ? PDLT_MAX_THREADS : (int)count;
}

pdlt_status pdlt_threads_check(long threads, pdlt_error *err) {
  if (threads >= 1 && threads <= PDLT_MAX_THREADS) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INPUT, "the number of threads is %ld; from 1 to %d would be right",
                   threads, (int)PDLT_MAX_THREADS);
}
