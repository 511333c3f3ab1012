/* picture.c - see picture.h. */
#include "compare/page/picture.h"

#include <math.h>

#include "base/core/memory.h"
#include "compare/page/internal.h"
#include "compare/plot/png.h"

enum { SIDE = 64 /* larger images are shown by means of squares */ };

/* An image, and how many of its pixels, in each direction, make one of the picture. */
typedef struct image {
  size_t rows, columns, square;
  const double *x;
} image;

static size_t pixels_of(size_t length, size_t square) { return (length + square - 1) / square; }

/* Mean over the square of pixels that begins at a row and column; less at the edge. */
static double mean_of(const image *im, size_t row, size_t column) {
  double sum = 0;
  size_t count = 0;
  for (size_t r = row; r < row + im->square && r < im->rows; r++)
    for (size_t c = column; c < column + im->square && c < im->columns; c++, count++)
      sum += im->x[r * im->columns + c];
  return sum / (double)count;
}

/* The picture: its smallest number black, its largest white; one number alone is grey. */
static void shade(const image *im, double *mean, unsigned char *grey) {
  const size_t width = pixels_of(im->columns, im->square);
  const size_t pixels = pixels_of(im->rows, im->square) * width;
  double least = INFINITY, most = -INFINITY;
  for (size_t p = 0; p < pixels; p++) {
    mean[p] = mean_of(im, p / width * im->square, p % width * im->square);
    least = fmin(least, mean[p]);
    most = fmax(most, mean[p]);
  }
  for (size_t p = 0; p < pixels; p++) {
    const double share = most > least ? (mean[p] - least) / (most - least) : 0.5;
    grey[p] = (unsigned char)lround(255 * share);
  }
}

pdlt_status pdlt_html_picture(FILE *out, const char *alt, size_t rows, size_t columns,
                              const double *x, pdlt_error *err) {
  const size_t longer = rows > columns ? rows : columns;
  const image im = {rows, columns, pixels_of(longer, SIDE), x};
  const size_t height = pixels_of(rows, im.square), width = pixels_of(columns, im.square);
  double *mean = NULL;
  unsigned char *grey = NULL;
  char *png = NULL;
  size_t size = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&mean, height * width, sizeof *mean, err));
  PDLT_TRY(pdlt_alloc(&grey, height * width, 1, err));
  shade(&im, mean, grey);
  PDLT_TRY(pdlt_png_grey(&png, &size, (int)width, (int)height, grey, err));
  fprintf(out, "<img alt=\"%s\" src=\"data:image/png;base64,", alt);
  pdlt_html_base64(out, png, size);
  fputs("\">", out);
cleanup:
  pdlt_free(png);
  pdlt_free(grey);
  pdlt_free(mean);
  return status;
}
