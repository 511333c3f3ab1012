/* meta.h - the metadata that every archive of results carries.
 *
 * Is: which experiment, which data, which conventions, which build.
 * Is not: what theory or a run adds of its own. */
#ifndef PDLT_BASE_EXPERIMENT_META_H
#define PDLT_BASE_EXPERIMENT_META_H

#include <jansson.h>

#include "base/core/status.h"
#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds to meta the keys that every archive carries: format, kind, program,
 * experiment, hash, physics_hash, data_hash, layers, conventions, seed, commit,
 * compiler, blas; unless networks are drawn normal, init: the distribution of which the
 * archive speaks, of theory always "normal". Nothing in them depends on time, host or paths. kind: "theory" or
 * "measured". Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_meta_fill(json_t *meta, const char *kind, const pdlt_experiment *ex,
                           const char *data_hash, int layers, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
