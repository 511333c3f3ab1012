/* npz_write.c - writing of .npz archives (see npz.h); npz_read.c reads them. */
#include "base/file/npz.h"

#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "base/file/zip.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "arrays are written as they lie in memory, which must be little endian"
#endif

/* The .npy header of NumPy's format 1.0: magic, length, a Python dictionary, blanks up to a
 * multiple of 64 bytes, newline. 8 dimensions of 20 digits fit well. */
enum { NPY_ALIGNMENT = 64, NPY_PREFIX = 10, NPY_MAX_HEADER = 512 };

static size_t npy_header(char out[NPY_MAX_HEADER], const char *type, int ndim, const size_t *dim) {
  static const char magic[8] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0}; /* version 1.0 */
  char shape[256];
  size_t used = 0;
  shape[0] = 0;
  for (int i = 0; i < ndim; i++)
    used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%zu%s", i > 0 ? " " : "", dim[i],
                             i + 1 < ndim || ndim == 1 ? "," : "");
  size_t length =
      (size_t)snprintf(out + NPY_PREFIX, NPY_MAX_HEADER - NPY_PREFIX,
                       "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape) +
      NPY_PREFIX;
  size_t total = (length / NPY_ALIGNMENT + 1) * NPY_ALIGNMENT;
  memset(out + length, ' ', total - length);
  out[total - 1] = '\n';
  memcpy(out, magic, sizeof magic);
  out[8] = (char)(unsigned char)((total - NPY_PREFIX) & 0xff);
  out[9] = (char)(unsigned char)((total - NPY_PREFIX) >> 8);
  return total;
}

/* In pieces that change nothing: the writer takes 64 KiB at a time. */
static pdlt_status put_data(pdlt_zip_writer *zip, const char *data, size_t size,
                            pdlt_progress *progress, pdlt_error *err) {
  const size_t most = (size_t)1 << 20;
  pdlt_status status = PDLT_OK;
  for (size_t done = 0; done < size && status == PDLT_OK;) {
    const size_t now = size - done < most ? size - done : most;
    status = pdlt_zip_entry_write(zip, data + done, now, err);
    pdlt_progress_add(progress, (double)now);
    done += now;
  }
  return status;
}

static pdlt_status put_array(pdlt_zip_writer *zip, const char *name, const char *type, int ndim,
                             const size_t *dim, const void *data, size_t size,
                             pdlt_progress *progress, pdlt_error *err) {
  char header[NPY_MAX_HEADER];
  char *file = NULL;
  const size_t header_size = npy_header(header, type, ndim, dim),
               room = strlen(name) + sizeof ".npy";
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&file, room, 1, err));
  snprintf(file, room, "%s.npy", name);
  PDLT_TRY(pdlt_zip_entry_begin(zip, file, header_size + size, err));
  PDLT_TRY(pdlt_zip_entry_write(zip, header, header_size, err));
  PDLT_TRY(put_data(zip, data, size, progress, err));
  PDLT_TRY(pdlt_zip_entry_end(zip, err));
cleanup:
  pdlt_free(file);
  return status;
}

static pdlt_status put_meta(pdlt_zip_writer *zip, const json_t *meta, pdlt_error *err) {
  char *text = NULL;
  pdlt_status status = pdlt_json_dump(meta, &text, err);
  if (status != PDLT_OK) return status;
  size_t length = strlen(text);
  status = put_array(zip, "meta", "|u1", 1, &length, text, length, NULL, err);
  pdlt_free(text);
  return status;
}

pdlt_status pdlt_npz_write(const pdlt_archive *archive, const char *path, pdlt_error *err) {
  return pdlt_npz_write_shown(archive, path, NULL, err);
}

pdlt_status pdlt_npz_write_shown(const pdlt_archive *archive, const char *path,
                                 pdlt_progress *progress, pdlt_error *err) {
  double bytes = 0;
  char label[64];
  pdlt_zip_writer *zip = NULL;
  pdlt_status status = PDLT_OK;
  if (pdlt_archive_get(archive, "meta") != NULL)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "%s: the name meta is taken by an array", path);
  PDLT_TRY(pdlt_zip_writer_new(&zip, path, PDLT_ZIP64_FROM, err));
  for (size_t i = 0; i < archive->count; i++)
    bytes += (double)(pdlt_array_count(&archive->entries[i].array) * sizeof(double));
  snprintf(label, sizeof label, "writing %s", path);
  pdlt_progress_start_short(progress, label, bytes);
  for (size_t i = 0; i < archive->count; i++) {
    const pdlt_array *array = &archive->entries[i].array;
    PDLT_TRY(put_array(zip, archive->entries[i].name, "<f8", array->ndim, array->dim, array->data,
                       pdlt_array_count(array) * sizeof(double), progress, err));
  }
  if (archive->meta != NULL) PDLT_TRY(put_meta(zip, archive->meta, err));
  PDLT_TRY(pdlt_zip_writer_commit(zip, err));
  pdlt_progress_finish(progress);
cleanup:
  pdlt_zip_writer_free(zip);
  return status;
}
