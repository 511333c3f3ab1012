/* recipes_test.cpp - docs/recipes.md: every file is read, explained and run, with few members. */
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/cli/images.h"
#include "tests/cli/pages.h"

namespace {

/* Seconds in all: fewer members, averages less exact, a line as fit; order 1/n of a few. */
const char *const cheap =
    " --quiet --set ensemble.members=64 --set theory.tolerance=1e-4 --set compare.degree=1";
const std::set<std::string> at_order_one = {"kernels.yaml", "ntk-fluctuations.yaml",
                                            "tensors.yaml", "width-scaling.yaml",
                                            "kinks.yaml",   "posterior.yaml"};

/* Its file, what lies beside it, and its commands. */
struct Recipe {
  std::string heading, file;
  std::map<std::string, std::string> files;
  std::vector<std::string> commands;
};

std::vector<Recipe> recipes() {
  std::vector<Recipe> all;
  for (const auto &fence : fences_of("docs/recipes.md")) {
    if (all.empty() || all.back().heading != fence.heading)
      all.push_back({fence.heading, "", {}, {}});
    Recipe &recipe = all.back();
    if (fence.language == "sh") {
      recipe.commands = fence.lines;
      continue;
    }
    recipe.files[fence.file()] = fence.text();
    if (fence.language == "yaml") recipe.file = fence.file();
  }
  return all;
}

class Recipes : public ::testing::TestWithParam<Recipe> {};

TEST_P(Recipes, IsExplainedAndRuns) {
  TempFolder folder;
  make_project(folder);
  for (const auto &[name, text] : GetParam().files) write_text(folder / name, text);
  const std::string &file = GetParam().file;
  if (GetParam().files.at(file).find("source: idx") != std::string::npos)
    write_images(folder / "t10k-images-idx3-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz");
  const Outcome explained =
      run_pdlt("explain '" + file + "' --quiet --set theory.order=0", folder.path());
  EXPECT_EQ(explained.status, 0) << explained.err;
  EXPECT_NE(explained.out.find(" largest usable eta "), std::string::npos) << explained.out;
  ASSERT_FALSE(GetParam().commands.empty());
  for (const auto &command : GetParam().commands) {
    ASSERT_EQ(command.rfind("build/cli/pdlt ", 0), 0u) << command;
    EXPECT_NE(command.find(" " + file), std::string::npos) << command;
    if (command.find(" explain ") != std::string::npos) continue;
    const std::string order = at_order_one.count(file) > 0 ? "" : " --set theory.order=0";
    const Outcome got = run_shell(command + cheap + order, folder.path());
    EXPECT_EQ(got.status, 0) << command << "\n" << got.out << got.err;
    const size_t at = command.find(" -o ") + 4;
    const std::string out = command.substr(at, command.find(' ', at) - at);
    const bool run = command.find(" run ") != std::string::npos;
    EXPECT_TRUE(std::filesystem::exists(folder / (run ? out + "/report.html" : out))) << out;
  }
}

std::string name_of(const ::testing::TestParamInfo<Recipe> &test) {
  std::string name = test.param.file.substr(0, test.param.file.find('.'));
  for (char &c : name)
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Page, Recipes, ::testing::ValuesIn(recipes()), name_of);

TEST(RecipesPage, HasSeventeenWithQuestionAndAnswer) {
  const std::string page = read_text(PDLT_SOURCE_DIR "/docs/recipes.md");
  std::set<std::string> files;
  for (const auto &recipe : recipes()) {
    EXPECT_TRUE(files.insert(recipe.file).second) << recipe.file;
    const std::string section = page.substr(page.find("## " + recipe.heading));
    EXPECT_EQ(section.find("\n\nAsks: "), recipe.heading.size() + 3) << recipe.heading;
    EXPECT_LT(section.find("\nSeen: "), section.find("```")) << recipe.heading;
  }
  EXPECT_EQ(files.size(), 17u);
}

}  // namespace
