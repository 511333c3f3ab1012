/* dense_shuffles.h - the shuffles of two vectors behind transposes and sums over lanes.
 *
 * Is: for each type of vector (d or f and its number of lanes), shuffles that are one cheap
 * instruction: none carries single numbers from one 128-bit part to another.
 * Is not: a layout; base/vector/dense_kernels.inc says what sequences of them do. */
#ifndef PDLT_BASE_VECTOR_DENSE_SHUFFLES_H
#define PDLT_BASE_VECTOR_DENSE_SHUFFLES_H

#ifdef __cplusplus
extern "C" {
#endif

#define SHUFFLE __builtin_shufflevector

/* clang-format off */
/* x0 y0 x1 y1 .. of the lower and of the upper halves of each 128-bit part. */
#define LOW_d2(x, y) SHUFFLE(x, y, 0, 2)
#define HIGH_d2(x, y) SHUFFLE(x, y, 1, 3)
#define LOW_d4(x, y) SHUFFLE(x, y, 0, 4, 2, 6)
#define HIGH_d4(x, y) SHUFFLE(x, y, 1, 5, 3, 7)
#define LOW_d8(x, y) SHUFFLE(x, y, 0, 8, 2, 10, 4, 12, 6, 14)
#define HIGH_d8(x, y) SHUFFLE(x, y, 1, 9, 3, 11, 5, 13, 7, 15)
#define LOW_f4(x, y) SHUFFLE(x, y, 0, 4, 1, 5)
#define HIGH_f4(x, y) SHUFFLE(x, y, 2, 6, 3, 7)
#define LOW_f8(x, y) SHUFFLE(x, y, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH_f8(x, y) SHUFFLE(x, y, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW_f16(x, y) SHUFFLE(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH_f16(x, y) SHUFFLE(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)

/* 128-bit parts 0, 2 .. of x, then of y; and parts 1, 3 ..; not asked for where there is one. */
#define EVEN_d2(x, y) (x)
#define ODD_d2(x, y) (y)
#define EVEN_d4(x, y) SHUFFLE(x, y, 0, 1, 4, 5)
#define ODD_d4(x, y) SHUFFLE(x, y, 2, 3, 6, 7)
#define EVEN_d8(x, y) SHUFFLE(x, y, 0, 1, 4, 5, 8, 9, 12, 13)
#define ODD_d8(x, y) SHUFFLE(x, y, 2, 3, 6, 7, 10, 11, 14, 15)
#define EVEN_f4(x, y) (x)
#define ODD_f4(x, y) (y)
#define EVEN_f8(x, y) SHUFFLE(x, y, 0, 1, 2, 3, 8, 9, 10, 11)
#define ODD_f8(x, y) SHUFFLE(x, y, 4, 5, 6, 7, 12, 13, 14, 15)
#define EVEN_f16(x, y) SHUFFLE(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD_f16(x, y) SHUFFLE(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
