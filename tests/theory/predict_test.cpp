// theory/predict/predict.h: names, shapes and values of the archive, and its refusals.
#include "theory/predict/predict.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "tests/theory/predict_case.h"
#include "theory/infinite/kernel.h"
#include "theory/infinite/training.h"

namespace {

const char *const kText = R"(title: t
network: {activation: tanh, depth: 3, widths: [16], outputs: 2, C_b: 0.1, C_W: 1.2,
  lambda_b: 0.5, lambda_W: 1.0}
data: {source: gaussian, inputs: 3, seed: 1, train: 3, test: 2}
training: {eta: 0.2, steps: 20, record: [0, 5, 20]}
ensemble: {members: 100, seed: 7}
theory: {order: 0}
)";

struct Case : PredictCase {
  explicit Case(std::vector<const char *> set) : PredictCase(kText, set) {}
  std::vector<size_t> Shape(const char *name) {
    const pdlt_array *t = pdlt_archive_get(&out, name);
    EXPECT_NE(t, nullptr) << name;
    return t ? std::vector<size_t>(t->dim, t->dim + t->ndim) : std::vector<size_t>{999};
  }
  const double *Data(const char *name) { return pdlt_archive_get(&out, name)->data; }
};

using Dims = std::vector<size_t>;

TEST(Predict, NamesShapesAndValues) {
  Case c({});
  ASSERT_EQ(c.Predict(1, 1), PDLT_OK) << c.err.message;
  EXPECT_EQ(c.Shape("K"), (Dims{5, 5}));
  EXPECT_EQ(c.Shape("Theta"), (Dims{5, 5}));
  EXPECT_EQ(c.Shape("times"), (Dims{3}));
  EXPECT_EQ(c.Shape("z_lo"), (Dims{3, 2, 5}));
  EXPECT_EQ(c.Shape("cov_lo"), (Dims{3, 2, 5, 2, 5}));
  EXPECT_EQ(c.Shape("z_end_lo"), (Dims{2, 5}));
  EXPECT_EQ(c.Shape("cov_end_lo"), (Dims{2, 5, 2, 5}));
  for (int l = 1; l <= 3; l++) {
    EXPECT_EQ(c.Shape(("layer" + std::to_string(l) + "/K").c_str()), (Dims{5, 5}));
    EXPECT_EQ(c.Shape(("layer" + std::to_string(l) + "/Theta").c_str()), (Dims{5, 5}));
  }
  EXPECT_EQ(std::memcmp(c.Data("K"), c.Data("layer3/K"), 25 * sizeof(double)), 0);
  EXPECT_EQ(c.Data("times")[2], 20);
  for (const char *name :
       {"err/K", "err/Theta", "err/z_lo", "err/cov_lo", "err/z_end_lo", "err/cov_end_lo"}) {
    EXPECT_EQ(c.Shape(name), Dims{}) << name;
    EXPECT_GT(c.Data(name)[0], 0) << name;
    EXPECT_LT(c.Data(name)[0], 1e-6) << name;
  }
  // values: the plain steps on the archive's own K and Theta
  std::vector<double> mean(10), cov(25);
  const pdlt_training_input plain = {
      5, 3, 2, c.Data("K"), c.Data("Theta"), c.data.y, 0.2, 0, 0, nullptr, nullptr, 0, 0};
  ASSERT_EQ(pdlt_training_steps(&plain, 20, mean.data(), cov.data(), &c.err), PDLT_OK);
  for (size_t i = 0; i < 2; i++)
    for (size_t d = 0; d < 5; d++) {
      EXPECT_NEAR(c.Data("z_lo")[20 + i * 5 + d], mean[i * 5 + d], 1e-12);
      for (size_t j = 0; j < 2; j++)
        for (size_t e = 0; e < 5; e++)
          EXPECT_NEAR(c.Data("cov_lo")[200 + ((i * 5 + d) * 2 + j) * 5 + e],
                      i == j ? cov[d * 5 + e] : 0, 1e-12);
    }
}

