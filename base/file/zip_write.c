/* zip_write.c - the writing half of zip.h. */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/zip.h"
#include "base/file/zip_format.h"

enum { LEVEL = 6, RAW_WINDOW = -15, MEMORY = 8, CHUNK = 1 << 16, VERSION_ZIP = 20, VERSION64 = 45 };

typedef struct entry {
  char *name; /* owned */
  uint64_t packed, size, offset;
  uint32_t crc;
  int zip64; /* the local header has a zip64 field */
} entry;

struct pdlt_zip_writer {
  pdlt_file_writer file;
  uint64_t zip64_from, position, announced;
  size_t count, capacity;
  entry *entries;
  z_stream zip;
  int packing; /* zip is initialized, for all entries to come */
  unsigned char chunk[CHUNK];
};

void *pdlt_zip_zalloc(void *opaque, unsigned items, unsigned size) {
  (void)opaque;
  void *block = NULL;
  pdlt_alloc(&block, items, size, NULL);
  return block;
}

void pdlt_zip_zfree(void *opaque, void *block) {
  (void)opaque;
  pdlt_free(block);
}

pdlt_status pdlt_zip_writer_new(pdlt_zip_writer **out, const char *path, uint64_t zip64_from,
                                pdlt_error *err) {
  pdlt_zip_writer *writer = NULL;
  pdlt_status status = pdlt_alloc(&writer, 1, sizeof *writer, err);
  if (status != PDLT_OK) return status;
  writer->zip64_from = zip64_from;
  status = pdlt_file_begin(&writer->file, path, err);
  if (status == PDLT_OK)
    *out = writer;
  else
    pdlt_free(writer);
  return status;
}

void pdlt_zip_writer_free(pdlt_zip_writer *writer) {
  if (writer == NULL) return;
  if (writer->packing) deflateEnd(&writer->zip);
  for (size_t i = 0; i < writer->count; i++) pdlt_free(writer->entries[i].name);
  pdlt_free(writer->entries);
  pdlt_file_abandon(&writer->file);
  pdlt_free(writer);
}

static pdlt_status put(pdlt_zip_writer *writer, const void *bytes, size_t size, pdlt_error *err) {
  const pdlt_status status = pdlt_file_put(&writer->file, bytes, size, err);
  if (status == PDLT_OK) writer->position += size;
  return status;
}

static pdlt_status add_entry(pdlt_zip_writer *writer, const entry *added, pdlt_error *err) {
  if (writer->count == writer->capacity) {
    size_t capacity = writer->capacity == 0 ? 16 : 2 * writer->capacity;
    entry *entries = NULL;
    pdlt_status status = pdlt_alloc(&entries, capacity, sizeof *entries, err);
    if (status != PDLT_OK) return status;
    if (writer->count > 0) memcpy(entries, writer->entries, writer->count * sizeof *entries);
    pdlt_free(writer->entries);
    writer->entries = entries;
    writer->capacity = capacity;
  }
  writer->entries[writer->count++] = *added;
  return PDLT_OK;
}

static entry *last(pdlt_zip_writer *writer) { return &writer->entries[writer->count - 1]; }

/* The local header; written once to keep its place and again when the sizes are known. */
static pdlt_status put_local(pdlt_zip_writer *writer, const entry *e, pdlt_error *err) {
  unsigned char header[ZIP_LOCAL_SIZE] = {0}, extra[20];
  size_t length = strlen(e->name), extra_size = e->zip64 ? sizeof extra : 0;
  zip_put(header, 4, ZIP_LOCAL_MAGIC);
  zip_put(header + 4, 2, e->zip64 ? VERSION64 : VERSION_ZIP);
  zip_put(header + 8, 2, ZIP_DEFLATED);
  zip_put(header + 12, 2, ZIP_DATE);
  zip_put(header + 14, 4, e->crc);
  zip_put(header + 18, 4, e->zip64 ? ZIP_FULL32 : e->packed);
  zip_put(header + 22, 4, e->zip64 ? ZIP_FULL32 : e->size);
  zip_put(header + 26, 2, length);
  zip_put(header + 28, 2, extra_size);
  zip_put(extra, 2, ZIP_EXTRA64);
  zip_put(extra + 2, 2, 16);
  zip_put(extra + 4, 8, e->size);
  zip_put(extra + 12, 8, e->packed);
  pdlt_status status = put(writer, header, sizeof header, err);
  if (status == PDLT_OK) status = put(writer, e->name, length, err);
  if (status == PDLT_OK) status = put(writer, extra, extra_size, err);
  return status;
}

