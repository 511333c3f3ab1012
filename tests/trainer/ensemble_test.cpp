// Whole ensembles: exact statements, threads, checkpoints, estimators, divergence.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/file/json.h"
#include "base/file/npz.h"
#include "tests/trainer/support.h"
#include "trainer/draw/block.h"
#include "trainer/output/output.h"
#include "trainer/run/checkpoint.h"
#include "trainer/statistics/moments.h"

using namespace trainer_test;

namespace {

std::string temporary(const std::string &name) {
  return testing::TempDir() + "pdlt_trainer_" + std::to_string(getpid()) + "_" + name;
}

std::string slurp(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

std::string npz_bytes(const Archive &archive) {
  const std::string path = temporary("bytes.npz");
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npz_write(&archive.c, path.c_str(), &err), PDLT_OK) << err.message;
  const std::string bytes = slurp(path);
  unlink(path.c_str());
  EXPECT_GT(bytes.size(), 100u);
  return bytes;
}

// Bytes of all files in a folder; 0 when there is none.
size_t bytes_in(const std::string &path) {
  size_t bytes = 0;
  if (!std::filesystem::exists(path)) return 0;
  for (const auto &file : std::filesystem::directory_iterator(path)) bytes += file.file_size();
  return bytes;
}

Data data_of(const Settings &s, size_t inputs = 3, unsigned seed = 2) {
  return Data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed);
}

// (estimate - expected) / error bar, worst over the array.
double worst(const Archive &a, const std::string &name, const std::vector<double> &expected) {
  double z = 0;
  EXPECT_EQ(a.count(name), expected.size());
  for (size_t i = 0; i < expected.size(); i++)
    z = std::max(z, std::fabs(a.at(name, i) - expected[i]) / a.at(name + "_se", i));
  return z;
}

}  // namespace

// Deep linear networks have mean kernel and mean NTK without corrections in 1/n.
TEST(TrainerEnsemble, LinearNetworksHaveTheirExactKernelAndNtk) {
  Settings s;
  s.activation = "linear";
  s.depth = 4;
  s.widths = "[3, 5]";
  s.ratios = "[1, 2, 1]";
  s.C_b = "[0.1, 0.2, 0.3, 0.4]";
  s.C_W = "[0.7, 1.1, 0.9, 1.2]";
  s.lambda_b = "[0.5, 0, 0.4, 0.3]";
  s.lambda_W = "[1.3, 0.8, 1.5, 0.6]";
  s.members = 6400;
  s.measure = "[kernel, ntk]";
  Data data = data_of(s);
  Archive out;
  pdlt_ensemble_options o = options(2);
  o.layers = 1;
  run(s, data, o, &out);
  const double C_b[] = {.1, .2, .3, .4}, C_W[] = {.7, 1.1, .9, 1.2};
  const double l_b[] = {.5, 0, .4, .3}, l_W[] = {1.3, .8, 1.5, .6};
  const size_t D = 5;
  std::vector<double> xx(D * D), K(D * D), Th(D * D);
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++)
      for (size_t j = 0; j < 3; j++) xx[a * D + b] += data.x[a * 3 + j] * data.x[b * 3 + j] / 3;
  for (size_t l = 0; l < 4; l++) {
    for (size_t i = 0; i < D * D; i++) {
      const double below = l == 0 ? xx[i] : K[i];
      Th[i] = l_b[l] + l_W[l] * below + (l == 0 ? 0 : C_W[l] * Th[i]);
      K[i] = C_b[l] + C_W[l] * below;
    }
    if (l == 0) continue;  // exact in every draw, no error bar
    for (const char *n : {"n3/", "n5/"}) {
      const std::string layer = n + ("layer" + std::to_string(l + 1) + "/");
      EXPECT_LT(worst(out, layer + "K", K), 5) << layer;
      EXPECT_LT(worst(out, layer + "Theta", Th), 5) << layer;
    }
  }
  EXPECT_EQ(out.at("n3/K", 7), out.at("n3/layer4/K", 7));
  EXPECT_EQ(out.count("n3/blocks/K"), 100 * D * D);
  EXPECT_EQ(out.count("n3/z"), 0u);
  EXPECT_EQ(out.at("n3/members"), 6400);
}

