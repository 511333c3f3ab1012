/* claims.c - index.html: all claims, their verdicts, figures and numbers. */
#include "compare/page/claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file/file.h"
#include "base/file/stream.h"
#include "compare/page/internal.h"
#include "compare/text/order.h"

enum { LARGEST_SIGMA = 37 }; /* smaller p do not fit into a number */

static const char *class_of(const char *verdict) {
  return strcmp(verdict, "no power") == 0 ? "undecided" : verdict;
}

static void write_word(FILE *out, const char *verdict) {
  fprintf(out, "<span class=\"word %s\">%s</span>", class_of(verdict), verdict);
}

static const char *verdict_of(const pdlt_claim_result *r) {
  return pdlt_claim_verdict_text(pdlt_claim_result_verdict(r));
}

static void write_chapter(FILE *out, const char *chapter) {
  const int appendix = strcmp(chapter, "A") == 0 || strcmp(chapter, "B") == 0;
  if (strcmp(chapter, "K") == 0)
    fprintf(out, "Kinks");
  else if (strcmp(chapter, "C") == 0)
    fprintf(out, "Architectures");
  else if (appendix)
    fprintf(out, "App. %s", chapter);
  else
    fprintf(out, "Ch. %s", strcmp(chapter, "inf") == 0 ? "&#8734;" : chapter);
}

static void write_summary(FILE *out, const pdlt_claim_entry *entries, size_t count) {
  size_t number[4] = {0}, refuted = 0, sabotages = 0, part = 0;
  for (size_t i = 0; i < count; i++) {
    number[pdlt_claim_result_verdict(entries[i].result)]++;
    sabotages += pdlt_claim_count_sabotages(entries[i].result, &part);
    refuted += part;
  }
  fprintf(out, "<p id=\"summary\"><b>%zu claims</b>: ", count);
  for (int v = 0; v < 4; v++) {
    const char *text = pdlt_claim_verdict_text((pdlt_claim_verdict)v);
    fprintf(out, "%s%zu <span class=\"word %s\">%s</span>", v > 0 ? ", " : "", number[v],
            class_of(text), text);
  }
  fprintf(out, ". Of %zu deliberately wrong predictions (sabotages) %zu are refuted.</p>\n",
          sabotages, refuted);
}

static void write_table(FILE *out, const pdlt_claim_entry *entries, size_t count) {
  fputs(
      "<div class=\"scroll\"><table id=\"claims\">\n<thead><tr><th>Chapter</th><th>Claim</th>"
      "<th>Verdict</th><th class=\"n\">Refuted</th></tr></thead>\n<tbody>\n",
      out);
  for (size_t i = 0; i < count; i++) {
    const pdlt_claim_result *r = entries[i].result;
    size_t refuted = 0, sabotages = pdlt_claim_count_sabotages(r, &refuted);
    fputs("<tr><td class=\"nowrap\">", out);
    write_chapter(out, r->claim.chapter);
    fputs("</td><td class=\"wide\"><a href=\"#", out);
    pdlt_html_text(out, r->claim.name);
    fputs("\">", out);
    pdlt_html_prose(out, r->claim.claim);
    fputs("</a></td><td>", out);
    write_word(out, verdict_of(r));
    fprintf(out, "</td><td class=\"n\">%zu of %zu</td></tr>\n", refuted, sabotages);
  }
  fputs("</tbody></table></div>\n", out);
}

static void write_number_cell(FILE *out, double value, int digits) {
  fputs("<td class=\"n\">", out);
  if (isnan(value))
    fputs("\xe2\x80\x94", out);
  else
    pdlt_html_number(out, value, digits);
  fputs("</td>", out);
}

/* The expectation at its worst point. */
static void write_expectation(FILE *out, const pdlt_claim_result *r, size_t e) {
  const pdlt_finding *worst = &r->truth[e][0];
  size_t numbers = 0;
  for (size_t p = 0; p < r->points; p++) {
    const pdlt_finding *f = &r->truth[e][p];
    numbers += f->numbers;
    if (f->verdict > worst->verdict || (f->verdict == worst->verdict && f->p < worst->p)) worst = f;
  }
  fputs("<tr><td>", out);
  pdlt_html_text(out, r->claim.expectations[e].label);
  fputs("</td><td>", out);
  write_word(out, pdlt_verdict_text(pdlt_claim_expectation_verdict(r, e)));
  fputs("</td>", out);
  write_number_cell(out, worst->p, 2);
  write_number_cell(out, worst->worst_z, 2);
  fprintf(out, "<td class=\"n\">%zu</td><td class=\"reason\">", numbers);
  pdlt_html_text(out, worst->reason);
  fputs("</td></tr>\n", out);
}

