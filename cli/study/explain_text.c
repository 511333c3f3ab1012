/* explain_text.c - an explanation as text, as JSON and as notes; pdlt_study_explain. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/at_width.h"
#include "base/file/json.h"
#include "base/file/stream.h"
#include "cli/study/explain.h"
#include "compare/text/order.h"
#include "trainer/record/plan.h"
#include "trainer/statistics/moments.h"

enum { CELL = 48 };

/* --- Numbers in words --- */

static const char *percent(char out[CELL], double fraction) {
  if (isnan(fraction))
    snprintf(out, CELL, "-");
  else
    snprintf(out, CELL, "%.3g", 100 * fraction);
  return out;
}

static const char *number(char out[CELL], double value) {
  if (isnan(value))
    snprintf(out, CELL, "-");
  else
    snprintf(out, CELL, "%.3g", value);
  return out;
}

static const char *duration(char out[CELL], double seconds) {
  const double minute = 60, hour = 3600, day = 86400;
  if (seconds < 1)
    snprintf(out, CELL, "less than 1 s");
  else if (seconds < minute)
    snprintf(out, CELL, "about %.0f s", seconds);
  else if (seconds < hour)
    snprintf(out, CELL, "about %.0f min", ceil(seconds / minute));
  else if (seconds < 2 * day)
    snprintf(out, CELL, "about %.1f h", seconds / hour);
  else
    snprintf(out, CELL, "about %.1f days", seconds / day);
  return out;
}

static const char *bytes(char out[CELL], double size) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; size >= 1000 && unit + 1 < sizeof units / sizeof *units; unit++) size /= 1000;
  snprintf(out, CELL, "%.3g %s", size, units[unit]);
  return out;
}

static double all_bytes(const pdlt_sizes *sizes) {
  return sizes->theory + sizes->measured + sizes->comparison;
}

/* --- Parts of the text --- */

static void put_layers(FILE *to, const pdlt_explanation *e) {
  fprintf(to, "%-7s %12s %10s %10s  phase\n", "layer", "K", "chi_par", "chi_perp");
  for (int l = 0; l < e->ex->network.depth; l++) {
    const pdlt_explained_layer *at = &e->layer[l];
    fprintf(to, "%-7d %12.6g %10.5g %10.5g  %s\n", l + 1, at->K, at->chi_par, at->chi_perp,
            at->phase);
  }
}

/* Nothing without positions, skips and theory.only: z. */
static void put_positions(FILE *to, const pdlt_explanation *e) {
  const double gib = e->tensor_bytes / (1024.0 * 1024 * 1024);
  if (e->pairs > 0) {
    fprintf(to, "positions of the layers:");
    for (int l = 0; l < e->ex->network.depth; l++) fprintf(to, " %zu", e->layer[l].positions);
    fprintf(to,
            "\norder 1/n over positions: %.0f pairs of slots in the largest layer, %.3g GiB of "
            "memory\n",
            e->pairs, gib);
  }
  if (e->averages > 0)
    fprintf(
        to,
        "order 1/n in layers joined by skips: %.3g averages over four slots, %.3g GiB of memory\n",
        e->averages, gib);
  if (e->ex->theory.only_z && e->pairs == 0 && e->averages == 0)
    fprintf(to, "order 1/n of the mean alone (theory.only: z): %.3g GiB of memory\n", gib);
}

static void put_whole(FILE *to, const pdlt_explanation *e) {
  const pdlt_experiment *ex = e->ex;
  char cell[CELL];
  fprintf(to, "theta_max %.6g, largest usable eta %.6g", e->theta_max, e->eta_max);
  if (ex->training.eta_kind == PDLT_ETA_NUMBER && ex->measure != PDLT_MEASURE_POSTERIOR)
    fprintf(to, " (eta is %.6g)", ex->training.eta);
  if (ex->training.loss == PDLT_LOSS_CROSS_ENTROPY) fprintf(to, "; loss: cross-entropy");
  if (ex->training.centered) fprintf(to, "; targets: y + z(0) of each network");
  if (ex->training.newton)
    fprintf(
        to,
        "; method: newton, 1 is the whole step, and g, a model of gradient descent, is left out");
  if (ex->training.batch > 0)
    fprintf(to, "; %d samples a step, and g, a model of full steps, is left out",
            ex->training.batch);
  fprintf(to, "\nL/n = %.3g at n = %d, r* = %s\n", e->depth_over_width, ex->network.widths[0],
          number(cell, e->r_star));
}

