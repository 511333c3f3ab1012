/* team.h - the processes that work on one run: messages between them.
 *
 * Is: MPI where the program is built with it (PDLT_MPI) and started by mpirun; otherwise a
 * team of one, in which nothing is sent. Rank 0 leads.
 * Is not: what is said (trainer/run/ranks.h). One thread at a time may call these functions. */
#ifndef PDLT_BASE_CORE_TEAM_H
#define PDLT_BASE_CORE_TEAM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* First and last call of a program. */
void pdlt_team_begin(int *argc, char ***argv);
void pdlt_team_end(void);

int pdlt_team_rank(void); /* of this process, from 0 */
int pdlt_team_size(void);

/* Sends size bytes to a rank; returns when they may be changed again. At most 2^31 - 1. */
void pdlt_team_send(int rank, const void *bytes, size_t size);

/* Size of the message that waits, from rank *from; 0: none. */
size_t pdlt_team_poll(int *from);

/* Takes the message that pdlt_team_poll told of. */
void pdlt_team_receive(int from, void *bytes, size_t size);

#ifdef __cplusplus
}
#endif
#endif