pdlt_status pdlt_zip_entry_begin(pdlt_zip_writer *writer, const char *name, uint64_t size,
                                 pdlt_error *err) {
  if (strlen(name) > ZIP_FULL16)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "%s: an entry's name is too long", writer->file.path);
  /* Deflate makes incompressible data longer, by less than this. */
  uint64_t bound = size + size / 1000 + 1024;
  entry added = {.offset = writer->position, .zip64 = bound >= writer->zip64_from};
  pdlt_status status = pdlt_strdup(&added.name, name, err);
  if (status != PDLT_OK) return status;
  status = add_entry(writer, &added, err);
  if (status != PDLT_OK) {
    pdlt_free(added.name);
    return status;
  }
  writer->announced = size;
  status = put_local(writer, &added, err);
  if (status != PDLT_OK) return status;
  if (writer->packing) { /* cheaper than a new one: zlib's state is 256 KiB */
    deflateReset(&writer->zip);
    return PDLT_OK;
  }
  writer->zip.zalloc = pdlt_zip_zalloc;
  writer->zip.zfree = pdlt_zip_zfree;
  if (deflateInit2(&writer->zip, LEVEL, Z_DEFLATED, RAW_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "%s: out of memory in zlib", writer->file.path);
  writer->packing = 1;
  return PDLT_OK;
}

/* Packs what zip.next_in holds and writes what comes out. */
static pdlt_status pack(pdlt_zip_writer *writer, int flush, pdlt_error *err) {
  int code = Z_OK;
  do {
    writer->zip.next_out = writer->chunk;
    writer->zip.avail_out = CHUNK;
    code = deflate(&writer->zip, flush);
    size_t made = CHUNK - writer->zip.avail_out;
    pdlt_status status = put(writer, writer->chunk, made, err);
    if (status != PDLT_OK) return status;
    last(writer)->packed += made;
  } while (writer->zip.avail_out == 0 || (flush == Z_FINISH && code == Z_OK));
  return PDLT_OK;
}

pdlt_status pdlt_zip_entry_write(pdlt_zip_writer *writer, const void *bytes, size_t size,
                                 pdlt_error *err) {
  const unsigned char *at = bytes;
  while (size > 0) {
    /* zlib counts in 32 bits; a small piece keeps CRC and deflate in the cache. */
    uInt piece = size > CHUNK ? (uInt)CHUNK : (uInt)size;
    last(writer)->crc = (uint32_t)crc32(last(writer)->crc, at, piece);
    last(writer)->size += piece;
    writer->zip.next_in = (z_const Bytef *)at;
    writer->zip.avail_in = piece;
    pdlt_status status = pack(writer, Z_NO_FLUSH, err);
    if (status != PDLT_OK) return status;
    at += piece;
    size -= piece;
  }
  return PDLT_OK;
}

pdlt_status pdlt_zip_entry_end(pdlt_zip_writer *writer, pdlt_error *err) {
  const entry *e = last(writer);
  if (e->size != writer->announced)
    return pdlt_fail(err, PDLT_ERR_INTERNAL, "%s: %s has another size than announced",
                     writer->file.path, e->name);
  writer->zip.avail_in = 0;
  pdlt_status status = pack(writer, Z_FINISH, err);
  if (status != PDLT_OK) return status;
  uint64_t end = writer->position;
  if (fseeko(writer->file.stream, (off_t)e->offset, SEEK_SET) != 0)
    return pdlt_fail(err, PDLT_ERR_IO, "%s: %s", writer->file.path, strerror(errno));
  status = put_local(writer, e, err);
  if (status != PDLT_OK) return status;
  if (fseeko(writer->file.stream, (off_t)end, SEEK_SET) != 0)
    return pdlt_fail(err, PDLT_ERR_IO, "%s: %s", writer->file.path, strerror(errno));
  writer->position = end;
  return PDLT_OK;
}