static void put_widths(FILE *to, const pdlt_explanation *e) {
  char z[CELL], ntk[CELL], loss[CELL], negative[CELL], unstable[CELL], g[CELL];
  if (e->power < 1) fprintf(to, "the activation has a kink: first correction of order n^(-1/2)\n");
  fprintf(to, "corrections of order %s in %%; g; share of unstable draws\n",
          pdlt_order_of(e->power)->plain);
  fprintf(to, "%-7s %8s %8s %9s %8s %8s %9s  within reach\n", "n", "z", "NTK", "loss", "negative",
          "g", "unstable");
  for (size_t w = 0; w < e->ex->network.num_widths; w++) {
    const pdlt_reach *r = &e->reach[w];
    fprintf(to, "%-7d %8s %8s %9s %8s %8s %9s  %s%s\n", e->ex->network.widths[w],
            percent(z, r->correction), percent(ntk, r->correction_ntk),
            percent(loss, r->correction_loss), percent(negative, r->negative), number(g, r->g),
            number(unstable, r->unstable), r->in_reach ? "yes" : "no: ", r->reason);
  }
  if (e->no_correction[0] != 0)
    fprintf(to, "trained outputs have no correction here: %s\n", e->no_correction);
}

static void put_limits(FILE *to, const pdlt_explanation *e) {
  const size_t widths = e->ex->network.num_widths;
  if (e->follows) {
    fprintf(to,
            "%s follows the width, and theory is another at each: layers and r* are those of n = "
            "%d, theta_max is the largest\n",
            pdlt_experiment_follows(e->ex), e->ex->network.widths[widths - 1]);
    return;
  }
  if (isfinite(e->width_in_reach))
    fprintf(to, "within reach from n = %.0f on", e->width_in_reach);
  else
    fprintf(to, "within reach at no width");
  if (isfinite(e->width_10_percent))
    fprintf(to, "; largest correction 30 %% at n = %.0f, 10 %% at n = %.0f", e->width_30_percent,
            e->width_10_percent);
  fprintf(to, "\n");
}

/* What a verdict needs and what this file has. */
static void put_needs(FILE *to, const pdlt_explanation *e) {
  const pdlt_experiment *ex = e->ex;
  const char *known = e->reach == NULL                   ? " widths, within reach or not,"
                      : !e->with_g || !e->with_stability ? " as far as is known"
                                                         : "";
  fprintf(to,
          "a verdict needs %zu widths within reach (degree %d) and %zu members: here %zu%s and ",
          e->needed, ex->compare.degree, PDLT_MIN_BLOCKS * e->block, e->within,
          e->layer == NULL && ex->measure != PDLT_MEASURE_POSTERIOR ? known : "");
  if (ex->ensemble.members == 0)
    fprintf(to, "up to %ld\n", ex->ensemble.until.max_members);
  else
    fprintf(to, "%ld\n", ex->ensemble.members);
}

static void put_verdict(FILE *to, const pdlt_explanation *e) {
  const pdlt_init init = e->ex->network.init;
  put_needs(to, e);
  if (init != PDLT_INIT_NORMAL)
    fprintf(
        to,
        "network.init: %s, and theory speaks of normal parameters with the same variances: what "
        "disagrees may say that alone\n",
        pdlt_init_words[init]);
  for (size_t k = 0; k < e->num_reasons; k++)
    fprintf(to, "%s: %s\n",
            e->layer == NULL ? "warning: no verdict is possible" : "verdict: not possible",
            e->reason[k].text);
  if (e->num_reasons == 0 && e->layer != NULL) fprintf(to, "verdict: possible\n");
}

