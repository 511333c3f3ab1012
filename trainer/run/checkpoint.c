/* checkpoint.c - see checkpoint.h. */
#include "trainer/run/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/core/memory.h"
#include "base/core/version.h"
#include "base/file/file.h"
#include "trainer/record/codec.h"
#include "trainer/record/record.h"

#define DAMAGED ".damaged"
#define SEGMENT_BYTES ((size_t)1 << 40) /* most in a segment */
enum { PATH_ROOM = 40 }; /* beyond the folder: a slash, the name of a segment, DAMAGED */

typedef struct header {
  char magic[8];
  char identity[PDLT_IDENTITY_LENGTH];
  char build[PDLT_IDENTITY_LENGTH];
  uint64_t record, sample, keep, block_members, widths;
  uint64_t note_size, entries;
  uint64_t whole; /* 1: holds what all segments before it hold */
} header;

static const char magic[8] = {'P', 'D', 'L', 'T', 'c', 'p', '0', '4'};

/* A segment in memory, being read. */
typedef struct segment {
  char *bytes; /* owned */
  const char *next, *end;
  header head;
} segment;

/* --- names --- */

static void segment_path(const pdlt_checkpoint *c, unsigned number, char *out, size_t size) {
  snprintf(out, size, "%s/%08u.blocks", c->folder, number);
}

static pdlt_status new_path(const pdlt_checkpoint *c, unsigned number, char **out,
                            pdlt_error *err) {
  const size_t size = strlen(c->folder) + PATH_ROOM;
  const pdlt_status status = pdlt_alloc(out, size, 1, err);
  if (status == PDLT_OK) segment_path(c, number, *out, size);
  return status;
}

/* Number of a segment name; 0: not one. */
static unsigned number_of(const char *name) {
  enum { digits = 8 };
  unsigned number = 0;
  for (int i = 0; i < digits; i++) {
    if (name[i] < '0' || name[i] > '9') return 0;
    number = 10 * number + (unsigned)(name[i] - '0');
  }
  return strcmp(name + digits, ".blocks") == 0 ? number : 0;
}

static int ends_with(const char *name, const char *tail) {
  const size_t length = strlen(name), end = strlen(tail);
  return length > end && strcmp(name + length - end, tail) == 0;
}

/* A segment that was being written when its process ended: of this build, or of an earlier one. */
static int is_unfinished(const char *name) {
  return pdlt_file_is_temporary(name) || ends_with(name, ".blocks.tmp");
}

/* A damaged segment that was set aside. */
static int is_aside(const char *name) { return ends_with(name, ".blocks" DAMAGED); }

static pdlt_status refuse(const char *path, const char *what, pdlt_error *err) {
  return pdlt_fail(err, PDLT_ERR_INPUT, "%s: %s; --force to throw it away, or choose another path",
                   path, what);
}

/* --- opening --- */

static void add_number(pdlt_checkpoint *c, unsigned number) {
  size_t at = c->files++;
  for (; at > 0 && c->numbers[at - 1] > number; at--) c->numbers[at] = c->numbers[at - 1];
  c->numbers[at] = number;
}

static pdlt_status list_segments(pdlt_checkpoint *c, pdlt_error *err) {
  DIR *folder = opendir(c->folder);
  if (folder == NULL) return pdlt_fail(err, PDLT_ERR_IO, "%s: %s", c->folder, strerror(errno));
  pdlt_status status = PDLT_OK;
  for (const struct dirent *entry; status == PDLT_OK && (entry = readdir(folder)) != NULL;) {
    const unsigned number = number_of(entry->d_name);
    if (is_unfinished(entry->d_name)) unlinkat(dirfd(folder), entry->d_name, 0);
    if (number == 0) continue;
    if (c->files == PDLT_CHECKPOINT_FILES)
      status = refuse(c->folder, "holds more segments than this program writes", err);
    else
      add_number(c, number);
  }
  closedir(folder);
  return status;
}

static pdlt_status make_and_lock(pdlt_checkpoint *c, int discard, pdlt_error *err) {
  struct stat info;
  if (lstat(c->folder, &info) == 0 && !S_ISDIR(info.st_mode)) {
    if (!discard) return refuse(c->folder, "is not unfinished work of this program", err);
    unlink(c->folder);
  }
  if (mkdir(c->folder, 0777) != 0 && errno != EEXIST)
    return pdlt_fail(err, PDLT_ERR_IO, "%s: %s", c->folder, strerror(errno));
  return pdlt_lock_folder(&c->lock, c->folder, err);
}

