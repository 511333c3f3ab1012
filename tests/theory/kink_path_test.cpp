/* kink_path_test.cpp - one neuron near its kink: all starts at once against every start by itself. */
#include "theory/kink/path.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

namespace {

using Array = std::vector<double>;

struct Drive {
  Array plus, minus;
  int flow = 0;
};

struct Path {
  Array net, changed, above, below;
};

Path Follow(const Drive &d, double sign = 1) {
  const size_t C = d.plus.size(), G = C + 1;
  const std::vector<int> flow(C, d.flow);
  Array rate_plus(1, 0.0), rate_minus(1, 0.0);
  rate_plus.insert(rate_plus.end(), d.plus.begin(), d.plus.end());
  rate_minus.insert(rate_minus.end(), d.minus.begin(), d.minus.end());
  const pdlt_kink_drive drive = {
      C, flow.data(), d.plus.data(), d.minus.data(), rate_plus.data(), rate_minus.data()};
  Path out = {Array(G, 7.5), Array(G, 7.5), Array(G, 7.5), Array(G, 7.5)};
  const pdlt_kink_path view = {out.net.data(), out.changed.data(), out.above.data(),
                               out.below.data()};
  pdlt_kink_tracker tracker = {};
  pdlt_error err = {};
  /* What was followed before must not matter. */
  for (int again = 0; again < 2; again++)
    EXPECT_EQ(pdlt_kink_follow(&tracker, &drive, sign, &view, &err), PDLT_OK) << err.message;
  pdlt_kink_tracker_free(&tracker);
  return out;
}

double Way(const Drive &d) {
  double way = 0;
  for (size_t c = 0; c < d.plus.size(); c++)
    way += std::fmax(std::fabs(d.plus[c]), std::fabs(d.minus[c]));
  return way;
}

/* Every start by itself, in the middle of intervals of that length; each cell in `parts` equal steps. The sides at
 * the end of a cell are means over its last `window` steps: under flow what sticks hops to and fro. */
Path Naive(const Drive &d, double length, int parts = 1, int window = 1) {
  const size_t G = d.plus.size() + 1;
  Path out = {Array(G), Array(G), Array(G), Array(G)};
  const long half = std::lround(std::ceil(Way(d) / length));
  for (long i = -half; i < half; i++) {
    const double start = ((double)i + 0.5) * length;
    double s = start, linear = start, up = start > 0;
    for (size_t g = 0; g < G; g++) {
      out.net[g] += length * (up - (start > 0));
      out.changed[g] += length * (start > 0 ? 1 - up : up);
      out.above[g] += length * ((s > 0 ? s : 0) - (start > 0 ? linear : 0));
      out.below[g] += length * ((s > 0 ? 0 : s) - (start > 0 ? 0 : linear));
      if (g + 1 == G) break;
      up = 0;
      for (int p = 0; p < parts; p++) {
        s += (s > 0 ? d.plus[g] : d.minus[g]) / parts;
        up += p >= parts - window && s > 0 ? 1.0 / window : 0.0;
      }
      linear += start > 0 ? d.plus[g] : d.minus[g];
    }
  }
  return out;
}

double Distance(const Array &a, const Array &b) {
  double most = 0;
  EXPECT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); i++) most = std::fmax(most, std::fabs(a[i] - b[i]));
  return most;
}

double Largest(const Array &x) { return Distance(x, Array(x.size(), 0.0)); }

/* Lengths to `tolerance` of the way, moments to that of its square. */
void ExpectClose(const Path &a, const Path &b, double way, double tolerance) {
  EXPECT_LE(Distance(a.net, b.net), tolerance * way);
  EXPECT_LE(Distance(a.changed, b.changed), tolerance * way);
  EXPECT_LE(Distance(a.above, b.above), tolerance * way * way);
  EXPECT_LE(Distance(a.below, b.below), tolerance * way * way);
}

