/* feature.h - the table of kernels of features.
 *
 * Is: names, and which features phi^(a,b) = phi + a psi d + (b/2) chi d d a kernel is of, to the order that
 * theory needs (docs/features.md); theory, trainer and results read it.
 * Is not: a kernel. */
#ifndef PDLT_BASE_EXPERIMENT_FEATURE_H
#define PDLT_BASE_EXPERIMENT_FEATURE_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(id, name, a, b), d the way that the parameters went. The first are those at the start, whose kernel does
 * not change. */
#define PDLT_FEATURE_LIST(X)        \
  X(K, "k", 0, 0)                   \
  X(K_E, "k_E", 1, 1)               \
  X(K_SHARP, "k_sharp", 0.5, 0)     \
  X(SECANT, "secant", 0.5, 1.0 / 3) \
  X(MIDPOINT, "midpoint", 0.5, 0.25)

typedef enum pdlt_feature {
#define PDLT_FEATURE_ENUM(id, name, a, b) PDLT_FEATURE_##id,
  PDLT_FEATURE_LIST(PDLT_FEATURE_ENUM)
#undef PDLT_FEATURE_ENUM
      PDLT_FEATURE_COUNT
} pdlt_feature;

typedef struct pdlt_feature_definition {
  const char *name;
  double a, b;
} pdlt_feature_definition;

extern const pdlt_feature_definition pdlt_feature_definitions[PDLT_FEATURE_COUNT];

#ifdef __cplusplus
}
#endif
#endif