/* One entry of the directory; its zip64 field holds the numbers that are full in the header. */
static pdlt_status put_central(pdlt_zip_writer *writer, const entry *e, pdlt_error *err) {
  unsigned char header[ZIP_CENTRAL_SIZE] = {0}, extra[28];
  size_t length = strlen(e->name), extra_size = 0;
  int far_away = e->offset >= writer->zip64_from;
  zip_put(header, 4, ZIP_CENTRAL_MAGIC);
  zip_put(header + 4, 2, e->zip64 || far_away ? VERSION64 : VERSION_ZIP);
  zip_put(header + 6, 2, e->zip64 || far_away ? VERSION64 : VERSION_ZIP);
  zip_put(header + 10, 2, ZIP_DEFLATED);
  zip_put(header + 14, 2, ZIP_DATE);
  zip_put(header + 16, 4, e->crc);
  zip_put(header + 20, 4, e->zip64 ? ZIP_FULL32 : e->packed);
  zip_put(header + 24, 4, e->zip64 ? ZIP_FULL32 : e->size);
  zip_put(header + 28, 2, length);
  zip_put(header + 42, 4, far_away ? ZIP_FULL32 : e->offset);
  if (e->zip64) {
    zip_put(extra + 4, 8, e->size);
    zip_put(extra + 12, 8, e->packed);
    extra_size = 16;
  }
  if (far_away) {
    zip_put(extra + 4 + extra_size, 8, e->offset);
    extra_size += 8;
  }
  zip_put(extra, 2, ZIP_EXTRA64);
  zip_put(extra + 2, 2, extra_size);
  if (extra_size > 0) extra_size += 4;
  zip_put(header + 30, 2, extra_size);
  pdlt_status status = put(writer, header, sizeof header, err);
  if (status == PDLT_OK) status = put(writer, e->name, length, err);
  if (status == PDLT_OK) status = put(writer, extra, extra_size, err);
  return status;
}

static pdlt_status put_end64(pdlt_zip_writer *writer, uint64_t start, uint64_t size,
                             pdlt_error *err) {
  unsigned char end[ZIP_END64_SIZE + ZIP_LOCATOR64_SIZE] = {0};
  unsigned char *locator = end + ZIP_END64_SIZE;
  zip_put(end, 4, ZIP_END64_MAGIC);
  zip_put(end + 4, 8, ZIP_END64_SIZE - 12);
  zip_put(end + 12, 2, VERSION64);
  zip_put(end + 14, 2, VERSION64);
  zip_put(end + 24, 8, writer->count);
  zip_put(end + 32, 8, writer->count);
  zip_put(end + 40, 8, size);
  zip_put(end + 48, 8, start);
  zip_put(locator, 4, ZIP_LOCATOR64_MAGIC);
  zip_put(locator + 8, 8, start + size);
  zip_put(locator + 16, 4, 1);
  return put(writer, end, sizeof end, err);
}

pdlt_status pdlt_zip_writer_commit(pdlt_zip_writer *writer, pdlt_error *err) {
  uint64_t start = writer->position;
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < writer->count; i++)
    PDLT_TRY(put_central(writer, &writer->entries[i], err));
  uint64_t size = writer->position - start;
  int zip64 = writer->count >= ZIP_FULL16 || writer->position >= writer->zip64_from;
  if (zip64) PDLT_TRY(put_end64(writer, start, size, err));
  unsigned char end[ZIP_END_SIZE] = {0};
  zip_put(end, 4, ZIP_END_MAGIC);
  zip_put(end + 8, 2, zip64 ? ZIP_FULL16 : writer->count);
  zip_put(end + 10, 2, zip64 ? ZIP_FULL16 : writer->count);
  zip_put(end + 12, 4, zip64 ? ZIP_FULL32 : size);
  zip_put(end + 16, 4, zip64 ? ZIP_FULL32 : start);
  PDLT_TRY(put(writer, end, sizeof end, err));
  PDLT_TRY(pdlt_file_commit(&writer->file, err));
cleanup:
  return status;
}
