/* explain.c - what will come of an experiment, by theory, the stability pilot and flops; see explain.h. */
#include "cli/study/explain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/core/memory.h"
#include "base/experiment/at_width.h"
#include "base/experiment/loss.h"
#include "cli/study/work.h"
#include "compare/text/order.h"
#include "theory/infinite/kernel.h"
#include "theory/infinite/residual.h"
#include "theory/infinite/steps.h"
#include "theory/infinite/training.h"
#include "theory/skip/skip.h"
#include "theory/tensors/tensors.h"
#include "trainer/pilot/choice.h"
#include "trainer/pilot/stability_tail.h"
#include "trainer/statistics/moments.h"

/* Of a run, what its short form may take for the stability pilot and for the model of the NTK. */
static const double affordable_pilot = 0.015, affordable_model = 0.03;
/* How near a critical point or chi = 1 counts as there. */
static const double critical_tolerance = 1e-3;

/* The work on one explanation. */
typedef struct work {
  pdlt_explanation *e;
  pdlt_study *study;
  int brief;
  const pdlt_archive *theory; /* NULL: training alone; of the widest, where it follows the width */
  pdlt_archive *theories;     /* (widths) owned views of it at each; NULL: it is one */
  pdlt_experiment plain;      /* of the widest, its numbers put in; ex itself where none follows */
  pdlt_samples samples;       /* as the next two only where networks can be trained */
  pdlt_plan plan;
  double flops;              /* of training */
  double seconds;            /* that theory took here */
  pdlt_stability_tail *tail; /* (widths) NULL: not asked */
} work;

void pdlt_explanation_free(pdlt_explanation *e) {
  pdlt_free(e->layer);
  pdlt_free(e->reach);
  pdlt_free(e->posterior);
  *e = (pdlt_explanation){0};
}

/* --- Layers --- */

/* K_aa of every layer, the mean over samples. An entry of the kernel depends on its own samples
 * only, so one sample at a time gives the same numbers as all pairs of them. */
static pdlt_status mean_kernels(const work *w, double *K, pdlt_error *err) {
  const pdlt_experiment *ex = &w->plain;
  const pdlt_dataset *data = &w->study->resolved.data;
  const size_t D = data->train + data->test, L = (size_t)ex->network.depth;
  pdlt_layer *layer = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_layers_new(&layer, ex, 1, data->inputs, err));
  const pdlt_kernel_settings settings = pdlt_kernel_settings_of(ex, layer, 1, NULL);
  for (size_t a = 0; a < D; a++) {
    pdlt_kernel_layers one = {0};
    PDLT_TRY(pdlt_kernel_layers_new(&one, &settings, 1, data->x + a * data->inputs, err));
    for (size_t l = 0; l < L; l++) K[l] += one.K[l] / (double)D;
    pdlt_kernel_layers_free(&one);
  }
cleanup:
  pdlt_free(layer);
  return status;
}

static int near(double x, double y, double scale) {
  return fabs(x - y) <= critical_tolerance * scale;
}

/* Where C_b and C_W are those of the activation's critical point the phase is critical, whatever
 * chi_perp still is at K; else chi_perp decides. */
static const char *phase_of(const pdlt_critical_point *point, double C_b, double C_W,
                            double chi_perp) {
  if (point->kind != PDLT_CRITICAL_NONE && near(C_W, point->C_W, point->C_W) &&
      near(C_b, point->C_b, fmax(point->C_b, point->C_W)))
    return "critical";
  if (near(chi_perp, 1, 1)) return "critical";
  if (isnan(chi_perp)) return "unknown";
  return chi_perp < 1 ? "ordered" : "chaotic";
}

typedef pdlt_status (*susceptibility)(pdlt_value *out, const pdlt_activation *act, double C_W,
                                      double K, pdlt_error *err);

/* NaN where the average cannot be had. */
static pdlt_status chi(double *out, susceptibility f, const pdlt_activation *act, double C_W,
                       double K, pdlt_error *err) {
  pdlt_value value = {0};
  const pdlt_status status = f(&value, act, C_W, K, err);
  *out = status == PDLT_OK ? value.value : NAN;
  return status == PDLT_ERR_NUMERIC ? PDLT_OK : status;
}