/* What auto will do. */
static void put_estimator(FILE *to, const pdlt_explanation *e) {
  const int *widths = e->ex->network.widths;
  const int last = widths[e->ex->network.num_widths - 1];
  if (!e->chooses) return;
  fprintf(to, "estimator: auto is settled before the run, by %d pairs at n = %d", PDLT_PILOT_DRAWS,
          widths[0]);
  if (last != widths[0]) fprintf(to, " and %d", last);
  fprintf(to, ", for the least work on %s;\nopen: plain, antithetic%s\n",
          e->with_products ? "z and cov" : "z", e->closed == NULL ? ", two_level, control" : "");
  if (e->closed != NULL) fprintf(to, "two_level and control are not open: %s\n", e->closed);
}

static void put_cost(FILE *to, const pdlt_explanation *e) {
  const int flow = e->ex->training.eta_kind == PDLT_ETA_FLOW;
  const int open = e->ex->ensemble.members == 0;
  char time[CELL], all[CELL], theory[CELL], measured[CELL], comparison[CELL];
  fprintf(to, "time %s%s with %d thread%s, an estimate; space ", open && !flow ? "at least " : "",
          duration(time, e->seconds), e->threads, e->threads == 1 ? "" : "s");
  if (flow)
    fprintf(to, "%s\n", bytes(theory, e->sizes.theory));
  else
    fprintf(to, "%s: theory %s, measured %s, table %s\n", bytes(all, all_bytes(&e->sizes)),
            bytes(theory, e->sizes.theory), bytes(measured, e->sizes.measured),
            bytes(comparison, e->sizes.comparison));
}

/* The keys of `figures` that are set, new reference; NULL: none is. */
static pdlt_status figures_of(json_t **out, const pdlt_explanation *e, pdlt_error *err) {
  json_t *experiment = NULL;
  const pdlt_status status = pdlt_experiment_to_json(e->ex, &experiment, err);
  *out = status == PDLT_OK ? json_incref(json_object_get(experiment, "figures")) : NULL;
  json_decref(experiment);
  return status;
}

static pdlt_status put_figures(FILE *to, const pdlt_explanation *e, pdlt_error *err) {
  json_t *figures = NULL;
  char *text = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(figures_of(&figures, e, err));
  if (figures == NULL) return PDLT_OK;
  PDLT_TRY(pdlt_json_format(figures, JSON_SORT_KEYS | JSON_REAL_PRECISION(6), &text, err));
  fprintf(to, "figures, on which nothing else depends: %s\n", text);
cleanup:
  json_decref(figures);
  pdlt_free(text);
  return status;
}

/* --- The short form --- */

enum { SHORT_WIDTHS = 6 };

static void put_short_width(FILE *to, int n, const pdlt_reach *r, int all_known) {
  char cell[CELL];
  if (r->in_reach && !all_known && !isfinite(r->correction)) return; /* nothing is known of it */
  fprintf(to, "n = %d: ", n);
  if (isfinite(r->correction))
    fprintf(to, "order %s corrects the mean output by %s %%", pdlt_order_of(r->power)->plain,
            percent(cell, r->correction));
  if (isfinite(r->correction) && isfinite(r->correction_loss))
    fprintf(to, ", the loss by %s %%", percent(cell, r->correction_loss));
  if (isfinite(r->correction)) fprintf(to, "; ");
  if (!isnan(r->g)) fprintf(to, "g = %s; ", number(cell, r->g));
  fprintf(to, "%s%s\n",
          !r->in_reach ? "out of reach: "
          : all_known  ? "within reach"
                       : "within reach as far as is known",
          r->reason);
}

static void put_short(FILE *to, const pdlt_explanation *e) {
  const size_t widths = e->ex->network.num_widths;
  const int untrained = e->ex->measure == PDLT_MEASURE_POSTERIOR; /* reach is of what is trained */
  const size_t most = widths < SHORT_WIDTHS ? widths : SHORT_WIDTHS;
  const size_t shown = e->reach == NULL || untrained ? 0 : most;
  for (size_t w = 0; w < shown; w++)
    put_short_width(to, e->ex->network.widths[w], &e->reach[w], e->with_g && e->with_stability);
  if (shown > 0 && shown < widths) fprintf(to, "and %zu wider\n", widths - shown);
  put_verdict(to, e);
  put_cost(to, e);
  if ((e->with_g && e->with_stability) || untrained) return;
  fprintf(to, "pdlt explain tells more: ");
  if (e->reach == NULL)
    fprintf(to, "how far each width is within reach of order %s\n", pdlt_order_of(e->power)->plain);
  else
    fprintf(to, "%s\n",
            e->with_g ? "the share of unstable draws"
                      : "g of each width and the share of unstable draws");
}

