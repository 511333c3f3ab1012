/* ranks.c - see ranks.h. */
#include "trainer/run/ranks.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/record/codec.h"

enum { HASH_ROOM = 24, TEXT_ROOM = 256, PAUSE_MICROSECONDS = 2000 };

/* From the leader: START, STOP, QUIT. From helpers: BLOCK, FINAL. */
typedef enum crew_kind { START = 1, STOP, QUIT, BLOCK, FINAL } crew_kind;

/* How every message begins. */
typedef struct crew_head {
  crew_kind kind;
  pdlt_status status;   /* FINAL */
  char text[TEXT_ROOM]; /* FINAL: error message */
  char hash[HASH_ROOM]; /* START */
  pdlt_share share;     /* START */
  pdlt_choice choice;   /* START; then the finished blocks, one byte each */
} crew_head;            /* BLOCK: then the block's bytes */

/* The leader's side of one round of blocks. */
typedef struct crew_leader {
  const pdlt_team *team;
  const pdlt_workers *work; /* the leader's own */
  pthread_t thread;
  volatile sig_atomic_t halt; /* 1: the leader's threads stop too */
  atomic_int done;            /* 1: the leader's own share is finished or given up */
  int helpers;                /* that are at work */
  char *buffer;               /* one message */
  pdlt_status status;         /* of the first helper that failed */
  pdlt_error err;
} crew_leader;

static void pause_briefly(void) {
  const struct timespec t = {0, 1000L * PAUSE_MICROSECONDS};
  nanosleep(&t, NULL);
}

static void send_message(const pdlt_team *team, int rank, const void *bytes, size_t size) {
  team->send(team->self, rank, bytes, size);
}

static void tell_all(const pdlt_team *team, crew_kind kind) {
  crew_head head;
  memset(&head, 0, sizeof head);
  head.kind = kind;
  for (int rank = 1; rank < team->size; rank++) send_message(team, rank, &head, sizeof head);
}

pdlt_share pdlt_ranks_share(const pdlt_team *team, const pdlt_share *share) {
  return (pdlt_share){share->part + share->parts * (size_t)team->rank,
                      share->parts * (size_t)team->size};
}

/* Longest message: a block, or the start of a round. */
static size_t message_room(const pdlt_records *b) {
  const size_t block = pdlt_block_bytes_most(b);
  return sizeof(crew_head) + (block > b->units ? block : b->units);
}

/* --- the leader --- */

/* One message of a helper. */
static void take_message(crew_leader *crew, int from, size_t size) {
  crew_head head;
  size_t unit;
  crew->team->receive(crew->team->self, from, crew->buffer, size);
  memcpy(&head, crew->buffer, sizeof head);
  if (head.kind == FINAL) {
    crew->helpers--;
    if (head.status == PDLT_OK) return;
    crew->halt = 1;
    if (crew->status == PDLT_OK) crew->status = pdlt_fail(&crew->err, head.status, "%s", head.text);
    return;
  }
  if (pdlt_block_read(crew->work->blocks, crew->buffer + sizeof head, size - sizeof head, &unit) >
      0) {
    if (!pdlt_saver_add(crew->work->saver, unit)) crew->halt = 1;
    return;
  }
  crew->halt = 1;
  crew->status =
      pdlt_fail(&crew->err, PDLT_ERR_INTERNAL, "rank %d sent a block that does not exist", from);
}

/* Listens until all helpers are back and the leader's share is done, too. */
static void *listen(void *argument) {
  crew_leader *crew = argument;
  const volatile sig_atomic_t *stop = crew->work->stop;
  int told = 0, from = 0;
  while (crew->helpers > 0 || !atomic_load(&crew->done)) {
    if (stop != NULL && *stop) crew->halt = 1;
    if (crew->halt && !told) {
      tell_all(crew->team, STOP);
      told = 1;
    }
    const size_t size = crew->team->poll(crew->team->self, &from);
    if (size > 0)
      take_message(crew, from, size);
    else
      pause_briefly();
  }
  return NULL;
}

