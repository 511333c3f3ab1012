/* readme_test.cpp - the commands that README.md and docs/explain.md tell people to type do work. */
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/support.h"

namespace {

/* Lines of the ```sh blocks of a page. */
std::vector<std::string> commands_of(const std::string &page) {
  std::istringstream in(read_text(PDLT_SOURCE_DIR "/" + page));
  std::vector<std::string> commands;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("```", 0) == 0)
      inside = line == "```sh";
    else if (inside)
      commands.push_back(line);
  }
  return commands;
}

void ExpectToWork(const std::string &page, size_t at_least) {
  TempFolder folder; /* stands for the project's folder; results stay in here */
  std::filesystem::create_directories(folder / "build/cli");
  std::filesystem::create_symlink(PDLT_PROGRAM, folder / "build/cli/pdlt");
  for (const char *name : {"reports", "datasets"})
    std::filesystem::create_directory_symlink(std::string(PDLT_SOURCE_DIR) + "/" + name,
                                              folder / name);
  std::filesystem::create_directory(folder / "out");
  const auto commands = commands_of(page);
  EXPECT_GE(commands.size(), at_least);
  for (const auto &command : commands) {
    const Outcome got = run_shell(command, folder.path());
    EXPECT_EQ(got.status, 0) << command << "\n" << got.out << got.err;
  }
}

TEST(Readme, ProgramCommandsWork) { ExpectToWork("README.md", 5); }

TEST(Readme, CommandsOfExplainWork) { ExpectToWork("docs/explain.md", 2); }

TEST(Readme, BootstrapKnowsItsCommands) {
  const std::string readme = read_text(PDLT_SOURCE_DIR "/README.md");
  const std::string bootstrap = read_text(PDLT_SOURCE_DIR "/bootstrap");
  for (const std::string command : {"demo", "test"}) {
    EXPECT_NE(readme.find("./bootstrap " + command), readme.npos);
    EXPECT_NE(bootstrap.find("\n  " + command + ")"), bootstrap.npos);
  }
}

TEST(Readme, NamesOnlyFilesThatExist) {
  for (const char *name : {"NOTATION.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE",
                           "docs/experiment.md", "reports/demo/experiment.yaml", "docs/demo.png"})
    EXPECT_TRUE(std::filesystem::exists(std::string(PDLT_SOURCE_DIR) + "/" + name)) << name;
}

}  // namespace
