/* npy.h - one array of a NumPy file (.npy, or of a .npz archive), as any program may write it.
 *
 * Is: formats 1.0, 2.0 and 3.0; bool, integers of 8 to 64 bits, float32 and float64, little and
 * big endian, C and Fortran order; up to PDLT_MAX_NDIM dimensions.
 * Is not: the reader of our own archives (npz.h); float16, complex numbers, text and objects are
 * refused by name. */
#ifndef PDLT_BASE_FILE_NPY_H
#define PDLT_BASE_FILE_NPY_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/file/array.h"
#include "base/file/element.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers stay as they are in the file until they are asked for. */
typedef struct pdlt_npy {
  pdlt_element type;
  int ndim;
  size_t dim[PDLT_MAX_NDIM];
  size_t stride[PDLT_MAX_NDIM]; /* numbers from one index to the next */
  size_t count;
  char *bytes;               /* owned: the file or the entry of the archive */
  const unsigned char *data; /* (count) numbers in the order of the file, into bytes */
} pdlt_npy;

/* Reads a .npy file of at most PDLT_NPY_MAX_BYTES. *out is owned by the caller (pdlt_npy_free), untouched on failure. Errors:
 * PDLT_ERR_INPUT `FILE: what is wrong`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_npy_read(pdlt_npy *out, const char *path, pdlt_error *err);
#define PDLT_NPY_MAX_BYTES ((size_t)1 << 34)

/* Reads array `name` of a .npz archive, its CRC checked. Errors: as above, `FILE: NAME: ...`; without
 * such an array the message names those that are there. */
pdlt_status pdlt_npy_read_member(pdlt_npy *out, const char *path, const char *name,
                                 pdlt_error *err);

void pdlt_npy_free(pdlt_npy *array);

/* "(60, 28, 28)", as NumPy writes it. */
enum { PDLT_NPY_SHAPE_LENGTH = 24 * PDLT_MAX_NDIM };
void pdlt_npy_shape(const pdlt_npy *array, char out[PDLT_NPY_SHAPE_LENGTH]);

#ifdef __cplusplus
}
#endif
#endif
