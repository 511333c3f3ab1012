/* errors.h - how many samples a network puts into a wrong class.
 *
 * Is: the share of samples whose output points elsewhere than their target (docs/losses.md,
 * "Classification error"), where the targets are classes: with one output numbers a and -a, both of
 * them; with several outputs one number for the sample's own class and a smaller one for the others,
 * the same two for all samples.
 * Is not: aware of training or of draws. */
#ifndef PDLT_TRAINER_MEASURE_ERRORS_H
#define PDLT_TRAINER_MEASURE_ERRORS_H

#include "trainer/network/samples.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the targets of all samples are classes, of which two occur. Cost O(n_L D). */
int pdlt_errors_apply(const pdlt_samples *data);

/* Share of the samples first <= a < last, one or more, that z (n_L, D) puts into a wrong class: its
 * sign is not the target's, or an output is as large as that of the sample's class. 0 is in no class.
 * Targets must be classes. Cost O(n_L D). */
double pdlt_errors_share(const pdlt_samples *data, size_t first, size_t last, const double *z);

#ifdef __cplusplus
}
#endif
#endif
