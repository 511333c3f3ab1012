// Measured V, D, F, A, B of whole ensembles: exact statements, threads, names, error bars.
#include "trainer/record/accumulate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iterator>

#include "base/file/json.h"
#include "base/file/npz.h"
#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

Data data_of(const Settings &s, size_t inputs, unsigned seed = 2) {
  return Data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed);
}

// (estimate - expected)/error bar, worst over the array; entries that differ by rounding
// only do not count.
double worst(const Archive &a, const std::string &name, const std::vector<double> &expected) {
  double z = 0;
  EXPECT_EQ(a.count(name), expected.size()) << name;
  for (size_t i = 0; i < expected.size(); i++) {
    const double difference = std::fabs(a.at(name, i) - expected[i]);
    EXPECT_TRUE(std::isfinite(difference)) << name;
    if (difference > 1e-13) z = std::max(z, difference / a.at(name + "_se", i));
  }
  return z;
}

std::string npz_bytes(const Archive &archive) {
  const std::string path = testing::TempDir() + "pdlt_acc_" + std::to_string(getpid()) + ".npz";
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npz_write(&archive.c, path.c_str(), &err), PDLT_OK) << err.message;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  unlink(path.c_str());
  EXPECT_GT(bytes.size(), 100u);
  return bytes;
}

// Gaussian expectations over two samples by the trapezoid rule, which converges
// exponentially for what is smooth.
struct Plane {
  Plane(const double K[2][2], const pdlt_activation &activation) {
    const double l00 = std::sqrt(K[0][0]), l10 = K[0][1] / l00,
                 l11 = std::sqrt(K[1][1] - l10 * l10), step = 0.125;
    for (double u = -9; u <= 9; u += step)
      for (double v = -9; v <= 9; v += step) {
        const double z[2] = {l00 * u, l10 * u + l11 * v};
        weight.push_back(step * step * std::exp(-0.5 * (u * u + v * v)) / (2 * M_PI));
        for (int a = 0; a < 2; a++) {
          s[a].push_back(pdlt_activation_eval(&activation, 0, z[a]));
          ds[a].push_back(pdlt_activation_eval(&activation, 1, z[a]));
        }
      }
  }
  double mean(const std::function<double(size_t)> &f) const {
    double sum = 0;
    for (size_t i = 0; i < weight.size(); i++) sum += weight[i] * f(i);
    return sum;
  }
  std::vector<double> weight, s[2], ds[2];
};

// The tensors of layer 2 on two samples, which have no further order in 1/n (PDLT
// ch. 4 and 8), from the hyperparameters of both layers; array order.
struct LayerTwo {
  LayerTwo(const Experiment &ex, const Data &data) {
    const auto &net = ex.c.network;
    double K[2][2], h[2][2];
    for (size_t a = 0; a < 2; a++)
      for (size_t b = 0; b < 2; b++) {
        double xx = 0;
        for (size_t j = 0; j < data.c.inputs; j++)
          xx += data.x[a * data.c.inputs + j] * data.x[b * data.c.inputs + j];
        xx /= (double)data.c.inputs;
        K[a][b] = net.C_b[0] + net.C_W[0] * xx;
        h[a][b] = net.lambda_b[0] + net.lambda_W[0] * xx;
      }
    const Plane p(K, net.activation);
    const double C = net.C_W[1], lambda = net.lambda_W[1];
    const auto ss = [&](size_t i, size_t a, size_t b) { return p.s[a][i] * p.s[b][i]; };
    const auto dd = [&](size_t i, size_t a, size_t b) { return p.ds[a][i] * p.ds[b][i]; };
    const auto O = [&](size_t i, size_t a, size_t b) {
      return lambda * ss(i, a, b) + C * h[a][b] * dd(i, a, b);
    };
    const auto covariance = [&](const auto &f, size_t a, size_t b, const auto &g, size_t c,
                                size_t d) {
      const double mf = p.mean([&](size_t i) { return f(i, a, b); });
      const double mg = p.mean([&](size_t i) { return g(i, c, d); });
      return p.mean([&](size_t i) { return (f(i, a, b) - mf) * (g(i, c, d) - mg); });
    };
    for (size_t a = 0; a < 2; a++)
      for (size_t b = 0; b < 2; b++)
        for (size_t c = 0; c < 2; c++)
          for (size_t d = 0; d < 2; d++) {
            V.push_back(C * C * covariance(ss, a, b, ss, c, d));
            D.push_back(C * covariance(ss, a, b, O, c, d));
            A.push_back(covariance(O, a, b, O, c, d));
            // entry [1][3][2][4]: 1 = a, 3 = b, 2 = c, 4 = d
            F.push_back(C * C * h[b][d] *
                        p.mean([&](size_t i) { return ss(i, a, c) * dd(i, b, d); }));
            B.push_back(C * C * h[a][c] * h[b][d] *
                        p.mean([&](size_t i) { return dd(i, a, c) * dd(i, b, d); }));
          }
  }
  std::vector<double> V, D, F, A, B;
};

