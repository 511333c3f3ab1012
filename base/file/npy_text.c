/* npy_text.c - see npy_text.h. */
#include "base/file/npy_text.h"

#include <stdint.h>
#include <string.h>

#include "base/file/array.h"

static const char *skip_blanks(const char *at) {
  while (*at == ' ') at++;
  return at;
}

const char *pdlt_npy_accept(const char *at, const char *token) {
  if (at == NULL) return NULL;
  const size_t length = strlen(token);
  return strncmp(at, token, length) == 0 ? skip_blanks(at + length) : NULL;
}

static const char *parse_size(const char *at, size_t *out) {
  if (*at < '0' || *at > '9') return NULL;
  size_t value = 0;
  for (; *at >= '0' && *at <= '9'; at++) {
    if (value > (SIZE_MAX - 9) / 10) return NULL;
    value = 10 * value + (size_t)(*at - '0');
  }
  *out = value;
  return skip_blanks(at);
}

const char *pdlt_npy_parse_shape(const char *at, int *ndim, size_t *dim) {
  at = pdlt_npy_accept(at, "(");
  while (at != NULL && *at != ')') {
    if (*ndim == PDLT_MAX_NDIM) return NULL;
    at = parse_size(at, &dim[(*ndim)++]);
    if (at != NULL && *at != ')') at = pdlt_npy_accept(at, ",");
  }
  return pdlt_npy_accept(at, ")");
}
