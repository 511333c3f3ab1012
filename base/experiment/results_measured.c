/* results_measured.c - arrays of measured.npz, each found in the table of quantities by its name, and
 * whether estimate, error bar and block values of a quantity are those of one run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/experiment/results_internal.h"

enum { FEWEST_BLOCKS = 32 /* that give error bars: docs/trainer/runs.md */ };

/* One width. */
typedef struct width_check {
  double n;
  double diverged;
  int whole;                 /* 1: no draw diverged, all converged, two blocks or more */
  const pdlt_array *weights; /* (B) blocks/members; NULL: there are no block values */
} width_check;

/* What a name behind "n<n>/" stands for. */
typedef enum role { UNKNOWN, ESTIMATE, BAR, BLOCKS, SLICE, OTHER } role;

typedef struct place {
  role role;
  const pdlt_quantity *quantity; /* of all but OTHER */
  char layer[24];                /* "layer2/", or "" */
  const char *own;               /* the name behind it */
} place;

static const pdlt_quantity *find(const char *name, size_t length) {
  for (int k = 0; k < PDLT_QUANTITIES; k++)
    if (strlen(pdlt_quantities[k].name) == length &&
        strncmp(pdlt_quantities[k].name, name, length) == 0)
      return &pdlt_quantities[k];
  return NULL;
}

/* Behind layer<l>/ of a hidden layer's slice, which is there with and without --layers; else name. */
static const char *behind_slice(const pdlt_results *r, const char *name) {
  const pdlt_results hidden = {.depth = (int)r->hidden};
  const char *own = pdlt_results_behind_layer(&hidden, name);
  const size_t length = strlen(own),
               bar = length > 3 && strcmp(own + length - 3, "_se") == 0 ? 3 : 0;
  const pdlt_quantity *q = find(own, length - bar);
  return q != NULL && pdlt_quantity_has_slices(q) ? own : name;
}

static place place_of(const pdlt_results *r, const char *name) {
  static const char *const others[] = {"members",   "diverged",  "unconverged",
                                       "top_share", "samples/z", "blocks/members"};
  const size_t blocks = strncmp(name, "blocks/", 7) == 0 ? 7 : 0;
  place p = {.role = blocks > 0 ? BLOCKS : ESTIMATE};
  for (size_t k = 0; k < sizeof others / sizeof *others; k++)
    if (strcmp(name, others[k]) == 0) return (place){.role = OTHER};
  const char *own = pdlt_results_behind_layer(r, name + blocks);
  if (own == name && blocks == 0) own = behind_slice(r, name);
  snprintf(p.layer, sizeof p.layer, "%.*s", (int)(own - name - (ptrdiff_t)blocks), name + blocks);
  const size_t length = strlen(own);
  p.quantity = find(own, length);
  if (p.quantity == NULL && blocks == 0 && length > 3 && strcmp(own + length - 3, "_se") == 0) {
    p.quantity = find(own, length - 3);
    p.role = BAR;
  }
  p.own = own;
  if (p.quantity == NULL || (p.layer[0] != 0 && !pdlt_results_has_layers(p.quantity)))
    p.role =
        blocks == 0 && p.quantity != NULL && pdlt_quantity_has_slices(p.quantity) ? SLICE : UNKNOWN;
  return p;
}

/* --- estimate, error bar and blocks of one quantity --- */

/* B block values of one number, `stride` doubles apart, with their weights. */
typedef struct block_values {
  size_t count, stride;
  const double *value, *weight;
} block_values;

typedef struct block_moments {
  double mean, se, largest; /* se about `center`; NaN: too few blocks */
} block_moments;

static block_moments moments_of(const block_values *b, double center) {
  double total = 0, sum = 0, squares = 0, largest = 0;
  size_t used = 0;
  for (size_t k = 0; k < b->count; k++) {
    const double w = b->weight[k], x = b->value[k * b->stride];
    if (w == 0) continue;
    used++;
    total += w;
    sum += w * x;
    squares += w * (x - center) * (x - center);
    largest = fmax(largest, fabs(x));
  }
  return (block_moments){
      .mean = sum / total,
      .se = used < FEWEST_BLOCKS ? NAN : sqrt(squares / (total * (double)(used - 1))),
      .largest = largest};
}

/* Whether the estimate is the weighted mean of the blocks; else they are jackknife pseudo-values, whose
 * spread about it gives the error bar all the same. */
