/* element.h - single numbers in the binary files of other programs.
 *
 * Is: kind, size and byte order of a number, and its value as a double.
 * Is not: a file format; idx (datasets/) and npy.h stand on it. */
#ifndef PDLT_BASE_FILE_ELEMENT_H
#define PDLT_BASE_FILE_ELEMENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { PDLT_ELEMENT_UNSIGNED, PDLT_ELEMENT_SIGNED, PDLT_ELEMENT_FLOAT } pdlt_element_kind;

/* Integers of 1, 2, 4 or 8 bytes, IEEE floats of 2, 4 or 8. */
typedef struct pdlt_element {
  pdlt_element_kind kind;
  size_t size; /* bytes */
  int big;     /* 1: the most significant byte comes first */
} pdlt_element;

/* The number that begins at bytes, which need not be aligned. 1, and *out its value; 0, and
 * *out untouched, when it is an integer beyond 2^53, which has no exact double. NaN and
 * infinities of floats are values. */
int pdlt_element_value(const pdlt_element *type, const unsigned char *bytes, double *out);

#ifdef __cplusplus
}
#endif
#endif
