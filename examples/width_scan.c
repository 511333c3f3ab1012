/* width_scan.c - a trained output against width: infinite width, order 1/n, and networks with error bars.
 *
 *   width_scan > scan.txt     then, with gnuplot: plot "scan.txt" using 1:4:5 with errorbars */
#include <math.h>
#include <pdlt.h>
#include <stdio.h>

static const char yaml[] =
    "network: {activation: tanh, depth: 3, widths: [16, 24, 32, 48, 64], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: arrays, train: 3, test: 1}\n"
    "training: {eta: {relative: 0.5}, steps: 10, record: [0, 10]}\n"
    "ensemble: {members: 5120, seed: 1}\n";

/* z (T, n_L, D) of the last time, first output and last sample. */
static double last_of(const pdlt_named_array *z) {
  return z->data[(z->shape[0] - 1) * z->shape[1] * z->shape[2] + z->shape[2] - 1];
}

/* One number of a named array; NaN where something failed. */
static double get(const pdlt_study *study, pdlt_part part, const char *name, pdlt_status *status,
                  pdlt_error *err) {
  pdlt_named_array array;
  if (*status == PDLT_OK) *status = pdlt_study_array(study, part, name, &array, err);
  return *status == PDLT_OK ? last_of(&array) : NAN;
}

int main(void) {
  static const int widths[] = {16, 24, 32, 48, 64};
  double x[4][2], y[4]; /* (D, n_0), (D, n_L): three training samples and a test sample */
  pdlt_study *study = NULL;
  pdlt_error err = {0};
  for (int a = 0; a < 4; a++) {
    x[a][0] = cos(1.5 * a);
    x[a][1] = sin(1.5 * a);
    y[a] = x[a][0] * x[a][1];
  }
  pdlt_status status = pdlt_study_open_arrays(&study, yaml, 4, 2, x[0], 1, y, NULL, &err);
  if (status == PDLT_OK) status = pdlt_study_run(study, NULL, &err);
  const double lo = get(study, PDLT_THEORY, "z_lo", &status, &err);
  const double nlo = get(study, PDLT_THEORY, "z_nlo", &status, &err); /* coefficient of 1/n */
  if (status == PDLT_OK) printf("#  n         lo  lo + nlo/n   measured      error\n");
  for (size_t w = 0; status == PDLT_OK && w < sizeof widths / sizeof *widths; w++) {
    char name[2][32];
    snprintf(name[0], sizeof name[0], "n%d/z", widths[w]);
    snprintf(name[1], sizeof name[1], "n%d/z_se", widths[w]);
    const double measured = get(study, PDLT_MEASURED, name[0], &status, &err);
    const double error = get(study, PDLT_MEASURED, name[1], &status, &err);
    printf("%4d %10.6f  %10.6f %10.6f %10.6f\n", widths[w], lo, lo + nlo / widths[w], measured,
           error);
  }
  if (status == PDLT_OK) printf("# verdict: %s\n", pdlt_study_verdict(study));
  if (status != PDLT_OK) fprintf(stderr, "%s\n", err.message);
  pdlt_study_free(study);
  return pdlt_status_exit(status);
}
