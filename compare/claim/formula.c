/* formula.c - see formula.h: recursive descent, values as it reads. */
#include "compare/claim/formula.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  NAME_LENGTH = 64,
  MAX_BOUND = 8,
  SHOWN = 100,
  ENTRIES = 16 /* looked at in the time of an operand */
};

/* Whole numbers up to here are all doubles. */
static const double exact = 0x1p53;

/* A variable of prod or sum. */
typedef struct bound_variable {
  char name[NAME_LENGTH];
  double value;
} bound_variable;

typedef struct reader {
  const char *text, *at;
  const pdlt_formula_scope *scope; /* NULL: syntax alone */
  int skip;                        /* > 0: read, do not look up */
  int depth;
  size_t *left; /* operands that may still be read */
  size_t bound; /* variables of prod and sum, innermost last */
  bound_variable variable[MAX_BOUND];
  pdlt_error *err;
} reader;

static pdlt_status expression(reader *r, double *out);

static pdlt_status refuse(reader *r, const char *what) {
  const int cut = strlen(r->text) > SHOWN;
  return pdlt_fail(r->err, PDLT_ERR_INPUT, "formula \"%.*s%s\", character %d: %s", (int)SHOWN,
                   r->text, cut ? "..." : "", (int)(r->at - r->text) + 1, what);
}

/* Takes so many operands off what may be read. */
static pdlt_status spend(reader *r, size_t operands) {
  char what[96];
  if (*r->left >= operands) {
    *r->left -= operands;
    return PDLT_OK;
  }
  *r->left = 0;
  snprintf(what, sizeof what, "takes more than %d operands; sum and prod over fewer terms",
           PDLT_FORMULA_OPERANDS);
  return refuse(r, what);
}

static char peek(reader *r) {
  while (isspace((unsigned char)*r->at)) r->at++;
  return *r->at;
}

static int take(reader *r, char c) {
  if (peek(r) != c) return 0;
  r->at++;
  return 1;
}

static pdlt_status expect(reader *r, char c) {
  char what[32];
  if (take(r, c)) return PDLT_OK;
  snprintf(what, sizeof what, "expected '%c'", c);
  return refuse(r, what);
}

static pdlt_status read_name(reader *r, char name[NAME_LENGTH]) {
  size_t length = 0;
  peek(r);
  while (isalnum((unsigned char)r->at[length]) || r->at[length] == '_') length++;
  if (length == 0) return refuse(r, "expected a name");
  if (length >= NAME_LENGTH) return refuse(r, "a name of more than 63 letters");
  memcpy(name, r->at, length);
  name[length] = '\0';
  r->at += length;
  return PDLT_OK;
}

/* A whole number >= 0, for layers and indices. */
static pdlt_status read_whole(reader *r, double value, size_t *out) {
  *out = 0;
  if (r->skip > 0) return PDLT_OK;
  if (!(value >= 0) || value != floor(value) || value > 1e6)
    return refuse(r, "expected a whole number >= 0 before this place");
  *out = (size_t)value;
  return PDLT_OK;
}

static pdlt_status look_up_array(reader *r, const char *name, long layer, size_t ndim,
                                 const size_t *index, double *out) {
  char what[160];
  const pdlt_archive *archive = r->scope->archive;
  const pdlt_array *array = NULL;
  if (archive != NULL)
    array = layer < 0 ? pdlt_archive_get(archive, name)
                      : pdlt_archive_getf(archive, "layer%ld/%s", layer, name);
  if (array == NULL) {
    snprintf(what, sizeof what, layer < 0 ? "no array %s" : "no array %s of layer %ld", name,
             layer);
    return refuse(r, what);
  }
  if (spend(r, archive->count / ENTRIES) != PDLT_OK) return PDLT_ERR_INPUT;
  size_t offset = 0;
  int inside = (size_t)array->ndim == ndim;
  for (size_t d = 0; inside && d < ndim; d++) {
    inside = index[d] < array->dim[d];
    offset = offset * array->dim[d] + index[d];
  }
  if (!inside) {
    snprintf(what, sizeof what, "%s has %d indices and this one lies outside", name, array->ndim);
    return refuse(r, what);
  }
  *out = array->data[offset];
  return PDLT_OK;
}

