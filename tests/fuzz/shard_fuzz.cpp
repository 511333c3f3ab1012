/* shard_fuzz.cpp - a sound shard, changed: it is merged or refused. */
#include "base/experiment/results.h"
#include "tests/fuzz/support.h"
#include "trainer/run/shard.h"

namespace {

const pdlt_archive &SoundShard() {
  static const pdlt_archive shard = [] {
    const fuzz::Tiny &tiny = fuzz::TinyExperiment();
    pdlt_ensemble_options options = fuzz::TinyOptions();
    pdlt_archive made = {};
    options.shard = options.shards = 1;
    fuzz::Require(
        pdlt_ensemble_run(&made, &tiny.experiment, &tiny.data, &options, nullptr) == PDLT_OK,
        "the experiment runs");
    return made;
  }();
  return shard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::Input in = {data, size};
  pdlt_archive shard = fuzz::Copy(SoundShard()), out = {};
  pdlt_merge merge = {};
  pdlt_error err = {};
  merge.files = 1;
  fuzz::Edit(&shard, &in);
  pdlt_status status = pdlt_merge_add(&merge, &shard, "in.npz", &err);
  if (status == PDLT_OK) status = pdlt_merge_finish(&merge, &out, &err);
  if (status != PDLT_OK) fuzz::RequireOneLine(err);
  if (status == PDLT_OK && pdlt_results_check(&out, "out.npz", &err) != PDLT_OK)
    fuzz::Require(false, err.message);
  pdlt_archive_free(&out);
  pdlt_merge_free(&merge);
  pdlt_archive_free(&shard);
  return 0;
}
