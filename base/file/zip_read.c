/* zip_read.c - the reading half of zip.h. Nothing in the file is believed: every offset and
 * size is checked against the file's length before it is used. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/zip.h"
#include "base/file/zip_format.h"

enum { RAW_WINDOW = -15, CHUNK = 1 << 16, MAX_COMMENT = 0xffff, MAX_RATIO = 1032 };

typedef struct entry {
  char *name; /* owned */
  uint64_t packed, size, offset;
  uint32_t crc;
  int method;
} entry;

struct pdlt_zip_reader {
  FILE *stream;
  char *path; /* owned */
  uint64_t length;
  size_t count;
  entry *entries;
  const entry *open; /* the entry being read, or NULL */
  uint64_t packed_left, left;
  uint32_t crc;
  z_stream zip; /* initialized while a deflated entry is open */
  unsigned char chunk[CHUNK];
};

typedef struct directory {
  uint64_t start, size, count;
} directory;

static pdlt_status bad(const pdlt_zip_reader *reader, const char *what, pdlt_error *err) {
  if (reader->open != NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s: %s", reader->path, reader->open->name, what);
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s", reader->path, what);
}

static pdlt_status get_at(pdlt_zip_reader *reader, uint64_t offset, void *out, size_t size,
                          pdlt_error *err) {
  if (offset > reader->length || size > reader->length - offset)
    return bad(reader, "the zip file is truncated or corrupt", err);
  if (fseeko(reader->stream, (off_t)offset, SEEK_SET) != 0 ||
      fread(out, 1, size, reader->stream) != size)
    return bad(reader, "the file cannot be read", err);
  return PDLT_OK;
}

/* Reads the zip64 end record that stands before the end record at `end`. */
static pdlt_status read_end64(pdlt_zip_reader *reader, uint64_t end, directory *out,
                              pdlt_error *err) {
  unsigned char locator[ZIP_LOCATOR64_SIZE], record[ZIP_END64_SIZE];
  if (end < sizeof locator) return bad(reader, "the zip file is corrupt", err);
  pdlt_status status = get_at(reader, end - sizeof locator, locator, sizeof locator, err);
  if (status != PDLT_OK) return status;
  if (zip_get(locator, 4) != ZIP_LOCATOR64_MAGIC)
    return bad(reader, "the zip file is corrupt (zip64 locator)", err);
  status = get_at(reader, zip_get(locator + 8, 8), record, sizeof record, err);
  if (status != PDLT_OK) return status;
  if (zip_get(record, 4) != ZIP_END64_MAGIC || zip_get(record + 24, 8) != zip_get(record + 32, 8))
    return bad(reader, "the zip file is corrupt (zip64 end record)", err);
  *out = (directory){zip_get(record + 48, 8), zip_get(record + 40, 8), zip_get(record + 32, 8)};
  return PDLT_OK;
}

/* Finds the end record: the last one whose comment reaches exactly to the end of the file. */
static pdlt_status find_directory(pdlt_zip_reader *reader, directory *out, pdlt_error *err) {
  unsigned char *tail = NULL;
  uint64_t size = ZIP_END_SIZE + MAX_COMMENT;
  if (size > reader->length) size = reader->length;
  pdlt_status status = pdlt_alloc(&tail, size, 1, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(get_at(reader, reader->length - size, tail, size, err));
  const unsigned char *end = NULL;
  for (uint64_t at = size < ZIP_END_SIZE ? 0 : size - ZIP_END_SIZE + 1; at-- > 0 && end == NULL;)
    if (zip_get(tail + at, 4) == ZIP_END_MAGIC &&
        zip_get(tail + at + 20, 2) == size - at - ZIP_END_SIZE)
      end = tail + at;
  if (end == NULL)
    PDLT_TRY(bad(reader, "not a complete zip file (the directory at its end is missing)", err));
  uint64_t position = reader->length - size + (uint64_t)(end - tail);
  *out = (directory){zip_get(end + 16, 4), zip_get(end + 12, 4), zip_get(end + 10, 2)};
  if (zip_get(end + 4, 4) != 0 || zip_get(end + 8, 2) != out->count)
    PDLT_TRY(bad(reader, "split zip files are not read", err));
  if (out->start == ZIP_FULL32 || out->size == ZIP_FULL32 || out->count == ZIP_FULL16)
    PDLT_TRY(read_end64(reader, position, out, err));
  if (out->start > position || out->size > position - out->start ||
      out->count > out->size / ZIP_CENTRAL_SIZE)
    PDLT_TRY(bad(reader, "the zip directory is corrupt", err));
cleanup:
  pdlt_free(tail);
  return status;
}

/* Replaces numbers that are full in the header by those of the zip64 field. Returns 0 when
 * the extra fields are malformed. */
static int read_extra(entry *e, const unsigned char *extra, size_t size) {
  uint64_t *wanted[3];
  size_t num_wanted = 0;
  if (e->size == ZIP_FULL32) wanted[num_wanted++] = &e->size;
  if (e->packed == ZIP_FULL32) wanted[num_wanted++] = &e->packed;
  if (e->offset == ZIP_FULL32) wanted[num_wanted++] = &e->offset;
  if (num_wanted == 0) return 1;
  while (size >= 4) {
    size_t id = zip_get(extra, 2), length = zip_get(extra + 2, 2);
    extra += 4;
    size -= 4;
    if (length > size) return 0;
    if (id == ZIP_EXTRA64) {
      if (length < 8 * num_wanted) return 0;
      for (size_t i = 0; i < num_wanted; i++) *wanted[i] = zip_get(extra + 8 * i, 8);
      return 1;
    }
    extra += length;
    size -= length;
  }
  return 0;
}

/* One entry of the directory, from `size` bytes at `at`; *used is its length. */
static pdlt_status read_central(pdlt_zip_reader *reader, const unsigned char *at, size_t size,
                                size_t *used, entry *e, pdlt_error *err) {
  if (size < ZIP_CENTRAL_SIZE || zip_get(at, 4) != ZIP_CENTRAL_MAGIC)
    return bad(reader, "the zip directory is corrupt", err);
  size_t name = zip_get(at + 28, 2), extra = zip_get(at + 30, 2), comment = zip_get(at + 32, 2);
  if (name + extra + comment > size - ZIP_CENTRAL_SIZE)
    return bad(reader, "the zip directory is corrupt", err);
  *used = ZIP_CENTRAL_SIZE + name + extra + comment;
  if (zip_get(at + 8, 2) & 1) return bad(reader, "encrypted entries are not read", err);
  e->method = (int)zip_get(at + 10, 2);
  e->crc = (uint32_t)zip_get(at + 16, 4);
  e->packed = zip_get(at + 20, 4);
  e->size = zip_get(at + 24, 4);
  e->offset = zip_get(at + 42, 4);
  const unsigned char *text = at + ZIP_CENTRAL_SIZE;
  if (name == 0 || memchr(text, 0, name) != NULL)
    return bad(reader, "an entry has no valid name", err);
  if (!read_extra(e, text + name, extra))
    return bad(reader, "the zip directory is corrupt (zip64 field)", err);
  if (e->method != ZIP_STORED && e->method != ZIP_DEFLATED)
    return bad(reader, "an entry is packed by a method that is not read", err);
  if (e->offset > reader->length || e->packed > reader->length - e->offset ||
      e->size / MAX_RATIO > e->packed || (e->method == ZIP_STORED && e->size != e->packed))
    return bad(reader, "the zip directory is corrupt (sizes)", err);
  pdlt_status status = pdlt_alloc(&e->name, name + 1, 1, err);
  if (status == PDLT_OK) memcpy(e->name, text, name);
  return status;
}

static pdlt_status read_directory(pdlt_zip_reader *reader, pdlt_error *err) {
  directory dir = {0};
  unsigned char *bytes = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(find_directory(reader, &dir, err));
  PDLT_TRY(pdlt_alloc(&bytes, dir.size, 1, err));
  PDLT_TRY(get_at(reader, dir.start, bytes, dir.size, err));
  PDLT_TRY(pdlt_alloc(&reader->entries, dir.count, sizeof *reader->entries, err));
  size_t at = 0, used = 0;
  for (; reader->count < dir.count; reader->count++, at += used)
    PDLT_TRY(read_central(reader, bytes + at, dir.size - at, &used, &reader->entries[reader->count],
                          err));
  if (at != dir.size) status = bad(reader, "the zip directory is corrupt", err);
cleanup:
  pdlt_free(bytes);
  return status;
}

pdlt_status pdlt_zip_reader_new(pdlt_zip_reader **out, const char *path, pdlt_error *err) {
  pdlt_zip_reader *reader = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&reader, 1, sizeof *reader, err));
  PDLT_TRY(pdlt_strdup(&reader->path, path, err));
  PDLT_TRY(pdlt_file_open(&reader->stream, path, &reader->length, err));
  PDLT_TRY(read_directory(reader, err));
  *out = reader;
  return PDLT_OK;
cleanup:
  pdlt_zip_reader_free(reader);
  return status;
}

