/* threads.c - see threads.h. */
#include "base/core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
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

/* A thread that waits until all are there. */
static void *wait_for_all(void *gate) {
  pthread_mutex_lock(gate);
  pthread_mutex_unlock(gate);
  return NULL;
}

/* Whether that many threads can be had at once, beside this one: they are made and ended. */
static pdlt_status try_threads(int wanted, pdlt_error *err) {
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_t thread[PDLT_MAX_THREADS];
  int made = 0, reason = 0;
  pthread_mutex_lock(&gate);
  while (reason == 0 && made < wanted) {
    reason = pthread_create(&thread[made], NULL, wait_for_all, &gate);
    made += reason == 0;
  }
  pthread_mutex_unlock(&gate);
  for (int k = 0; k < made; k++) pthread_join(thread[k], NULL);
  if (reason == 0) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_MEMORY,
                   "no memory for %d threads, only for %d (%s); use fewer --threads", wanted + 1,
                   made + 1, strerror(reason));
}

pdlt_status pdlt_threads_reserve(int threads, pdlt_error *err) {
  static _Thread_local int reserved = 1; /* OpenMP keeps a crew for each thread that asks */
  if (threads <= reserved) return PDLT_OK;
  const pdlt_status status = try_threads(threads - 1, err);
  if (status != PDLT_OK) return status;
  int started = 0;
#pragma omp parallel num_threads(threads) reduction(+ : started)
  started++;
  reserved = started > 0 ? threads : reserved;
  return PDLT_OK;
}
