/* memory.h - the one allocator: checked for overflow, aligned, zeroed.
 *
 * Is: heap blocks for arrays and structures of the library.
 * Is not: a pool or a garbage collector; each block is freed by pdlt_free. */
#ifndef PDLT_BASE_CORE_MEMORY_H
#define PDLT_BASE_CORE_MEMORY_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_ALIGNMENT = 64 }; /* bytes: one cache line, one AVX-512 vector */

/* count * size zeroed bytes, aligned to PDLT_ALIGNMENT, into *out; the caller
 * owns the block and frees it with pdlt_free. A request of zero bytes gives a
 * valid, freeable block. Errors: PDLT_ERR_MEMORY, naming the size, on overflow
 * or when the system has no more; *out is then NULL. */
pdlt_status pdlt_alloc(void *out, size_t count, size_t size, pdlt_error *err);

/* The same without zeros, for large arrays that are written whole before they are read; from 4 MiB on it
 * asks the system for large pages. Threads that write it first share the cost of new pages. */
pdlt_status pdlt_alloc_unset(void *out, size_t count, size_t size, pdlt_error *err);

/* The next count doubles of a block that several views share; *next moves behind them. */
static inline double *pdlt_take(double **next, size_t count) {
  double *view = *next;
  *next += count;
  return view;
}

/* Frees a block of pdlt_alloc; NULL is allowed. */
void pdlt_free(void *block);

/* Copy of a string, owned by the caller (pdlt_free). */
pdlt_status pdlt_strdup(char **out, const char *text, pdlt_error *err);

/* Test hook: the n-th following call of pdlt_alloc fails (0: the next one);
 * negative: never (the default). */
void pdlt_memory_fail_after(long calls);

#ifdef __cplusplus
}
#endif
#endif