Settings tensors_only() {
  Settings s;
  s.measure = "[vertex, ntk_fluctuations]";
  s.train = 1;
  s.test = 1;
  return s;
}

}  // namespace

TEST(TrainerAccumulate, LayerTwoIsExactAtEveryWidth) {
  for (const char *activation : {"quadratic(0.3)", "tanh", "sin", "erf", "gelu"}) {
    Settings s = tensors_only();
    s.activation = activation;
    s.depth = 2;
    s.widths = "[2, 5]";
    s.ratios = "[3]";
    s.C_b = "[0.2, 0.3]";
    s.C_W = "[0.7, 1.4]";
    s.lambda_b = "[0.5, 0.4]";
    s.lambda_W = "[1.3, 0.6]";
    s.members = 20000;
    const Data data = data_of(s, 3);
    const LayerTwo exact(Experiment(yaml(s)), data);
    Archive out;
    run(s, data, 2, 0, &out);
    for (const std::string n : {"n2/", "n5/"}) {
      EXPECT_LT(worst(out, n + "V", exact.V), 4.5) << activation;
      EXPECT_LT(worst(out, n + "D", exact.D), 4.5) << activation;
      EXPECT_LT(worst(out, n + "F", exact.F), 4.5) << activation;
      EXPECT_LT(worst(out, n + "A", exact.A), 4.5) << activation;
      EXPECT_LT(worst(out, n + "B", exact.B), 4.5) << activation;
      for (const char *name : {"V", "D", "F", "A", "B"})
        EXPECT_LT(out.at(n + name + "_se"), 0.1 * std::fabs(out.at(n + name))) << name;
    }
  }
}

// GELU, C_W = 1.98305826, no biases: layer 2 of arXiv:2508.11522, fig. 2.
TEST(TrainerAccumulate, LayerTwoIsAsPublished) {
  Settings s = tensors_only();
  s.activation = "gelu";
  s.depth = 2;
  s.widths = "[8]";
  s.C_b = s.lambda_b = "0";
  s.C_W = "1.98305826";
  s.lambda_W = "1";
  s.members = 60000;
  Data data = data_of(s, 4);
  data.x = {0.6540248765053858,  -1.3592788739383235,  -0.3791179316445409, 0.34191025226280697,
            -0.6786403121150224, -0.12161213502515096, 0.21716372787141658, -1.4709063616118982};
  data.c.x = data.x.data();
  Archive out;
  run(s, data, 2, 0, &out);
  const struct {
    const char *name;
    size_t index;
    double value;
  } published[] = {{"V", 0, 7.2485847241}, {"V", 1, 0.1869870349}, {"V", 3, -0.8401672747},
                   {"V", 5, 0.4334559177}, {"D", 0, 4.5693354113}, {"D", 3, -0.7425118411},
                   {"D", 5, 0.1524724266}, {"F", 0, 1.5588311805}, {"F", 5, 0.3684162882},
                   {"F", 3, -0.0696645398}};
  for (const auto &p : published) {
    const double se = out.at(std::string("n8/") + p.name + "_se", p.index);
    EXPECT_GT(se, 0);
    EXPECT_NEAR(out.at(std::string("n8/") + p.name, p.index), p.value, 4.5 * se)
        << p.name << p.index;
  }
}

