// shard: parts of a run put together give the archive of the whole run, and nothing else is
// put together.
#include "trainer/run/shard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "base/file/npz.h"
#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

std::string npz_bytes(const Archive &archive) {
  const std::string path = testing::TempDir() + "pdlt_shard_" + std::to_string(getpid()) + ".npz";
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npz_write(&archive.c, path.c_str(), &err), PDLT_OK) << err.message;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  unlink(path.c_str());
  EXPECT_GT(bytes.size(), 100u);
  return bytes;
}

// What pdlt train writes: shard k of K, or everything (K = 0).
void train(const Settings &s, const Data &data, int layers, int k, int K, Archive *out) {
  Experiment ex(yaml(s));
  pdlt_ensemble_options o = options(2);
  o.layers = layers;
  o.shard = k;
  o.shards = K;
  pdlt_error err = {};
  ASSERT_EQ(pdlt_ensemble_run(&out->c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
}

// Merges shards; the message when it is refused.
std::string merge(const std::vector<const Archive *> &shards, Archive *out) {
  pdlt_merge m = {};
  pdlt_error err = {};
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; status == PDLT_OK && k < shards.size(); k++)
    status = pdlt_merge_add(&m, &shards[k]->c, ("file" + std::to_string(k)).c_str(), &err);
  if (status == PDLT_OK) status = pdlt_merge_finish(&m, &out->c, &err);
  pdlt_merge_free(&m);
  EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_INPUT);
  return status == PDLT_OK ? "" : err.message;
}

}  // namespace

TEST(TrainerShard, MergedShardsAreTheWholeRunToTheLastByte) {
  Settings s;
  s.widths = "[5, 9]";
  s.outputs = 2;
  s.members = 500;  // the last block is not full
  s.keep = 150;     // two blocks and a bit
  s.steps = "30";
  s.record = "[1, 30]";
  for (const char *estimator : {"plain", "antithetic", "two_level", "auto", "slice", "weights"}) {
    s.estimator = estimator;
    if (s.estimator == "slice" || s.estimator == "weights") {  // of posteriors
      if (s.estimator == "weights") s.estimator = "auto";
      s.measure = "[posterior]";
      s.more_ensemble = "posterior:\n  noise: 0.1\n";
      s.keep = 0;
    }
    const int layers = s.estimator == "plain";
    Data data((size_t)s.train, (size_t)s.test, 3, 2, 2);
    Archive whole, merged;
    train(s, data, layers, 0, 0, &whole);
    std::vector<std::unique_ptr<Archive>> shards;
    std::vector<const Archive *> order;
    for (int k : {3, 1, 2}) {
      shards.push_back(std::make_unique<Archive>());
      train(s, data, layers, k, 3, shards.back().get());
      order.push_back(shards.back().get());
    }
    EXPECT_EQ(merge(order, &merged), "");
    EXPECT_EQ(npz_bytes(merged), npz_bytes(whole)) << estimator;
  }
}

TEST(TrainerShard, RefusesWhatDoesNotBelongTogether) {
  Settings s;
  s.members = 200;
  Data data((size_t)s.train, (size_t)s.test, 3, 1, 2);
  Archive one, two, of_three, whole, other, layered, out;
  train(s, data, 0, 1, 2, &one);
  train(s, data, 0, 2, 2, &two);
  train(s, data, 0, 2, 3, &of_three);
  train(s, data, 0, 0, 0, &whole);
  train(s, data, 1, 2, 2, &layered);
  s.seed = 8;
  train(s, data, 0, 2, 2, &other);
  auto refused = [&](const std::vector<const Archive *> &shards, const char *expected) {
    EXPECT_NE(merge(shards, &out).find(expected), std::string::npos)
        << expected << ": " << merge(shards, &out);
    EXPECT_EQ(out.c.count, 0u);
  };
  refused({&one}, "shard 2 of 2 is missing; make it with pdlt train EXPERIMENT.yaml --shard 2/2");
  refused({&one, &one}, "file1: shard 1 of 2, as is file0");
  refused({&one, &of_three}, "file1: shard 2 of 3, but file0 is one of 2");
  refused({&one, &other}, "file1: of another experiment than file0");
  refused({&one, &layered}, "file1: of a run with other --layers than file0");
  refused({&whole}, "file0: not a shard");
  refused({&one, &whole}, "file1: not a shard");
  json_object_set_new(two.c.meta, "commit", json_string("older"));
  refused({&one, &two}, "file1: of another build of this program than file0");
  json_object_set_new(one.c.meta, "commit", json_string("older"));
  json_t *experiment = json_object_get(one.c.meta, "experiment");
  json_object_set_new(experiment, "title", json_string("changed by hand"));
  refused({&one, &two}, "file0: a shard, but its experiment is not the one that it names");
}

TEST(TrainerShard, RefusesShardsWithMissingParts) {
  Settings s;
  s.members = 200;
  s.keep = 100;
  Data data((size_t)s.train, (size_t)s.test, 3, 1, 2);
  for (const char *name : {"x", "y", "choice", "units", "records", "samples"}) {
    Archive shard, out;
    train(s, data, 0, 1, 1, &shard);
    for (size_t k = 0; k < shard.c.count; k++)
      if (shard.c.entries[k].name == std::string(name)) shard.c.entries[k].name[0] = '?';
    EXPECT_EQ(merge({&shard}, &out).rfind("file0: a shard, but ", 0), 0u) << name;
  }
  // One sample less than the experiment has, of inputs, targets or both.
  for (const auto &names : {std::vector<const char *>{"x"}, {"y"}, {"x", "y"}}) {
    Archive less, none;
    train(s, data, 0, 1, 1, &less);
    for (const char *name : names)
      for (size_t k = 0; k < less.c.count; k++)
        if (less.c.entries[k].name == std::string(name)) less.c.entries[k].array.dim[0]--;
    EXPECT_EQ(merge({&less}, &none),
              "file0: a shard, but its samples do not fit its experiment; make it again");
  }
  Archive shard, out;
  train(s, data, 0, 1, 1, &shard);
  for (double wrong : {-1.0, 0.5, 1e9}) {
    const pdlt_array *units = pdlt_archive_get(&shard.c, "units");
    units->data[3] = wrong;
    EXPECT_NE(merge({&shard}, &out).find("blocks of others"), std::string::npos);
  }
}

// Every allocation fails once: an error, and nothing half made.
TEST(TrainerShard, EveryFailedAllocationIsReported) {
  Settings s;
  s.members = 100;
  Data data((size_t)s.train, (size_t)s.test, 3, 1, 2);
  Archive shard;
  train(s, data, 0, 1, 1, &shard);
  pdlt_status status = PDLT_ERR_MEMORY;
  for (long calls = 0; calls < 1000 && status != PDLT_OK; calls++) {
    pdlt_merge m = {};
    Archive out;
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    status = pdlt_merge_add(&m, &shard.c, "shard", &err);
    if (status == PDLT_OK) status = pdlt_merge_finish(&m, &out.c, &err);
    pdlt_memory_fail_after(-1);
    pdlt_merge_free(&m);
    if (status == PDLT_ERR_INPUT) {  // the reader of experiments had no memory
      EXPECT_NE(std::string(err.message).find("cannot be read"), std::string::npos);
      status = PDLT_ERR_MEMORY;
    }
    ASSERT_TRUE(status == PDLT_OK || status == PDLT_ERR_MEMORY) << err.message;
  }
  EXPECT_EQ(status, PDLT_OK);
}
