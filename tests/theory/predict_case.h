/* predict_case.h - an experiment with its samples and what is predicted for it. */
#ifndef PDLT_TESTS_THEORY_PREDICT_CASE_H
#define PDLT_TESTS_THEORY_PREDICT_CASE_H

#include <gtest/gtest.h>

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

#endif
