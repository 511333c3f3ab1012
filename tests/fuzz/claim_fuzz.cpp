/* claim_fuzz.cpp - any text as the expect.yaml of a claim. */
#include "compare/claim/claim.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int made = std::filesystem::create_directories(fuzz::Folder() + "/5-claim");
  (void)made;
  fuzz::Write("5-claim/expect.yaml", std::string((const char *)data, size));
  pdlt_claim claim = {};
  pdlt_error err = {};
  if (pdlt_claim_read(&claim, (fuzz::Folder() + "/5-claim").c_str(), &err) == PDLT_OK) {
    (void)pdlt_claim_needs_ensemble(&claim);
    (void)pdlt_claim_needs_layers(&claim);
    pdlt_claim_free(&claim);
  } else {
    fuzz::RequireOneLine(err);
  }
  return 0;
}
