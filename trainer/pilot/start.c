/* start.c - see start.h. */
#include "trainer/pilot/start.h"

#include <math.h>

#include "base/core/memory.h"
#include "trainer/control/control.h"
#include "trainer/control/flops.h"
#include "trainer/measure/ntk.h"
#include "trainer/network/draws.h"

enum { KERNEL, NTK, KINDS };

/* Sums over draws of the numbers of one kind, and of their squares; (D, D) of each layer measured. */
typedef struct draws_sums {
  size_t count;
  double *mean[KINDS], *scatter[KINDS], *matrix;
  double *storage;
} draws_sums;

static pdlt_status sums_new(draws_sums *s, const pdlt_plan *plan, pdlt_error *err) {
  const size_t matrix = plan->data->samples * plan->data->samples, count = plan->readouts * matrix;
  *s = (draws_sums){.count = count};
  const pdlt_status status =
      pdlt_alloc(&s->storage, 2 * KINDS * count + matrix, sizeof *s->storage, err);
  if (status != PDLT_OK) return status;
  double *next = s->storage;
  for (int k = 0; k < KINDS; k++) {
    s->mean[k] = pdlt_take(&next, count);
    s->scatter[k] = pdlt_take(&next, count);
  }
  s->matrix = pdlt_take(&next, matrix);
  return PDLT_OK;
}

static void add_draw(draws_sums *s, const pdlt_plan *plan, pdlt_ntk *ntk, const double *theta,
                     double draws) {
  const size_t matrix = plan->data->samples * plan->data->samples;
  for (size_t r = 0; r < plan->readouts; r++)
    for (int k = 0; k < KINDS; k++) {
      if (!plan->has[k == KERNEL ? PDLT_QUANTITY_K : PDLT_QUANTITY_THETA]) continue;
      const int l = pdlt_plan_layer(plan, r);
      if (k == KERNEL)
        pdlt_ntk_kernel(ntk, l, s->matrix);
      else
        pdlt_ntk_theta(ntk, theta, l, s->matrix);
      for (size_t i = 0; i < matrix; i++) {
        double *mean = &s->mean[k][r * matrix + i];
        const double delta = s->matrix[i] - *mean;
        *mean += delta / draws;
        s->scatter[k][r * matrix + i] += delta * (s->matrix[i] - *mean);
      }
    }
}

/* Variances of K and Theta of a network, summed over pairs a <= b. */
static pdlt_status measure_networks(double variance[KINDS], const pdlt_plan *plan,
                                    const pdlt_network *net, const volatile sig_atomic_t *stop,
                                    pdlt_progress *progress, pdlt_error *err) {
  const size_t D = plan->data->samples;
  draws_sums sums = {.count = 0};
  pdlt_ntk ntk = {.net = NULL};
  double *theta = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(sums_new(&sums, plan, err));
  PDLT_TRY(pdlt_ntk_new(&ntk, net, plan->data, err));
  PDLT_TRY(pdlt_alloc(&theta, net->num_params, sizeof *theta, err));
  for (uint64_t d = 0; d < PDLT_PILOT_DRAWS; d++) {
    if (stop != NULL && *stop) PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted"));
    pdlt_network_draw(net, plan->ex->ensemble.seed, PDLT_PILOT_MEMBER + d, theta);
    pdlt_ntk_forward(&ntk, theta);
    add_draw(&sums, plan, &ntk, theta, (double)d + 1);
    pdlt_progress_add(progress, 1);
  }
  for (int k = 0; k < KINDS; k++) {
    variance[k] = 0;
    for (size_t i = 0; i < sums.count; i++)
      if (i / D % D <= i % D) variance[k] += sums.scatter[k][i] / (PDLT_PILOT_DRAWS - 1);
  }
cleanup:
  pdlt_free(theta);
  pdlt_ntk_free(&ntk);
  pdlt_free(sums.storage);
  return status;
}

/* Whether networks are drawn for something else. */
static int has_networks(const pdlt_plan *plan) {
  static const int others[] = {PDLT_QUANTITY_Z, PDLT_QUANTITY_A,   PDLT_QUANTITY_P,
                               PDLT_QUANTITY_R, PDLT_QUANTITY_Q_0, PDLT_QUANTITY_LOG_Q};
  int found = 0;
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) found |= plan->has[others[k]];
  return found;
}

/* Half of the work at one width, added. */
static pdlt_status add_width(pdlt_start_work *work, const pdlt_plan *plan, int n, double training,
                             const volatile sig_atomic_t *stop, pdlt_progress *progress,
                             pdlt_error *err) {
  double variance[KINDS] = {0, 0};
  pdlt_network net = {.depth = 0};
  pdlt_control_width *width = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_network_new(&net, plan->ex, n, plan->data->inputs, err));
  PDLT_TRY(pdlt_control_width_new(&width, plan, &net, err));
  PDLT_TRY(measure_networks(variance, plan, &net, stop, progress, err));
  const double draw = pdlt_flops_draw(&net, 1, net.depth);
  const double both = training + (has_networks(plan) ? draw : 0);
  const double networks =
      training + draw +
      pdlt_flops_initial(&net, plan->data->samples, plan->has[PDLT_QUANTITY_THETA]);
  const double flops = (both + pdlt_flops_weightless(plan, &net)) / networks;
  const double without[KINDS] = {pdlt_control_width_matrices(width, PDLT_QUANTITY_K),
                                 pdlt_control_width_matrices(width, PDLT_QUANTITY_THETA)};
  work->vertex += 0.5 * flops;
  work->K += 0.5 * (variance[KERNEL] > 0 ? flops * without[KERNEL] / variance[KERNEL] : 1);
  work->Theta += 0.5 * (variance[NTK] > 0 ? flops * without[NTK] / variance[NTK] : 1);
cleanup:
  pdlt_control_width_free(width);
  pdlt_network_free(&net);
  return status;
}

int pdlt_start_prefers_networks(const pdlt_start_work *work) {
  return work->known && (work->K > 1 || work->Theta > 1 || work->vertex > 1);
}

pdlt_status pdlt_start_pilot(pdlt_start_work *out, const pdlt_plan *plan, const double training[2],
                             const volatile sig_atomic_t *stop, pdlt_progress *progress,
                             pdlt_error *err) {
  const int widths[2] = {plan->ex->network.widths[0],
                         plan->ex->network.widths[plan->ex->network.num_widths - 1]};
  pdlt_start_work work = {.known = 0};
  pdlt_status status = PDLT_OK;
  if (plan->ex->ensemble.estimator == PDLT_ESTIMATOR_AUTO && plan->control.weightless &&
      !plan->control.pairwise && !plan->control.linear && !pdlt_control_is_fitted(plan)) {
    pdlt_progress_start_short(progress, "choice for kernel and NTK", 2 * PDLT_PILOT_DRAWS);
    for (int k = 0; k < 2; k++)
      PDLT_TRY(add_width(&work, plan, widths[k], training[k], stop, progress, err));
    pdlt_progress_finish(progress);
    work.known = 1;
    if (!plan->has[PDLT_QUANTITY_V]) work.vertex = 1;
  }
  *out = work;
cleanup:
  return status;
}