// 20 times of 2000 x 2000 numbers: the covariance is absent, the mean is not.
TEST(Predict, CovarianceOfManySamplesIsAbsent) {
  const char *const many[] = {"network.activation=erf", "network.outputs=20", "data.train=60",
                              "data.test=40", "training.eta=0.01"};
  Case few({many[0], many[1], many[2], many[3], many[4], "training.record=[0, 20]"});
  Case all({many[0], many[1], many[2], many[3], many[4],
            "training.record=[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,20]"});
  ASSERT_EQ(few.Predict(), PDLT_OK) << few.err.message;
  ASSERT_EQ(all.Predict(), PDLT_OK) << all.err.message;
  EXPECT_NE(pdlt_archive_get(&few.out, "cov_lo"), nullptr);
  EXPECT_EQ(few.Absent("cov_lo"), nullptr);
  EXPECT_EQ(pdlt_archive_get(&all.out, "cov_lo"), nullptr);
  ASSERT_NE(all.Absent("cov_lo"), nullptr);
  EXPECT_NE(std::string(all.Absent("cov_lo")).find("fewer times"), std::string::npos);
  EXPECT_NE(pdlt_archive_get(&all.out, "cov_end_lo"), nullptr);
  EXPECT_EQ(
      std::memcmp(few.Data("z_lo") + 2000, all.Data("z_lo") + 18 * 2000, 2000 * sizeof(double)), 0);
  EXPECT_EQ(few.Data("err/z_lo")[0], all.Data("err/z_lo")[0]);
}

TEST(Predict, ThreadsGiveTheSameBits) {
  Case one({}), two({});
  ASSERT_EQ(one.Predict(1, 1), PDLT_OK);
  ASSERT_EQ(two.Predict(2, 1), PDLT_OK);
  ASSERT_EQ(one.out.count, two.out.count);
  for (size_t i = 0; i < one.out.count; i++) {
    const pdlt_archive_entry &a = one.out.entries[i], &b = two.out.entries[i];
    EXPECT_STREQ(a.name, b.name);
    EXPECT_EQ(std::memcmp(a.array.data, b.array.data, pdlt_array_count(&a.array) * sizeof(double)),
              0)
        << a.name;
  }
}

TEST(Predict, ToTheEnd) {
  Case c({"training={eta: 0.2, steps: end}"});
  ASSERT_EQ(c.Predict(), PDLT_OK) << c.err.message;
  ASSERT_EQ(c.Shape("times"), Dims{2});
  EXPECT_TRUE(std::isinf(c.Data("times")[1]));
  EXPECT_EQ(std::memcmp(c.Data("z_lo") + 10, c.Data("z_end_lo"), 10 * sizeof(double)), 0);
}

// A kink, to the end: shapes and parts of what is of order n^(-1/2); the end is the last time.
TEST(Predict, KinkToTheEnd) {
  Case c({"network.activation=relu", "network.depth=2", "data.train=1", "data.test=1",
          "training={eta: 0.5, steps: end}", "theory.order=1"});
  ASSERT_EQ(c.Predict(), PDLT_OK) << c.err.message;
  EXPECT_EQ(c.Shape("z_half"), (Dims{2, 2, 2}));
  EXPECT_EQ(c.Shape("cov_half"), (Dims{2, 2, 2, 2, 2}));
  EXPECT_EQ(c.Shape("Theta_t_half"), (Dims{2, 2, 2, 2, 2}));
  EXPECT_EQ(c.Shape("crossings_half"), (Dims{2, 1, 2}));
  EXPECT_EQ(c.Shape("z_end_half"), (Dims{2, 2}));
  EXPECT_EQ(c.Shape("cov_end_half"), (Dims{2, 2, 2, 2}));
  EXPECT_EQ(std::memcmp(c.Data("z_end_half"), c.Data("z_half") + 4, 4 * sizeof(double)), 0);
  EXPECT_EQ(std::memcmp(c.Data("cov_end_half"), c.Data("cov_half") + 16, 16 * sizeof(double)), 0);
  EXPECT_EQ(c.Data("err/z_end_half")[0], c.Data("err/z_half")[0]);
  EXPECT_EQ(c.Data("err/cov_end_half")[0], c.Data("err/cov_half")[0]);
  for (size_t i = 0; i < 2; i++) {
    EXPECT_EQ(c.Data("z_end_half")[2 * i], 0); /* the training sample has its target */
    EXPECT_NE(c.Data("z_end_half")[2 * i + 1], 0);
  }
  for (const char *name : {"z_half", "z_end_half"}) {
    const std::string of = name;
    const size_t count = pdlt_array_count(pdlt_archive_get(&c.out, name));
    for (size_t i = 0; i < count; i++) {
      EXPECT_NEAR(c.Data((of + "/crossing").c_str())[i] + c.Data((of + "/pushed").c_str())[i] +
                      c.Data((of + "/others").c_str())[i],
                  c.Data(name)[i], 1e-12);
      EXPECT_NEAR(c.Data((of + "/layer1").c_str())[i], c.Data(name)[i], 1e-12);
    }
  }
}

