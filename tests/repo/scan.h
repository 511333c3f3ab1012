/* scan.h - files of the repository, and their text taken apart, for the tests of the house's rules.
 *
 * Is: lists of files; code without comments, comments without code; functions with their length;
 * names of files that a text mentions.
 * Is not: a parser; macros are left out, and what looks like a function body is one. */
#ifndef PDLT_TESTS_REPO_SCAN_H
#define PDLT_TESTS_REPO_SCAN_H

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace scan {

inline const std::filesystem::path root = PDLT_SOURCE_DIR;
inline const std::vector<std::string> libraries = {"base",    "datasets", "theory",
                                                   "trainer", "compare",  "cli"};
using Strings = std::vector<std::string>;

inline std::string Read(const std::filesystem::path &path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Strings Lines(const std::string &text) {
  Strings lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

inline std::string Extension(const std::string &path) {
  return std::filesystem::path(path).extension().string();
}

// Paths from the root, with / between names, sorted; all extensions when there is none.
inline Strings Files(const Strings &folders, const std::set<std::string> &extensions = {}) {
  Strings files;
  for (const auto &folder : folders)
    for (const auto &entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      const auto path = entry.path().lexically_relative(root).generic_string();
      if (path.find("__pycache__") != path.npos) continue;
      if (extensions.empty() || extensions.count(Extension(path))) files.push_back(path);
    }
  std::sort(files.begin(), files.end());
  return files;
}

// Code with comments and literals blank, comments with all else blank; lines as in the text.
struct Parts {
  std::string code, comments;
};

inline size_t EndOfLiteral(const std::string &text, size_t i) {
  if (text[i] == '"' && i > 0 && text[i - 1] == 'R') {
    const size_t open = text.find('(', i);
    const auto close = ")" + text.substr(i + 1, open - i - 1) + "\"";
    return std::min(text.size(), text.find(close, open) + close.size());
  }
  size_t end = i + 1;
  while (end < text.size() && text[end] != text[i] && text[end] != '\n')
    end += text[end] == '\\' ? 2 : 1;
  return std::min(text.size(), end + 1);
}

inline Parts Split(const std::string &text) {
  std::string blank = text;
  for (char &c : blank)
    if (c != '\n') c = ' ';
  Parts out = {text, blank};
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    const bool line = text.compare(i, 2, "//") == 0, block = text.compare(i, 2, "/*") == 0;
    const bool literal = text[i] == '"' || (text[i] == '\'' && (i == 0 || !isalnum(text[i - 1])));
    if (line) end = std::min(text.size(), text.find('\n', i));
    if (block) end = std::min(text.size(), text.find("*/", i + 2) + 2);
    if (literal) end = EndOfLiteral(text, i);
    if (line || block || literal)
      std::copy(blank.begin() + i, blank.begin() + end, out.code.begin() + i);
    if (line || block) std::copy(text.begin() + i, text.begin() + end, out.comments.begin() + i);
    if (literal) out.code[i] = out.code[end - 1] = '"';
    i = end;
  }
  return out;
}

// Comments of scripts: what stands behind a # that opens a line or a word.
inline std::string ScriptComments(const std::string &text) {
  std::string out;
  for (const auto &line : Lines(text)) {
    size_t at = line.find('#');
    while (at != line.npos && at > 0 && line[at - 1] != ' ') at = line.find('#', at + 1);
    out += (at == line.npos ? "" : line.substr(at)) + "\n";
  }
  return out;
}

inline Strings Includes(const std::string &text) {
  Strings out;
  for (const auto &line : Lines(text)) {
    const size_t at = line.find_first_not_of(" \t");
    if (at == line.npos || line.compare(at, 10, "#include \"") != 0) continue;
    out.push_back(line.substr(at + 10, line.find('"', at + 10) - at - 10));
  }
  return out;
}

inline std::string WithoutMacros(const std::string &code) {
  std::string out;
  bool inside = false;
  for (const auto &line : Lines(code)) {
    const size_t at = line.find_first_not_of(" \t");
    inside = inside || (at != line.npos && line[at] == '#');
    out += (inside ? "" : line) + "\n";
    inside = inside && line.back() == '\\';
  }
  return out;
}

struct Function {
  std::string name;
  size_t line, lines; /* its first, from 1; how many, from the return type to the last brace */
};

// Functions of C text.
inline std::vector<Function> Functions(const std::string &text) {
  const std::string code = WithoutMacros(Split(text).code);
  std::vector<Function> out;
  size_t depth = 0, start = std::string::npos, line = 1, first = 1;
  bool body = false;
  for (size_t i = 0; i < code.size(); i++) {
    const char c = code[i];
    if (c == '\n') line++;
    if (depth == 0 && start == code.npos && !isspace(c)) start = i, first = line;
    if (c == '{' && depth == 0) {
      const size_t before = code.find_last_not_of(" \n\t", i - 1);
      if (i > 0 && before != code.npos && code[before] == '"') { /* extern "C" */
        start = code.npos;
        continue;
      }
      body = i > 0 && before != code.npos && code[before] == ')';
    }
    if (c == '{') depth++;
    if (c == '}' && depth > 0 && --depth == 0 && body) {
      const size_t open = code.find('(', start), space = code.find_last_of(" *\n", open);
      out.push_back({code.substr(space + 1, open - space - 1), first, line - first + 1});
    }
    if (depth == 0 && (c == ';' || c == '}')) start = code.npos, body = false;
  }
  return out;
}

// Names that end like files of ours, of two letters at least: u.h is a product.
inline Strings FileNames(const std::string &text) {
  static const std::set<std::string> ours = {".c", ".h", ".inc", ".cpp", ".py", ".md"};
  const auto part = [](char c) { return isalnum(c) || (c != '\0' && strchr("_./*:-", c)); };
  Strings out;
  for (size_t i = 0; i < text.size(); i++) {
    if (!part(text[i])) continue;
    const size_t start = i;
    while (i < text.size() && part(text[i])) i++;
    std::string name = text.substr(start, i - start);
    while (!name.empty() && strchr(".:-", name.back())) name.pop_back();
    const bool pattern = name.find('*') != name.npos || name.find("//") != name.npos;
    const bool ours_by_name = ours.count(Extension(name)) && isalnum(name[0]) && isalnum(name[1]);
    if (!pattern && ours_by_name) out.push_back(name);
  }
  return out;
}

}  // namespace scan

#endif