static void write_sabotages(FILE *out, const pdlt_claim_result *r) {
  fputs(
      "<div class=\"scroll\"><table class=\"fit\">\n<thead><tr><th>Wrong "
      "prediction</th><th>Test</th>"
      "<th>Refuted</th><th class=\"n\">by, in &#963;</th></tr></thead>\n<tbody>\n",
      out);
  for (size_t e = 0; e < r->claim.num_expectations; e++)
    for (size_t s = 0; s < r->claim.expectations[e].num_sabotages; s++) {
      const int refuted = pdlt_claim_sabotage_verdict(r, e, s) == PDLT_DISAGREE;
      fputs("<tr><td>", out);
      pdlt_html_text(out, r->claim.expectations[e].sabotages[s].text);
      fputs("</td><td>", out);
      pdlt_html_text(out, r->claim.expectations[e].label);
      fprintf(out, "</td><td><span class=\"word %s\">%s</span></td>",
              refuted ? "agree" : "undecided", refuted ? "yes" : "no");
      if (r->claim.expectations[e].kind == PDLT_EXPECT_THEORY)
        fputs("<td class=\"n\">\xe2\x80\x94</td>", out);
      else if (pdlt_claim_sabotage_sigma(r, e, s) >= LARGEST_SIGMA)
        fprintf(out, "<td class=\"n\">&gt; %d</td>", LARGEST_SIGMA);
      else
        write_number_cell(out, pdlt_claim_sabotage_sigma(r, e, s), 2);
      fputs("</tr>\n", out);
    }
  fputs("</tbody></table></div>\n", out);
}

/* What the first correction leaves over, where it was fitted. */
static void write_residuals(FILE *out, const pdlt_claim_result *r) {
  for (size_t e = 0; e < r->claim.num_expectations; e++) {
    const pdlt_residual *residual = &r->truth[e][0].residual;
    const char *order = pdlt_order_of(r->truth[e][0].half ? 0.5 : 1)->markup;
    if (r->claim.expectations[e].kind != PDLT_EXPECT_SLOPE || isnan(residual->exponent[0]))
      continue;
    fputs("<p class=\"soft\">", out);
    pdlt_html_text(out, r->claim.expectations[e].label);
    fputs(": distance from infinite width ~ <i>n</i>^", out);
    pdlt_html_number(out, residual->exponent[0], 3);
    if (isnan(residual->exponent[1])) {
      fprintf(out, "; from order %s: within the noise at most widths", order);
    } else {
      fprintf(out, ", from order %s ~ <i>n</i>^", order);
      pdlt_html_number(out, residual->exponent[1], 3);
      fputs(" &#177; ", out);
      pdlt_html_number(out, residual->exponent_se[1], 2);
    }
    if (!isnan(residual->left_out)) {
      fputs("; left out at the smallest width: ", out);
      pdlt_html_number(out, 100 * residual->left_out, 2);
      fputs(" % of the correction", out);
    }
    fputs(".</p>\n", out);
  }
}

static void write_claim(FILE *out, const pdlt_claim_entry *entry) {
  const pdlt_claim_result *r = entry->result;
  fputs("<section id=\"", out);
  pdlt_html_text(out, r->claim.name);
  fputs("\"><h2>", out);
  write_chapter(out, r->claim.chapter);
  fputs(": ", out);
  pdlt_html_prose(out, r->claim.claim);
  fputs("</h2>\n<p>", out);
  write_word(out, verdict_of(r));
  fputs(" &#183; ", out);
  pdlt_html_prose(out, r->claim.equation);
  fputs("</p>\n<p>", out);
  pdlt_html_prose(out, r->claim.text);
  fputs("</p>\n<figure><div class=\"scroll\"><img alt=\"", out);
  pdlt_html_text(out, r->claim.claim);
  fprintf(out, "\" style=\"--w:%.0fpx\" src=\"data:image/svg+xml;base64,",
          pdlt_html_svg_width(entry->svg));
  pdlt_html_base64(out, entry->svg, entry->svg_size);
  fputs("\"></div></figure>\n", out);
  fputs(
      "<div class=\"scroll\"><table class=\"fit\">\n<thead><tr><th>Test</th><th>Verdict</th><th "
      "class=\"n\">"
      "<i>p</i></th><th class=\"n\">worst <i>z</i></th><th class=\"n\">numbers</th><th>Why</th>"
      "</tr></thead>\n<tbody>\n",
      out);
  for (size_t e = 0; e < r->claim.num_expectations; e++) write_expectation(out, r, e);
  fputs("</tbody></table></div>\n", out);
  write_sabotages(out, r);
  write_residuals(out, r);
  fputs("</section>\n", out);
}

static void write_page(FILE *out, const pdlt_claim_entry *entries, size_t count, const char *note) {
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>The book, claim by claim</title>\n",
      out);
  pdlt_html_style(out);
  fputs(
      "</head>\n<body>\n<header>\n<p class=\"kicker\">pdlt: finite-width networks against "
      "<i>The Principles of Deep Learning Theory</i></p>\n<h1>The book, claim by claim</h1>\n"
      "</header>\n<main>\n",
      out);
  write_summary(out, entries, count);
  fputs("<p class=\"soft\">", out);
  pdlt_html_text(out, note);
  fputs("</p>\n", out);
  write_table(out, entries, count);
  for (size_t i = 0; i < count; i++) write_claim(out, &entries[i]);
  fputs("</main>\n</body>\n</html>\n", out);
}

pdlt_status pdlt_claim_page_write(const pdlt_claim_entry *entries, size_t count, const char *note,
                                  const char *path, pdlt_error *err) {
  pdlt_stream page;
  const pdlt_status status = pdlt_stream_open(&page, path, err);
  if (status != PDLT_OK) return status;
  write_page(page.out, entries, count, note);
  return pdlt_stream_write(&page, path, err);
}