pdlt_status pdlt_explanation_text(const pdlt_explanation *e, char **out, pdlt_error *err) {
  pdlt_stream stream;
  pdlt_status status = pdlt_stream_open(&stream, "explanation", err);
  FILE *to = stream.out;
  if (status != PDLT_OK) return status;
  if (e->layer != NULL) {
    put_layers(to, e);
    put_positions(to, e);
    put_whole(to, e);
    put_widths(to, e);
    put_limits(to, e);
    pdlt_explained_posterior_put(to, e);
    put_verdict(to, e);
    put_estimator(to, e);
    put_cost(to, e);
    status = put_figures(to, e, err);
  } else {
    put_short(to, e);
  }
  if (status != PDLT_OK) {
    pdlt_stream_free(&stream);
    return status;
  }
  return pdlt_stream_take(&stream, "explanation", out, NULL, err);
}

/* --- JSON --- */

static json_t *layers_json(const pdlt_explanation *e) {
  json_t *list = json_array();
  for (int l = 0; l < e->ex->network.depth; l++) {
    const pdlt_explained_layer *at = &e->layer[l];
    pdlt_json_append(
        &list, json_pack("{s:i, s:o, s:o, s:o, s:s}", "layer", l + 1, "K", pdlt_json_real(at->K),
                         "chi_par", pdlt_json_real(at->chi_par), "chi_perp",
                         pdlt_json_real(at->chi_perp), "phase", at->phase));
  }
  return list;
}

static json_t *widths_json(const pdlt_explanation *e) {
  json_t *list = json_array();
  for (size_t w = 0; w < e->ex->network.num_widths; w++) {
    const pdlt_reach *r = &e->reach[w];
    pdlt_json_append(
        &list, json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s}", "width",
                         e->ex->network.widths[w], "correction_z", pdlt_json_real(r->correction),
                         "correction_ntk", pdlt_json_real(r->correction_ntk),
                         "correction_loss_test", pdlt_json_real(r->correction_loss), "negative",
                         pdlt_json_real(r->negative), "unstable", pdlt_json_real(r->unstable), "g",
                         pdlt_json_real(r->g), "in_reach", r->in_reach, "reason", r->reason));
  }
  return list;
}

/* A width; null: none, or not known. */
static json_t *width_json(double n) {
  return isfinite(n) ? json_integer((json_int_t)n) : json_null();
}