static void make_header(const pdlt_checkpoint *c, header *out) {
  memset(out, 0, sizeof *out);
  memcpy(out->magic, magic, sizeof magic);
  memcpy(out->identity, c->identity, sizeof out->identity);
  snprintf(out->build, sizeof out->build, "%s %s", pdlt_version(), pdlt_commit());
  out->note_size = c->note_size;
}

/* Removes what is listed. */
static void remove_segments(pdlt_checkpoint *c) {
  char *path = NULL;
  for (size_t k = 0; k < c->files; k++) {
    if (new_path(c, c->numbers[k], &path, NULL) != PDLT_OK) return;
    unlink(path);
    pdlt_free(path);
  }
  c->files = 0;
}

/* --- reading --- */

static void segment_free(segment *s) { pdlt_free(s->bytes); }

static int take(segment *s, void *out, size_t size) {
  if ((size_t)(s->end - s->next) < size) return 0;
  if (size > 0) memcpy(out, s->next, size);
  s->next += size;
  return 1;
}

/* What is wrong with the bytes, or NULL. Damage first: only of a whole file can be said which run
 * it belongs to. */
static const char *damage_of(const segment *s, size_t size) {
  uint64_t sum;
  if (size == 0) return "is empty";
  if (size < sizeof s->head + sizeof sum) return "is cut off";
  memcpy(&sum, s->bytes + size - sizeof sum, sizeof sum);
  return sum == pdlt_hash_bytes(PDLT_HASH_START, s->bytes, size - sizeof sum) ? NULL : "is damaged";
}

/* A whole segment. */
static pdlt_status check_segment(const pdlt_checkpoint *c, segment *s, size_t size,
                                 const char *path, pdlt_error *err) {
  header expected;
  s->next = s->bytes;
  s->end = s->bytes + size - sizeof(uint64_t);
  make_header(c, &expected);
  take(s, &s->head, sizeof s->head);
  if (memcmp(s->head.magic, magic, sizeof magic) != 0)
    return refuse(path, "is not unfinished work of this program", err);
  if (memcmp(s->head.identity, expected.identity, sizeof expected.identity) != 0)
    return refuse(path, "holds unfinished work of another experiment", err);
  if (memcmp(s->head.build, expected.build, sizeof expected.build) != 0)
    return refuse(path, "holds unfinished work of another build of this program", err);
  if (s->head.note_size > PDLT_CHECKPOINT_NOTE)
    return refuse(path, "unfinished work, but damaged", err);
  return PDLT_OK;
}

/* *out is {0} on failure and for a damaged file, of which *damage says what is wrong with it;
 * otherwise next is at the note. */
static pdlt_status segment_read(const pdlt_checkpoint *c, unsigned number, segment *out,
                                const char **damage, pdlt_error *err) {
  char *path = NULL;
  size_t size = 0;
  *out = (segment){0};
  *damage = NULL;
  pdlt_status status = new_path(c, number, &path, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_file_read(path, SEGMENT_BYTES, &out->bytes, &size, err));
  *damage = damage_of(out, size);
  if (*damage == NULL) PDLT_TRY(check_segment(c, out, size, path, err));
cleanup:
  pdlt_free(path);
  if (status != PDLT_OK || *damage != NULL) {
    segment_free(out);
    *out = (segment){0};
  }
  return status;
}

/* Segment k, damaged, gets another name and is no longer listed: its blocks are done anew. */
static pdlt_status set_aside(pdlt_checkpoint *c, size_t k, const char *damage, pdlt_error *err) {
  char *path = NULL, *aside = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(new_path(c, c->numbers[k], &path, err));
  PDLT_TRY(new_path(c, c->numbers[k], &aside, err));
  memcpy(aside + strlen(path), DAMAGED, sizeof DAMAGED);
  if (rename(path, aside) != 0)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_IO, "%s: %s and cannot be renamed: %s", path, damage,
                       strerror(errno)));
  pdlt_progress_note(c->progress,
                     "warning: %s: %s; it is set aside as *.blocks" DAMAGED
                     ", and what was in it is done anew",
                     path, damage);
  c->files--;
  for (size_t j = k; j < c->files; j++) c->numbers[j] = c->numbers[j + 1];
cleanup:
  pdlt_free(path);
  pdlt_free(aside);
  return status;
}

/* From the last segment that is whole: the note; nothing is touched when it does not belong here.
 * Segments that it replaces are left when their removal was interrupted. */
