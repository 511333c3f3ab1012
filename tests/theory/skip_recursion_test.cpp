// skip_recursion_test.cpp - all tensors of networks with skips, entry by entry, against the literal recursion of
// skip_literal.h.
#include "tests/theory/positions_support.h"
#include "tests/theory/skip_literal.h"
#include "tests/theory/skip_support.h"

using skip_literal::Literal;
using skip_literal::Pair;
using skip_support::ExpectSame;
using skip_support::Layers;
using skip_support::List;
using skip_support::Network;
using skip_support::Options;
using skip_support::Tensors;

namespace {

const List kSigma = {0.1, 0.9, 0.3, -0.05};

// Tensor t of the literal recursion, in the order of its indices.
List Of(Literal &it, int t, size_t D) {
  List out;
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++) {
      if (t == PDLT_TENSOR_G1) out.push_back(it.G1(a, b));
      if (t == PDLT_TENSOR_THETA1) out.push_back(it.Theta1(a, b));
      for (size_t cd = 0; cd < D * D && pdlt_tensor_rank(skip_support::Name(t)) == 4; cd++) {
        const size_t c = cd / D, d = cd % D;
        switch (t) {
          case PDLT_TENSOR_V:
            out.push_back(it.V(a, b, c, d));
            break;
          case PDLT_TENSOR_D:
            out.push_back(it.D(a, b, c, d));
            break;
          case PDLT_TENSOR_F:
            out.push_back(it.F(a, b, c, d));
            break;
          case PDLT_TENSOR_A:
            out.push_back(it.A(a, b, c, d));
            break;
          case PDLT_TENSOR_B:
            out.push_back(it.B(a, b, c, d));
            break;
          case PDLT_TENSOR_P:
            out.push_back(it.P(a, b, c, d));
            break;
          case PDLT_TENSOR_Q:
            out.push_back(it.Q(a, b, c, d));
            break;
          case PDLT_TENSOR_R:
            out.push_back(it.R(a, b, c, d));
            break;
          case PDLT_TENSOR_S:
            out.push_back(it.S(a, b, c, d));
            break;
          case PDLT_TENSOR_T:
            out.push_back(it.T(a, b, c, d));
            break;
          default:
            out.push_back(it.U(a, b, c, d));
        }
      }
    }
  return out;
}

struct Case {
  const char *name;
  List C_b, C_W, lambda_b, lambda_W, skip;
  std::vector<int> ratios;
};

const Case kCases[] = {
    {"one",
     {0.1, 0.2, 0.05, 0.3},
     {1.3, 0.6, 0.9, 0.7},
     {0.3, 0.2, 0.6, 0.1},
     {0.8, 1.2, 0.7, 1.4},
     {0, 0.7, 0, 0},
     {2, 2, 3}},
    {"two",
     {0.1, 0.2, 0.05, 0.3},
     {1.1, 0.6, 0.5, 0.7},
     {0.3, 0.2, 0.6, 0.1},
     {0.8, 1.2, 0.7, 1.4},
     {0, 0.8, -0.6, 0},
     {1, 1, 1}},
    {"three",
     {0.1, 0.2, 0.05, 0.1, 0.3},
     {1.1, 0.4, 0.3, 0.5, 0.7},
     {0.3, 0.2, 0.6, 0.1, 0.2},
     {0.8, 1.2, 0.7, 0.9, 1.4},
     {0, 0.8, 0.5, 0.9, 0},
     {2, 2, 2, 2}},
    {"late",
     {0.1, 0.2, 0.05, 0.1, 0.3},
     {1.1, 0.7, 0.3, 0.5, 0.7},
     {0.3, 0.2, 0.6, 0.1, 0.2},
     {0.8, 1.2, 0.7, 0.9, 1.4},
     {0, 0.5, 0, 0.9, 0},
     {2, 2, 3, 3}},
};

