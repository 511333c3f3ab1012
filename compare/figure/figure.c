/* figure.c - the list of figures: made, written, kept with their captions.
 *
 * Is not: any single figure; each has a file of its own beside this one. */
#include "compare/figure/figure.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "compare/figure/internal.h"

static void free_figure(pdlt_figure *figure) {
  pdlt_free(figure->stem);
  pdlt_free(figure->title);
  pdlt_free(figure->caption);
  pdlt_free(figure->svg);
  *figure = (pdlt_figure){0};
}

void pdlt_figure_list_free(pdlt_figure_list *list) {
  for (size_t i = 0; i < list->count; i++) free_figure(&list->items[i]);
  pdlt_free(list->items);
  *list = (pdlt_figure_list){0};
}

/* Moves *figure to the end of the list. */
static pdlt_status append(pdlt_figure_list *list, pdlt_figure *figure, pdlt_error *err) {
  if (list->count == list->capacity) {
    size_t capacity = 2 * list->capacity + 4;
    pdlt_figure *more = NULL;
    pdlt_status status = pdlt_alloc(&more, capacity, sizeof *more, err);
    if (status != PDLT_OK) return status;
    if (list->count) memcpy(more, list->items, list->count * sizeof *more);
    pdlt_free(list->items);
    list->items = more;
    list->capacity = capacity;
  }
  list->items[list->count++] = *figure;
  *figure = (pdlt_figure){0};
  return PDLT_OK;
}

/* FOLDER/STEM.ENDING in a new string. */
static pdlt_status make_path(char **out, const pdlt_figure_job *job, const char *stem,
                             const char *ending, pdlt_error *err) {
  size_t size = strlen(job->folder) + strlen(stem) + strlen(ending) + 3;
  pdlt_status status = pdlt_alloc(out, size, 1, err);
  if (status == PDLT_OK) snprintf(*out, size, "%s/%s.%s", job->folder, stem, ending);
  return status;
}

pdlt_status pdlt_figure_emit(pdlt_figure_job *job, pdlt_plot *plot, const char *stem,
                             const char *title, const char *caption, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_figure figure = {0};
  char *png = NULL, *svg = NULL, *pdf = NULL, *bytes = NULL;
  size_t size = 0;
  PDLT_TRY(make_path(&png, job, stem, "png", err));
  PDLT_TRY(make_path(&svg, job, stem, "svg", err));
  PDLT_TRY(make_path(&pdf, job, stem, "pdf", err));
  PDLT_TRY(pdlt_strdup(&figure.stem, stem, err));
  PDLT_TRY(pdlt_strdup(&figure.title, title, err));
  PDLT_TRY(pdlt_strdup(&figure.caption, caption, err));
  PDLT_TRY(pdlt_plot_svg(plot, &figure.svg, &figure.svg_size, err));
  PDLT_TRY(pdlt_plot_pdf(plot, job->provenance.title ? job->provenance.title : stem, &bytes, &size,
                         err));
  PDLT_TRY(pdlt_file_write(svg, figure.svg, figure.svg_size, err));
  PDLT_TRY(pdlt_file_write(pdf, bytes, size, err));
  PDLT_TRY(pdlt_plot_write_png(plot, &job->provenance, png, err));
  PDLT_TRY(append(job->list, &figure, err));
cleanup:
  free_figure(&figure);
  pdlt_free(png);
  pdlt_free(svg);
  pdlt_free(pdf);
  pdlt_free(bytes);
  return status;
}

static void read_provenance(pdlt_provenance *out, const json_t *meta, char *seed, size_t size) {
  const json_t *value = json_object_get(meta, "seed");
  out->title = json_string_value(json_object_get(json_object_get(meta, "experiment"), "title"));
  out->hash = json_string_value(json_object_get(meta, "hash"));
  out->commit = json_string_value(json_object_get(meta, "commit"));
  if (json_is_integer(value)) {
    snprintf(seed, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    out->seed = seed;
  } else {
    out->seed = json_string_value(value);
  }
}

pdlt_status pdlt_figures_write(const pdlt_figure_input *in, const char *folder,
                               pdlt_figure_list *out, pdlt_progress *progress, pdlt_error *err) {
  static pdlt_status (*const figures[PDLT_FIGURES])(pdlt_figure_job *, pdlt_error *) = {
      pdlt_figure_width_scaling, pdlt_figure_extrapolation, pdlt_figure_training,
      pdlt_figure_finite_width,  pdlt_figure_parts,         pdlt_figure_spread,
      pdlt_figure_loss,          pdlt_figure_loss_width,    pdlt_figure_benefit,
      pdlt_figure_hidden,        pdlt_figure_ntk_change,    pdlt_figure_dntk_change,
      pdlt_figure_density,       pdlt_figure_kernels,       pdlt_figure_depth,
      pdlt_figure_tensors,       pdlt_figure_first_order};
  pdlt_status status = PDLT_OK;
  char *path = NULL, seed[32];
  pdlt_figure_job job = {.in = in, .list = out};
  size_t size = strlen(folder) + sizeof "/figures";
  PDLT_TRY(pdlt_alloc(&path, size, 1, err));
  snprintf(path, size, "%s/figures", folder);
  PDLT_TRY(pdlt_folder_make(path, err));
  job.folder = path;
  read_provenance(&job.provenance, in->measured->meta, seed, sizeof seed);
  for (size_t i = 0; i < PDLT_FIGURES; i++) {
    PDLT_TRY(pdlt_progress_check(progress, err));
    PDLT_TRY(figures[i](&job, err));
    pdlt_progress_add(progress, 1);
  }
cleanup:
  pdlt_free(path);
  if (status != PDLT_OK) pdlt_figure_list_free(out);
  return status;
}
