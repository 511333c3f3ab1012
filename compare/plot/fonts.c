/* fonts.c - whether a text is set in the fonts that it should be set in.
 *
 * Without memory fontconfig goes on with less of its rules and fonts, and pango, in a thread of its own,
 * with less of what a font is; neither says so. Both are asked twice: the rules when they are read, the
 * fonts in every drawing of a plot.
 * Is not: what is missing while a text is laid out (text.c). */
#include <fontconfig/fontconfig.h>
#include <limits.h>
#include <pango/pangofc-font.h>

#include "base/file/file.h"
#include "base/file/installed.h"
#include "compare/plot/internal.h"

/* The text font in a style, as fontconfig's rules complete it. NULL: no memory. */
static FcPattern *make_pattern(FcConfig *config, int slant, int weight) {
  FcPattern *pattern =
      FcPatternBuild(NULL, FC_FAMILY, FcTypeString, PDLT_TEXT_FONT, FC_SLANT, FcTypeInteger, slant,
                     FC_WEIGHT, FcTypeInteger, weight, FC_PIXEL_SIZE, FcTypeDouble, 10.0, NULL);
  if (pattern == NULL || !FcConfigSubstitute(config, pattern, FcMatchPattern)) {
    if (pattern != NULL) FcPatternDestroy(pattern);
    return NULL;
  }
  FcDefaultSubstitute(pattern);
  return pattern;
}

/* All fonts that letters may come from, the first first, as they would be drawn: one number. 0: no memory. */
static unsigned long long sum_of_fonts(FcConfig *config, int slant, int weight) {
  unsigned long long sum = PDLT_HASH_START;
  FcResult result = FcResultMatch;
  FcPattern *wanted = make_pattern(config, slant, weight);
  FcFontSet *set = wanted != NULL ? FcFontSort(config, wanted, FcTrue, NULL, &result) : NULL;
  for (int k = 0; set != NULL && k < set->nfont; k++) {
    FcPattern *font = FcFontRenderPrepare(config, wanted, set->fonts[k]);
    const FcChar32 hash = font != NULL ? FcPatternHash(font) : 0;
    sum = pdlt_hash_bytes(sum, &hash, sizeof hash);
    if (font != NULL) FcPatternDestroy(font);
  }
  if (set == NULL) sum = 0;
  if (set != NULL) FcFontSetDestroy(set);
  if (wanted != NULL) FcPatternDestroy(wanted);
  return sum;
}

static int choose_alike(FcConfig *a, FcConfig *b) {
  static const int slants[] = {FC_SLANT_ROMAN, FC_SLANT_ITALIC};
  static const int weights[] = {FC_WEIGHT_NORMAL, FC_WEIGHT_BOLD};
  for (int s = 0; s < 2; s++)
    for (int w = 0; w < 2; w++) {
      const unsigned long long sum = sum_of_fonts(a, slants[s], weights[w]);
      if (sum == 0 || sum != sum_of_fonts(b, slants[s], weights[w])) return 0;
    }
  return 1;
}

/* rules: a file of fontconfig that names its fonts, or "" for those of the system. */
static FcConfig *load(const char *rules) {
  if (rules[0] == '\0') return FcInitLoadConfigAndFonts();
  FcConfig *config = FcConfigCreate();
  const FcChar8 *path = (const FcChar8 *)rules;
  if (config != NULL && FcConfigParseAndLoad(config, path, FcTrue) && FcConfigBuildFonts(config))
    return config;
  if (config != NULL) FcConfigDestroy(config);
  return NULL;
}

static pdlt_status read_rules(const char *rules, pdlt_error *err) {
  FcConfig *a = load(rules), *b = load(rules);
  const FcFontSet *fonts = a != NULL ? FcConfigGetFonts(a, FcSetSystem) : NULL;
  const int none = fonts != NULL && fonts->nfont == 0;
  const int is_read =
      a != NULL && b != NULL && !none && choose_alike(a, b) && FcConfigSetCurrent(a);
  if (a != NULL) FcConfigDestroy(a); /* the current one stays */
  if (b != NULL) FcConfigDestroy(b);
  if (is_read) return PDLT_OK;
  if (none)
    return pdlt_fail(err, PDLT_ERR_IO,
                     "drawing a figure: fontconfig finds no font, or has no memory; "
                     "install " PDLT_TEXT_FONT " (Debian: fonts-dejavu-core)");
  return pdlt_fail(err, PDLT_ERR_MEMORY, "drawing a figure: out of memory for fonts");
}

static int is_program, is_read;
G_LOCK_DEFINE_STATIC(is_read);

void pdlt_fonts_of_program(void) { is_program = 1; }

pdlt_status pdlt_fonts_read(pdlt_error *err) {
  char rules[PATH_MAX];
  pdlt_status status = PDLT_OK;
  G_LOCK(is_read);
  if (!is_read && (pdlt_installed(rules, sizeof rules, "fonts/fonts.conf") || is_program)) {
    status = read_rules(rules, err);
    is_read = status == PDLT_OK;
  }
  G_UNLOCK(is_read);
  return status;
}

/* What says which letters are drawn, whatever they are drawn on. */
static unsigned long long add_run(unsigned long long sum, const PangoLayoutRun *run) {
  FcPattern *pattern = pango_fc_font_get_pattern(PANGO_FC_FONT(run->item->analysis.font));
  FcObjectSet *objects = FcObjectSetBuild(FC_FAMILY, FC_FILE, FC_INDEX, FC_SLANT, FC_WEIGHT,
                                          FC_MATRIX, FC_EMBOLDEN, FC_AUTOHINT, NULL);
  FcPattern *part = objects != NULL ? FcPatternFilter(pattern, objects) : NULL;
  const FcChar32 hash = part != NULL ? FcPatternHash(part) : 0;
  if (part != NULL) FcPatternDestroy(part);
  if (objects != NULL) FcObjectSetDestroy(objects);
  sum = pdlt_hash_bytes(sum, &hash, sizeof hash);
  for (int k = 0; k < run->glyphs->num_glyphs; k++) {
    const PangoGlyphInfo *glyph = &run->glyphs->glyphs[k];
    sum = pdlt_hash_bytes(sum, &glyph->glyph, sizeof glyph->glyph);
    sum = pdlt_hash_bytes(sum, &glyph->geometry, sizeof glyph->geometry);
  }
  return sum;
}

unsigned long long pdlt_fonts_add(unsigned long long sum, PangoLayout *layout) {
  PangoLayoutIter *at = pango_layout_get_iter(layout);
  do {
    const PangoLayoutRun *run = pango_layout_iter_get_run_readonly(at);
    if (run != NULL) sum = add_run(sum, run); /* NULL: the end of a line */
  } while (pango_layout_iter_next_run(at));
  pango_layout_iter_free(at);
  return sum;
}
