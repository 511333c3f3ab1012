/* tensors.c - the tensors of order 1/n at initialization, as arrays. */
#include <stdio.h>
#include <string.h>

#include "base/experiment/layer.h"
#include "theory/predict/internal.h"
#include "theory/skip/skip.h"
#include "theory/tensors/tensors.h"

/* Largest size of all tensors together that is computed; bytes. */
static const double max_tensor_bytes = 4.0 * 1024 * 1024 * 1024;
/* The same with theory.only: z, which keeps no tensors: what the recursion or, after it, training holds at once. */
static const double max_alone_bytes = 20.0 * 1024 * 1024 * 1024;
/* The same of layers with positions, brackets included. */
static const double max_position_bytes = 7.0 * 1024 * 1024 * 1024;

/* Tensor t of the layer under `name`; give: the archive takes over those with four indices. */
static pdlt_status put_tensor(const pdlt_prediction *p, const pdlt_tensor_set *set, int layer,
                              int t, const char *name, int give, pdlt_error *err) {
  const size_t D = set->D;
  const int rank = pdlt_tensor_rank((pdlt_tensor_name)t);
  double **data = &set->layer[layer - 1].data[t];
  if (!give || rank == 2)
    return pdlt_predict_array(p->out, name, rank, D,
                              pdlt_tensors_get(set, layer, (pdlt_tensor_name)t), err);
  pdlt_array array = {.ndim = rank, .dim = {D, D, D, D}, .data = *data};
  const pdlt_status status = pdlt_archive_put(p->out, name, &array, err);
  if (status == PDLT_OK) *data = NULL;
  return status;
}

/* V, D and F serve the covariance alone. */
static int is_needed(const pdlt_prediction *p, int t) {
  return !p->ex->theory.only_z || (t != PDLT_TENSOR_V && t != PDLT_TENSOR_D && t != PDLT_TENSOR_F);
}

