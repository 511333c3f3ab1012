/* kernel_internal.h - what the recursion of kernel.h holds beside the layers.
 *
 * Is: terms of an entry before the map over positions, and the map (kernel_map.c); memory of the layers
 * (kernel_layers.c); the road of closed forms (kernel_pairs.c).
 * Is not: public; only theory/infinite/kernel*.c include it. */
#ifndef PDLT_THEORY_INFINITE_KERNEL_INTERNAL_H
#define PDLT_THEORY_INFINITE_KERNEL_INTERNAL_H

#include "theory/infinite/averages.h"
#include "theory/infinite/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an entry of the next layer is made of, before the map over positions: <s1 s2> and <s1' s2'>
 * Theta, their absolute values and errors. */
typedef struct pdlt_pair_terms {
  double ss, ss_size, ss_error, dd, dd_size, dd_error;
} pdlt_pair_terms;

/* What the recursion holds beside the layers: errors of the pairs, of one layer and the next. */
typedef struct pdlt_kernel_recursion {
  pdlt_averages averages;
  size_t D, E; /* samples; slots of the layer at hand */
  int threads;
  size_t *twin;                   /* (D) the first sample of equal inputs */
  double *err_K, *err_theta;      /* (E, E) of layer l */
  double *next_K, *next_theta;    /* (E, E) of layer l+1 */
  pdlt_pair_terms *terms;         /* (E, E) where some layer has positions; else NULL */
  pdlt_angle *angle, *next_angle; /* (D, D) with kinks, no positions, no skips; else NULL */
  pdlt_status *row_status;        /* (E) */
  pdlt_error *row_error;          /* (E) */
} pdlt_kernel_recursion;

/* Entries i, j and j, i of layer l+1 (index l) from their terms, and their errors. */
void pdlt_kernel_put_entry(pdlt_kernel_layers *layers, const pdlt_kernel_recursion *work, int l,
                           const pdlt_layer *layer, size_t i, size_t j, const pdlt_pair_terms *t);

/* Terms of all slots of the samples x (D, n_0, P). */
void pdlt_kernel_input_terms(pdlt_kernel_recursion *work, const pdlt_layer *layer, const double *x);

/* Layer l+1 (index l) from the terms of the layer below; index 0 from those of the samples. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_kernel_map_layer(pdlt_kernel_layers *layers, const pdlt_kernel_recursion *work,
                                  int l, const pdlt_layer *layer, pdlt_error *err);

/* Whether every entry is made by closed forms from its own pair, layer by layer: then pairs need not wait for
 * each other. */
int pdlt_kernel_pairs_apply(const pdlt_kernel_settings *settings);

/* All layers of such a network, allocated by pdlt_kernel_layers_allocate, with every error (kernel_pairs.c).
 * Errors: as pdlt_kernel_layers_new. */
pdlt_status pdlt_kernel_pairs_run(pdlt_kernel_layers *layers, const pdlt_kernel_settings *settings,
                                  const double *x, pdlt_error *err);

/* Memory for all layers; what was made is freed by pdlt_kernel_layers_free, also on failure. Errors:
 * PDLT_ERR_MEMORY; PDLT_ERR_INPUT: more than kernels over positions may take. */
pdlt_status pdlt_kernel_layers_allocate(pdlt_kernel_layers *out,
                                        const pdlt_kernel_settings *settings, size_t D,
                                        pdlt_error *err);

/* K, theta of layers with positions, from their slots. */
void pdlt_kernel_layers_average(pdlt_kernel_layers *layers);

#ifdef __cplusplus
}
#endif
#endif
