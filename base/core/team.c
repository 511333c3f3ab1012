/* team.c - see team.h. */
#include "base/core/team.h"

#ifdef PDLT_MPI

#include <mpi.h>

void pdlt_team_begin(int *argc, char ***argv) {
  int provided;
  MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided);
  if (provided < MPI_THREAD_SERIALIZED) MPI_Abort(MPI_COMM_WORLD, 3);
}

void pdlt_team_end(void) { MPI_Finalize(); }

static void send_bytes(void *self, int rank, const void *bytes, size_t size) {
  (void)self;
  MPI_Send(bytes, (int)size, MPI_BYTE, rank, 0, MPI_COMM_WORLD);
}

static size_t poll_message(void *self, int *from) {
  MPI_Status status;
  int waiting, size;
  (void)self;
  MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &waiting, &status);
  if (!waiting) return 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  *from = status.MPI_SOURCE;
  return (size_t)size;
}

static void receive_bytes(void *self, int from, void *bytes, size_t size) {
  (void)self;
  MPI_Recv(bytes, (int)size, MPI_BYTE, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

pdlt_team pdlt_team_of_program(void) {
  pdlt_team team = {.size = 1, .send = send_bytes, .poll = poll_message, .receive = receive_bytes};
  int running;
  MPI_Initialized(&running);
  if (!running) return team;
  MPI_Comm_rank(MPI_COMM_WORLD, &team.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &team.size);
  return team;
}

#else

void pdlt_team_begin(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
}

void pdlt_team_end(void) {}

pdlt_team pdlt_team_of_program(void) { return (pdlt_team){.size = 1}; }

#endif
