/* errors.c - see errors.h. */
#include "trainer/measure/errors.h"

#include <math.h>

/* The class of sample a: its largest target, of one output 1 where that is positive. */
static size_t class_of(const pdlt_samples *data, size_t a) {
  const size_t D = data->samples;
  size_t largest = 0;
  if (data->outputs == 1) return data->y_all[a] > 0;
  for (size_t i = 1; i < data->outputs; i++)
    if (data->y_all[i * D + a] > data->y_all[largest * D + a]) largest = i;
  return largest;
}

/* Whether sample a has the target `own` in its class and `other` elsewhere; of one output either. */
static int is_class(const pdlt_samples *data, size_t a, double own, double other) {
  const size_t D = data->samples, class = class_of(data, a);
  if (data->outputs == 1) return fabs(data->y_all[a]) == own;
  for (size_t i = 0; i < data->outputs; i++)
    if (data->y_all[i * D + a] != (i == class ? own : other)) return 0;
  return 1;
}

int pdlt_errors_apply(const pdlt_samples *data) {
  const size_t D = data->samples;
  int several = 0;
  if (D == 0 || data->outputs == 0) return 0;
  const size_t first = class_of(data, 0);
  const double own = data->outputs == 1 ? fabs(data->y_all[0]) : data->y_all[first * D];
  const double other = data->y_all[(first == 0 ? data->outputs - 1 : 0) * D];
  if (data->outputs > 1 && !(own > other)) return 0;
  for (size_t a = 0; a < D; a++) {
    if (!is_class(data, a, own, other)) return 0;
    several |= class_of(data, a) != first;
  }
  return several;
}

/* Whether z puts sample a into its own class. */
static int is_right(const pdlt_samples *data, size_t a, const double *z) {
  const size_t D = data->samples, class = class_of(data, a);
  if (data->outputs == 1) return data->y_all[a] > 0 ? z[a] > 0 : z[a] < 0;
  for (size_t i = 0; i < data->outputs; i++)
    if (i != class && !(z[class * D + a] > z[i * D + a])) return 0;
  return 1;
}

double pdlt_errors_share(const pdlt_samples *data, size_t first, size_t last, const double *z) {
  size_t wrong = 0;
  for (size_t a = first; a < last; a++) wrong += !is_right(data, a, z);
  return (double)wrong / (double)(last - first);
}
