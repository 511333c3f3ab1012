/* claim.c - the figure of a claim: what was measured, predicted, and refuted. */
#include "compare/figure/claim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "compare/plot/plot.h"
#include "compare/text/markup.h"
#include "compare/text/order.h"

enum { MAX_PANELS = 9, SHOWN_SABOTAGES = 2 };

/* What a panel draws: one finding against h or a variable, or all points of a sweep. */
typedef struct curve {
  size_t count;
  double *x, *y, *lo, *hi, *line; /* (count), views of storage */
  double *storage;
} curve;

static pdlt_status new_curve(curve *c, size_t count, pdlt_error *err) {
  pdlt_status status = pdlt_alloc(&c->storage, 5 * count, sizeof(double), err);
  if (status != PDLT_OK) return status;
  c->count = count;
  c->x = c->storage;
  c->y = c->x + count;
  c->lo = c->y + count;
  c->hi = c->lo + count;
  c->line = c->hi + count;
  return PDLT_OK;
}

/* With a sweep: coefficient and prediction of each point; where there is no coefficient, the value
 * at the smallest width. */
static pdlt_status curve_of(curve *c, const pdlt_claim_result *r, const pdlt_finding *findings,
                            int over_points, pdlt_error *err) {
  pdlt_status status = new_curve(c, over_points ? r->points : findings[0].count, err);
  for (size_t i = 0; status == PDLT_OK && i < c->count; i++) {
    const pdlt_finding *f = &findings[over_points ? i : 0];
    const int at_width = !over_points || (isnan(f->value) && f->count > 0);
    const size_t k = over_points ? 0 : i;
    c->x[i] = over_points ? r->point_value[i] : f->x[k];
    c->y[i] = at_width ? f->y[k] : f->value;
    const double se = at_width ? f->y_se[k] : f->se;
    c->lo[i] = c->y[i] - se;
    c->hi[i] = c->y[i] + se;
    c->line[i] = at_width ? f->line[k] : f->predicted;
  }
  return status;
}

static pdlt_status add_line(pdlt_panel *panel, const curve *c, int sabotage, pdlt_error *err) {
  static const pdlt_color colors[] = {PDLT_VERMILION, PDLT_ORANGE, PDLT_GREY};
  pdlt_series line = {.kind = PDLT_SERIES_LINE,
                      .n = c->count,
                      .x = c->x,
                      .y = c->line,
                      .color = colors[sabotage],
                      .dashed = sabotage,
                      .label = sabotage == 0   ? "predicted"
                               : sabotage == 1 ? "first sabotage"
                                               : "second sabotage"};
  pdlt_series mark = line;
  pdlt_status status = pdlt_panel_add(panel, &line, err);
  if (status != PDLT_OK || c->count > 1) return status;
  mark.kind = PDLT_SERIES_MARKS;
  mark.y = c->line;
  mark.mark = PDLT_MARK_DIAMOND;
  mark.hollow = 1;
  return pdlt_panel_add(panel, &mark, err);
}

static pdlt_status add_marks(pdlt_panel *panel, const curve *c, int computed, pdlt_error *err) {
  const pdlt_series marks = {.kind = PDLT_SERIES_MARKS,
                             .n = c->count,
                             .x = c->x,
                             .y = c->y,
                             .lo = computed ? NULL : c->lo,
                             .hi = computed ? NULL : c->hi,
                             .color = PDLT_BLUE,
                             .label = computed ? "computed" : "measured"};
  return pdlt_panel_add(panel, &marks, err);
}

static void label_panel(pdlt_panel *panel, const pdlt_claim_result *r, const pdlt_expectation *e,
                        const pdlt_finding *found, int over_points) {
  char safe[200];
  char variable[64];
  pdlt_axis *x = pdlt_panel_x(panel);
  pdlt_markup_short(variable, sizeof variable, e->variable != NULL ? e->variable : "", 40);
  pdlt_markup_short(safe, sizeof safe, e->label, 90);
  pdlt_panel_title(panel, safe);
  if (over_points)
    pdlt_markup_short(x->label, sizeof x->label, r->swept, 100);
  else if (e->variable != NULL)
    snprintf(x->label, sizeof x->label, "<i>%s</i>", variable);
  else if (e->kind != PDLT_EXPECT_THEORY)
    snprintf(x->label, sizeof x->label, "%s = %s", pdlt_order_of(found->half ? 0.5 : 1)->unit,
             pdlt_order_of(found->half ? 0.5 : 1)->markup);
  pdlt_panel_y(panel);
}

/* Ticks at the points themselves where these are whole numbers (depth, points of a sweep); a number
 * beside nothing has no axis. */
