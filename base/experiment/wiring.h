/* wiring.h - from network.input and network.layers to positions.
 *
 * Is: how each layer reads the positions below, and what makes no sense there.
 * Is not: public; layer.h has the result. */
#ifndef PDLT_BASE_EXPERIMENT_WIRING_H
#define PDLT_BASE_EXPERIMENT_WIRING_H

#include "base/experiment/experiment.h"
#include "base/experiment/layer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of layer l = 1..L, by the layers below it; all 1 without network.layers. Only for experiments that
 * pdlt_wiring_check has passed. Cost O(l). */
pdlt_wiring pdlt_wiring_of(const pdlt_experiment *ex, int l);

/* Positions of a sample: 1 without network.layers. */
size_t pdlt_wiring_inputs(const pdlt_experiment *ex);

/* Refuses layers that do not fit the positions below them, and inputs (0: not known yet) that are not
 * network.input. Errors: PDLT_ERR_INPUT, at the line of the layer. */
pdlt_status pdlt_wiring_check(const pdlt_experiment *ex, size_t inputs, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
