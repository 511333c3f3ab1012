/* team.h - the processes that work on one run: messages between them.
 *
 * Is: a table of functions that carries messages: MPI where the program is built with it (PDLT_MPI)
 * and started by mpirun, otherwise a team of one, in which nothing is sent. Rank 0 leads.
 * Is not: what is said (trainer/run/ranks.h). One thread at a time may call these functions. */
#ifndef PDLT_BASE_CORE_TEAM_H
#define PDLT_BASE_CORE_TEAM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A process of a team and its transport. self is the transport's own. */
typedef struct pdlt_team {
  int rank, size; /* of this process, from 0; how many there are */
  void *self;

  /* Sends size bytes to a rank; returns when they may be changed again. At most 2^31 - 1. */
  void (*send)(void *self, int rank, const void *bytes, size_t size);

  /* Size of the message that waits, from rank *from; 0: none. Does not wait. */
  size_t (*poll)(void *self, int *from);

  /* Takes the message that poll told of. */
  void (*receive)(void *self, int from, void *bytes, size_t size);
} pdlt_team;

/* First and last call of a program. */
void pdlt_team_begin(int *argc, char ***argv);
void pdlt_team_end(void);

/* The team of this process between those calls; in a program without them a team of one. */
pdlt_team pdlt_team_of_program(void);

#ifdef __cplusplus
}
#endif
#endif
