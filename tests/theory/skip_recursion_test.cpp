// skip_recursion_test.cpp - all tensors of networks with skips, entry by entry, against the literal recursion of
// skip_literal.h.
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
  }
}

}  // namespace
