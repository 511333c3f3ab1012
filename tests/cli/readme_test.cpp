/* readme_test.cpp - the commands that README.md and pages of docs tell people to type do work. */
#include <gtest/gtest.h>

#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/images.h"
#include "tests/cli/pages.h"

namespace {

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

/* C_b that follows the width: theory at each width agrees, and is refuted with a wrong sign. */
TEST(Readme, CommandsOfWidthWork) { ExpectToWork("docs/width.md", 4); }

TEST(Readme, CommandsOfFiguresWork) { ExpectToWork("docs/figures.md", 3); }

/* The recipe for kinks: theory agrees, and is refuted without the neurons that cross. */
TEST(Readme, CommandsOfExperimentWork) { ExpectToWork("docs/experiment.md", 4); }

TEST(Readme, CommandsOfHiddenWork) { ExpectToWork("docs/hidden.md", 3); }

/* As printed, but for the time it takes: infinite width only and fewer steps. What translate prints is in the
 * page, and what explain prints of the network itself. */
TEST(Readme, CommandsOfMyNetworkWork) {
  TempFolder folder;
  make_project(folder);
  const std::string page = read_text(PDLT_SOURCE_DIR "/docs/my-network.md");
  const auto commands = commands_of("docs/my-network.md");
  EXPECT_GE(commands.size(), 5u);
  for (std::string command : commands) {
    const size_t end = command.find(" ||");
    if (command.find("pdlt run") != command.npos)
      command.insert(end == command.npos ? command.size() : end,
                     " --quiet --set theory.order=0 --set training.steps=4 --set "
                     "ensemble.estimator=antithetic");
    const Outcome got = run_shell(command, folder.path());
    EXPECT_EQ(got.status, 0) << command << "\n" << got.out << got.err;
    const bool warns = got.out.find("start from uniform parameters") != got.out.npos;
    EXPECT_EQ(warns, command.find("-o out/uniform") != command.npos) << command;
    if (command.find("explain") == command.npos) continue;
    EXPECT_TRUE(
        same_line(line_with("within reach from", page), line_with("within reach from", got.out)))
        << got.out;
  }
  const std::string made = read_text(folder / "out/pytorch.yaml");
  EXPECT_GT(made.size(), 500u);
  EXPECT_NE(page.find("```yaml\n" + made + "```\n"), page.npos) << made;
}

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

/* What a full run takes is told twice. */
TEST(Readme, TimeOfVerifyIsThatOfItsPage) {
  const std::regex time("about ([0-9]+) minutes of\\s+processor\\s+time");
  std::string minutes[2];
  const char *const pages[] = {"README.md", "docs/claims.md"};
  for (int k = 0; k < 2; k++) {
    const std::string page = read_text(std::string(PDLT_SOURCE_DIR) + "/" + pages[k]);
    std::smatch found;
    ASSERT_TRUE(std::regex_search(page, found, time)) << pages[k];
    minutes[k] = found[1];
  }
  EXPECT_EQ(minutes[0], minutes[1]);
}

/* Whether a heading of the page makes this anchor. */
bool has_heading(const std::string &page, const std::string &anchor) {
  std::istringstream in(read_text(page));
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("## ", 0) != 0) continue;
    std::string made;
    for (const char c : line.substr(3))
      if (isalnum(static_cast<unsigned char>(c)) || c == '-')
        made += static_cast<char>(tolower(c));
      else if (c == ' ')
        made += '-';
    if (made == anchor) return true;
  }
  return false;
}

TEST(Readme, ResultsOpenWithTenLinesWithNumbersAndLinks) {
  const std::string docs = PDLT_SOURCE_DIR "/docs/";
  std::istringstream in(read_text(docs + "results.md"));
  const std::regex item("([0-9]+)\\. \\[.*\\]\\(([a-z.]*)#([a-z0-9-]+)\\).*[0-9].*\\.");
  std::string line;
  std::getline(in, line);
  std::getline(in, line);
  for (int k = 1; k <= 10; k++) {
    std::smatch found;
    std::getline(in, line);
    ASSERT_TRUE(std::regex_match(line, found, item)) << line;
    EXPECT_EQ(found[1], std::to_string(k));
    const std::string page = found[2].length() > 0 ? found[2].str() : "results.md";
    EXPECT_TRUE(has_heading(docs + page, found[3])) << line;
  }
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
