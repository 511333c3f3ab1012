/* saver.c - see saver.h. */
#include "trainer/run/saver.h"

#include <string.h>
#include <time.h>

#include "base/core/memory.h"

static struct timespec after(struct timespec t, double seconds) {
  const double whole = (double)(time_t)seconds;
  t.tv_sec += (time_t)seconds;
  t.tv_nsec += (long)(1e9 * (seconds - whole));
  if (t.tv_nsec >= 1000000000L) {
    t.tv_nsec -= 1000000000L;
    t.tv_sec++;
  }
  return t;
}

static struct timespec now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t;
}

/* Writes the blocks that are finished and not on disk; the lock is held on entry and on
 * return, but not while the disk works. */
static void save(pdlt_saver *k) {
  const size_t units = k->blocks->units;
  for (size_t u = 0; u < units; u++) k->fresh[u] = k->blocks->done[u] && !k->saved[u];
  k->waiting = 0;
  pthread_mutex_unlock(&k->lock);
  pdlt_error err = {0};
  const pdlt_status status =
      pdlt_checkpoint_write(k->checkpoint, k->blocks, k->fresh, k->saved, &err);
  for (size_t u = 0; status == PDLT_OK && u < units; u++) k->saved[u] |= k->fresh[u];
  pthread_mutex_lock(&k->lock);
  k->status = status;
  k->err = err;
}

static void *keep(void *argument) {
  pdlt_saver *k = argument;
  struct timespec due = after(now(), k->seconds);
  pthread_mutex_lock(&k->lock);
  while (k->status == PDLT_OK) {
    if (k->waiting == 0) {
      if (k->ending) break;
      pthread_cond_wait(&k->wake, &k->lock);
      continue;
    }
    if (!k->ending && pthread_cond_timedwait(&k->wake, &k->lock, &due) == 0) continue;
    save(k);
    due = after(now(), k->seconds);
  }
  pthread_mutex_unlock(&k->lock);
  return NULL;
}

static int start_thread(pdlt_saver *k) {
  pthread_condattr_t clock;
  if (pthread_condattr_init(&clock) != 0) return 0;
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_mutex_init(&k->lock, NULL);
  pthread_cond_init(&k->wake, &clock);
  pthread_condattr_destroy(&clock);
  k->started = 1;
  if (k->checkpoint == NULL || pthread_create(&k->thread, NULL, keep, k) == 0) return 1;
  k->checkpoint = NULL;
  return 0;
}

pdlt_status pdlt_saver_start(pdlt_saver *k, pdlt_checkpoint *checkpoint, pdlt_records *blocks,
                             double seconds, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  *k = (pdlt_saver){.checkpoint = checkpoint, .blocks = blocks, .seconds = seconds};
  if (checkpoint != NULL) {
    PDLT_TRY(pdlt_alloc(&k->saved, 2 * blocks->units, 1, err));
    k->fresh = k->saved + blocks->units;
    memcpy(k->saved, blocks->done, blocks->units);
  }
  if (start_thread(k)) return PDLT_OK;
  status = pdlt_fail(err, PDLT_ERR_MEMORY, "no memory for the thread that saves unfinished work");
cleanup:
  (void)pdlt_saver_stop(k, NULL);
  return status;
}

int pdlt_saver_add(pdlt_saver *k, size_t u) {
  pthread_mutex_lock(&k->lock);
  k->blocks->done[u] = 1;
  const int good = k->status == PDLT_OK;
  if (k->waiting++ == 0) pthread_cond_signal(&k->wake);
  pthread_mutex_unlock(&k->lock);
  return good;
}

int pdlt_saver_has(pdlt_saver *k, size_t u) {
  pthread_mutex_lock(&k->lock);
  const int has = k->blocks->done[u];
  pthread_mutex_unlock(&k->lock);
  return has;
}

void pdlt_saver_copy(pdlt_saver *k, unsigned char *out) {
  pthread_mutex_lock(&k->lock);
  memcpy(out, k->blocks->done, k->blocks->units);
  pthread_mutex_unlock(&k->lock);
}

pdlt_status pdlt_saver_stop(pdlt_saver *k, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (k->started) {
    if (k->checkpoint != NULL) {
      pthread_mutex_lock(&k->lock);
      k->ending = 1;
      pthread_cond_signal(&k->wake);
      pthread_mutex_unlock(&k->lock);
      pthread_join(k->thread, NULL);
    }
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->lock);
    status = k->status; /* now that the thread has ended */
    if (status != PDLT_OK) pdlt_fail(err, status, "%s", k->err.message);
  }
  pdlt_free(k->saved);
  *k = (pdlt_saver){0};
  return status;
}
