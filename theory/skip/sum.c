/* sum.c - see sum.h; equations: docs/skips.md, "One step" and "Means". */
#include "theory/skip/sum.h"

static double mask(const pdlt_skip_net *net, pdlt_term term) {
  return pdlt_term_factor(net->settings->mask, term);
}

/* r = n_l/n_{l-1}; any number does at l = 1, where all functionals are 0. */
static double width_ratio(const pdlt_skip_visitor *v) {
  const pdlt_layer *layer = &v->net->settings->layer[v->l - 1];
  return v->l < 2 ? 1.0 : (double)layer->out / (double)layer->in;
}

/* Factors of a term: 1 times its masks, r, and what mixed pairs have. */
static void set_factors(const pdlt_skip_visitor *v, double fresh, double inherited,
                        pdlt_skip_coincidence kind, pdlt_skip_term *term) {
  const int skips = term->left->skip + (term->right != NULL && term->right->skip);
  const double mixed = term->right != NULL && skips == 1 ? mask(v->net, PDLT_TERM_SKIP_MIXED) : 1.0;
  term->fresh = term->right == NULL || skips == 2 ? PDLT_SKIP_NONE : kind;
  term->fresh_factor = term->fresh == PDLT_SKIP_NONE ? 0 : mixed * fresh;
  term->factor = v->l < 2 ? 0 : mixed * inherited * width_ratio(v);
}

static pdlt_status send(const pdlt_skip_visitor *v, const pdlt_skip_term *term, pdlt_error *err) {
  if (term->factor == 0 && term->fresh_factor == 0) return PDLT_OK;
  return v->visit(v->data, term, err);
}

static pdlt_status apply_rule(const pdlt_skip_visitor *v, const pdlt_skip_rule *rule,
                              const pdlt_skip_label *f, const pdlt_skip_label *g, pdlt_error *err) {
  pdlt_skip_piece left[PDLT_SKIP_PIECES], right[PDLT_SKIP_PIECES];
  const int lefts = pdlt_skip_apply(v->net, rule->op_f, v->l, f, left);
  const int rights = pdlt_skip_apply(v->net, rule->op_g, v->l, g, right);
  pdlt_status status = PDLT_OK;
  for (int i = 0; i < lefts; i++)
    for (int k = 0; k < rights && status == PDLT_OK; k++) {
      const int name = 2 * left[i].by_lambda + right[k].by_lambda;
      pdlt_skip_term term = {.from = rule->from,
                             .left = rule->swapped ? &right[k] : &left[i],
                             .right = rule->swapped ? &left[i] : &right[k],
                             .swapped = rule->swapped};
      set_factors(v, mask(v->net, rule->fresh_term[name]),
                  rule->inherits ? mask(v->net, rule->term[name]) : 0, rule->fresh, &term);
      status = send(v, &term, err);
    }
  return status;
}

/* --- functionals of one label --- */

/* Every pair of weights of the two as joints, times factor and further derivatives. */
static void join(const pdlt_skip_piece *left, const pdlt_skip_piece *right, double factor,
                 pdlt_skip_term *term) {
  for (int i = 0; i < left->count; i++)
    for (int k = 0; k < right->count; k++) {
      const pdlt_skip_weight *a = &left->weight[i], *b = &right->weight[k];
      pdlt_skip_joint joint = {.left = a->choice,
                               .right = b->choice,
                               .constant = a->constant && b->constant,
                               .p = a->p + b->p,
                               .r = a->r + b->r,
                               .factor = factor * a->factor * b->factor};
      term->joint[term->joints++] = joint;
    }
}

/* fresh and inherited: masks. */
static pdlt_status send_joint(const pdlt_skip_visitor *v, pdlt_skip_functional from,
                              const pdlt_skip_piece *left, const pdlt_skip_piece *right,
                              double factor, double fresh, double inherited,
                              pdlt_skip_coincidence kind, pdlt_error *err) {
  pdlt_skip_term term = {.from = from, .left = left, .right = right};
  join(left, right, factor, &term);
  set_factors(v, fresh, inherited, kind, &term);
  return send(v, &term, err);
}