TEST(TrainerEnsemble, ThreadsDoNotChangeABit) {
  Settings s;
  s.widths = "[5, 9]";
  s.outputs = 2;
  s.members = 300;
  s.keep = 70;
  for (const char *estimator : {"plain", "antithetic", "auto"}) {
    s.estimator = estimator;
    Data data = data_of(s);
    Archive one, two, three;
    run(s, data, options(1), &one);
    run(s, data, options(2), &two);
    run(s, data, options(3), &three);
    EXPECT_EQ(npz_bytes(one), npz_bytes(two)) << estimator;
    EXPECT_EQ(npz_bytes(one), npz_bytes(three)) << estimator;
    EXPECT_EQ(one.count("n5/samples/z"), 70u * 3 * 2 * 5);
  }
}

// Estimates from records against plain sums over the stored outputs.
TEST(TrainerEnsemble, MeanAndCovarianceAreThoseOfTheSamples) {
  Settings s;
  s.outputs = 2;
  s.members = s.keep = 150;
  Data data = data_of(s);
  Archive out;
  run(s, data, options(2), &out);
  const size_t N = 150, T = 3, p = 10;
  for (size_t t = 0; t < T; t++)
    for (size_t i = 0; i < p; i++) {
      double mean_i = 0;
      for (size_t m = 0; m < N; m++) mean_i += out.at("n8/samples/z", (m * T + t) * p + i) / N;
      EXPECT_NEAR(out.at("n8/z", t * p + i), mean_i, 1e-12);
      for (size_t j = 0; j < p; j++) {
        double mean_j = 0, sum = 0;
        for (size_t m = 0; m < N; m++) mean_j += out.at("n8/samples/z", (m * T + t) * p + j) / N;
        for (size_t m = 0; m < N; m++)
          sum += (out.at("n8/samples/z", (m * T + t) * p + i) - mean_i) *
                 (out.at("n8/samples/z", (m * T + t) * p + j) - mean_j);
        EXPECT_NEAR(out.at("n8/cov", (t * p + i) * p + j), sum / (N - 1), 1e-12);
      }
    }
  EXPECT_TRUE(std::isnan(out.at("n8/z_se", 0)));  // three blocks are too few
  EXPECT_EQ(out.at("n8/blocks/members", 2), 22);
}

// Antithetic pairs measure the same mean and covariance with smaller error bars.
TEST(TrainerEnsemble, AntitheticAgreesWithPlain) {
  Settings s;
  s.outputs = 2;
  s.members = 6400;
  s.measure = "[output]";
  Data data = data_of(s);
  Archive plain, pairs;
  run(s, data, options(2), &plain);
  s.estimator = "antithetic";
  s.seed = 8;
  run(s, data, options(2), &pairs);
  const size_t p = 10;
  for (size_t i = 0; i < p; i++) EXPECT_EQ(pairs.at("n8/z", i), 0);  // exactly, at t = 0
  for (const char *name : {"n8/z", "n8/cov"}) {
    const std::string se = std::string(name) + "_se";
    double square = 0;
    for (size_t i = 0; i < plain.count(name); i++) {
      const double error = std::hypot(plain.at(se, i), pairs.at(se, i));
      const double z = (plain.at(name, i) - pairs.at(name, i)) / error;
      EXPECT_LT(std::fabs(z), 5) << name << " " << i;
      square += z * z / (double)plain.count(name);
    }
    EXPECT_GT(square, 0.1) << name;  // error bars are not too wide either
    EXPECT_LT(square, 4) << name;
  }
  for (size_t i = 2 * p; i < 3 * p; i++) EXPECT_LT(pairs.at("n8/z_se", i), plain.at("n8/z_se", i));
}

