/* predict_case.h - an experiment with its samples and what is predicted for it. */
#ifndef PDLT_TESTS_THEORY_PREDICT_CASE_H
#define PDLT_TESTS_THEORY_PREDICT_CASE_H

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "datasets/dataset.h"
#include "theory/predict/predict.h"

/* Of a refused experiment (err) there are no samples. */
struct PredictCase {
  pdlt_experiment ex = {};
  pdlt_dataset data = {};
  pdlt_archive out = {};
  pdlt_error err = {};
  PredictCase(const char *text, std::vector<const char *> set) {
    EXPECT_EQ(pdlt_experiment_parse(&ex, text, "test.yaml", set.size(), set.data(), &err), PDLT_OK)
        << err.message;
    if (ex.network.depth) {
      EXPECT_EQ(pdlt_dataset_load(&data, &ex, &err), PDLT_OK) << err.message;
    }
  }
  PredictCase(const PredictCase &) = delete;
  PredictCase &operator=(const PredictCase &) = delete;
  ~PredictCase() {
    pdlt_archive_free(&out);
    pdlt_dataset_free(&data);
    pdlt_experiment_free(&ex);
  }
  pdlt_status Predict(int threads = 1, int layers = 0) {
    const pdlt_predict_options options = {threads, layers, nullptr};
    return pdlt_predict(&out, &ex, &data, &options, &err);
  }
  /* The reason; NULL: not listed. */
  const char *Absent(const char *name) {
    return json_string_value(
        json_object_get(json_object_get(pdlt_archive_meta(&out), "absent"), name));
  }
};

/* The same, of a case that must be predicted, with its arrays by name. */
struct NamedCase : PredictCase {
  using PredictCase::PredictCase;
  void Predict() { ASSERT_EQ(PredictCase::Predict(), PDLT_OK) << err.message; }
  const pdlt_array *Find(const std::string &name) const {
    return pdlt_archive_get(&out, name.c_str());
  }
  std::vector<double> Get(const std::string &name) const {
    const pdlt_array *array = Find(name);
    EXPECT_NE(array, nullptr) << name;
    if (array == nullptr) return {};
    return std::vector<double>(array->data, array->data + pdlt_array_count(array));
  }
  std::vector<size_t> Shape(const std::string &name) const {
    const pdlt_array *array = Find(name);
    EXPECT_NE(array, nullptr) << name;
    return array ? std::vector<size_t>(array->dim, array->dim + array->ndim)
                 : std::vector<size_t>{};
  }
  std::string Absent(const std::string &name) {
    const char *why = PredictCase::Absent(name.c_str());
    return why == nullptr ? "" : why;
  }
};

#endif
