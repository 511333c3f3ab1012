/* backward.c - see backward.h. */
#include "theory/kink/backward.h"

#include <math.h>

#include "base/core/memory.h"

static const double pi = 3.141592653589793238;

double pdlt_kink_sign(const double *K, size_t D, size_t a, size_t b) {
  const double norm = sqrt(K[a * D + a] * K[b * D + b]);
  if (!(norm > 0.0)) return 0.0;
  return a == b ? 1.0 : 2.0 / pi * asin(fmin(fmax(K[a * D + b] / norm, -1.0), 1.0));
}

/* <s'_b s'_c>, s' = mean + half sign */
static double two_slopes(pdlt_kink_slopes s, const double *K, size_t D, size_t b, size_t c) {
  return s.mean * s.mean + s.half * s.half * pdlt_kink_sign(K, D, b, c);
}

/* <s'_a^2 s'_b s'_c>: s'_a^2 = mean^2 + half^2 sign^2 + 2 mean half sign, and three signs have mean 0. */
static double four_slopes(pdlt_kink_slopes s, const double *K, size_t D, size_t a, size_t b,
                          size_t c) {
  const double square = s.mean * s.mean + s.half * s.half * pdlt_kink_sign(K, D, a, a);
  const double odd = pdlt_kink_sign(K, D, a, b) + pdlt_kink_sign(K, D, a, c);
  return square * two_slopes(s, K, D, b, c) + 2.0 * s.mean * s.mean * s.half * s.half * odd;
}

/* Gamma of layer l from that of layer l + 1, l = 1..L-2; K of layer l + 1. */
static void gamma_below(double *out, const double *above, pdlt_kink_slopes s, double C_W,
                        const double *K, size_t D) {
  for (size_t b = 0; b < D; b++)
    for (size_t c = 0; c < D; c++)
      out[b * D + c] = C_W * two_slopes(s, K, D, b, c) * above[b * D + c];
}

/* Cov(Y) of sample a in layer l + 1 from layer l, of which K, theta and gamma are. */
static void lower_above(double *out, const double *below, pdlt_kink_slopes s, double factor,
                        const double *K, const double *theta, const double *gamma, size_t D,
                        size_t a) {
  const double square = two_slopes(s, K, D, a, a);
  for (size_t b = 0; b < D; b++)
    for (size_t c = 0; c < D; c++) {
      const double own = theta[a * D + b] * theta[a * D + c] * gamma[b * D + c];
      out[b * D + c] = factor * (own * four_slopes(s, K, D, a, b, c) + square * below[b * D + c]);
    }
}

static void fill(pdlt_kink_backward *w, pdlt_kink_slopes s, const pdlt_layer *layer,
                 const pdlt_kernel_layers *kernel) {
  const size_t D = w->D, size = D * D, last = (size_t)w->hidden - 1;
  for (size_t k = 0; k < size; k++) w->gamma[last * size + k] = layer[last + 1].C_W;
  for (size_t l = last; l-- > 0;)
    gamma_below(w->gamma + l * size, w->gamma + (l + 1) * size, s, layer[l + 1].C_W,
                kernel->K + (l + 1) * size, D);
  for (size_t l = 0; l < last; l++) {
    const double factor = (double)layer[l + 1].out / (double)layer[l].out * layer[l + 1].C_W;
    for (size_t a = 0; a < D; a++)
      lower_above(w->lower + ((l + 1) * D + a) * size, w->lower + (l * D + a) * size, s, factor,
                  kernel->K + l * size, kernel->theta + l * size, w->gamma + l * size, D, a);
  }
}

pdlt_status pdlt_kink_backward_new(pdlt_kink_backward *out, pdlt_kink_slopes slopes,
                                   const pdlt_layer *layer, const pdlt_kernel_layers *kernel,
                                   pdlt_error *err) {
  const size_t D = kernel->D, hidden = (size_t)kernel->depth - 1;
  pdlt_kink_backward w = {.hidden = kernel->depth - 1, .D = D};
  const pdlt_status status = pdlt_alloc(&w.gamma, hidden * D * D * (1 + D), sizeof(double), err);
  if (status != PDLT_OK) return status;
  w.lower = w.gamma + hidden * D * D;
  if (hidden > 0) fill(&w, slopes, layer, kernel);
  *out = w;
  return PDLT_OK;
}

void pdlt_kink_backward_free(pdlt_kink_backward *backward) { pdlt_free(backward->gamma); }
