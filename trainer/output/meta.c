/* meta.c - what the run says about itself: see output.h. */
#include <stdio.h>

#include "base/file/json.h"
#include "trainer/output/output.h"

/* What was asked for and is not in the file, and why; NULL when out of memory. */
static json_t *absent(const pdlt_plan *plan) {
  json_t *object = json_object();
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const char *why = plan->absent[k], *word = NULL;
    char reason[96];
    double bytes = 0;
    if (pdlt_plan_drops(plan, k, &bytes, &word)) {
      snprintf(reason, sizeof reason,
               "not kept: %.3g MB at each width; ensemble.keep: [%s] keeps it", bytes / 1e6, word);
      why = reason;
    }
    if (why != NULL) pdlt_json_put(&object, pdlt_quantities[k].name, json_string(why));
  }
  return object;
}

/* A number that was not looked at is null. */
static json_t *known(int looked, double x) { return looked ? pdlt_json_real(x) : json_null(); }

/* The levels of the plan; with what the pilot saw of one, unless NULL. */
static json_t *levels_json(const pdlt_levels *levels, const pdlt_pilot_width *seen) {
  json_t *array = json_array();
  for (size_t k = 0; k < levels->count; k++) {
    const pdlt_level *level = &levels->level[k];
    pdlt_json_append(
        &array, seen != NULL
                    ? json_pack("{s:o, s:o}", "variance",
                                pdlt_json_real(seen->seen[PDLT_PILOT_Z].level_variance[k]), "flops",
                                pdlt_json_real(seen->level_flops[k]))
                    : json_pack("{s:o, s:i, s:b, s:I}", "step", pdlt_json_real(level->step),
                                "nodes", level->nodes, "middle", level->middle, "draws",
                                (json_int_t)levels->draws[k]));
  }
  return array;
}

/* Products of outputs at a width of the pilot. */
static json_t *products_json(const pdlt_pilot *pilot, const pdlt_pilot_seen *x) {
  json_t *levels = json_array();
  const int c = pilot->linearized;
  for (size_t k = 0; k < pilot->levels.count; k++)
    pdlt_json_append(&levels, pdlt_json_real(x->level_variance[k]));
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "variance_plain",
                   pdlt_json_real(x->plain), "variance_antithetic", pdlt_json_real(x->antithetic),
                   "variance_linear", known(c, x->linear), "covariance_linear",
                   known(c, x->covariance), "variance_further", known(c, x->further),
                   "variance_chosen", pdlt_json_real(x->chosen), "variance_levels", levels);
}

static json_t *pilot_json(const pdlt_pilot *pilot) {
  json_t *widths = json_array();
  const int c = pilot->linearized;
  for (int k = 0; k < 2; k++) {
    const pdlt_pilot_width *w = &pilot->width[k];
    const pdlt_pilot_seen *z = &w->seen[PDLT_PILOT_Z];
    json_t *width = json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "survivors",
        (json_int_t)w->survivors, "variance_plain", pdlt_json_real(z->plain), "variance_antithetic",
        pdlt_json_real(z->antithetic), "variance_linear", known(c, z->linear), "covariance_linear",
        known(c, z->covariance), "variance_further", known(c, z->further), "flops_train",
        pdlt_json_real(w->flops_train), "flops_draw", pdlt_json_real(w->flops_draw), "flops_linear",
        pdlt_json_real(w->flops_linear), "flops_further", pdlt_json_real(w->flops_further),
        "variance_chosen", pdlt_json_real(z->chosen), "levels", levels_json(&pilot->levels, w));
    if (pilot->parts > PDLT_PILOT_COV)
      pdlt_json_put(&width, "products", products_json(pilot, &w->seen[PDLT_PILOT_COV]));
    pdlt_json_append(&widths, width);
  }
  return widths;
}

/* How many times less work than plain networks the choice takes to a given error, by the pilot. */
static json_t *gain_json(const pdlt_pilot *pilot) {
  static const char *const names[PDLT_PILOT_PARTS] = {"z", "cov"};
  json_t *gain = json_object();
  for (size_t g = 0; g < pilot->parts; g++)
    pdlt_json_put(&gain, names[g], pdlt_json_real(1 / pilot->work[g]));
  return gain;
}

static const char *estimator_name(pdlt_estimator estimator) {
  static const char *const names[] = {
      [PDLT_ESTIMATOR_PLAIN] = "plain",     [PDLT_ESTIMATOR_ANTITHETIC] = "antithetic",
      [PDLT_ESTIMATOR_CONTROL] = "control", [PDLT_ESTIMATOR_TWO_LEVEL] = "two_level",
      [PDLT_ESTIMATOR_AUTO] = "auto",       [PDLT_ESTIMATOR_SLICE] = "slice"};
  return names[estimator];
}

pdlt_status pdlt_output_meta(pdlt_archive *archive, const pdlt_plan *plan,
                             const pdlt_choice *choice, pdlt_error *err) {
  json_t *meta = pdlt_archive_meta(archive);
  json_t *estimator =
      json_pack("{s:s, s:s}", "requested", estimator_name(plan->ex->ensemble.estimator), "used",
                pdlt_plan_estimator_name(plan));
  pdlt_status status = PDLT_OK;
  pdlt_json_put(&estimator, "samples", json_integer((json_int_t)plan->control.samples));
  pdlt_json_put(&estimator, "levels", levels_json(&plan->control.levels, NULL));
  pdlt_json_put(&estimator, "weightless", json_boolean(plan->control.weightless));
  if (plan->ex->training.loss != PDLT_LOSS_MSE &&
      plan->ex->ensemble.estimator == PDLT_ESTIMATOR_AUTO)
    pdlt_json_put(&estimator, "not_linearized",
                  json_string("a network's own linearization follows squares, not cross-entropy"));
  if (choice != NULL && choice->start.known)
    pdlt_json_put(&estimator, "gain_weightless",
                  json_pack("{s:o, s:o, s:o}", "K", pdlt_json_real(1 / choice->start.K), "Theta",
                            pdlt_json_real(1 / choice->start.Theta), "V",
                            pdlt_json_real(1 / choice->start.vertex)));
  if (choice != NULL && choice->piloted) {
    char why[PDLT_CHOICE_TEXT];
    pdlt_choice_text(choice, plan, why);
    pdlt_json_put(&estimator, "why", json_string(why));
    pdlt_json_put(&estimator, "gain", gain_json(&choice->pilot));
    pdlt_json_put(&estimator, "pilot", pilot_json(&choice->pilot));
  }
  PDLT_TRY(pdlt_json_set(meta, "estimator", estimator, err));
  PDLT_TRY(pdlt_json_set(meta, "absent", absent(plan), err));
  PDLT_TRY(
      pdlt_json_set(meta, "block_members", json_integer((json_int_t)plan->block_members), err));
cleanup:
  return status;
}