// sigma = z^2, one sample: V = C_W^2 (<z^8> - <z^4>^2) = 96 C_W^2 K^4,
// F = 4 C_W^2 <z^6> h = 60 C_W^2 K^3 h, B = 16 C_W^2 <z^4> h^2 = 48 C_W^2 K^2 h^2.
TEST(TrainerAccumulate, SquareByHand) {
  Settings s = tensors_only();
  s.activation = "polynomial(0,0,1)";
  s.test = 0;
  s.depth = 2;
  s.widths = "[32]";
  s.C_b = "[0.2, 0.7]";
  s.C_W = "[0.5, 1.3]";
  s.lambda_b = "[0.4, 2]";
  s.lambda_W = "[1.5, 0.3]";
  s.members = 40000;
  const Data data = data_of(s, 2, 11);
  Archive out;
  run(s, data, 2, 0, &out);
  const double xx = (data.x[0] * data.x[0] + data.x[1] * data.x[1]) / 2;
  const double K = 0.2 + 0.5 * xx, h = 0.4 + 1.5 * xx, C2 = 1.3 * 1.3;
  EXPECT_LT(worst(out, "n32/V", {96 * C2 * K * K * K * K}), 4.5);
  EXPECT_LT(worst(out, "n32/F", {60 * C2 * K * K * K * h}), 4.5);
  EXPECT_LT(worst(out, "n32/B", {48 * C2 * K * K * h * h}), 4.5);
  EXPECT_LT(out.at("n32/V_se"), 0.1 * out.at("n32/V"));
}

// Linear, no biases: K^(l)/mean is a product of chi^2_n/n over the layers below, so
// V^(l) = n_{l-1} K^2 (prod_{m<l} (1 + 2/n_m) - 1) at every width.
TEST(TrainerAccumulate, DeepLinearVertexIsAProduct) {
  Settings s = tensors_only();
  s.activation = "linear";
  s.test = 0;
  s.depth = 4;
  s.widths = "[6]";
  s.ratios = "[1, 3, 2]";
  s.C_b = "0";
  s.C_W = "[0.8, 1.4, 0.9, 1.2]";
  s.measure = "[vertex]";
  s.members = 40000;
  const Data data = data_of(s, 2, 5);
  Archive out;
  run(s, data, 2, 1, &out);
  const double C_W[] = {0.8, 1.4, 0.9, 1.2}, n[] = {6, 18, 12};
  double K = C_W[0] * (data.x[0] * data.x[0] + data.x[1] * data.x[1]) / 2, growth = 1;
  EXPECT_EQ(out.at("n6/layer1/V"), 0);
  EXPECT_EQ(out.at("n6/layer1/V_se"), 0);
  for (int l = 2; l <= 4; l++) {
    K *= C_W[l - 1];
    growth *= 1 + 2 / n[l - 2];
    const std::string name = "n6/layer" + std::to_string(l) + "/V";
    EXPECT_LT(worst(out, name, {n[l - 2] * K * K * (growth - 1)}), 4.5) << l;
    EXPECT_LT(out.at(name + "_se"), 0.1 * out.at(name));
  }
  EXPECT_EQ(out.at("n6/V"), out.at("n6/layer4/V"));
  EXPECT_EQ(out.at("n6/blocks/V", 7), out.at("n6/blocks/layer4/V", 7));
}