pdlt_status pdlt_explanation_json(const pdlt_explanation *e, json_t **out, pdlt_error *err) {
  json_t *figures = NULL;
  const pdlt_status status = figures_of(&figures, e, err);
  if (status != PDLT_OK) return status;
  json_t *reasons = json_array();
  for (size_t k = 0; k < e->num_reasons; k++)
    pdlt_json_append(&reasons, json_string(e->reason[k].text));
  json_t *made = json_pack(
      "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "layers", layers_json(e),
      "theta_max", pdlt_json_real(e->theta_max), "eta_max", pdlt_json_real(e->eta_max),
      "depth_over_width", pdlt_json_real(e->depth_over_width), "r_star", pdlt_json_real(e->r_star),
      "widths", widths_json(e), "width_in_reach", width_json(e->width_in_reach), "width_10_percent",
      width_json(e->width_10_percent), "width_30_percent", width_json(e->width_30_percent),
      "verdict_possible", e->num_reasons == 0, "reasons", reasons, "seconds",
      pdlt_json_real(e->seconds), "bytes", json_integer((json_int_t)all_bytes(&e->sizes)));
  if (e->pairs > 0) {
    json_t *positions = json_array();
    for (int l = 0; l < e->ex->network.depth; l++)
      pdlt_json_append(&positions, json_integer((json_int_t)e->layer[l].positions));
    pdlt_json_put(&made, "positions", positions);
    pdlt_json_put(&made, "pairs", pdlt_json_real(e->pairs));
  }
  if (e->averages > 0) pdlt_json_put(&made, "averages", pdlt_json_real(e->averages));
  if (e->tensor_bytes > 0) pdlt_json_put(&made, "tensor_bytes", pdlt_json_real(e->tensor_bytes));
  if (e->posterior != NULL) pdlt_json_put(&made, "posterior", pdlt_explained_posterior_json(e));
  if (figures != NULL) pdlt_json_put(&made, "figures", figures);
  if (made == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: explanation");
  *out = made;
  return PDLT_OK;
}

/* --- The front door --- */

/* One study into *text or, when `list` is not NULL, as one more object, with its name. */
static pdlt_status explain_one(pdlt_study *study, json_t **list, char **text, pdlt_error *err) {
  pdlt_explanation e = {0};
  json_t *object = NULL;
  pdlt_status status = pdlt_explanation_make(&e, study, 0, err);
  if (status != PDLT_OK) return status;
  if (list == NULL) {
    status = pdlt_explanation_text(&e, text, err);
  } else {
    status = pdlt_explanation_json(&e, &object, err);
    if (study->name[0] != 0) pdlt_json_put(&object, "name", json_string(study->name));
    if (status == PDLT_OK) pdlt_json_append(list, object);
    if (status == PDLT_OK && *list == NULL)
      status = pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: explanation");
  }
  pdlt_explanation_free(&e);
  return status;
}

/* Texts of the points under their names. */
static pdlt_status add_text(char **all, const char *name, const char *text, pdlt_error *err) {
  const size_t before = *all == NULL ? 0 : strlen(*all);
  const size_t size = before + strlen(name) + strlen(text) + 3;
  char *longer = NULL;
  const pdlt_status status = pdlt_alloc(&longer, size, 1, err);
  if (status != PDLT_OK) return status;
  snprintf(longer, size, "%s%s%s\n%s", before > 0 ? *all : "", before > 0 ? "\n" : "", name, text);
  pdlt_free(*all);
  *all = longer;
  return PDLT_OK;
}

static pdlt_status explain_points(pdlt_study *study, json_t **list, char **text, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t p = 0; p < pdlt_study_num_points(study) && status == PDLT_OK; p++) {
    pdlt_study *point = NULL;
    char *one = NULL;
    status = pdlt_study_point(study, p, &point, err);
    if (status == PDLT_OK) status = explain_one(point, list, &one, err);
    if (status == PDLT_OK && one != NULL) status = add_text(text, point->name, one, err);
    if (status == PDLT_OK) pdlt_study_forget_arrays(point);
    pdlt_free(one);
  }
  return status;
}

pdlt_status pdlt_study_explain(pdlt_study *study, int json, char **out, pdlt_error *err) {
  PDLT_NUMBERS_WITH_POINT;
  const int sweep = pdlt_study_num_points(study) > 0;
  json_t *list = json ? json_array() : NULL, *all = NULL;
  char *text = NULL;
  pdlt_status status = PDLT_OK;
  if (json && list == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory: explanation");
  json_t **into = json ? &list : NULL;
  PDLT_TRY(sweep ? explain_points(study, into, &text, err) : explain_one(study, into, &text, err));
  if (json) {
    all = sweep ? json_pack("{s:O}", "points", list) : json_incref(json_array_get(list, 0));
    PDLT_TRY(pdlt_json_dump(all, &text, err));
  }
  *out = text;
  text = NULL;
cleanup:
  pdlt_free(text);
  json_decref(list);
  json_decref(all);
  return status;
}

/* --- Notes --- */

/* What else is wrong, training itself will say. */
pdlt_status pdlt_explain_note(pdlt_study *study, pdlt_error *err) {
  pdlt_explanation e = {0};
  char *text = NULL, *rest = NULL;
  pdlt_status status = PDLT_OK;
  if (study->progress.mode == PDLT_PROGRESS_QUIET) return PDLT_OK;
  PDLT_TRY(pdlt_explanation_make(&e, study, 1, err));
  PDLT_TRY(pdlt_explanation_text(&e, &text, err));
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
    pdlt_progress_note(&study->progress, "%s", line);
cleanup:
  pdlt_explanation_free(&e);
  pdlt_free(text);
  return status == PDLT_ERR_INTERRUPTED || status == PDLT_ERR_MEMORY ? status : PDLT_OK;
}