TEST(Predict, SingularNtk) {
  Case c({});
  std::memcpy(c.data.x + 3, c.data.x, 3 * sizeof(double));  // sample 1 := sample 0
  ASSERT_EQ(c.Predict(), PDLT_OK) << c.err.message;
  EXPECT_EQ(pdlt_archive_get(&c.out, "z_end_lo"), nullptr);
  ASSERT_NE(c.Absent("z_end_lo"), nullptr);
  EXPECT_NE(std::string(c.Absent("cov_end_lo")).find("singular"), std::string::npos);
  EXPECT_NE(pdlt_archive_get(&c.out, "z_lo"), nullptr);
  Case end({"training={eta: 0.2, steps: end}"});
  std::memcpy(end.data.x + 3, end.data.x, 3 * sizeof(double));
  EXPECT_EQ(end.Predict(), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(end.err.message).find("singular"), std::string::npos) << end.err.message;
  EXPECT_EQ(std::string(end.err.message).find("--set: training.steps"), 0u) << end.err.message;
  EXPECT_EQ(end.out.count, 0u);
}

// D^4 numbers of each tensor: too many are not begun, and the reason says how much memory they would take.
TEST(Predict, TensorsOfManySamplesAreAbsent) {
  Case c({"network.activation=erf", "network.outputs=1", "data.train=60", "data.test=20",
          "training.eta=0.01", "theory.order=1"});
  ASSERT_EQ(c.Predict(), PDLT_OK) << c.err.message;
  EXPECT_NE(pdlt_archive_get(&c.out, "z_lo"), nullptr);
  for (const char *name : {"V", "U", "z_nlo", "cov_nlo"}) {
    EXPECT_EQ(pdlt_archive_get(&c.out, name), nullptr) << name;
    ASSERT_NE(c.Absent(name), nullptr) << name;
  }
  const std::string why = c.Absent("V");
  const double gib = 13 * std::pow(80.0, 4) * 8 * 2 / std::pow(1024.0, 3);
  const size_t at = why.find("80 samples need ");
  ASSERT_NE(at, why.npos) << why;
  EXPECT_NEAR(std::stod(why.substr(at + 16)) / gib, 1, 0.01) << why;
}

