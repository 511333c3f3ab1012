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

static const char *const endings[] = {".pdf", ".svg", ".png"};

/* Ending of the path among those, or NULL. */
static const char *ending_of(const char *path) {
  const char *dot = strrchr(path, '.');
  for (size_t k = 0; dot != NULL && k < sizeof endings / sizeof *endings; k++)
    if (strcmp(dot, endings[k]) == 0) return endings[k];
  return NULL;
}

/* Where the figure goes without ending: FOLDER/STEM, or the path of the one that is made. */
static pdlt_status make_base(char **out, const pdlt_figure_job *job, const char *stem,
                             pdlt_error *err) {
  const char *path = job->path;
  const size_t size = (path != NULL ? strlen(path) : strlen(job->folder) + strlen(stem) + 1) + 8;
  const pdlt_status status = pdlt_alloc(out, size, 1, err);
  if (status != PDLT_OK) return status;
  if (path != NULL)
    snprintf(*out, size, "%.*s", (int)(strlen(path) - strlen(ending_of(path))), path);
  else
    snprintf(*out, size, "%s/%s", job->folder, stem);
  return PDLT_OK;
}

/* Whether the job wants files with that ending. */
static int wants(const pdlt_figure_job *job, const char *ending) {
  return job->path == NULL || strcmp(ending_of(job->path), ending) == 0;
}

static pdlt_status write_pdf(const pdlt_figure_job *job, pdlt_plot *plot, const char *stem,
                             const char *path, pdlt_error *err) {
  char *bytes = NULL;
  size_t size = 0;
  pdlt_status status =
      pdlt_plot_pdf(plot, job->provenance.title ? job->provenance.title : stem, &bytes, &size, err);
  if (status == PDLT_OK) status = pdlt_file_write(path, bytes, size, err);
  pdlt_free(bytes);
  return status;
}

static pdlt_status write_csv(pdlt_plot *plot, const char *path, pdlt_error *err) {
  char *text = NULL;
  size_t size = 0;
  pdlt_status status = pdlt_plot_csv(plot, &text, &size, err);
  if (status == PDLT_OK) status = pdlt_file_write(path, text, size, err);
  pdlt_free(text);
  return status;
}

/* The drawing and its numbers; svg: the drawing as text. The drawings come last. */
static pdlt_status write_files(const pdlt_figure_job *job, pdlt_plot *plot, const char *stem,
                               const char *svg, size_t svg_size, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char *path = NULL;
  PDLT_TRY(make_base(&path, job, stem, err));
  char *end = path + strlen(path);
  memcpy(end, ".csv", sizeof ".csv");
  PDLT_TRY(write_csv(plot, path, err));
  memcpy(end, ".svg", sizeof ".svg");
  if (wants(job, ".svg")) PDLT_TRY(pdlt_file_write(path, svg, svg_size, err));
  memcpy(end, ".pdf", sizeof ".pdf");
  if (wants(job, ".pdf")) PDLT_TRY(write_pdf(job, plot, stem, path, err));
  memcpy(end, ".png", sizeof ".png");
  if (wants(job, ".png")) PDLT_TRY(pdlt_plot_write_png(plot, &job->provenance, path, err));
cleanup:
  pdlt_free(path);
  return status;
}

_Static_assert((int)PDLT_FIGURE_COLORS == (int)PDLT_COLOR_COUNT &&
                   (int)PDLT_FIGURE_OWN_COLOR == (int)PDLT_PLOT_OWN_COLOR,
               "colours of figures.colors are those of a plot");

/* The keys of an experiment as the style of a plot. */
static void set_style(pdlt_plot *plot, const pdlt_figure_keys *keys) {
  const double points_per_mm = 72 / 25.4;
  pdlt_plot_style style = {
      .font_size = keys->font_size, .width = keys->width_mm * points_per_mm, .grey = keys->grey};
  snprintf(style.title, sizeof style.title, "%s", keys->title);
  memcpy(style.color, keys->color, sizeof style.color);
  pdlt_plot_set_style(plot, &style);
}

pdlt_status pdlt_figure_emit(pdlt_figure_job *job, pdlt_plot *plot, const char *stem,
                             const char *title, const char *caption, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_figure figure = {0};
  if (job->in->keys != NULL) set_style(plot, job->in->keys);
  PDLT_TRY(pdlt_strdup(&figure.stem, stem, err));
  PDLT_TRY(pdlt_strdup(&figure.title, title, err));
  PDLT_TRY(pdlt_strdup(&figure.caption, caption, err));
  PDLT_TRY(pdlt_plot_svg(plot, &figure.svg, &figure.svg_size, err));
  PDLT_TRY(write_files(job, plot, stem, figure.svg, figure.svg_size, err));
  PDLT_TRY(append(job->list, &figure, err));
cleanup:
  free_figure(&figure);
  return status;
}

