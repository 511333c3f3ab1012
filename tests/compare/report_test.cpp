// The report page: what it must contain, what it must not.
#include "compare/page/report.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/core/memory.h"
#include "compare/page/internal.h"
#include "tests/compare/fake.h"

namespace {

std::string ReadFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/pdlt_report_XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() {
    std::remove((path + "/report.html").c_str());
    std::remove(path.c_str());
  }
};

pdlt_figure_list SmallFigures() {
  pdlt_figure_list list{};
  pdlt_alloc(&list.items, 2, sizeof *list.items, nullptr);
  const char *stems[] = {"one", "two"};
  for (size_t i = 0; i < 2; i++) {
    pdlt_strdup(&list.items[i].stem, stems[i], nullptr);
    pdlt_strdup(&list.items[i].title, stems[i], nullptr);
    pdlt_strdup(&list.items[i].caption, "seen: <i>z</i>", nullptr);
    pdlt_strdup(&list.items[i].svg, "<svg viewBox=\"0 0 500 300\"/>", nullptr);
    list.items[i].svg_size = std::strlen(list.items[i].svg);
  }
  list.count = list.capacity = 2;
  return list;
}

std::string Page(const Fake &fake, const pdlt_figure_list *figures) {
  Folder folder;
  const std::string path = folder.path + "/report.html";
  const pdlt_report_input in{&fake.comparison, &fake.theory, &fake.measured, figures};
  pdlt_error err;
  EXPECT_EQ(pdlt_report_write(&in, path.c_str(), &err), PDLT_OK) << err.message;
  return ReadFile(path);
}

size_t Count(const std::string &text, const std::string &what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) count++;
  return count;
}

TEST(Report, HoldsVerdictsFiguresAndTables) {
  Fake fake;
  fake.Make();
  pdlt_figure_list figures = SmallFigures();
  const std::string page = Page(fake, &figures);
  pdlt_figure_list_free(&figures);
  EXPECT_NE(page.find("class=\"badge disagree\">disagree<"), std::string::npos);
  for (const char *word : {"agree", "undecided", "disagree"})
    EXPECT_NE(page.find(std::string("class=\"word ") + word + "\">" + word + "<"),
              std::string::npos);
  for (const char *reason : {"no deviation (<i>p</i>&nbsp;=&nbsp;0.31)", "too few members",
                             "measured c0 is not that of theory: <i>p</i>&nbsp;=&nbsp;3e-09"})
    EXPECT_NE(page.find(reason), std::string::npos) << reason;
  EXPECT_NE(page.find("<b>Figure 1. one.</b> seen: <i>z</i>"), std::string::npos);
  EXPECT_NE(page.find("<b>Figure 2. two.</b>"), std::string::npos);
  EXPECT_EQ(
      Count(page, "src=\"data:image/svg+xml;base64,PHN2ZyB2aWV3Qm94PSIwIDAgNTAwIDMwMCIvPg==\""),
      2u);
  for (const char *text : {"0123456789abcdef", "antithetic", "OpenBLAS 0.3.21", "gcc 12.2.0",
                           "no mean", "network.widths", "16, 32, 64, 128", "1/n_{L-1}", "240000",
                           "NTK fluctuation", "0.019", "data-label=\"Reason\"", "Top 0.1 %"})
    EXPECT_NE(page.find(text), std::string::npos) << text;
  for (const char *tag : {"table", "tr", "td", "th", "p", "section", "details", "ul", "li"})
    EXPECT_EQ(Count(page, (std::string("<") + tag + ">").c_str()) +
                  Count(page, (std::string("<") + tag + " ").c_str()),
              Count(page, (std::string("</") + tag + ">").c_str()))
        << tag;
  // verdict first
  EXPECT_LT(page.find("id=\"verdict\""), page.find("id=\"tests\""));
  EXPECT_LT(page.find("id=\"tests\""), page.find("id=\"figures\""));
}

