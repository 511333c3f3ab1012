/* error.c - numerical errors of inference: see pdlt_inference_error. */
#include <string.h>

#include "base/core/memory.h"
#include "theory/posterior/inference.h"

/* Copies of what a layer reads; of `pass`, which tells layers apart by `tag`. */
static void move_layer(pdlt_inference_layer *layer, const pdlt_inference_doubt *doubt, size_t D,
                       uint64_t pass, uint64_t tag, double **next) {
  const struct {
    const double **array;
    int rank;
    const pdlt_doubt *doubt;
  } arrays[] = {{&layer->K, 2, &doubt->K}, {&layer->G1, 2, &doubt->G1}, {&layer->V, 4, &doubt->V}};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
    if (*arrays[k].array == NULL) continue;
    double *to = pdlt_take(next, arrays[k].rank == 2 ? D * D : D * D * D * D);
    pdlt_doubt_move(to, *arrays[k].array, arrays[k].rank, D, pass, 3 * tag + k, arrays[k].doubt);
    *arrays[k].array = to;
  }
}

/* chi moved by its error, either sign for each entry; what is 0 is 0 exactly. */
static void move_chi(pdlt_chi *to, const pdlt_chi *from, uint64_t salt, double **next) {
  const size_t size = from->D * from->D;
  to->D = from->D;
  for (int k = 0; k < PDLT_JETS; k++) {
    to->jet[k] = pdlt_take(next, size);
    for (size_t i = 0; i < size; i++)
      to->jet[k][i] =
          from->jet[k][i] == 0
              ? 0
              : from->jet[k][i] + from->error * pdlt_doubt_sign(salt + (uint64_t)k * size + i);
  }
}

/* Numbers of all copies. */
static size_t room_of(const pdlt_inference_input *in) {
  const size_t size = in->D * in->D;
  size_t room = 0;
  for (size_t l = 0; l <= in->hidden; l++) {
    room +=
        size + (in->layer[l].G1 != NULL ? size : 0) + (in->layer[l].V != NULL ? size * size : 0);
    if (in->layer[l].chi != NULL) room += PDLT_JETS * size;
  }
  return room;
}

static void compare(pdlt_inference_errors *out, const pdlt_inference *a, const pdlt_inference *b) {
  const size_t count = a->outputs * a->D, size = a->D * a->D, H = a->hidden;
  pdlt_doubt_raise(&out->log_lo, 1, &a->log_lo, &b->log_lo);
  pdlt_doubt_raise(&out->log, 1, &a->log, &b->log);
  pdlt_doubt_raise(&out->ess, 1, &a->ess, &b->ess);
  pdlt_doubt_raise(&out->z_lo, count, a->z_lo, b->z_lo);
  pdlt_doubt_raise(&out->z, count, a->z, b->z);
  pdlt_doubt_raise(&out->last_z, count, a->last_z, b->last_z);
  pdlt_doubt_raise(&out->kernel, size, a->kernel + H * size, b->kernel + H * size);
  pdlt_doubt_raise(&out->q, H * size, a->q, b->q);
  pdlt_doubt_raise(&out->mean, H * a->D, a->mean, b->mean);
  if (a->cov == NULL) return;
  pdlt_doubt_raise(&out->cov_lo, count * count, a->cov_lo, b->cov_lo);
  pdlt_doubt_raise(&out->cov, count * count, a->cov, b->cov);
  pdlt_doubt_raise(&out->last_cov, count * count, a->last_cov, b->last_cov);
}

static pdlt_status move_once(pdlt_inference_errors *out, const pdlt_inference *inference,
                             const pdlt_inference_input *input, const pdlt_inference_doubt *doubt,
                             uint64_t pass, pdlt_inference_layer *layer, pdlt_chi *chi,
                             double *next, pdlt_error *err) {
  pdlt_inference_input moved = *input;
  pdlt_inference other = {0};
  for (size_t l = 0; l <= input->hidden; l++) {
    layer[l] = input->layer[l];
    move_layer(&layer[l], &doubt[l], input->D, pass, l, &next);
    if (layer[l].chi == NULL) continue;
    move_chi(&chi[l], layer[l].chi, ((uint64_t)l << 40) + (pass << 56), &next);
    layer[l].chi = &chi[l];
  }
  moved.layer = layer;
  const pdlt_status status = pdlt_inference_new(&other, &moved, 0, err);
  if (status == PDLT_OK) compare(out, inference, &other);
  pdlt_inference_free(&other);
  return status;
}

pdlt_status pdlt_inference_error(pdlt_inference_errors *out, const pdlt_inference *inference,
                                 const pdlt_inference_input *input,
                                 const pdlt_inference_doubt *doubt, pdlt_error *err) {
  const size_t layers = input->hidden + 1;
  pdlt_inference_errors errors = {0};
  pdlt_inference_layer *layer = NULL;
  pdlt_chi *chi = NULL;
  double *copies = NULL;
  uint64_t passes = 1;
  pdlt_status status = PDLT_OK;
  for (size_t l = 0; l < layers; l++)
    if (doubt[l].V.moved[0] != NULL) passes = PDLT_DOUBT_PASSES;
  PDLT_TRY(pdlt_alloc(&layer, layers, sizeof *layer, err));
  PDLT_TRY(pdlt_alloc(&chi, layers, sizeof *chi, err));
  PDLT_TRY(pdlt_alloc(&copies, room_of(input), sizeof *copies, err));
  for (uint64_t pass = 0; pass < passes; pass++)
    PDLT_TRY(move_once(&errors, inference, input, doubt, pass, layer, chi, copies, err));
  *out = errors;
cleanup:
  pdlt_free(copies);
  pdlt_free(chi);
  pdlt_free(layer);
  return status;
}