// Biases, unequal layers, all tensors of all layers: symmetric as they should be, also
// the block values.
TEST(TrainerAccumulate, ArraysHaveTheSymmetriesOfTheTensors) {
  Settings s = tensors_only();
  s.train = 2;
  s.measure_samples = 2;
  s.widths = "[3]";
  s.ratios = "[2, 1]";
  s.members = 300;
  Archive out;
  run(s, data_of(s, 3), 1, 1, &out);
  for (const std::string prefix : {"n3/", "n3/layer2/", "n3/blocks/", "n3/blocks/layer3/"}) {
    for (const std::string name : {"V", "D", "F", "A", "B"})
      ASSERT_GE(out.count(prefix + name), 16u) << prefix << name;
    for (size_t i = 0; i < out.count(prefix + "V"); i++) {
      const size_t base = i / 16 * 16, a = i >> 3 & 1, b = i >> 2 & 1, c = i >> 1 & 1, d = i & 1;
      const auto at = [&](const char *name, size_t e, size_t f, size_t g, size_t h) {
        return out.at(prefix + name, base + 8 * e + 4 * f + 2 * g + h);
      };
      const double tolerance = 1e-9;
      EXPECT_NEAR(at("V", a, b, c, d), at("V", b, a, c, d), 0);
      EXPECT_NEAR(at("V", a, b, c, d), at("V", c, d, a, b), tolerance);
      EXPECT_NEAR(at("A", a, b, c, d), at("A", a, b, d, c), 0);
      EXPECT_NEAR(at("A", a, b, c, d), at("A", c, d, a, b), tolerance);
      EXPECT_NEAR(at("D", a, b, c, d), at("D", b, a, c, d), 0);
      EXPECT_NEAR(at("D", a, b, c, d), at("D", a, b, d, c), 0);
      EXPECT_NEAR(at("F", a, b, c, d), at("F", c, d, a, b), tolerance);
      EXPECT_NEAR(at("B", a, b, c, d), at("B", b, a, d, c), tolerance);
      EXPECT_NEAR(at("B", a, b, c, d), at("B", c, d, a, b), tolerance);
    }
  }
  EXPECT_NE(out.at("n3/D", 1), out.at("n3/D", 4));  // 0001 and 0100 are different
}

// Blocks of more than 64 draws, and of a rest, give the covariance of all draws.
TEST(TrainerAccumulate, BatchesOfABlockAreMerged) {
  Settings s = tensors_only();
  s.widths = "[3]";
  s.members = 170;
  const Data data = data_of(s, 2);
  Experiment ex(yaml(s));
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_plan plan = {};
  pdlt_accumulator acc = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
  ASSERT_EQ(pdlt_network_new(&net, &ex.c, 3, 2, &err), PDLT_OK);
  ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, &err), PDLT_OK);
  ASSERT_EQ(pdlt_accumulator_new(&acc, &plan, &net, &err), PDLT_OK);
  std::vector<double> record(plan.at.size), theta(net.num_params), kernels, matrix(4);
  for (unsigned member = 0; member < 170; member++) {
    pdlt_network_draw(&net, 3, member, theta.data());
    pdlt_accumulator_add(&acc, theta.data(), record.data());
    pdlt_fluctuation_kernel(&acc.fluctuation, 3, matrix.data());
    kernels.push_back(matrix[1]);
  }
  pdlt_accumulator_flush(&acc, record.data());
  double mean = 0, scatter = 0;
  for (double k : kernels) mean += k / 170;
  for (double k : kernels) scatter += (k - mean) * (k - mean);
  EXPECT_EQ(record[plan.at.u_count], 170);
  EXPECT_NEAR(record[plan.at.u_mean + 1], mean, 1e-13);
  EXPECT_NEAR(record[plan.at.u_scatter + plan.moments + 1], scatter, 1e-12 * (1 + scatter));
  pdlt_accumulator_free(&acc);
  pdlt_network_free(&net);
  pdlt_samples_free(&problem);
}

