/* in_place.c - see in_place.h. */
#include "theory/tensors/in_place.h"

#include "base/core/memory.h"
#include "theory/tensors/errors.h"

static int is_packed(int t) {
  return t == PDLT_TENSOR_V || t == PDLT_TENSOR_D || t == PDLT_TENSOR_A;
}

static size_t size_of(size_t D, int t) {
  if (is_packed(t)) return pdlt_packed_size(D, t != PDLT_TENSOR_D);
  return pdlt_tensor_size(D * D, pdlt_tensor_rank((pdlt_tensor_name)t));
}

pdlt_status pdlt_in_place_new(pdlt_tensor_layer *layer, pdlt_tensor_old *old, size_t D, int tensors,
                              pdlt_error *err) {
  const size_t U = pdlt_half(D), cube = D * D * D;
  pdlt_status status = PDLT_OK;
  for (int t = 0; t < tensors; t++)
    PDLT_TRY(pdlt_alloc(&layer->data[t], size_of(D, t), sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&old->V, D * U, sizeof *old->V, err));
  PDLT_TRY(pdlt_alloc(&old->D, D * U, sizeof *old->D, err));
  PDLT_TRY(pdlt_alloc(&old->F, cube, sizeof *old->F, err));
  if (tensors <= PDLT_TENSOR_P) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&old->P, cube, sizeof *old->P, err));
  PDLT_TRY(pdlt_alloc(&old->Q, cube, sizeof *old->Q, err));
cleanup:
  return status;
}

void pdlt_in_place_free(pdlt_tensor_old *old) {
  pdlt_free(old->V);
  pdlt_free(old->D);
  pdlt_free(old->F);
  pdlt_free(old->P);
  pdlt_free(old->Q);
  *old = (pdlt_tensor_old){.V = NULL};
}

pdlt_status pdlt_in_place_move(pdlt_tensor_layer *from, pdlt_tensor_layer *to, size_t D,
                               double *before[PDLT_TENSOR_COUNT], pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++)
    if (pdlt_tensor_rank((pdlt_tensor_name)t) == 2)
      PDLT_TRY(pdlt_alloc(&to->data[t], size_of(D, t), sizeof(double), err));
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    before[t] = from->data[t];
    if (pdlt_tensor_rank((pdlt_tensor_name)t) == 2) continue;
    to->data[t] = from->data[t];
    from->data[t] = NULL;
  }
cleanup:
  return status;
}

/* Entries of layer l that others than themselves read. */
static void keep_old(const pdlt_tensor_step *step, int dntk) {
  const size_t D = step->D, U = pdlt_half(D);
  const pdlt_tensor_old *old = step->old;
  double *const *from = step->from;
  for (size_t a = 0; a < D; a++) {
    const size_t aa = pdlt_unordered(a, a);
    for (size_t u = 0; u < U; u++) {
      old->V[a * U + u] = from[PDLT_TENSOR_V][pdlt_unordered(aa, u)];
      old->D[a * U + u] = from[PDLT_TENSOR_D][aa * U + u];
    }
    for (size_t b = 0; b < D; b++)
      for (size_t c = 0; c < D; c++) {
        const size_t abc = (a * D + b) * D + c;
        old->F[abc] = from[PDLT_TENSOR_F][abc * D + c];
        if (dntk) old->P[abc] = from[PDLT_TENSOR_P][abc * D + a];
        if (dntk) old->Q[abc] = from[PDLT_TENSOR_Q][abc * D + c];
      }
  }
}

void pdlt_in_place_step(const pdlt_tensor_step *step, int dntk) {
  keep_old(step, dntk);
  pdlt_tensor_step_second(step);
  if (dntk) pdlt_tensor_step_ddntk_in_place(step);
  if (dntk) pdlt_tensor_step_dntk_in_place(step);
  pdlt_tensor_step_ntk_in_place(step);
}

pdlt_status pdlt_in_place_finish(pdlt_tensor_layer *layer, size_t D, unsigned needed,
                                 pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    if ((needed >> t & 1) != 0) continue;
    pdlt_free(layer->data[t]);
    layer->data[t] = NULL;
  }
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    double *whole = NULL;
    if (!is_packed(t) || layer->data[t] == NULL) continue;
    PDLT_TRY(pdlt_alloc(&whole, D * D * D * D, sizeof *whole, err));
    pdlt_packed_spread(D, t != PDLT_TENSOR_D, layer->data[t], whole);
    pdlt_free(layer->data[t]);
    layer->data[t] = whole;
  }
cleanup:
  return status;
}