// Of a kink the page names the order of the first correction; of smooth activations it does not.
TEST(Report, NamesTheOrderOfAKink) {
  const std::string order = "order <i>n</i><sup>\u22121/2</sup>";
  for (const double power : {1.0, 0.5}) {
    Fake fake;
    fake.nlo = true;
    fake.power = power;
    fake.Make();
    fake.tests.push_back(Fake::Test("z", PDLT_AGREE, 0.2, 1, 20, 20, "no deviation"));
    fake.tests.back().coefficient = "c1";
    fake.comparison.tests = fake.tests.data();
    fake.comparison.num_tests = fake.tests.size();
    const std::string page = Page(fake, nullptr);
    EXPECT_EQ(Count(page, order), power < 1 ? 3u : 0u);  // test, selected numbers, widths
    EXPECT_EQ(page.find("by one in <i>h</i><sup>1/2</sup>") != std::string::npos, power < 1);
    EXPECT_EQ(page.find("correction of order 1/<i>n</i> to the mean output") != std::string::npos,
              power == 1);
  }
}

// The answer stands before everything else, its numbers unbroken.
TEST(Report, OpensWithTheAnswer) {
  Fake fake;
  fake.times = 15;
  fake.Make();
  EXPECT_EQ(Page(fake, nullptr).find("class=\"answer\""), std::string::npos);
  fake.Measure();
  std::string first = fake.comparison.answer[0];
  const std::string page = Page(fake, nullptr);
  EXPECT_EQ(Count(page, "<p class=\"answer\">"), 2u);
  const std::string part =
      "Theory and 2048 networks per width disagree: NTK (<i>p</i>&nbsp;=&nbsp;";
  EXPECT_EQ(first.rfind("Theory and 2048 networks per width disagree: NTK (p = ", 0), 0u) << first;
  EXPECT_NE(page.find(part), std::string::npos);
  EXPECT_NE(page.find(">At <i>n</i>&nbsp;=&nbsp;32, "), std::string::npos);
  EXPECT_NE(page.find("&nbsp;\xc2\xb1&nbsp;"), std::string::npos);
  EXPECT_LT(page.find("class=\"answer\""), page.find("id=\"warnings\""));
}

// Tests of the losses follow from z and cov: they stay folded unless one refutes theory.
TEST(Report, FoldsTestsOfLosses) {
  Fake fake;
  fake.Make();
  EXPECT_EQ(Page(fake, nullptr).find("<details"), std::string::npos);
  fake.tests.push_back(Fake::Test("loss_test", PDLT_UNDECIDED, 0.5, 1, 20, 20, "reason of a loss"));
  fake.tests.push_back(Fake::Test("loss_train_bias", PDLT_AGREE, 0.5, 1, 20, 20, "no deviation"));
  fake.comparison.tests = fake.tests.data();
  fake.comparison.num_tests = fake.tests.size();
  std::string page = Page(fake, nullptr);
  const size_t open = page.find("<details><summary>"), close = page.find("</details>");
  ASSERT_NE(open, std::string::npos);
  EXPECT_NE(page.find("2 tests, 1 agree, 1 undecided</summary>"), std::string::npos);
  EXPECT_GT(page.find("reason of a loss"), open);
  EXPECT_LT(page.find("reason of a loss"), close);
  EXPECT_LT(page.find("measured c0 is not that of theory"), open);
  EXPECT_EQ(Count(page, "reason of a loss"), 1u);
  EXPECT_NE(page.find("1 of 3 tests refutes theory"), std::string::npos);
  fake.tests[3].verdict = PDLT_DISAGREE;
  page = Page(fake, nullptr);
  EXPECT_NE(page.find("<details open>"), std::string::npos);
  EXPECT_NE(page.find("2 of 4 tests refute theory"), std::string::npos);
}

TEST(Report, EnsemblesSayWhatIsInReach) {
  Fake fake;
  fake.Make();
  fake.reach[1].unstable = 0.0123;
  const std::string page = Page(fake, nullptr), table = page.substr(page.find("id=\"widths\""));
  EXPECT_NE(table.find("<b>no</b>: g = 0.21 &gt; 0.15 &lt;so&gt;</td>"), std::string::npos);
  EXPECT_EQ(Count(table, "data-label=\"In reach\">yes</td>"), 3u);
  for (const char *cell :
       {"data-label=\"g\">0.21<", "data-label=\"Correction\">0.023<",
        "data-label=\"NTK fluctuation\">0.012<", "data-label=\"Unstable\">0.012<"})
    EXPECT_NE(table.find(cell), std::string::npos) << cell;
  EXPECT_EQ(page.find("Theta_11"), std::string::npos);
}

