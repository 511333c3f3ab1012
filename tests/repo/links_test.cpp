/* links_test.cpp - links of pages: files and #anchors exist; docs/questions.md has answers. */
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "tests/repo/scan.h"

namespace fs = std::filesystem;

namespace {

// Lines of a page outside of ``` fences and of indented blocks that follow an empty line.
scan::Strings ProseLines(const std::string &text) {
  scan::Strings out;
  bool fence = false, block = false, empty = true;
  for (const auto &line : scan::Lines(text)) {
    const bool indented = line.rfind("    ", 0) == 0;
    if (line.find("```") != line.npos) fence = !fence;
    block = indented && (block || empty);
    empty = line.empty();
    const bool mark = line.find("```") != line.npos;
    if (!fence && !block && !mark) out.push_back(line);
  }
  return out;
}

// The anchor that a heading makes: small letters, digits, - and _; - for blanks; the rest goes.
std::string Slug(const std::string &heading) {
  std::string out;
  for (const char c : heading)
    if (isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_')
      out += static_cast<char>(tolower(c));
    else if (c == ' ')
      out += '-';
  return out;
}

// Anchors of a page; a heading that comes again has -1, -2, ... behind it.
std::set<std::string> Anchors(const std::string &text) {
  std::set<std::string> out;
  std::map<std::string, int> seen;
  const std::regex heading("#{1,6} (.*)");
  for (const auto &line : ProseLines(text)) {
    std::smatch found;
    if (!std::regex_match(line, found, heading)) continue;
    const std::string slug = Slug(found[1]);
    const int before = seen[slug]++;
    out.insert(before == 0 ? slug : slug + "-" + std::to_string(before));
  }
  return out;
}

// Targets of links and pictures, [..](TARGET), with what stands in ` ` left out.
scan::Strings Targets(const std::string &text) {
  std::string prose;
  for (const auto &line : ProseLines(text)) prose += line + "\n";
  prose = std::regex_replace(prose, std::regex("`[^`\n]*`"), "`");
  scan::Strings out;
  for (size_t at = prose.find("]("); at != prose.npos; at = prose.find("](", at + 1)) {
    const size_t end = prose.find(')', at);
    if (end != prose.npos) out.push_back(prose.substr(at + 2, end - at - 2));
  }
  return out;
}

// What is wrong with a link of a page; "" when nothing is.
std::string Complaint(const std::string &page, const std::string &target) {
  if (target.find("://") != target.npos || target.rfind("mailto:", 0) == 0) return "";
  const size_t hash = target.find('#');
  const std::string name = target.substr(0, hash);
  const fs::path file =
      name.empty() ? scan::root / page : scan::root / fs::path(page).parent_path() / name;
  if (!fs::exists(file)) return page + ": a link to " + target + ": there is no such file";
  if (hash == target.npos || scan::Extension(file.string()) != ".md") return "";
  if (Anchors(scan::Read(file)).count(target.substr(hash + 1))) return "";
  return page + ": a link to " + target + ": there is no such anchor";
}

scan::Strings Pages() {
  scan::Strings folders = scan::libraries;
  for (const char *more : {"docs", "reports", "python", "bench", "examples"})
    folders.push_back(more);
  auto pages = scan::Files(folders, {".md"});
  for (const auto &entry : fs::directory_iterator(scan::root))
    if (entry.path().extension() == ".md") pages.push_back(entry.path().filename().string());
  return pages;
}

TEST(Links, OfPagesLeadSomewhere) {
  size_t links = 0;
  for (const auto &page : Pages())
    for (const auto &target : Targets(scan::Read(scan::root / page))) {
      EXPECT_EQ(Complaint(page, target), "");
      links++;
    }
  EXPECT_GT(links, 150u);
}

// An item is a question, and behind it at least one link to a page.
TEST(Links, QuestionsHaveAnswers) {
  const std::string text = scan::Read(scan::root / "docs/questions.md");
  std::vector<std::string> items;
  for (const auto &line : scan::Lines(text))
    if (line.rfind("- ", 0) == 0)
      items.push_back(line);
    else if (line.rfind("  ", 0) == 0 && !items.empty())
      items.back() += "\n" + line;
  EXPECT_GE(items.size(), 30u);
  for (const auto &item : items) {
    const size_t mark = item.find('?'), link = item.find("](");
    EXPECT_NE(link, item.npos) << item;
    EXPECT_LT(std::min(mark, item.find("what?")), link) << item;
  }
}

// --- the checks themselves can fail ---

TEST(LinksCheck, SeesWhatIsBroken) {
  EXPECT_EQ(Targets("a [b](c.md#d) `[e](f)`\n\n    [g](h)\n\n![i](j.png)\n```\n[k](l)\n```\n"),
            (scan::Strings{"c.md#d", "j.png"}));
  EXPECT_EQ(Anchors("# A `b_c`, d!\n## A\n## A\n```\n# E\n```\n"),
            (std::set<std::string>{"a-b_c-d", "a", "a-1"}));
  EXPECT_EQ(Complaint("docs/depth.md", "kinks.md#rays"), "");
  EXPECT_NE(Complaint("docs/depth.md", "kinks.md#rains"), "");
  EXPECT_NE(Complaint("docs/depth.md", "docs/kinks.md"), "");
}

}  // namespace
