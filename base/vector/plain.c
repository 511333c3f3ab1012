/* plain.c - the kernels of base/vector/sigma.inc for plain C; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#define PDLT_SIMD_SET pdlt_simd_plain
#define PDLT_DENSE_SET pdlt_dense_plain
#define PDLT_SIMD_NAME "plain"
#include "base/vector/sigma.inc"