/* The functional of one label of each piece. */
static pdlt_status send_single(const pdlt_skip_visitor *v, pdlt_skip_functional from,
                               const pdlt_skip_piece *piece, double factor, pdlt_error *err) {
  pdlt_skip_term term = {.from = from, .left = piece};
  for (int i = 0; i < piece->count; i++) {
    const pdlt_skip_weight *a = &piece->weight[i];
    term.joint[term.joints++] =
        (pdlt_skip_joint){a->choice, a->choice, a->constant, a->p, a->r, factor * a->factor};
  }
  set_factors(v, 0, 1, PDLT_SKIP_NONE, &term);
  return send(v, &term, err);
}

/* A piece of one weight that is a number, for joints whose derivatives the other piece has. */
static pdlt_skip_piece plain(const pdlt_skip_visitor *v, int o0, int o1, int identity,
                             pdlt_skip_choice choice, double factor) {
  return (pdlt_skip_piece){.label = {.layer = v->l, .order = {o0, o1}, .identity = identity},
                           .skip = identity,
                           .count = 1,
                           .weight = {{.choice = choice, .constant = 1, .factor = factor}}};
}

/* sum_ab factor <d_a d_b f> s_a s_b, in place of C/2. */
static pdlt_skip_piece second(const pdlt_skip_visitor *v, int identity, double factor) {
  pdlt_skip_piece piece = plain(v, 0, 0, identity, PDLT_SKIP_X_X, 0);
  static const pdlt_skip_choice choices[3] = {PDLT_SKIP_X_X, PDLT_SKIP_X_Y, PDLT_SKIP_Y_Y};
  piece.count = 3;
  for (int k = 0; k < 3; k++)
    piece.weight[k] = (pdlt_skip_weight){
        .choice = choices[k], .p = 2 - k, .r = k, .factor = k == 1 ? 2 * factor : factor};
  return piece;
}

/* factor sum_a <d_a f> s_a s_leg^(1), the leg on x (0) or y (1). */
static pdlt_skip_piece first(const pdlt_skip_visitor *v, int identity, int leg, double factor) {
  pdlt_skip_piece piece = plain(v, 0, 1, identity, PDLT_SKIP_X_X, 0);
  piece.count = 2;
  for (int k = 0; k < 2; k++) {
    const pdlt_skip_choice other = leg ? PDLT_SKIP_X_Y : PDLT_SKIP_Y_X;
    const pdlt_skip_choice same = leg ? PDLT_SKIP_Y_Y : PDLT_SKIP_X_X;
    piece.weight[k] = (pdlt_skip_weight){
        .choice = k == leg ? same : other, .p = k == 0, .r = k == 1, .factor = factor};
  }
  return piece;
}

/* The pair the other way round. */
static pdlt_skip_piece turned(const pdlt_skip_piece *from) {
  static const pdlt_skip_choice turn[4] = {PDLT_SKIP_Y_X, PDLT_SKIP_X_Y, PDLT_SKIP_Y_Y,
                                           PDLT_SKIP_X_X};
  pdlt_skip_piece piece = *from;
  for (int i = 0; i < piece.count; i++) {
    piece.weight[i].choice = turn[from->weight[i].choice];
    piece.weight[i].p = from->weight[i].r;
    piece.weight[i].r = from->weight[i].p;
  }
  return piece;
}

/* One weight of a piece alone. */
static pdlt_skip_piece only(const pdlt_skip_piece *from, int i) {
  pdlt_skip_piece piece = *from;
  piece.count = 1;
  piece.weight[0] = from->weight[i];
  return piece;
}

/* sum over weights of left (derivatives of f) with `from` of it and the skip's gamma^legs P d f; the leg of a
 * single one is on y. */
