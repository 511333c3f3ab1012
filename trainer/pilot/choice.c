/* choice.c - see choice.h. */
#include "trainer/pilot/choice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int is_linear(pdlt_estimator estimator) {
  return estimator == PDLT_ESTIMATOR_CONTROL || estimator == PDLT_ESTIMATOR_TWO_LEVEL;
}

/* Where K, Theta and V at the start come from, once the estimator is settled. */
static pdlt_status choose_start(pdlt_choice *choice, const pdlt_plan *plan,
                                const volatile sig_atomic_t *stop, pdlt_progress *progress,
                                pdlt_error *err) {
  const pdlt_pilot *pilot = &choice->pilot;
  double training[2] = {0, 0};
  pdlt_plan probe = *plan;
  pdlt_choice_apply(choice, &probe);
  for (int k = 0; k < 2 && choice->piloted; k++)
    training[k] = (pilot->antithetic ? 2 : 1) * pilot->width[k].flops_train;
  return pdlt_start_pilot(&choice->start, &probe, training, stop, progress, err);
}

pdlt_status pdlt_choice_make(pdlt_choice *out, const pdlt_plan *plan, int threads,
                             const volatile sig_atomic_t *stop, pdlt_progress *progress,
                             pdlt_error *err) {
  const pdlt_estimator estimator = plan->ex->ensemble.estimator;
  pdlt_choice choice;
  if (is_linear(estimator) && plan->p > PDLT_MAX_LINEARIZED)
    return pdlt_experiment_fail(plan->ex, "ensemble.estimator", err,
                                "linearizations have %zu outputs times samples, at most %zu; use "
                                "plain, antithetic or auto",
                                plan->p, PDLT_MAX_LINEARIZED);
  memset(&choice, 0, sizeof choice); /* padding too: the bytes are compared and hashed */
  choice.members = plan->members;
  choice.piloted =
      (estimator == PDLT_ESTIMATOR_AUTO || is_linear(estimator)) && plan->has[PDLT_QUANTITY_Z];
  if (choice.piloted) {
    const pdlt_status status = pdlt_pilot_run(&choice.pilot, plan, threads, stop, progress, err);
    if (status != PDLT_OK) return status;
  }
  const pdlt_status status = choose_start(&choice, plan, stop, progress, err);
  if (status == PDLT_OK) *out = choice;
  return status;
}

static int is_flag(int x) { return x == 0 || x == 1; }

/* Whether the levels are some that a pilot may choose. */
static int are_levels(const pdlt_levels *levels) {
  if (levels->count > PDLT_MAX_LEVELS) return 0;
  for (size_t k = 0; k < levels->count; k++) {
    const pdlt_level *level = &levels->level[k];
    if (!(isfinite(level->step) && level->step >= 0) || level->nodes < 0 ||
        level->nodes > PDLT_MAX_NODES || !is_flag(level->middle) || levels->draws[k] < 1 ||
        levels->draws[k] > PDLT_MAX_FURTHER)
      return 0;
  }
  return 1;
}

static int is_pilot(const pdlt_pilot *pilot, const pdlt_plan *plan) {
  const pdlt_estimator asked = plan->ex->ensemble.estimator;
  const int linear = pilot->samples > 0;
  if (linear && !pdlt_plan_may_be_linearized(plan)) return 0;
  if (!is_flag(pilot->antithetic) || !is_flag(pilot->linearized) || !is_flag(pilot->fitted) ||
      pilot->samples > PDLT_MAX_SAMPLES || !are_levels(&pilot->levels) || pilot->parts < 1 ||
      pilot->parts > PDLT_PILOT_PARTS)
    return 0;
  if (is_linear(asked)) return linear && pilot->fitted == (asked == PDLT_ESTIMATOR_CONTROL);
  return linear || pilot->levels.count == 0;
}

