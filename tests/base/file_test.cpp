// file: whole reads, gzip and its damage, atomic writes, folders, hash.
#include "base/file/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <string>

#include "base/core/memory.h"
#include "tests/base/temporary.h"

namespace {

std::string path_of(const char *name) {
  return ::testing::TempDir() + "pdlt_file_" + std::to_string(getpid()) + "_" + name;
}

pdlt_status slurp(const std::string &path, std::string *out, bool gz = false, size_t max = SIZE_MAX,
                  pdlt_error *err = nullptr, size_t ratio = 0) {
  char *bytes = nullptr;
  size_t size = 0;
  pdlt_status status = gz ? pdlt_file_read_gz(path.c_str(), max, ratio, &bytes, &size, err)
                          : pdlt_file_read(path.c_str(), max, &bytes, &size, err);
  if (status == PDLT_OK) {
    EXPECT_EQ(bytes[size], 0);
    out->assign(bytes, size);
    pdlt_free(bytes);
  } else {
    EXPECT_EQ(bytes, nullptr);
  }
  return status;
}

void put(const std::string &path, const std::string &bytes) {
  pdlt_error err = {};
  ASSERT_EQ(pdlt_file_write(path.c_str(), bytes.data(), bytes.size(), &err), PDLT_OK)
      << err.message;
}

std::string gzip(const std::string &text) {
  z_stream zip = {};
  deflateInit2(&zip, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&zip, text.size()) + 64, 0);
  zip.next_in = (Bytef *)text.data();
  zip.avail_in = (uInt)text.size();
  zip.next_out = (Bytef *)&out[0];
  zip.avail_out = (uInt)out.size();
  EXPECT_EQ(deflate(&zip, Z_FINISH), Z_STREAM_END);
  out.resize(zip.total_out);
  deflateEnd(&zip);
  return out;
}

TEST(File, WhatIsWrittenIsRead) {
  std::string path = path_of("round"), back;
  for (size_t size : {0, 1, 4095, 4096, 4097, 100000}) {
    std::string text(size, 0);
    for (size_t i = 0; i < size; i++) text[i] = (char)(i * 7);
    put(path, text);
    ASSERT_EQ(slurp(path, &back), PDLT_OK);
    EXPECT_EQ(back, text);
    EXPECT_TRUE(temporaries(path).empty());
  }
  unlink(path.c_str());
}

TEST(File, FilesWithoutASizeAreRead) {
  std::string back;
  ASSERT_EQ(slurp("/proc/self/status", &back), PDLT_OK);
  EXPECT_NE(back.find("Pid:"), std::string::npos);
}