static void stop(pdlt_zip_reader *reader) {
  if (reader->open != NULL && reader->open->method == ZIP_DEFLATED) inflateEnd(&reader->zip);
  reader->open = NULL;
}

void pdlt_zip_reader_free(pdlt_zip_reader *reader) {
  if (reader == NULL) return;
  stop(reader);
  for (size_t i = 0; i < reader->count; i++) pdlt_free(reader->entries[i].name);
  pdlt_free(reader->entries);
  pdlt_free(reader->path);
  if (reader->stream != NULL) (void)fclose(reader->stream);
  pdlt_free(reader);
}

size_t pdlt_zip_count(const pdlt_zip_reader *reader) { return reader->count; }

const char *pdlt_zip_name(const pdlt_zip_reader *reader, size_t k) {
  return reader->entries[k].name;
}

uint64_t pdlt_zip_size(const pdlt_zip_reader *reader, size_t k) { return reader->entries[k].size; }

pdlt_status pdlt_zip_open(pdlt_zip_reader *reader, size_t k, pdlt_error *err) {
  const entry *e = &reader->entries[k];
  unsigned char header[ZIP_LOCAL_SIZE];
  size_t length = strlen(e->name);
  char *name = NULL;
  pdlt_status status = PDLT_OK;
  stop(reader);
  PDLT_TRY(get_at(reader, e->offset, header, sizeof header, err));
  uint64_t skip = ZIP_LOCAL_SIZE + zip_get(header + 26, 2) + zip_get(header + 28, 2);
  if (zip_get(header, 4) != ZIP_LOCAL_MAGIC || zip_get(header + 26, 2) != length ||
      zip_get(header + 8, 2) != (uint64_t)e->method || skip > reader->length - e->offset ||
      e->packed > reader->length - e->offset - skip)
    PDLT_TRY(bad(reader, "the header of an entry is corrupt", err));
  PDLT_TRY(pdlt_alloc(&name, length + 1, 1, err));
  PDLT_TRY(get_at(reader, e->offset + ZIP_LOCAL_SIZE, name, length, err));
  if (memcmp(name, e->name, length) != 0)
    PDLT_TRY(bad(reader, "the header of an entry has another name than the directory", err));
  if (fseeko(reader->stream, (off_t)(e->offset + skip), SEEK_SET) != 0)
    PDLT_TRY(bad(reader, strerror(errno), err));
  memset(&reader->zip, 0, sizeof reader->zip);
  reader->zip.zalloc = pdlt_zip_zalloc;
  reader->zip.zfree = pdlt_zip_zfree;
  if (e->method == ZIP_DEFLATED && inflateInit2(&reader->zip, RAW_WINDOW) != Z_OK)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in zlib", reader->path));
  reader->open = e;
  reader->packed_left = e->packed;
  reader->left = e->size;
  reader->crc = 0;
cleanup:
  pdlt_free(name);
  return status;
}