TEST(SkipRecursion, PolynomialsByWick) {
  const List x = {0.9, -0.4, 0.3, 1.1, 0.2, -0.8};
  for (const Case &c : kCases) {
    const int depth = (int)c.C_b.size();
    const Network net = {
        {"polynomial(0.1,0.9,0.3,-0.05)", depth, c.C_b, c.C_W, c.lambda_b, c.lambda_W, c.ratios},
        c.skip};
    const Tensors got(net, 2, x);
    Literal expected(kSigma, Layers(net, 3), got.kernels, [](int, size_t a, size_t b) {
      return std::vector<Pair>{{1, a, b}};
    });
    for (int t = 0; t < PDLT_TENSOR_COUNT; t++)
      ExpectSame(got.Readout(t), Of(expected, t, 2), 1e-12,
                 std::string(c.name) + " " + pdlt_tensor_text(skip_support::Name(t)));
    for (int l = 1; l < depth; l++) {
      List G1;
      for (size_t ab = 0; ab < 4; ab++) G1.push_back(expected.G1(l, ab / 2, ab % 2));
      ExpectSame(got.Of(l, PDLT_TENSOR_G1), G1, 1e-12, std::string(c.name) + " hidden G1");
    }
  }
}

// --- layers with positions ---

struct Wired {
  const char *name;
  int positions;
  std::vector<naive_wiring::Layer> layers;
  List skip;
};

const naive_wiring::Layer kDense = {naive_wiring::kDense}, kAverage = {naive_wiring::kAverage};

const Wired kWired[] = {
    {"flatten",
     2,
     {naive_wiring::Line(2, true), naive_wiring::Line(2, false), naive_wiring::Line(2, true),
      kDense},
     {0, 0.8, -0.6, 0}},
    {"average",
     2,
     {naive_wiring::Line(2, true), naive_wiring::Line(2, false), kAverage},
     {0, 0.9, 0}},
    {"pool",
     4,
     {naive_wiring::Line(3, false), naive_wiring::Line(3, true, 1, 2), naive_wiring::Line(2, true),
      kDense},
     {0, 0, 0.7, 0}},
    {"dense above", 2, {naive_wiring::Line(2, true), kDense, kDense, kDense}, {0, 0, 0.7, 0}},
};

// Layers of an experiment with two channels, all of one width, and their skips.
struct Parsed {
  Parsed(const Wired &net, size_t samples) : D(samples) {
    std::string layers;
    for (const auto &one : net.layers)
      layers += (layers.empty() ? "" : ", ") + naive_wiring::Text(one, false);
    const std::string text =
        "network: {activation: \"polynomial(0.1,0.9,0.3,-0.05)\", depth: " +
        std::to_string(net.layers.size()) +
        ", widths: [8], outputs: 1, C_b: 0.1, C_W: 0.7, lambda_b: 0.3, lambda_W: 0.8, input: "
        "{shape: "
        "[" +
        std::to_string(net.positions) + "], channels: 2}, layers: [" + layers +
        "]}\ndata: {source: gaussian, inputs: " + std::to_string(2 * net.positions) +
        ", train: 2}\ntraining: {eta: 0.1, steps: 10}\n";
    pdlt_error err = {};
    EXPECT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e.yaml", 0, nullptr, &err), PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_layers_new(&layer, &ex, 1, size_t(2 * net.positions), &err), PDLT_OK);
    for (size_t l = 0; l < net.skip.size(); l++) layer[l].skip = net.skip[l];
    const List x = tensor_support::RandomInputs(3, D, size_t(2 * net.positions));
    const pdlt_kernel_settings k = {
        ex.network.activation, ex.network.depth, layer, 1e-13, 1, nullptr};
    EXPECT_EQ(pdlt_kernel_layers_new(&kernels, &k, D, x.data(), &err), PDLT_OK) << err.message;
  }
  ~Parsed() {
    pdlt_kernel_layers_free(&kernels);
    pdlt_free(layer);
    pdlt_experiment_free(&ex);
  }
  Parsed(const Parsed &) = delete;
  size_t D;
  pdlt_experiment ex = {};
  pdlt_layer *layer = nullptr;
  pdlt_kernel_layers kernels = {};
};

