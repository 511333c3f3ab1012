// The version: one, wherever it stands; cmake/set_version.sh writes it everywhere.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <string>

#include "tests/cli/support.h"
#include "tests/repo/scan.h"

namespace {

namespace fs = std::filesystem;

using Places = std::map<std::string, std::string>;

// The version as each file of a tree gives it.
Places Versions(const fs::path &root) {
  const Places patterns = {{"CMakeLists.txt", R"(project\(pdlt VERSION (\S+))"},
                           {"python/pdlt/_library.py", R"re(__version__ = "([^"]*)")re"},
                           {"CITATION.cff", R"(\nversion: (\S+))"}};
  Places out;
  for (const auto &[file, pattern] : patterns) {
    const std::string text = scan::Read(root / file);
    std::smatch found;
    out[file] = std::regex_search(text, found, std::regex(pattern)) ? found[1].str() : "none";
  }
  return out;
}

TEST(Release, TheVersionIsTheSameEverywhere) {
  const auto versions = Versions(scan::root);
  for (const auto &[file, version] : versions)
    EXPECT_EQ(version, versions.at("CMakeLists.txt")) << file;
  EXPECT_TRUE(std::regex_match(versions.at("CMakeLists.txt"), std::regex(R"(\d+\.\d+\.\d+)")));
}

class SetVersion : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char *file : {"CMakeLists.txt", "CITATION.cff", "CHANGELOG.md",
                             "cmake/set_version.sh", "python/pdlt/_library.py"}) {
      fs::create_directories((folder / file).parent_path());
      fs::copy_file(scan::root / file, folder / file);
    }
  }
  Outcome Set(const std::string &version) {
    return run_shell("cmake/set_version.sh " + version, folder.path());
  }
  TempFolder folder;
};

TEST_F(SetVersion, WritesAllPlacesAndOpensTheChangelog) {
  const Outcome got = Set("12.3.45");
  EXPECT_EQ(got.status, 0) << got.err;
  for (const auto &[file, version] : Versions(folder.path())) EXPECT_EQ(version, "12.3.45") << file;
  const std::string log = scan::Read(folder / "CHANGELOG.md");
  const size_t next = log.find("## Unreleased\n"), now = log.find("## 12.3.45 - ");
  EXPECT_LT(next, now);
  EXPECT_NE(now, std::string::npos);
  EXPECT_EQ(Set("12.3.45").status, 2);  // it has that section already
}

TEST_F(SetVersion, RefusesWhatIsNoVersionAndChangesNothing) {
  const auto before = Versions(folder.path());
  for (const char *bad : {"", "1.2", "v1.2.3", "1.2.3-rc1"}) EXPECT_EQ(Set(bad).status, 2) << bad;
  EXPECT_EQ(Versions(folder.path()), before);
}

}  // namespace