/* `@layer[i, j]` or `[i, j]` behind a name. */
static pdlt_status array_value(reader *r, const char *name, double *out) {
  pdlt_status status = PDLT_OK;
  size_t index[PDLT_MAX_NDIM], ndim = 0, whole = 0;
  long layer = -1;
  double value = 0;
  if (take(r, '@')) {
    if (peek(r) == '(') {
      r->at++;
      PDLT_TRY(expression(r, &value));
      PDLT_TRY(expect(r, ')'));
    } else if (isdigit((unsigned char)peek(r))) {
      char *end = NULL;
      value = (double)strtol(r->at, &end, 10);
      r->at = end;
    } else {
      char variable[NAME_LENGTH];
      const char *start = r->at;
      PDLT_TRY(read_name(r, variable));
      reader inner = *r; /* a variable alone: read it as a formula of its own */
      inner.text = inner.at = variable;
      if (expression(&inner, &value) != PDLT_OK) {
        r->at = start;
        return refuse(r, "unknown layer");
      }
    }
    PDLT_TRY(read_whole(r, value, &whole));
    layer = (long)whole;
  }
  PDLT_TRY(expect(r, '['));
  do {
    if (ndim == PDLT_MAX_NDIM) return refuse(r, "too many indices");
    PDLT_TRY(expression(r, &value));
    PDLT_TRY(read_whole(r, value, &index[ndim++]));
  } while (take(r, ','));
  PDLT_TRY(expect(r, ']'));
  if (r->skip == 0) PDLT_TRY(look_up_array(r, name, layer, ndim, index, out));
cleanup:
  return status;
}

/* How many terms run from one bound to the other. */
static pdlt_status count_terms(reader *r, double from, double to, size_t *out) {
  *out = 0;
  if (r->skip > 0) return PDLT_OK;
  if (!(fabs(from) <= exact && fabs(to) <= exact))
    return refuse(r, "expected bounds between -2^53 and 2^53 before this place");
  if (to - from >= PDLT_FORMULA_OPERANDS) return spend(r, PDLT_FORMULA_OPERANDS + 1);
  if (to >= from) *out = (size_t)(to - from) + 1;
  return PDLT_OK;
}

/* The body of prod or sum, which begins here, for `count` values of the variable from `from` on. */
static pdlt_status add_terms(reader *r, const char *name, double from, size_t count, int product,
                             double *total) {
  bound_variable *variable = &r->variable[r->bound++];
  const char *body = r->at;
  double term = 0;
  snprintf(variable->name, sizeof variable->name, "%s", name);
  r->skip++; /* once to find its end */
  pdlt_status status = expression(r, &term);
  r->skip--;
  const char *end = r->at;
  for (size_t k = 0; k < count && status == PDLT_OK; k++) {
    variable->value = from + (double)k;
    r->at = body;
    status = expression(r, &term);
    *total = product ? *total * term : *total + term;
  }
  if (status == PDLT_OK) r->at = end;
  r->bound--;
  return status;
}

/* prod(k, from, to, body), sum(k, from, to, body); 1 and 0 when to < from. k is known in the body
 * alone, where it hides what has the same name outside. */
static pdlt_status repeat(reader *r, int product, double *out) {
  pdlt_status status = PDLT_OK;
  char name[NAME_LENGTH];
  double from = 0, to = 0, total = product ? 1 : 0;
  size_t count = 0;
  PDLT_TRY(read_name(r, name));
  PDLT_TRY(expect(r, ','));
  PDLT_TRY(expression(r, &from));
  PDLT_TRY(expect(r, ','));
  PDLT_TRY(expression(r, &to));
  PDLT_TRY(count_terms(r, from, to, &count));
  PDLT_TRY(expect(r, ','));
  if (r->bound == MAX_BOUND) return refuse(r, "more than 8 products and sums inside each other");
  PDLT_TRY(add_terms(r, name, from, count, product, &total));
  PDLT_TRY(expect(r, ')'));
  *out = total;
cleanup:
  return status;
}

static int known_function(const char *name, double x, double *out) {
  static const struct {
    const char *name;
    double (*f)(double);
  } known[] = {{"sqrt", sqrt}, {"exp", exp}, {"log", log},  {"abs", fabs},
               {"sin", sin},   {"cos", cos}, {"acos", acos}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(name, known[i].name) == 0) {
      *out = known[i].f(x);
      return 1;
    }
  return 0;
}

