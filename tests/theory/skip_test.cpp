// skip_test.cpp - tensors of networks with skips: without any the recursion of theory/tensors, what must not
// change, exact finite networks, published and closed numbers.
#include "tests/theory/skip_support.h"

using skip_support::ExpectSame;
using skip_support::Layers;
using skip_support::List;
using skip_support::Name;
using skip_support::Network;
using skip_support::Options;
using skip_support::Tensors;

namespace {

const List kInputs = {0.9, -0.4, 0.3, 1.1, 0.2, -0.8, -0.5, 0.7, 0.6};

TEST(Skip, WithoutSkipsItIsTheOtherRecursion) {
  for (const char *activation : {"tanh", "gelu", "quadratic(0.3)", "relu"}) {
    Network net = {tensor_support::General(activation), List(4, 0.0)};
    net.plain.ratios = {1, 3, 2};
    const int dntk = std::string(activation) != "relu";
    tensor_support::Options plain;
    plain.dntk = dntk;
    plain.tolerance = 1e-10;
    const tensor_support::Tensors expected(net.plain, 3, kInputs, plain);
    Options o;
    o.dntk = dntk;
    for (int pair_only : {0, 1}) {
      o.pair_only = pair_only;
      const Tensors got(net, 3, kInputs, o);
      for (int l = 1; l <= 4; l++)
        for (int t = 0; t < PDLT_TENSOR_COUNT; t++) {
          const double *data = pdlt_tensors_get(&expected.set, l, Name(t));
          const List numbers = got.Of(l, t);
          if (numbers.empty() && !dntk) continue;
          const size_t size = pdlt_tensor_rank(Name(t)) == 2 ? 9 : 81;
          ASSERT_NE(data, nullptr);
          ExpectSame(numbers, List(data, data + size), 1e-12,
                     std::string(activation) + " layer " + std::to_string(l) + " " +
                         pdlt_tensor_text(Name(t)));
        }
    }
  }
}

}  // namespace
