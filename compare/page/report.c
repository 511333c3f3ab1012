/* report.c - the page as a whole: head, order of sections, writing the file. */
#include "compare/page/report.h"

#include <stdlib.h>

#include "base/file/file.h"
#include "base/file/stream.h"
#include "compare/page/internal.h"

static const char *experiment_title(const pdlt_report_input *in) {
  const json_t *experiment = json_object_get(in->measured->meta, "experiment");
  const char *title = json_string_value(json_object_get(experiment, "title"));
  return title && title[0] ? title : "Comparison of theory and measurement";
}

static pdlt_status write_page(FILE *out, const pdlt_report_input *in, pdlt_error *err) {
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
      out);
  pdlt_html_text(out, experiment_title(in));
  fputs("</title>\n", out);
  pdlt_html_style(out);
  fputs(
      "</head>\n<body>\n<header>\n<p class=\"kicker\">pdlt: finite-width networks against "
      "<i>The Principles of Deep Learning Theory</i></p>\n<h1>",
      out);
  pdlt_html_text(out, experiment_title(in));
  fputs("</h1>\n</header>\n<main>\n", out);
  pdlt_report_verdict(out, in);
  pdlt_report_tests(out, in);
  const pdlt_status status = pdlt_report_samples(out, in, err);
  if (status != PDLT_OK) return status;
  pdlt_html_figures(out, in->figures);
  pdlt_report_numbers(out, in);
  pdlt_report_widths(out, in);
  pdlt_report_setting(out, in);
  fputs("</main>\n</body>\n</html>\n", out);
  return PDLT_OK;
}

pdlt_status pdlt_report_write(const pdlt_report_input *in, const char *path, pdlt_error *err) {
  pdlt_stream page;
  pdlt_status status = pdlt_stream_open(&page, path, err);
  if (status != PDLT_OK) return status;
  status = write_page(page.out, in, err);
  if (status == PDLT_OK) return pdlt_stream_write(&page, path, err);
  pdlt_stream_free(&page);
  return status;
}