TEST(TrainerAccumulate, ThreadsAndOtherQuantitiesChangeNoBit) {
  Settings s = tensors_only();
  s.train = 3;
  s.test = 2;
  s.measure_samples = 3;
  s.widths = "[4, 7]";
  s.members = 200;
  const Data data = data_of(s, 3);
  Archive one, two, all;
  run(s, data, 1, 1, &one);
  run(s, data, 2, 1, &two);
  EXPECT_EQ(npz_bytes(one), npz_bytes(two));
  s.measure = "[output, kernel, ntk, vertex, ntk_fluctuations]";
  run(s, data, 2, 1, &all);
  for (const char *name : {"n7/V", "n7/D", "n7/F", "n7/A", "n7/B", "n4/layer2/A"})
    for (size_t i = 0; i < 81; i++) EXPECT_EQ(all.at(name, i), one.at(name, i)) << name;
  EXPECT_EQ(all.count("n7/Theta"), 25u);
  EXPECT_EQ(all.count("n7/F"), 81u);
}

TEST(TrainerAccumulate, OnlyWhatIsAskedForIsThere) {
  Settings s = tensors_only();
  s.members = 64;
  const Data data = data_of(s, 3);
  Archive vertex, ntk;
  s.measure = "[vertex]";
  run(s, data, 1, 0, &vertex);
  s.measure = "[ntk_fluctuations]";
  run(s, data, 1, 0, &ntk);
  for (const char *name : {"D", "F", "A", "B"}) {
    EXPECT_EQ(vertex.count(std::string("n8/") + name), 0u);
    EXPECT_EQ(ntk.count(std::string("n8/") + name), 16u);
  }
  EXPECT_EQ(vertex.count("n8/V"), 16u);
  EXPECT_EQ(ntk.count("n8/V"), 0u);
  EXPECT_EQ(vertex.count("n8/layer3/V"), 0u);
  EXPECT_TRUE(std::isnan(vertex.at("n8/V_se")));  // one block gives no error bar
  EXPECT_EQ(json_object_size(json_object_get(pdlt_archive_meta(&ntk.c), "absent")), 0u);
}

TEST(TrainerAccumulate, TooManySamplesAreRefused) {
  Settings s = tensors_only();
  s.train = 33;
  s.measure_samples = 33;
  const Data data = data_of(s, 2);
  Experiment ex(yaml(s));
  Archive out;
  pdlt_error err = {};
  const pdlt_ensemble_options o = options(1);
  EXPECT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("measure_samples: 33; "), std::string::npos)
      << err.message;
}

// Over many ensembles, (estimate - exact)/error bar has variance 1 as far as the skewness
// of products of few neurons allows.
TEST(TrainerAccumulate, ErrorBarsMatchTheSpread) {
  Settings s = tensors_only();
  s.activation = "sin";
  s.depth = 2;
  s.widths = "[10]";
  s.members = 64 * 40;
  const Data data = data_of(s, 3);
  const LayerTwo exact(Experiment(yaml(s)), data);
  const int runs = 100;
  double squares[5] = {};
  const char *const names[] = {"V", "D", "F", "A", "B"};
  const std::vector<double> *expected[] = {&exact.V, &exact.D, &exact.F, &exact.A, &exact.B};
  for (int r = 0; r < runs; r++) {
    s.seed = 1000 + r;
    Archive out;
    run(s, data, 2, 0, &out);
    for (int k = 0; k < 5; k++) {
      const std::string name = std::string("n10/") + names[k];
      const double z = (out.at(name, 5) - (*expected[k])[5]) / out.at(name + "_se", 5);
      squares[k] += z * z / runs;
    }
  }
  for (int k = 0; k < 5; k++) EXPECT_NEAR(squares[k], 1, 0.5) << names[k];
}

TEST(TrainerAccumulate, MemoryFailuresAreReported) {
  Settings s = tensors_only();
  s.members = 64 * 3;
  const Data data = data_of(s, 3);
  Experiment ex(yaml(s));
  const pdlt_ensemble_options o = options(1);
  long failures = 0;
  for (;; failures++) {
    Archive out;
    pdlt_error err = {};
    pdlt_memory_fail_after(failures);
    const pdlt_status status = pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY) << err.message;
  }
  EXPECT_GT(failures, 10);
}
