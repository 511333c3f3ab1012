/* kink_term.h - names of the parts of the first correction of a network with a kink.
 *
 * Is: one list from which enum, table and look-up come; a factor for every part and layer.
 * Is not: the sums themselves (theory/kink, docs/kinks.md). */
#ifndef PDLT_THEORY_TERMS_KINK_TERM_H
#define PDLT_THEORY_TERMS_KINK_TERM_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(id, name, equation): sources of z_half, summed over hidden layers and training samples a. */
#define PDLT_KINK_PART_LIST(X)                                                           \
  X(CROSSING, "half.crossing", "int ds0 E[omega_ka (s(s(t)) - s'(s0) s_lin(t))], Y = 0") \
  X(PUSHED, "half.pushed", "int ds0 E[c(t) omega_kb s'_b Th_ab], b != a, Y = 0")         \
  X(OTHERS, "half.others", "both sources less those with Y = 0; int ds0 E[c(t) Y_kab]")

typedef enum pdlt_kink_part {
#define PDLT_KINK_PART_ENUM(id, name, equation) PDLT_KINK_##id,
  PDLT_KINK_PART_LIST(PDLT_KINK_PART_ENUM)
#undef PDLT_KINK_PART_ENUM
      PDLT_KINK_PART_COUNT
} pdlt_kink_part;

/* Static strings: "half.crossing"; its equation. */
const char *pdlt_kink_part_name(pdlt_kink_part part);
const char *pdlt_kink_part_equation(pdlt_kink_part part);

enum {
  PDLT_KINK_LAYERS = 64
}; /* half.layer<l> is a name for l = 1 .. here; deeper layers have factor 1 */

/* Factor of each part and hidden layer (l at l - 1): 1 as derived, 0 left out, -1 sign flipped. */
typedef struct pdlt_kink_factors {
  double part[PDLT_KINK_PART_COUNT];
  double layer[PDLT_KINK_LAYERS];
} pdlt_kink_factors;

/* All 1. */
pdlt_kink_factors pdlt_kink_factors_all(void);

/* The factor that `name` means: half.crossing, half.pushed, half.others, half.layer<l>; NULL: none. */
double *pdlt_kink_factor(pdlt_kink_factors *factors, const char *name);

/* Of hidden layer l - 1. */
static inline double pdlt_kink_layer_factor(const pdlt_kink_factors *factors, int l) {
  return l < PDLT_KINK_LAYERS ? factors->layer[l] : 1.0;
}

#ifdef __cplusplus
}
#endif
#endif
