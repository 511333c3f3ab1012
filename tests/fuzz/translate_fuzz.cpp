/* translate_fuzz.cpp - any text as a framework's description. What it makes can be read as an experiment, and
 * that one, of one width, as a description. */
#include "base/translate/translate.h"

#include "base/core/memory.h"
#include "tests/fuzz/support.h"

namespace {

void Back(const pdlt_description &d, const char *text) {
  pdlt_experiment ex = {};
  pdlt_description again = {};
  pdlt_error err = {};
  char *out = nullptr;
  const pdlt_places places = {"", ""};
  pdlt_status status = pdlt_experiment_parse(&ex, text, "made", 0, nullptr, &err);
  if (status != PDLT_OK) std::fprintf(stderr, "%s\n%s\n", text, err.message);
  fuzz::Require(status == PDLT_OK, "what was made can be read");
  ex.network.num_widths = 1;
  if (pdlt_translate_experiment(&ex, d.sizes[0], &places, &out, &err) == PDLT_OK) {
    status = pdlt_description_read(&again, out, std::strlen(out), "again", &err);
    if (status == PDLT_OK)
      fuzz::Require(again.sizes[1] == d.sizes[1] && again.steps == d.steps,
                    "it is the same network");
    else
      fuzz::RequireOneLine(err); /* numbers may overflow */
    pdlt_description_free(&again);
    pdlt_free(out);
  } else {
    fuzz::RequireOneLine(err);
  }
  pdlt_experiment_free(&ex);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pdlt_description d = {};
  pdlt_error err = {};
  char *text = nullptr;
  if (pdlt_description_read(&d, (const char *)data, size, "in.yaml", &err) != PDLT_OK) {
    fuzz::RequireOneLine(err);
    return 0;
  }
  if (pdlt_translate_description(&d, "folder", &text, nullptr, &err) == PDLT_OK)
    Back(d, text);
  else
    fuzz::RequireOneLine(err);
  pdlt_free(text);
  pdlt_description_free(&d);
  return 0;
}
