/* checkpoint.c - see checkpoint.h. */
#include "trainer/checkpoint.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

typedef struct header {
  char magic[8];
  char identity[PDLT_IDENTITY_LENGTH];
  uint64_t units, record, sample, keep, block_members;
} header;

static const char magic[8] = {'P', 'D', 'L', 'T', 'c', 'p', '0', '1'};

pdlt_status pdlt_blocks_new(pdlt_blocks *out, const pdlt_blocks *shape, size_t widths,
                            pdlt_error *err) {
  pdlt_blocks b = *shape;
  b.done = NULL;
  b.records = b.samples = NULL;
  b.units = widths * b.per_width;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&b.done, b.units, 1, err));
  PDLT_TRY(pdlt_alloc(&b.records, b.units * b.record, sizeof *b.records, err));
  PDLT_TRY(pdlt_alloc(&b.samples, widths * b.keep * b.sample, sizeof *b.samples, err));
  *out = b;
  return PDLT_OK;
cleanup:
  pdlt_blocks_free(&b);
  return status;
}

void pdlt_blocks_free(pdlt_blocks *blocks) {
  pdlt_free(blocks->done);
  pdlt_free(blocks->records);
  pdlt_free(blocks->samples);
  *blocks = (pdlt_blocks){0};
}

size_t pdlt_blocks_done(const pdlt_blocks *blocks) {
  size_t done = 0;
  for (size_t u = 0; u < blocks->units; u++) done += blocks->done[u];
  return done;
}

/* Samples of the draws of unit u that are kept: where they begin, and how many doubles. */
static double *unit_samples(const pdlt_blocks *b, size_t u, size_t *count) {
  const size_t first = u % b->per_width * b->block_members;
  size_t end = first + b->block_members;
  if (end > b->keep) end = b->keep;
  *count = first < end ? (end - first) * b->sample : 0;
  if (*count == 0) return b->samples;
  return b->samples + (u / b->per_width * b->keep + first) * b->sample;
}

static header make_header(const pdlt_blocks *b) {
  header h;
  memset(&h, 0, sizeof h);
  memcpy(h.magic, magic, sizeof h.magic);
  memcpy(h.identity, b->identity, sizeof h.identity);
  h.units = b->units;
  h.record = b->record;
  h.sample = b->sample;
  h.keep = b->keep;
  h.block_members = b->block_members;
  return h;
}

/* Bytes of the file when the blocks marked in done are in it. */
static size_t file_size(const pdlt_blocks *b, const unsigned char *done) {
  size_t size = sizeof(header) + b->units + sizeof(uint64_t);
  for (size_t u = 0; u < b->units; u++) {
    size_t count;
    unit_samples(b, u, &count);
    if (done[u]) size += (b->record + count) * sizeof(double);
  }
  return size;
}

static void put(char **next, const void *bytes, size_t size) {
  memcpy(*next, bytes, size);
  *next += size;
}

static void get(const char **next, void *bytes, size_t size) {
  memcpy(bytes, *next, size);
  *next += size;
}

pdlt_status pdlt_checkpoint_write(const pdlt_blocks *b, const char *path, pdlt_error *err) {
  const size_t size = file_size(b, b->done);
  const header h = make_header(b);
  char *bytes = NULL;
  pdlt_status status = pdlt_alloc(&bytes, size, 1, err);
  if (status != PDLT_OK) return status;
  char *next = bytes;
  put(&next, &h, sizeof h);
  put(&next, b->done, b->units);
  for (size_t u = 0; u < b->units; u++) {
    size_t count;
    const double *samples = unit_samples(b, u, &count);
    if (!b->done[u]) continue;
    put(&next, b->records + u * b->record, b->record * sizeof(double));
    put(&next, samples, count * sizeof(double));
  }
  const uint64_t sum = pdlt_hash_bytes(PDLT_HASH_START, bytes, size - sizeof sum);
  put(&next, &sum, sizeof sum);
  status = pdlt_file_write(path, bytes, size, err);
  pdlt_free(bytes);
  return status;
}

static pdlt_status refuse(const char *path, const char *what, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s; --force to throw it away, or choose another -o",
                   path, what);
}

/* Damage first: only of a whole file can be said which run it belongs to. */
static pdlt_status check_file(const pdlt_blocks *b, const char *path, const char *bytes,
                              size_t size, pdlt_error *err) {
  const header expected = make_header(b);
  uint64_t sum;
  if (size < sizeof(header) + sizeof sum || memcmp(bytes, magic, sizeof magic) != 0)
    return refuse(path, "is not unfinished work of this program", err);
  memcpy(&sum, bytes + size - sizeof sum, sizeof sum);
  if (sum != pdlt_hash_bytes(PDLT_HASH_START, bytes, size - sizeof sum))
    return refuse(path, "unfinished work, but damaged", err);
  if (memcmp(bytes, &expected, sizeof expected) != 0)
    return refuse(path, "holds unfinished work of another experiment", err);
  const unsigned char *done = (const unsigned char *)bytes + sizeof expected;
  if (size < sizeof expected + b->units + sizeof sum || file_size(b, done) != size)
    return refuse(path, "unfinished work, but damaged", err);
  return PDLT_OK;
}

pdlt_status pdlt_checkpoint_read(pdlt_blocks *b, const char *path, pdlt_error *err) {
  char *bytes = NULL;
  size_t size = 0;
  if (access(path, F_OK) != 0) return PDLT_OK;
  pdlt_status status = pdlt_file_read(path, &bytes, &size, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(check_file(b, path, bytes, size, err));
  const char *next = bytes + sizeof(header);
  get(&next, b->done, b->units);
  for (size_t u = 0; u < b->units; u++) {
    size_t count;
    double *samples = unit_samples(b, u, &count);
    if (!b->done[u]) continue;
    get(&next, b->records + u * b->record, b->record * sizeof(double));
    get(&next, samples, count * sizeof(double));
  }
cleanup:
  pdlt_free(bytes);
  return status;
}
