/* field.c - the lists of functionals; see field.h. */
#include "theory/skip/field.h"

#include <math.h>

#include "base/core/memory.h"

pdlt_status pdlt_skip_fields_new(pdlt_skip_fields *out, const pdlt_skip_net *net, pdlt_error *err) {
  pdlt_skip_fields fields = {.net = net};
  const pdlt_status status =
      pdlt_alloc(&fields.layer, (size_t)net->depth, sizeof *fields.layer, err);
  if (status == PDLT_OK) *out = fields;
  return status;
}

void pdlt_skip_fields_drop(pdlt_skip_fields *fields, int l) {
  pdlt_skip_field *field = &fields->layer[l - 1];
  for (size_t i = 0; i < field->count; i++) {
    pdlt_free(field->item[i].data);
    field->item[i].data = NULL;
  }
}

void pdlt_skip_fields_free(pdlt_skip_fields *fields) {
  for (int l = 1; fields->layer != NULL && l <= fields->net->depth; l++) {
    pdlt_skip_fields_drop(fields, l);
    pdlt_free(fields->layer[l - 1].item);
    pdlt_free(fields->layer[l - 1].place);
  }
  pdlt_free(fields->layer);
  *fields = (pdlt_skip_fields){0};
}

/* Where the functional is on the list, or the free place for it; there is one. */
static size_t *place_of(const pdlt_skip_field *field, pdlt_skip_functional functional,
                        const pdlt_skip_label *f, const pdlt_skip_label *g) {
  const size_t last = 2 * field->room - 1;
  size_t hash = pdlt_skip_mix(pdlt_skip_mix((size_t)functional, f), g);
  for (;; hash++) {
    size_t *place = &field->place[hash & last];
    if (*place == 0) return place;
    const pdlt_skip_item *item = &field->item[*place - 1];
    if (item->functional == functional && pdlt_skip_same_label(&item->f, f) &&
        pdlt_skip_same_label(&item->g, g))
      return place;
  }
}

static const pdlt_skip_label no_label = {0};

static const pdlt_skip_item *find(const pdlt_skip_field *field, pdlt_skip_functional functional,
                                  const pdlt_skip_label *f, const pdlt_skip_label *g) {
  if (field->room == 0) return NULL;
  const size_t place = *place_of(field, functional, f, g == NULL ? &no_label : g);
  return place == 0 ? NULL : &field->item[place - 1];
}

/* Twice the room. */
static pdlt_status grow(pdlt_skip_field *field, pdlt_error *err) {
  pdlt_skip_field more = {.count = field->count, .room = field->room == 0 ? 16 : 2 * field->room};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&more.item, more.room, sizeof *more.item, err));
  PDLT_TRY(pdlt_alloc(&more.place, 2 * more.room, sizeof *more.place, err));
  for (size_t i = 0; i < more.count; i++) {
    more.item[i] = field->item[i];
    *place_of(&more, more.item[i].functional, &more.item[i].f, &more.item[i].g) = i + 1;
  }
  pdlt_free(field->item);
  pdlt_free(field->place);
  *field = more;
  return PDLT_OK;
cleanup:
  pdlt_free(more.item);
  return status;
}

const double *pdlt_skip_fields_get(const pdlt_skip_fields *fields, int l,
                                   pdlt_skip_functional functional, const pdlt_skip_label *f,
                                   const pdlt_skip_label *g) {
  const pdlt_skip_item *item = find(&fields->layer[l - 1], functional, f, g);
  return item == NULL ? NULL : item->data;
}

pdlt_status pdlt_skip_fields_want(pdlt_skip_fields *fields, int l, pdlt_skip_functional functional,
                                  const pdlt_skip_label *f, const pdlt_skip_label *g,
                                  pdlt_error *err) {
  pdlt_skip_field *field = &fields->layer[l - 1];
  if (l == 1 || find(field, functional, f, g) != NULL) return PDLT_OK;
  if (field->count == field->room) {
    const pdlt_status status = grow(field, err);
    if (status != PDLT_OK) return status;
  }
  pdlt_skip_item *item = &field->item[field->count++];
  *item = (pdlt_skip_item){.functional = functional, .f = *f};
  if (g != NULL) item->g = *g;
  *place_of(field, functional, &item->f, &item->g) = field->count;
  return PDLT_OK;
}

typedef struct wish {
  pdlt_skip_fields *fields;
  int l;
} wish;

static pdlt_status want_term(void *data, const pdlt_skip_term *term, pdlt_error *err) {
  const wish *w = data;
  if (term->factor == 0) return PDLT_OK;
  return pdlt_skip_fields_want(w->fields, w->l, term->from, &term->left->label,
                               term->right == NULL ? NULL : &term->right->label, err);
}

pdlt_status pdlt_skip_fields_complete(pdlt_skip_fields *fields, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int l = fields->net->depth - 1; l >= 1; l--) {
    const pdlt_skip_field *above = &fields->layer[l];
    wish w = {fields, l};
    const pdlt_skip_visitor visitor = {fields->net, l, want_term, &w};
    for (size_t i = 0; i < above->count && status == PDLT_OK; i++)
      status = pdlt_skip_visit(&visitor, above->item[i].functional, &above->item[i].f,
                               &above->item[i].g, err);
  }
  return status;
}

static double size_of(const pdlt_skip_fields *fields, int l) {
  const double N = (double)fields->net->slots[l - 1].count;
  const pdlt_skip_field *field = &fields->layer[l - 1];
  double size = 0;
  for (size_t i = 0; i < field->count; i++)
    size += field->item[i].functional < PDLT_SKIP_TWO ? N * N : N;
  return size;
}

double pdlt_skip_fields_size(const pdlt_skip_fields *fields) {
  double most = 0;
  for (int l = 1; l < fields->net->depth; l++)
    most = fmax(most, size_of(fields, l) + size_of(fields, l + 1));
  return most;
}
