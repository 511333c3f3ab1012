/* newton.c - see newton.h. */
#include "theory/order_one/newton.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "theory/order_one/internal.h"

void pdlt_newton_free(pdlt_newton *newton) {
  pdlt_free(newton->back);
  pdlt_free(newton->storage);
  *newton = (pdlt_newton){.back = NULL};
}

/* root = r, back = r^-1, both (A, A). */
static pdlt_status find_roots(const pdlt_training_input *lo, double *root, double *back,
                              pdlt_error *err) {
  const size_t A = lo->A;
  double *block = NULL;
  pdlt_error why = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&block, A * A, sizeof *block, err));
  for (size_t a = 0; a < A; a++) memcpy(block + a * A, lo->theta + a * lo->D, A * sizeof *block);
  status = pdlt_symmetric_power(A, block, -0.5, root, &why);
  if (status == PDLT_OK) status = pdlt_symmetric_power(A, block, 0.5, back, &why);
  if (status == PDLT_ERR_NUMERIC)
    status = pdlt_fail(err, PDLT_ERR_INPUT, "Newton's method has no inverse of the NTK: %s",
                       why.message);
  else if (status != PDLT_OK)
    status = pdlt_fail(err, status, "%s", why.message);
cleanup:
  pdlt_free(block);
  return status;
}

/* A bound of what r makes of the errors of Theta's entries: |r| error |r|. */
static void spread_errors(size_t D, size_t A, const double *root, const double *from, double *out) {
  const double *error = from;
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      double sum = 0;
      for (size_t a = i < A ? 0 : i; a < (i < A ? A : i + 1); a++)
        for (size_t b = j < A ? 0 : j; b < (j < A ? A : j + 1); b++)
          sum += (i < A ? fabs(root[i * A + a]) : 1) * error[a * D + b] *
                 (j < A ? fabs(root[j * A + b]) : 1);
      out[i * D + j] = sum;
    }
}

pdlt_status pdlt_newton_new(pdlt_newton *out, const pdlt_trained_input *input, pdlt_error *err) {
  const pdlt_training_input *lo = &input->in.lo;
  const size_t D = lo->D, A = lo->A, n = lo->outputs, square = D * D, four = square * square;
  pdlt_newton newton = {.input = *input};
  double *root = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&root, A * A, sizeof *root, err));
  PDLT_TRY(pdlt_alloc(&newton.back, A * A, sizeof *newton.back, err));
  PDLT_TRY(
      pdlt_alloc(&newton.storage, 5 * square + 10 * four + A * n, sizeof *newton.storage, err));
  PDLT_TRY(find_roots(lo, root, newton.back, err));
  pdlt_trained_input *to = &newton.input;
  double *next = newton.storage;
#define TURN(name, field, rank)                                             \
  memcpy(next, input->field, ((rank) == 2 ? square : four) * sizeof *next); \
  PDLT_TRY(pdlt_rotate(D, A, rank, root, input->in.threads, next, err));    \
  to->field = next;                                                         \
  next += (rank) == 2 ? square : four;
  PDLT_TRAINED_TENSORS(TURN)
#undef TURN
  if (lo->err_theta != NULL) {
    spread_errors(D, A, root, lo->err_theta, next);
    to->in.lo.err_theta = next;
  }
  next += square;
  if (A * n > 0) pdlt_gemm(0, 0, A, n, A, 1, root, A, lo->y, n, 0, next, n);
  to->in.lo.y = next;
  to->in.lo.newton = 0;
  to->dntk_samples = 0;
  to->features = 0;
  *out = newton;
  newton = (pdlt_newton){.back = NULL};
cleanup:
  pdlt_free(root);
  pdlt_newton_free(&newton);
  return status;
}

/* x (count, D), the last slot of which samples are brought back; work as large. */
static void return_one(const pdlt_dynamics *by, size_t count, double *work, double *x) {
  const size_t size = count * by->lo.D;
  pdlt_rotate_back(by, count, x, work);
  if (size > 0) memcpy(x, work, size * sizeof *x);
}

pdlt_status pdlt_newton_return(const pdlt_newton *newton, pdlt_trained *w, pdlt_error *err) {
  const pdlt_training_input *lo = &newton->input.in.lo;
  const size_t n = w->outputs, count = n * w->D, parts = PDLT_DYNAMICS_PART_COUNT;
  pdlt_dynamics by = {.lo = {.D = lo->D, .A = lo->A, .outputs = n, .vector = newton->back}};
  const size_t one = parts * (w->times + 1) * count, both = (w->times + 1) * count * count;
  double *work = NULL;
  const pdlt_status status = pdlt_alloc(&work, one > both ? one : both, sizeof *work, err);
  if (status != PDLT_OK) return status;
  return_one(&by, w->times * n, work, w->z);
  return_one(&by, parts * w->times * n, work, w->parts);
  return_one(&by, n, work, w->end);
  return_one(&by, parts * n, work, w->end_parts);
  pdlt_rotate_back_both(&by, w->times, work, w->theta);
  pdlt_rotate_back_both(&by, w->times, work, w->cov);
  pdlt_rotate_back_both(&by, 1, work, w->cov_end);
  pdlt_free(work);
  return PDLT_OK;
}
