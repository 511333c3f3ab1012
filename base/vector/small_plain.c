/* small_plain.c - the kernels of base/vector/small_kernels.inc for plain C; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#define PDLT_SMALL_SET pdlt_small_plain
#define PDLT_SMALL_NAME "plain"
#define LANES 2
#define TYPE d2
#define ROWS 4
#include "base/vector/small_kernels.inc"