TEST(TrainerEnsemble, DivergedMembersAreCountedAndLeftOut) {
  Settings s;
  s.activation = "linear";
  s.depth = 2;
  s.widths = "[4]";
  s.members = s.keep = 256;
  s.steps = "40";
  s.record = "[0, 40]";
  s.eta = "0.32";
  Data data = data_of(s);
  Archive out;
  run(s, data, options(2), &out);
  const double diverged = out.at("n4/diverged");
  EXPECT_GT(diverged, 0);
  EXPECT_LT(diverged, 256);
  double mean = 0, survivors = 0;
  for (size_t m = 0; m < 256; m++) {
    const double z = out.at("n4/samples/z", m * 10 + 7);
    if (std::isnan(z)) continue;
    mean += z;
    survivors++;
  }
  EXPECT_EQ(survivors, 256 - diverged);
  EXPECT_NEAR(out.at("n4/z", 7), mean / survivors, 1e-9 * (1 + std::fabs(mean)));
  s.eta = "100";
  Archive all;
  run(s, data, options(2), &all);
  EXPECT_EQ(all.at("n4/diverged"), 256);
  EXPECT_TRUE(std::isnan(all.at("n4/z", 0)));
  EXPECT_EQ(all.at("n4/K", 3), out.at("n4/K", 3));  // at initialization all draws count
  EXPECT_FALSE(std::isnan(all.at("n4/K", 3)));
}

TEST(TrainerEnsemble, TrainsToTheTargets) {
  Settings s;
  s.widths = "[16]";
  s.steps = "end";
  s.record = "";
  s.eta = "0.1";
  s.members = 70;
  s.estimator = "antithetic";
  Data data = data_of(s);
  Archive out;
  run(s, data, options(2), &out);
  EXPECT_EQ(out.count("times"), 2u);
  EXPECT_TRUE(std::isinf(out.at("times", 1)));
  EXPECT_EQ(out.at("n16/unconverged"), 0);
  for (size_t a = 0; a < 3; a++) {
    EXPECT_NEAR(out.at("n16/z_end", a), data.y[a], 2e-9 * 3);
    EXPECT_NEAR(out.at("n16/cov_end", a * 5 + a), 0, 1e-15);
    EXPECT_EQ(out.at("n16/z_end", a), out.at("n16/z", 5 + a));
  }
  EXPECT_GT(out.at("n16/cov_end", 4 * 5 + 4), 1e-6);
  s.more_training = "  max_steps: 3\n";
  Archive early;
  run(s, data, options(2), &early);
  EXPECT_EQ(early.at("n16/unconverged"), 70);
  EXPECT_FALSE(std::isnan(early.at("n16/z_end", 0)));
}

TEST(TrainerEnsemble, AutoChoosesByVarianceAndSaysSo) {
  Settings s;
  s.estimator = "auto";
  s.widths = "[8, 32]";
  s.eta = "0.1";
  s.steps = "30";
  s.record = "[0, 30]";
  s.measure = "[output]";
  Data data = data_of(s);
  Archive out;
  run(s, data, options(2), &out);
  const json_t *estimator = json_object_get(pdlt_archive_meta(&out.c), "estimator");
  EXPECT_STREQ(json_string_value(json_object_get(estimator, "requested")), "auto");
  const std::string used = json_string_value(json_object_get(estimator, "used"));
  EXPECT_TRUE(used == "two_level" || used == "control") << used;
  const json_t *wide = json_array_get(json_object_get(estimator, "pilot"), 1);
  EXPECT_LT(json_real_value(json_object_get(wide, "variance_antithetic")),
            json_real_value(json_object_get(wide, "variance_plain")) / 2);
  // The numbers are those of the estimator asked for by name.
  s.estimator = used;
  Archive named;
  run(s, data, options(1), &named);
  for (size_t i = 0; i < named.count("n32/z"); i++)
    EXPECT_EQ(named.at("n32/z", i), out.at("n32/z", i));
}