/* Multiples of 1/64: all starts between two of them move alike and land on neither side by half, so that the
 * naive sum over the middles is exact. */
double Lattice(double x) { return std::round(64 * x) / 64; }

Drive Random(std::mt19937_64 &gen, size_t cells, double bias, double swing) {
  std::normal_distribution<double> normal;
  Drive d;
  for (size_t c = 0; c < cells; c++) {
    d.plus.push_back(Lattice(-bias + swing * normal(gen)));
    d.minus.push_back(Lattice(bias + swing * normal(gen)));
  }
  return d;
}

TEST(KinkPath, StepsAreExact) {
  std::mt19937_64 gen(1);
  double most = 0;
  for (size_t cells = 0; cells < 12; cells++)
    for (int k = 0; k < 8; k++) {
      const Drive d = Random(gen, cells, 0, 1);
      const Path one = Follow(d);
      ExpectClose(one, Naive(d, 1.0 / 64), Way(d) + 1, 1e-13);
      most = std::fmax(most, Largest(one.changed));
    }
  EXPECT_GT(most, 3);
}

/* Both drives point to the kink: neurons hop over it again and again. Few steps: all pieces are kept. */
TEST(KinkPath, HopsAreExact) {
  std::mt19937_64 gen(2);
  for (int k = 0; k < 40; k++) {
    const Drive d = Random(gen, 6, 1, 0.3);
    ExpectClose(Follow(d), Naive(d, 1.0 / 64), Way(d), 1e-13);
  }
}

/* The drives of training: modes that fall at different rates, one that changes sign; to the kink from both sides
 * most of the time, so that neurons hop over it to the end. */
Drive Modes(unsigned seed, size_t cells) {
  const double mu[4] = {0.97, 0.93, 0.6, -0.5};
  std::mt19937_64 gen(seed);
  std::normal_distribution<double> normal;
  Drive d = {Array(cells), Array(cells)};
  for (const double one : mu) {
    const double plus = normal(gen) - 1, minus = normal(gen) + 1;
    for (size_t c = 0; c < cells; c++) {
      d.plus[c] += plus * std::pow(one, (double)c);
      d.minus[c] += minus * std::pow(one, (double)c);
    }
  }
  return d;
}

/* More than 8 pieces of one start on a side are joined. Then the moments, which move the outputs at once, keep 3
 * digits; the sides of one path at one time are certain to 15 %, their mean over 20 paths to 2 %, over time to
 * 0.07 %. */
TEST(KinkPath, JoinedPiecesAreClose) {
  double sides = 0, sum = 0, moments = 0;
  Array error(121), total(121);
  for (int k = 0; k < 20; k++) {
    const Drive d = Modes(10 + k, 120);
    const Path one = Follow(d), naive = Naive(d, 1.0 / 128);
    const double length = Largest(naive.changed);
    const double moment = std::fmax(Largest(naive.above), Largest(naive.below));
    double wrong = 0;
    for (size_t g = 0; g <= 120; g++) {
      wrong += (one.net[g] - naive.net[g]) / 120;
      error[g] += (one.net[g] - naive.net[g]) / 20;
      total[g] += naive.changed[g] / 20;
    }
    sides = std::fmax(sides, Distance(one.net, naive.net) / length);
    sum = std::fmax(sum, std::fabs(wrong) / length);
    moments = std::fmax(moments, Distance(one.above, naive.above) / moment);
    moments = std::fmax(moments, Distance(one.below, naive.below) / moment);
  }
  EXPECT_LT(sides, 0.15);
  EXPECT_LT(sum, 0.0007);
  EXPECT_LT(moments, 0.001);
  EXPECT_LT(Largest(error), 0.02 * Largest(total));
}

TEST(KinkPath, WithoutDriveNothingCrosses) {
  for (const int flow : {0, 1}) {
    const Path one = Follow({Array(5, 0.0), Array(5, 0.0), flow});
    for (const Array *x : {&one.net, &one.changed, &one.above, &one.below})
      EXPECT_EQ(*x, Array(6, 0.0));
  }
}