static int is_mean(const pdlt_quantity *q) {
  return q->drawn == PDLT_DRAWN_MEAN || q->drawn == PDLT_DRAWN_LAYERS ||
         q->drawn == PDLT_DRAWN_TRAINED || q->drawn == PDLT_DRAWN_ROOT ||
         q->drawn == PDLT_DRAWN_ALL || q->drawn == PDLT_DRAWN_VARIANCE ||
         q->drawn == PDLT_DRAWN_SHARE ||
         (q->drawn == PDLT_DRAWN_END && q != &pdlt_quantities[PDLT_QUANTITY_COV_END]);
}

/* Numbers of one quantity at one width. */
typedef struct triple {
  const char *name, *bar; /* of the estimate and of the error bar */
  const pdlt_array *x, *se, *blocks;
} triple;

/* Recomputes estimates and error bars from the blocks, within rounding. */
static pdlt_status check_blocks(const pdlt_results *r, const width_check *w, const triple *t,
                                const pdlt_quantity *q) {
  const int single = t->x->single || t->se->single || t->blocks->single || w->weights->single;
  const double rounding = single ? 1e-5 : 1e-9, rounding_se = single ? 1e-3 : 1e-6;
  const size_t count = pdlt_array_count(t->x);
  char what[160];
  for (size_t i = 0; i < count; i++) {
    const double x = t->x->data[i], se = t->se->data[i];
    const block_values values = {w->weights->dim[0], count, t->blocks->data + i, w->weights->data};
    const block_moments m = moments_of(&values, x);
    const double floor = rounding * fmax(m.largest, fabs(x));
    if (is_mean(q) && !(fabs(m.mean - x) <= floor)) {
      snprintf(what, sizeof what, "number %zu of %zu is %.10g, but its blocks have the mean %.10g",
               i + 1, count, x, m.mean);
      return pdlt_results_wrong(r, t->name, what);
    }
    if (isnan(m.se) ? isnan(se) : fabs(se - m.se) <= floor + rounding_se * m.se) continue;
    snprintf(what, sizeof what, "number %zu of %zu is %.10g, but its blocks have the error %.10g",
             i + 1, count, se, m.se);
    return pdlt_results_wrong(r, t->bar, what);
  }
  return PDLT_OK;
}

/* The block values of a quantity; t->blocks. */
static pdlt_status check_block_values(const pdlt_results *r, const width_check *w, const triple *t,
                                      const char *name, const pdlt_quantity *q,
                                      pdlt_results_range allowed) {
  const int trained = pdlt_quantity_is_trained(q);
  size_t dim[1 + PDLT_MAX_NDIM];
  char members[PDLT_RESULTS_NAME];
  pdlt_status status = PDLT_OK;
  snprintf(members, sizeof members, "n%.0f/blocks/members", w->n);
  if (w->weights == NULL) return pdlt_results_missing(r, members, name);
  dim[0] = w->weights->dim[0];
  const int ndim = pdlt_results_lengths(r, q->indices, r->first, dim + 1);
  PDLT_TRY(pdlt_results_shape(r, name, t->blocks, ndim + 1, dim));
  PDLT_TRY(pdlt_results_numbers(r, name, t->blocks, allowed));
  /* what is drawn before training is weighted with all draws of a block, of which those that diverged
   * are not known */
  if (w->whole || (!trained && w->diverged == 0 && w->weights->dim[0] > 1))
    PDLT_TRY(check_blocks(r, w, t, q));
cleanup:
  return status;
}

/* Of the array n<n>/[layer<l>/]NAME with what belongs to it. */
static pdlt_status check_estimate(const pdlt_results *r, const width_check *w, const place *p,
                                  const char *name, const pdlt_array *x) {
  const pdlt_quantity *q = p->quantity;
  const int open =
      !w->whole && (pdlt_quantity_is_trained(q) || w->weights == NULL || w->weights->dim[0] < 2);
  char bar[PDLT_RESULTS_NAME], block[PDLT_RESULTS_NAME];
  size_t dim[PDLT_MAX_NDIM];
  pdlt_status status = PDLT_OK;
  snprintf(bar, sizeof bar, "n%.0f/%s%s_se", w->n, p->layer, q->name);
  snprintf(block, sizeof block, "n%.0f/blocks/%s%s", w->n, p->layer, q->name);
  const triple t = {name, bar, x, pdlt_archive_get(r->archive, bar),
                    pdlt_archive_get(r->archive, block)};
  if (t.se == NULL) return pdlt_results_missing(r, bar, name);
  if (q->indices[0] == 't' && r->times == 0) return pdlt_results_missing(r, "times", name);
  const int ndim = pdlt_results_lengths(r, q->indices, r->first, dim);
  PDLT_TRY(pdlt_results_shape(r, name, x, ndim, dim));
  PDLT_TRY(pdlt_results_shape(r, bar, t.se, ndim, dim));
  const size_t blocks = w->weights == NULL ? 0 : w->weights->dim[0];
  const pdlt_results_range numbers = open ? PDLT_RANGE_OPEN : PDLT_RANGE_FINITE;
  PDLT_TRY(pdlt_results_numbers(r, name, x, numbers));
  PDLT_TRY(pdlt_results_numbers(r, bar, t.se,
                                open                     ? PDLT_RANGE_OPEN_BARS
                                : blocks < FEWEST_BLOCKS ? PDLT_RANGE_BARS
                                                         : PDLT_RANGE_POSITIVE));
  if (t.blocks != NULL) PDLT_TRY(check_block_values(r, w, &t, block, q, numbers));
cleanup:
  return status;
}