// Every allocation fails once; the blocks that were finished by then are not lost, and
// the end is the same to the last bit.
TEST(TrainerEnsemble, GoesOnAfterEachFailureToTheSameBytes) {
  Settings s;
  s.widths = "[4, 6]";
  s.members = 500;
  s.keep = 100;
  s.estimator = "antithetic";
  Data data = data_of(s);
  Archive whole;
  run(s, data, options(1), &whole);
  const std::string path = temporary("failing.partial");
  Experiment ex(yaml(s));
  pdlt_ensemble_options o = options(2);
  o.checkpoint = path.c_str();
  o.checkpoint_seconds = 0;
  Archive resumed;
  std::vector<size_t> sizes;
  pdlt_status status = PDLT_ERR_MEMORY;
  /* from the first allocation again whenever more has reached the disk */
  for (long calls = 0; calls < 2000 && status != PDLT_OK; calls++) {
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    status = pdlt_ensemble_run(&resumed.c, &ex.c, &data.c, &o, &err);
    pdlt_memory_fail_after(-1);
    ASSERT_TRUE(status == PDLT_OK || status == PDLT_ERR_MEMORY) << err.message;
    if (status != PDLT_OK) {
      ASSERT_EQ(resumed.c.count, 0u);
      const std::string text = err.message; /* which key asks for it, and what would do */
      ASSERT_TRUE(text.find(": data.train: out of memory") != text.npos ||
                  text.find(": network.widths: out of memory") != text.npos ||
                  text.find(": training.record: out of memory") != text.npos ||
                  text.find(": ensemble.keep_members: out of memory") != text.npos)
          << text;
      ASSERT_NE(text.find("; "), text.npos) << text;
    }
    const size_t size = bytes_in(path);
    if (size == 0 || (!sizes.empty() && size == sizes.back())) continue;
    sizes.push_back(size);
    calls = -1;
  }
  ASSERT_EQ(status, PDLT_OK);
  EXPECT_GT(sizes.size(), 2u);  // it did stop between blocks, more than once
  EXPECT_EQ(npz_bytes(resumed), npz_bytes(whole));
  pdlt_checkpoint_remove(path.c_str());
}