static void send_helpers(crew_leader *crew, const pdlt_share *share, const pdlt_choice *choice,
                         const char *hash) {
  const pdlt_records *b = crew->work->blocks;
  crew_head head;
  memset(&head, 0, sizeof head);
  head.kind = START;
  head.share = *share;
  memcpy(&head.choice, choice, sizeof head.choice);
  snprintf(head.hash, sizeof head.hash, "%s", hash);
  memcpy(crew->buffer, &head, sizeof head);
  memcpy(crew->buffer + sizeof head, b->done, b->units);
  for (int rank = 1; rank < crew->team->size; rank++, crew->helpers++)
    send_message(crew->team, rank, crew->buffer, sizeof head + b->units);
}

pdlt_status pdlt_ranks_run(const pdlt_team *team, const pdlt_workers *work, const pdlt_share *share,
                           const pdlt_choice *choice, const char *hash, pdlt_error *err) {
  if (team->size == 1) return pdlt_workers_run(work, err);
  crew_leader crew = {.team = team, .work = work};
  pdlt_workers own = *work;
  own.stop = &crew.halt;
  pdlt_status status = pdlt_alloc(&crew.buffer, message_room(work->blocks), 1, err);
  if (status != PDLT_OK) return status;
  send_helpers(&crew, share, choice, hash);
  if (pthread_create(&crew.thread, NULL, listen, &crew) != 0) {
    crew.halt = 1; /* bring the helpers back without it */
    atomic_store(&crew.done, 1);
    listen(&crew);
    pdlt_free(crew.buffer);
    return pdlt_fail(err, PDLT_ERR_MEMORY, "no memory for the thread that listens to helpers");
  }
  status = pdlt_workers_run(&own, err);
  if (status != PDLT_OK) crew.halt = 1;
  atomic_store(&crew.done, 1);
  pthread_join(crew.thread, NULL);
  pdlt_free(crew.buffer);
  if (status == PDLT_OK && crew.status != PDLT_OK && crew.status != PDLT_ERR_INTERRUPTED)
    status = pdlt_fail(err, crew.status, "%s", crew.err.message);
  return status;
}

void pdlt_ranks_dismiss(const pdlt_team *team) { tell_all(team, QUIT); }

/* --- a helper --- */

typedef struct crew_helper {
  const pdlt_ensemble_options *options;
  pdlt_samples samples;
  pdlt_plan plan;
  pdlt_records blocks;
  pdlt_saver saver;
  unsigned char *sent, *done; /* (U) */
  char *buffer;
  volatile sig_atomic_t halt;
  atomic_int finished; /* 1: no further block will be */
} crew_helper;

static void send_block(crew_helper *h, size_t u) {
  crew_head head;
  memset(&head, 0, sizeof head);
  head.kind = BLOCK;
  memcpy(h->buffer, &head, sizeof head);
  pdlt_block_write(&h->blocks, u, h->buffer + sizeof head);
  send_message(h->options->team, 0, h->buffer, sizeof head + pdlt_block_bytes(&h->blocks, u));
}

/* Sends what is finished, and hears whether the leader stops. */
static void *report(void *argument) {
  crew_helper *h = argument;
  const pdlt_team *team = h->options->team;
  for (int last = 0, from = 0; !last;) {
    last = atomic_load(&h->finished);
    if (h->options->stop != NULL && *h->options->stop) h->halt = 1;
    const size_t size = team->poll(team->self, &from);
    if (size > 0) {
      crew_head head;
      team->receive(team->self, from, h->buffer, size);
      memcpy(&head, h->buffer, sizeof head);
      h->halt = 1; /* STOP: the leader says nothing else during a round */
    }
    pdlt_saver_copy(&h->saver, h->done);
    for (size_t u = 0; u < h->blocks.units; u++) {
      if (!h->done[u] || h->sent[u]) continue;
      send_block(h, u);
      h->sent[u] = 1;
    }
    if (!last) pause_briefly();
  }
  return NULL;
}

