/* version.h - what was built, from which sources, with what. */
#ifndef PDLT_BASE_EXPERIMENT_VERSION_H
#define PDLT_BASE_EXPERIMENT_VERSION_H

#include <jansson.h>

#include "base/core/status.h"
#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0"; the commit (12 hex digits, "+" appended when the tree was changed; "none"
 * outside git); compiler and its version. Static storage. */
const char *pdlt_version(void);
const char *pdlt_commit(void);
const char *pdlt_compiler(void);

/* Adds to meta the keys that every archive carries: format, kind, program,
 * experiment, hash, physics_hash, data_hash, layers, conventions, seed, commit,
 * compiler, blas. Nothing in them depends on time, host or paths. kind: "theory" or
 * "measured". Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_meta_fill(json_t *meta, const char *kind, const pdlt_experiment *ex,
                           const char *data_hash, int layers, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