static pdlt_status send_carried(const pdlt_skip_visitor *v, pdlt_skip_functional from,
                                const pdlt_skip_piece *left, const pdlt_skip_label *f, int legs,
                                double fresh, double inherited, pdlt_skip_coincidence kind,
                                pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int i = 0; i < left->count && status == PDLT_OK; i++) {
    pdlt_skip_piece carried, one = only(left, i);
    const int p = one.weight[0].p, r = one.weight[0].r;
    if (pdlt_skip_carried(v->net, v->l, f, p, r, legs, &carried) == 0) continue;
    one.weight[0].constant = 1;
    one.weight[0].p = one.weight[0].r = 0;
    status = send_joint(v, from, &one, &carried, 1, fresh, inherited, kind, err);
  }
  return status;
}

/* The same with the leg of the carried function on x: the carried one comes first. */
static pdlt_status send_carried_x(const pdlt_skip_visitor *v, const pdlt_skip_piece *right,
                                  const pdlt_skip_label *f, double fresh, double inherited,
                                  pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_skip_label back = *f;
  back.order[0] = f->order[1];
  back.order[1] = f->order[0];
  for (int i = 0; i < right->count && status == PDLT_OK; i++) {
    pdlt_skip_piece carried, one = only(right, i);
    const int p = one.weight[0].p, r = one.weight[0].r;
    if (pdlt_skip_carried(v->net, v->l, &back, r, p, 1, &carried) == 0) continue;
    carried = turned(&carried);
    one.weight[0].constant = 1;
    one.weight[0].p = one.weight[0].r = 0;
    status =
        send_joint(v, PDLT_SKIP_FF, &carried, &one, 1, fresh, inherited, PDLT_SKIP_ONE_NTK, err);
  }
  return status;
}

/* ep'(f) = r ep(T f) + (C/2) VV^(s_a s_b, P d_a d_b f) + (C^2/8) <d_a d_b d_c d_d f> VV^(s_a s_b, s_c s_d), the
 * second where the skip carries it. */
static pdlt_status visit_mean(const pdlt_skip_visitor *v, int masked, const pdlt_skip_label *f,
                              pdlt_error *err) {
  const pdlt_skip_net *net = v->net;
  const double C = net->settings->layer[v->l].C_W, gamma = pdlt_skip_above(net, v->l);
  const double by_G1 = masked ? mask(net, PDLT_TERM_G1_INHERITED_G1) : 1.0;
  const double by_V = masked ? mask(net, PDLT_TERM_G1_INHERITED_V) : 1.0;
  const double fresh = by_V * mask(net, PDLT_TERM_V_FRESH);
  const double inherited = by_V * mask(net, PDLT_TERM_V_INHERITED);
  pdlt_skip_piece pieces[PDLT_SKIP_PIECES];
  const int count = pdlt_skip_apply(net, PDLT_SKIP_OP_T, v->l, f, pieces);
  pdlt_status status = PDLT_OK;
  for (int i = 0; i < count; i++) PDLT_TRY(send_single(v, PDLT_SKIP_EG, &pieces[i], by_G1, err));
  if (f->identity) return PDLT_OK;
  const pdlt_skip_piece one = second(v, 0, 1), half = second(v, 0, 0.5 * C);
  PDLT_TRY(send_carried(v, PDLT_SKIP_VV, &half, f, 0, fresh, inherited, PDLT_SKIP_COVARIANCE, err));
  PDLT_TRY(send_joint(v, PDLT_SKIP_VV, &one, &one, 0.125 * C * C, fresh, inherited,
                      PDLT_SKIP_COVARIANCE, err));
  if (net->pair_only && gamma != 0) {
    const pdlt_skip_piece z = second(v, 1, 1);
    const double fourth = gamma * gamma * gamma * gamma;
    PDLT_TRY(
        send_joint(v, PDLT_SKIP_VV, &z, &z, 0.125 * fourth, 0, inherited, PDLT_SKIP_NONE, err));
  }
cleanup:
  return status;
}

