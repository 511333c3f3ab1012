/* hidden.c - hidden layers given the data: the gradient of the evidence comes down layer by layer, and each
 * kernel follows it. Equations: inference.h, docs/posterior.md. */
#include <string.h>

#include "base/vector/linalg.h"
#include "theory/posterior/internal.h"

/* kernel = below {G1 + (1/2) V M}. */
static void add_kernel(const pdlt_inference_work *w, const pdlt_inference_layer *layer,
                       double *kernel) {
  const size_t count = w->input->D * w->input->D;
  const double first = pdlt_inference_factor(w->input, PDLT_POSTERIOR_KERNEL);
  const double learned = pdlt_inference_factor(w->input, PDLT_POSTERIOR_HIDDEN);
  pdlt_inference_learning(w, layer, w->M, w->scratch);
  for (size_t i = 0; i < count; i++)
    kernel[i] =
        layer->below * ((layer->G1 == NULL ? 0 : first * layer->G1[i]) + learned * w->scratch[i]);
}

/* q = kernel + here K M K. */
static void add_square(const pdlt_inference_work *w, const pdlt_inference_layer *layer,
                       const double *kernel, double *q) {
  const size_t D = w->input->D;
  const double factor = layer->here * pdlt_inference_factor(w->input, PDLT_POSTERIOR_SQUARE);
  pdlt_gemm(0, 0, D, D, D, 1, w->M, D, layer->K, D, 0, w->scratch, D);
  memcpy(q, kernel, D * D * sizeof *q);
  pdlt_gemm(0, 0, D, D, D, factor, layer->K, D, w->scratch, D, 1, q, D);
}

void pdlt_inference_hidden(pdlt_inference *out, pdlt_inference_work *w) {
  const size_t D = w->input->D, size = D * D;
  for (size_t l = w->input->hidden; l-- > 0;) {
    const pdlt_inference_layer *layer = &w->input->layer[l];
    double *mean = out->mean + l * D;
    pdlt_chi_mean(layer->chi, layer->C_W, layer->K, w->M, mean);
    for (size_t a = 0; a < D; a++) mean[a] *= layer->here;
    pdlt_chi_pull(layer->chi, layer->C_W, w->M, w->other);
    memcpy(w->M, w->other, size * sizeof *w->M);
    add_kernel(w, layer, out->kernel + l * size);
    add_square(w, layer, out->kernel + l * size, out->q + l * size);
  }
}
