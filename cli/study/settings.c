/* settings.c - how to work: defaults, checks, copies. */
#include <string.h>

#include "base/core/memory.h"
#include "base/core/threads.h"
#include "cli/study/study.h"

_Static_assert((int)PDLT_SETTINGS_MAX_THREADS == (int)PDLT_MAX_THREADS, "pdlt.h says otherwise");

enum { CHECKPOINT_SECONDS = 20, MOST_SECONDS = 1000000000 };

void pdlt_settings_default(pdlt_settings *out) {
  *out = (pdlt_settings){.checkpoint_seconds = CHECKPOINT_SECONDS};
}

size_t pdlt_settings_count(const pdlt_settings *settings) {
  size_t count = 0;
  while (settings->sets != NULL && settings->sets[count] != NULL) count++;
  return count;
}

void pdlt_settings_clear(pdlt_settings *settings) {
  char **sets = (char **)settings->sets; /* ours: pdlt_settings_copy */
  for (size_t i = 0; sets != NULL && sets[i] != NULL; i++) pdlt_free(sets[i]);
  pdlt_free((void *)sets);
  settings->sets = NULL;
}

static pdlt_status check(pdlt_settings *s, pdlt_error *err) {
  if (s->threads == 0) s->threads = pdlt_threads_default();
  if (s->shards < 0 || (s->shards > 0 && (s->shard < 1 || s->shard > s->shards)))
    return pdlt_fail(err, PDLT_ERR_INPUT, "shard %d of %d; expected 1 <= shard <= shards", s->shard,
                     s->shards);
  if (!(s->checkpoint_seconds >= 0 && s->checkpoint_seconds <= MOST_SECONDS))
    return pdlt_fail(err, PDLT_ERR_INPUT, "checkpoint_seconds is not a number from 0 to %d",
                     (int)MOST_SECONDS);
  return pdlt_threads_check(s->threads, err);
}

pdlt_status pdlt_settings_copy(pdlt_settings *out, const pdlt_settings *in, size_t more,
                               char *const *sets, pdlt_error *err) {
  pdlt_settings own;
  char **all = NULL;
  pdlt_status status = PDLT_OK;
  pdlt_settings_default(&own);
  if (in != NULL) own = *in;
  const size_t count = pdlt_settings_count(&own);
  const char *const *given = own.sets;
  own.sets = NULL;
  PDLT_TRY(check(&own, err));
  PDLT_TRY(pdlt_alloc((void *)&all, count + more + 1, sizeof *all, err));
  own.sets = (const char *const *)all;
  for (size_t i = 0; i < count + more; i++)
    PDLT_TRY(pdlt_strdup(&all[i], i < count ? given[i] : sets[i - count], err));
  *out = own;
  return PDLT_OK;
cleanup:
  pdlt_settings_clear(&own);
  return status;
}