/* <g> {lambda ep(s s) + C Th ep(s' s') + C ta(s' s')} */
static pdlt_status visit_inherited(const pdlt_skip_visitor *v, const pdlt_skip_label *g,
                                   double factor, pdlt_error *err) {
  const pdlt_skip_net *net = v->net;
  const pdlt_layer *layer = &net->settings->layer[v->l];
  pdlt_skip_piece pieces[PDLT_SKIP_PIECES];
  const int count = pdlt_skip_apply(net, PDLT_SKIP_OP_O, v->l, g, pieces);
  pdlt_status status = PDLT_OK;
  for (int i = 0; i < count; i++) {
    const pdlt_term name = pieces[i].by_lambda ? PDLT_TERM_THETA1_LAMBDA_E : PDLT_TERM_THETA1_C_E;
    PDLT_TRY(send_single(v, PDLT_SKIP_EP, &pieces[i], factor * mask(net, name), err));
  }
  pdlt_skip_piece last = plain(v, 1, 1, 0, PDLT_SKIP_X_Y, layer->C_W);
  last.weight[0].constant = 0;
  PDLT_TRY(send_single(v, PDLT_SKIP_TA, &last, factor, err));
cleanup:
  return status;
}

/* VV^(T g, O) + C DD(T g; s' s') + C^2 <d_a d_b g> FF^(s_a s_x', s_b s_y'), without skips between. */
static pdlt_status visit_changes(const pdlt_skip_visitor *v, const pdlt_skip_label *g, double by_D,
                                 double by_F, pdlt_error *err) {
  const pdlt_skip_net *net = v->net;
  const pdlt_layer *layer = &net->settings->layer[v->l];
  const pdlt_skip_label one = {.layer = v->l + 1, .order = {1, 1}, .identity = 1};
  pdlt_skip_piece changes[PDLT_SKIP_PIECES], pieces[PDLT_SKIP_PIECES];
  const int count = pdlt_skip_apply(net, PDLT_SKIP_OP_T, v->l, g, pieces);
  const int o = pdlt_skip_apply(net, PDLT_SKIP_OP_O, v->l, &one, changes);
  const pdlt_skip_piece dd = plain(v, 1, 1, 0, PDLT_SKIP_X_Y, layer->C_W);
  const pdlt_skip_piece left = first(v, 0, 0, layer->C_W), right = first(v, 0, 1, layer->C_W);
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < o; k++) changes[k].weight[0].constant = 1;
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < o; k++)
      PDLT_TRY(send_joint(v, PDLT_SKIP_VV, &pieces[i], &changes[k], 1,
                          by_D * mask(net, PDLT_TERM_D_FRESH), by_D * mask(net, PDLT_TERM_D_V),
                          PDLT_SKIP_COVARIANCE, err));
    PDLT_TRY(send_joint(v, PDLT_SKIP_DD, &pieces[i], &dd, 1, 0, by_D * mask(net, PDLT_TERM_D_D),
                        PDLT_SKIP_NONE, err));
  }
  if (g->identity) return PDLT_OK;
  PDLT_TRY(send_joint(v, PDLT_SKIP_FF, &left, &right, 1, by_F * mask(net, PDLT_TERM_F_FRESH),
                      by_F * mask(net, PDLT_TERM_F_F), PDLT_SKIP_ONE_NTK, err));
cleanup:
  return status;
}