static pdlt_status find_critical(pdlt_critical_point *out, const pdlt_activation *act,
                                 pdlt_error *err) {
  const pdlt_status status = pdlt_critical_find(out, act, err);
  if (status != PDLT_ERR_NUMERIC) return status;
  *out = (pdlt_critical_point){.kind = PDLT_CRITICAL_NONE};
  return PDLT_OK;
}

/* Positions of every layer, and what tensors over them and of layers joined by skips take. */
static pdlt_status fill_positions(work *w, pdlt_error *err) {
  const pdlt_experiment *ex = &w->plain;
  const pdlt_dataset *data = &w->study->resolved.data;
  const int dntk = pdlt_experiment_unpredicted(ex, PDLT_MEASURE_DNTK) == NULL;
  pdlt_layer *layer = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_layers_new(&layer, ex, 1, data->inputs, err));
  for (int l = 0; l < ex->network.depth; l++) w->e->layer[l].positions = pdlt_layer_here(&layer[l]);
  PDLT_TRY(pdlt_tensors_bytes(&w->e->tensor_bytes, &w->e->pairs, layer, ex->network.depth,
                              data->train + data->test, dntk, err));
  if (ex->theory.order > 0 && pdlt_skip_any(layer, ex->network.depth)) {
    const pdlt_tensor_settings settings = {.activation = ex->network.activation,
                                           .layer = layer,
                                           .dntk = dntk,
                                           .last_only = !w->study->settings.layers};
    PDLT_TRY(pdlt_skip_tensors_bytes(&w->e->tensor_bytes, &w->e->averages, &settings,
                                     ex->network.depth, data->train + data->test,
                                     ex->theory.pair_only, err));
  }
  if (ex->theory.only_z && w->e->tensor_bytes == 0)
    w->e->tensor_bytes = pdlt_tensors_bytes_flat(
        data->train + data->test, ex->theory.omit.count + ex->theory.flip.count == 0);
cleanup:
  pdlt_free(layer);
  return status;
}

static pdlt_status fill_layers(work *w, pdlt_error *err) {
  const pdlt_experiment *ex = &w->plain;
  const pdlt_activation *act = &ex->network.activation;
  const int L = ex->network.depth, smooth = pdlt_activation_get_traits(act).smooth;
  pdlt_critical_point point = {.kind = PDLT_CRITICAL_NONE};
  double *K = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&w->e->layer, (size_t)L, sizeof *w->e->layer, err));
  PDLT_TRY(pdlt_alloc(&K, (size_t)L, sizeof *K, err));
  PDLT_TRY(fill_positions(w, err));
  PDLT_TRY(mean_kernels(w, K, err));
  PDLT_TRY(find_critical(&point, act, err));
  for (int l = 0; l < L; l++) {
    const int next = l + 1 < L ? l + 1 : l;
    const double C_W = ex->network.C_W[next];
    const double gamma = pdlt_experiment_layer(ex, next + 1, 1, 1).skip;
    const pdlt_critical_point here = pdlt_critical_with_skip(&point, gamma);
    const double at = smooth || K[l] > 0 ? K[l] : 1; /* with a kink at 0 any K gives the same */
    pdlt_explained_layer *layer = &w->e->layer[l];
    layer->K = K[l];
    PDLT_TRY(chi(&layer->chi_par, pdlt_chi_parallel, act, C_W, at, err));
    PDLT_TRY(chi(&layer->chi_perp, pdlt_chi_perp, act, C_W, at, err));
    layer->chi_par += gamma * gamma;
    layer->chi_perp += gamma * gamma;
    layer->phase = phase_of(&here, ex->network.C_b[next], C_W, layer->chi_perp);
  }
cleanup:
  pdlt_free(K);
  return status;
}

/* --- Numbers of the whole --- */

static int ratio_of(const pdlt_experiment *ex) {
  return ex->network.width_ratios[ex->network.depth - 2];
}

