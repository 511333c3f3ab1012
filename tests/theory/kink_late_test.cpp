/* kink_late_test.cpp - the first correction of networks with a kink late in training: joined steps, gradient flow,
 * and the end. */
#include <gtest/gtest.h>

#include "tests/theory/kink_support.h"
#include "theory/kink/grid.h"
#include "theory/kink/response.h"

namespace {

using namespace kink_support;

Net TwoLayers() {
  Net net = Random(3, {Layer(3, 1, 0.1, 1.2, 0.2, 1), Layer(1, 1, 0.2, 1.3, 0.3, 0.9)}, 3, 2, 1);
  net.minus = 0.1;
  FillKernels(net);
  return net;
}

/* The largest eigenvalue of the training block of two samples, and the smallest. */
void Rates(const Net &net, double *fast, double *slow) {
  const double *theta = net.ThetaAt(net.L() - 1);
  const double mean = (theta[0] + theta[net.D + 1]) / 2;
  const double half = std::hypot((theta[0] - theta[net.D + 1]) / 2, theta[1]);
  *fast = mean + half;
  *slow = mean - half;
}

/* Small steps, of which those beyond 32 are joined, against flow: the same points, so that only eta and the cells
 * are between them. */
TEST(KinkLate, SmallStepsAreFlow) {
  Net steps = TwoLayers(), flow = steps;
  double fast, slow;
  Rates(steps, &fast, &slow);
  steps.eta = 1 / (120 * fast);
  flow.flow = 1;
  const Array times = {64, 200, 400, 1000};
  Array scaled;
  for (const double t : times) scaled.push_back(steps.eta * t);
  const Options few = {nullptr, 32, 2, 0};
  const Prediction p = Predict(steps, times, few), q = Predict(flow, scaled, few);
  EXPECT_LT(Distance(p.z, q.z), 0.005 * Largest(q.z));
  EXPECT_LT(Distance(p.cov, q.cov), 0.005 * Largest(q.cov));
  EXPECT_LT(Distance(p.theta, q.theta), 0.005 * Largest(q.theta));
  EXPECT_LT(Distance(p.crossings, q.crossings), 0.005 * Largest(q.crossings));
}

/* The end of training against times at which the slowest mode has fallen to 1e-5 and 1e-7. */
TEST(KinkLate, EndIsALateTime) {
  for (const int flow : {0, 1}) {
    Net net = TwoLayers();
    double fast, slow;
    Rates(net, &fast, &slow);
    net.flow = flow;
    net.eta = 0.8 / fast;
    const double rate = flow ? slow : -std::log(1 - net.eta * slow);
    const Array times = {std::ceil(std::log(1e5) / rate), std::ceil(std::log(1e7) / rate),
                         INFINITY};
    const Options few = {nullptr, 32, 2, 0};
    const Prediction end = Predict(net, {times[2]}, few);
    const Prediction late = Predict(net, {times[0], times[1]}, few);
    const double size = Largest(late.z);
    for (size_t a = 0; a < 2; a++) {
      EXPECT_EQ(end.z[a], 0);
      EXPECT_NEAR(late.z[a], 0, 1e-2 * size);
      EXPECT_NEAR(late.z[3 + a], 0, 1e-4 * size);
    }
    EXPECT_NEAR(end.z[2], late.z[2], 1e-2 * size);
    EXPECT_NEAR(end.z[2], late.z[5], 1e-4 * size);
    EXPECT_GT(std::fabs(end.z[2]), 0.01 * size);
    for (size_t x = 0; x < 9; x++) {
      EXPECT_NEAR(end.cov[x], late.cov[9 + x], 2e-3 * Largest(late.cov));
      /* steps: neurons hop over the kink to the end; flow: they stick to it */
      EXPECT_NEAR(end.theta[x], late.theta[9 + x],
                  flow ? 1e-4 * Largest(late.theta) : end.err_theta / 3);
    }
  }
}

/* z(t+1) = z(t) - eta Theta_.A z_A(t) + S(t+1) - S(t), with a source that grows evenly within cells of many steps,
 * against every step by itself; flow: against 10^5 small steps. */
TEST(KinkLate, ResponseIsTheRecursion) {
  for (const int flow : {0, 1}) {
    Net net = TwoLayers();
    const size_t D = 3;
    double fast, slow;
    Rates(net, &fast, &slow);
    net.eta = flow ? 0 : 0.02 / fast;
    const Array times = {flow ? 0.5 / fast : 3, flow ? 4 / fast : 500};
    const double *theta = net.ThetaAt(1);
    Array y(3, 0.0);
    pdlt_training_input lo = {};
    lo.D = D, lo.A = 2, lo.outputs = 1, lo.K = net.KAt(1), lo.theta = theta, lo.y = y.data();
    lo.eta = net.eta, lo.flow = flow;
    pdlt_training training = {};
    pdlt_kink_grid grid = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_training_new(&training, &lo, &err), PDLT_OK) << err.message;
    ASSERT_EQ(pdlt_kink_grid_new(&grid, &training, 2, times.data(), 1, &err), PDLT_OK);
    EXPECT_EQ(grid.time[grid.cells], times[1]);
    EXPECT_LT(grid.cells, 400u);
    const Array source = Normals(8, (grid.cells + 1) * D);
    Array start(source);
    for (size_t a = 0; a < D; a++) start[a] = 0;
    const pdlt_kink_response response = {&training, &grid, 2, times.data()};
    Array z(2 * D), work(8), naive(D), wanted;
    pdlt_kink_respond(&response, start.data(), z.data(), work.data());
    for (size_t c = 0; c < grid.cells; c++) {
      const double length = grid.time[c + 1] - grid.time[c];
      const size_t parts = flow ? 1000 : (size_t)length;
      const double eta = flow ? length / 1000 : net.eta;
      for (size_t p = 0; p < parts; p++) {
        const Array before = naive;
        for (size_t d = 0; d < D; d++)
          naive[d] += (start[(c + 1) * D + d] - start[c * D + d]) / (double)parts -
                      eta * (theta[d * D] * before[0] + theta[d * D + 1] * before[1]);
      }
      for (const double t : times)
        if (grid.time[c + 1] == t) wanted.insert(wanted.end(), naive.begin(), naive.end());
    }
    EXPECT_LT(Distance(z, wanted), flow ? 1e-3 : 1e-12) << flow;
    pdlt_kink_grid_free(&grid);
    pdlt_training_free(&training);
  }
}

}  // namespace
