/* npy.c - see npy.h. Headers are parsed strictly, and nothing is believed that the file does not
 * hold. */
#include "base/file/npy.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/npy_text.h"
#include "base/file/zip.h"

enum { MAGIC = 8, MAX_HEADER = 1 << 16 };

/* What is being read; for messages. */
typedef struct source {
  const char *path, *name; /* name: array of an archive, or NULL */
  pdlt_error *err;
} source;

static pdlt_status bad(const source *from, const char *what) {
  return pdlt_fail(from->err, PDLT_ERR_INPUT, "%s: %s%s%s", from->path,
                   from->name != NULL ? from->name : "", from->name != NULL ? ": " : "", what);
}

void pdlt_npy_free(pdlt_npy *array) {
  if (array == NULL) return;
  pdlt_free(array->bytes);
  memset(array, 0, sizeof *array);
}

void pdlt_npy_shape(const pdlt_npy *array, char out[PDLT_NPY_SHAPE_LENGTH]) {
  size_t used = (size_t)snprintf(out, PDLT_NPY_SHAPE_LENGTH, "(");
  for (int i = 0; i < array->ndim; i++)
    used += (size_t)snprintf(out + used, PDLT_NPY_SHAPE_LENGTH - used, "%s%zu", i > 0 ? ", " : "",
                             array->dim[i]);
  snprintf(out + used, PDLT_NPY_SHAPE_LENGTH - used, array->ndim == 1 ? ",)" : ")");
}

/* --- The header: a Python dictionary --- */

static const struct {
  const char *text; /* without the mark of byte order */
  pdlt_element_kind kind;
  size_t size;
} types[] = {{"b1", PDLT_ELEMENT_UNSIGNED, 1}, {"u1", PDLT_ELEMENT_UNSIGNED, 1},
             {"u2", PDLT_ELEMENT_UNSIGNED, 2}, {"u4", PDLT_ELEMENT_UNSIGNED, 4},
             {"u8", PDLT_ELEMENT_UNSIGNED, 8}, {"i1", PDLT_ELEMENT_SIGNED, 1},
             {"i2", PDLT_ELEMENT_SIGNED, 2},   {"i4", PDLT_ELEMENT_SIGNED, 4},
             {"i8", PDLT_ELEMENT_SIGNED, 8},   {"f2", PDLT_ELEMENT_FLOAT, 2},
             {"f4", PDLT_ELEMENT_FLOAT, 4},    {"f8", PDLT_ELEMENT_FLOAT, 8}};

/* '<f8'; NULL: another type. */
static const char *parse_type(const char *at, pdlt_npy *out) {
  if (at[0] != '\'' || at[1] == '\0' || strchr("<>|", at[1]) == NULL) return NULL;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    const char *end = pdlt_npy_accept(pdlt_npy_accept(at + 2, types[i].text), "'");
    if (end == NULL || (at[1] == '|' && types[i].size > 1)) continue;
    out->type = (pdlt_element){types[i].kind, types[i].size, at[1] == '>'};
    return end;
  }
  return NULL;
}

static pdlt_status wrong_type(const source *from, const char *value) {
  char text[96];
  const size_t length = strcspn(value + (value[0] == '\''), "'");
  snprintf(text, sizeof text,
           "elements of type %.*s; only float16, float32, float64, integers and bool are read",
           (int)(length < 24 ? length : 24), value + (value[0] == '\''));
  return bad(from, text);
}

/* Count and strides from the shape; bytes: that follow the header. */
static pdlt_status measure(const source *from, pdlt_npy *out, int fortran, size_t bytes) {
  size_t count = 1;
  for (int i = 0; i < out->ndim; i++)
    if (out->dim[i] == 0) count = 0;
  for (int i = 0; i < out->ndim; i++) {
    if (out->dim[i] != 0 && count > bytes / out->dim[i])
      return bad(from, "the array has another length than its shape says");
    count *= out->dim[i];
  }
  if (bytes % out->type.size != 0 || bytes / out->type.size != count)
    return bad(from, "the array has another length than its shape says");
  out->count = count;
  size_t stride = 1;
  for (int i = 0; i < out->ndim; i++) {
    const int k = fortran ? i : out->ndim - 1 - i;
    out->stride[k] = stride;
    stride *= out->dim[k];
  }
  return PDLT_OK;
}

static pdlt_status parse_header(const source *from, const char *text, pdlt_npy *out, int *fortran) {
  const char *at = pdlt_npy_accept(text, "{"), *value = NULL;
  int seen[3] = {0};
  while (at != NULL && *at != '}') {
    if ((value = pdlt_npy_accept(pdlt_npy_accept(at, "'descr'"), ":")) != NULL) {
      if ((at = parse_type(value, out)) == NULL) return wrong_type(from, value);
      seen[0]++;
    } else if ((value = pdlt_npy_accept(pdlt_npy_accept(at, "'fortran_order'"), ":")) != NULL) {
      *fortran = pdlt_npy_accept(value, "True") != NULL;
      at = pdlt_npy_accept(value, *fortran ? "True" : "False");
      seen[1]++;
    } else if ((value = pdlt_npy_accept(pdlt_npy_accept(at, "'shape'"), ":")) != NULL) {
      if (seen[2]++ > 0 || (at = pdlt_npy_parse_shape(value, &out->ndim, out->dim)) == NULL)
        return bad(from, "the shape is not one of at most 8 dimensions");
    } else {
      return bad(from, "the header of the array is not understood");
    }
    if (at != NULL && *at != '}') at = pdlt_npy_accept(at, ",");
  }
  at = pdlt_npy_accept(at, "}");
  if (at == NULL || strcmp(at, "\n") != 0 || seen[0] != 1 || seen[1] != 1 || seen[2] != 1)
    return bad(from, "the header of the array is not understood");
  return PDLT_OK;
}

