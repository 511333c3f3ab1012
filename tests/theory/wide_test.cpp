// theory/gauss/wide.h: averages where sigma is a step or a kink on the scale of the Gaussian.
#include "theory/gauss/wide.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/core/memory.h"

namespace {

pdlt_activation Parse(const char *text) {
  pdlt_activation act;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_activation_parse(&act, text, &err), PDLT_OK) << err.message;
  return act;
}

const int kBoth[2][2] = {{0, 0}, {1, 1}};

pdlt_wide Wide(const char *name, double k11, double k12, double k22, double tolerance = 1e-11,
               int orders = 3) {
  const pdlt_activation act = Parse(name);
  pdlt_wide wide = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_wide_pair(&wide, &act, orders, 2, kBoth, k11, k12, k22, tolerance, &err), PDLT_OK)
      << name << " " << k11 << ": " << err.message;
  return wide;
}

struct Reference {
  const char *name;
  double k11, k12, k22, ss, dd;
};

// 34 digits, by Gauss-Legendre panels of 24 nodes in both variables: another rule.
const Reference kReferences[] = {
    {"tanh", 87, 40.5, 62, 0.3671477656028582, 0.010225094589588174},
    {"tanh", 87, -86.99, 87, -0.9142912051004313, 0.0564751009809609},
    {"tanh", 3426, 3425.9, 3430, 0.9737655464640579, 0.004522792397171212},
    {"tanh", 3426, 3, 0.5, 0.029710900905518117, 0.00991139862349704},
    {"tanh", 100000, 65000, 50000, 0.7423711567604492, 2.2866237403392532e-05},
    {"tanh", 100000, -100000, 100000, -0.9974768778538569, 0.0016820856359310997},
    {"gelu", 87, 40.5, 62, 23.50776225656051, 0.3443685525639473},
    {"gelu", 87, -86.99, 87, -0.01987062368374906, -0.005424466357238508},
    {"gelu", 3426, 3425.9, 3430, 1712.951544077235, 0.49559043958584037},
    {"gelu", 3426, 3, 0.5, 4.569206820846046, 0.2611081722472526},
    {"gelu", 100000, 65000, 50000, 32744.448911808453, 0.4356029470475424},
    {"gelu", 100000, -100000, 100000, -0.0005931278014846678, -0.00017793337002985142},
    {"softplus", 87, 40.5, 62, 24.08676089172139, 0.3384948972388114},
    {"softplus", 87, -86.99, 87, 0.10043999257712688, 0.0420634407292208},
    {"softplus", 3426, 3425.9, 3430, 1712.982905725431, 0.4911547264674281},
    {"softplus", 3426, 3, 0.5, 18.33134038532408, 0.254591503377893},
    {"softplus", 100000, 65000, 50000, 32744.734054104138, 0.43557903967972716},
    {"softplus", 100000, -100000, 100000, 0.0030328728163877407, 0.0012615455097936864},
    {"swish", 87, 40.5, 62, 23.216190617374384, 0.34708848245280244},
    {"swish", 87, -86.99, 87, -0.13051695567292637, -0.007268614200456891},
    {"swish", 3426, 3425.9, 3430, 1712.9296351449943, 0.4971194337965271},
    {"swish", 3426, 3, 0.5, 3.3838271379378684, 0.25833819799235597},
    {"swish", 100000, 65000, 50000, 32744.29668821882, 0.43561570382232917},
    {"swish", 100000, -100000, 100000, -0.004150099924301834, -0.0002711612329968898},
    {"sigmoid", 87, 40.5, 62, 0.3384948972388114, 0.0024425360980718704},
    {"sigmoid", 87, -86.99, 87, 0.0420634407292208, 0.007062422430251677},
    {"sigmoid", 3426, 3425.9, 3430, 0.4911547264674281, 0.0008485273648302787},
    {"sigmoid", 3426, 3, 0.5, 0.254591503377893, 0.001530999593851163},
    {"sigmoid", 100000, 65000, 50000, 0.43557903967972716, 5.715195195669779e-06},
    {"sigmoid", 100000, -100000, 100000, 0.0012615455097936864, 0.00021025968747229572},
};

void ExpectCovered(double value, const pdlt_value &got, double size, const std::string &where) {
  EXPECT_NEAR(got.value, value, got.error) << where;
  EXPECT_LE(got.error, 1e-10 * size) << where;
}

TEST(Wide, PanelsOfManyDigits) {
  for (const Reference &r : kReferences) {
    const pdlt_wide w = Wide(r.name, r.k11, r.k12, r.k22);
    const std::string where = std::string(r.name) + " " + std::to_string(r.k11);
    ExpectCovered(r.ss, w.average[0][0], w.size[0][0], where);
    ExpectCovered(r.dd, w.average[1][1], w.size[1][1], where);
  }
}

