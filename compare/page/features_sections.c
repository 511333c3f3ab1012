/* features_sections.c - tables of features.html: scores with bars, layers, the strongest weights. */
#include <math.h>
#include <string.h>

#include "compare/page/features_internal.h"
#include "compare/text/number.h"

/* --- Scores --- */

static const pdlt_column score_columns[] = {
    {"Functions", "Functions", "wide"},
    {"One by one, <i>A</i>", "A, one by one", "bar"},
    {"Subspace, <i>B</i>", "B, subspace", "bar"},
    {"Purity, <i>P</i>", "P, purity", "n"},
    {"<i>k</i><sup>E</sup> holds, in <i>A</i>", "kE holds in A", "nowrap"},
    {"in <i>B</i>", "kE holds in B", "nowrap"},
};
enum { SCORE_COLUMNS = sizeof score_columns / sizeof score_columns[0], NAMED = 8 };

/* To three decimals, the size of a standard error over some networks. */
static void write_mean(FILE *out, const pdlt_feature_mean *m) {
  char mean[96], se[96];
  pdlt_plot_decimals(mean, sizeof mean, m->mean, 3);
  pdlt_plot_decimals(se, sizeof se, m->se, 3);
  fputs(mean, out);
  if (isfinite(m->se)) fprintf(out, " \xc2\xb1 %s", se);
}

/* The number, and a bar of that part of the width. */
static void write_bar(FILE *out, const pdlt_column *column, const pdlt_feature_mean *m) {
  pdlt_html_cell(out, column);
  write_mean(out, m);
  fprintf(out, "<span class=\"track\"><span style=\"width:%.1f%%\"></span></span></td>",
          isfinite(m->mean) ? 100 * fmin(fmax(m->mean, 0), 1) : 0);
}

static void write_holds(FILE *out, const pdlt_column *column, const pdlt_feature_row *row,
                        size_t score) {
  pdlt_html_cell(out, column);
  if (strcmp(row->name, "k_E") == 0) {
    fputs("\xe2\x80\x94", out);
  } else {
    fprintf(out, "%s<br>", pdlt_holds_words[row->holds[score]]);
    write_mean(out, &row->less[score]);
  }
  fputs("</td>", out);
}

/* "neurons/layer2" in words: "single neurons, layer 2". */
static void write_name(FILE *out, const pdlt_feature_row *row) {
  const char *layer = strstr(row->name, "/layer");
  pdlt_html_text(out, row->text);
  if (layer != NULL) fprintf(out, ", layer %s", layer + strlen("/layer"));
}

static void write_row(FILE *out, const pdlt_feature_row *row) {
  fprintf(out, "<tr%s>", strcmp(row->name, "k_E") == 0 ? " class=\"subject\"" : "");
  pdlt_html_cell(out, &score_columns[0]);
  write_name(out, row);
  fputs("</td>", out);
  write_bar(out, &score_columns[1], &row->score[0]);
  write_bar(out, &score_columns[2], &row->score[1]);
  pdlt_html_cell(out, &score_columns[3]);
  write_mean(out, &row->score[2]);
  fputs("</td>", out);
  write_holds(out, &score_columns[4], row, 0);
  write_holds(out, &score_columns[5], row, 1);
  fputs("</tr>\n", out);
}

static void write_table(FILE *out, const pdlt_feature_scores *scores) {
  const size_t blocks = json_array_size(scores->blocks);
  fputs("<h3>Known structure: ", out);
  pdlt_html_text(out, scores->text);
  fprintf(out, "</h3>\n<p>%zu block%s", blocks, blocks == 1 ? "" : "s");
  for (size_t j = 0; j < blocks && j < NAMED; j++) {
    fputs(j == 0 ? ": " : ", ", out);
    pdlt_html_text(out, json_string_value(json_array_get(scores->blocks, j)));
  }
  if (blocks > NAMED) fputs(", \xe2\x80\xa6", out);
  fprintf(out, "; at most %zu functions of each list; %zu network%s.</p>\n", scores->budget,
          scores->members, scores->members == 1 ? "" : "s");
  pdlt_html_table_begin(out, score_columns, SCORE_COLUMNS);
  for (size_t k = 0; k < scores->count; k++) write_row(out, &scores->row[k]);
  pdlt_html_table_end(out);
}

void pdlt_features_write_scores(FILE *out, const pdlt_features_page *page) {
  if (page->structures == 0) return;
  fprintf(
      out,
      "<section id=\"scores\"><h2>Where the known structure is</h2>\n"
      "<p><i>A</i>: how much of it single functions name, in the best one-to-one assignment. "
      "<i>B</i>: how much lies in their span, whatever the basis. <i>P</i>: how much of each "
      "function lies in one block. Means with standard errors over networks. The last two "
      "columns: the NTK after training less the list, network by network; it holds more or less "
      "where that is beyond %.0f standard errors.</p>\n",
      PDLT_FEATURE_DECIDES);
  for (size_t s = 0; s < page->structures; s++) write_table(out, &page->scores[s]);
  fputs("</section>\n", out);
}