/* r* = 4/((20 + 3 n_L) nu), nu = (n/L) V/(n K^2), the mean over samples (docs/information.md). */
static double optimal_ratio(const pdlt_experiment *ex, const pdlt_archive *theory) {
  const pdlt_array *K = pdlt_archive_get(theory, "K"), *V = pdlt_archive_get(theory, "V");
  double nu = 0;
  if (K == NULL || V == NULL || V->ndim != 4) return NAN;
  const size_t D = K->dim[0], S = V->dim[0]; /* V may be kept of the first samples only */
  for (size_t a = 0; a < S; a++) {
    const double k = K->data[a * D + a];
    nu += V->data[((a * S + a) * S + a) * S + a] / (k * k * (double)S);
  }
  nu /= (double)ex->network.depth * ratio_of(ex);
  return nu > 0 ? 4 / ((20 + 3 * (double)ex->network.outputs) * nu) : NAN;
}

/* Theory of width number k. */
static const pdlt_archive *theory_at(const work *w, size_t k) {
  return w->theories == NULL ? w->theory : &w->theories[k];
}

static pdlt_status fill_whole(work *w, pdlt_error *err) {
  const pdlt_experiment *ex = w->e->ex;
  const size_t theories = w->theories == NULL ? 1 : ex->network.num_widths;
  pdlt_status status = PDLT_OK;
  w->e->depth_over_width = (double)ex->network.depth / ex->network.widths[0];
  double most = NAN; /* of a step */
  w->e->theta_max = w->e->eta_max = w->e->r_star = NAN;
  if (w->theory == NULL) return PDLT_OK;
  w->e->r_star = optimal_ratio(ex, w->theory);
  for (size_t k = 0; k < theories && status == PDLT_OK; k++) {
    const pdlt_array *theta = pdlt_archive_get(theory_at(w, k), "Theta");
    double largest = NAN, step = NAN;
    if (theta != NULL) {
      const pdlt_training_input input = {.D = theta->dim[0],
                                         .A = (size_t)ex->data.train,
                                         .theta = theta->data,
                                         .newton = ex->training.newton,
                                         .batch = (size_t)ex->training.batch};
      status = pdlt_ntk_largest_eigenvalue(&largest, input.D, input.A, theta->data, err);
      if (status == PDLT_OK) status = pdlt_steps_largest(&step, &input, err);
    }
    w->e->theta_max = fmax(w->e->theta_max, largest);
    most = fmax(most, step);
  }
  w->e->eta_max = most > 0 ? pdlt_experiment_largest_step(ex) / most : NAN;
  return status;
}

/* --- Reach --- */

/* The pilot, where outputs are measured and it may cost what it does. */
static pdlt_status ask_pilot(work *w, pdlt_error *err) {
  const pdlt_settings *s = &w->study->settings;
  double flops = 0;
  pdlt_status status = PDLT_OK;
  w->e->with_stability = 1;
  if (w->plan.ex == NULL || !w->plan.has[PDLT_QUANTITY_UNSTABLE]) return PDLT_OK;
  PDLT_TRY(pdlt_work_stability(&flops, &w->plan, err));
  w->e->with_stability = !w->brief || flops <= affordable_pilot * w->flops;
  if (!w->e->with_stability) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&w->tail, w->e->ex->network.num_widths, sizeof *w->tail, err));
  PDLT_TRY(pdlt_stability_pilot(w->tail, &w->plan, s->threads, s->stop, &w->study->progress, err));
cleanup:
  return status;
}

/* Width at which the share of unstable draws is small enough; 0 where it is already. */
static double stable_width(const pdlt_stability_tail *t, double share) {
  if (!(share > PDLT_UNSTABLE_SHARE)) return 0;
  if (t->stable_width > t->width) return ceil(t->stable_width);
  return ceil(pdlt_reach_stable_width(t->width, share));
}

/* Width at which the largest correction is `wanted`. */
static double width_for(const pdlt_reach_theory *theory, double wanted, int ratio) {
  const double h = pdlt_reach_correction_h(theory, wanted);
  return isnan(h) ? NAN : fmax(1, ceil(1 / (h * ratio)));
}

