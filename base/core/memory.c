/* memory.c - see memory.h. */
#include "base/core/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20) /* bytes */

static atomic_long calls_until_failure = -1;

static int injected_failure(void) {
  if (atomic_load_explicit(&calls_until_failure, memory_order_relaxed) < 0) return 0;
  return atomic_fetch_sub(&calls_until_failure, 1) == 0;
}

void pdlt_memory_fail_after(long calls) { atomic_store(&calls_until_failure, calls); }

/* *rounded: bytes to the next multiple of the alignment. */
static pdlt_status allocate(void **block, size_t *rounded, size_t alignment, size_t count,
                            size_t size, pdlt_error *err) {
  *block = NULL;
  if (size != 0 && count > (SIZE_MAX - alignment) / size)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "an array of %zu x %zu bytes does not fit into memory",
                     count, size);
  const size_t bytes = count * size;
  *rounded = (bytes / alignment + 1) * alignment;
  if (!injected_failure()) *block = aligned_alloc(alignment, *rounded);
  if (*block == NULL)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: %zu bytes were asked for", bytes);
  return PDLT_OK;
}

pdlt_status pdlt_alloc(void *out, size_t count, size_t size, pdlt_error *err) {
  void *block;
  size_t rounded = 0;
  const pdlt_status status = allocate(&block, &rounded, PDLT_ALIGNMENT, count, size, err);
  if (status == PDLT_OK) memset(block, 0, rounded);
  memcpy(out, &block, sizeof block);
  return status;
}

pdlt_status pdlt_alloc_unset(void *out, size_t count, size_t size, pdlt_error *err) {
  const int large = size != 0 && count >= 2 * LARGE_PAGE / size;
  void *block;
  size_t rounded = 0;
  const pdlt_status status =
      allocate(&block, &rounded, large ? LARGE_PAGE : PDLT_ALIGNMENT, count, size, err);
#ifdef MADV_HUGEPAGE
  if (status == PDLT_OK && large) (void)madvise(block, rounded, MADV_HUGEPAGE);
#endif
  memcpy(out, &block, sizeof block);
  return status;
}

void pdlt_free(void *block) { free(block); }

pdlt_status pdlt_strdup(char **out, const char *text, pdlt_error *err) {
  size_t length = strlen(text);
  pdlt_status status = pdlt_alloc(out, length + 1, 1, err);
  if (status == PDLT_OK) memcpy(*out, text, length + 1);
  return status;
}
