/* pages.h - what a page of docs tells people to type: its fenced blocks, and a folder to type it in. */
#ifndef PDLT_TESTS_CLI_PAGES_H
#define PDLT_TESTS_CLI_PAGES_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/support.h"

/* A block between ```LANGUAGE and ```, and the heading it stands under. */
struct Fence {
  std::string heading, language;
  std::vector<std::string> lines;
  std::string text() const {
    std::string all;
    for (const auto &line : lines) all += line + "\n";
    return all;
  }
  /* The file that its first line, "# NAME", names; "" where that names none. */
  std::string file() const {
    const bool named = !lines.empty() && lines[0].rfind("# ", 0) == 0 &&
                       lines[0].find(' ', 2) == std::string::npos;
    return named ? lines[0].substr(2) : "";
  }
};

inline std::vector<Fence> fences_of(const std::string &page) {
  std::istringstream in(read_text(PDLT_SOURCE_DIR "/" + page));
  std::vector<Fence> fences;
  std::string heading;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      if (inside) fences.push_back({heading, line.substr(3), {}});
    } else if (inside) {
      fences.back().lines.push_back(line);
    } else if (line.rfind("## ", 0) == 0) {
      heading = line.substr(3);
    }
  }
  return fences;
}

/* Lines of the ```sh blocks of a page. */
inline std::vector<std::string> commands_of(const std::string &page) {
  std::vector<std::string> commands;
  for (const auto &fence : fences_of(page))
    if (fence.language == "sh")
      commands.insert(commands.end(), fence.lines.begin(), fence.lines.end());
  return commands;
}

inline std::vector<std::string> words_of(const std::string &line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/* The same words; numbers to two units of their last of three digits: rounding differs among machines. */
inline bool same_line(const std::string &shown, const std::string &printed) {
  const auto a = words_of(shown), b = words_of(printed);
  if (a.size() != b.size()) return false;
  for (size_t k = 0; k < a.size(); k++) {
    char *end_a, *end_b;
    const double x = strtod(a[k].c_str(), &end_a), y = strtod(b[k].c_str(), &end_b);
    const bool numbers = end_a != a[k].c_str() && end_b != b[k].c_str();
    if (numbers && std::string(end_a) == end_b && std::abs(x - y) <= 0.02 * std::abs(x)) continue;
    if (a[k] != b[k]) return false;
  }
  return true;
}

/* The line that holds these words. */
inline std::string line_with(const std::string &words, const std::string &text) {
  const size_t at = text.find(words);
  EXPECT_NE(at, text.npos) << words;
  const size_t end = text.find('\n', at), begin = text.rfind('\n', at) + 1;
  return at == text.npos ? "" : text.substr(begin, end - begin);
}

/* Stands for the project's folder; results stay in there. */
inline void make_project(const TempFolder &folder) {
  std::filesystem::create_directories(folder / "build/cli");
  std::filesystem::create_symlink(PDLT_PROGRAM, folder / "build/cli/pdlt");
  for (const char *name : {"reports", "datasets"})
    std::filesystem::create_directory_symlink(std::string(PDLT_SOURCE_DIR) + "/" + name,
                                              folder / name);
  std::filesystem::create_directory(folder / "out");
}

#endif
