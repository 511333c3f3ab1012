/* memory.c - see memory.h. */
#include "base/core/memory.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_long calls_until_failure = -1;

static int injected_failure(void) {
  if (atomic_load_explicit(&calls_until_failure, memory_order_relaxed) < 0) return 0;
  return atomic_fetch_sub(&calls_until_failure, 1) == 0;
}

void pdlt_memory_fail_after(long calls) { atomic_store(&calls_until_failure, calls); }

pdlt_status pdlt_alloc(void *out, size_t count, size_t size, pdlt_error *err) {
  void *block = NULL;
  memcpy(out, &block, sizeof block);
  if (size != 0 && count > (SIZE_MAX - PDLT_ALIGNMENT) / size)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "an array of %zu x %zu bytes does not fit into memory",
                     count, size);
  size_t bytes = count * size;
  size_t rounded = (bytes / PDLT_ALIGNMENT + 1) * PDLT_ALIGNMENT;
  if (!injected_failure()) block = aligned_alloc(PDLT_ALIGNMENT, rounded);
  if (block == NULL)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: %zu bytes were asked for", bytes);
  memset(block, 0, rounded);
  memcpy(out, &block, sizeof block);
  return PDLT_OK;
}

void pdlt_free(void *block) { free(block); }

pdlt_status pdlt_strdup(char **out, const char *text, pdlt_error *err) {
  size_t length = strlen(text);
  pdlt_status status = pdlt_alloc(out, length + 1, 1, err);
  if (status == PDLT_OK) memcpy(*out, text, length + 1);
  return status;
}
