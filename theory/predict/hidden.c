/* hidden.c - mean square preactivations of the hidden layers, as arrays.
 *
 * Is: q_lo, their kernels at infinite width, at all times of training; q_nlo, what order 1/n adds at
 * initialization (docs/tensors.md). Is not: their change in training, which is of order 1/n and not
 * predicted. */
#include <math.h>

#include "theory/predict/internal.h"

/* A new array `name` (L-1, D). */
static pdlt_status new_layers(const pdlt_prediction *p, const char *name, double **out,
                              pdlt_error *err) {
  pdlt_array *array = NULL;
  const size_t dim[2] = {(size_t)p->kernel->depth - 1, p->kernel->D};
  const pdlt_status status = pdlt_archive_new(p->out, name, 2, dim, &array, err);
  if (status == PDLT_OK) *out = array->data;
  return status;
}

pdlt_status pdlt_predict_hidden(const pdlt_prediction *p, pdlt_error *err) {
  const pdlt_kernel_layers *kernel = p->kernel;
  const size_t D = kernel->D;
  double *q = NULL, worst = 0;
  const pdlt_status status = new_layers(p, "q_lo", &q, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 0; k + 1 < (size_t)kernel->depth; k++) {
    for (size_t a = 0; a < D; a++) q[k * D + a] = kernel->K[(k * D + a) * D + a];
    worst = fmax(worst, kernel->layer_err_K[k]);
  }
  return pdlt_predict_error(p->out, "q_lo", worst, err);
}

pdlt_status pdlt_predict_hidden_first(const pdlt_prediction *p, const pdlt_tensor_set *set,
                                      pdlt_error *err) {
  const size_t D = set->D, last = (size_t)set->depth - 1;
  double *q = NULL, worst = 0;
  const pdlt_status status = new_layers(p, "q_nlo", &q, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 1; k < last; k++) { /* layer 1 is exact: its G1 is 0 */
    const double *G1 = pdlt_tensors_get(set, (int)k + 1, PDLT_TENSOR_G1);
    const double ratio = (double)p->layer[last].in / (double)p->layer[k].in;
    for (size_t a = 0; a < D; a++) q[k * D + a] = ratio * G1[a * D + a];
    worst = fmax(worst, ratio * set->layer[k].err[PDLT_TENSOR_G1]);
  }
  return pdlt_predict_error(p->out, "q_nlo", worst, err);
}