/* Refills the input of inflate when it is empty. */
static pdlt_status refill(pdlt_zip_reader *reader, pdlt_error *err) {
  if (reader->zip.avail_in > 0 || reader->packed_left == 0) return PDLT_OK;
  size_t piece = reader->packed_left > CHUNK ? CHUNK : (size_t)reader->packed_left;
  if (fread(reader->chunk, 1, piece, reader->stream) != piece)
    return bad(reader, "the file cannot be read", err);
  reader->zip.next_in = reader->chunk;
  reader->zip.avail_in = (uInt)piece;
  reader->packed_left -= piece;
  return PDLT_OK;
}

static pdlt_status inflate_piece(pdlt_zip_reader *reader, unsigned char *out, uInt size,
                                 pdlt_error *err) {
  reader->zip.next_out = out;
  reader->zip.avail_out = size;
  while (reader->zip.avail_out > 0) {
    pdlt_status status = refill(reader, err);
    if (status != PDLT_OK) return status;
    int code = inflate(&reader->zip, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR)
      return pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in zlib", reader->path);
    if (code != Z_OK && !(code == Z_STREAM_END && reader->zip.avail_out == 0))
      return bad(reader, "the packed data are corrupt", err);
  }
  return PDLT_OK;
}

pdlt_status pdlt_zip_read(pdlt_zip_reader *reader, void *out, size_t size, pdlt_error *err) {
  unsigned char *at = out;
  if (size > reader->left) return bad(reader, "the data are shorter than they should be", err);
  while (size > 0) {
    uInt piece = size > CHUNK ? (uInt)CHUNK : (uInt)size;
    if (reader->open->method == ZIP_DEFLATED) {
      pdlt_status status = inflate_piece(reader, at, piece, err);
      if (status != PDLT_OK) return status;
    } else if (fread(at, 1, piece, reader->stream) != piece) {
      return bad(reader, "the file cannot be read", err);
    } else {
      reader->packed_left -= piece;
    }
    reader->crc = (uint32_t)crc32(reader->crc, at, piece);
    reader->left -= piece;
    at += piece;
    size -= piece;
  }
  return PDLT_OK;
}

/* A fuzz target would not get past sums. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { sums_count = 0 };
#else
enum { sums_count = 1 };
#endif

/* 1 when the deflated data end exactly here: no more output, no more input. */
static int ends_here(pdlt_zip_reader *reader, pdlt_error *err) {
  unsigned char more;
  reader->zip.next_out = &more;
  reader->zip.avail_out = 1;
  for (;;) {
    if (refill(reader, err) != PDLT_OK) return 0;
    int code = inflate(&reader->zip, Z_NO_FLUSH);
    if (reader->zip.avail_out == 0) return 0;
    if (code == Z_STREAM_END) return reader->zip.avail_in == 0 && reader->packed_left == 0;
    if (code != Z_OK) return 0;
  }
}

pdlt_status pdlt_zip_close(pdlt_zip_reader *reader, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (reader->left != 0)
    status = bad(reader, "the data are longer than they should be", err);
  else if (reader->open->method == ZIP_DEFLATED && !ends_here(reader, err))
    status = bad(reader, "the packed data do not end where they should", err);
  else if (sums_count && reader->crc != reader->open->crc)
    status = bad(reader, "the data are corrupt (CRC)", err);
  stop(reader);
  return status;
}