TEST(Report, HalfPowersAreNamed) {
  Fake fake;
  fake.nlo = true;
  fake.Make();
  fake.tests[0].coefficient = "c1";
  EXPECT_NE(Page(fake, nullptr).find(">order 1/<i>n</i></td>"), std::string::npos);
  for (pdlt_compare_row &row : fake.rows) row.power = 0.5;
  const std::string page = Page(fake, nullptr);
  EXPECT_EQ(page.find(">order 1/<i>n</i></td>"), std::string::npos);
  EXPECT_NE(page.find(">order <i>n</i><sup>\xe2\x88\x92"
                      "1/2</sup></td>"),
            std::string::npos);
  EXPECT_NE(page.find("one in <i>h</i><sup>1/2</sup>"), std::string::npos);
}

TEST(Report, LoadsNothingAndRunsNothing) {
  Fake fake;
  fake.Make();
  pdlt_figure_list figures = SmallFigures();
  const std::string page = Page(fake, &figures);
  pdlt_figure_list_free(&figures);
  for (const char *bad : {"http://", "https://", "<script", "@import", "url(", "<link", "<iframe"})
    EXPECT_EQ(page.find(bad), std::string::npos) << bad;
}

TEST(Report, EscapesEverythingFromTheExperiment) {
  Fake fake;
  fake.title = "<script>alert('1')</script>&\"";
  fake.Make();
  fake.warning_text[0] = "<b onclick=\"x\">&";
  fake.warnings[0] = &fake.warning_text[0][0];
  std::snprintf(fake.tests[0].reason, sizeof fake.tests[0].reason, "a < b & c");
  fake.tests[0].quantity = "<img>";
  const std::string page = Page(fake, nullptr);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<b onclick"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("<kink>"), std::string::npos);
  EXPECT_EQ(Count(page, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"), 3u);
  EXPECT_NE(page.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_NE(page.find("erf &lt;kink&gt; &amp; co"), std::string::npos);
}

TEST(Report, SameInputSameBytes) {
  Fake a, b;
  a.Make();
  b.Make();
  EXPECT_EQ(Page(a, nullptr), Page(b, nullptr));
}

TEST(Report, SentenceFollowsTheVerdict) {
  Fake fake;
  fake.Make();
  fake.comparison.verdict = PDLT_AGREE;
  for (pdlt_compare_test &test : fake.tests) test.verdict = PDLT_AGREE;
  EXPECT_NE(Page(fake, nullptr).find("agrees with theory in all 3 tests, made of 162 numbers"),
            std::string::npos);
  fake.comparison.verdict = fake.tests[1].verdict = PDLT_UNDECIDED;
  EXPECT_NE(Page(fake, nullptr).find("1 of 3 tests is undecided: <i>K</i> (infinite width)."),
            std::string::npos);
  fake.comparison.num_tests = 0;
  EXPECT_NE(Page(fake, nullptr).find("No quantity could be tested."), std::string::npos);
}

TEST(Report, NothingAtAllIsStillAPage) {
  Fake fake;
  fake.comparison.verdict = PDLT_UNDECIDED;
  const std::string page = Page(fake, nullptr);
  EXPECT_NE(page.find("badge undecided"), std::string::npos);
  EXPECT_NE(page.find("</html>"), std::string::npos);
}

TEST(Report, UnwritablePathIsAnError) {
  Fake fake;
  fake.Make();
  const pdlt_report_input in{&fake.comparison, &fake.theory, &fake.measured, nullptr};
  pdlt_error err;
  EXPECT_EQ(pdlt_report_write(&in, "/proc/none/report.html", &err), PDLT_ERR_IO);
}

TEST(Base64, KnownAnswers) {
  const char *plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
  const char *coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (size_t i = 0; i < 7; i++) {
    char *text = nullptr;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    pdlt_html_base64(out, plain[i], std::strlen(plain[i]));
    std::fclose(out);
    EXPECT_STREQ(text, coded[i]);
    std::free(text);
  }
}

}  // namespace