/* The same drive on both sides: everybody moves alike, and who has changed sides fills the way; s = s_lin. */
TEST(KinkPath, EqualDrivesShiftAll) {
  const Array step = {0.5, -1.25, 0.25, 3, -1, -4};
  for (const int flow : {0, 1})
    for (const double sign : {1.0, -1.0}) {
      const Path one = Follow({step, step, flow}, sign);
      double way = 0;
      for (size_t c = 0; c < step.size(); c++) {
        way += sign * step[c];
        EXPECT_NEAR(one.changed[c + 1], std::fabs(way), 1e-14);
        EXPECT_NEAR(one.net[c + 1], way, 1e-14);
        EXPECT_NEAR(one.above[c + 1] + one.below[c + 1], 0, 1e-13);
        EXPECT_NEAR(one.above[c + 1], way * way / 2, 1e-13);
      }
    }
}

/* s -> -s exchanges the sides; a sign multiplies both drives. */
TEST(KinkPath, Mirror) {
  std::mt19937_64 gen(3);
  for (const int flow : {0, 1})
    for (int k = 0; k < 20; k++) {
      Drive d = Random(gen, 6, 0.5, 1), mirror, negative;
      d.flow = mirror.flow = negative.flow = flow;
      for (size_t c = 0; c < 6; c++) {
        mirror.plus.push_back(-d.minus[c]);
        mirror.minus.push_back(-d.plus[c]);
        negative.plus.push_back(-d.plus[c]);
        negative.minus.push_back(-d.minus[c]);
      }
      const Path one = Follow(d), two = Follow(mirror);
      Path back = {two.net, two.changed, two.below, two.above};
      for (Array *x : {&back.net, &back.above, &back.below})
        for (double &v : *x) v = -v;
      ExpectClose(one, back, Way(d), 1e-13);
      ExpectClose(Follow(d, -1), Follow(negative), Way(d), 0);
    }
}

/* Flow against small steps: neurons pass the kink within a cell, stick to it (in the naive loop they hop over it
 * all the time), and leave together. 400 starts, 4000 steps for each cell: to 1 % of the way. */
TEST(KinkPath, FlowIsManySmallSteps) {
  const std::vector<Drive> drives = {
      {{1, 2, -0.5, -1}, {0.5, 3, -2, -0.25}, 1}, /* passing, with other drifts behind */
      {{-1, -1, -0.5}, {0.5, 2, 0.25}, 1},        /* sticking from both sides */
      {{-1, -1, 0.75, 0.75}, {1, 1, 2, 1}, 1},    /* released upward */
      {{-1, -0.5, -1, -1}, {1, 1, -0.5, -2}, 1},  /* and downward */
      {{-1, 1.5, -2, 1}, {1, 0.5, 0.5, 1.5}, 1},  /* released, and stuck again */
      {{1, -1, -1, -3}, {-1, -1, 2, 1}, 1}};      /* pushed away at first */
  for (const Drive &d : drives) {
    const double way = Way(d);
    ExpectClose(Follow(d), Naive(d, way / 200, 4000, 60), way, 0.01);
  }
}

/* What sticks spends on each side the share of time at which the mean drift is 0. */
TEST(KinkPath, StuckShare) {
  const Path one = Follow({{-3}, {1}, 1});
  EXPECT_NEAR(one.changed[1], 1 * 0.25 + 3 * 0.75, 1e-14);
  EXPECT_NEAR(one.net[1], 1 * 0.25 - 3 * 0.75, 1e-14);
  EXPECT_NEAR(one.above[1], 4.5, 1e-14);  /* s_lin of the starts above: -3 .. 0 */
  EXPECT_NEAR(one.below[1], -0.5, 1e-14); /* of those below: 0 .. 1 */
}

}  // namespace