static pdlt_status prepare(crew_helper *h, const crew_head *start, const char *done, size_t units,
                           const pdlt_experiment *ex, const pdlt_dataset *data, pdlt_error *err) {
  char hash[17] = "";
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_linalg_init(h->options->threads, err));
  PDLT_TRY(pdlt_experiment_hash(ex, data->hash, 0, hash, err));
  if (strcmp(hash, start->hash) != 0)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INPUT,
                       "rank %d reads another experiment or other data than rank 0",
                       h->options->team->rank));
  PDLT_TRY(pdlt_samples_new(&h->samples, ex, data, err));
  PDLT_TRY(pdlt_plan_make(&h->plan, ex, &h->samples, h->options->layers, err));
  pdlt_choice_apply(&start->choice, &h->plan);
  PDLT_TRY(pdlt_records_new(&h->blocks, &h->plan, err));
  if (units != h->blocks.units)
    PDLT_TRY(pdlt_fail(err, PDLT_ERR_INTERNAL, "ranks disagree about the number of blocks"));
  PDLT_TRY(pdlt_alloc(&h->sent, 2 * units, 1, err));
  h->done = h->sent + units;
  PDLT_TRY(pdlt_alloc(&h->buffer, message_room(&h->blocks), 1, err));
  memcpy(h->blocks.done, done, units);
  memcpy(h->sent, done, units);
  PDLT_TRY(pdlt_saver_start(&h->saver, NULL, &h->blocks, 0, err));
cleanup:
  return status;
}

static pdlt_status work(crew_helper *h, const pdlt_share *share, pdlt_error *err) {
  const pdlt_workers work = {.plan = &h->plan,
                             .blocks = &h->blocks,
                             .saver = &h->saver,
                             .share = pdlt_ranks_share(h->options->team, share),
                             .threads = h->options->threads,
                             .stop = &h->halt};
  pthread_t thread;
  if (pthread_create(&thread, NULL, report, h) != 0)
    return pdlt_fail(err, PDLT_ERR_MEMORY, "no memory for the thread that reports to rank 0");
  const pdlt_status status = pdlt_workers_run(&work, err);
  atomic_store(&h->finished, 1);
  pthread_join(thread, NULL);
  if (status == PDLT_OK && h->halt) return pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted");
  return status;
}

static void run_round(const char *message, size_t size, const pdlt_experiment *ex,
                      const pdlt_dataset *data, const pdlt_ensemble_options *options,
                      pdlt_status status) {
  crew_helper h = {.options = options};
  crew_head head;
  pdlt_error err = {.message = "the experiment cannot be read"};
  memcpy(&head, message, sizeof head);
  if (status == PDLT_OK)
    status = prepare(&h, &head, message + sizeof head, size - sizeof head, ex, data, &err);
  if (status == PDLT_OK) status = work(&h, &head.share, &err);
  (void)pdlt_saver_stop(&h.saver, NULL);
  pdlt_records_free(&h.blocks);
  pdlt_samples_free(&h.samples);
  pdlt_free(h.sent);
  pdlt_free(h.buffer);
  memset(&head, 0, sizeof head);
  head.kind = FINAL;
  head.status = status;
  snprintf(head.text, sizeof head.text, "%.*s", (int)sizeof head.text - 1, err.message);
  send_message(options->team, 0, &head, sizeof head);
}

void pdlt_ranks_help(const pdlt_experiment *ex, const pdlt_dataset *data,
                     const pdlt_ensemble_options *options, pdlt_status status) {
  const pdlt_team *team = options->team;
  crew_head head = {.kind = STOP};
  while (head.kind != QUIT) {
    int from = 0;
    char *message = NULL;
    const size_t size = team->poll(team->self, &from);
    if (size == 0) {
      pause_briefly();
      continue;
    }
    pdlt_error err;
    while (pdlt_alloc(&message, size, 1, &err) != PDLT_OK) pause_briefly();
    team->receive(team->self, from, message, size);
    memcpy(&head, message, sizeof head);
    if (head.kind == START) run_round(message, size, ex, data, options, status);
    pdlt_free(message); /* a STOP that comes after the end of a round is late */
  }
}
