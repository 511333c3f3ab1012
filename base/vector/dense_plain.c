/* dense_plain.c - the kernels of base/vector/dense_kernels.inc for plain C; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#define PDLT_DENSE_SET pdlt_dense_plain
#define DOUBLE_LANES 2
#define FLOAT_LANES 4
#define DOUBLE_TYPE d2
#define FLOAT_TYPE f4
#define RB 4
#include "base/vector/dense_set.inc"
