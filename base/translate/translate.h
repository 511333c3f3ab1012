/* translate.h - from a framework's description of a network to an experiment, and back.
 *
 * Is: the equations of docs/my-network.md, both ways, and what an experiment does not say, as comments.
 * Is not: data; callers hold those against the sizes. */
#ifndef PDLT_BASE_TRANSLATE_TRANSLATE_H
#define PDLT_BASE_TRANSLATE_TRANSLATE_H

#include "base/translate/description.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What relative paths of data files begin with in the new file: those that the file names; those of --set,
 * which begin in the working folder. "": nothing. */
typedef struct pdlt_places {
  const char *file, *working;
} pdlt_places;

/* Text of an experiment file with the same networks, learning rate and data at the description's widths,
 *
 *   C_W = n_{l-1} var(W), C_b = var(b), lambda_W = n_{l-1}, lambda_b = 1, eta = 2 lr/(N n_L) of a mean loss
 *
 * in standard parameterization; comments say what else holds. folder: the first of pdlt_places. *out is
 * owned by the caller (pdlt_free). Errors:
 * PDLT_ERR_MEMORY; PDLT_ERR_INPUT `NAME:LINE: key: ...` when the experiment cannot be read, as for keys of
 * `data`. ex (may be NULL) is that experiment, of the description's own data paths, owned by the caller
 * (pdlt_experiment_free). */
pdlt_status pdlt_translate_description(const pdlt_description *description, const char *folder,
                                       char **out, pdlt_experiment *ex, pdlt_error *err);

/* Text of a description of the networks of ex, resolved, of one width, with `inputs` inputs: framework
 * pytorch, init and, where layers differ, learning rates as lists. *out is owned by the
 * caller (pdlt_free). Errors: PDLT_ERR_INPUT for what a description cannot say (several widths, eta: flow,
 * steps: end), PDLT_ERR_MEMORY. */
pdlt_status pdlt_translate_experiment(const pdlt_experiment *ex, int inputs,
                                      const pdlt_places *places, char **out, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
