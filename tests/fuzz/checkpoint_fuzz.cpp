/* checkpoint_fuzz.cpp - any bytes behind the names of experiment and build of a segment of unfinished work,
 * with a sum that fits. */
#include <fstream>
#include <iterator>

#include "base/file/file.h"
#include "tests/fuzz/support.h"
#include "trainer/run/checkpoint.h"

namespace {

enum { NAMES = 8 + 2 * PDLT_IDENTITY_LENGTH }; /* magic, identity, build */

std::string Unfinished() { return fuzz::Folder() + "/run.partial"; }

/* The names of a segment as the program writes it. */
const std::string &Names() {
  static const std::string names = [] {
    const fuzz::Tiny &tiny = fuzz::TinyExperiment();
    const std::string folder = Unfinished();
    pdlt_ensemble_options options = fuzz::TinyOptions();
    pdlt_archive out = {};
    options.checkpoint = folder.c_str();
    fuzz::Require(
        pdlt_ensemble_run(&out, &tiny.experiment, &tiny.data, &options, nullptr) == PDLT_OK,
        "the experiment runs");
    pdlt_archive_free(&out);
    std::ifstream in(folder + "/00000001.blocks", std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    fuzz::Require(bytes.size() > NAMES, "there is a segment");
    return bytes.substr(0, NAMES);
  }();
  return names;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const fuzz::Tiny &tiny = fuzz::TinyExperiment();
  std::string bytes = Names() + std::string((const char *)data, size);
  const uint64_t sum = pdlt_hash_bytes(PDLT_HASH_START, bytes.data(), bytes.size());
  bytes.append((const char *)&sum, sizeof sum);
  const std::string folder = Unfinished();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  fuzz::Write("run.partial/00000001.blocks", bytes);
  pdlt_ensemble_options options = fuzz::TinyOptions();
  volatile sig_atomic_t stop = 1; /* what is there is read, and nothing is trained */
  pdlt_archive out = {};
  pdlt_error err = {};
  options.checkpoint = folder.c_str();
  options.stop = &stop;
  if (pdlt_ensemble_run(&out, &tiny.experiment, &tiny.data, &options, &err) != PDLT_OK)
    fuzz::RequireOneLine(err);
  pdlt_archive_free(&out);
  return 0;
}
