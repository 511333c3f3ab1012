/* text_test.cpp - lengths, first lines and guards of files; every file that a text names exists. */
#include <gtest/gtest.h>

#include <regex>

#include "tests/repo/scan.h"

namespace fs = std::filesystem;

namespace {

const std::set<std::string> code = {".c", ".h", ".inc", ".cpp"};

scan::Strings With(scan::Strings folders, const scan::Strings &more) {
  folders.insert(folders.end(), more.begin(), more.end());
  return folders;
}

// --- messages that a page explains ---

// Literals of the program with their line breaks taken out: "a " "b" is a b.
std::string Literals() {
  std::string all;
  for (const auto &path : scan::Files(scan::libraries, {".c"}))
    all += std::regex_replace(scan::Read(scan::root / path), std::regex("\"\\s*\""), "");
  return all;
}

TEST(Text, MessagesThatAreExplainedExist) {
  const std::string all = Literals();
  const std::regex heading("## \"(.*)\"");
  size_t messages = 0;
  for (const auto &line : scan::Lines(scan::Read(scan::root / "docs/troubleshooting.md"))) {
    std::smatch found;
    if (!std::regex_match(line, found, heading)) continue;
    EXPECT_NE(all.find(found[1]), all.npos) << line;
    messages++;
  }
  EXPECT_GT(messages, 8u);
}

// --- lengths and first lines ---

TEST(Text, FilesAreShort) {
  auto extensions = code;
  extensions.insert(".py");
  size_t files = 0;
  for (const auto &path :
       scan::Files(With(scan::libraries, {"bench", "examples", "tests", "python"}), extensions)) {
    EXPECT_LE(scan::Lines(scan::Read(scan::root / path)).size(), 500u) << path;
    files++;
  }
  EXPECT_GT(files, 300u);
}

TEST(Text, FunctionsAreShort) {
  size_t functions = 0;
  for (const auto &path :
       scan::Files(With(scan::libraries, {"bench", "examples"}), {".c", ".h", ".inc"}))
    for (const auto &function : scan::Functions(scan::Read(scan::root / path))) {
      EXPECT_LE(function.lines, 60u) << path << ":" << function.line << ": " << function.name;
      functions++;
    }
  EXPECT_GT(functions, 1500u);
}

// "/* NAME - what it is"; in tests also "// what it checks".
bool OpensWell(const std::string &path, const std::string &text) {
  const bool test = path.rfind("tests/", 0) == 0;
  return text.rfind("/* " + fs::path(path).filename().string() + " - ", 0) == 0 ||
         (test && (text.rfind("// ", 0) == 0 || text.rfind("/* ", 0) == 0));
}

TEST(Text, FilesOpenWithWhatTheyAre) {
  for (const auto &path : scan::Files(With(scan::libraries, {"bench", "examples", "tests"}), code))
    EXPECT_TRUE(OpensWell(path, scan::Read(scan::root / path))) << path;
}

// PDLT_BASE_CORE_STATUS_H for base/core/status.h.
std::string GuardOf(const std::string &path) {
  std::string guard = "PDLT_" + path;
  for (char &c : guard) c = isalnum(c) ? static_cast<char>(toupper(c)) : '_';
  return guard;
}

bool IsGuarded(const std::string &path, const std::string &text) {
  const auto guard = GuardOf(path);
  return text.find("\n#ifndef " + guard + "\n#define " + guard + "\n") != text.npos;
}

TEST(Text, GuardsOfHeadersAreTheirPaths) {
  for (const auto &path : scan::Files(With(scan::libraries, {"bench", "tests"}), {".h"}))
    EXPECT_TRUE(IsGuarded(path, scan::Read(scan::root / path))) << path << ": " << GuardOf(path);
}

// --- names of files ---

// Of the repository, with "/" before the path, so that names can be found at the end.
const scan::Strings &Everything() {
  static const auto files = [] {
    auto out = scan::Files(With(scan::libraries, {"bench", "docs", "examples", "reports", "tests",
                                                  "cmake", "python", ".ci"}));
    for (const auto &entry : fs::directory_iterator(scan::root))
      if (entry.is_regular_file()) out.push_back(entry.path().filename().string());
    for (auto &path : out) path = "/" + path;
    return out;
  }();
  return files;
}

// Folders in which a text may name a file by the end of its path: its own, and the pages of docs;
// tests and what they test; the pages of docs and reports may name files so from anywhere.
scan::Strings TreesOf(const std::string &path) {
  const auto &folders = scan::libraries;
  const auto top = path.substr(0, path.find('/'));
  if (std::count(folders.begin(), folders.end(), top) || top == "bench")
    return {"/" + top + "/", "/docs/"};
  if (top != "tests") return {"/"};
  const auto tested = path.substr(6, path.find('/', 6) - 6);
  return {"/tests/", "/" + tested + "/"};
}

bool Exists(const std::string &path, const std::string &name) {
  static const std::set<std::string> made = {"commit.h", "user.c"}; /* by build and reader */
  const auto end = "/" + name;
  if (made.count(name) || fs::exists(scan::root / name)) return true;
  for (const auto &file : Everything()) {
    if (file.size() < end.size() || file.compare(file.size() - end.size(), end.npos, end)) continue;
    for (const auto &tree : TreesOf(path))
      if (file.rfind(tree, 0) == 0) return true;
  }
  return false;
}

// What of a file speaks of other files.
std::string Prose(const std::string &path, const std::string &text) {
  if (code.count(scan::Extension(path))) return scan::Split(text).comments;
  if (scan::Extension(path) == ".md") /* without the headers of the system */
    return std::regex_replace(text, std::regex("#include <[^>]*>"), "");
  return scan::ScriptComments(text);
}

TEST(Text, FilesThatAreNamedExist) {
  size_t names = 0;
  for (const auto &entry : Everything()) {
    const auto path = entry.substr(1);
    const std::set<std::string> other = {"", ".md", ".py", ".sh", ".txt", ".cmake", ".yaml"};
    const bool read = code.count(scan::Extension(path)) || other.count(scan::Extension(path));
    if (!read || path == "CHANGELOG.md") continue; /* which tells of files that are gone */
    for (const auto &name : scan::FileNames(Prose(path, scan::Read(scan::root / path)))) {
      EXPECT_TRUE(Exists(path, name)) << path << " names " << name;
      names++;
    }
  }
  EXPECT_GT(names, 500u);
}

// --- the checks themselves can fail ---

TEST(TextCheck, CountsTheLinesOfFunctions) {
  std::string text =
      "#define ONE(x) \\\n  int x(void) { \\\n  }\n"
      "extern \"C\" {\nstruct a {\n  int b;\n};\nstatic const int t[] = {\n  1,\n};\n"
      "/* { */ static inline double *\npdlt_f(int a)\n{\n  if (a) { g(\"}\"); }\n  // }\n}\n"
      "void h(void) {}\nenum { A };\n";
  auto functions = scan::Functions(text);
  ASSERT_EQ(functions.size(), 2u);
  EXPECT_EQ(functions[0].name, "pdlt_f");
  EXPECT_EQ(functions[0].line, 11u);
  EXPECT_EQ(functions[0].lines, 6u);
  EXPECT_EQ(functions[1].lines, 1u);
  std::string body;
  for (int i = 0; i < 59; i++) body += "  '\"';\n";
  functions = scan::Functions("int a;\nint f(void) {\n" + body + "}\n}\n");
  ASSERT_EQ(functions.size(), 1u);
  EXPECT_EQ(functions[0].lines, 61u);
}

TEST(TextCheck, TakesTextsApart) {
  const auto parts = scan::Split("a /* b \"c */ \"d /* e\" // f\n'\"' R\"(\" // g)\" h\n");
  EXPECT_EQ(parts.comments.find_first_of("adegh"), parts.comments.npos);
  for (const char c : {'b', 'c', 'f'}) EXPECT_NE(parts.comments.find(c), parts.comments.npos);
  for (const char c : {'a', 'h'}) EXPECT_NE(parts.code.find(c), parts.code.npos);
  EXPECT_EQ(parts.code.find_first_of("bcdefg"), parts.code.npos);
  EXPECT_EQ(std::count(parts.code.begin(), parts.code.end(), '\n'), 2);
  EXPECT_EQ(scan::ScriptComments("a#b c.py # dd.py\n").find("c.py"), std::string::npos);
  EXPECT_EQ(scan::FileNames(scan::ScriptComments("a#b c.py # dd.py\n")), scan::Strings{"dd.py"});
}

TEST(TextCheck, SeesNamesOfFilesThatDoNotExist) {
  const auto names =
      scan::FileNames("see small.h, a/b.c-c: xy.py. y/*.c https://z.org/w.md e.g. .h u.h");
  EXPECT_EQ(names, (scan::Strings{"small.h", "xy.py"}));
  EXPECT_TRUE(Exists("base/vector/linalg.h", "small.h"));
  EXPECT_TRUE(Exists("base/vector/linalg.h", "vector/small.h"));
  EXPECT_TRUE(Exists("theory/gauss/grid.c", "base/vector/small.h"));
  EXPECT_FALSE(Exists("theory/gauss/grid.c", "small.h"));
  EXPECT_FALSE(Exists("base/vector/linalg.h", "all.h"));
  EXPECT_TRUE(Exists("tests/base/small_test.cpp", "small.h"));
  EXPECT_FALSE(Exists("README.md", "base/small.h"));
}

TEST(TextCheck, KnowsGuardsAndFirstLines) {
  EXPECT_TRUE(IsGuarded("a/b.h", "/* */\n#ifndef PDLT_A_B_H\n#define PDLT_A_B_H\n"));
  EXPECT_FALSE(IsGuarded("a/c.h", "/* */\n#ifndef PDLT_A_B_H\n#define PDLT_A_B_H\n"));
  EXPECT_TRUE(OpensWell("base/a.c", "/* a.c - a. */"));
  EXPECT_FALSE(OpensWell("base/a.c", "/* b.c - a. */"));
  EXPECT_FALSE(OpensWell("base/a.c", "// a"));
  EXPECT_TRUE(OpensWell("tests/base/a.cpp", "// a"));
  EXPECT_FALSE(OpensWell("tests/base/a.cpp", "#include"));
}

}  // namespace
