/* classes.c - see classes.h. */
#include "compare/figure/classes.h"

#include "compare/figure/internal.h"

/* data.classes, or NULL. */
static const json_t *classes_of(const pdlt_archive *measured) {
  const json_t *experiment = json_object_get(measured->meta, "experiment");
  const json_t *classes = json_object_get(json_object_get(experiment, "data"), "classes");
  return json_array_size(classes) > 0 ? classes : NULL;
}

/* The class at a place of data.classes, as markup; 0 where there is none. */
static int write_class(char *out, size_t size, const json_t *classes, size_t place) {
  const json_t *class = json_array_get(classes, place);
  if (json_is_string(class))
    pdlt_markup_short(out, size, json_string_value(class), 24);
  else if (json_is_integer(class))
    snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(class));
  else
    return 0;
  return 1;
}

int pdlt_figure_class_of_output(char *out, size_t size, const pdlt_archive *measured,
                                size_t outputs, size_t i) {
  const json_t *classes = classes_of(measured);
  if (classes == NULL || outputs != json_array_size(classes) || outputs < 2) return 0;
  return write_class(out, size, classes, i);
}

int pdlt_figure_class_of_sample(char *out, size_t size, const pdlt_figure_input *in,
                                size_t sample) {
  const json_t *classes = classes_of(in->measured);
  const pdlt_array *y = pdlt_archive_get(in->theory, "y");
  if (classes == NULL || y == NULL || y->ndim != 2 || sample >= y->dim[0]) return 0;
  const size_t outputs = y->dim[1];
  const double *target = y->data + sample * outputs;
  if (outputs == 1) return write_class(out, size, classes, target[0] > 0);
  size_t place = 0;
  for (size_t i = 1; i < outputs; i++)
    if (target[i] > target[place]) place = i;
  return write_class(out, size, classes, place);
}

const char *pdlt_figure_first_output(char *out, size_t size, const pdlt_archive *measured,
                                     size_t outputs) {
  char class[128];
  out[0] = 0;
  if (outputs < 2) return out;
  if (pdlt_figure_class_of_output(class, sizeof class, measured, outputs, 0))
    snprintf(out, size, " (first output, class %s)", class);
  else
    snprintf(out, size, " (first output)");
  return out;
}
