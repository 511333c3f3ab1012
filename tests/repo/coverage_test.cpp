// docs/coverage.md: every claim of reports/ is named in its chapter, every name is a claim, and a section without
// one says why.
#include <gtest/gtest.h>

#include <regex>

#include "tests/repo/scan.h"

namespace fs = std::filesystem;

namespace {

using Names = std::set<std::string>;

struct Row {
  std::string chapter, line;
  scan::Strings cells;
  Names claims;
};

Names NamesIn(const std::string &text) {
  static const std::regex name("\\b([0-9]+|inf|[A-Z])-[a-z][a-z0-9-]*");
  Names out;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at)
    out.insert(at->str());
  return out;
}

// Cells between bars, without blanks at their ends.
scan::Strings Cells(const std::string &line) {
  scan::Strings out;
  for (size_t at = 1, bar = 0; (bar = line.find('|', at)) != line.npos; at = bar + 1) {
    const auto from = std::min(line.find_first_not_of(' ', at), bar);
    const auto to = line.find_last_not_of(' ', bar - 1);
    out.push_back(from == bar ? "" : line.substr(from, to + 1 - from));
  }
  return out;
}

// Rows of the tables; the chapter is the first word of the heading above.
std::vector<Row> Rows(const std::string &page) {
  std::vector<Row> out;
  std::string chapter;
  for (const auto &line : scan::Lines(page)) {
    if (line.rfind("## ", 0) == 0) chapter = line.substr(3, line.find(' ', 3) - 3);
    if (line.rfind("| ", 0) != 0 || line.rfind("| section ", 0) == 0) continue;
    const auto cells = Cells(line);
    out.push_back({chapter, line, cells, NamesIn(cells.size() > 1 ? cells[1] : "")});
  }
  return out;
}

// What a row lacks; empty when it is whole.
std::string Lacks(const Row &row) {
  if (row.cells.size() != 3) return "three cells";
  if (row.cells[0].empty()) return "a section";
  if (row.claims.empty() != row.cells[1].empty()) return "claims in the second cell";
  if (row.claims.empty() && row.cells[2].empty()) return "a claim or why there is none";
  return "";
}

Names Claims() {
  Names out;
  for (const auto &entry : fs::directory_iterator(scan::root / "reports"))
    if (fs::exists(entry.path() / "expect.yaml")) out.insert(entry.path().filename().string());
  return out;
}

std::string Page() { return scan::Read(scan::root / "docs/coverage.md"); }

TEST(Coverage, EveryClaimIsNamedInItsChapter) {
  const auto rows = Rows(Page());
  Names named;
  for (const auto &row : rows)
    for (const auto &claim : row.claims)
      if (claim.substr(0, claim.find('-')) == row.chapter) named.insert(claim);
  for (const auto &claim : Claims()) EXPECT_EQ(named.count(claim), 1u) << claim;
  EXPECT_GT(named.size(), 60u);
}

TEST(Coverage, EveryNameIsAClaim) {
  const auto claims = Claims();
  for (const auto &name : NamesIn(Page())) EXPECT_EQ(claims.count(name), 1u) << name;
}

TEST(Coverage, EverySectionHasAClaimOrAReason) {
  const auto rows = Rows(Page());
  for (const auto &row : rows) EXPECT_EQ(Lacks(row), "") << row.line;
  EXPECT_GT(rows.size(), 70u);
}

// Sections of the book (arXiv:2106.10165v2), as the first cells begin.
TEST(Coverage, NamesEverySection) {
  static const std::vector<std::pair<std::string, int>> chapters = {
      {"0", 2}, {"1", 3}, {"2", 3},  {"3", 4},  {"4", 6},   {"5", 5}, {"6", 4}, {"7", 2},
      {"8", 3}, {"9", 4}, {"10", 4}, {"11", 4}, {"inf", 3}, {"A", 3}, {"B", 4}};
  const auto page = Page();
  for (const auto &chapter : chapters)
    for (int k = 1; k <= chapter.second; k++) {
      const auto section = chapter.first + "." + std::to_string(k);
      EXPECT_TRUE(page.find("| " + section + " ") != page.npos ||
                  page.find("| " + section + ".1 ") != page.npos)
          << section;
    }
  EXPECT_NE(page.find("| 8.0 "), page.npos);
}

// --- the checks themselves can fail ---

TEST(CoverageCheck, ReadsRows) {
  const auto rows = Rows(
      "## 5 Name\n\n| section | claims | otherwise |\n|---|---|---|\n"
      "| 5.1 a | 5-b, inf-c-2d | |\n| 5.2 | | why: 4-point, n-1 |\n| 5.3 | | |\n| 5.4 | see | |\n");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].chapter, "5");
  EXPECT_EQ(rows[0].claims, (Names{"5-b", "inf-c-2d"}));
  EXPECT_EQ(Lacks(rows[0]), "");
  EXPECT_EQ(Lacks(rows[1]), "");
  EXPECT_EQ(Lacks(rows[2]), "a claim or why there is none");
  EXPECT_EQ(Lacks(rows[3]), "claims in the second cell");
  EXPECT_EQ(Lacks({"", "", {"a", "b"}, {}}), "three cells");
}

}  // namespace
