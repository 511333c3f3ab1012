/* results_fuzz.cpp - sound results, changed: what the check lets through is compared and drawn without
 * reading beyond an array. */
#include "base/experiment/results.h"
#include "compare/figure/figure.h"
#include "compare/page/report.h"
#include "compare/verdict/compare.h"
#include "tests/fuzz/support.h"
#include "theory/predict/predict.h"

namespace {

struct Sound {
  pdlt_archive theory, measured;
};

const Sound &SoundResults() {
  static const Sound sound = [] {
    const fuzz::Tiny &tiny = fuzz::TinyExperiment();
    const pdlt_predict_options options = {1, 1, nullptr};
    pdlt_ensemble_options training = fuzz::TinyOptions();
    Sound made = {};
    training.layers = 1;
    fuzz::Require(
        pdlt_predict(&made.theory, &tiny.experiment, &tiny.data, &options, nullptr) == PDLT_OK &&
            pdlt_ensemble_run(&made.measured, &tiny.experiment, &tiny.data, &training, nullptr) ==
                PDLT_OK &&
            pdlt_results_check(&made.theory, "theory", nullptr) == PDLT_OK &&
            pdlt_results_check(&made.measured, "measured", nullptr) == PDLT_OK,
        "the results are sound");
    return made;
  }();
  return sound;
}

void Draw(const pdlt_comparison &comparison, const pdlt_archive &theory,
          const pdlt_archive &measured) {
  pdlt_figure_list figures = {};
  const pdlt_figure_input input = {&comparison, &theory, &measured, nullptr};
  const std::string page = fuzz::Folder() + "/report.html";
  if (pdlt_figures_write(&input, fuzz::Folder().c_str(), &figures, nullptr, nullptr) == PDLT_OK) {
    const pdlt_report_input report = {&comparison, &theory, &measured, &figures};
    (void)pdlt_report_write(&report, page.c_str(), nullptr);
  }
  pdlt_figure_list_free(&figures);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::Input in = {data, size};
  pdlt_archive theory = fuzz::Copy(SoundResults().theory);
  pdlt_archive measured = fuzz::Copy(SoundResults().measured);
  pdlt_comparison comparison = {};
  pdlt_error err = {};
  const int draws = in.Byte() == 77; /* takes a second or more */
  const int which = in.Byte() % 3;
  if (which != 1) fuzz::Edit(&theory, &in);
  if (which != 0) fuzz::Edit(&measured, &in);
  const pdlt_compare_options options = {1, 1e-4, nullptr};
  if (pdlt_results_check(&theory, "theory.npz", &err) == PDLT_OK &&
      pdlt_results_check(&measured, "measured.npz", &err) == PDLT_OK) {
    const pdlt_status status = pdlt_compare(&comparison, &theory, &measured, &options, &err);
    if (status == PDLT_OK && draws) Draw(comparison, theory, measured);
    if (status != PDLT_OK) fuzz::RequireOneLine(err);
  } else {
    fuzz::RequireOneLine(err);
  }
  pdlt_comparison_free(&comparison);
  pdlt_archive_free(&theory);
  pdlt_archive_free(&measured);
  return 0;
}