static pdlt_status read_last(pdlt_checkpoint *c, pdlt_error *err) {
  const char *damage[PDLT_CHECKPOINT_FILES] = {NULL};
  segment last = {0};
  pdlt_status status = PDLT_OK;
  size_t whole = c->files; /* how many are up to the last whole one */
  for (; whole > 0; whole--) {
    PDLT_TRY(segment_read(c, c->numbers[whole - 1], &last, &damage[whole - 1], err));
    if (damage[whole - 1] == NULL) break;
  }
  while (c->files > whole) PDLT_TRY(set_aside(c, c->files - 1, damage[c->files - 1], err));
  if (whole == 0) return PDLT_OK;
  c->note_size = (size_t)last.head.note_size;
  take(&last, c->note, c->note_size);
  if (last.head.whole) {
    const unsigned number = c->numbers[--c->files];
    remove_segments(c);
    add_number(c, number);
  }
cleanup:
  segment_free(&last);
  return status;
}

pdlt_status pdlt_checkpoint_open(pdlt_checkpoint *out, const char *folder, const char *identity,
                                 int discard, pdlt_progress *progress, pdlt_error *err) {
  pdlt_checkpoint c = {.progress = progress};
  pdlt_status status = PDLT_OK;
  snprintf(c.identity, sizeof c.identity, "%s", identity);
  PDLT_TRY(pdlt_strdup(&c.folder, folder, err));
  PDLT_TRY(make_and_lock(&c, discard, err));
  PDLT_TRY(list_segments(&c, err));
  status = read_last(&c, err);
  if (status == PDLT_ERR_INPUT && discard) {
    remove_segments(&c);
    status = PDLT_OK;
  }
  if (status != PDLT_OK) goto cleanup;
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_checkpoint_close(&c);
  return status;
}

static int same_sizes(const header *h, const pdlt_records *b) {
  return h->record == b->record && h->sample == b->sample && h->keep == b->keep &&
         h->block_members == b->block_members && h->widths == b->widths;
}

/* What is wrong with the blocks of a segment, which stand in the order of their units; NULL: nothing. */
static const char *read_entries(segment *s, const pdlt_plan *plan, pdlt_records *b) {
  size_t next = 0; /* the smallest unit that may follow */
  s->next += s->head.note_size;
  for (uint64_t k = 0; k < s->head.entries; k++) {
    size_t u;
    const size_t taken = pdlt_block_read(b, s->next, (size_t)(s->end - s->next), &u);
    if (taken == 0) return "it ends too early, or names a block that does not exist";
    if (u < next) return "a block is there twice, or out of order";
    const double *record = b->records + u * b->record;
    const char *wrong = plan == NULL ? NULL : pdlt_record_wrong(plan, u % b->per_width, record);
    if (wrong != NULL) return wrong;
    s->next += taken;
    b->done[u] = 1;
    next = u + 1;
  }
  return NULL;
}

/* Of a whole segment: what is wrong with it, or NULL. */
static const char *read_blocks(segment *s, const pdlt_plan *plan, pdlt_records *b) {
  if (s->head.note_size > (size_t)(s->end - s->next)) return "it ends too early";
  if (!same_sizes(&s->head, b)) return "its blocks have another size";
  return read_entries(s, plan, b);
}

static pdlt_status refuse_segment(const pdlt_checkpoint *c, unsigned number, const char *wrong,
                                  pdlt_error *err) {
  char what[160], *path = NULL;
  pdlt_status status = new_path(c, number, &path, err);
  if (status != PDLT_OK) return status;
  snprintf(what, sizeof what, "unfinished work, but damaged: %s", wrong);
  status = refuse(path, what, err);
  pdlt_free(path);
  return status;
}

