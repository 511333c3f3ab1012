/* bench_dynamics.c - time of training at order 1/width, by number of samples and of
 * steps: bench_dynamics [largest D [steps [outputs [threads]]]]. Half the samples train;
 * tensors are random. Reports rotation, steps, steps with the NTK, the end, and
 * rotation and steps of the covariance. */
#include <stdio.h>
#include <stdlib.h>

#include "base/core/memory.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "bench/clock.h"
#include "theory/order_one/cov.h"
#include "theory/order_one/end.h"
#include "theory/order_one/mean.h"

/* Random numbers; rank 2: symmetric, with this diagonal and small entries beside it. */
static pdlt_status fill(double **out, size_t D, int rank, double diagonal, uint64_t stream,
                        pdlt_error *err) {
  const size_t count = rank == 2 ? D * D : D * D * D * D;
  pdlt_status status = pdlt_alloc(out, count, sizeof **out, err);
  if (status != PDLT_OK) return status;
  const pdlt_rng rng = {.seed = 1, .stream = stream};
  pdlt_rng_normal(&rng, count, *out);
  for (size_t i = 0; i < D && rank == 2; i++) {
    for (size_t j = 0; j < i; j++)
      (*out)[i * D + j] = (*out)[j * D + i] = (*out)[j * D + i] * diagonal / (8 * (double)D);
    (*out)[i * D + i] = diagonal;
  }
  return PDLT_OK;
}

static pdlt_status measure(const pdlt_dynamics_input *in, long steps, pdlt_error *err) {
  const size_t block = in->lo.outputs * in->lo.D;
  const double last = (double)steps;
  pdlt_dynamics dynamics = {0};
  pdlt_covariance cov = {0};
  double *z = NULL, *theta_t = NULL, mark[6];
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&z, block, sizeof *z, err));
  PDLT_TRY(pdlt_alloc(&theta_t, block * block, sizeof *theta_t, err));
  mark[0] = now(CLOCK_MONOTONIC);
  PDLT_TRY(pdlt_dynamics_new(&dynamics, in, err));
  mark[1] = now(CLOCK_MONOTONIC);
  PDLT_TRY(pdlt_dynamics_run(&dynamics, 1, &last, z, NULL, NULL, err));
  mark[2] = now(CLOCK_MONOTONIC);
  PDLT_TRY(pdlt_dynamics_run(&dynamics, 1, &last, z, NULL, theta_t, err));
  mark[3] = now(CLOCK_MONOTONIC);
  PDLT_TRY(pdlt_end(&dynamics, z, NULL, err));
  mark[4] = now(CLOCK_MONOTONIC);
  PDLT_TRY(pdlt_covariance_new(&cov, &dynamics, in, in->theta1, in->a, in->b, err));
  PDLT_TRY(pdlt_covariance_run(&cov, 1, &last, theta_t, NULL, err));
  mark[5] = now(CLOCK_MONOTONIC);
  printf("%4zu %6ld %10.4f %10.4f %10.4f %10.4f %10.4f\n", in->lo.D, steps, mark[1] - mark[0],
         mark[2] - mark[1], mark[3] - mark[2], mark[4] - mark[3], mark[5] - mark[4]);
cleanup:
  pdlt_covariance_free(&cov);
  pdlt_dynamics_free(&dynamics);
  pdlt_free(z);
  pdlt_free(theta_t);
  return status;
}

static pdlt_status bench(size_t D, long steps, size_t outputs, int threads, pdlt_error *err) {
  double *small[3] = {0}, *large[8] = {0}, *y = NULL;
  pdlt_status status = PDLT_OK;
  for (int i = 0; i < 3; i++) PDLT_TRY(fill(&small[i], D, 2, 1, (uint64_t)i, err));
  for (int i = 0; i < 8; i++) PDLT_TRY(fill(&large[i], D, 4, 0, (uint64_t)i + 3, err));
  PDLT_TRY(pdlt_alloc(&y, D * outputs, sizeof *y, err));
  const pdlt_rng rng = {.seed = 1, .stream = 11};
  pdlt_rng_normal(&rng, D * outputs, y);
  const pdlt_dynamics_input in = {.lo = {.D = D,
                                         .A = D / 2,
                                         .outputs = outputs,
                                         .K = small[0],
                                         .theta = small[1],
                                         .y = y,
                                         .eta = 0.5},
                                  .theta1 = small[2],
                                  .a = large[0],
                                  .b = large[1],
                                  .p = large[2],
                                  .q = large[3],
                                  .r = large[4],
                                  .s = large[5],
                                  .t = large[6],
                                  .u = large[7],
                                  .threads = threads};
  for (long t = steps; t >= steps / 4 && t > 0; t /= 2) PDLT_TRY(measure(&in, t, err));
cleanup:
  for (int i = 0; i < 3; i++) pdlt_free(small[i]);
  for (int i = 0; i < 8; i++) pdlt_free(large[i]);
  pdlt_free(y);
  return status;
}

int main(int argc, char **argv) {
  const size_t largest = argc > 1 ? strtoul(argv[1], NULL, 10) : 32;
  const long steps = argc > 2 ? atol(argv[2]) : 512;
  const size_t outputs = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
  const int threads = argc > 4 ? atoi(argv[4]) : 2;
  pdlt_error err = {0};
  pdlt_status status = PDLT_OK;
  if (threads < 1) return 2;
  PDLT_TRY(pdlt_linalg_init(threads, &err));
  printf("   D  steps   rotate     steps    with NTK        end covariance   (seconds)\n");
  for (size_t D = 4; D <= largest; D *= 2) PDLT_TRY(bench(D, steps, outputs, threads, &err));
cleanup:
  if (status != PDLT_OK) fprintf(stderr, "bench_dynamics: %s\n", err.message);
  return pdlt_status_exit(status);
}
