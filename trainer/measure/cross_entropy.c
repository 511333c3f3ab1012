/* cross_entropy.c - see cross_entropy.h. */
#include "trainer/measure/cross_entropy.h"

#include "base/core/softmax.h"

double pdlt_cross_entropy_of(const pdlt_samples *data, size_t first, size_t last, const double *z) {
  const size_t D = data->samples;
  double sum = 0;
  for (size_t a = first; a < last; a++)
    sum += pdlt_cross_entropy(data->outputs, z + a, D, data->y_all + a, D);
  return sum;
}
