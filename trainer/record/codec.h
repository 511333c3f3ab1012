/* codec.h - a finished block on its way out of a process or into one.
 *
 * Is: the one way to write and read a block, whose place is (width, block): its record, and the
 * samples of its draws that are kept. As bytes (checkpoint.h, ranks.h of trainer/run): place,
 * record, samples, one after the other, in the numbers of this machine. As rows of three arrays of
 * an archive (shard.h): units, records, samples.
 * Is not: what is around it: headers, sums against damage, messages. */
#ifndef PDLT_TRAINER_RECORD_CODEC_H
#define PDLT_TRAINER_RECORD_CODEC_H

#include "trainer/record/records.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of unit u; of the largest unit there is. */
size_t pdlt_block_bytes(const pdlt_records *blocks, size_t u);
size_t pdlt_block_bytes_most(const pdlt_records *blocks);

/* Writes unit u to bytes (pdlt_block_bytes). */
void pdlt_block_write(const pdlt_records *blocks, size_t u, char *bytes);

/* Reads the block at the beginning of bytes (size) into its place; *u is its unit, which is not
 * marked as finished. Returns the bytes it took; 0: they end too early or name no block of these,
 * and nothing has changed. */
size_t pdlt_block_read(pdlt_records *blocks, const char *bytes, size_t size, size_t *u);

/* The next row of the arrays; borrowed. */
typedef struct pdlt_block_rows {
  double *place;  /* (.., 2) width, block */
  double *record; /* (.., record) */
  double *samples;
  size_t left; /* doubles of samples; for reading */
} pdlt_block_rows;

typedef enum { PDLT_BLOCK_TAKEN, PDLT_BLOCK_UNKNOWN, PDLT_BLOCK_SHORT } pdlt_block_found;

/* Writes unit u as the next row. */
void pdlt_block_put(const pdlt_records *blocks, size_t u, pdlt_block_rows *rows);

/* Reads the next row into its place; *u as above. UNKNOWN: there is no such block; SHORT: its
 * samples are not all there; nothing has changed then. */
pdlt_block_found pdlt_block_take(pdlt_records *blocks, pdlt_block_rows *rows, size_t *u);

#ifdef __cplusplus
}
#endif
#endif