/* Size bytes of a whole array, which *out takes over on success. */
static pdlt_status take(const source *from, char *bytes, size_t size, pdlt_npy *out) {
  const unsigned char *byte = (const unsigned char *)bytes;
  pdlt_npy made = {.bytes = bytes};
  char *text = NULL;
  int fortran = 0;
  if (size < MAGIC + 4 || memcmp(bytes, "\x93NUMPY", 6) != 0)
    return bad(from, "not an array in NumPy's format");
  if (byte[6] < 1 || byte[6] > 3 || byte[7] != 0)
    return bad(from, "another version of NumPy's format than 1.0, 2.0, 3.0");
  const size_t start = byte[6] == 1 ? MAGIC + 2 : MAGIC + 4;
  size_t length = byte[8] | (size_t)byte[9] << 8;
  if (byte[6] > 1) length |= (size_t)byte[10] << 16 | (size_t)byte[11] << 24;
  if (length > MAX_HEADER || length > size - start)
    return bad(from, "the header of the array is too long, or the file is truncated");
  pdlt_status status = pdlt_alloc(&text, length + 1, 1, from->err);
  if (status != PDLT_OK) return status;
  memcpy(text, bytes + start, length);
  if (strlen(text) != length) PDLT_TRY(bad(from, "the header of the array is not understood"));
  PDLT_TRY(parse_header(from, text, &made, &fortran));
  PDLT_TRY(measure(from, &made, fortran, size - start - length));
  made.data = byte + start + length;
  *out = made;
cleanup:
  pdlt_free(text);
  return status;
}

pdlt_status pdlt_npy_read(pdlt_npy *out, const char *path, pdlt_error *err) {
  const source from = {path, NULL, err};
  char *bytes = NULL;
  size_t size = 0;
  pdlt_status status = pdlt_file_read(path, PDLT_NPY_MAX_BYTES, &bytes, &size, err);
  if (status != PDLT_OK) return status;
  if (size >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0)
    status = bad(&from, "a .npz archive of arrays, not one array");
  else
    status = take(&from, bytes, size, out);
  if (status != PDLT_OK) pdlt_free(bytes);
  return status;
}

/* --- Archives --- */

static pdlt_status no_member(const source *from, const pdlt_zip_reader *zip) {
  enum { LENGTH = 300 };
  char names[LENGTH + 64] = "";
  size_t used = 0;
  for (size_t k = 0; k < pdlt_zip_count(zip) && used < LENGTH; k++) {
    const char *name = pdlt_zip_name(zip, k);
    const size_t length = strlen(name), cut = length > 4 ? length - 4 : length;
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s", k > 0 ? ", " : "",
                             (int)(cut < 48 ? cut : 48), name);
  }
  return pdlt_fail(from->err, PDLT_ERR_INPUT, "%s: no array %s; it holds %s", from->path,
                   from->name, used > 0 ? names : "none");
}

/* Entry NAME.npy, or the count of entries. */
static size_t find_member(const pdlt_zip_reader *zip, const char *name) {
  const size_t length = strlen(name);
  for (size_t k = 0; k < pdlt_zip_count(zip); k++) {
    const char *entry = pdlt_zip_name(zip, k);
    if (strncmp(entry, name, length) == 0 && strcmp(entry + length, ".npy") == 0) return k;
  }
  return pdlt_zip_count(zip);
}

pdlt_status pdlt_npy_read_member(pdlt_npy *out, const char *path, const char *name,
                                 pdlt_error *err) {
  const source from = {path, name, err};
  pdlt_zip_reader *zip = NULL;
  char *bytes = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_zip_reader_new(&zip, path, err));
  const size_t k = find_member(zip, name);
  if (k == pdlt_zip_count(zip)) PDLT_TRY(no_member(&from, zip));
  const size_t size = (size_t)pdlt_zip_size(zip, k);
  if (size > PDLT_NPY_MAX_BYTES) PDLT_TRY(bad(&from, "the array is too large"));
  PDLT_TRY(pdlt_alloc(&bytes, size, 1, err));
  PDLT_TRY(pdlt_zip_open(zip, k, err));
  PDLT_TRY(pdlt_zip_read(zip, bytes, size, err));
  PDLT_TRY(pdlt_zip_close(zip, err));
  PDLT_TRY(take(&from, bytes, size, out));
  bytes = NULL;
cleanup:
  pdlt_free(bytes);
  pdlt_zip_reader_free(zip);
  return status;
}
