/* kink_levels_test.cpp - coarse cells corrected by fine ones on a sixteenth of the points, against fine cells on
 * all of them. */
#include <gtest/gtest.h>

#include "tests/theory/kink_support.h"
#include "theory/kink/replicas.h"

namespace {

using namespace kink_support;

Net ThreeLayers(int flow) {
  Net net = Random(5,
                   {Layer(3, 1, 0.1, 1.2, 0.2, 1), Layer(1, 1, 0.2, 1.3, 0.3, 0.9),
                    Layer(1, 1, 0.1, 1.1, 0.2, 1)},
                   3, 2, 1);
  net.minus = 0.1;
  FillKernels(net);
  net.flow = flow;
  return net;
}

/* Means over the replicas with cells of the given length alone. */
Array OneLevel(const Question &question, double fine, size_t points) {
  pdlt_kink_replicas replicas = {};
  pdlt_error err = {};
  Array mean;
  EXPECT_EQ(pdlt_kink_replicas_new(&replicas, &question.in, fine, &err), PDLT_OK) << err.message;
  EXPECT_EQ(pdlt_kink_replicas_go_on(&replicas, points, &question.in, &err), PDLT_OK);
  mean.resize(replicas.results);
  for (size_t k = 0; k < PDLT_KINK_REPLICAS; k++)
    for (size_t i = 0; i < mean.size(); i++)
      mean[i] += replicas.result[k * mean.size() + i] / PDLT_KINK_REPLICAS;
  pdlt_kink_replicas_free(&replicas);
  return mean;
}

Array Start(const Array &mean, const Array &like) {
  return Array(mean.begin(), mean.begin() + (long)like.size());
}

/* So few points that all of them are corrected. */
TEST(KinkLevels, CorrectedEverywhereIsFine) {
  for (const int flow : {0, 1}) {
    Net net = ThreeLayers(flow);
    net.eta = 0.05;
    const Array times = flow ? Array{1, 20} : Array{40, 300};
    const Options few = {nullptr, 64, 2, 0};
    const Question question(net, times, few);
    const Prediction p = Predict(net, times, few);
    const Array fine = OneLevel(question, 1, 64), coarse = OneLevel(question, 0.25, 64);
    EXPECT_LT(Distance(p.z, Start(fine, p.z)), 1e-12 * Largest(p.z)) << flow;
    EXPECT_GT(Distance(p.z, Start(coarse, p.z)), 1e-5 * Largest(p.z)) << flow;
  }
}

/* A quarter of the points is corrected: what is left is far below the error of the points. */
TEST(KinkLevels, FewCorrectionsAreEnough) {
  for (const int flow : {0, 1}) {
    Net net = ThreeLayers(flow);
    net.eta = 0.05;
    const Array times = flow ? Array{1, 20, INFINITY} : Array{40, 300, INFINITY};
    const Options many = {nullptr, 512, 2, 0};
    const Question question(net, times, many);
    const Prediction p = Predict(net, times, many);
    const Array fine = OneLevel(question, 1, 512);
    EXPECT_LT(Distance(p.z, Start(fine, p.z)), 0.2 * p.err_z) << flow;
  }
}

}  // namespace
