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

int pdlt_team_rank(void) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int pdlt_team_size(void) {
  int size, running;
  MPI_Initialized(&running);
  if (!running) return 1; /* the library in a program that does not use it */
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

void pdlt_team_send(int rank, const void *bytes, size_t size) {
  MPI_Send(bytes, (int)size, MPI_BYTE, rank, 0, MPI_COMM_WORLD);
}

size_t pdlt_team_poll(int *from) {
  MPI_Status status;
  int waiting, size;
  MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &waiting, &status);
  if (!waiting) return 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  *from = status.MPI_SOURCE;
  return (size_t)size;
}

void pdlt_team_receive(int from, void *bytes, size_t size) {
  MPI_Recv(bytes, (int)size, MPI_BYTE, from, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

#else

void pdlt_team_begin(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
}

void pdlt_team_end(void) {}

int pdlt_team_rank(void) { return 0; }

int pdlt_team_size(void) { return 1; }

void pdlt_team_send(int rank, const void *bytes, size_t size) {
  (void)rank;
  (void)bytes;
  (void)size;
}

size_t pdlt_team_poll(int *from) {
  (void)from;
  return 0;
}

void pdlt_team_receive(int from, void *bytes, size_t size) {
  (void)from;
  (void)bytes;
  (void)size;
}

#endif
