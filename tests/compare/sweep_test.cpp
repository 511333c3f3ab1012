// The page of a sweep: tests in rows, points in columns, links to the points, losses folded.
#include "compare/page/sweep.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/compare/fake.h"

namespace {

std::string Page(const std::vector<pdlt_sweep_entry> &entries) {
  char name[] = "/tmp/pdlt_sweep_XXXXXX";
  const std::string folder = mkdtemp(name);
  pdlt_error err;
  EXPECT_EQ(pdlt_sweep_page_write("a <sweep>", "<u>depth", entries.data(), entries.size(),
                                  folder.c_str(), &err),
            PDLT_OK)
      << err.message;
  std::ifstream in(folder + "/report.html", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_TRUE(std::filesystem::exists(folder + "/verdict.json"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/figures/sweep.svg"));
  std::filesystem::remove_all(folder);
  return page;
}

TEST(Sweep, TestsInRowsPointsInColumns) {
  Fake one, two;
  one.Make();
  two.Make();
  one.tests.push_back(Fake::Test("loss_test", PDLT_AGREE, 0.5, 1, 20, 20, "no deviation"));
  one.comparison.tests = one.tests.data();
  one.comparison.num_tests = one.tests.size();
  two.tests[0].verdict = PDLT_UNDECIDED;
  std::swap(two.tests[0], two.tests[1]);  // rows go by name, not by place
  const std::string page =
      Page({{"depth=2", 2, &one.comparison}, {"depth=<3>", 3, &two.comparison}});
  EXPECT_NE(page.find("<th><a href=\"depth=2/report.html\">depth=2</a></th>"), page.npos);
  EXPECT_NE(page.find("<a href=\"depth=&lt;3&gt;/report.html\">"), page.npos);
  const std::string word = "<span class=\"word ", first = "<td data-label=\"depth=2\">" + word;
  const std::string second = "</td><td data-label=\"depth=&lt;3&gt;\">";
  EXPECT_NE(page.find("<i>z</i>, limit</td>" + first + "agree\">agree</span>" + second + word +
                      "undecided\">"),
            page.npos);
  EXPECT_NE(page.find("<i>K</i>, limit</td>" + first + "undecided\">"), page.npos);
  const size_t fold = page.find("<details><summary>"), loss = page.find("<sup>test</sup>, limit");
  ASSERT_NE(fold, page.npos);
  EXPECT_LT(fold, loss);  // the other point has no such test
  EXPECT_NE(page.find("<sup>test</sup>, limit</td>" + first + "agree\">agree</span>" + second +
                      "\xe2\x80\x94</td>"),
            page.npos);
  EXPECT_EQ(page.find("<sweep>"), page.npos);
  EXPECT_EQ(page.find("<u>"), page.npos);
  EXPECT_NE(page.find(" values of &lt;u&gt;depth, each"), page.npos);
  // What is opened is closed, and both tables have a head.
  const auto count = [&](const std::string &tag) {
    size_t found = 0;
    for (size_t at = page.find(tag); at != page.npos; at = page.find(tag, at + 1)) found++;
    return found;
  };
  for (const std::string tag :
       {"table", "thead", "tbody", "tr", "details", "section", "main", "body"})
    EXPECT_EQ(count("<" + tag + ">") + count("<" + tag + " "), count("</" + tag + ">")) << tag;
  EXPECT_EQ(count("</table>"), 2u);
  EXPECT_EQ(count("<thead>"), 2u);
}

}  // namespace
