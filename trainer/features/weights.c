/* weights.c - see weights.h. */
#include "trainer/features/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"

/* A split in the making: rows (p) of terms, one after the other. */
typedef struct split {
  pdlt_weights w;
  size_t rows;    /* p = n_L D */
  double *term;   /* (count, p) */
  double *change; /* (p) z(t) - z(0) */
  double *left;   /* (p) what is not reached yet */
  size_t *place;  /* (count) row of term of each of w.largest */
} split;

static size_t parameters(const pdlt_network *net) {
  size_t count = 0;
  for (int k = 0; k < net->depth; k++) count += net->layer[k].out * (net->layer[k].in + 1);
  return count;
}

static double square(size_t n, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sum;
}

/* All terms, in the order of the parameters, with a place for every bias. */
static void take_terms(split *s, pdlt_segment *segment) {
  const pdlt_network *net = segment->net;
  pdlt_weight *next = s->w.largest;
  double *term = s->term;
  for (int k = 0; k < net->depth; k++)
    for (size_t m = 0; m < net->layer[k].out; m++) {
      pdlt_segment_contributions(segment, k + 1, m, term);
      for (size_t j = 0; j <= net->layer[k].in; j++, next++, term += s->rows)
        *next = (pdlt_weight){k + 1, m, j, sqrt(square(s->rows, term) / (double)s->rows)};
    }
}

static void share_layers(split *s) {
  const double all = square(s->rows, s->change);
  for (size_t mu = 0; mu < s->w.count && all > 0; mu++) {
    double sum = 0;
    for (size_t i = 0; i < s->rows; i++) sum += s->term[mu * s->rows + i] * s->change[i];
    s->w.layer[s->w.largest[mu].layer - 1] += sum / all;
  }
}

/* A weight and the row of its term. */
typedef struct ordered {
  pdlt_weight weight;
  size_t place;
} ordered;

static int by_size(const void *first, const void *second) {
  const ordered *a = first, *b = second;
  if (a->weight.size > b->weight.size || a->weight.size < b->weight.size)
    return a->weight.size > b->weight.size ? -1 : 1;
  return a->place < b->place ? -1 : 1;
}

static pdlt_status sort(split *s, pdlt_error *err) {
  ordered *order = NULL;
  const pdlt_status status = pdlt_alloc(&order, s->w.count, sizeof *order, err);
  if (status != PDLT_OK) return status;
  for (size_t mu = 0; mu < s->w.count; mu++) order[mu] = (ordered){s->w.largest[mu], mu};
  qsort(order, s->w.count, sizeof *order, by_size);
  for (size_t mu = 0; mu < s->w.count; mu++) {
    s->w.largest[mu] = order[mu].weight;
    s->place[mu] = order[mu].place;
  }
  pdlt_free(order);
  return PDLT_OK;
}

static void add_up(split *s) {
  const double all = square(s->rows, s->change);
  memcpy(s->left, s->change, s->rows * sizeof *s->left);
  for (size_t mu = 0; mu < s->w.count && all > 0; mu++) {
    const double *term = s->term + s->place[mu] * s->rows;
    for (size_t i = 0; i < s->rows; i++) s->left[i] -= term[i];
    s->w.reached[mu] = 1 - square(s->rows, s->left) / all;
    if (s->w.reached[mu] < PDLT_WEIGHTS_SHARE) s->w.few = mu + 2; /* not with so many yet */
  }
  if (s->w.few == 0 && all > 0) s->w.few = 1;
}

static pdlt_status make(split *s, pdlt_segment *segment, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const size_t layers = (size_t)segment->net->depth;
  PDLT_TRY(pdlt_alloc(&s->w.largest, s->w.count, sizeof *s->w.largest, err));
  PDLT_TRY(pdlt_alloc(&s->w.reached, s->w.count, sizeof *s->w.reached, err));
  PDLT_TRY(pdlt_alloc(&s->w.layer, layers, sizeof *s->w.layer, err));
  PDLT_TRY(pdlt_alloc(&s->place, s->w.count, sizeof *s->place, err));
  PDLT_TRY(pdlt_alloc(&s->term, (s->w.count + 2) * s->rows, sizeof *s->term, err));
  s->change = s->term + s->w.count * s->rows;
  s->left = s->change + s->rows;
  pdlt_segment_features(segment, PDLT_FEATURE_SECANT);
  memcpy(s->change, segment->z[PDLT_SEGMENT_CHANGE], s->rows * sizeof *s->change);
  s->w.residual = segment->residual;
  take_terms(s, segment);
  share_layers(s);
  PDLT_TRY(sort(s, err));
  add_up(s);
cleanup:
  return status;
}

pdlt_status pdlt_weights_split(pdlt_weights *out, const pdlt_network *net, const pdlt_samples *data,
                               const double *start, const double *end, pdlt_error *err) {
  split s = {.rows = data->outputs * data->samples};
  pdlt_segment segment = {0};
  pdlt_status status = PDLT_OK;
  s.w.count = parameters(net);
  if (s.w.count > PDLT_WEIGHTS_NUMBERS / s.rows)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "%zu parameters times %zu outputs and samples are too many to split",
                     s.w.count, s.rows);
  PDLT_TRY(pdlt_segment_new(&segment, net, data, err));
  pdlt_segment_begin_at(&segment, start);
  pdlt_segment_reach_at(&segment, end);
  PDLT_TRY(make(&s, &segment, err));
  *out = s.w;
  s.w = (pdlt_weights){0};
cleanup:
  pdlt_weights_free(&s.w);
  pdlt_free(s.place);
  pdlt_free(s.term);
  pdlt_segment_free(&segment);
  return status;
}

void pdlt_weights_free(pdlt_weights *weights) {
  pdlt_free(weights->largest);
  pdlt_free(weights->reached);
  pdlt_free(weights->layer);
  *weights = (pdlt_weights){0};
}
