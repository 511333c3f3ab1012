/* readme_test.cpp - the commands that README.md and pages of docs tell people to type do work. */
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/images.h"
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

/* Stands for the project's folder; results stay in there. */
void make_project(const TempFolder &folder) {
  std::filesystem::create_directories(folder / "build/cli");
  std::filesystem::create_symlink(PDLT_PROGRAM, folder / "build/cli/pdlt");
  for (const char *name : {"reports", "datasets"})
    std::filesystem::create_directory_symlink(std::string(PDLT_SOURCE_DIR) + "/" + name,
                                              folder / name);
  std::filesystem::create_directory(folder / "out");
}

/* The indented command that begins with `start`, its lines joined. */
std::string readme_command(const std::string &start) {
  std::istringstream in(read_text(PDLT_SOURCE_DIR "/README.md"));
  std::string command;
  for (std::string line; std::getline(in, line);) {
    if (command.empty() && line.rfind("    " + start, 0) != 0) continue;
    command += line;
    if (command.back() != '\\') break;
    command.pop_back();
  }
  return command;
}

void ExpectToWork(const std::string &page, size_t at_least) {
  TempFolder folder;
  make_project(folder);
  const auto commands = commands_of(page);
  EXPECT_GE(commands.size(), at_least);
  for (const auto &command : commands) {
    const Outcome got = run_shell(command, folder.path());
    EXPECT_EQ(got.status, 0) << command << "\n" << got.out << got.err;
  }
}

TEST(Readme, ProgramCommandsWork) { ExpectToWork("README.md", 5); }

TEST(Readme, CommandsOfExplainWork) { ExpectToWork("docs/explain.md", 2); }

TEST(Readme, CommandsOfFiguresWork) { ExpectToWork("docs/figures.md", 3); }

/* The recipe for kinks: theory agrees, and is refuted without the neurons that cross. */
TEST(Readme, CommandsOfExperimentWork) { ExpectToWork("docs/experiment.md", 4); }

/* As printed, but for the time it takes: fewer members and steps, infinite width only. With
 * PDLT_TEST_DATA on the images themselves, else on others of their format. */
TEST(Readme, CommandForMnistWorks) {
  TempFolder folder;
  make_project(folder);
  const char *data = std::getenv("PDLT_TEST_DATA");
  const std::string images = "t10k-images-idx3-ubyte.gz", labels = "t10k-labels-idx1-ubyte.gz";
  if (data != nullptr) {
    for (const auto &name : {images, labels})
      std::filesystem::create_symlink(std::string(data) + "/mnist/" + name, folder / name);
  } else {
    write_images(folder / images, folder / labels);
  }
  const std::string command = readme_command("build/cli/pdlt run reports/mnist-3-8/");
  ASSERT_NE(command.find(images), command.npos) << command;
  const Outcome got = run_shell(command +
                                    " --set theory.order=0 --set ensemble.members=640"
                                    " --set training.steps=10 --set network.widths=[24,32,48,96]",
                                folder.path());
  EXPECT_EQ(got.status, 0) << command << "\n" << got.out << got.err;
  EXPECT_NE(got.err.find("data: 8 train ("), got.err.npos) << got.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "out/mnist/report.html"));
}

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
