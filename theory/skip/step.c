/* step.c - numbers of the functionals of a layer from the layer below; see field.h. */
#include <string.h>

#include "base/core/memory.h"
#include "theory/skip/field.h"

/* Coincidences of two labels on all pairs of slots, kept for the whole step. */
typedef struct coincidence {
  pdlt_skip_coincidence kind;
  pdlt_skip_label f, g;
  double *data; /* (N, N) */
  struct coincidence *next;
} coincidence;

/* Work of a functional, pairs times pairs, below which threads would wait longer than they work; lists of known
 * coincidences. */
enum { WORTH_THREADS = 4096, LISTS = 1024 };

typedef struct step {
  const pdlt_skip_fields *fields;
  const pdlt_skip_net *net;
  int l, threads;
  size_t below, here;            /* N of layers l and l + 1 */
  coincidence *known[LISTS];     /* by hash */
  double *source, *half, *whole; /* room for (below, below), (here, below), the mapped source */
  double *left, *right;          /* (PDLT_SKIP_WEIGHTS, here) factors of the weights */
  size_t *left_at, *right_at;    /* (PDLT_SKIP_JOINTS, here) pairs of slots that they choose */
  const pdlt_skip_item *item;    /* at hand */
} step;

static pdlt_status step_new(step *s, const pdlt_skip_fields *fields, int l, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  const pdlt_skip_net *net = fields->net;
  *s = (step){.fields = fields,
              .net = net,
              .l = l,
              .below = net->slots[l - 1].count,
              .here = net->slots[l].count};
  const size_t most = s->below > s->here ? s->below : s->here;
  s->threads = most * most < WORTH_THREADS ? 1 : net->settings->threads;
  PDLT_TRY(pdlt_alloc(&s->source, most, most * sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s->half, most, most * sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s->whole, most, most * sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s->left, 2 * PDLT_SKIP_JOINTS * s->here, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s->left_at, 2 * PDLT_SKIP_JOINTS * s->here, sizeof *s->left_at, err));
  s->right = s->left + PDLT_SKIP_JOINTS * s->here;
  s->right_at = s->left_at + PDLT_SKIP_JOINTS * s->here;
cleanup:
  return status;
}

static void step_free(step *s) {
  for (size_t k = 0; k < LISTS; k++)
    while (s->known[k] != NULL) {
      coincidence *next = s->known[k]->next;
      pdlt_free(s->known[k]->data);
      pdlt_free(s->known[k]);
      s->known[k] = next;
    }
  pdlt_free(s->source);
  pdlt_free(s->half);
  pdlt_free(s->whole);
  pdlt_free(s->left);
  pdlt_free(s->left_at);
}

/* *out: borrowed (N, N) of the coincidence of a term. */
static pdlt_status coincidence_of(step *s, const pdlt_skip_term *term, const double **out,
                                  pdlt_error *err) {
  const pdlt_skip_label *f = &term->left->label, *g = &term->right->label;
  const pdlt_slot_pairs *slots = &s->net->slots[s->l - 1];
  const size_t N = s->below;
  coincidence **list = &s->known[pdlt_skip_mix(pdlt_skip_mix((size_t)term->fresh, f), g) % LISTS];
  coincidence *c = *list;
  while (c != NULL && !(c->kind == term->fresh && pdlt_skip_same_label(&c->f, f) &&
                        pdlt_skip_same_label(&c->g, g)))
    c = c->next;
  if (c == NULL) {
    pdlt_status status = pdlt_alloc(&c, 1, sizeof *c, err);
    if (status != PDLT_OK) return status;
    *c = (coincidence){.kind = term->fresh, .f = *f, .g = *g, .next = *list};
    *list = c;
    status = pdlt_alloc(&c->data, N, N * sizeof *c->data, err);
    if (status != PDLT_OK) return status;
    double *data = c->data;
#pragma omp parallel for schedule(static) num_threads(s->threads)
    for (size_t A = 0; A < N; A++)
      for (size_t B = 0; B < N; B++) {
        const size_t slot[4] = {pdlt_pair_first(slots, A), pdlt_pair_second(slots, A),
                                pdlt_pair_first(slots, B), pdlt_pair_second(slots, B)};
        data[A * N + B] = pdlt_skip_coincide(s->net, term->fresh, s->l, f, g, slot);
      }
  }
  *out = c->data;
  return PDLT_OK;
}

