/* features.c - see features.h: head, order of sections, features.json. */
#include "compare/page/features.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "base/file/stream.h"
#include "compare/page/features_internal.h"

enum { PATH = 4096 };

static const char *title_of(const pdlt_features_page *page) {
  const json_t *experiment = json_object_get(page->in->features->meta, "experiment");
  const char *title = json_string_value(json_object_get(experiment, "title"));
  return title != NULL && title[0] != 0 ? title : "What single networks have learned";
}

static pdlt_status write_page(FILE *out, const pdlt_features_page *page, pdlt_error *err) {
  const json_t *meta = page->in->features->meta;
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      out);
  pdlt_html_text(out, title_of(page));
  fputs("</title>\n", out);
  pdlt_html_style(out);
  fputs(
      "</head>\n<body>\n<header>\n<p class=\"kicker\">pdlt: features of single networks</p>\n<h1>",
      out);
  pdlt_html_text(out, title_of(page));
  fputs("</h1>\n</header>\n<main>\n<section class=\"verdict\"><div><p class=\"answer\">", out);
  pdlt_html_text(out, page->answer);
  fputs("</p></div></section>\n", out);
  pdlt_features_write_scores(out, page);
  const pdlt_status status = pdlt_features_write_images(out, page, err);
  if (status != PDLT_OK) return status;
  pdlt_html_figures(out, &page->figures);
  pdlt_features_write_layers(out, page);
  fputs("<section id=\"experiment\"><h2>Experiment, as resolved</h2>\n", out);
  pdlt_html_json_table(out, json_object_get(meta, "experiment"));
  fputs("</section>\n", out);
  pdlt_html_provenance(out, meta, NULL);
  fputs("</main>\n</body>\n</html>\n", out);
  return PDLT_OK;
}

static pdlt_status write_html(const pdlt_features_page *page, const char *folder, pdlt_error *err) {
  char path[PATH];
  pdlt_stream text;
  snprintf(path, sizeof path, "%s/features.html", folder);
  pdlt_status status = pdlt_stream_open(&text, path, err);
  if (status != PDLT_OK) return status;
  status = write_page(text.out, page, err);
  if (status == PDLT_OK) return pdlt_stream_write(&text, path, err);
  pdlt_stream_free(&text);
  return status;
}

static json_t *page_json(const pdlt_features_page *page) {
  const pdlt_archive *features = page->in->features;
  const json_t *meta = features->meta;
  json_t *structures = json_array();
  for (size_t s = 0; s < page->structures; s++)
    pdlt_json_append(&structures, pdlt_feature_scores_json(&page->scores[s]));
  return json_pack(
      "{s:s, s:O, s:O, s:O, s:O, s:o, s:o, s:o}", "answer", page->answer, "hash",
      json_object_get(meta, "hash"), "width", json_object_get(meta, "width"), "member",
      json_object_get(meta, "member"), "commit", json_object_get(meta, "commit"), "kernel_change",
      pdlt_json_real(pdlt_features_moved(features)), "weights",
      json_pack("{s:o, s:o}", "few", pdlt_json_real(pdlt_features_scalar(features, "weights/few")),
                "count", pdlt_json_real(pdlt_features_scalar(features, "weights/count"))),
      "structures", structures);
}

static pdlt_status write_json(const pdlt_features_page *page, const char *folder, char **text,
                              pdlt_error *err) {
  char path[PATH];
  json_t *root = page_json(page);
  pdlt_status status = PDLT_OK;
  snprintf(path, sizeof path, "%s/features.json", folder);
  if (root == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory");
  PDLT_TRY(pdlt_json_write(root, path, err));
  if (text != NULL) PDLT_TRY(pdlt_json_dump(root, text, err));
cleanup:
  json_decref(root);
  return status;
}

static pdlt_status read_scores(pdlt_features_page *page, pdlt_error *err) {
  const pdlt_archive *features = page->in->features;
  const size_t count = json_array_size(json_object_get(features->meta, "structures"));
  pdlt_status status = pdlt_alloc(&page->scores, count, sizeof *page->scores, err);
  for (size_t s = 0; s < count && status == PDLT_OK; s++) {
    status = pdlt_feature_scores_make(&page->scores[s], features, s, err);
    page->structures += status == PDLT_OK;
  }
  return status;
}

pdlt_status pdlt_features_page_write(const pdlt_features_input *in, const char *folder, char **json,
                                     pdlt_error *err) {
  pdlt_features_page page = {.in = in};
  pdlt_status status = PDLT_OK;
  if (strlen(folder) + sizeof "/features.html" > PATH)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%.64s...: the path is too long", folder);
  PDLT_TRY(read_scores(&page, err));
  PDLT_TRY(pdlt_features_answer(&page.answer, &page, err));
  PDLT_TRY(pdlt_feature_figures_write(in, folder, &page.figures, err));
  PDLT_TRY(write_html(&page, folder, err));
  PDLT_TRY(write_json(&page, folder, json, err));
cleanup:
  pdlt_free(page.answer);
  pdlt_figure_list_free(&page.figures);
  for (size_t s = 0; s < page.structures; s++) pdlt_feature_scores_free(&page.scores[s]);
  pdlt_free(page.scores);
  return status;
}
