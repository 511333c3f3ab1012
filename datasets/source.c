/* source.c - what the sources of samples need: room for them, a random order, the path of a file. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "datasets/dataset_internal.h"

pdlt_status pdlt_dataset_allocate(pdlt_dataset *data, size_t inputs, size_t outputs,
                                  pdlt_error *err) {
  size_t samples = data->train + data->test;
  if (inputs > 0 && samples > SIZE_MAX / inputs)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "%zu samples of %zu inputs do not fit in memory",
                     samples, inputs);
  data->inputs = inputs;
  data->outputs = outputs;
  pdlt_status status = pdlt_alloc(&data->x, samples * inputs, sizeof *data->x, err);
  if (status != PDLT_OK) return status;
  return pdlt_alloc(&data->y, samples * outputs, sizeof *data->y, err);
}

pdlt_status pdlt_dataset_draw_order(const pdlt_rng *rng, size_t total, size_t take, size_t **order,
                                    pdlt_error *err) {
  size_t *place = NULL;
  double *u = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&place, total, sizeof *place, err));
  PDLT_TRY(pdlt_alloc(&u, take, sizeof *u, err));
  for (size_t k = 0; k < total; k++) place[k] = k;
  pdlt_rng_uniform(rng, 0, take, u);
  for (size_t k = 0; k < take; k++) { /* Fisher-Yates */
    size_t other = k + (size_t)(u[k] * (double)(total - k));
    size_t kept = place[k];
    place[k] = place[other];
    place[other] = kept;
  }
  *order = place;
  place = NULL;
cleanup:
  pdlt_free(place);
  pdlt_free(u);
  return status;
}

pdlt_status pdlt_dataset_path(char **out, const pdlt_experiment *ex, const char *key,
                              const char *name, pdlt_error *err) {
  if (name[0] == '/' || strcmp(ex->directory, ".") == 0 || pdlt_experiment_is_set(ex, key))
    return pdlt_strdup(out, name, err);
  size_t size = strlen(ex->directory) + strlen(name) + 2;
  pdlt_status status = pdlt_alloc(out, size, 1, err);
  if (status != PDLT_OK) return status;
  snprintf(*out, size, "%s/%s", ex->directory, name);
  return PDLT_OK;
}

pdlt_status pdlt_dataset_blame(const pdlt_experiment *ex, const char *key, const char *path,
                               const char *name, const pdlt_error *why, pdlt_error *err) {
  if (why->status != PDLT_ERR_INPUT) return pdlt_fail(err, why->status, "%s", why->message);
  const char *base = pdlt_experiment_is_set(ex, key) ? "where the program was started"
                                                     : "the folder of the experiment file";
  if (name[0] == '/' || access(path, F_OK) == 0)
    return pdlt_experiment_fail(ex, key, err, "%s", why->message);
  return pdlt_experiment_fail(ex, key, err, "%s (a path relative to %s)", why->message, base);
}