/* --- Layers --- */

static const pdlt_column layer_columns[] = {
    {"Layer", "Layer", "n"},
    {"of <i>k</i>, %", "of k, %", "n"},
    {"of <i>k</i><sup>E</sup>, %", "of kE, %", "n"},
    {"of the change of outputs, %", "of the change of outputs, %", "n"},
};
enum { LAYER_COLUMNS = sizeof layer_columns / sizeof layer_columns[0] };

static double share(const double *x, size_t n, size_t k) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  return 100 * x[k] / sum;
}

static void write_layer_table(FILE *out, const pdlt_array *layers, const pdlt_array *change) {
  const size_t L = layers->dim[1];
  pdlt_html_table_begin(out, layer_columns, change != NULL ? LAYER_COLUMNS : LAYER_COLUMNS - 1);
  for (size_t k = 0; k < L; k++) {
    fputs("<tr>", out);
    pdlt_html_number_cell(out, &layer_columns[0], (double)(k + 1), 3);
    pdlt_html_number_cell(out, &layer_columns[1], share(layers->data, L, k), 3);
    pdlt_html_number_cell(out, &layer_columns[2], share(layers->data + L, L, k), 3);
    if (change != NULL) pdlt_html_number_cell(out, &layer_columns[3], 100 * change->data[k], 3);
    fputs("</tr>\n", out);
  }
  pdlt_html_table_end(out);
}

static const pdlt_column weight_columns[] = {
    {"Layer", "Layer", "n"},
    {"to neuron", "to neuron", "n"},
    {"from", "from", "n"},
    {"moves outputs by", "moves outputs by", "n"},
};
enum { WEIGHT_COLUMNS = sizeof weight_columns / sizeof weight_columns[0] };

static void write_weights(FILE *out, const pdlt_array *strongest, const pdlt_array *sources) {
  fputs(
      "<details><summary>The strongest single weights</summary>\n<p>The root mean square over "
      "outputs and samples of what one parameter has added to the outputs. Neurons have no names "
      "that two networks share.</p>\n",
      out);
  pdlt_html_table_begin(out, weight_columns, WEIGHT_COLUMNS);
  for (size_t k = 0; k < strongest->dim[0]; k++) {
    const double *row = strongest->data + 4 * k;
    const size_t layer = (size_t)row[0];
    fputs("<tr>", out);
    pdlt_html_number_cell(out, &weight_columns[0], row[0], 6);
    pdlt_html_number_cell(out, &weight_columns[1], row[1] + 1, 6);
    if (layer >= 1 && layer <= sources->dim[0] && row[2] >= sources->data[layer - 1]) {
      pdlt_html_cell(out, &weight_columns[2]);
      fputs("bias</td>", out);
    } else {
      pdlt_html_number_cell(out, &weight_columns[2], row[2] + 1, 6);
    }
    pdlt_html_number_cell(out, &weight_columns[3], row[3], 3);
    fputs("</tr>\n", out);
  }
  pdlt_html_table_end(out);
  fputs("</details>\n", out);
}

void pdlt_features_write_layers(FILE *out, const pdlt_features_page *page) {
  const pdlt_archive *features = page->in->features;
  const pdlt_array *layers = pdlt_archive_get(features, "layers");
  const pdlt_array *change = pdlt_archive_get(features, "weights/layers");
  const pdlt_array *strongest = pdlt_archive_get(features, "weights/strongest");
  const pdlt_array *fan = pdlt_archive_get(features, "fan");
  const char *absent =
      json_string_value(json_object_get(json_object_get(features->meta, "absent"), "weights"));
  if (layers == NULL || layers->ndim != 2 || layers->dim[0] != 2) return;
  if (change != NULL && (change->ndim != 1 || change->dim[0] != layers->dim[1])) change = NULL;
  fputs(
      "<section id=\"layers\"><h2>Layer by layer</h2>\n<p>Shares of the layers in the trace of the "
      "centred kernel before and after training, and in what the outputs have changed.</p>\n",
      out);
  write_layer_table(out, layers, change);
  if (strongest != NULL && strongest->ndim == 2 && strongest->dim[1] == 4 && fan != NULL &&
      fan->ndim == 1)
    write_weights(out, strongest, fan);
  if (absent != NULL) {
    fputs("<p class=\"soft\">Not split over single weights: ", out);
    pdlt_html_text(out, absent);
    fputs(".</p>\n", out);
  }
  fputs("</section>\n", out);
}