/* Th of the layer below at a pair. */
static double theta_at(const step *s, size_t pair) {
  const pdlt_slot_pairs *slots = &s->net->slots[s->l - 1];
  return s->net->kernels->slot_theta[s->l - 1][pdlt_pair_first(slots, pair) * slots->slots +
                                               pdlt_pair_second(slots, pair)];
}

/* The term's functional and coincidence on pairs of the layer below (N, N) or (N), with Th. */
static pdlt_status fill_source(step *s, const pdlt_skip_term *term, pdlt_error *err) {
  const size_t N = s->below, columns = term->right == NULL ? 1 : N;
  const double *fresh = NULL, *old = NULL;
  if (term->fresh_factor != 0) {
    const pdlt_status status = coincidence_of(s, term, &fresh, err);
    if (status != PDLT_OK) return status;
  }
  if (term->factor != 0)
    old = pdlt_skip_fields_get(s->fields, s->l, term->from, &term->left->label,
                               term->right == NULL ? NULL : &term->right->label);
  const int left = term->left->theta, right = term->right != NULL && term->right->theta;
#pragma omp parallel for schedule(static) num_threads(s->threads)
  for (size_t A = 0; A < N; A++) {
    const double by = left ? theta_at(s, A) : 1.0;
    for (size_t B = 0; B < columns; B++) {
      const size_t at = A * columns + B;
      double value = 0;
      if (old != NULL) value += term->factor * old[at];
      if (fresh != NULL) value += term->fresh_factor * fresh[at];
      s->source[at] = by * (right ? theta_at(s, B) : 1.0) * value;
    }
  }
  return PDLT_OK;
}

/* Source through Mm on the sides that weights carry: *out is borrowed, (rows, *columns). */
static const double *map_source(step *s, const pdlt_skip_term *term, size_t *columns) {
  const pdlt_position_map *map = &s->net->map[s->l];
  const size_t D = s->net->D, width = term->right == NULL ? 1 : s->below;
  const double *from = s->source;
  size_t rows = s->below;
  *columns = width;
  if (map->identity) return from;
  if (!term->left->skip) {
    pdlt_slots_map_first(map, D, width, s->threads, from, s->half);
    from = s->half;
    rows = s->here;
  }
  if (term->right != NULL && !term->right->skip) {
    pdlt_slots_map_second(map, D, rows, s->threads, from, s->whole);
    from = s->whole;
    *columns = s->here;
  }
  return from;
}

/* The pair of slots that a choice makes of pair A of layer l + 1: of that layer, or of the one below where the
 * skip carries it. */
static size_t chosen(const step *s, const pdlt_skip_piece *piece, pdlt_skip_choice choice,
                     size_t A) {
  const pdlt_slot_pairs *here = &s->net->slots[s->l];
  const pdlt_slot_pairs *of = piece->skip ? &s->net->slots[s->l - 1] : here;
  const size_t x = pdlt_pair_first(here, A), y = pdlt_pair_second(here, A);
  const size_t first = choice == PDLT_SKIP_X_Y || choice == PDLT_SKIP_X_X ? x : y;
  const size_t second = choice == PDLT_SKIP_X_Y || choice == PDLT_SKIP_Y_Y ? y : x;
  return pdlt_pair_at(of, first, second);
}

static double weight_at(const step *s, const pdlt_skip_label *f, int constant, int p, int r,
                        double factor, size_t A) {
  const pdlt_slot_pairs *here = &s->net->slots[s->l];
  if (constant) return factor;
  return factor * pdlt_skip_mean(s->net, f, s->l + 1, p, r, pdlt_pair_first(here, A),
                                 pdlt_pair_second(here, A));
}

