/* coordinate_test.cpp - the coordinate check of docs/hidden.md: how far the second hidden layer moves in
 * four steps, at eight times the width. */
#include <gtest/gtest.h>

#include <cmath>

#include "base/file/npz.h"
#include "tests/cli/support.h"

namespace {

struct Moved {
  double value = NAN, se = NAN; /* mean over samples of q_moved in the second hidden layer */
};

/* Of width n, with settings; 2048 pairs. */
Moved measure(int n, const std::string &settings) {
  TempFolder folder;
  const std::string width = std::to_string(n);
  const Outcome got = run_pdlt("train " PDLT_SOURCE_DIR
                               "/reports/coordinate-check/experiment.yaml -o m.npz"
                               " --set network.widths=[" +
                                   width + "] " + settings,
                               folder.path());
  EXPECT_EQ(got.status, 0) << got.err;
  Moved out;
  pdlt_archive archive = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npz_read(&archive, (folder / "m.npz").string().c_str(), &err), PDLT_OK)
      << err.message;
  const pdlt_array *x = pdlt_archive_getf(&archive, "n%d/q_moved", n);
  const pdlt_array *se = pdlt_archive_getf(&archive, "n%d/q_moved_se", n);
  EXPECT_TRUE(x != nullptr && se != nullptr);
  if (x != nullptr && se != nullptr) {
    const size_t layers = x->dim[1], D = x->dim[2];
    const size_t at = ((x->dim[0] - 1) * layers + 1) * D;
    out = {0, 0};
    for (size_t a = 0; a < D; a++) {
      out.value += x->data[at + a] / (double)D;
      out.se += se->data[at + a] / (double)D; /* not smaller than the error of the mean */
    }
  }
  pdlt_archive_free(&archive);
  return out;
}

double error_of_ratio(const Moved &a, const Moved &b) {
  return a.value / b.value * std::hypot(a.se / a.value, b.se / b.value);
}

}  // namespace

/* Theory's parameterization: 1/n, up to the next power. */
TEST(CoordinateCheck, NtkParameterizationStopsMoving) {
  const Moved narrow = measure(8, ""), wide = measure(64, "");
  const double ratio = narrow.value / wide.value;
  EXPECT_NEAR(ratio, 8, 1 + 3 * error_of_ratio(narrow, wide));
}

/* The rate eta for every weight: wider networks move farther. */
TEST(CoordinateCheck, StandardParameterizationMovesAtFixedEta) {
  const Moved narrow = measure(8, "--set network.lambda_W=[3,8,8] --set training.eta=0.002");
  const Moved wide = measure(64, "--set network.lambda_W=[3,64,64] --set training.eta=0.002");
  EXPECT_GT(wide.value / narrow.value, 1.5);
}

/* muP: from n = 32 to 64 by less than a tenth, where 1/n would be half. */
TEST(CoordinateCheck, MupMovesAtAnyWidth) {
  const Moved narrow = measure(32,
                               "--set network.lambda_W=[32,32,1] --set "
                               "network.C_W=[1.5,1.5,0.375] --set training.eta=0.01");
  const Moved wide = measure(64,
                             "--set network.lambda_W=[64,64,1] --set "
                             "network.C_W=[1.5,1.5,0.1875] --set training.eta=0.01");
  EXPECT_NEAR(wide.value / narrow.value, 1, 0.1);
  EXPECT_LT(error_of_ratio(wide, narrow), 0.05);
}
