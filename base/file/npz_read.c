/* npz_read.c - reading of .npz archives (see npz.h): headers are parsed strictly, and
 * nothing is allocated that the file cannot hold. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "base/file/npy_text.h"
#include "base/file/npz.h"
#include "base/file/zip.h"

enum { NPY_PREFIX = 10, NPY_MAX_HEADER = 4096, CHUNK = 8192 /* elements converted at a time */ };

typedef enum { TYPE_F8, TYPE_F4, TYPE_I8, TYPE_I4, TYPE_U1, TYPE_COUNT } npy_type;

static const struct {
  const char *text;
  size_t size;
} types[TYPE_COUNT] = {{"<f8", 8}, {"<f4", 4}, {"<i8", 8}, {"<i4", 4}, {"|u1", 1}};

/* What a header says. */
typedef struct npy_header {
  npy_type type;
  int ndim;
  size_t dim[PDLT_MAX_NDIM];
  size_t count;
} npy_header;

/* An array being read; for messages. */
typedef struct source {
  pdlt_zip_reader *zip;
  const char *path, *name;
  pdlt_progress *progress; /* may be NULL */
} source;

static pdlt_status bad(const source *from, const char *what, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s: %s", from->path, from->name, what);
}

static const char *parse_type(const char *at, npy_header *out) {
  for (int i = 0; i < TYPE_COUNT; i++) {
    const char *end =
        pdlt_npy_accept(pdlt_npy_accept(pdlt_npy_accept(at, "'"), types[i].text), "'");
    if (end == NULL) continue;
    out->type = (npy_type)i;
    return end;
  }
  return NULL;
}

/* Parses the dictionary. Errors name what is not read. */
static pdlt_status parse_header(const source *from, const char *text, npy_header *out,
                                pdlt_error *err) {
  const char *at = pdlt_npy_accept(text, "{"), *value = NULL;
  int seen[3] = {0};
  while (at != NULL && *at != '}') {
    if ((value = pdlt_npy_accept(pdlt_npy_accept(at, "'descr'"), ":")) != NULL) {
      if ((at = parse_type(value, out)) == NULL)
        return bad(from, "only float64, float32, int64, int32 and (meta) uint8 are read", err);
      seen[0]++;
    } else if ((value = pdlt_npy_accept(pdlt_npy_accept(at, "'fortran_order'"), ":")) != NULL) {
      if ((at = pdlt_npy_accept(value, "False")) == NULL)
        return bad(from, "only arrays in C order are read", err);
      seen[1]++;
    } else if ((value = pdlt_npy_accept(pdlt_npy_accept(at, "'shape'"), ":")) != NULL) {
      if (seen[2]++ > 0 || (at = pdlt_npy_parse_shape(value, &out->ndim, out->dim)) == NULL)
        return bad(from, "the shape is not one of at most 8 dimensions", err);
    } else {
      return bad(from, "the header of the array is not understood", err);
    }
    if (at != NULL && *at != '}') at = pdlt_npy_accept(at, ",");
  }
  at = pdlt_npy_accept(at, "}");
  if (at == NULL || strcmp(at, "\n") != 0 || seen[0] != 1 || seen[1] != 1 || seen[2] != 1)
    return bad(from, "the header of the array is not understood", err);
  out->count = 1;
  for (int i = 0; i < out->ndim; i++)
    if (out->dim[i] == 0) out->count = 0;
  for (int i = 0; i < out->ndim; i++) {
    if (out->count > SIZE_MAX / 8 / (out->dim[i] + (out->dim[i] == 0)))
      return bad(from, "the shape is too large", err);
    out->count *= out->dim[i];
  }
  return PDLT_OK;
}

/* Reads the header and checks that exactly the elements it promises follow. */
static pdlt_status read_header(const source *from, uint64_t size, npy_header *out,
                               pdlt_error *err) {
  unsigned char prefix[NPY_PREFIX];
  char text[NPY_MAX_HEADER + 1];
  if (size < NPY_PREFIX) return bad(from, "not an array", err);
  pdlt_status status = pdlt_zip_read(from->zip, prefix, NPY_PREFIX, err);
  if (status != PDLT_OK) return status;
  if (memcmp(prefix, "\x93NUMPY\x01\x00", 8) != 0)
    return bad(from, "not an array in NumPy's format 1.0", err);
  size_t length = prefix[8] | (size_t)prefix[9] << 8;
  if (length > NPY_MAX_HEADER || length > size - NPY_PREFIX)
    return bad(from, "the header of the array is too long", err);
  status = pdlt_zip_read(from->zip, text, length, err);
  if (status != PDLT_OK) return status;
  text[length] = 0;
  if (strlen(text) != length) return bad(from, "the header of the array is not understood", err);
  status = parse_header(from, text, out, err);
  if (status != PDLT_OK) return status;
  uint64_t rest = size - NPY_PREFIX - length;
  if (rest % types[out->type].size != 0 || rest / types[out->type].size != out->count)
    return bad(from, "the array has another length than its shape says", err);
  return PDLT_OK;
}

/* Converts count elements; 0 when an integer has no exact double. */
static int convert(npy_type type, const void *in, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) {
    if (type == TYPE_F4) {
      out[i] = (double)((const float *)in)[i];
    } else if (type == TYPE_I4) {
      out[i] = ((const int32_t *)in)[i];
    } else {
      int64_t value = ((const int64_t *)in)[i];
      if (value > (1LL << 53) || value < -(1LL << 53)) return 0;
      out[i] = (double)value;
    }
  }
  return 1;
}