/* layer<l>/NAME is layer l of NAME, (T, D) of (T, L - 1, D) and so on; an error bar likewise. */
static pdlt_status check_slice(const pdlt_results *r, const width_check *w, const place *p,
                               const char *name, const pdlt_array *x) {
  const char *indices = p->quantity->indices;
  const size_t layer = (size_t)strtol(p->layer + strlen("layer"), NULL, 10);
  const int at = (int)(strchr(indices, 'l') - indices);
  size_t dim[PDLT_MAX_NDIM], whole[PDLT_MAX_NDIM], before = 1, behind = 1;
  char of[PDLT_RESULTS_NAME];
  pdlt_status status = PDLT_OK;
  snprintf(of, sizeof of, "n%.0f/%s", w->n, p->own);
  const pdlt_array *all = pdlt_archive_get(r->archive, of);
  if (layer > r->hidden) return pdlt_results_unknown(r, name);
  if (all == NULL) return pdlt_results_missing(r, of, name);
  const int ndim = pdlt_results_lengths(r, indices, r->first, whole);
  for (int d = 0; d < ndim; d++) {
    if (d != at) dim[d - (d > at)] = whole[d];
    if (d < at) before *= whole[d];
    if (d > at) behind *= whole[d];
  }
  PDLT_TRY(pdlt_results_shape(r, of, all, ndim, whole));
  PDLT_TRY(pdlt_results_shape(r, name, x, ndim - 1, dim));
  for (size_t t = 0; t < before; t++)
    for (size_t a = 0; a < behind; a++) {
      const double one = x->data[t * behind + a];
      const double other = all->data[(t * r->hidden + layer - 1) * behind + a];
      if (!(one == other || (isnan(one) && isnan(other))))
        return pdlt_results_wrong(r, name,
                                  "not the numbers of that layer in the array of all layers");
    }
cleanup:
  return status;
}

/* --- one width --- */

/* Members of the blocks: whole numbers that make up the members that did not diverge. */
static pdlt_status read_weights(const pdlt_results *r, width_check *w, double members) {
  const size_t any = PDLT_RESULTS_ANY;
  char name[PDLT_RESULTS_NAME], what[96];
  double sum = 0;
  pdlt_status status = PDLT_OK;
  snprintf(name, sizeof name, "n%.0f/blocks/members", w->n);
  w->weights = pdlt_archive_get(r->archive, name);
  if (w->weights == NULL) return PDLT_OK;
  PDLT_TRY(pdlt_results_shape(r, name, w->weights, 1, &any));
  PDLT_TRY(pdlt_results_numbers(r, name, w->weights, PDLT_RANGE_COUNT));
  for (size_t b = 0; b < w->weights->dim[0]; b++) sum += w->weights->data[b];
  if (fabs(sum - (members - w->diverged)) > (w->weights->single ? 1e-6 * sum : 0)) {
    snprintf(what, sizeof what, "%.10g in all, but %.10g of %.10g did not diverge", sum,
             members - w->diverged, members);
    PDLT_TRY(pdlt_results_wrong(r, name, what));
  }
cleanup:
  return status;
}

/* Counts of a width; what they say about its numbers. */
static pdlt_status read_width(const pdlt_results *r, width_check *w) {
  char name[PDLT_RESULTS_NAME];
  double members = 0, unconverged = 0;
  pdlt_status status = PDLT_OK;
  const struct {
    const char *name;
    double *to;
  } counts[] = {{"members", &members}, {"diverged", &w->diverged}, {"unconverged", &unconverged}};
  for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
    snprintf(name, sizeof name, "n%.0f/%s", w->n, counts[k].name);
    PDLT_TRY(pdlt_results_scalar(r, name, PDLT_RANGE_COUNT, counts[k].to));
    if (*counts[k].to > members)
      PDLT_TRY(pdlt_results_wrong(r, name, "more than there are members"));
  }
  snprintf(name, sizeof name, "n%.0f/members", w->n);
  if (members == 0) PDLT_TRY(pdlt_results_wrong(r, name, "there is none"));
  PDLT_TRY(read_weights(r, w, members));
  w->whole = w->diverged == 0 && unconverged == 0 && w->weights != NULL && w->weights->dim[0] > 1;
  snprintf(name, sizeof name, "n%.0f/top_share", w->n);
  PDLT_TRY(pdlt_results_scalar(r, name, PDLT_RANGE_SHARE, NULL));
  snprintf(name, sizeof name, "n%.0f/samples/z", w->n);
  const pdlt_array *samples = pdlt_archive_get(r->archive, name);
  const size_t dim[] = {PDLT_RESULTS_ANY, r->times, r->outputs, r->samples};
  if (samples != NULL) PDLT_TRY(pdlt_results_shape(r, name, samples, 4, dim));