const char *pdlt_choice_wrong(const pdlt_choice *choice, const pdlt_plan *plan) {
  const pdlt_experiment *ex = plan->ex;
  const pdlt_estimator asked = ex->ensemble.estimator;
  const int piloted =
      (asked == PDLT_ESTIMATOR_AUTO || is_linear(asked)) && plan->has[PDLT_QUANTITY_Z];
  const int open = ex->ensemble.members == 0;
  const uint64_t most = open ? (uint64_t)ex->ensemble.until.max_members : plan->members;
  if (choice->members > most || choice->members < (open ? PDLT_UNTIL_FIRST : most))
    return "its number of members is not that of its experiment";
  if (!is_flag(choice->start.known)) return "its kernels are not those of its experiment";
  if (choice->piloted != piloted) return "its estimator is not that of its experiment";
  if (!piloted) return NULL;
  return is_pilot(&choice->pilot, plan) ? NULL : "its estimator is none that a pilot chooses";
}

const char *pdlt_choice_closed(const pdlt_plan *plan) {
  const pdlt_experiment *ex = plan->ex;
  if (!plan->has[PDLT_QUANTITY_Z]) return NULL;
  if (plan->data->batch < plan->data->train) return "a linearization knows no batches";
  if (ex->training.loss != PDLT_LOSS_MSE)
    return "a network's own linearization follows squares, not cross-entropy";
  if (!pdlt_plan_may_be_linearized(plan)) return "draws without weights need normal weights";
  if (plan->p > PDLT_MAX_LINEARIZED) return "there are more than 1024 outputs times samples";
  return NULL;
}

/* Why the pilot decided for what the plan does, behind the estimator's name. */
static void say_why(const pdlt_pilot *pilot, const pdlt_plan *plan, char *to, size_t size) {
  static const char *const names[PDLT_PILOT_PARTS] = {"z", "cov"};
  const char *closed = pdlt_choice_closed(plan);
  int used = 0;
  if (pilot->width[0].survivors < PDLT_PILOT_SURVIVORS ||
      pilot->width[1].survivors < PDLT_PILOT_SURVIVORS) {
    snprintf(to, size, "fewer than %d of the pilot's %d pairs survive", PDLT_PILOT_SURVIVORS,
             PDLT_PILOT_DRAWS);
    return;
  }
  if (!pilot->antithetic)
    used = snprintf(to, size, "no other takes less work for all that is asked for");
  else
    used = snprintf(to, size, "times less work than plain to the same error:");
  for (size_t g = 0; g < pilot->parts && pilot->antithetic; g++)
    used += snprintf(to + used, size - (size_t)used, "%s %s %.3g", g == 0 ? "" : ",", names[g],
                     1 / pilot->work[g]);
  if (!plan->control.linear && closed != NULL)
    snprintf(to + used, size - (size_t)used, "; two_level and control are not open: %s", closed);
}

void pdlt_choice_text(const pdlt_choice *choice, const pdlt_plan *plan,
                      char text[PDLT_CHOICE_TEXT]) {
  const char *name = pdlt_plan_estimator_name(plan);
  char why[PDLT_CHOICE_TEXT - 64] = "nothing is trained";
  if (choice->piloted) say_why(&choice->pilot, plan, why, sizeof why);
  snprintf(text, PDLT_CHOICE_TEXT, "%s (%s)", name, why);
}

void pdlt_choice_apply(const pdlt_choice *choice, pdlt_plan *plan) {
  const pdlt_pilot *pilot = &choice->pilot;
  const int pairs = plan->ex->ensemble.estimator == PDLT_ESTIMATOR_ANTITHETIC;
  plan->on_networks = pdlt_start_prefers_networks(&choice->start);
  pdlt_plan_estimator(plan, choice->piloted ? pilot->antithetic : pairs);
  if (choice->piloted && pilot->samples > 0)
    pdlt_plan_linearize(plan, pilot->samples, pilot->fitted, &pilot->levels);
  pdlt_plan_grow(plan, (size_t)choice->members);
}