void pdlt_figure_provenance(pdlt_provenance *out, const json_t *meta, char *seed, size_t size) {
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

/* --- The figures --- */

const pdlt_figure_text pdlt_figure_texts[PDLT_FIGURES] = {
    {"width_scaling", "distance from infinite width and from the first order, against width"},
    {"extrapolation", "single numbers against 1/n with the fit, and theory"},
    {"training_curves", "outputs during training: theory's band, means and single networks"},
    {"finite_width", "what finite width adds to the mean output, times n, during training"},
    {"parts", "parts of what finite width adds to the mean output, last time"},
    {"spread", "spread of single networks during training, and what finite width adds"},
    {"learning_curves", "expected losses during training"},
    {"loss_width", "expected losses, squared bias and variance, against width"},
    {"benefit", "what finite width adds to the test loss, and to each test sample's"},
    {"posterior", "a function of one input given its training targets, mean and band"},
    {"hidden_layers",
     "mean square preactivations of hidden layers during training, and their change"},
    {"ntk_change", "movement of the NTK during training, times n"},
    {"dntk_change", "growth of the dNTK during training, times n"},
    {"initial_density", "distribution of outputs at initialization, and its kurtosis"},
    {"kernels", "kernel and NTK: predicted, measured, difference"},
    {"depth", "kernel, NTK and vertex layer by layer"},
    {"ntk_fluctuations", "relative spread of the NTK over networks, against width"},
    {"tensors", "tensors of order 1/n, predicted against measured"},
    {"first_order", "coefficients of the first order, predicted against measured"},
};

/* In the same order: the quantities one of which must be shown (NULL: those of its rows), and what makes
 * the figure. */
static const struct {
  const char *quantities;
  pdlt_status (*make)(pdlt_figure_job *, pdlt_error *);
} figures[PDLT_FIGURES] = {
    {NULL, pdlt_figure_width_scaling},
    {NULL, pdlt_figure_extrapolation},
    {"z", pdlt_figure_training},
    {"z", pdlt_figure_finite_width},
    {"z", pdlt_figure_parts},
    {"cov", pdlt_figure_spread},
    {"loss_train loss_test", pdlt_figure_loss},
    {"loss_train loss_test loss_train_bias loss_train_variance loss_test_bias loss_test_variance",
     pdlt_figure_loss_width},
    {"loss_test loss_sample", pdlt_figure_benefit},
    {"post_z post_cov", pdlt_figure_posterior},
    {"q_t", pdlt_figure_hidden},
    {"Theta_t", pdlt_figure_ntk_change},
    {"dTheta_t", pdlt_figure_dntk_change},
    {"z", pdlt_figure_density},
    {"K Theta", pdlt_figure_kernels},
    {"K Theta V", pdlt_figure_depth},
    {"Theta A B", pdlt_figure_ntk_fluctuations},
    {NULL, pdlt_figure_tensors},
    {NULL, pdlt_figure_first_order},
};

static pdlt_status make(pdlt_figure_job *job, size_t k, pdlt_error *err) {
  const char *quantities = figures[k].quantities;
  if (quantities != NULL && !pdlt_figure_shows_any(job->in, quantities)) return PDLT_OK;
  return figures[k].make(job, err);
}

pdlt_status pdlt_figures_write(const pdlt_figure_input *in, const char *folder,
                               pdlt_figure_list *out, pdlt_progress *progress, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char *path = NULL, seed[32];
  pdlt_selection selection = {0};
  pdlt_figure_job job = {.in = &selection.in, .list = out};
  size_t size = strlen(folder) + sizeof "/figures";
  PDLT_TRY(pdlt_selection_open(&selection, in, err));
  PDLT_TRY(pdlt_alloc(&path, size, 1, err));
  snprintf(path, size, "%s/figures", folder);
  PDLT_TRY(pdlt_folder_make(path, err));
  job.folder = path;
  pdlt_figure_provenance(&job.provenance, in->measured->meta, seed, sizeof seed);
  for (size_t k = 0; k < PDLT_FIGURES; k++) {
    PDLT_TRY(pdlt_progress_check(progress, err));
    PDLT_TRY(make(&job, k, err));
    pdlt_progress_add(progress, 1);
  }
cleanup:
  pdlt_free(path);
  pdlt_selection_close(&selection);
  if (status != PDLT_OK) pdlt_figure_list_free(out);
  return status;
}

/* Number of the figure of that name; else the error that lists all. */
static pdlt_status find_figure(size_t *out, const char *name, pdlt_error *err) {
  char names[400] = "";
  size_t used = 0;
  for (size_t k = 0; k < PDLT_FIGURES; k++) {
    if (strcmp(pdlt_figure_texts[k].name, name) == 0) {
      *out = k;
      return PDLT_OK;
    }
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", k > 0 ? ", " : "",
                             pdlt_figure_texts[k].name);
  }
  return pdlt_fail(err, PDLT_ERR_INPUT, "\"%.40s\" is no figure; figures are %s", name, names);
}

/* The caption of the first figure of the list as plain text. */
static pdlt_status take_caption(char **out, const pdlt_figure_list *list, pdlt_error *err) {
  const char *caption = list->items[0].caption;
  const size_t size = strlen(caption) + 1;
  const pdlt_status status = pdlt_alloc(out, size, 1, err);
  if (status == PDLT_OK) pdlt_markup_plain(*out, size, caption);
  return status;
}

pdlt_status pdlt_figure_write(const pdlt_figure_input *in, const char *name, const char *path,
                              char **caption, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  char seed[32];
  size_t k = 0;
  pdlt_selection selection = {0};
  pdlt_figure_list list = {0};
  pdlt_figure_job job = {.in = &selection.in, .list = &list, .path = path};
  PDLT_TRY(find_figure(&k, name, err));
  if (ending_of(path) == NULL)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT, "%s: a figure ends in .pdf, .svg or .png", path));
  PDLT_TRY(pdlt_selection_open(&selection, in, err));
  pdlt_figure_provenance(&job.provenance, in->measured->meta, seed, sizeof seed);
  PDLT_TRY(make(&job, k, err));
  if (list.count == 0)
    PDLT_TRY(
        pdlt_fail(err, PDLT_ERR_INPUT,
                  "%s: these results, and keys of figures, leave no numbers for it; it shows %s",
                  name, pdlt_figure_texts[k].text));
  if (caption != NULL) PDLT_TRY(take_caption(caption, &list, err));
cleanup:
  pdlt_figure_list_free(&list);
  pdlt_selection_close(&selection);
  return status;
}
