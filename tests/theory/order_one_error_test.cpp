// Errors of order 1/n (err/NAME of the tensors and of what training makes of them) from both sides: never
// below the true error, not above 1000 times the larger of it and of rounding. The truth: a finer tolerance.
#include <gtest/gtest.h>

#include "tests/theory/predict_error_support.h"
#include "theory/order_one/trained.h"

namespace {

using namespace predict_error;

// Of tensors, relative to the depth and the largest entry.
constexpr double kRounding = 1e-15;

bool IsFirst(const std::string &name) {
  return name.find("_nlo") != std::string::npos ||
         (name != "K" && name != "Theta" && name.find("_lo") == std::string::npos);
}

// A tensor that rounding, or `each`, has moved; equal entries alike.
std::vector<double> MovedBy(const Prediction &p, const std::string &name, double each,
                            uint64_t variant) {
  const pdlt_array *array = p.Find(name);
  std::vector<double> moved(array->data, array->data + pdlt_array_count(array));
  for (double &v : moved) {
    uint64_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    v += Hash(bits + variant) >> 63 ? each : -each;
  }
  return moved;
}

// All that training makes of the tensors at order 1/n.
Arrays Results(const Prediction &p, const pdlt_trained &w, const Arrays &lo) {
  const size_t T = w.times, count = w.outputs * w.D, square = count * count;
  const size_t cube = static_cast<size_t>(std::pow(w.outputs * w.dntk_samples, 3));
  Arrays out;
  const auto put = [&](const char *name, const double *from, size_t n) {
    out[name] = exact_lo::Reals(from, from + n);
  };
  put("z_nlo", w.z, T * count), put("z_end_nlo", w.end, count);
  put("cov_nlo", w.cov, T * square), put("cov_end_nlo", w.cov_end, square);
  put("Theta_t_nlo", w.theta, T * square), put("dTheta_t_nlo", w.dntk, T * cube);
  for (const std::string end : {"", "_end"}) {
    const exact_lo::Reals &z = lo.at("z" + end + "_lo"), &z1 = out.at("z" + end + "_nlo"),
                          &c1 = out.at("cov" + end + "_nlo");
    for (size_t t = 0; t < z.size() / count; t++) {
      exact_lo::Real bias[2] = {0, 0}, variance[2] = {0, 0};
      for (size_t a = 0; a < w.D; a++) {
        exact_lo::Real b = 0, v = 0;
        for (size_t i = 0; i < w.outputs; i++) {
          const size_t k = t * count + i * w.D + a;
          b += (z[k] - p.data.y[a * w.outputs + i]) * z1[k];
          v += c1[k * count + i * w.D + a] / 2;
        }
        out["loss_sample" + end + "_nlo"].push_back(b + v);
        bias[a >= p.data.train] += b, variance[a >= p.data.train] += v;
      }
      for (int k = 0; k < 2; k++) {
        const std::string name = (k == 0 ? "loss_train" : "loss_test") + end + "_nlo";
        out[name].push_back(bias[k] + variance[k]);
        out[name + "_bias"].push_back(bias[k]);
        out[name + "_variance"].push_back(variance[k]);
      }
    }
  }
  return out;
}

// Training at order 1/n once more, every entry of K and Theta one unit in the last place off and those of the
// tensors by their rounding.
Arrays TrainedFirst(const Prediction &p, uint64_t variant) {
  const pdlt_experiment &ex = p.experiment();
  std::map<std::string, std::vector<double>> moved;
  pdlt_trained_input in = {};
  pdlt_mask mask;
  pdlt_trained trained = {};
  pdlt_error err = {};
  const double tensors = kRounding * ex.network.depth;
#define MOVE(name, field, rank)                                                                \
  moved[#name] = IsFirst(#name) ? MovedBy(p, #name, tensors * Largest(p.Find(#name)), variant) \
                                : Moved(p.Find(#name), 1, variant);                            \
  in.field = moved[#name].data();
  PDLT_TRAINED_TENSORS(MOVE)
#undef MOVE
  in.in.lo.D = p.data.train + p.data.test, in.in.lo.A = p.data.train;
  in.in.lo.outputs = p.data.outputs, in.in.lo.y = p.data.y, in.in.lo.eta = p.eta();
  in.in.threads = 1;
  EXPECT_EQ(pdlt_mask_read(&mask, &ex, &err), PDLT_OK);
  in.mask = &mask;
  in.dntk_samples = pdlt_experiment_dntk_samples(&ex);
  in.num_times = ex.training.num_record, in.times = ex.training.record;
  EXPECT_EQ(pdlt_trained_new(&trained, &in, &err), PDLT_OK) << err.message;
  const Arrays out = Results(p, trained, Trained(p, variant));
  pdlt_trained_free(&trained);
  return out;
}

// How far an array is off, or what rounding makes of it.
double Off(const Prediction &p, const Prediction &truth, const std::vector<Arrays> &moved,
           const std::string &name) {
  const double apart = Distance(p.Find(name), truth.Find(name));
  if (moved[0].count(name) == 0)
    return std::fmax(apart, kRounding * p.experiment().network.depth * Largest(p.Find(name)));
  return std::fmax(apart, Rounding(p, moved, name));
}

// The same, and of a loss what its mean and covariance are off: it is one number, and as such may be right by
// accident.
double Scale(const Prediction &p, const Prediction &truth, const std::vector<Arrays> &moved,
             const std::string &name) {
  const double own = Off(p, truth, moved, name);
  if (name.rfind("loss", 0) != 0) return own;
  const std::string end = name.find("_end") != std::string::npos ? "_end_nlo" : "_nlo";
  return std::fmax(own,
                   std::fmax(Off(p, truth, moved, "z" + end), Off(p, truth, moved, "cov" + end)));
}

void ExpectFirstHonest(const Prediction &p, const Prediction &truth, const std::string &what) {
  const std::vector<Arrays> moved = {TrainedFirst(p, 1), TrainedFirst(p, 2), TrainedFirst(p, 3)};
  for (const std::string &name : p.Names()) {
    if (!IsFirst(name)) continue;
    const double error = p.Error(name), apart = Distance(p.Find(name), truth.Find(name));
    EXPECT_LE(apart, error + truth.Error(name)) << what << ": " << name << ": below the true error";
    EXPECT_LE(error, 1000 * Scale(p, truth, moved, name))
        << what << ": " << name << ": true error " << apart;
  }
}

TEST(OrderOneError, AgainstTightTolerance) {
  const struct {
    const char *activation;
    int depth;
    Near near;
  } cases[] = {{"tanh", 3, kDuplicate}, {"tanh", 2, kParallel},       {"erf", 3, kApart},
               {"gelu", 3, kApart},     {"sin", 2, kDuplicate},       {"softplus", 2, kDuplicate},
               {"swish", 2, kApart},    {"quadratic(0.3)", 4, kApart}};
  for (const auto &c : cases) {
    Setting s;
    s.activation = c.activation, s.depth = c.depth, s.biases = c.depth == 3, s.near = c.near;
    s.train = 2, s.test = 1, s.order = 1, s.tolerance = "1e-10";
    const Prediction truth(s);
    for (const char *tolerance : {"1e-4", "1e-7"}) {
      s.tolerance = tolerance;
      ExpectFirstHonest(Prediction(s), truth, s.Name());
    }
  }
}

// More samples than are compared between levels: the errors of the tensors have no known shape, and training
// finds more of them than there is.
TEST(OrderOneError, OfManySamples) {
  Setting s;
  s.activation = "tanh", s.order = 1, s.train = 12, s.test = 5, s.inputs = 9, s.tolerance = "1e-5";
  const Prediction truth(s);
  s.tolerance = "1e-3";
  ExpectFirstHonest(Prediction(s), truth, s.Name());
}

}  // namespace
