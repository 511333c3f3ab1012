/* record.h - the record of a block: its parts, where they lie, and how two of them become one.
 *
 * Is: the one table of what a record holds; layout and merging are loops over it.
 * Is not: the records of a run (records.h), or what the parts mean (plan.h). */
#ifndef PDLT_TRAINER_RECORD_RECORD_H
#define PDLT_TRAINER_RECORD_RECORD_H

#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The layout for the plan's quantities and estimator; plan->at is not read. */
pdlt_record_layout pdlt_record_lay_out(const pdlt_plan *plan);

/* into (layout.size) becomes the record of its draws and those of from, the record of the block
 * that follows it. */
void pdlt_record_merge(const pdlt_plan *plan, double *into, const double *from);

#ifdef __cplusplus
}
#endif
#endif