// Of theory.only: z everything that is there is what the whole prediction has, to the bit; what is not has a reason.
void MeanAloneIsPartOfTheWhole(std::vector<const char *> set) {
  set.insert(set.end(),
             {"theory.order=1", "theory.tolerance=1e-4", "network.activation=polynomial(0,1,0.2)"});
  Case whole(set);
  set.push_back("theory.only=z");
  Case part(set);
  ASSERT_EQ(whole.Predict(), PDLT_OK) << whole.err.message;
  ASSERT_EQ(part.Predict(), PDLT_OK) << part.err.message;
  for (size_t i = 0; i < part.out.count; i++) {
    const pdlt_archive_entry &a = part.out.entries[i];
    const pdlt_array *b = pdlt_archive_get(&whole.out, a.name);
    ASSERT_NE(b, nullptr) << a.name;
    ASSERT_TRUE(pdlt_array_same_shape(&a.array, b)) << a.name;
    EXPECT_EQ(std::memcmp(a.array.data, b->data, pdlt_array_count(b) * sizeof(double)), 0)
        << a.name << " " << set[0];
  }
  for (const char *name :
       {"z_nlo", "z_nlo/ddntk_cubic", "err/z_nlo", "loss_test_nlo_bias", "G1", "Theta1", "q_nlo"})
    EXPECT_NE(pdlt_archive_get(&part.out, name), nullptr) << name;
  for (const char *name :
       {"V", "F", "A", "U", "cov_nlo", "cov_end_nlo", "Theta_t_nlo", "dTheta_t_nlo",
        "loss_test_nlo", "loss_test_nlo_variance", "loss_sample_nlo"}) {
    EXPECT_EQ(pdlt_archive_get(&part.out, name), nullptr) << name;
    EXPECT_EQ(part.Absent(name), std::string("left out: theory.only: z")) << name;
  }
  const bool end = pdlt_archive_get(&whole.out, "z_end_nlo") != nullptr;
  EXPECT_EQ(pdlt_archive_get(&part.out, "z_end_nlo") != nullptr, end);
  if (!end) {
    EXPECT_STREQ(part.Absent("z_end_nlo"), whole.Absent("z_end_nlo"));
  }
}

TEST(Predict, MeanAlone) {
  MeanAloneIsPartOfTheWhole({"theory.flip=[A, ddntk_cubic]", "theory.omit=[T]"});
  MeanAloneIsPartOfTheWhole({"training={eta: 0.05, steps: end, targets: centered}"});
  MeanAloneIsPartOfTheWhole({"training={eta: flow, steps: 3}"});
  // beyond 16 samples, where the recursion goes in place
  MeanAloneIsPartOfTheWhole({"network.depth=2", "network.outputs=1", "data.train=14", "data.test=3",
                             "training={eta: 0.01, steps: 1}"});
}

TEST(Predict, MeanAloneOfTooManySamplesIsAbsent) {
  Case c({"network.activation=erf", "network.outputs=1", "data.train=100", "data.test=32",
          "training.eta=0.001", "theory.order=1", "theory.only=z"});
  ASSERT_EQ(c.Predict(), PDLT_OK) << c.err.message;
  const std::string why = c.Absent("z_nlo");
  // 8 tensors, V, D and A packed, 30 brackets of each multiset
  const double D = 132, pairs = D * (D + 1) / 2;
  const double numbers = 8 * std::pow(D, 4) + pairs * (pairs + 1) + pairs * pairs +
                         30 * D * (D + 1) * (D + 2) * (D + 3) / 24;
  const size_t at = why.find("132 samples need ");
  ASSERT_NE(at, why.npos) << why;
  EXPECT_NEAR(std::stod(why.substr(at + 17)) / (8 * numbers / std::pow(1024.0, 3)), 1, 0.01) << why;
}

TEST(Predict, MeanAloneOutOfMemory) {
  int failures = 0;
  for (long calls = 1;; calls += 37) {
    Case c({"network.activation=polynomial(0,1,0.2)", "data.train=1", "data.test=1",
            "theory.order=1", "theory.only=z", "theory.tolerance=1e-2"});
    pdlt_memory_fail_after(calls);
    const pdlt_status status = c.Predict();
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY) << c.err.message;
    EXPECT_EQ(c.out.count, 0u);
    failures++;
  }
  EXPECT_GT(failures, 10);
}

