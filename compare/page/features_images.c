/* features_images.c - leading functions of networks that read images; see features_internal.h. */
#include <math.h>

#include "compare/figure/features_internal.h"
#include "compare/page/features_internal.h"
#include "compare/page/picture.h"
#include "compare/text/number.h"

enum { RANKED = 2 /* samples at each end of a function */ };

typedef struct gallery {
  const pdlt_archive *features;
  size_t rows, columns;
  const pdlt_array *x; /* (D, rows columns) */
} gallery;

/* Of one kernel. */
typedef struct kernel_row {
  const char *name;
  const pdlt_array *ends, *value, *agree; /* (F, 2, n_0), (F, 2), (F, 2) */
  const pdlt_array *u;                    /* (F, D) on the samples */
} kernel_row;

static size_t count_in(const json_t *object, const char *key) {
  const json_int_t count = json_integer_value(json_object_get(object, key));
  return count > 0 ? (size_t)count : 0;
}

static int find_images(gallery *g, const pdlt_archive *features) {
  const json_t *image = json_object_get(features->meta, "image");
  *g = (gallery){.features = features,
                 .rows = count_in(image, "rows"),
                 .columns = count_in(image, "columns"),
                 .x = pdlt_archive_get(features, "x")};
  return g->rows > 0 && g->columns > 0 && g->x != NULL && g->x->ndim == 2 &&
         g->x->dim[1] / g->columns == g->rows && g->x->dim[1] % g->columns == 0;
}

static int find_row(kernel_row *row, const gallery *g, const char *name) {
  const pdlt_archive *f = g->features;
  *row = (kernel_row){.name = name,
                      .ends = pdlt_feature_array(f, "ascent", name, "/x", 3),
                      .value = pdlt_feature_array(f, "ascent", name, "/value", 2),
                      .agree = pdlt_feature_array(f, "ascent", name, "/agree", 2),
                      .u = pdlt_feature_array(f, "functions", name, "", 2)};
  return row->ends != NULL && row->value != NULL && row->agree != NULL && row->u != NULL &&
         row->ends->dim[1] == 2 && row->ends->dim[2] == g->x->dim[1] &&
         row->u->dim[0] == row->ends->dim[0] && row->u->dim[1] == g->x->dim[0] &&
         pdlt_array_same_shape(row->value, row->agree) && row->value->dim[0] == row->ends->dim[0] &&
         row->value->dim[1] == 2;
}

/* The sample with the r-th largest sign u (D). */
static size_t ranked(const double *u, size_t D, double sign, size_t r) {
  size_t at = 0;
  double above = INFINITY;
  for (size_t k = 0; k <= r; k++) {
    double most = -INFINITY;
    for (size_t a = 0; a < D; a++)
      if (sign * u[a] < above && sign * u[a] > most) {
        most = sign * u[a];
        at = a;
      }
    above = most;
  }
  return at;
}

/* One end of a function: x*, and the samples that come next to it. */
static pdlt_status write_end(FILE *out, const gallery *g, const kernel_row *row, size_t a,
                             size_t end, pdlt_error *err) {
  const size_t D = g->x->dim[0], n_0 = g->x->dim[1];
  const double *u = row->u->data + a * D;
  char alt[96], value[96];
  snprintf(alt, sizeof alt, "image where function %zu is %s", a + 1,
           end == 0 ? "largest" : "smallest");
  fputs("<span class=\"end\">", out);
  pdlt_status status =
      pdlt_html_picture(out, alt, g->rows, g->columns, row->ends->data + (2 * a + end) * n_0, err);
  for (size_t r = 0; r < RANKED && r < D && status == PDLT_OK; r++) {
    const size_t sample = ranked(u, D, end == 0 ? 1 : -1, r);
    snprintf(alt, sizeof alt, "sample %zu", sample + 1);
    status = pdlt_html_picture(out, alt, g->rows, g->columns, g->x->data + sample * n_0, err);
  }
  pdlt_plot_number(value, sizeof value, row->value->data[2 * a + end], 2);
  fputs("<br>", out);
  if (end == 0) fprintf(out, "%zu: ", a + 1);
  fprintf(out, "%s, %.0f %%</span>", value, 100 * row->agree->data[2 * a + end]);
  return status;
}

static pdlt_status write_row(FILE *out, const gallery *g, const kernel_row *row, const char *markup,
                             pdlt_error *err) {
  fprintf(out, "<h3>%s</h3>\n<ul class=\"samples ends\">\n", markup);
  for (size_t a = 0; a < row->ends->dim[0]; a++) {
    pdlt_status status = PDLT_OK;
    fputs("<li>", out);
    for (size_t end = 0; end < 2 && status == PDLT_OK; end++)
      status = write_end(out, g, row, a, end, err);
    if (status != PDLT_OK) return status;
    fputs("</li>\n", out);
  }
  fputs("</ul>\n", out);
  return PDLT_OK;
}

pdlt_status pdlt_features_write_images(FILE *out, const pdlt_features_page *page, pdlt_error *err) {
  gallery g;
  if (!find_images(&g, page->in->features)) return PDLT_OK;
  fprintf(
      out,
      "<section id=\"sheet\"><h2>Leading functions</h2>\n<p>Of the kernel before training, after "
      "it, and of the change. For each function: the image of given length at which it is "
      "largest, with the %d samples at which it is; below them its value there, in standard "
      "deviations over samples, and how many of the ascents ended there. Then the same where it "
      "is smallest. The smallest number of an image is black, the largest white.</p>\n",
      (int)RANKED);
  for (size_t k = 0; k < PDLT_FEATURE_KERNELS; k++) {
    kernel_row row;
    if (!find_row(&row, &g, pdlt_feature_kernels[k])) continue;
    const pdlt_status status = write_row(out, &g, &row, pdlt_feature_markup[k], err);
    if (status != PDLT_OK) return status;
  }
  fputs("</section>\n", out);
  return PDLT_OK;
}