/* What the archive says, with the model where it is wanted. */
static pdlt_status new_reach(pdlt_reach_theory **out, const work *w, const pdlt_archive *theory,
                             pdlt_error *err) {
  return w->e->with_g ? pdlt_reach_theory_new(out, theory, &w->study->progress, err)
                      : pdlt_reach_theory_new_sizes(out, theory, err);
}

/* Width number k by the theory of its own, which is gone when it is left. */
static pdlt_status reach_of_own(pdlt_reach *out, const work *w, size_t k, double h, double share,
                                pdlt_error *err) {
  pdlt_reach_theory *own = NULL;
  pdlt_status status = new_reach(&own, w, theory_at(w, k), err);
  if (status == PDLT_OK) status = pdlt_reach_at(out, own, h, share, err);
  pdlt_reach_theory_free(own);
  return status;
}

/* theory: the same for all widths, or NULL: each has its own, and nobody knows that of others. */
static pdlt_status fill_widths(work *w, const pdlt_reach_theory *theory, pdlt_error *err) {
  pdlt_explanation *e = w->e;
  const pdlt_experiment *ex = e->ex;
  const int ratio = ratio_of(ex);
  double h = 0, stable = 1;
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < ex->network.num_widths; k++) {
    const double share = w->tail == NULL ? NAN : w->tail[k].share;
    const double n = ex->network.widths[k];
    PDLT_TRY(theory != NULL ? pdlt_reach_at(&e->reach[k], theory, 1 / (n * ratio), share, err)
                            : reach_of_own(&e->reach[k], w, k, 1 / (n * ratio), share, err));
    e->within += (size_t)e->reach[k].in_reach;
    if (isnan(e->reach[k].correction) && isnan(e->reach[k].correction_loss))
      e->reach[k].negative = NAN; /* nothing is predicted */
    if (w->tail != NULL && !e->reach[k].in_reach)
      stable = fmax(stable, stable_width(&w->tail[k], share));
  }
  if (theory == NULL) goto cleanup;
  e->width_10_percent = width_for(theory, 0.1, ratio);
  e->width_30_percent = width_for(theory, 0.3, ratio);
  if (w->brief && e->within == ex->network.num_widths) goto cleanup; /* nobody asks */
  PDLT_TRY(pdlt_reach_largest_h(theory, &h, err));
  e->width_in_reach = fmax(fmax(1, ceil(1 / (h * ratio))), stable);
cleanup:
  return status;
}

/* Why theory has no correction of the trained outputs. */
static void find_reason(pdlt_explanation *e, const pdlt_archive *theory) {
  const json_t *absent = json_object_get(theory->meta, "absent");
  const char *name = pdlt_quantity_first(&pdlt_quantities[PDLT_QUANTITY_Z], e->power);
  const char *why = json_string_value(json_object_get(absent, name));
  if (pdlt_archive_get(theory, name) != NULL) return;
  if (why == NULL) why = json_string_value(json_object_get(absent, "z_nlo"));
  if (e->ex->theory.order == 0) why = "theory.order is 0";
  snprintf(e->no_correction, sizeof e->no_correction, "%s", why == NULL ? "not predicted" : why);
}

static pdlt_status fill_reach(work *w, pdlt_error *err) {
  const size_t widths = w->e->ex->network.num_widths;
  pdlt_reach_theory *theory = NULL;
  pdlt_status status = PDLT_OK;
  w->e->width_in_reach = w->e->width_10_percent = w->e->width_30_percent = NAN;
  if (w->theory == NULL) return PDLT_OK;
  find_reason(w->e, w->theory);
  const double searched = (double)widths + 6; /* of the width that would do */
  /* then nobody knows g, or it was computed with theory */
  const int no_model =
      pdlt_archive_get(w->theory, "A") == NULL || pdlt_archive_get(w->theory, "reach/g") != NULL;
  w->e->with_g = no_model || !w->brief ||
                 searched * pdlt_work_gaussian_ntk(&w->plan) <= affordable_model * w->flops;
  PDLT_TRY(ask_pilot(w, err));
  PDLT_TRY(pdlt_alloc(&w->e->reach, widths, sizeof *w->e->reach, err));
  pdlt_progress_start_short(
      &w->study->progress, "reach of order 1/n",
      (w->theories == NULL ? 1 : (double)widths) + (double)widths + PDLT_REACH_SEARCH_UNITS);
  if (w->theories == NULL) PDLT_TRY(new_reach(&theory, w, w->theory, err));
  PDLT_TRY(fill_widths(w, theory, err));
  pdlt_progress_finish(&w->study->progress);
cleanup:
  pdlt_reach_theory_free(theory);
  return status;
}

