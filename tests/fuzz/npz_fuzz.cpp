/* npz_fuzz.cpp - any bytes as an archive, as a NumPy file and as one array of an archive. */
#include "base/experiment/results.h"
#include "base/file/npy.h"
#include "base/file/npz.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string path = fuzz::Write("in.npz", std::string((const char *)data, size));
  pdlt_archive archive = {};
  pdlt_npy array = {};
  pdlt_error err = {};
  if (pdlt_npz_read(&archive, path.c_str(), &err) == PDLT_OK) {
    if (pdlt_results_check(&archive, path.c_str(), &err) != PDLT_OK) fuzz::RequireOneLine(err);
    pdlt_archive_free(&archive);
  } else {
    fuzz::RequireOneLine(err);
  }
  for (const char *name : {"", "x"}) {
    const pdlt_status status = name[0] == 0
                                   ? pdlt_npy_read(&array, path.c_str(), &err)
                                   : pdlt_npy_read_member(&array, path.c_str(), name, &err);
    if (status == PDLT_OK)
      pdlt_npy_free(&array);
    else
      fuzz::RequireOneLine(err);
  }
  return 0;
}
