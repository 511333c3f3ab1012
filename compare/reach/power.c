/* power.c - see power.h. */
#include "compare/reach/power.h"

#include "base/activation/activation.h"

double pdlt_trained_power(const pdlt_archive *archive) {
  const json_t *experiment = json_object_get(archive->meta, "experiment");
  const json_t *network = json_object_get(experiment, "network");
  const char *text = json_string_value(json_object_get(network, "activation"));
  pdlt_activation activation;
  if (text == NULL || pdlt_activation_parse(&activation, text, NULL) != PDLT_OK) return 1.0;
  return pdlt_activation_has_kink(&activation) ? 0.5 : 1.0;
}
