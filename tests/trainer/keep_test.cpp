// ensemble.keep: what is stored whatever its size.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/trainer/support.h"

using namespace trainer_test;

// Covariances above 4 MB, 70 blocks of 7,200 numbers, are stored when they are named; everything else
// is the same to the last bit, losses included.
TEST(TrainerKeep, LargeCovariancesAreStoredWhenNamed) {
  Settings s;
  s.widths = "[3, 4]";
  s.outputs = 2;
  s.train = 10;
  s.test = 5;
  s.steps = "9";
  s.record = "[0, 1, 2, 3, 4, 5, 6, 9]";
  s.members = 64 * 70;
  s.measure = "[output]";
  Data data((size_t)s.train, (size_t)s.test, 3, 2, 2);
  Archive named, dropped, small;
  auto run = [&](const Settings &with, Archive *out) {
    Experiment ex(yaml(with));
    const pdlt_ensemble_options o = options(2);
    pdlt_error err = {};
    ASSERT_EQ(pdlt_ensemble_run(&out->c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  };
  auto reason = [](Archive &of) {
    const json_t *absent = json_object_get(pdlt_archive_meta(&of.c), "absent");
    const char *text = json_string_value(json_object_get(absent, "cov"));
    return std::string(text == nullptr ? "" : text);
  };
  run(s, &dropped);
  s.more_ensemble = "  keep: [cov]\n";
  run(s, &named);
  EXPECT_EQ(reason(named), "");
  EXPECT_EQ(reason(dropped), "not kept: 4.15 MB at each width; ensemble.keep: [cov] keeps it");
  EXPECT_EQ(named.c.count, dropped.c.count + 2 * 3);
  for (size_t k = 0; k < named.c.count; k++) {
    const std::string name = named.c.entries[k].name;
    const pdlt_array *array = &named.c.entries[k].array, *other = nullptr;
    other = pdlt_archive_get(&dropped.c, name.c_str());
    EXPECT_EQ(other == nullptr, name.find("cov") != name.npos) << name;
    if (other == nullptr) continue;
    ASSERT_EQ(pdlt_array_count(array), pdlt_array_count(other)) << name;
    EXPECT_EQ(std::memcmp(array->data, other->data, pdlt_array_count(array) * sizeof(double)), 0)
        << name;
  }
  s.more_ensemble = "";
  s.members = 64 * 60;
  run(s, &small);
  EXPECT_EQ(reason(small), "");
  EXPECT_EQ(small.count("n3/cov"), 8u * 30 * 30);
}
