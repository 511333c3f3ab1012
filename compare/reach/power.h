/* power.h - which powers of h trained quantities go in.
 *
 * Is not: the fit (compare/statistics/fit.h), or words (compare/text/order.h). */
#ifndef PDLT_COMPARE_REACH_POWER_H
#define PDLT_COMPARE_REACH_POWER_H

#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 1/2, that is h^(1/2), h, h^(3/2), ..., where training can push neurons across a kink of the
 * activation (docs/statistics.md, "Kinks"), else 1: h, h^2, ... By the experiment in the archive's
 * meta; what is not known is taken for smooth. */
double pdlt_trained_power(const pdlt_archive *archive);

#ifdef __cplusplus
}
#endif
#endif
