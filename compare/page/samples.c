/* samples.c - the section of the page that shows the samples, where these are images.
 *
 * Is: each as a small picture beside its number, class and target. Is not: the figures, which name
 * samples by the same numbers. */
#include "compare/figure/classes.h"
#include "compare/page/internal.h"
#include "compare/page/picture.h"

enum {
  SHOWN = 24, /* training samples, and so many test samples */
  TARGETS = 3 /* a target of more outputs is its class alone */
};

/* The samples as images. */
typedef struct gallery {
  const pdlt_report_input *in;
  const pdlt_array *x, *y; /* (D, rows columns), (D, n_L) */
  size_t rows, columns;
  size_t train, test;
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
  return 1;
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
  char alt[64];
  snprintf(alt, sizeof alt, "%s sample %zu", kind, number);
  fputs("<li>", out);
  const pdlt_status status = pdlt_html_picture(out, alt, g->rows, g->columns,
                                               g->x->data + sample * g->rows * g->columns, err);
  fprintf(out, "%s %zu", kind, number);
  write_label(out, g, sample);
  fputs("</li>\n", out);
  return status;
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
  return status;
}
