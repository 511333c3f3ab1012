/* layout_test.cpp - the rules of the house that a program can check. */
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path root = PDLT_SOURCE_DIR;
const std::vector<std::string> folders = {"base",    "datasets", "theory", "trainer",
                                          "compare", "cli",      "bench"};

std::vector<std::string> lines_of(const fs::path &path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<fs::path> sources_of(const std::string &folder) {
  std::vector<fs::path> files;
  for (const auto &entry : fs::recursive_directory_iterator(root / folder))
    if (entry.path().extension() == ".c" || entry.path().extension() == ".h")
      files.push_back(entry.path());
  return files;
}

/* Folders of ours that the files of `folder` include. */
std::set<std::string> included_folders(const std::string &folder) {
  const std::regex include("#include \"([a-z]+)/.*\"");
  std::set<std::string> seen;
  for (const auto &file : sources_of(folder))
    for (const auto &line : lines_of(file)) {
      std::smatch match;
      if (std::regex_search(line, match, include)) seen.insert(match[1]);
    }
  return seen;
}

void expect_only(const std::string &folder, const std::set<std::string> &allowed) {
  for (const auto &seen : included_folders(folder))
    EXPECT_TRUE(allowed.count(seen)) << folder << " includes " << seen << "/";
}

TEST(Layout, DataFlowOneWay) {
  expect_only("base", {"base"});
  expect_only("datasets", {"base", "datasets"});
  expect_only("theory", {"base", "datasets", "theory"});
  expect_only("trainer", {"base", "datasets", "trainer"});
  expect_only("compare", {"base", "compare"});
}

/* The program stands on the front door alone. */
TEST(Layout, TheProgramUsesTheFrontDoorOnly) {
  const std::regex include("#include \"(.*)\"");
  const std::set<std::string> allowed = {"cli/command.h", "cli/study/pdlt.h",
                                         "cli/study/pdlt_tools.h"};
  std::set<std::string> seen;
  for (const auto &file : sources_of("cli")) {
    if (file.parent_path().filename() == "study") continue;
    for (const auto &line : lines_of(file)) {
      std::smatch match;
      if (std::regex_search(line, match, include)) seen.insert(match[1]);
    }
  }
  EXPECT_EQ(seen, allowed);
}

TEST(Layout, TheCheckSeesAnInclude) {
  EXPECT_TRUE(included_folders("theory").count("base"));
  EXPECT_TRUE(included_folders("cli").count("trainer"));
}

TEST(Layout, BlasAndLapackAreCalledInOnePlace) {
  const std::regex call("cblas|openblas_|dsyevd_|dpotrf_");
  size_t calls_in_linalg = 0;
  for (const auto &folder : folders)
    for (const auto &file : sources_of(folder))
      for (const auto &line : lines_of(file)) {
        if (!std::regex_search(line, call)) continue;
        if (file.stem() == "linalg")
          calls_in_linalg++;
        else
          ADD_FAILURE() << file << ": " << line;
      }
  EXPECT_GT(calls_in_linalg, 5u);
}

TEST(Layout, FilesAreShortAndOpenWithWhatTheyAre) {
  size_t files = 0;
  for (const auto &folder : folders)
    for (const auto &file : sources_of(folder)) {
      const auto lines = lines_of(file);
      ASSERT_FALSE(lines.empty()) << file;
      EXPECT_LE(lines.size(), 600u) << file;
      EXPECT_EQ(lines[0].rfind("/* " + file.filename().string(), 0), 0u)
          << file << ": " << lines[0];
      files++;
    }
  EXPECT_GT(files, 40u);
}

TEST(Layout, NoUnsafeMathFlags) {
  std::vector<fs::path> files = {root / "CMakeLists.txt", root / "CMakePresets.json"};
  for (const auto &folder : folders) files.push_back(root / folder / "CMakeLists.txt");
  for (const auto &file : files)
    for (const auto &line : lines_of(file)) {
      EXPECT_EQ(line.find("ffast-math"), line.npos) << file;
      EXPECT_EQ(line.find("-Ofast"), line.npos) << file;
    }
}

}  // namespace
