/* equation.c - equations in lines of prose, as MathML.
 *
 * Is: symbols with scripts, x_ab, x^2, x_a^(1/2), and Greek names, in the notation of the docs (docs/site).
 * Is not: whole equations; signs, brackets and words between symbols stay text. */
#include <ctype.h>
#include <string.h>

#include "compare/page/internal.h"
#include "compare/text/markup.h"

typedef struct named_letter {
  const char *name, *letter;
} named_letter;

static const named_letter greek[] = {
    {"beta", "β"},  {"gamma", "γ"}, {"delta", "δ"},  {"epsilon", "ϵ"}, {"eps", "ε"},
    {"eta", "η"},   {"theta", "θ"}, {"kappa", "κ"},  {"lambda", "λ"},  {"mu", "μ"},
    {"nu", "ν"},    {"xi", "ξ"},    {"rho", "ρ"},    {"sigma", "σ"},   {"tau", "τ"},
    {"phi", "φ"},   {"chi", "χ"},   {"psi", "ψ"},    {"omega", "ω"},   {"Gamma", "Γ"},
    {"Delta", "Δ"}, {"Theta", "Θ"}, {"Lambda", "Λ"},
};
/* Subscripts that are words. */
static const char *const words[] = {"lo", "nlo", "max", "min", "perp", "par", "parallel"};

static size_t letters_at(const char *text) {
  size_t length = 0;
  while (isalpha((unsigned char)text[length])) length++;
  return length;
}

static const char *greek_of(const char *text, size_t length) {
  for (size_t k = 0; k < sizeof greek / sizeof greek[0]; k++)
    if (strlen(greek[k].name) == length && memcmp(greek[k].name, text, length) == 0)
      return greek[k].letter;
  return NULL;
}

static int is_word(const char *text, size_t length) {
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
    if (strlen(words[k]) == length && memcmp(words[k], text, length) == 0) return 1;
  return 0;
}

/* Bytes of the script that begins behind a _ or ^, its brackets included; 0: none that is surely one. */
static size_t script_at(const char *text, int upper) {
  const char close = text[0] == '{' ? '}' : text[0] == '(' && upper ? ')' : 0;
  if (close != 0) {
    const size_t inner =
        strspn(text + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-/,'");
    return inner > 0 && text[inner + 1] == close ? inner + 2 : 0;
  }
  const size_t sign = upper && text[0] == '-';
  if (upper && isdigit((unsigned char)text[sign])) return sign + strspn(text + sign, "0123456789");
  size_t length = sign;
  while (isalnum((unsigned char)text[length])) length++;
  const size_t most = is_word(text, length) || greek_of(text, length) ? length : 4;
  return length > sign && length <= most ? length : 0;
}

/* Letters one by one, but words and Greek names whole. */
static void write_symbols(FILE *out, const char *text, size_t length) {
  for (size_t k = 0, taken; k < length; k += taken) {
    const size_t letters = letters_at(text + k), run = letters < length - k ? letters : length - k;
    const char *letter = greek_of(text + k, run);
    const size_t digits = strspn(text + k, "0123456789");
    taken = 1;
    if (letter != NULL || is_word(text + k, run)) {
      taken = run;
      fprintf(out, "<mi>%.*s</mi>", letter ? (int)strlen(letter) : (int)run,
              letter ? letter : text + k);
    } else if (run > 0) {
      fprintf(out, "<mi>%c</mi>", text[k]);
    } else if (digits > 0) {
      taken = digits < length - k ? digits : length - k;
      fprintf(out, "<mn>%.*s</mn>", (int)taken, text + k);
    } else {
      const char *entity = pdlt_markup_entity(text[k]);
      fputs("<mo lspace=\"0\" rspace=\"0\" stretchy=\"false\">", out);
      if (entity != NULL)
        fputs(entity, out);
      else if (text[k] == '-')
        fputs("\xe2\x88\x92", out);
      else
        fputc(text[k], out);
      fputs("</mo>", out);
    }
  }
}

/* A script without braces, and without the parentheses of fractions and of what has a sign. */
static void write_script(FILE *out, const char *text, size_t length) {
  const int plain = text[0] == '(' && text[1] != '-' && memchr(text, '/', length) == NULL;
  const int bare = text[0] == '{' || (text[0] == '(' && !plain);
  fputs("<mrow>", out);
  write_symbols(out, text + bare, length - 2 * (size_t)bare);
  fputs("</mrow>", out);
}

/* Writes the symbol that text begins with; its bytes, 0 when there is none. */
static size_t write_symbol(FILE *out, const char *text) {
  const size_t base = letters_at(text);
  const int is_greek = greek_of(text, base) != NULL;
  if (base == 0 || (base > 1 && !is_greek)) return 0;
  size_t end = base, sub = 0, sup = 0;
  if (text[end] == '_') {
    sub = script_at(text + end + 1, 0);
    if (sub == 0) return 0;
    end += 1 + sub;
  }
  if (text[end] == '^') {
    sup = script_at(text + end + 1, 1);
    if (sup == 0) return 0;
    end += 1 + sup;
  }
  if (text[end] == '_' || isalnum((unsigned char)text[end]) || (end == 1 && !is_greek)) return 0;
  const char *const name = sub > 0 && sup > 0 ? "msubsup"
                           : sub > 0          ? "msub"
                           : sup > 0          ? "msup"
                                              : "mrow";
  fprintf(out, "<math><%s>", name);
  write_symbols(out, text, base);
  if (sub > 0) write_script(out, text + base + 1, sub);
  if (sup > 0) write_script(out, text + end - sup, sup);
  fprintf(out, "</%s></math>", name);
  return end;
}

void pdlt_html_prose(FILE *out, const char *text) {
  if (text == NULL) {
    pdlt_html_text(out, text);
    return;
  }
  char before = ' ';
  for (size_t taken; *text; text += taken) {
    const int within =
        isalnum((unsigned char)before) || before == '_' || before == '.' || before == '^';
    taken = within ? 0 : write_symbol(out, text);
    if (taken == 0) {
      const char *entity = pdlt_markup_entity(*text);
      taken = 1;
      if (entity != NULL)
        fputs(entity, out);
      else
        fputc(*text, out);
    }
    before = text[taken - 1];
  }
}