/* --- Bayesian inference --- */

static pdlt_status fill_posterior(work *w, pdlt_error *err) {
  const pdlt_experiment *ex = w->e->ex;
  const size_t widths = ex->network.num_widths;
  if (!ex->posterior.on || w->theory == NULL) return PDLT_OK;
  const pdlt_status status = pdlt_alloc(&w->e->posterior, widths, sizeof *w->e->posterior, err);
  for (size_t k = 0; status == PDLT_OK && k < widths; k++)
    w->e->posterior[k] = pdlt_explained_posterior_of(
        theory_at(w, k), 1.0 / ((double)ex->network.widths[k] * ratio_of(ex)));
  return status;
}

/* --- Verdict --- */

static void say(pdlt_explanation *e, const char *format, ...) PDLT_PRINTF(2, 3);
static void say(pdlt_explanation *e, const char *format, ...) {
  va_list args;
  if (e->num_reasons == PDLT_EXPLAIN_REASONS) return;
  va_start(args, format);
  vsnprintf(e->reason[e->num_reasons++].text, PDLT_EXPLAIN_REASON, format, args);
  va_end(args);
}

/* What would be wide enough, in words. */
static void advise(char *out, size_t size, const pdlt_explanation *e) {
  out[0] = 0;
  if (isfinite(e->width_in_reach))
    snprintf(out, size,
             e->with_g ? "; widths from n = %.0f on would be within"
                       : "; widths below n = %.0f would not be within either",
             e->width_in_reach);
  else if (isinf(e->width_in_reach))
    snprintf(out, size, "; no width would be within: a smaller eta would do");
}

static void judge(work *w) {
  pdlt_explanation *e = w->e;
  const pdlt_experiment *ex = e->ex;
  const size_t widths = ex->network.num_widths;
  const int trained = (ex->measure & PDLT_MEASURE_OUTPUT) != 0;
  char rest[96];
  e->needed = (size_t)ex->compare.degree + 2;
  e->block = PDLT_BLOCK_MEMBERS;
  advise(rest, sizeof rest, e);
  if (w->plan.ex == NULL) {
    say(e, "training.eta: flow exists in theory only; give a number to train networks");
  } else {
    e->block = pdlt_plan_smallest_block(&w->plan, 1);
    e->blocks = (w->plan.members + e->block - 1) / e->block;
    if (e->blocks < PDLT_MIN_BLOCKS)
      say(e,
          "ensemble.members: %zu are %zu blocks of %zu, error bars need %d: at least %zu members",
          w->plan.members, e->blocks, e->block, (int)PDLT_MIN_BLOCKS, PDLT_MIN_BLOCKS * e->block);
  }
  if (e->reach == NULL || !trained) e->within = widths;
  if (widths < e->needed)
    say(e, "network.widths: %zu, a fit of degree %d needs %zu%s", widths, ex->compare.degree,
        e->needed, e->within < widths ? rest : "");
  else if (e->within < e->needed)
    say(e, "widths out of reach of order %s: %zu of %zu; a fit of degree %d needs %zu within%s",
        pdlt_order_of(e->power)->plain, widths - e->within, widths, ex->compare.degree, e->needed,
        rest);
}

/* --- All of it --- */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Theory of each width; that of the widest speaks for all where one is asked for. */
static pdlt_status view_theories(work *w, const pdlt_archive *theory, pdlt_error *err) {
  const size_t widths = w->e->ex->network.num_widths;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&w->theories, widths, sizeof *w->theories, err));
  for (size_t k = 0; k < widths; k++)
    PDLT_TRY(pdlt_theory_view(&w->theories[k], theory, w->e->ex->network.widths[k], err));
  w->theory = &w->theories[widths - 1];
cleanup:
  return status;
}

