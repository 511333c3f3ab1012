/* checkpoint.h - finished blocks on disk, so that a run can go on where it stopped.
 *
 * Is: the records of finished blocks, whole or not at all, with a checksum and the
 * identity of the run they belong to.
 * Is not: a result format; the file is read by the same build on the same machine type.
 *
 * File: magic, identity, sizes, one byte per block (1: finished), then record and
 * samples of each finished block in order, then FNV-1a of everything before. */
#ifndef PDLT_TRAINER_CHECKPOINT_H
#define PDLT_TRAINER_CHECKPOINT_H

#include <stddef.h>

#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_IDENTITY_LENGTH = 64 };

/* All blocks of a run, width by width: block u of U. */
typedef struct pdlt_blocks {
  char identity[PDLT_IDENTITY_LENGTH];   /* equal for runs whose blocks may be mixed */
  size_t units;                          /* U = widths * blocks per width */
  size_t record;                         /* doubles per record */
  size_t sample;                         /* doubles of samples per draw; 0: none kept */
  size_t per_width, block_members, keep; /* which draws a block covers */
  unsigned char *done;                   /* (U) */
  double *records;                       /* (U, record) */
  double *samples;                       /* (widths, keep, sample) */
} pdlt_blocks;

/* Memory for U = widths * per_width blocks, none done; the other fields as given.
 * Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_blocks_new(pdlt_blocks *out, const pdlt_blocks *shape, size_t widths,
                            pdlt_error *err);
void pdlt_blocks_free(pdlt_blocks *blocks);

/* Number of finished blocks. */
size_t pdlt_blocks_done(const pdlt_blocks *blocks);

/* Writes the finished blocks to path. Reads nothing of unfinished ones, which other
 * threads may be writing. Errors: PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_checkpoint_write(const pdlt_blocks *blocks, const char *path, pdlt_error *err);

/* Takes the finished blocks of path, if there is such a file. Errors: PDLT_ERR_INPUT when
 * it is damaged or belongs to another run; PDLT_ERR_MEMORY. blocks is then unchanged. */
pdlt_status pdlt_checkpoint_read(pdlt_blocks *blocks, const char *path, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
