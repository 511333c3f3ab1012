/* rays.c - see rays.h. */
#include "theory/kink/rays.h"

#include <math.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"

static const double pi = 3.141592653589793238;

/* Samples whose correlation is 1 to this are multiples of each other. */
static const double parallel = 1e-10;
/* And move together when their rows of Theta are multiples to this. */
static const double together = 1e-6;
/* Directions of smaller variance, relative, are rounding. */
static const double noise = 1e-13;

static pdlt_status root_new(pdlt_kink_root *out, const double *cov, size_t D, pdlt_error *err) {
  double *values = NULL, *vectors = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&values, D, sizeof *values, err));
  PDLT_TRY(pdlt_alloc(&vectors, D * D, sizeof *vectors, err));
  PDLT_TRY(pdlt_symmetric_eigen(D, cov, values, vectors, err));
  const double smallest = fmax(noise * values[D - 1], 0.0);
  while (out->rank < D && values[D - 1 - out->rank] > smallest) out->rank++;
  PDLT_TRY(pdlt_alloc(&out->value, D * out->rank, sizeof *out->value, err));
  for (size_t d = 0; d < D; d++)
    for (size_t j = 0; j < out->rank; j++)
      out->value[d * out->rank + j] = sqrt(values[D - 1 - j]) * vectors[(D - 1 - j) * D + d];
cleanup:
  pdlt_free(values);
  pdlt_free(vectors);
  return status;
}

/* h_b = r h_a for every neuron: r; 0: it is not so. */
static double ratio_of(const double *K, size_t D, size_t a, size_t b) {
  const double aa = K[a * D + a], ab = K[a * D + b], bb = K[b * D + b];
  if (a == b) return 1.0;
  return bb > 0.0 && ab * ab >= (1.0 - parallel) * aa * bb ? ab / aa : 0.0;
}

/* Whether training keeps h_b = r h_a. */
static int moves_together(const pdlt_kink_ray *ray, size_t D, size_t b) {
  const double *theta = ray->theta;
  const size_t a = ray->reference;
  for (size_t d = 0; d < D; d++) {
    const double size = fabs(ray->ratio[b]) * sqrt(theta[a * D + a] * theta[d * D + d]);
    if (fabs(theta[b * D + d] - ray->ratio[b] * theta[a * D + d]) > together * size) return 0;
  }
  return 1;
}

static pdlt_status gather(pdlt_kink_ray *ray, const double *K, size_t D, size_t train,
                          pdlt_error *err) {
  for (size_t b = 0; b < D; b++) {
    ray->ratio[b] = ratio_of(K, D, ray->reference, b);
    if (ray->ratio[b] == 0.0) continue;
    if (b < train) ray->trains = 1;
    if (!moves_together(ray, D, b))
      return pdlt_fail(
          err, PDLT_ERR_UNSUPPORTED,
          "samples %zu and %zu are multiples of each other in layer %d, and biases that learn "
          "move them apart; their neurons near the kink are not predicted: use other samples, "
          "C_b > 0, or lambda_b = 0",
          ray->reference, b, ray->layer + 1);
  }
  return PDLT_OK;
}

/* Covariance of h_b, h_c given h_a = 0; 0 for the samples of the ray. */
static void conditional(const pdlt_kink_ray *ray, const double *K, size_t D, double *cov) {
  const size_t a = ray->reference;
  for (size_t b = 0; b < D; b++)
    for (size_t c = 0; c < D; c++)
      cov[b * D + c] = ray->ratio[b] != 0.0 || ray->ratio[c] != 0.0
                           ? 0.0
                           : K[b * D + c] - K[a * D + b] * K[a * D + c] / K[a * D + a];
}

static pdlt_status fill_ray(pdlt_kink_ray *ray, const double *K, const double *lower, size_t D,
                            size_t train, double *room, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&ray->ratio, D, sizeof *ray->ratio, err));
  PDLT_TRY(gather(ray, K, D, train, err));
  conditional(ray, K, D, room);
  PDLT_TRY(root_new(&ray->slope, room, D, err));
  PDLT_TRY(root_new(&ray->lower, lower + ray->reference * D * D, D, err));
cleanup:
  return status;
}

/* Whether sample a is in a ray of this layer already. */
static int is_taken(const pdlt_kink_rays *rays, int layer, size_t a) {
  for (size_t k = 0; k < rays->count; k++)
    if (rays->ray[k].layer == layer && rays->ray[k].ratio[a] != 0.0) return 1;
  return 0;
}

static pdlt_status add_layer(pdlt_kink_rays *out, int l, const pdlt_kink_backward *backward,
                             const pdlt_layer *layer, const pdlt_kernel_layers *kernel,
                             size_t train, double *room, pdlt_error *err) {
  const size_t D = out->D, at = (size_t)l * D * D;
  const double *K = kernel->K + at;
  const double widths = sqrt((double)layer[out->hidden - 1].out / (double)layer[l].out);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(root_new(&out->omega[l], backward->gamma + at, D, err));
  for (size_t a = 0; a < D; a++) {
    if (!(K[a * D + a] > 0.0) || is_taken(out, l, a)) continue;
    pdlt_kink_ray *ray = &out->ray[out->count++];
    *ray = (pdlt_kink_ray){.layer = l,
                           .reference = a,
                           .weight = widths / sqrt(2.0 * pi * K[a * D + a]),
                           .theta = kernel->theta + at};
    PDLT_TRY(fill_ray(ray, K, backward->lower + at * D, D, train, room, err));
  }
cleanup:
  return status;
}

pdlt_status pdlt_kink_rays_new(pdlt_kink_rays *out, const pdlt_kink_backward *backward,
                               const pdlt_layer *layer, const pdlt_kernel_layers *kernel,
                               size_t train, pdlt_error *err) {
  const size_t D = kernel->D, hidden = (size_t)backward->hidden;
  pdlt_kink_rays rays = {.D = D, .hidden = backward->hidden};
  double *room = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&room, D * D, sizeof *room, err));
  PDLT_TRY(pdlt_alloc(&rays.ray, hidden * D, sizeof *rays.ray, err));
  PDLT_TRY(pdlt_alloc(&rays.omega, hidden, sizeof *rays.omega, err));
  for (int l = 0; l < rays.hidden; l++)
    PDLT_TRY(add_layer(&rays, l, backward, layer, kernel, train, room, err));
  PDLT_TRY(root_new(&rays.output, kernel->K + hidden * D * D, D, err));
  *out = rays;
cleanup:
  if (status != PDLT_OK) pdlt_kink_rays_free(&rays);
  pdlt_free(room);
  return status;
}

void pdlt_kink_rays_free(pdlt_kink_rays *rays) {
  for (size_t k = 0; k < rays->count; k++) {
    pdlt_free(rays->ray[k].ratio);
    pdlt_free(rays->ray[k].slope.value);
    pdlt_free(rays->ray[k].lower.value);
  }
  for (int l = 0; rays->omega != NULL && l < rays->hidden; l++) pdlt_free(rays->omega[l].value);
  pdlt_free(rays->ray);
  pdlt_free(rays->omega);
  pdlt_free(rays->output.value);
}