// Raw pixels: infinite width is predicted, order 1/n is not and says what would help.
TEST(Predict, LargeInputs) {
  Case c({"training.eta=0.001", "theory.order=1"});
  for (size_t i = 0; i < 15; i++) c.data.x[i] *= 200;
  ASSERT_EQ(c.Predict(), PDLT_OK) << c.err.message;
  EXPECT_NE(pdlt_archive_get(&c.out, "z_lo"), nullptr);
  EXPECT_LE(c.Data("err/K")[0], 1e-8);
  for (const char *name : {"V", "Theta1", "z_nlo", "cov_nlo"}) {
    EXPECT_EQ(pdlt_archive_get(&c.out, name), nullptr) << name;
    ASSERT_NE(c.Absent(name), nullptr) << name;
    EXPECT_NE(std::string(c.Absent(name)).find("data.scale: 1 would do"), std::string::npos)
        << c.Absent(name);
  }
}

TEST(Predict, EtaTooLargeNamesTheKeyAndTheLimit) {
  Case c({"training.eta=50"});
  EXPECT_EQ(c.Predict(), PDLT_ERR_INPUT);
  const std::string message = c.err.message;
  EXPECT_NE(message.find("training.eta"), std::string::npos) << message;
  EXPECT_NE(message.find("largest usable"), std::string::npos) << message;
  EXPECT_EQ(c.out.count, 0u);
}

// Only the start is recorded, or no output measured: what does not know eta is what it is at any other.
TEST(Predict, AnyEtaWhereNothingIsTrained) {
  for (const char *activation : {"network.activation=tanh", "network.activation=relu"}) {
    std::vector<const char *> set = {
        activation,         "theory.order=1",  "theory.tolerance=1e-4", "data.train=2",
        "data.test=1",      "network.depth=2", "network.outputs=1",     "training.record=[0]",
        "training.steps=1", "training.eta=50"};
    Case start(set);
    set.back() = "training.eta=0.1";
    Case fine(set);
    set[7] = "training.record=[0, 1]";
    set.back() = "training.eta=50";
    set.push_back("measure=[kernel, ntk]");
    Case kernel(set);
    for (Case *c : {&fine, &kernel, &start}) ASSERT_EQ(c->Predict(), PDLT_OK) << c->err.message;
    const auto same = [&](Case *c, const char *name) {
      return std::memcmp(c->Data(name), fine.Data(name),
                         pdlt_array_count(pdlt_archive_get(&fine.out, name)) * sizeof(double)) == 0;
    };
    for (const char *name : {"K", "Theta", "G1", "Theta1", "V", "A"})
      EXPECT_TRUE(same(&kernel, name) && same(&start, name)) << name;
    const bool smooth = pdlt_activation_get_traits(&fine.ex.network.activation).smooth;
    const std::string first = smooth ? "z_nlo" : "z_half";
    for (const char *name : {"times", "z_lo", "cov_lo", "loss_train_lo", first.c_str()}) {
      EXPECT_TRUE(same(&start, name)) << name;
      EXPECT_EQ(pdlt_archive_get(&kernel.out, name), nullptr) << name;
      EXPECT_EQ(kernel.Absent(name) == nullptr, name == std::string("times")) << name;
    }
    for (const char *name : {"z_end_lo", "cov_end_lo", "loss_test_end_lo"}) {
      EXPECT_NE(pdlt_archive_get(&fine.out, name), nullptr) << name;
      for (Case *c : {&kernel, &start}) {
        EXPECT_EQ(pdlt_archive_get(&c->out, name), nullptr) << name;
        ASSERT_NE(c->Absent(name), nullptr) << name;
        EXPECT_NE(std::string(c->Absent(name)).find("eta = 50 is too large"), std::string::npos);
      }
    }
  }
}

TEST(Predict, NoTestSamplesAndOneTrainingSample) {
  Case none({"data.test=0"}), one({"data.train=1"});
  ASSERT_EQ(none.Predict(), PDLT_OK) << none.err.message;
  EXPECT_EQ(none.Shape("z_lo"), (Dims{3, 2, 3}));
  ASSERT_EQ(one.Predict(), PDLT_OK) << one.err.message;
  // one training sample: z_B = Theta_B1/Theta_11 y_1
  for (size_t d = 1; d < 3; d++)
    EXPECT_NEAR(one.Data("z_end_lo")[d],
                one.Data("Theta")[d * 3] / one.Data("Theta")[0] * one.data.y[0], 1e-12);
}