TEST(File, WhatCannotBeReadIsNamed) {
  std::string back;
  pdlt_error err = {};
  EXPECT_EQ(slurp("/nowhere/x", &back, false, 9, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message, "/nowhere/x: No such file or directory");
  EXPECT_EQ(slurp("/tmp", &back, false, 9, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message, "/tmp: is a folder; expected a file");
  EXPECT_EQ(slurp("/dev/zero", &back, false, 9, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message, "/dev/zero: is a device; expected a file");
}

/* Nothing is written into it, and opening it would wait. */
TEST(File, APipeIsRefusedWithoutWaiting) {
  const std::string path = path_of("pipe");
  std::string back;
  pdlt_error err = {};
  size_t got = 0;
  FILE *stream = nullptr;
  ASSERT_EQ(mkfifo(path.c_str(), 0666), 0);
  EXPECT_EQ(slurp(path, &back, false, 9, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(err.message, path + ": is a pipe; expected a file");
  EXPECT_EQ(slurp(path, &back, true, 9), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_file_peek_gz(path.c_str(), 4, back.data(), &got, nullptr), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_file_open(&stream, path.c_str(), nullptr, nullptr), PDLT_ERR_INPUT);
  EXPECT_EQ(stream, nullptr);
  EXPECT_EQ(pdlt_file_write(path.c_str(), "a", 1, &err), PDLT_ERR_IO);
  EXPECT_EQ(pdlt_file_check_target(path.c_str(), &err), PDLT_ERR_INPUT);
  EXPECT_EQ(err.message,
            path + ": is no file but a device, a pipe or a socket; choose another path");
  unlink(path.c_str());
}

TEST(File, NoMoreIsReadThanExpected) {
  const std::string path = path_of("long");
  std::string back;
  pdlt_error err = {};
  put(path, "12345");
  EXPECT_EQ(slurp(path, &back, false, 4, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(err.message, path + ": is longer than the 4 bytes expected");
  ASSERT_EQ(slurp(path, &back, false, 5), PDLT_OK);
  EXPECT_EQ(back, "12345");
  EXPECT_EQ(slurp("/proc/self/status", &back, false, 10), PDLT_ERR_INPUT);  // tells size 0
  unlink(path.c_str());
}

TEST(File, TheBeginningOfAFile) {
  const std::string path = path_of("peek");
  std::string text(70000, 'a');
  for (size_t i = 0; i < text.size(); i++) text[i] = (char)(i * i);
  for (const std::string &bytes : {text, gzip(text)})
    for (size_t size : {0, 1, 1000}) {
      std::string got(1001, 'x');
      size_t count = 0;
      put(path, bytes);
      ASSERT_EQ(pdlt_file_peek_gz(path.c_str(), size, &got[0], &count, nullptr), PDLT_OK);
      EXPECT_EQ(count, size);
      EXPECT_EQ(got.substr(0, size + 1), text.substr(0, size) + "x");
    }
  for (const std::string &bytes : {std::string("ab"), gzip("ab")}) {
    char got[4] = "xyz";
    size_t count = 0;
    put(path, bytes);
    ASSERT_EQ(pdlt_file_peek_gz(path.c_str(), 3, got, &count, nullptr), PDLT_OK);
    EXPECT_EQ(count, 2u);
    EXPECT_STREQ(got, "abz");
  }
  unlink(path.c_str());
}

TEST(File, AFailedWriteLeavesTheOldFile) {
  std::string folder = path_of("taken"), back;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_file_write("/nowhere/x", "a", 1, &err), PDLT_ERR_IO);
  EXPECT_STREQ(err.message, "/nowhere/x: No such file or directory");
  ASSERT_EQ(mkdir(folder.c_str(), 0777), 0);
  EXPECT_EQ(pdlt_file_write(folder.c_str(), "a", 1, &err), PDLT_ERR_IO);
  EXPECT_TRUE(temporaries(folder).empty());
  rmdir(folder.c_str());
}

/* An old name that was there before, of a file or of a link, is not written through. */
TEST(File, TemporaryFilesAreMadeAnew) {
  const std::string path = path_of("own"), victim = path_of("victim");
  const std::string taken = path + "." + std::to_string(getpid()) + ".tmp";
  std::string back;
  put(victim, "mine");
  ASSERT_EQ(symlink(victim.c_str(), taken.c_str()), 0);
  ASSERT_EQ(symlink(victim.c_str(), (path + ".tmp").c_str()), 0);
  put(path, "new");
  ASSERT_EQ(slurp(victim, &back), PDLT_OK);
  EXPECT_EQ(back, "mine");
  ASSERT_EQ(slurp(path, &back), PDLT_OK);
  EXPECT_EQ(back, "new");
  struct stat info;
  ASSERT_EQ(lstat(taken.c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));  // nothing of ours
  for (const std::string &name : {taken, path + ".tmp", path, victim}) unlink(name.c_str());
}

TEST(File, TwoWritersDoNotMeet) {
  const std::string path = path_of("two");
  std::string back;
  pdlt_file_writer one = {}, two = {};
  ASSERT_EQ(pdlt_file_begin(&one, path.c_str(), nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_file_begin(&two, path.c_str(), nullptr), PDLT_OK);
  EXPECT_STRNE(one.temporary, two.temporary);
  EXPECT_EQ(temporaries(path).size(), 2u);
  fputs("one", one.stream);
  fputs("two", two.stream);
  ASSERT_EQ(pdlt_file_commit(&one, nullptr), PDLT_OK);
  ASSERT_EQ(slurp(path, &back), PDLT_OK);
  EXPECT_EQ(back, "one");
  ASSERT_EQ(pdlt_file_commit(&two, nullptr), PDLT_OK);
  ASSERT_EQ(slurp(path, &back), PDLT_OK);
  EXPECT_EQ(back, "two");
  EXPECT_TRUE(temporaries(path).empty());
  unlink(path.c_str());
}

/* What a killed process left goes, what a living one writes stays, other names stay. */
TEST(File, WhatWasLeftIsRemoved) {
  const std::string path = path_of("left");
  for (const char *name : {".1.tmp", ".1-2.tmp", ".x.tmp", ".1-.tmp", ".tmp", ".1.tmp.old"})
    put(path + name, "old");
  pdlt_file_writer living = {};
  ASSERT_EQ(pdlt_file_begin(&living, path.c_str(), nullptr), PDLT_OK);
  const std::string own = living.temporary;
  put(path, "new");
  EXPECT_EQ(access(own.c_str(), F_OK), 0);
  EXPECT_EQ(temporaries(path).size(), 4u);  // the living one's, .x.tmp, .1-.tmp and .tmp
  for (const char *name : {".1.tmp", ".1-2.tmp"})
    EXPECT_NE(access((path + name).c_str(), F_OK), 0) << name;
  pdlt_file_abandon(&living);
  for (const char *name : {".x.tmp", ".1-.tmp", ".tmp", ".1.tmp.old", ""})
    EXPECT_EQ(unlink((path + name).c_str()), 0) << name;
  EXPECT_TRUE(pdlt_file_is_temporary("00000001.blocks.17.tmp"));
  EXPECT_TRUE(pdlt_file_is_temporary("a.b.17-1.tmp"));
  EXPECT_FALSE(pdlt_file_is_temporary("00000001.blocks.tmp"));
  EXPECT_FALSE(pdlt_file_is_temporary("a.1.tmpx"));
}

TEST(File, AnAbandonedFileVanishes) {
  std::string path = path_of("abandoned"), back;
  put(path, "old");
  pdlt_file_writer writer = {};
  pdlt_file_abandon(&writer);
  ASSERT_EQ(pdlt_file_begin(&writer, path.c_str(), nullptr), PDLT_OK);
  fputs("new", writer.stream);
  pdlt_file_abandon(&writer);
  EXPECT_EQ(writer.stream, nullptr);
  EXPECT_TRUE(temporaries(path).empty());
  ASSERT_EQ(slurp(path, &back), PDLT_OK);
  EXPECT_EQ(back, "old");
  unlink(path.c_str());
}

TEST(File, AFullDiskIsReportedAtCommit) {
  std::string path = path_of("full"), back;
  put(path, "old");
  pdlt_file_writer writer = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_file_begin(&writer, path.c_str(), nullptr), PDLT_OK);
  ASSERT_NE(freopen("/dev/full", "wb", writer.stream), nullptr);
  std::string block(1 << 16, 'x');
  fwrite(block.data(), 1, block.size(), writer.stream);
  EXPECT_EQ(pdlt_file_commit(&writer, &err), PDLT_ERR_IO);
  EXPECT_EQ(std::string(err.message).find(path + ": "), 0u);
  EXPECT_TRUE(temporaries(path).empty());
  ASSERT_EQ(slurp(path, &back), PDLT_OK);
  EXPECT_EQ(back, "old");
  unlink(path.c_str());
}

TEST(File, GzipIsUnpackedAndPlainFilesPass) {
  std::string path = path_of("gz"), back;
  for (size_t size : {0, 1, 1000, 300000}) {
    std::string text(size, 'a');
    for (size_t i = 0; i < size; i += 3) text[i] = (char)(i / 3);
    put(path, gzip(text));
    ASSERT_EQ(slurp(path, &back, true), PDLT_OK);
    EXPECT_EQ(back, text);
    put(path, gzip(text) + gzip("more"));  // members in a row
    ASSERT_EQ(slurp(path, &back, true), PDLT_OK);
    EXPECT_EQ(back, text + "more");
    ASSERT_EQ(slurp(path, &back, true, size + 4), PDLT_OK);
    pdlt_error err = {};
    EXPECT_EQ(slurp(path, &back, true, size + 3, &err), PDLT_ERR_INPUT);
    EXPECT_NE(strstr(err.message, "more than"), nullptr);
  }
  put(path, gzip("text") + std::string(1000, 0));  // padding of tapes and blocks
  ASSERT_EQ(slurp(path, &back, true), PDLT_OK);
  EXPECT_EQ(back, "text");
  put(path, gzip("text") + gzip("more") + std::string(1, 0));
  ASSERT_EQ(slurp(path, &back, true), PDLT_OK);
  EXPECT_EQ(back, "textmore");
  put(path, "plain");
  ASSERT_EQ(slurp(path, &back, true, 5), PDLT_OK);
  EXPECT_EQ(back, "plain");
  EXPECT_EQ(slurp(path, &back, true, 4), PDLT_ERR_INPUT);
  put(path, gzip(std::string(1 << 22, 0)));  // packed a thousand times
  EXPECT_EQ(slurp(path, &back, true, 1 << 13), PDLT_ERR_INPUT);
  pdlt_error err = {};
  put(path, gzip(std::string(PDLT_GZ_FREE + (1 << 21), 0)));
  EXPECT_EQ(slurp(path, &back, true, SIZE_MAX, &err, 64), PDLT_ERR_INPUT);
  EXPECT_NE(strstr(err.message, "give it unpacked if it is right"), nullptr) << err.message;
  EXPECT_EQ(slurp(path, &back, true, SIZE_MAX, &err, 1024), PDLT_OK);
  unlink(path.c_str());
}

TEST(File, DamagedGzipIsRefused) {
  std::string path = path_of("bad.gz"), text = "some text that is packed, some text", back;
  const std::string whole = gzip(text);
  for (size_t size = 2; size < whole.size(); size++) {
    put(path, whole.substr(0, size));
    EXPECT_EQ(slurp(path, &back, true), PDLT_ERR_INPUT) << size;
  }
  for (const std::string &tail : {std::string("tail"), std::string(9, 0) + "tail"}) {
    put(path, whole + tail);
    EXPECT_EQ(slurp(path, &back, true), PDLT_ERR_INPUT);
  }
  size_t refused = 0;
  for (size_t i = 10; i < whole.size(); i++) {  // behind the header: data, CRC, length
    std::string bytes = whole;
    bytes[i] = (char)(bytes[i] ^ 0x10);
    put(path, bytes);
    if (slurp(path, &back, true) == PDLT_OK) {
      EXPECT_EQ(back, text) << i;  // bits that fill up the last byte of the data
    } else {
      refused++;
    }
  }
  EXPECT_GE(refused, whole.size() - 11);
  unlink(path.c_str());
}

TEST(File, EveryFailedAllocationIsReported) {
  std::string path = path_of("memory"), back;
  const std::string packed = gzip(std::string(50000, 'x'));
  put(path, packed);
  for (long n = 0;; n++) {
    ASSERT_LT(n, 100);
    pdlt_memory_fail_after(n);
    pdlt_status read = slurp(path, &back, true);
    pdlt_memory_fail_after(n);
    pdlt_status written = pdlt_file_write(path.c_str(), packed.data(), packed.size(), nullptr);
    pdlt_memory_fail_after(-1);
    if (n < 3) {
      EXPECT_EQ(written, PDLT_ERR_MEMORY);
    }
    if (read == PDLT_OK) break;
    EXPECT_EQ(read, PDLT_ERR_MEMORY);
  }
  unlink(path.c_str());
}

TEST(File, FoldersAreMadeWithParents) {
  std::string base = path_of("folder"), deep = base + "//a/b/";
  pdlt_error err = {};
  ASSERT_EQ(pdlt_folder_make(deep.c_str(), &err), PDLT_OK) << err.message;
  ASSERT_EQ(pdlt_folder_make(deep.c_str(), &err), PDLT_OK);
  ASSERT_EQ(pdlt_folder_make("/", &err), PDLT_OK);
  struct stat info;
  ASSERT_EQ(stat((base + "/a/b").c_str(), &info), 0);
  EXPECT_TRUE(S_ISDIR(info.st_mode));
  put(base + "/file", "x");
  EXPECT_EQ(pdlt_folder_make((base + "/file").c_str(), &err), PDLT_ERR_IO);
  EXPECT_EQ(pdlt_folder_make((base + "/file/c").c_str(), &err), PDLT_ERR_IO);
  EXPECT_EQ(pdlt_folder_make("", &err), PDLT_ERR_IO);
  unlink((base + "/file").c_str());
  for (const char *part : {"/a/b", "/a", ""}) rmdir((base + part).c_str());
}

TEST(File, HashIsFnv1a) {
  EXPECT_EQ(pdlt_hash_bytes(PDLT_HASH_START, "", 0), 0xcbf29ce484222325ULL);
  EXPECT_EQ(pdlt_hash_bytes(PDLT_HASH_START, "a", 1), 0xaf63dc4c8601ec8cULL);
  EXPECT_EQ(pdlt_hash_bytes(PDLT_HASH_START, "foobar", 6), 0x85944171f73967e8ULL);
  EXPECT_EQ(pdlt_hash_bytes(pdlt_hash_bytes(PDLT_HASH_START, "foo", 3), "bar", 3),
            0x85944171f73967e8ULL);
}

}  // namespace
