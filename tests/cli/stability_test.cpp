/* stability_test.cpp - what a run says about unstable draws: one line at its start for each
 * width, the estimates in the metadata, and in the comparison. */
#include <gtest/gtest.h>

#include "base/file/npz.h"
#include "tests/cli/support.h"

namespace {

const char *const text =
    "network: {activation: tanh, depth: 3, widths: [8, 128], C_b: 0.1, C_W: 1.3}\n"
    "data: {source: gaussian, inputs: 3, seed: 4, train: 2, test: 1}\n"
    "training: {eta: {relative: 0.5}, steps: 2}\n"
    "ensemble: {members: 64, estimator: antithetic}\n";

TEST(CliStability, OneLineNamesTheWidthThatWouldDo) {
  TempFolder folder;
  write_text(folder / "e.yaml", text);
  const Outcome loud = run_pdlt("train e.yaml -o loud.npz", folder.path());
  ASSERT_EQ(loud.status, 0) << loud.err;
  const size_t at = loud.err.find("warning: n = 8: eta times the largest eigenvalue of the NTK");
  ASSERT_NE(at, std::string::npos) << loud.err;
  EXPECT_LT(at, loud.err.find("training, n = 8"));
  EXPECT_NE(loud.err.find(" would do", at), std::string::npos) << loud.err;
  EXPECT_EQ(loud.err.find("warning: n = 128"), std::string::npos) << loud.err;
  const Outcome quiet = run_pdlt("train e.yaml -o quiet.npz --quiet", folder.path());
  ASSERT_EQ(quiet.status, 0);
  EXPECT_EQ(quiet.err, "");
  EXPECT_EQ(read_text(folder / "loud.npz"), read_text(folder / "quiet.npz"));
  pdlt_archive archive = {};
  ASSERT_EQ(pdlt_npz_read(&archive, (folder / "quiet.npz").c_str(), nullptr), PDLT_OK);
  const json_t *list = json_object_get(archive.meta, "stability");
  ASSERT_EQ(json_array_size(list), 2u);
  const auto of = [&](size_t width, const char *key) {
    return json_number_value(json_object_get(json_array_get(list, width), key));
  };
  EXPECT_EQ(of(0, "draws"), 512);
  EXPECT_GT(of(0, "share"), 1e-5);
  EXPECT_LT(of(1, "share"), 1e-5);
  EXPECT_GT(of(0, "stable_width"), 8);
  EXPECT_LT(of(0, "stable_width"), 128);
  EXPECT_EQ(of(1, "stable_width"), 128);
  EXPECT_GT(of(0, "sd"), of(1, "sd"));
  EXPECT_NE(pdlt_archive_get(&archive, "n8/unstable"), nullptr);
  pdlt_archive_free(&archive);
}

}  // namespace