/* (gamma^2 C/2) DD(s_a s_b; P d_a d_b g) + gamma C {FF^(s_a s_x', P d_a g) + FF^(P d_a g, s_a s_y')} */
static pdlt_status visit_mixed(const pdlt_skip_visitor *v, const pdlt_skip_label *g, double by_D,
                               double by_F, pdlt_error *err) {
  const pdlt_skip_net *net = v->net;
  const double C = net->settings->layer[v->l].C_W;
  const double fresh = by_F * mask(net, PDLT_TERM_F_FRESH);
  const double inherited = by_F * mask(net, PDLT_TERM_F_F);
  const pdlt_skip_piece half = second(v, 0, 0.5 * C);
  const pdlt_skip_piece on_x = first(v, 0, 0, C), on_y = first(v, 0, 1, C);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(send_carried(v, PDLT_SKIP_DD, &half, g, 2, 0, by_D * mask(net, PDLT_TERM_D_D),
                        PDLT_SKIP_NONE, err));
  PDLT_TRY(send_carried(v, PDLT_SKIP_FF, &on_x, g, 1, fresh, inherited, PDLT_SKIP_ONE_NTK, err));
  PDLT_TRY(send_carried_x(v, &on_y, g, fresh, inherited, err));
cleanup:
  return status;
}

/* What the naive rule has of the skip alone beside gamma^2 <g> Theta1. */
static pdlt_status visit_projected(const pdlt_skip_visitor *v, double by_D, double by_F,
                                   pdlt_error *err) {
  const pdlt_skip_net *net = v->net;
  const double gamma = pdlt_skip_above(net, v->l), square = gamma * gamma;
  const pdlt_skip_piece zz = second(v, 1, 0.5 * square);
  const pdlt_skip_piece one = plain(v, 1, 1, 1, PDLT_SKIP_X_Y, square);
  const pdlt_skip_piece left = first(v, 1, 0, square), right = first(v, 1, 1, square);
  pdlt_status status = send_joint(v, PDLT_SKIP_DD, &zz, &one, 1, 0, by_D * mask(net, PDLT_TERM_D_D),
                                  PDLT_SKIP_NONE, err);
  if (status != PDLT_OK) return status;
  return send_joint(v, PDLT_SKIP_FF, &left, &right, 1, 0, by_F * mask(net, PDLT_TERM_F_F),
                    PDLT_SKIP_NONE, err);
}

/* ta'(g) of docs/skips.md; the masks of Theta1 belong to where it is read, not to the readout (the identity). */
static pdlt_status visit_ntk(const pdlt_skip_visitor *v, const pdlt_skip_label *g,
                             pdlt_error *err) {
  const pdlt_skip_net *net = v->net;
  const double by_theta = g->identity ? 1.0 : mask(net, PDLT_TERM_THETA1_INHERITED);
  const double by_D = g->identity ? 1.0 : mask(net, PDLT_TERM_THETA1_D);
  const double by_F = g->identity ? 1.0 : mask(net, PDLT_TERM_THETA1_F);
  pdlt_skip_piece carried;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(visit_inherited(v, g, by_theta, err));
  PDLT_TRY(visit_changes(v, g, by_D, by_F, err));
  if (pdlt_skip_above(net, v->l) == 0) return PDLT_OK;
  if (pdlt_skip_carried(net, v->l, g, 0, 0, 2, &carried) > 0)
    PDLT_TRY(send_single(v, PDLT_SKIP_TA, &carried, net->pair_only ? by_theta : 1.0, err));
  PDLT_TRY(visit_mixed(v, g, by_D, by_F, err));
  if (net->pair_only && !g->identity) PDLT_TRY(visit_projected(v, by_D, by_F, err));
cleanup:
  return status;
}

pdlt_status pdlt_skip_visit(const pdlt_skip_visitor *v, pdlt_skip_functional to,
                            const pdlt_skip_label *f, const pdlt_skip_label *g, pdlt_error *err) {
  size_t count;
  const pdlt_skip_rule *rules = pdlt_skip_rules(&count);
  if (to == PDLT_SKIP_TA) return visit_ntk(v, f, err);
  if (to >= PDLT_SKIP_TWO) return visit_mean(v, to == PDLT_SKIP_EG, f, err);
  for (size_t k = 0; k < count; k++) {
    if (rules[k].to != to) continue;
    const pdlt_status status = apply_rule(v, &rules[k], f, g, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}
