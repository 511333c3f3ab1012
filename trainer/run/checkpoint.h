/* checkpoint.h - finished blocks on disk, so that a run can go on where it stopped.
 *
 * Is: a folder of segment files; each holds blocks that were finished since the one
 * before, and is written under another name, fsynced and moved into place whole. A
 * finished block is written once, however long the run is.
 * Is not: a result format; segments are read by the same build on the same machine type.
 *
 * Segment file NNNNNNNN.blocks: header (magic, identity, build, sizes), note, then for
 * each block its bytes (trainer/record/codec.h); then FNV-1a of everything before. The
 * 100th segment holds every block so far and the others are removed. A damaged segment gets the
 * name NNNNNNNN.blocks.damaged, and its blocks are missing. */
#ifndef PDLT_TRAINER_RUN_CHECKPOINT_H
#define PDLT_TRAINER_RUN_CHECKPOINT_H

#include "base/core/progress.h"
#include "base/file/lock.h"
#include "trainer/record/records.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  PDLT_IDENTITY_LENGTH = 64,
  PDLT_CHECKPOINT_NOTE = 2048, /* most bytes of a note */
  PDLT_CHECKPOINT_FILES = 100  /* most segments in a folder */
};

/* An open folder. */
typedef struct pdlt_checkpoint {
  char *folder;   /* owned */
  pdlt_lock lock; /* of the folder */
  char identity[PDLT_IDENTITY_LENGTH];
  char note[PDLT_CHECKPOINT_NOTE]; /* what the run found out before its first block */
  size_t note_size;
  size_t files;                            /* segments in the folder */
  unsigned numbers[PDLT_CHECKPOINT_FILES]; /* (files) increasing */
  pdlt_progress *progress;                 /* told of damaged segments; may be NULL */
} pdlt_checkpoint;

/* Opens folder, made when it is not there, for the run `identity` (equal for runs whose
 * blocks may be mixed), and locks it against other processes where the file system can.
 * note and note_size are what the run before left, else of size 0. Damaged segments at the end are
 * set aside, with a line to progress. Errors: PDLT_ERR_INPUT naming the file when it is of another
 * run or build (with discard it is thrown away), and when another process works on it;
 * PDLT_ERR_IO, PDLT_ERR_MEMORY. */
pdlt_status pdlt_checkpoint_open(pdlt_checkpoint *out, const char *folder, const char *identity,
                                 int discard, pdlt_progress *progress, pdlt_error *err);

/* Takes the finished blocks of the folder into blocks (done, records, samples); damaged segments
 * are set aside, with a line to progress. plan: of the blocks, by which each record is checked
 * (pdlt_record_wrong), or NULL. Errors as open, also where a segment that is not damaged holds a record
 * that no run makes, or one block twice; then with no block done; so it is when what does not belong
 * here was thrown away (discard). */
pdlt_status pdlt_checkpoint_read(pdlt_checkpoint *checkpoint, const pdlt_plan *plan,
                                 pdlt_records *blocks, int discard, pdlt_error *err);

/* Writes a segment with the note and the blocks marked in fresh (U), or, where the
 * number of segments is used up, those marked in fresh or saved (U), after which the
 * other segments are gone. Reads nothing of other blocks. Errors: PDLT_ERR_IO,
 * PDLT_ERR_MEMORY; the folder is then as it was. Cost: the bytes of these blocks. */
pdlt_status pdlt_checkpoint_write(pdlt_checkpoint *checkpoint, const pdlt_records *blocks,
                                  const unsigned char *fresh, const unsigned char *saved,
                                  pdlt_error *err);

/* Writes one segment with the note and all finished blocks; the others are gone
 * afterwards. For blocks that have become larger. Errors: as write. */
pdlt_status pdlt_checkpoint_replace(pdlt_checkpoint *checkpoint, const pdlt_records *blocks,
                                    pdlt_error *err);

/* Unlocks; the folder stays if it holds a segment. Allowed on {0}. */
void pdlt_checkpoint_close(pdlt_checkpoint *checkpoint);

/* Removes the segments in folder, also those set aside, and the folder when nothing else is in it.
 * No error when there is none. */
void pdlt_checkpoint_remove(const char *folder);

#ifdef __cplusplus
}
#endif
#endif
