// forged: shards and unfinished work that no run makes, whole as files and in their sums, are refused by
// name and take no memory beyond their own size.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/file/file.h"
#include "tests/trainer/support.h"
#include "trainer/record/record.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/shard.h"

using namespace trainer_test;

namespace {

Settings small() {
  Settings s;
  s.members = 200;  // four blocks of one width
  s.keep = 100;
  return s;
}

// Shard 1 of `shards`, and what becomes of it with the others missing.
struct Shard {
  explicit Shard(const Settings &settings = small(), int shards = 1)
      : s(settings), data((size_t)s.train, (size_t)s.test, 3, 1, 2) {
    Experiment ex(yaml(s));
    pdlt_ensemble_options o = options(1);
    o.shard = 1;
    o.shards = shards;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_ensemble_run(&archive.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  }
  double *at(const char *name) { return pdlt_archive_get(&archive.c, name)->data; }
  size_t width(const char *name) { return pdlt_archive_get(&archive.c, name)->dim[1]; }
  // The message, or "" when it is taken; room: bytes of records.
  std::string merge(size_t files = 1, size_t *room = nullptr) {
    pdlt_merge m = {};
    Archive out;
    pdlt_error err = {};
    m.files = files;
    pdlt_status status = pdlt_merge_add(&m, &archive.c, "s.npz", &err);
    if (room != nullptr) *room = m.blocks.records == nullptr ? 0 : m.blocks.units * m.blocks.record;
    if (status == PDLT_OK) status = pdlt_merge_finish(&m, &out.c, &err);
    pdlt_merge_free(&m);
    EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_INPUT);
    return status == PDLT_OK ? "" : err.message;
  }
  Settings s;
  Data data;
  Archive archive;
};

// A finished run whose checkpoint stays, and what a run that goes on says.
struct Unfinished {
  Unfinished() : s(small()), data((size_t)s.train, (size_t)s.test, 3, 1, 2), ex(yaml(s)) {
    folder = testing::TempDir() + "pdlt_forged_" + std::to_string(getpid()) + ".partial";
    EXPECT_EQ(go_on(0), "");
    const std::filesystem::directory_iterator files(folder);
    for (const auto &entry : files) segment = entry.path();
  }
  ~Unfinished() { std::filesystem::remove_all(folder); }
  std::string go_on(int discard) {
    pdlt_ensemble_options o = options(1);
    o.checkpoint = folder.c_str();
    o.discard = discard;
    pdlt_error err = {};
    Archive out;
    const pdlt_status status = pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err);
    EXPECT_TRUE(status == PDLT_OK || status == PDLT_ERR_INPUT);
    return status == PDLT_OK ? "" : err.message;
  }
  std::string read() const {
    std::ifstream in(segment, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // With a sum that fits.
  void write(std::string bytes) const {
    const uint64_t sum = pdlt_hash_bytes(PDLT_HASH_START, bytes.data(), bytes.size() - sizeof sum);
    std::memcpy(&bytes[bytes.size() - sizeof sum], &sum, sizeof sum);
    std::ofstream(segment, std::ios::binary) << bytes;
  }
  Settings s;
  Data data;
  Experiment ex;
  std::string folder, segment;
};

}  // namespace

TEST(TrainerForged, AShardHoldsEachBlockOnce) {
  Shard shard;
  EXPECT_EQ(shard.merge(), "");
  std::memcpy(shard.at("units") + 6, shard.at("units") + 4, 2 * sizeof(double));
  EXPECT_EQ(
      shard.merge(),
      "s.npz: a shard, but block 2 of width 8: it is there twice, and another is missing; make "
      "it again");
}

TEST(TrainerForged, ARecordOfAShardIsOneOfItsBlock) {
  for (double wrong : {std::nan(""), HUGE_VAL}) {
    Shard shard;
    shard.at("records")[2 * shard.width("records") - 1] = wrong;
    EXPECT_EQ(
        shard.merge(),
        "s.npz: a shard, but block 1 of width 8: it holds a number that is not finite; make it "
        "again");
  }
  for (double wrong : {0.0, 63.0, 65.0, -64.0, std::nan("")}) {
    Shard shard;
    shard.at("records")[0] = wrong;
    EXPECT_NE(shard.merge().find("block 0 of width 8: its numbers of draws are not those"),
              std::string::npos)
        << wrong;
  }
}

TEST(TrainerForged, AShardHoldsTheSamplesThatItNames) {
  for (const char *name : {"x", "y"})
    for (double wrong : {7.0, std::nan("")}) {
      Shard shard;
      shard.at(name)[1] = wrong;
      EXPECT_EQ(shard.merge().rfind("s.npz: a shard, but its samples are not ", 0), 0u) << name;
    }
}

TEST(TrainerForged, TheChoiceOfAShardIsOneThatAPilotMakes) {
  pdlt_choice choice = {};
  const struct {
    size_t at;
    double byte;
    const char *message;
  } cases[] = {
      {0, 1, "its estimator is not that of its experiment"},
      {0, 0.5, "its choice of the estimator is not bytes"},
      {1, std::nan(""), "its choice of the estimator is not bytes"},
      {2, 256, "its choice of the estimator is not bytes"},
      {offsetof(pdlt_choice, members) + 5, 1,
       "its number of members is not that of its experiment"},
  };
  for (const auto &one : cases) {
    Settings s = small();
    s.estimator = "plain";
    Shard shard(s);
    shard.at("choice")[one.at] = one.byte;
    EXPECT_EQ(shard.merge(), std::string("s.npz: a shard, but ") + one.message + "; make it again");
  }
  Settings s = small();
  s.estimator = "two_level";
  const size_t pilot = offsetof(pdlt_choice, pilot);
  for (size_t at :
       {pilot + offsetof(pdlt_pilot, antithetic), pilot + offsetof(pdlt_pilot, fitted),
        pilot + offsetof(pdlt_pilot, samples) + 3, pilot + offsetof(pdlt_pilot, levels) + 1,
        pilot + offsetof(pdlt_pilot, parts)}) {
    Shard shard(s);
    EXPECT_EQ(shard.merge(), "");
    shard.at("choice")[at] = 255;
    EXPECT_EQ(shard.merge(),
              "s.npz: a shard, but its estimator is none that a pilot chooses; make "
              "it again")
        << at << " of " << sizeof choice;
  }
}

TEST(TrainerForged, TheNumberOfShardsTakesNoMemory) {
  size_t room = 1;
  Shard shard;
  for (json_int_t shards : {5LL, 2147483647LL}) {
    json_object_set_new(shard.archive.c.meta, "shards", json_integer(shards));
    EXPECT_EQ(shard.merge(0, &room),
              "s.npz: a shard, but one of " + std::to_string(shards) +
                  ", but a run of this experiment has only 4 blocks; make it again");
    EXPECT_EQ(room, 0u);
  }
  for (json_int_t shards : {0LL, -1LL, 4294967297LL}) {
    json_object_set_new(shard.archive.c.meta, "shards", json_integer(shards));
    EXPECT_EQ(shard.merge().rfind("s.npz: not a shard", 0), 0u) << shards;
  }
  Shard third(small(), 3);  // shards that are not there take none either
  EXPECT_EQ(third.merge(1, &room).rfind("shard 2 of 3 is missing", 0), 0u);
  EXPECT_EQ(room, 0u);
  EXPECT_EQ(third.merge(3, &room).rfind("shard 2 of 3 is missing", 0), 0u);
  EXPECT_GT(room, 0u);
}

TEST(TrainerForged, AShardHoldsWhatItsExperimentKeeps) {
  for (const char *name : {"units", "records", "samples"}) {
    Shard shard;
    pdlt_array *array = const_cast<pdlt_array *>(pdlt_archive_get(&shard.archive.c, name));
    array->dim[0]--;
    EXPECT_EQ(shard.merge().rfind("s.npz: a shard, but not all of ", 0), 0u) << name;
  }
}

TEST(TrainerForged, ARecordOfUnfinishedWorkIsOneOfItsBlock) {
  Unfinished work;
  const std::string bytes = work.read();
  ASSERT_GT(bytes.size(), 1000u);
  std::string forged = bytes;
  const double wrong = std::nan("");
  std::memcpy(&forged[bytes.size() - sizeof(uint64_t) - sizeof wrong], &wrong, sizeof wrong);
  work.write(forged);
  EXPECT_EQ(work.go_on(0), work.segment +
                               ": unfinished work, but damaged: it holds a number that is "
                               "not finite; --force to throw it away, or choose another "
                               "path");
  EXPECT_EQ(work.read().size(), bytes.size());
  EXPECT_EQ(work.go_on(1), "");
}

TEST(TrainerForged, UnfinishedWorkHoldsEachBlockOnce) {
  Unfinished work;
  std::string bytes = work.read();
  const uint64_t place[2] = {0, 2}, next[2] = {0, 3};
  const size_t at = bytes.rfind(std::string((const char *)next, sizeof next));
  ASSERT_NE(at, bytes.npos);
  std::memcpy(&bytes[at], place, sizeof place);
  work.write(bytes);
  EXPECT_NE(work.go_on(0).find("damaged: a block is there twice"), std::string::npos);
  EXPECT_EQ(work.go_on(1), "");
}

TEST(TrainerForged, TheNoteOfUnfinishedWorkIsAChoice) {
  Unfinished work;
  std::string bytes = work.read();
  pdlt_choice choice = {};
  choice.members = 200;
  const size_t at = bytes.find(std::string((const char *)&choice, sizeof choice));
  ASSERT_NE(at, bytes.npos);
  choice.members = 1000000000000;
  std::memcpy(&bytes[at], &choice, sizeof choice);
  work.write(bytes);
  EXPECT_EQ(work.go_on(0), work.folder +
                               ": unfinished work, but damaged: its number of members is "
                               "not that of its experiment; --force to throw it away, or "
                               "choose another path");
  EXPECT_EQ(work.go_on(1), "");
}
