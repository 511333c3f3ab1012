/* response.c - see response.h. */
#include "theory/kink/response.h"

#include <math.h>
#include <string.h>

/* mode[a] = v_a . x over the training samples. */
static void to_modes(const pdlt_training *w, const double *x, double *mode) {
  for (size_t a = 0; a < w->A; a++) {
    double sum = 0.0;
    for (size_t b = 0; b < w->A; b++) sum += w->vector[a * w->A + b] * x[b];
    mode[a] = sum;
  }
}

/* z_d = s_d - sum_a (Theta_dA v_a) held_a; at the end the training block is 0. */
static void put(const pdlt_training *w, const double *source, const double *held, int end,
                double *z) {
  for (size_t d = 0; d < w->D; d++) {
    double sum = source[d];
    for (size_t a = 0; a < w->A; a++) sum -= w->project[d * w->A + a] * held[a];
    z[d] = end && d < w->A ? 0.0 : sum;
  }
}

/* Output k at the recorded times that lie at time g of the grid. */
static void put_records(const pdlt_kink_response *r, size_t k, size_t g, const double *source,
                        const double *held, const double *now, double *end, double *z) {
  const pdlt_training *w = r->training;
  for (size_t t = 0; t < r->num_times; t++) {
    if (r->grid->record[t] != g) continue;
    const int last = isinf(r->times[t]);
    for (size_t a = 0; last && a < w->A; a++) end[a] = now[a] / w->value[a];
    put(w, source, last ? end : held, last, z + (t * w->outputs + k) * w->D);
  }
}

void pdlt_kink_respond(const pdlt_kink_response *r, const double *source, double *z, double *work) {
  const pdlt_training *w = r->training;
  const size_t A = w->A, row = w->outputs * w->D;
  double *mode = work, *held = work + A, *now = work + 2 * A, *room = work + 3 * A;
  for (size_t k = 0; k < w->outputs; k++) {
    memset(work, 0, 3 * A * sizeof *work);
    for (size_t g = 0; g <= r->grid->cells; g++) {
      const double *here = source + g * row + k * w->D;
      to_modes(w, here, room);
      for (size_t a = 0; a < A; a++) {
        if (g > 0) {
          const size_t at = (g - 1) * A + a;
          held[a] += r->grid->held[at] * mode[a] + r->grid->fed[at] * (room[a] - now[a]);
          mode[a] = r->grid->decay[at] * mode[a] + r->grid->spread[at] * (room[a] - now[a]);
        }
        now[a] = room[a];
      }
      put_records(r, k, g, here, held, now, room, z);
    }
  }
}

void pdlt_kink_deviate(const pdlt_kink_response *r, const double *z0, double *deviation,
                       double *work) {
  const pdlt_training *w = r->training;
  for (size_t k = 0; k < w->outputs; k++)
    for (size_t t = 0; t < r->num_times; t++) {
      const double *start = z0 + k * w->D;
      const int end = isinf(r->times[t]);
      to_modes(w, start, work);
      for (size_t a = 0; a < w->A; a++) {
        double ignored;
        work[a] *= end ? 1.0 / w->value[a]
                       : pdlt_training_phi(w->value[a], w->eta, w->flow, r->times[t], &ignored);
      }
      put(w, start, work, end, deviation + (t * w->outputs + k) * w->D);
    }
}
