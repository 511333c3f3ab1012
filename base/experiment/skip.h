/* skip.h - the skip connections of an experiment: network.skip, or skip of the entries of
 * network.layers.
 *
 * Is: the factor of a layer, and which layers may have one.
 * Is not: public; layer.h has the result. Equations: docs/skips.md. */
#ifndef PDLT_BASE_EXPERIMENT_SKIP_H
#define PDLT_BASE_EXPERIMENT_SKIP_H

#include "base/experiment/experiment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* gamma of layer l = 1..L, the factor of the preactivations of the layer below; 0: no skip. */
double pdlt_experiment_skip(const pdlt_experiment *ex, int l);

/* Refuses a skip of layer l, which has `here` positions and the layer below `below`: in the first layer
 * and the readout, and where numbers of neurons or positions differ. Errors: PDLT_ERR_INPUT, at the
 * line of the layer or of network.skip. */
pdlt_status pdlt_skip_check(const pdlt_experiment *ex, int l, size_t below, size_t here,
                            pdlt_error *err);

/* The same for all layers of network.skip, which stands without network.layers only. */
pdlt_status pdlt_skips_check(const pdlt_experiment *ex, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
