/* records.h - the records of all blocks of a run, in memory.
 *
 * Is: which blocks are finished, their records and the samples that are kept, and how
 * blocks are shared out among processes.
 * Is not: work (block.h) or files (checkpoint.h). */
#ifndef PDLT_TRAINER_RECORD_RECORDS_H
#define PDLT_TRAINER_RECORD_RECORDS_H

#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Width by width: block b of width w is unit u = w * per_width + b of U. */
typedef struct pdlt_records {
  size_t widths, per_width, units; /* U = widths * per_width */
  size_t record;                   /* doubles per record */
  size_t sample;                   /* doubles of samples per draw; 0: none kept */
  size_t block_members, keep;      /* which draws a block covers; how many are kept */
  unsigned char *done;             /* (U) 1: finished */
  double *records;                 /* (U, record) */
  double *samples;                 /* (widths, keep, sample) */
} pdlt_records;

/* The sizes alone, without memory. */
pdlt_records pdlt_records_sizes(const pdlt_plan *plan);

/* Memory for all blocks of the plan, none finished. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_records_new(pdlt_records *out, const pdlt_plan *plan, pdlt_error *err);

/* The same blocks for a plan that has grown (pdlt_plan_grow): records are kept, or merged
 * where blocks have become larger; a larger block of which a part is missing is not
 * finished. Errors: PDLT_ERR_MEMORY; blocks is then as it was. */
pdlt_status pdlt_records_grow(pdlt_records *blocks, const pdlt_plan *plan, pdlt_error *err);
void pdlt_records_free(pdlt_records *blocks);

/* Samples of the draws of unit u that are kept: where they begin (NULL without memory), and how many
 * doubles. */
double *pdlt_records_kept(const pdlt_records *blocks, size_t u, size_t *count);

/* Part `part` of `parts` (0 <= part < parts) of the work: of each width every parts-th
 * block, so that all parts take about as long. */
typedef struct pdlt_share {
  size_t part, parts;
} pdlt_share;

static inline int pdlt_share_has(const pdlt_share *share, size_t block) {
  return block % share->parts == share->part;
}

/* Blocks of the share over all widths, and how many of them are finished. */
size_t pdlt_records_shared(const pdlt_records *blocks, const pdlt_share *share);
size_t pdlt_records_done(const pdlt_records *blocks, const pdlt_share *share);

#ifdef __cplusplus
}
#endif
#endif
