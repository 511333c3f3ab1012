/* features_answer.c - what single networks have learned, in sentences with numbers. */
#include <math.h>

#include "base/core/memory.h"
#include "base/file/stream.h"
#include "compare/page/features_internal.h"
#include "compare/text/markup.h"
#include "compare/text/number.h"

double pdlt_features_scalar(const pdlt_archive *features, const char *name) {
  const pdlt_array *array = pdlt_archive_get(features, name);
  return array == NULL || pdlt_array_count(array) != 1 ? NAN : array->data[0];
}

static double size_of(const pdlt_archive *features, const char *name) {
  const pdlt_array *kernel = pdlt_archive_get(features, name);
  double sum = 0;
  for (size_t i = 0; kernel != NULL && i < pdlt_array_count(kernel); i++)
    sum += kernel->data[i] * kernel->data[i];
  return sqrt(sum);
}

double pdlt_features_moved(const pdlt_archive *features) {
  return size_of(features, "kernel/change") / size_of(features, "kernel/k");
}

/* Digits as plain text. */
static void print_number(FILE *out, double value, int digits) {
  char markup[96], plain[96];
  pdlt_plot_number(markup, sizeof markup, value, digits);
  pdlt_markup_plain(plain, sizeof plain, markup);
  fputs(plain, out);
}

static void print_measured(FILE *out, const pdlt_feature_mean *m, double unit) {
  char markup[96], plain[96];
  pdlt_plot_measured(markup, sizeof markup, m->mean / unit, m->se / unit);
  pdlt_markup_plain(plain, sizeof plain, markup);
  fputs(plain, out);
}

/* From so much on a change is told as a multiple, not in %. */
#define TIMES 2

static void write_network(FILE *out, const pdlt_archive *features) {
  const double moved = pdlt_features_moved(features);
  const json_t *meta = features->meta;
  const double few = pdlt_features_scalar(features, "weights/few"),
               count = pdlt_features_scalar(features, "weights/count");
  fprintf(out,
          "Training changed the NTK of network %" JSON_INTEGER_FORMAT ", n = %" JSON_INTEGER_FORMAT
          ", by ",
          json_integer_value(json_object_get(meta, "member")),
          json_integer_value(json_object_get(meta, "width")));
  print_number(out, moved < TIMES ? 100 * moved : moved, 3);
  fputs(moved < TIMES ? " % of its size" : " times its size", out);
  if (few > 0) {
    fprintf(out, "; %.0f of its %.0f parameters, ", few, count);
    print_number(out, 100 * few / count, 2);
    fputs(" %, make 90 % of what its outputs have learned", out);
  }
  fputs(".", out);
}

/* "holds more than", for B of k_E against a list. */
static const char *relation(pdlt_holds holds) {
  return holds == PDLT_HOLDS_MORE   ? "more than"
         : holds == PDLT_HOLDS_LESS ? "less than"
                                    : "no more, within the error, than";
}

/* B after against before; A against its own rotation, which names no function. */
static void write_structure(FILE *out, const pdlt_feature_scores *scores) {
  const pdlt_feature_row *end = pdlt_feature_scores_find(scores, "k_E");
  const pdlt_feature_row *start = pdlt_feature_scores_find(scores, "k");
  const pdlt_feature_row *rotated = pdlt_feature_scores_find(scores, "k_E_rotated");
  if (end == NULL || start == NULL || rotated == NULL || scores->members == 0) return;
  fprintf(out,
          " Of the known structure (%s) the span of the %zu leading functions of the NTK holds ",
          scores->text, scores->budget);
  print_measured(out, &end->score[1], 0.01);
  fprintf(out, " %% after training, %s before it (", relation(start->holds[1]));
  print_measured(out, &start->score[1], 0.01);
  fprintf(out, " %%, %zu network%s)", scores->members, scores->members == 1 ? "" : "s");
  fputs("; one by one they name ", out);
  print_measured(out, &end->score[0], 0.01);
  fprintf(out, " %% of it, %s the same span turned at random (", relation(rotated->holds[0]));
  print_measured(out, &rotated->score[0], 0.01);
  fputs(" %).", out);
}

pdlt_status pdlt_features_answer(char **out, const pdlt_features_page *page, pdlt_error *err) {
  pdlt_stream text;
  const pdlt_status status = pdlt_stream_open(&text, "the answer", err);
  if (status != PDLT_OK) return status;
  write_network(text.out, page->in->features);
  for (size_t s = 0; s < page->structures; s++) write_structure(text.out, &page->scores[s]);
  return pdlt_stream_take(&text, "the answer", out, NULL, err);
}
