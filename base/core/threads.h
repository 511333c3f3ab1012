/* threads.h - how many threads to use.
 *
 * Is not: a thread pool; the libraries run OpenMP loops over the number they are given. */
#ifndef PDLT_BASE_CORE_THREADS_H
#define PDLT_BASE_CORE_THREADS_H

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_MAX_THREADS = 4096 };

/* Number of processors this process may run on (its affinity mask), 1 .. PDLT_MAX_THREADS. */
int pdlt_threads_default(void);

/* Errors: PDLT_ERR_INPUT unless 1 <= threads <= PDLT_MAX_THREADS. */
pdlt_status pdlt_threads_check(long threads, pdlt_error *err);

/* Starts the threads that OpenMP will use from this thread, so that none has to be made later, where
 * it could not be refused: OpenMP ends the program then. There is room for one thread more. Errors:
 * PDLT_ERR_MEMORY when the system does not give so many. Cost: none when as many are there already. */
pdlt_status pdlt_threads_reserve(int threads, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
