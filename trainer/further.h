/* further.h - what a draw's further samples, networks without weights, add to a record.
 *
 * Is: initial.h applied to the samples that belong to one draw: the mean of c, K and Theta, and
 * V where nothing else needs the draw's own.
 * Is not: the draw itself (block.h). */
#ifndef PDLT_TRAINER_FURTHER_H
#define PDLT_TRAINER_FURTHER_H

#include "trainer/block.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the plan's samples for `member` to the record, each with its share of one draw in K,
 * Theta and shift. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_further_add(pdlt_worker *worker, uint64_t member, double *record);

#ifdef __cplusplus
}
#endif
#endif
