/* source.c - what every source of samples needs: room for them, and the path of a file. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

pdlt_status pdlt_dataset_unread(const pdlt_experiment *ex, const char *key, const char *name,
                                const pdlt_error *why, pdlt_error *err) {
  if (why->status != PDLT_ERR_INPUT) return pdlt_fail(err, why->status, "%s", why->message);
  const char *base = pdlt_experiment_is_set(ex, key) ? "where the program was started"
                                                     : "the folder of the experiment file";
  if (name[0] == '/') return pdlt_experiment_fail(ex, key, err, "%s", why->message);
  return pdlt_experiment_fail(ex, key, err, "%s (a path relative to %s)", why->message, base);
}