cleanup:
  return status;
}

static pdlt_status check_array(const pdlt_results *r, const width_check *w, size_t entry,
                               size_t prefix) {
  const char *name = r->archive->entries[entry].name;
  const pdlt_array *array = &r->archive->entries[entry].array;
  const place p = place_of(r, name + prefix);
  char of[PDLT_RESULTS_NAME];
  if (p.role == OTHER) return PDLT_OK;
  if (p.role == UNKNOWN) return pdlt_results_unknown(r, name);
  if (p.role == ESTIMATE) return check_estimate(r, w, &p, name, array);
  if (p.role == SLICE) return check_slice(r, w, &p, name, array);
  snprintf(of, sizeof of, "n%.0f/%s%s", w->n, p.layer, p.quantity->name);
  return pdlt_archive_get(r->archive, of) != NULL ? PDLT_OK : pdlt_results_missing(r, of, name);
}

/* All arrays of width n. */
static pdlt_status check_width(const pdlt_results *r, double n) {
  char prefix[32];
  const size_t length = (size_t)snprintf(prefix, sizeof prefix, "n%.0f/", n);
  width_check w = {.n = n};
  pdlt_status status = read_width(r, &w);
  for (size_t i = 0; i < r->archive->count && status == PDLT_OK; i++) {
    if (strncmp(r->archive->entries[i].name, prefix, length) != 0) continue;
    status = check_array(r, &w, i, length);
  }
  return status;
}

/* --- all widths --- */

static int is_of_width(const pdlt_array *widths, const char *name) {
  char prefix[32];
  for (size_t w = 0; w < pdlt_array_count(widths); w++) {
    const int length = snprintf(prefix, sizeof prefix, "n%.0f/", widths->data[w]);
    if (strncmp(name, prefix, (size_t)length) == 0) return 1;
  }
  return 0;
}

static pdlt_status find_unknown(const pdlt_results *r, const pdlt_array *widths) {
  for (size_t i = 0; i < r->archive->count; i++) {
    const char *name = r->archive->entries[i].name;
    if (!pdlt_results_is_common(name) && strcmp(name, "widths") != 0 && !is_of_width(widths, name))
      return pdlt_results_unknown(r, name);
  }
  return PDLT_OK;
}

/* Those of the experiment: increasing whole numbers. */
static pdlt_status check_widths(const pdlt_results *r, const pdlt_array *widths) {
  const json_t *experiment = json_object_get(r->archive->meta, "experiment");
  const json_t *list = json_object_get(json_object_get(experiment, "network"), "widths");
  const size_t any = PDLT_RESULTS_ANY, count = pdlt_array_count(widths);
  const pdlt_status status = pdlt_results_shape(r, "widths", widths, 1, &any);
  if (status != PDLT_OK) return status;
  if (count == 0) return pdlt_results_wrong(r, "widths", "there is none");
  for (size_t w = 0; w < count; w++) {
    const double n = widths->data[w];
    if (!(n >= 1 && n <= 1e9 && n == floor(n)) || (w > 0 && !(n > widths->data[w - 1])))
      return pdlt_results_wrong(r, "widths", "not increasing whole numbers from 1 to 1e9");
    if (json_number_value(json_array_get(list, w)) != n || json_array_size(list) != count)
      return pdlt_results_wrong(r, "widths", "not those that network.widths of its meta names");
  }
  return PDLT_OK;
}

pdlt_status pdlt_results_measured(const pdlt_results *r) {
  const pdlt_array *widths = pdlt_archive_get(r->archive, "widths");
  pdlt_status status = PDLT_OK;
  if (widths == NULL) return pdlt_results_wrong(r, "widths", "missing");
  PDLT_TRY(check_widths(r, widths));
  PDLT_TRY(find_unknown(r, widths));
  for (size_t w = 0; w < pdlt_array_count(widths); w++) PDLT_TRY(check_width(r, widths->data[w]));
cleanup:
  return status;
}
