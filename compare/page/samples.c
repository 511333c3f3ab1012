/* samples.c - the section of the page that shows the samples, where these are images.
 *
 * Is: each as a small picture beside its number, class and target. Is not: the figures, which name
 * samples by the same numbers. */
#include <math.h>

#include "base/core/memory.h"
#include "compare/figure/classes.h"
#include "compare/page/internal.h"
#include "compare/plot/png.h"

enum {
  SHOWN = 24,  /* training samples, and so many test samples */
  TARGETS = 3, /* a target of more outputs is its class alone */
  SIDE = 64    /* larger images are shown by means of squares */
};

/* The samples as images. */
typedef struct gallery {
  const pdlt_report_input *in;
  const pdlt_array *x, *y; /* (D, rows columns), (D, n_L) */
  size_t rows, columns;
  size_t train, test;
  size_t square;       /* pixels of the image to one of the picture, in each direction */
  double *mean;        /* (height width) of the picture, scratch */
  unsigned char *grey; /* the same, as drawn */
} gallery;

/* A count in metadata; 0: there is none. */
static size_t count_in(const json_t *object, const char *key) {
  const json_int_t count = json_integer_value(json_object_get(object, key));
  return count > 0 ? (size_t)count : 0;
}

/* 0 where the samples are not images, or the archives do not fit each other. */
static int find_images(gallery *g, const pdlt_report_input *in) {
  const json_t *meta = in->measured->meta;
  const json_t *image = json_object_get(meta, "image");
  const json_t *data = json_object_get(json_object_get(meta, "experiment"), "data");
  g->in = in;
  g->x = pdlt_archive_get(in->measured, "x");
  g->y = pdlt_archive_get(in->measured, "y");
  g->rows = count_in(image, "rows");
  g->columns = count_in(image, "columns");
  g->train = count_in(data, "train");
  if (g->rows == 0 || g->columns == 0 || g->x == NULL || g->y == NULL) return 0;
  if (g->x->ndim != 2 || g->y->ndim != 2 || g->x->dim[0] != g->y->dim[0]) return 0;
  if (g->x->dim[1] % g->rows != 0 || g->x->dim[1] / g->rows != g->columns) return 0;
  if (g->train > g->x->dim[0]) return 0;
  g->test = g->x->dim[0] - g->train;
  const size_t longer = g->rows > g->columns ? g->rows : g->columns;
  g->square = (longer + SIDE - 1) / SIDE;
  return 1;
}

static size_t height_of(const gallery *g) { return (g->rows + g->square - 1) / g->square; }
static size_t width_of(const gallery *g) { return (g->columns + g->square - 1) / g->square; }

/* Mean over the square of pixels that begins at a row and column; less at the edge. */
static double mean_of(const gallery *g, const double *x, size_t row, size_t column) {
  double sum = 0;
  size_t count = 0;
  for (size_t r = row; r < row + g->square && r < g->rows; r++)
    for (size_t c = column; c < column + g->square && c < g->columns; c++, count++)
      sum += x[r * g->columns + c];
  return sum / (double)count;
}

/* The picture of a sample: its smallest number black, its largest white; one number alone is grey. */
static void shade(const gallery *g, size_t sample) {
  const size_t height = height_of(g), width = width_of(g), pixels = height * width;
  const double *x = g->x->data + sample * g->rows * g->columns;
  double least = INFINITY, most = -INFINITY;
  for (size_t p = 0; p < pixels; p++) {
    g->mean[p] = mean_of(g, x, p / width * g->square, p % width * g->square);
    least = fmin(least, g->mean[p]);
    most = fmax(most, g->mean[p]);
  }
  for (size_t p = 0; p < pixels; p++) {
    const double share = most > least ? (g->mean[p] - least) / (most - least) : 0.5;
    g->grey[p] = (unsigned char)lround(255 * share);
  }
}

/* "class 3<br>target 1" */
static void write_label(FILE *out, const gallery *g, size_t sample) {
  const pdlt_figure_input labels = {
      .comparison = g->in->comparison, .theory = g->in->theory, .measured = g->in->measured};
  const size_t outputs = g->y->dim[1];
  char class[128];
  const int known = pdlt_figure_class_of_sample(class, sizeof class, &labels, sample);
  if (known) fprintf(out, "<br>class %s", class);
  if (known && outputs > TARGETS) return;
  fputs("<br>target ", out);
  for (size_t i = 0; i < outputs && i < TARGETS; i++) {
    if (i > 0) fputs(", ", out);
    pdlt_html_number(out, g->y->data[sample * outputs + i], 3);
  }
  if (outputs > TARGETS) fputs(", ...", out);
}

static pdlt_status write_sample(FILE *out, const gallery *g, size_t sample, pdlt_error *err) {
  const int trained = sample < g->train;
  const char *kind = trained ? "training" : "test";
  const size_t number = trained ? sample + 1 : sample - g->train + 1;
  char *png = NULL;
  size_t size = 0;
  shade(g, sample);
  const pdlt_status status =
      pdlt_png_grey(&png, &size, (int)width_of(g), (int)height_of(g), g->grey, err);
  if (status != PDLT_OK) return status;
  fprintf(out, "<li><img alt=\"%s sample %zu\" src=\"data:image/png;base64,", kind, number);
  pdlt_html_base64(out, png, size);
  fprintf(out, "\">%s %zu", kind, number);
  write_label(out, g, sample);
  fputs("</li>\n", out);
  pdlt_free(png);
  return PDLT_OK;
}

/* `count` samples from `first` on, as many as are shown. */
static pdlt_status write_samples(FILE *out, const gallery *g, size_t first, size_t count,
                                 pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < count && k < SHOWN && status == PDLT_OK; k++)
    status = write_sample(out, g, first + k, err);
  return status;
}

static void write_rest(FILE *out, size_t count, const char *kind) {
  if (count > SHOWN) fprintf(out, " The first %d of %zu %s samples.", (int)SHOWN, count, kind);
}

pdlt_status pdlt_report_samples(FILE *out, const pdlt_report_input *in, pdlt_error *err) {
  gallery g = {0};
  pdlt_status status = PDLT_OK;
  if (!find_images(&g, in)) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&g.mean, height_of(&g) * width_of(&g), sizeof *g.mean, err));
  PDLT_TRY(pdlt_alloc(&g.grey, height_of(&g) * width_of(&g), 1, err));
  fprintf(out,
          "<section id=\"samples\"><h2>Samples</h2>\n<p>Images of %zu \xc3\x97 %zu pixels as the "
          "networks see them, after <code>data.pool</code>, <code>center</code> and "
          "<code>scale</code>; of each the smallest number is black, the largest white.",
          g.rows, g.columns);
  write_rest(out, g.train, "training");
  write_rest(out, g.test, "test");
  fputs("</p>\n<ul class=\"samples\">\n", out);
  PDLT_TRY(write_samples(out, &g, 0, g.train, err));
  PDLT_TRY(write_samples(out, &g, g.train, g.test, err));
  fputs("</ul></section>\n", out);
cleanup:
  pdlt_free(g.mean);
  pdlt_free(g.grey);
  return status;
}