// What every layer reads of a pair of slots, by loops over taps.
std::vector<std::vector<naive_wiring::Matrix>> TapsOf(const Wired &net) {
  std::vector<std::vector<naive_wiring::Matrix>> taps;
  naive_wiring::Shape below = {1, net.positions};
  for (const auto &layer : net.layers) {
    taps.push_back(naive_wiring::Taps(layer, below));
    below = naive_wiring::Above(layer, below);
  }
  return taps;
}

TEST(SkipRecursion, ConvolutionsByWick) {
  const size_t D = 2;
  for (const Wired &net : kWired) {
    const Parsed parsed(net, D);
    const auto taps = TapsOf(net);
    const auto pairs = [&](int l, size_t a, size_t b) {
      std::vector<Pair> out;
      for (const auto &tap : taps[size_t(l) - 1])
        for (size_t p = 0; p < tap[0].size(); p++)
          for (size_t q = 0; q < tap[0].size(); q++) {
            const double weight =
                tap[a / D][p] * tap[b / D][q] / double(taps[size_t(l) - 1].size());
            if (weight != 0) out.push_back({weight, p * D + a % D, q * D + b % D});
          }
      return out;
    };
    Literal expected(kSigma, {parsed.layer, parsed.layer + net.layers.size()}, parsed.kernels,
                     pairs);
    pdlt_tensor_settings s = {};
    s.activation = parsed.ex.network.activation;
    s.layer = parsed.layer;
    s.tolerance = 1e-8;
    s.threads = 2;
    s.dntk = 1;
    for (int all : {0, 1}) {
      pdlt_tensor_set set = {};
      pdlt_error err = {};
      s.all_pairs = all;
      ASSERT_EQ(pdlt_skip_tensors_new(&set, &parsed.kernels, &s, 0, &err), PDLT_OK) << err.message;
      for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
        const double *data = pdlt_tensors_get(&set, set.depth, skip_support::Name(t));
        const List list = Of(expected, t, D);
        ExpectSame(List(data, data + list.size()), list, 1e-12,
                   std::string(net.name) + " " + pdlt_tensor_text(skip_support::Name(t)));
      }
      pdlt_tensors_free(&set);
    }
  }
}

// What is left without mixed pairs, in both recursions.
TEST(SkipRecursion, WithoutMixedPairs) {
  const Case &c = kCases[1];
  const Network net = {
      {"polynomial(0.1,0.9,0.3,-0.05)", 4, c.C_b, c.C_W, c.lambda_b, c.lambda_W, c.ratios}, c.skip};
  const List x = {0.9, -0.4, 0.3, 1.1, 0.2, -0.8};
  for (double factor : {0.0, -1.0}) {
    pdlt_term_mask mask = pdlt_term_mask_all();
    ASSERT_EQ(pdlt_term_mask_scale(&mask, "skip.mixed", factor, nullptr), PDLT_OK);
    Options o;
    o.mask = &mask;
    const Tensors got(net, 2, x, o), all(net, 2, x);
    Literal expected(
        kSigma, Layers(net, 3), got.kernels,
        [](int, size_t a, size_t b) {
          return std::vector<Pair>{{1, a, b}};
        },
        factor);
    for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
      const std::string name = pdlt_tensor_text(skip_support::Name(t));
      ExpectSame(got.Readout(t), Of(expected, t, 2), 1e-12, name);
      EXPECT_GT(std::fabs(got.Readout(t)[0] - all.Readout(t)[0]),
                1e-3 * std::fabs(all.Readout(t)[0]))
          << name;
    }
  }
}

}  // namespace
