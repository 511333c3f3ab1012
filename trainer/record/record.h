/* record.h - the record of a block: its parts, where they lie, and how two of them become one.
 *
 * Is: the one table of what a record holds; layout, merging and checks are loops over it.
 * Is not: the records of a run (records.h), or what the parts mean (plan.h). */
#ifndef PDLT_TRAINER_RECORD_RECORD_H
#define PDLT_TRAINER_RECORD_RECORD_H

#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The layout for the plan's quantities and estimator; plan->at is not read. */
pdlt_record_layout pdlt_record_lay_out(const pdlt_plan *plan);

/* What is wrong with the record of block `block` of a width that was read from a file; NULL: counts are
 * those of its draws, sums of squares are not negative, and everything is finite unless a draw of the
 * block diverged or is unstable. Cost: the record. */
const char *pdlt_record_wrong(const pdlt_plan *plan, size_t block, const double *record);

/* into (layout.size) becomes the record of its draws and those of from, the record of the block
 * that follows it. */
void pdlt_record_merge(const pdlt_plan *plan, double *into, const double *from);

#ifdef __cplusplus
}
#endif
#endif