static pdlt_status put_layer(const pdlt_prediction *p, const pdlt_tensor_set *set, int layer,
                             const char *prefix, int give, pdlt_error *err) {
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
    if (pdlt_tensors_get(set, layer, (pdlt_tensor_name)t) == NULL || !is_needed(p, t)) continue;
    char name[64];
    snprintf(name, sizeof name, "%s%s", prefix, pdlt_tensor_text((pdlt_tensor_name)t));
    pdlt_status status = put_tensor(p, set, layer, t, name, give, err);
    if (status == PDLT_OK && prefix[0] == 0)
      status = pdlt_predict_error(p->out, name, set->layer[layer - 1].err[t], err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* All tensors from `first` on, and with all of them q_nlo, are absent for one reason. */
static pdlt_status all_absent(const pdlt_prediction *p, int first, const char *reason,
                              pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (first == 0) status = pdlt_predict_absent(p->out, "q_nlo", reason, err);
  for (int t = first; t < PDLT_TENSOR_COUNT && status == PDLT_OK; t++)
    status = pdlt_predict_absent(p->out, pdlt_tensor_text((pdlt_tensor_name)t), reason, err);
  return status;
}

/* The tensor from which on they are absent for the reason *why; PDLT_TENSOR_COUNT: none is. A later
 * group needs the earlier ones. */
static int first_absent(const pdlt_experiment *ex, const char **why) {
  static const struct {
    pdlt_tensor_name first;
    unsigned words;
  } groups[] = {{PDLT_TENSOR_V, PDLT_MEASURE_VERTEX | PDLT_MEASURE_NTK_FLUCTUATIONS},
                {PDLT_TENSOR_P, PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK}};
  for (size_t k = 0; k < sizeof groups / sizeof *groups; k++) {
    *why = pdlt_experiment_unpredicted(ex, groups[k].words);
    if (*why != NULL) return (int)groups[k].first;
  }
  return PDLT_TENSOR_COUNT;
}

/* The grids of four samples cannot resolve a kernel that the series of two cannot. */
static pdlt_status wide_absent(const pdlt_prediction *p, pdlt_error *err) {
  char reason[200];
  snprintf(reason, sizeof reason,
           "%s large (kernel %.6g in layer %d): averages over four samples are out of reach; %s "
           "would do",
           p->kernel->wide_layer == 1 ? "the inputs are" : "the kernel is", p->kernel->wide_kernel,
           p->kernel->wide_layer,
           p->kernel->wide_layer == 1 ? "data.scale: 1" : "a smaller network.C_W or network.C_b");
  return all_absent(p, 0, reason, err);
}

/* *too_large: 1 where layers with positions take too much memory, which makes all absent. */
static pdlt_status check_positions(const pdlt_prediction *p, int dntk, int *too_large,
                                   pdlt_error *err) {
  const double gib = 1024.0 * 1024 * 1024;
  char reason[200];
  double bytes, pairs;
  const pdlt_status status =
      pdlt_tensors_bytes(&bytes, &pairs, p->layer, p->ex->network.depth, p->kernel->D, dntk, err);
  *too_large = bytes > max_position_bytes;
  if (status != PDLT_OK || !*too_large) return status;
  snprintf(
      reason, sizeof reason,
      "the tensors of %zu samples at their positions need %.3g GiB (%.0f pairs); at most %.0f GiB: "
      "use fewer samples or positions%s",
      p->kernel->D, bytes / gib, pairs, max_position_bytes / gib,
      p->layer[p->ex->network.depth - 1].wiring.pool[1] > 1 ? ", or dense in place of average"
                                                            : "");
  return all_absent(p, 0, reason, err);
}

/* Averages over four slots from which on their time is foretold: 0.2 (ReLU) to 3 ms (tanh) each. */
static const double many_averages = 50000;

/* Of layers with skips. What will take minutes is said before it begins. */
static pdlt_status check_skips(const pdlt_prediction *p, const pdlt_tensor_settings *settings,
                               int *too_large, pdlt_error *err) {
  const double gib = 1024.0 * 1024 * 1024;
  char reason[200];
  double bytes = 0, brackets;
  const pdlt_status status =
      pdlt_skip_tensors_bytes(&bytes, &brackets, settings, p->ex->network.depth, p->kernel->D,
                              p->ex->theory.pair_only, err);
  *too_large = bytes > max_position_bytes;
  if (status == PDLT_OK && !*too_large && brackets > many_averages)
    pdlt_progress_note(
        p->options->progress,
        "order 1/n in layers joined by skips: %.3g averages over four slots, of 0.2 ms "
        "(ReLU) to 3 ms (tanh) of a processor each; fewer samples, layers with skips "
        "or theory.order: 0 take less",
        brackets);
  if (status != PDLT_OK || !*too_large) return status;
  snprintf(reason, sizeof reason,
           "the tensors of %zu samples in layers joined by skips need %.3g GiB (%.3g averages over "
           "four slots); at most %.0f GiB: use fewer samples, positions or layers with skips",
           p->kernel->D, bytes / gib, brackets, max_position_bytes / gib);
  return all_absent(p, 0, reason, err);
}

/* The tensors of every layer; *too_large: there are none, and all are absent. */
static pdlt_status make_set(const pdlt_prediction *p, const pdlt_tensor_settings *settings,
                            pdlt_tensor_set *set, int *too_large, pdlt_error *err) {
  const int skips = pdlt_skip_any(p->layer, p->ex->network.depth);
  const pdlt_status status = skips ? check_skips(p, settings, too_large, err)
                                   : check_positions(p, settings->dntk, too_large, err);
  if (status != PDLT_OK || *too_large) return status;
  if (skips) return pdlt_skip_tensors_new(set, p->kernel, settings, p->ex->theory.pair_only, err);
  return pdlt_tensors_new(set, p->kernel, settings, err);
}

/* G1 and Theta1 of kinks with skips, and q_nlo; else q_nlo. */
static pdlt_status put_hidden(const pdlt_prediction *p, const pdlt_tensor_set *set,
                              pdlt_error *err) {
  static const char *const names[] = {"G1", "Theta1", "q_nlo"};
  if (set->depth < 2 || pdlt_tensors_get(set, set->depth, PDLT_TENSOR_G1) != NULL)
    return pdlt_predict_hidden_first(p, set, err);
  return pdlt_predict_all_absent(p->out, names, sizeof names / sizeof *names,
                                 "not derived for kinks in networks with skip connections", err);
}

pdlt_doubt pdlt_predict_doubt(const pdlt_tensor_doubts *doubts, pdlt_tensor_name name,
                              double error) {
  if (doubts->moved[0][name] == NULL) return (pdlt_doubt){.each = error};
  return (pdlt_doubt){.each = doubts->rounding[name],
                      .all = doubts->inherited,
                      .moved = {doubts->moved[0][name], doubts->moved[1][name]}};
}

static unsigned needed_for_mean(const pdlt_prediction *p) {
  unsigned needed = 0;
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++) needed |= is_needed(p, t) ? 1U << t : 0;
  return needed;
}

double pdlt_predict_mean_bytes(const pdlt_prediction *p) {
  const int skips = pdlt_skip_any(p->layer, p->ex->network.depth);
  return pdlt_tensors_bytes_flat(p->kernel->D, !p->mask->active && !skips);
}

pdlt_status pdlt_predict_tensors(const pdlt_prediction *p, pdlt_tensor_doubts *doubts,
                                 pdlt_error *err) {
  const pdlt_experiment *ex = p->ex;
  const double D = (double)p->kernel->D,
               kept = p->options->layers || (ex->measure & PDLT_MEASURE_LOG_HIDDEN) != 0
                          ? ex->network.depth
                          : 2;
  const int alone = ex->theory.only_z, layers = p->options->layers && !alone;
  const double bytes = alone ? pdlt_predict_mean_bytes(p)
                             : PDLT_TENSOR_COUNT * D * D * D * D * sizeof(double) * kept;
  const double most = alone ? max_alone_bytes : max_tensor_bytes;
  const char *why;
  const int first = first_absent(ex, &why);
  pdlt_tensor_set set = {0};
  pdlt_status status = PDLT_OK;
  if (bytes > most) {
    char reason[160];
    snprintf(reason, sizeof reason, "the tensors of %.0f samples need %.3g GiB; at most %.0f GiB",
             D, bytes / (1024.0 * 1024 * 1024), most / (1024.0 * 1024 * 1024));
    return all_absent(p, 0, reason, err);
  }
  if (p->kernel->wide_layer > 0) return wide_absent(p, err);
  const pdlt_tensor_settings settings = {
      .activation = ex->network.activation,
      .layer = p->layer,
      .tolerance = ex->theory.tolerance,
      .threads = p->options->threads,
      .dntk = first == PDLT_TENSOR_COUNT,
      .last_only = !layers && (alone || !(ex->measure & PDLT_MEASURE_LOG_HIDDEN)),
      .needed = alone ? needed_for_mean(p) : 0,
      .vertices = ex->posterior.on && pdlt_predict_no_hidden_posterior(p) == NULL,
      .mask = p->mask->active ? &p->mask->terms : NULL,
      .progress = p->options->progress};
  int too_large = 0;
  if (first > 0) PDLT_TRY(make_set(p, &settings, &set, &too_large, err));
  if (too_large) return PDLT_OK;
  PDLT_TRY(all_absent(p, first, why, err));
  if (first == 0) return PDLT_OK;
  PDLT_TRY(put_hidden(p, &set, err));
  PDLT_TRY(put_layer(p, &set, ex->network.depth, "", !layers && !ex->posterior.on, err));
  for (int l = 1; layers && l <= ex->network.depth; l++) {
    char prefix[32];
    snprintf(prefix, sizeof prefix, "layer%d/", l);
    PDLT_TRY(put_layer(p, &set, l, prefix, 0, err));
  }
  pdlt_tensor_layer *last = &set.layer[set.depth - 1];
  doubts->inherited = last->inherited;
  memcpy(doubts->rounding, last->rounding, sizeof last->rounding);
  memcpy(doubts->moved, last->moved, sizeof last->moved);
  memset(last->moved, 0, sizeof last->moved);
  if (ex->posterior.on && pdlt_tensors_get(&set, ex->network.depth, PDLT_TENSOR_G1) != NULL)
    PDLT_TRY(pdlt_predict_posterior(p, &set, doubts, err));
cleanup:
  pdlt_tensors_free(&set);
  return status;
}