TEST(TrainerEnsemble, StopsKeepsAndGoesOn) {
  Settings s;
  s.members = 300;
  s.estimator = "auto";  // what the pilot said is kept too
  Data data = data_of(s);
  Archive whole, resumed;
  run(s, data, options(1), &whole);
  const std::string path = temporary("stopped.partial");
  Experiment ex(yaml(s));
  volatile sig_atomic_t stop = 1;
  pdlt_ensemble_options o = options(2);
  o.checkpoint = path.c_str();
  o.stop = &stop;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_ensemble_run(&resumed.c, &ex.c, &data.c, &o, &err), PDLT_ERR_INTERRUPTED);
  EXPECT_EQ(resumed.c.count, 0u);
  EXPECT_FALSE(std::filesystem::exists(path));  // nothing was finished
  stop = 0;
  ASSERT_EQ(pdlt_ensemble_run(&resumed.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  EXPECT_GT(bytes_in(path), 0u);  // whoever writes the result removes it
  EXPECT_EQ(npz_bytes(resumed), npz_bytes(whole));
  ASSERT_EQ(pdlt_ensemble_run(&resumed.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  EXPECT_EQ(npz_bytes(resumed), npz_bytes(whole));
  pdlt_checkpoint_remove(path.c_str());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TrainerEnsemble, RefusesTheCheckpointOfAnotherExperiment) {
  Settings s;
  s.members = 100;
  Data data = data_of(s);
  const std::string path = temporary("foreign.partial");
  pdlt_ensemble_options o = options(1);
  o.checkpoint = path.c_str();
  Archive first;
  run(s, data, o, &first);
  const size_t size = bytes_in(path);
  s.seed = 9;
  Experiment ex(yaml(s));
  Archive out, expected;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("another experiment; --force"), std::string::npos);
  EXPECT_EQ(out.c.count, 0u);
  EXPECT_EQ(bytes_in(path), size);
  o.discard = 1;
  ASSERT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  run(s, data, options(1), &expected);
  EXPECT_EQ(npz_bytes(out), npz_bytes(expected));
  pdlt_checkpoint_remove(path.c_str());
}

TEST(TrainerEnsemble, RefusesWhatItCannotDo) {
  Settings s;
  Data data = data_of(s);
  pdlt_ensemble_options o = options(1);
  auto refused = [&](const pdlt_experiment &ex, const char *key) {
    Archive out;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_ensemble_run(&out.c, &ex, &data.c, &o, &err), PDLT_ERR_INPUT) << key;
    EXPECT_NE(std::string(err.message).find(key), std::string::npos) << err.message;
    EXPECT_EQ(out.c.count, 0u);
  };
  Experiment ex(yaml(s));
  pdlt_experiment changed = ex.c;
  changed.ensemble.single_precision = changed.training.to_end = 1;
  refused(changed, "ensemble.arithmetic: single rounds at 6e-08");
  changed = ex.c;
  changed.training.eta_kind = PDLT_ETA_FLOW;
  refused(changed, "training.eta");
  changed = ex.c;
  changed.network.critical = 1;
  refused(changed, "network.C_W");
}

TEST(TrainerPlan, BlocksGrowOnlyWhenRecordsAreTooMany) {
  Settings s;
  s.members = 100000;
  Data data = data_of(s);
  for (long members : {100000L, 20000000L}) {
    s.members = members;
    Experiment ex(yaml(s));
    pdlt_samples problem = {};
    pdlt_plan plan = {};
    ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
    const size_t g = plan.block_members / 64;
    EXPECT_EQ(g & (g - 1), 0u);
    EXPECT_EQ(g == 1, members == 100000L);
    EXPECT_GE(plan.blocks * plan.block_members, (size_t)members);
    EXPECT_LE(plan.blocks * plan.at.size * sizeof(double), PDLT_MAX_RECORDS);
    EXPECT_GE(plan.blocks, 32u);
    EXPECT_EQ(plan.has[PDLT_QUANTITY_COV], 1);
    pdlt_samples_free(&problem);
  }
}

// 32 MiB of covariances per record fit at one width and not at two.
TEST(TrainerPlan, HugeCovariancesAreLeftOutAndListed) {
  Settings s;
  s.train = 1024;
  s.test = 0;
  s.record = "[0, 1, 2, 3]";
  s.members = 6400;
  s.more_ensemble = "  keep: [cov]\n";
  Data data = data_of(s, 1);
  for (const char *widths : {"[1]", "[1, 2]"}) {
    s.widths = widths;
    Experiment ex(yaml(s));
    pdlt_samples problem = {};
    pdlt_plan plan = {};
    ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
    EXPECT_EQ(plan.has[PDLT_QUANTITY_COV], ex.c.network.num_widths == 1);
    Archive out;
    ASSERT_EQ(pdlt_output_meta(&out.c, &plan, nullptr, nullptr), PDLT_OK);
    const json_t *absent = json_object_get(pdlt_archive_meta(&out.c), "absent");
    EXPECT_EQ(json_object_get(absent, "cov") == nullptr, plan.has[PDLT_QUANTITY_COV] == 1);
    pdlt_samples_free(&problem);
  }
}

// Blocks of 128 draws (two batches) give the numbers of blocks of 64.
TEST(TrainerPlan, LargerBlocksHaveTheSameSums) {
  Settings s;
  s.members = 200;
  s.estimator = "antithetic";
  Data data = data_of(s);
  Experiment ex(yaml(s));
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_plan plan = {};
  ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_network_new(&net, &ex.c, 8, 3, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
  pdlt_plan_estimator(&plan, 1);
  pdlt_control_width *width = nullptr;
  ASSERT_EQ(pdlt_control_width_new(&width, &plan, &net, nullptr), PDLT_OK);
  std::vector<double> covs[2];
  for (size_t g : {1, 2}) {
    plan.block_members = 64 * g;
    plan.blocks = (200 + plan.block_members - 1) / plan.block_members;
    pdlt_worker worker = {};
    ASSERT_EQ(pdlt_worker_new(&worker, &plan, &net, width, nullptr), PDLT_OK);
    std::vector<double> records(plan.blocks * plan.at.size), pseudo;
    for (size_t b = 0; b < plan.blocks; b++)
      ASSERT_EQ(pdlt_block_run(&worker, b, nullptr, &records[b * plan.at.size], nullptr), 1);
    pdlt_worker_free(&worker);
    const double *r = records.data();
    pdlt_moment_blocks m = {
        plan.blocks,           plan.at.size,     plan.times,          plan.p,
        r + plan.at.survivors, r + plan.at.mean, r + plan.at.scatter, r + plan.at.odd};
    covs[g - 1].resize(plan.times * plan.p * plan.p);
    pseudo.resize(plan.blocks * covs[0].size());
    ASSERT_EQ(pdlt_covariance_estimate(&m, covs[g - 1].data(), pseudo.data(), nullptr), PDLT_OK);
  }
  for (size_t k = 0; k < covs[0].size(); k++) EXPECT_NEAR(covs[0][k], covs[1][k], 1e-13);
  pdlt_control_width_free(width);
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
}
