/* record.h - two records of blocks that follow each other, as the record of both.
 *
 * Is: arithmetic on the layout of plan.h: counts and sums add, means and scatters merge.
 * Is not: the records of a run (records.h). */
#ifndef PDLT_TRAINER_RECORD_RECORD_H
#define PDLT_TRAINER_RECORD_RECORD_H

#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* into (layout.size) becomes the record of its draws and those of from. */
void pdlt_record_merge(const pdlt_plan *plan, double *into, const double *from);

#ifdef __cplusplus
}
#endif
#endif
