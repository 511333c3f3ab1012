/* errors.c - see errors.h. */
#include "theory/tensors/errors.h"

#include <math.h>

size_t pdlt_tensor_size(size_t N, int rank) { return rank == 2 ? N : N * N; }

double pdlt_tensor_largest(size_t count, const double *x) {
  double largest = 0.0;
  for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(x[i]));
  return largest;
}

double pdlt_tensor_kernel_error(const pdlt_kernel_layers *kernels, int layer) {
  const size_t at = (size_t)(layer - 1), E = kernels->slots[at];
  const double K = pdlt_tensor_largest(E * E, kernels->slot_K[at]);
  const double theta = pdlt_tensor_largest(E * E, kernels->slot_theta[at]);
  double error = 0.0;
  if (K > 0.0) error += 4.0 * kernels->layer_err_K[at] / K;
  if (theta > 0.0) error += 4.0 * kernels->layer_err_theta[at] / theta;
  return error;
}

/* Largest difference on the checked samples: of pairs, other (N of the checked), all (N). */
static double largest_difference(const pdlt_tensor_gap *gap, int rank, const double *other,
                                 const double *all) {
  const size_t D = gap->D, C = gap->checked, pairs = gap->checked_pairs;
  if (C == 0) return 0.0;
  const size_t count = pdlt_tensor_size(pairs, rank), N = pairs / (C * C) * D * D;
  double difference = 0.0;
  for (size_t i = 0; i < count; i++) {
    size_t at = 0;
    for (size_t rest = i, stride = 1, half = 0; half < (rank == 2 ? 1 : 2); half++) {
      const size_t n = rest % pairs, a = gap->check[n / C % C], b = gap->check[n % C];
      at += stride * (n / (C * C) * D * D + a * D + b);
      stride *= N;
      rest /= pairs;
    }
    difference = fmax(difference, fabs(other[i] - all[at]));
  }
  return difference;
}

static double largest_of(const pdlt_tensor_gap *gap, const pdlt_tensor_layer *layer, int t) {
  return pdlt_tensor_largest(pdlt_tensor_size(gap->pairs, pdlt_tensor_rank((pdlt_tensor_name)t)),
                             layer->data[t]);
}

void pdlt_tensor_rounding(const pdlt_tensor_gap *gap, double rounding, pdlt_tensor_layer *all) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    if (all->data[t] == NULL) continue;
    const double largest = largest_of(gap, all, t);
    all->rounding[t] = rounding * largest;
    all->err[t] = all->rounding[t] + all->inherited * largest;
  }
}

void pdlt_tensor_difference(const pdlt_tensor_gap *gap, const pdlt_tensor_layer *other,
                            pdlt_tensor_layer *all) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    if (all->data[t] == NULL) continue;
    const double most = largest_difference(gap, pdlt_tensor_rank((pdlt_tensor_name)t),
                                           other->data[t], all->data[t]);
    const double least = all->rounding[t] + all->inherited * largest_of(gap, all, t);
    all->err[t] = fmax(all->err[t], least + 2.0 * most);
  }
}