// erf and sin have closed forms for every kernel.
TEST(Wide, ClosedForms) {
  const pdlt_activation act = Parse("erf");
  for (const double k : {0.0, 1e-8, 0.5, 30.0, 900.0, 1e5, 1e9})
    for (const double ratio : {1.0, 0.3, 1e-4, 0.0})
      for (const double rho : {0.0, 0.4, 0.97, -0.99999, 1.0, -1.0}) {
        const double k12 = rho * std::sqrt(k * k * ratio), k22 = k * ratio;
        const pdlt_wide w = Wide("erf", k, k12, k22);
        const int orders[][2] = {{0, 0}, {1, 1}, {0, 2}, {2, 0}, {2, 2}, {1, 3}};
        for (const auto &o : orders) {
          const pdlt_value exact = pdlt_expectation_pair_closed(&act, o[0], o[1], k, k12, k22);
          const pdlt_value got = w.average[o[0]][o[1]];
          EXPECT_NEAR(got.value, exact.value, got.error + exact.error + 1e-11 * w.size[o[0]][o[1]])
              << o[0] << o[1] << " " << k << " " << ratio << " " << rho;
        }
      }
}

TEST(Wide, PlacesOfSamplesAndThePlainGrid) {
  for (const char *name : {"tanh", "gelu", "softplus", "swish", "sigmoid"}) {
    const pdlt_activation act = Parse(name);
    const pdlt_wide a = Wide(name, 700, 200, 90), b = Wide(name, 90, 200, 700);
    for (int p = 0; p < 4; p++)
      for (int q = 0; q < 4; q++)
        EXPECT_EQ(a.average[p][q].value, b.average[q][p].value) << name << p << q;
    const pdlt_wide small = Wide(name, 46.4, -30, 34.4);
    pdlt_value grid;
    pdlt_error err = {};
    ASSERT_EQ(pdlt_expectation_pair_grid(&grid, &act, 0, 0, 46.4, -30, 34.4, 1e-12, &err), PDLT_OK);
    EXPECT_NEAR(small.average[0][0].value, grid.value, 1e-12 * small.size[0][0]) << name;
  }
}

// The general entry takes this road where no series reaches.
TEST(Wide, PairsBeyondTheSeries) {
  for (const Reference &r : kReferences) {
    if (r.k11 < 1e5) continue; /* the series are tried first, which takes its time */
    const pdlt_activation act = Parse(r.name);
    pdlt_value ss, dd;
    pdlt_error err = {};
    ASSERT_EQ(pdlt_expectation_pair(&ss, &act, 0, 0, r.k11, r.k12, r.k22, 1e-9, &err), PDLT_OK)
        << err.message;
    ASSERT_EQ(pdlt_expectation_pair(&dd, &act, 1, 1, r.k11, r.k12, r.k22, 1e-9, &err), PDLT_OK);
    EXPECT_NEAR(ss.value, r.ss, ss.error + 1e-13 * std::sqrt(r.k11 * r.k22)) << r.name;
    EXPECT_NEAR(dd.value, r.dd, dd.error + 1e-13) << r.name;
  }
}

TEST(Wide, Refusals) {
  const pdlt_activation relu = Parse("relu"), tanh = Parse("tanh");
  pdlt_wide wide = {};
  pdlt_error err = {};
  wide.size[0][0] = 7.5;
  EXPECT_EQ(pdlt_wide_pair(&wide, &relu, 1, 2, kBoth, 1, 0, 1, 1e-9, &err), PDLT_ERR_UNSUPPORTED);
  EXPECT_EQ(pdlt_wide_pair(&wide, &tanh, 1, 2, kBoth, 1e13, 0, 1, 1e-9, &err), PDLT_ERR_NUMERIC);
  EXPECT_NE(std::string(err.message).find("data.scale: 1 would do"), std::string::npos)
      << err.message;
  pdlt_memory_fail_after(1);
  EXPECT_EQ(pdlt_wide_pair(&wide, &tanh, 1, 2, kBoth, 100, 0, 1, 1e-9, &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
  EXPECT_EQ(wide.size[0][0], 7.5);
}

TEST(Wide, ErrorIsAboutTheSquareOfTheDistance) {
  EXPECT_NEAR(pdlt_wide_error(1e-8, 1), 1e-14 + 64 * 2.2e-16, 1e-15);
  EXPECT_NEAR(pdlt_wide_error(3e-2, 1), 3e-2, 1e-12);
  EXPECT_EQ(pdlt_wide_error(0, 0), 0);
}

}  // namespace
