// theory/predict/predict.h: err/NAME of every array from both sides: never below the true error, not above
// 1000 times the largest of the true error, of what one unit in the last place of K and Theta changes, and of
// rounding of the array's size. The truth: closed forms and steps with mantissas of 64 bits, or a tolerance
// so tight that its own error does not matter.
#include <gtest/gtest.h>

#include "tests/theory/predict_error_support.h"

namespace {

using namespace predict_error;

void ExpectTightHonest(const Setting &setting, const char *tight) {
  Setting finer = setting;
  finer.tolerance = tight;
  const Prediction p(setting), truth(finer);
  const std::vector<Arrays> moved = {Trained(p, 1), Trained(p, 2), Trained(p, 3)};
  for (const std::string &name : p.Names())
    ExpectHonest(p.Error(name), truth.Error(name), Distance(p.Find(name), truth.Find(name)),
                 Rounding(p, moved, name), setting.Name() + ": " + name);
}

// Tolerance of series and grids, loose and usual.
TEST(PredictError, InfiniteWidthAgainstTightTolerance) {
  for (const char *activation : {"tanh", "gelu", "softplus", "swish", "sigmoid"})
    for (int depth = 2; depth <= 4; depth++)
      for (const bool biases : {false, true})
        for (const Near near : {kApart, kDuplicate, kParallel})
          for (const char *tolerance : {"1e-6", "1e-10"}) {
            const bool loose = std::string(tolerance) == "1e-6";
            if (loose ? depth != 4 : near == kDuplicate && depth != 3) continue;
            Setting s;
            s.activation = activation, s.depth = depth, s.biases = biases, s.near = near;
            s.tolerance = tolerance;
            ExpectTightHonest(s, "2e-14");
          }
}

// --- closed forms ---

// The same arrays with mantissas of 64 bits.
Arrays Exact(const Prediction &p, const exact_lo::Averages &of) {
  const size_t D = p.data.train + p.data.test;
  const exact_lo::Network net =
      exact_lo::Kernels(of, p.Layers(), D, p.data.train, p.data.outputs, p.data.x, p.data.y);
  Arrays exact = {{"K", net.K}, {"Theta", net.theta}};
  const std::vector<pdlt_layer> layers = p.Layers();
  for (size_t l = 1; l < layers.size(); l++) {  // q_lo (L-1, D): diagonals of the layers below
    const std::vector<pdlt_layer> below(layers.begin(), layers.begin() + (long)l);
    const exact_lo::Network hidden =
        exact_lo::Kernels(of, below, D, p.data.train, p.data.outputs, p.data.x, p.data.y);
    for (size_t a = 0; a < D; a++) exact["q_lo"].push_back(hidden.K[a * D + a]);
  }
  for (const long steps : kSteps) {
    const exact_lo::Trained trained = exact_lo::Steps(net, p.eta(), steps);
    Append(p, "_lo", trained.mean, exact_lo::Covariance(net, trained.N), &exact);
  }
  const exact_lo::Trained end = exact_lo::End(net);
  Append(p, "_end_lo", end.mean, exact_lo::Covariance(net, end.N), &exact);
  return exact;
}

TEST(PredictError, InfiniteWidthAgainstClosedForms) {
  const struct {
    const char *activation;
    exact_lo::Averages of;
  } cases[] = {{"relu", exact_lo::Kink(1, 0)},
               {"leaky_relu(0.1)", exact_lo::Kink(1, 0.1)},
               {"erf", exact_lo::Erf},
               {"sin", exact_lo::Sine},
               {"linear", exact_lo::Quadratic(0)},
               {"quadratic(0.3)", exact_lo::Quadratic(0.3)}};
  for (const auto &c : cases)
    for (int depth = 2; depth <= 4; depth++)
      for (const bool biases : {false, true})
        for (const Near near : {kApart, kDuplicate, kParallel}) {
          Setting s;
          s.activation = c.activation, s.depth = depth, s.biases = biases, s.near = near;
          const Prediction p(s);
          const Arrays exact = Exact(p, c.of);
          const std::vector<Arrays> moved = {Trained(p, 1), Trained(p, 2), Trained(p, 3)};
          for (const std::string &name : p.Names()) {
            ASSERT_TRUE(exact.count(name)) << name;
            ExpectHonest(p.Error(name), 0, Distance(p.Find(name), exact.at(name)),
                         Rounding(p, moved, name), s.Name() + ": " + name);
          }
        }
}

}  // namespace
