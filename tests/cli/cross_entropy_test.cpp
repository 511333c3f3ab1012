// training.loss: cross_entropy through the whole program: losses of networks, what is absent, the same bits.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/cli/archive.h"
#include "tests/cli/support.h"

namespace {

const char *const kExperiment =
    "network: {activation: tanh, depth: 2, widths: [8, 12, 18, 27], outputs: 2, C_b: 0.2, C_W: "
    "1.5}\n"
    "data: {source: csv, file: d.csv, train: 2, test: 1}\n"
    "training: {eta: {relative: 0.6}, steps: 5, record: [0, 5], loss: cross_entropy}\n"
    "ensemble: {members: 4096, estimator: plain, keep_members: 4096}\n"
    "theory: {order: 1, tolerance: 1e-6}\n";
const char *const kData = "x1,x2,y1,y2\n1,0.4,1,0\n-0.3,1.1,0.1,0.9\n0.7,0.9,0,1\n";

void write(const TempFolder &folder) {
  write_text(folder / "e.yaml", kExperiment);
  write_text(folder / "d.csv", kData);
}

double number(const Archive &a, const char *name, size_t at) {
  const pdlt_array *array = pdlt_archive_get(&a.all, name);
  EXPECT_NE(array, nullptr) << name;
  return array == nullptr ? NAN : array->data[at];
}

}  // namespace

TEST(CrossEntropyStudy, LossesAreThoseOfTheNetworks) {
  TempFolder folder;
  write(folder);
  const Outcome got = run_pdlt("train e.yaml -o m.npz --threads 2", folder.path());
  ASSERT_EQ(got.status, 0) << got.err;
  const Archive m(folder / "m.npz");
  const pdlt_array *z = pdlt_archive_get(&m.all, "n8/samples/z"); /* (members, T, n_L, D) */
  ASSERT_NE(z, nullptr);
  const double y[3][2] = {{1, 0}, {0.1, 0.9}, {0, 1}};
  double loss[2][3] = {};
  for (size_t k = 0; k < 4096; k++)
    for (size_t t = 0; t < 2; t++)
      for (size_t a = 0; a < 3; a++) {
        const double *at = z->data + (k * 2 + t) * 6;
        const double d = at[a] - at[3 + a];
        loss[t][a] +=
            (y[a][0] * std::log1p(std::exp(-d)) + y[a][1] * std::log1p(std::exp(d))) / 4096;
      }
  for (size_t t = 0; t < 2; t++) {
    EXPECT_NEAR(number(m, "n8/loss_train", t), loss[t][0] + loss[t][1], 1e-11);
    EXPECT_NEAR(number(m, "n8/loss_test", t), loss[t][2], 1e-11);
    for (size_t a = 0; a < 3; a++)
      EXPECT_NEAR(number(m, "n8/loss_sample", 3 * t + a), loss[t][a], 1e-11);
  }
  EXPECT_LT(loss[1][0] + loss[1][1], loss[0][0] + loss[0][1]); /* it descends */
  EXPECT_EQ(pdlt_archive_get(&m.all, "n8/loss_train_bias"), nullptr);
  EXPECT_EQ(pdlt_archive_get(&m.all, "n8/unstable"), nullptr);
}

TEST(CrossEntropyStudy, BytesAreTheSameForAnyThreadsAndWhatIsAbsentSaysWhy) {
  TempFolder folder;
  write(folder);
  std::string first[2];
  for (const std::string t : {"1", "3"}) {
    const std::string more = " --threads " + t;
    const std::string set = more + " --set ensemble.estimator=auto --set ensemble.keep_members=0";
    const Outcome theory = run_pdlt("theory e.yaml -o theory" + t + ".npz" + more, folder.path());
    const Outcome train = run_pdlt("train e.yaml -o measured" + t + ".npz" + set, folder.path());
    ASSERT_EQ(theory.status + train.status, 0) << theory.err << train.err;
    const std::string files[2] = {read_text(folder / ("theory" + t + ".npz")),
                                  read_text(folder / ("measured" + t + ".npz"))};
    for (int k = 0; k < 2; k++) {
      if (t == "3") {
        EXPECT_EQ(files[k], first[k]);
      }
      first[k] = files[k];
    }
  }
  const Archive theory(folder / "theory1.npz");
  for (const char *name :
       {"z_lo", "cov_lo", "loss_train_lo", "loss_test_lo", "loss_sample_lo", "V"})
    EXPECT_NE(pdlt_archive_get(&theory.all, name), nullptr) << name;
  const json_t *absent = json_object_get(theory.all.meta, "absent");
  for (const char *name : {"z_nlo", "cov_nlo", "Theta_t_nlo", "z_end_lo", "cov_end_lo",
                           "loss_train_nlo", "loss_train_end_lo", "loss_train_lo_bias"}) {
    EXPECT_EQ(pdlt_archive_get(&theory.all, name), nullptr) << name;
    EXPECT_NE(json_object_get(absent, name), nullptr) << name;
  }
  const Archive measured(folder / "measured1.npz");
  const json_t *estimator = json_object_get(measured.all.meta, "estimator");
  EXPECT_NE(json_object_get(estimator, "not_linearized"), nullptr);
}

TEST(CrossEntropyStudy, TargetsThatAreNoProbabilitiesAndLargeStepsAreRefused) {
  TempFolder folder;
  write(folder);
  const Outcome large =
      run_pdlt("theory e.yaml -o t.npz --set training.eta={relative:' '4}", folder.path());
  EXPECT_EQ(large.status, 2);
  EXPECT_NE(large.err.find("not below 4 / largest eigenvalue"), std::string::npos) << large.err;
  write_text(folder / "d.csv", "x1,x2,y1,y2\n1,0.4,1,-1\n-0.3,1.1,-1,1\n0.7,0.9,-1,1\n");
  const Outcome signs = run_pdlt("train e.yaml -o m.npz", folder.path());
  EXPECT_EQ(signs.status, 2);
  EXPECT_NE(signs.err.find("e.yaml:3: training.loss: cross_entropy needs probabilities"),
            std::string::npos)
      << signs.err;
}
