/* codec.c - see codec.h. */
#include "trainer/record/codec.h"

#include <stdint.h>
#include <string.h>

/* How a block begins as bytes. */
typedef struct place {
  uint64_t width, block;
} place;

/* Copies of bytes that need not lie as doubles do; none: pointers may be NULL. */
static char *put_doubles(char *to, const double *from, size_t count) {
  if (count > 0) memcpy(to, from, count * sizeof *from);
  return to + count * sizeof *from;
}

static const char *take_doubles(const char *from, double *to, size_t count) {
  if (count > 0) memcpy(to, from, count * sizeof *to);
  return from + count * sizeof *to;
}

size_t pdlt_block_bytes(const pdlt_records *b, size_t u) {
  size_t samples;
  pdlt_records_kept(b, u, &samples);
  return sizeof(place) + (b->record + samples) * sizeof(double);
}

size_t pdlt_block_bytes_most(const pdlt_records *b) {
  return sizeof(place) + (b->record + b->block_members * b->sample) * sizeof(double);
}

void pdlt_block_write(const pdlt_records *b, size_t u, char *bytes) {
  const place at = {u / b->per_width, u % b->per_width};
  size_t count;
  const double *samples = pdlt_records_kept(b, u, &count);
  memcpy(bytes, &at, sizeof at);
  bytes = put_doubles(bytes + sizeof at, b->records + u * b->record, b->record);
  put_doubles(bytes, samples, count);
}

size_t pdlt_block_read(pdlt_records *b, const char *bytes, size_t size, size_t *u) {
  place at;
  size_t count;
  if (size < sizeof at) return 0;
  memcpy(&at, bytes, sizeof at);
  if (at.width >= b->widths || at.block >= b->per_width) return 0;
  *u = (size_t)(at.width * b->per_width + at.block);
  const size_t taken = pdlt_block_bytes(b, *u);
  if (size < taken) return 0;
  double *samples = pdlt_records_kept(b, *u, &count);
  bytes = take_doubles(bytes + sizeof at, b->records + *u * b->record, b->record);
  take_doubles(bytes, samples, count);
  return taken;
}

void pdlt_block_put(const pdlt_records *b, size_t u, pdlt_block_rows *rows) {
  size_t count;
  const double *samples = pdlt_records_kept(b, u, &count);
  const size_t width = u / b->per_width;
  *rows->place++ = (double)width;
  *rows->place++ = (double)(u % b->per_width);
  put_doubles((char *)rows->record, b->records + u * b->record, b->record);
  put_doubles((char *)rows->samples, samples, count);
  rows->record += b->record;
  rows->samples += count;
}

static int is_index(double value, size_t below) {
  return value >= 0 && value < (double)below && value == (double)(size_t)value;
}

pdlt_block_found pdlt_block_take(pdlt_records *b, pdlt_block_rows *rows, size_t *u) {
  size_t count;
  if (!is_index(rows->place[0], b->widths) || !is_index(rows->place[1], b->per_width))
    return PDLT_BLOCK_UNKNOWN;
  *u = (size_t)rows->place[0] * b->per_width + (size_t)rows->place[1];
  double *samples = pdlt_records_kept(b, *u, &count);
  if (count > rows->left) return PDLT_BLOCK_SHORT;
  take_doubles((const char *)rows->record, b->records + *u * b->record, b->record);
  take_doubles((const char *)rows->samples, samples, count);
  rows->place += 2;
  rows->record += b->record;
  rows->samples += count;
  rows->left -= count;
  return PDLT_BLOCK_TAKEN;
}