/* Behind `name(`. */
static pdlt_status call(reader *r, const char *name, double *out) {
  pdlt_status status = PDLT_OK;
  double args[PDLT_FORMULA_MAX_ARGS];
  size_t count = 0;
  if (strcmp(name, "prod") == 0 || strcmp(name, "sum") == 0)
    return repeat(r, strcmp(name, "prod") == 0, out);
  while (peek(r) != ')') {
    if (count == PDLT_FORMULA_MAX_ARGS) return refuse(r, "too many arguments");
    if (count > 0) PDLT_TRY(expect(r, ','));
    PDLT_TRY(expression(r, &args[count++]));
  }
  PDLT_TRY(expect(r, ')'));
  if (r->skip > 0) return PDLT_OK;
  if (count == 1 && known_function(name, args[0], out)) return PDLT_OK;
  if (r->scope->function == NULL) return refuse(r, "unknown function before this place");
  size_t operands = PDLT_FORMULA_CALL;
  PDLT_TRY(r->scope->function(r->scope->context, name, count, args, out, &operands, r->err));
  PDLT_TRY(spend(r, operands));
cleanup:
  return status;
}

static pdlt_status variable(reader *r, const char *name, double *out) {
  if (r->skip > 0) return PDLT_OK;
  for (size_t k = r->bound; k-- > 0;)
    if (strcmp(name, r->variable[k].name) == 0) {
      *out = r->variable[k].value;
      return PDLT_OK;
    }
  for (size_t k = 0; k < r->scope->num_variables; k++)
    if (strcmp(name, r->scope->variables[k].name) == 0) {
      *out = r->scope->variables[k].value;
      return PDLT_OK;
    }
  if (strcmp(name, "pi") == 0) {
    *out = acos(-1.0);
    return PDLT_OK;
  }
  char what[NAME_LENGTH + 32];
  snprintf(what, sizeof what, "unknown name %s", name);
  return refuse(r, what);
}

static pdlt_status primary(reader *r, double *out) {
  char name[NAME_LENGTH], *end = NULL;
  const char c = peek(r);
  *out = 0;
  if (spend(r, 1) != PDLT_OK) return PDLT_ERR_INPUT;
  if (c == '(') {
    r->at++;
    pdlt_status status = expression(r, out);
    return status == PDLT_OK ? expect(r, ')') : status;
  }
  if (isdigit((unsigned char)c) || c == '.') {
    *out = strtod(r->at, &end);
    if (end == r->at) return refuse(r, "expected a number");
    r->at = end;
    return PDLT_OK;
  }
  pdlt_status status = read_name(r, name);
  if (status != PDLT_OK) return status;
  if (take(r, '(')) return call(r, name, out);
  if (peek(r) == '[' || *r->at == '@') return array_value(r, name, out);
  return variable(r, name, out);
}

/* -x, x^y: the power binds tighter than the sign and is taken from the right. */
static pdlt_status unary(reader *r, double *out) {
  pdlt_status status = PDLT_OK;
  double exponent = 0;
  int negative = 0;
  if (r->depth == PDLT_FORMULA_DEPTH) return refuse(r, "nested deeper than 64 levels");
  r->depth++;
  while (take(r, '-')) negative = !negative;
  PDLT_TRY(primary(r, out));
  if (take(r, '^')) {
    PDLT_TRY(unary(r, &exponent));
    *out = pow(*out, exponent);
  }
  if (negative) *out = -*out;
  r->depth--;
cleanup:
  return status;
}

static pdlt_status term(reader *r, double *out) {
  pdlt_status status = unary(r, out);
  while (status == PDLT_OK && (peek(r) == '*' || *r->at == '/')) {
    const int divide = *r->at++ == '/';
    double factor = 0;
    status = unary(r, &factor);
    *out = divide ? *out / factor : *out * factor;
  }
  return status;
}

static pdlt_status expression(reader *r, double *out) {
  pdlt_status status = term(r, out);
  while (status == PDLT_OK && (peek(r) == '+' || *r->at == '-')) {
    const int minus = *r->at++ == '-';
    double next = 0;
    status = term(r, &next);
    *out = minus ? *out - next : *out + next;
  }
  return status;
}

static pdlt_status read_all(reader *r, double *out) {
  double value = 0;
  pdlt_status status = expression(r, &value);
  if (status != PDLT_OK) return status;
  if (peek(r) != '\0') return refuse(r, "expected an operator or the end");
  *out = value;
  return PDLT_OK;
}

pdlt_status pdlt_formula_value(double *out, const char *text, const pdlt_formula_scope *scope,
                               pdlt_error *err) {
  size_t own = PDLT_FORMULA_OPERANDS;
  size_t *left = scope->left != NULL ? scope->left : &own;
  reader r = {.text = text, .at = text, .scope = scope, .left = left, .err = err};
  return read_all(&r, out);
}

pdlt_status pdlt_formula_check(const char *text, pdlt_error *err) {
  size_t left = PDLT_FORMULA_OPERANDS;
  reader r = {.text = text, .at = text, .skip = 1, .left = &left, .err = err};
  double ignored = 0;
  return read_all(&r, &ignored);
}