static pdlt_status read_segments(pdlt_checkpoint *c, const pdlt_plan *plan, pdlt_records *blocks,
                                 pdlt_error *err) {
  for (size_t k = 0; k < c->files;) {
    segment s;
    const char *damage;
    pdlt_status status = segment_read(c, c->numbers[k], &s, &damage, err);
    if (status == PDLT_OK && damage != NULL) {
      status = set_aside(c, k, damage, err);
    } else if (status == PDLT_OK) {
      const char *wrong = read_blocks(&s, plan, blocks);
      if (wrong != NULL) status = refuse_segment(c, c->numbers[k], wrong, err);
      segment_free(&s);
      k++;
    }
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

pdlt_status pdlt_checkpoint_read(pdlt_checkpoint *c, const pdlt_plan *plan, pdlt_records *blocks,
                                 int discard, pdlt_error *err) {
  const pdlt_status status = read_segments(c, plan, blocks, err);
  if (status == PDLT_OK) return status;
  memset(blocks->done, 0, blocks->units);
  if (status != PDLT_ERR_INPUT || !discard) return status;
  remove_segments(c);
  return PDLT_OK;
}

/* --- writing --- */

/* Writes and remembers the hash of everything so far. A failure stays with the stream. */
static void put(FILE *stream, const void *bytes, size_t size, unsigned long long *hash) {
  if (size == 0) return;
  *hash = pdlt_hash_bytes(*hash, bytes, size);
  (void)fwrite(bytes, 1, size, stream);
}

static pdlt_status write_segment(const pdlt_checkpoint *c, const char *path, const pdlt_records *b,
                                 const unsigned char *fresh, const unsigned char *saved,
                                 pdlt_error *err) {
  pdlt_file_writer writer = {0};
  unsigned long long hash = PDLT_HASH_START;
  header h;
  make_header(c, &h);
  h.record = b->record;
  h.sample = b->sample;
  h.keep = b->keep;
  h.block_members = b->block_members;
  h.widths = b->widths;
  h.whole = saved != NULL;
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): saved may be NULL, fresh is not */
  for (size_t u = 0; u < b->units; u++) h.entries += fresh[u] || (saved != NULL && saved[u]);
  char *bytes = NULL; /* of one block */
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&bytes, pdlt_block_bytes_most(b), 1, err));
  PDLT_TRY(pdlt_file_begin(&writer, path, err));
  put(writer.stream, &h, sizeof h, &hash);
  put(writer.stream, c->note, c->note_size, &hash);
  for (size_t u = 0; u < b->units && !ferror(writer.stream); u++) {
    if (!fresh[u] && (saved == NULL || !saved[u])) continue;
    pdlt_block_write(b, u, bytes);
    put(writer.stream, bytes, pdlt_block_bytes(b, u), &hash);
  }
  const uint64_t sum = hash;
  (void)fwrite(&sum, sizeof sum, 1, writer.stream);
  status = pdlt_file_commit(&writer, err);
cleanup:
  pdlt_free(bytes);
  return status;
}

/* saved NULL: the blocks of fresh only; else those of both, in place of all segments. */
static pdlt_status write_next(pdlt_checkpoint *c, const pdlt_records *b, const unsigned char *fresh,
                              const unsigned char *saved, pdlt_error *err) {
  const unsigned number = c->files > 0 ? c->numbers[c->files - 1] + 1 : 1;
  char *path = NULL;
  pdlt_status status = new_path(c, number, &path, err);
  if (status != PDLT_OK) return status;
  status = write_segment(c, path, b, fresh, saved, err);
  pdlt_free(path);
  if (status != PDLT_OK) return status;
  if (saved != NULL) remove_segments(c); /* the new one holds what they hold */
  add_number(c, number);
  return PDLT_OK;
}

pdlt_status pdlt_checkpoint_write(pdlt_checkpoint *c, const pdlt_records *b,
                                  const unsigned char *fresh, const unsigned char *saved,
                                  pdlt_error *err) {
  const int all = c->files + 1 >= PDLT_CHECKPOINT_FILES;
  return write_next(c, b, fresh, all ? saved : NULL, err);
}

pdlt_status pdlt_checkpoint_replace(pdlt_checkpoint *c, const pdlt_records *b, pdlt_error *err) {
  return write_next(c, b, b->done, b->done, err);
}

/* --- closing --- */

void pdlt_checkpoint_close(pdlt_checkpoint *c) {
  if (c->folder == NULL) return;
  const int held = c->lock.path != NULL;
  pdlt_lock_release(&c->lock);
  if (held && c->files == 0) rmdir(c->folder); /* fails, rightly, when anything is in it */
  pdlt_free(c->folder);
  *c = (pdlt_checkpoint){0};
}

void pdlt_checkpoint_remove(const char *folder) {
  DIR *entries = opendir(folder);
  if (entries == NULL) return;
  for (const struct dirent *entry; (entry = readdir(entries)) != NULL;)
    if (number_of(entry->d_name) > 0 || is_unfinished(entry->d_name) || is_aside(entry->d_name))
      unlinkat(dirfd(entries), entry->d_name, 0);
  closedir(entries);
  rmdir(folder);
}