static void set_ticks(pdlt_axis *x, const curve *c) {
  size_t whole = 0;
  while (whole < c->count && c->x[whole] == floor(c->x[whole])) whole++;
  if (whole < c->count || c->count > PDLT_TICKS_MAX) return;
  x->num_at = c->count;
  memcpy(x->at, c->x, c->count * sizeof *c->x);
  x->hide_labels = x->label[0] == 0;
}

/* The fitted value at h = 0 of a limit that is drawn against h. */
static pdlt_status add_intercept(pdlt_panel *panel, const pdlt_finding *f, pdlt_error *err) {
  const double zero = 0, lo = f->value - f->se, hi = f->value + f->se;
  const pdlt_series mark = {.kind = PDLT_SERIES_MARKS,
                            .n = 1,
                            .x = &zero,
                            .y = &f->value,
                            .lo = &lo,
                            .hi = &hi,
                            .color = PDLT_BLUE,
                            .mark = PDLT_MARK_DIAMOND,
                            .hollow = 1,
                            .label = "fit at infinite width"};
  return isnan(f->value) ? PDLT_OK : pdlt_panel_add(panel, &mark, err);
}

/* A sabotage by settings changes what theory computes, where nothing is measured: it stays beside
 * the prediction, and is what is drawn. */
static int is_computed(const pdlt_expectation *e, const pdlt_sabotage *sabotage) {
  return e->kind == PDLT_EXPECT_THEORY && sabotage->kind == PDLT_SABOTAGE_SET;
}

static pdlt_status fill_panel(pdlt_panel *panel, const pdlt_claim_result *r, size_t k,
                              pdlt_error *err) {
  const pdlt_expectation *e = &r->claim.expectations[k];
  const int over_points = r->points > 1 && e->variable == NULL;
  pdlt_status status = PDLT_OK;
  curve c = {0};
  label_panel(panel, r, e, &r->truth[k][0], over_points);
  PDLT_TRY(curve_of(&c, r, r->truth[k], over_points, err));
  set_ticks(pdlt_panel_x(panel), &c);
  PDLT_TRY(add_line(panel, &c, 0, err));
  PDLT_TRY(add_marks(panel, &c, e->kind == PDLT_EXPECT_THEORY, err));
  if (e->kind == PDLT_EXPECT_LIMIT && !over_points)
    PDLT_TRY(add_intercept(panel, &r->truth[k][0], err));
  for (size_t s = 0; s < e->num_sabotages && s < SHOWN_SABOTAGES; s++) {
    pdlt_free(c.storage);
    c = (curve){0};
    PDLT_TRY(curve_of(&c, r, r->sabotage[k][s], over_points, err));
    if (is_computed(e, &e->sabotages[s])) c.line = c.y;
    PDLT_TRY(add_line(panel, &c, (int)s + 1, err));
  }
cleanup:
  pdlt_free(c.storage);
  return status;
}

static pdlt_status write_files(const pdlt_claim_result *r, pdlt_plot *plot, const char *folder,
                               const char *svg, size_t size, pdlt_error *err) {
  char path[4096];
  const pdlt_provenance provenance = {.title = r->claim.claim};
  if ((size_t)snprintf(path, sizeof path, "%s/figure.svg", folder) >= sizeof path)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", folder);
  char *csv = NULL;
  size_t csv_size = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_file_write(path, svg, size, err));
  snprintf(path + strlen(path) - 3, 4, "csv");
  PDLT_TRY(pdlt_plot_csv(plot, &csv, &csv_size, err));
  PDLT_TRY(pdlt_file_write(path, csv, csv_size, err));
  snprintf(path + strlen(path) - 3, 4, "png");
  PDLT_TRY(pdlt_plot_write_png(plot, &provenance, path, err));
cleanup:
  pdlt_free(csv);
  return status;
}

pdlt_status pdlt_claim_figure(char **svg, size_t *size, const pdlt_claim_result *r,
                              const char *folder, pdlt_error *err) {
  size_t count = r->claim.num_expectations, bytes = 0;
  if (count > MAX_PANELS) count = MAX_PANELS;
  const size_t columns = count < 3 ? count : count == 4 ? 2 : 3;
  pdlt_status status = PDLT_OK;
  pdlt_plot *plot = NULL;
  char *text = NULL;
  PDLT_TRY(pdlt_plot_new(&plot, (count + columns - 1) / columns, columns, columns < 3 ? 230 : 165,
                         columns < 3 ? 170 : 135, err));
  for (size_t k = 0; k < count; k++) PDLT_TRY(fill_panel(pdlt_plot_panel(plot, k), r, k, err));
  PDLT_TRY(pdlt_plot_svg(plot, &text, &bytes, err));
  PDLT_TRY(write_files(r, plot, folder, text, bytes, err));
  *svg = text;
  *size = bytes;
  text = NULL;
cleanup:
  pdlt_free(text);
  pdlt_plot_free(plot);
  return status;
}