static pdlt_status read_doubles(const source *from, size_t count, double *out, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t done = 0; done < count && status == PDLT_OK; done += CHUNK) {
    const size_t now = (count - done < CHUNK ? count - done : CHUNK) * sizeof *out;
    status = pdlt_zip_read(from->zip, out + done, now, err);
    pdlt_progress_add(from->progress, (double)now);
  }
  return status;
}

static pdlt_status read_array(const source *from, const npy_header *header, pdlt_array *out,
                              pdlt_error *err) {
  if (header->type == TYPE_U1) return bad(from, "uint8 is read for meta only", err);
  void *piece = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_array_new(out, header->ndim, header->dim, err));
  out->single = header->type == TYPE_F4;
  if (header->type == TYPE_F8) return read_doubles(from, header->count, out->data, err);
  PDLT_TRY(pdlt_alloc(&piece, CHUNK, types[header->type].size, err));
  for (size_t done = 0; done < header->count; done += CHUNK) {
    size_t now = header->count - done < CHUNK ? header->count - done : CHUNK;
    PDLT_TRY(pdlt_zip_read(from->zip, piece, now * types[header->type].size, err));
    if (!convert(header->type, piece, now, out->data + done))
      PDLT_TRY(bad(from, "an integer beyond 2^53 has no exact double", err));
  }
cleanup:
  pdlt_free(piece);
  return status;
}

static pdlt_status read_meta(const source *from, const npy_header *header, json_t **out,
                             pdlt_error *err) {
  if (header->type != TYPE_U1 || header->ndim != 1) return bad(from, "not a list of uint8", err);
  char *text = NULL;
  json_t *meta = NULL;
  pdlt_status status = pdlt_alloc(&text, header->count + 1, 1, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_zip_read(from->zip, text, header->count, err));
  status = pdlt_json_parse(&meta, text, header->count, err);
  if (status == PDLT_ERR_MEMORY) goto cleanup;
  if (!json_is_object(meta)) {
    json_decref(meta);
    PDLT_TRY(bad(from, "not a JSON object", err));
  }
  *out = meta;
cleanup:
  pdlt_free(text);
  return status;
}

/* Entry k into the archive, the CRC checked before anything is added. */
static pdlt_status read_entry(const source *from, size_t k, pdlt_archive *archive,
                              pdlt_error *err) {
  npy_header header = {0};
  pdlt_array array = {0};
  json_t *meta = NULL;
  int is_meta = strcmp(from->name, "meta") == 0;
  pdlt_status status = PDLT_OK;
  if (is_meta ? archive->meta != NULL : pdlt_archive_get(archive, from->name) != NULL)
    return bad(from, "the name stands twice in the file", err);
  PDLT_TRY(pdlt_zip_open(from->zip, k, err));
  PDLT_TRY(read_header(from, pdlt_zip_size(from->zip, k), &header, err));
  if (is_meta)
    PDLT_TRY(read_meta(from, &header, &meta, err));
  else
    PDLT_TRY(read_array(from, &header, &array, err));
  PDLT_TRY(pdlt_zip_close(from->zip, err));
  if (is_meta) {
    archive->meta = meta;
    meta = NULL;
  } else {
    PDLT_TRY(pdlt_archive_put(archive, from->name, &array, err));
  }
cleanup:
  json_decref(meta);
  pdlt_array_free(&array);
  return status;
}

pdlt_status pdlt_npz_read(pdlt_archive *archive, const char *path, pdlt_error *err) {
  return pdlt_npz_read_shown(archive, path, NULL, err);
}

/* About as many as the arrays have. */
static double bytes_in(const pdlt_zip_reader *zip) {
  double bytes = 0;
  for (size_t k = 0; k < pdlt_zip_count(zip); k++) bytes += (double)pdlt_zip_size(zip, k);
  return bytes;
}

pdlt_status pdlt_npz_read_shown(pdlt_archive *archive, const char *path, pdlt_progress *progress,
                                pdlt_error *err) {
  char label[64];
  pdlt_zip_reader *zip = NULL;
  pdlt_archive made = {0};
  char *name = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_zip_reader_new(&zip, path, err));
  const double bytes = bytes_in(zip);
  snprintf(label, sizeof label, "reading %s", path);
  pdlt_progress_start_short(progress, label, bytes);
  for (size_t k = 0; k < pdlt_zip_count(zip); k++) {
    pdlt_free(name);
    PDLT_TRY(pdlt_strdup(&name, pdlt_zip_name(zip, k), err));
    size_t length = strlen(name);
    source from = {zip, path, name, progress};
    if (length < 5 || strcmp(name + length - 4, ".npy") != 0)
      PDLT_TRY(bad(&from, "not an array (.npy)", err));
    name[length - 4] = 0;
    PDLT_TRY(read_entry(&from, k, &made, err));
  }
  pdlt_progress_update(progress, bytes);
  pdlt_progress_finish(progress);
  *archive = made;
  memset(&made, 0, sizeof made);
cleanup:
  pdlt_free(name);
  pdlt_zip_reader_free(zip);
  pdlt_archive_free(&made);
  return status;
}
