/* headers_test.cpp - every header is valid C11 and C++17, and needs nothing before it. */
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>

#include "tests/repo/scan.h"

namespace {

// Folders of the headers of others, as this build finds them: -I and -isystem of its commands.
std::string SearchPaths() {
  std::set<std::string> seen;
  std::istringstream words(scan::Read(std::string(PDLT_BINARY_DIR) + "/compile_commands.json"));
  for (std::string word, next; words >> word;) {
    if (word == "-isystem" && words >> next) seen.insert("-isystem " + next);
    if (word.rfind("-I/", 0) == 0) seen.insert(word);
  }
  std::string out;
  for (const auto &path : seen) out += " " + path;
  return out;
}

const std::string c = "'" PDLT_C_COMPILER "' -x c -std=c11",
                  cpp = "'" PDLT_CXX_COMPILER "' -x c++ -std=c++17";

// What the compiler has against a header; "" when nothing.
std::string Complaint(const std::string &compiler, const std::string &header) {
  static const std::string flags =
      " -fsyntax-only -Wall -Wextra -Werror -fopenmp-simd -D_GNU_SOURCE -I '" +
      scan::root.string() + "'" + SearchPaths();
  const auto command = "echo '#include \"" + header + "\"' | " + compiler + flags + " - 2>&1";
  std::string out;
  FILE *pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "no compiler";
  std::array<char, 4096> part;
  for (size_t n; (n = fread(part.data(), 1, part.size(), pipe)) > 0;) out.append(part.data(), n);
  return pclose(pipe) == 0 ? "" : out + command;
}

// Two at a time.
void ExpectToCompile(const std::string &compiler, const scan::Strings &headers) {
  scan::Strings complaints(headers.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < headers.size();)
      complaints[i] = Complaint(compiler, (scan::root / headers[i]).string());
  };
  std::thread other(work);
  work();
  other.join();
  for (size_t i = 0; i < headers.size(); i++) EXPECT_EQ(complaints[i], "") << headers[i];
}

scan::Strings Headers() { return scan::Files(scan::libraries, {".h"}); }

TEST(Headers, AreC) {
  ExpectToCompile(c, Headers());
  ExpectToCompile(c, scan::Files({"bench"}, {".h"}));
}

TEST(Headers, AreCpp) { ExpectToCompile(cpp, Headers()); }

TEST(Headers, OfTestsAreCpp) {
  std::string defines;
  for (const char *name : {"SOURCE_DIR", "BINARY_DIR", "PROGRAM", "EXTRA_FLAGS"})
    defines += " -DPDLT_" + std::string(name) + "='\"\"'";
  ExpectToCompile(cpp + defines, scan::Files({"tests"}, {".h"}));
}

TEST(Headers, NameTheirFunctionsAsC) {
  for (const auto &path : Headers())
    EXPECT_NE(scan::Read(scan::root / path).find("extern \"C\" {"), std::string::npos) << path;
}

TEST(HeadersCheck, SeesWhatDoesNotCompile) {
  const auto path = testing::TempDir() + "pdlt_headers_check.h";
  const auto with = [&](const std::string &text) { std::ofstream(path) << text; };
  with("int f(int class);\n");
  EXPECT_EQ(Complaint(c, path), "");
  EXPECT_NE(Complaint(cpp, path), "");
  with("size_t f(void);\n");
  EXPECT_NE(Complaint(c, path), "");
  remove(path.c_str());
}

}  // namespace