/* Weights of a piece of f at every pair: factor and pair chosen, (count, here). */
static void prepare(const step *s, const pdlt_skip_piece *piece, const pdlt_skip_label *f,
                    double *factor, size_t *at) {
  for (int i = 0; i < piece->count; i++) {
    const pdlt_skip_weight *w = &piece->weight[i];
    for (size_t A = 0; A < s->here; A++) {
      factor[(size_t)i * s->here + A] = weight_at(s, f, w->constant, w->p, w->r, w->factor, A);
      at[(size_t)i * s->here + A] = chosen(s, piece, w->choice, A);
    }
  }
}

/* Adds a term of a functional of two labels. */
static void add_pairs(step *s, const pdlt_skip_term *term, const double *source, size_t columns) {
  const size_t N = s->here, lefts = (size_t)term->left->count, rights = (size_t)term->right->count;
  double *out = s->item->data;
  prepare(s, term->left, term->swapped ? &s->item->g : &s->item->f, s->left, s->left_at);
  prepare(s, term->right, term->swapped ? &s->item->f : &s->item->g, s->right, s->right_at);
#pragma omp parallel for schedule(static) num_threads(s->threads)
  for (size_t A = 0; A < N; A++)
    for (size_t i = 0; i < lefts; i++) {
      const double *row = source + s->left_at[i * N + A] * columns;
      const double by = s->left[i * N + A];
      for (size_t k = 0; k < rights; k++)
        for (size_t B = 0; B < N; B++) {
          const double value = by * s->right[k * N + B] * row[s->right_at[k * N + B]];
          out[term->swapped ? B * N + A : A * N + B] += value;
        }
    }
}

/* Adds a term of a functional of one label. */
static void add_single(step *s, const pdlt_skip_term *term, const double *source, size_t columns) {
  for (size_t j = 0; j < term->joints; j++) {
    const pdlt_skip_joint *joint = &term->joint[j];
    for (size_t A = 0; A < s->here; A++) {
      const size_t row = chosen(s, term->left, joint->left, A);
      const size_t column = term->right == NULL ? 0 : chosen(s, term->right, joint->right, A);
      s->item->data[A] +=
          source[row * columns + column] *
          weight_at(s, &s->item->f, joint->constant, joint->p, joint->r, joint->factor, A);
    }
  }
}

static pdlt_status add_term(void *data, const pdlt_skip_term *term, pdlt_error *err) {
  step *s = data;
  size_t columns;
  const pdlt_status status = fill_source(s, term, err);
  if (status != PDLT_OK) return status;
  const double *source = map_source(s, term, &columns);
  if (s->item->functional < PDLT_SKIP_TWO)
    add_pairs(s, term, source, columns);
  else
    add_single(s, term, source, columns);
  return PDLT_OK;
}

pdlt_status pdlt_skip_fields_step(pdlt_skip_fields *fields, int l, pdlt_error *err) {
  pdlt_skip_field *field = &fields->layer[l];
  pdlt_status status = PDLT_OK;
  step s = {0};
  PDLT_TRY(step_new(&s, fields, l, err));
  const pdlt_skip_visitor visitor = {fields->net, l, add_term, &s};
  for (size_t i = 0; i < field->count; i++) {
    pdlt_skip_item *item = &field->item[i];
    const size_t size = item->functional < PDLT_SKIP_TWO ? s.here * s.here : s.here;
    PDLT_TRY(pdlt_progress_check(fields->net->settings->progress, err));
    PDLT_TRY(pdlt_alloc(&item->data, size, sizeof *item->data, err));
    s.item = item;
    PDLT_TRY(pdlt_skip_visit(&visitor, item->functional, &item->f, &item->g, err));
  }
cleanup:
  step_free(&s);
  return status;
}