/* The study's theory, made now unless brief. */
static pdlt_status take_theory(work *w, pdlt_error *err) {
  pdlt_result *theory = &w->study->results[PDLT_THEORY];
  if (!theory->made && !w->brief) {
    const double start = now();
    const pdlt_status status = pdlt_study_predict(w->study, NULL, err);
    if (status != PDLT_OK) return status;
    w->seconds = now() - start;
  }
  if (theory->made && !w->e->follows) w->theory = &theory->archive;
  if (!theory->made || !w->e->follows) return PDLT_OK;
  return view_theories(w, &theory->archive, err);
}

/* The experiment whose layers are told. */
static pdlt_status take_plain(work *w, pdlt_error *err) {
  const pdlt_experiment *ex = w->e->ex;
  const int widest = ex->network.widths[ex->network.num_widths - 1];
  w->e->follows = pdlt_experiment_follows(ex) != NULL;
  w->plain = *ex;
  if (!w->e->follows) return PDLT_OK;
  return pdlt_experiment_at_width(&w->plain, ex, widest, w->study->resolved.data.inputs, err);
}

static void free_work(work *w) {
  for (size_t k = 0; w->theories != NULL && k < w->e->ex->network.num_widths; k++)
    pdlt_theory_view_free(&w->theories[k]);
  pdlt_free(w->theories);
  if (w->e->follows && w->plain.network.follows == 0) pdlt_experiment_at_width_free(&w->plain);
  pdlt_samples_free(&w->samples);
  pdlt_free(w->tail);
}

/* Plan, time and space of what is trained. */
static pdlt_status count_work(work *w, pdlt_error *err) {
  const pdlt_study *study = w->study;
  const pdlt_array *theta = w->theory == NULL ? NULL : pdlt_archive_get(w->theory, "Theta");
  double steps = 0, rate = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_sizes_estimate(&w->e->sizes, w->e->ex, &study->resolved.data,
                               study->settings.layers, err));
  w->e->seconds = w->seconds;
  if (w->e->ex->training.eta_kind == PDLT_ETA_FLOW) return PDLT_OK;
  PDLT_TRY(pdlt_samples_new(&w->samples, w->e->ex, &study->resolved.data, err));
  PDLT_TRY(pdlt_plan_make(&w->plan, w->e->ex, &w->samples, study->settings.layers, err));
  w->e->chooses =
      w->plan.has[PDLT_QUANTITY_Z] && w->e->ex->ensemble.estimator == PDLT_ESTIMATOR_AUTO;
  w->e->with_products = pdlt_pilot_has_products(&w->plan);
  w->e->closed = pdlt_choice_closed(&w->plan);
  PDLT_TRY(pdlt_work_steps(&steps, &w->plan, theta == NULL ? NULL : theta->data, err));
  PDLT_TRY(pdlt_work_train(&w->flops, &w->plan, steps, err));
  PDLT_TRY(pdlt_work_rate(&rate, err));
  const double shards = study->settings.shards > 0 ? study->settings.shards : 1;
  w->e->seconds += w->flops / (rate * study->settings.threads * shards);
cleanup:
  return status;
}

pdlt_status pdlt_explanation_make(pdlt_explanation *out, pdlt_study *study, int brief,
                                  pdlt_error *err) {
  pdlt_explanation e = {.threads = study->settings.threads, .power = 1};
  work w = {.e = &e, .study = study, .brief = brief};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_study_resolve(study, err));
  e.ex = &study->resolved.experiment;
  if (pdlt_activation_has_kink(&e.ex->network.activation)) e.power = 0.5;
  PDLT_TRY(take_plain(&w, err));
  PDLT_TRY(take_theory(&w, err));
  PDLT_TRY(count_work(&w, err));
  if (!brief) PDLT_TRY(fill_layers(&w, err));
  PDLT_TRY(fill_whole(&w, err));
  PDLT_TRY(fill_reach(&w, err));
  PDLT_TRY(fill_posterior(&w, err));
  judge(&w);
  *out = e;
cleanup:
  free_work(&w);
  if (status != PDLT_OK) pdlt_explanation_free(&e);
  return status;
}