// Every allocation fails once: a clean error, nothing left behind.
TEST(Predict, OutOfMemory) {
  int failures = 0;
  for (long calls = 0; calls < 2000; calls++) {
    Case c({});
    pdlt_memory_fail_after(calls);
    const pdlt_status status = c.Predict();
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY) << c.err.message;
    EXPECT_EQ(c.out.count, 0u);
    const std::string text = c.err.message; /* which key asks for it, and what would do */
    EXPECT_TRUE(text.find(": data.train: ") != text.npos ||
                text.find(": training.record: ") != text.npos)
        << text;
    EXPECT_NE(text.find(" bytes were asked for; "), text.npos) << text;
    failures++;
  }
  EXPECT_GT(failures, 50);
  EXPECT_LT(failures, 2000);
}

// So does every piece of metadata, the reasons of what is absent (here the end, with a sample twice) included.
long until_refusal = -1;
void *refusing_malloc(size_t size) { return until_refusal-- == 0 ? nullptr : std::malloc(size); }

TEST(Predict, OutOfMemoryForMetadata) {
  long refused = 0;
  for (bool whole = false; !whole && refused < 2000; refused++) {
    Case c({"network.activation=linear"});
    std::memcpy(c.data.x + 3, c.data.x, 3 * sizeof(double));
    json_set_alloc_funcs(refusing_malloc, std::free);
    until_refusal = refused;
    const pdlt_status status = c.Predict();
    whole = until_refusal >= 0;
    until_refusal = -1;
    json_set_alloc_funcs(std::malloc, std::free);
    EXPECT_EQ(status, whole ? PDLT_OK : PDLT_ERR_MEMORY) << refused;
    EXPECT_EQ(whole, c.out.count > 0) << refused;
    if (whole) {
      EXPECT_NE(c.Absent("loss_test_end_lo"), nullptr);
    }
  }
  EXPECT_GT(refused, 50);
}

// What leads beyond the range of numbers is an error that names quantity, order and number.
TEST(Predict, NumbersThatAreNotFiniteAreAnError) {
  Case big({"network.lambda_W=1e300", "training.eta=1e-302", "theory.order=1"});
  EXPECT_EQ(big.Predict(), PDLT_ERR_NUMERIC);
  const std::string text = big.err.message;
  EXPECT_EQ(text.rfind("theory: A (order 1/n): number 1 of 625 is nan; network.C_b, ", 0), 0u)
      << text;
  EXPECT_NE(text.find("; theory.order: 0 leaves the corrections out"), text.npos);
  EXPECT_EQ(big.out.count, 0u);
  Case small({"network.lambda_W=1e300", "training.eta=1e-302", "theory.order=0"});
  EXPECT_EQ(small.Predict(), PDLT_OK) << small.err.message;
}

// Gradient flow that would take for ever is refused by its key.
TEST(Predict, EndlessFlowIsRefused) {
  Case flow({"theory.order=1"});
  flow.ex.training.eta_kind = PDLT_ETA_FLOW;
  flow.ex.training.record[1] = 1e300;
  flow.ex.training.num_record = 2;
  EXPECT_EQ(flow.Predict(), PDLT_ERR_INPUT);
  const std::string text = flow.err.message;
  EXPECT_NE(text.find(": training.steps: gradient flow to time 1e+300 with "), text.npos) << text;
  EXPECT_EQ(flow.out.count, 0u);
}

TEST(Predict, FlowAndUnresolvedValues) {
  Case flow({});
  flow.ex.training.eta_kind = PDLT_ETA_FLOW;
  flow.ex.training.record[1] = 0.5;
  ASSERT_EQ(flow.Predict(), PDLT_OK) << flow.err.message;
  EXPECT_EQ(flow.Data("times")[1], 0.5);
  Case relative({"training.eta={relative: 0.5}"});
  EXPECT_EQ(relative.Predict(), PDLT_ERR_INPUT);
}

}  // namespace
