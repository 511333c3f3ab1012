/* kernels.c - kernel and NTK of my samples, before any training.
 *
 *   kernels [DATA.csv N]     header x1, x2, ..., y1; the first N samples. Without: three made here. */
#include <math.h>
#include <pdlt.h>
#include <stdio.h>

enum { SAMPLES = 3, INPUTS = 4 };

static const char yaml[] =
    "network: {activation: tanh, depth: 4, widths: [128], C_b: 0, C_W: 1}\n" /* critical */
    "data: {source: csv, file: none.csv, train: 3, scale: 1}\n"              /* |x|^2/n_0 = 1 */
    "training: {eta: 1, steps: 0}\n"                                         /* none; any eta */
    "measure: [kernel, ntk]\n";

/* An array (D, D) of theory at infinite width; behind it what order 1/n adds to it at width 128, in
 * percent of the geometric mean of the diagonal. */
static pdlt_status print_kernel(const pdlt_study *study, const char *name, const char *first,
                                pdlt_error *err) {
  pdlt_named_array lo, nlo; /* borrowed from the study */
  pdlt_status status = pdlt_study_array(study, PDLT_THEORY, name, &lo, err);
  if (status == PDLT_OK) status = pdlt_study_array(study, PDLT_THEORY, first, &nlo, err);
  if (status != PDLT_OK) return status;
  const size_t D = lo.shape[0];
  printf("%s at infinite width (what width 128 adds, %%)\n", name);
  for (size_t k = 0; k < D * D; k++) {
    const double unit = sqrt(lo.data[k / D * (D + 1)] * lo.data[k % D * (D + 1)]);
    printf("%8.4f (%+.2f)%s", lo.data[k], 100 * nlo.data[k] / 128 / unit,
           (k + 1) % D > 0 ? "" : "\n");
  }
  return PDLT_OK;
}

int main(int argc, char **argv) {
  double x[SAMPLES][INPUTS], y[SAMPLES] = {1, 1, -1}; /* (D, n_0), (D, n_L) */
  pdlt_study *study = NULL;
  pdlt_error err = {0};
  pdlt_status status;
  char *forecast = NULL;
  for (int a = 0; a < SAMPLES; a++)
    for (int j = 0; j < INPUTS; j++) x[a][j] = cos(0.7 * (a + 1) * (j + 1));
  if (argc == 3) {
    status = pdlt_study_open_text(&study, yaml, NULL, &err);
    if (status == PDLT_OK) status = pdlt_study_set(study, "data.file", argv[1], &err);
    if (status == PDLT_OK) status = pdlt_study_set(study, "data.train", argv[2], &err);
  } else {
    status = pdlt_study_open_arrays(&study, yaml, SAMPLES, INPUTS, x[0], 1, y, NULL, &err);
  }
  if (status == PDLT_OK) status = pdlt_study_predict(study, NULL, &err);
  if (status == PDLT_OK) status = print_kernel(study, "K", "G1", &err);
  if (status == PDLT_OK) status = print_kernel(study, "Theta", "Theta1", &err);
  if (status == PDLT_OK) status = pdlt_study_explain(study, 0, &forecast, &err);
  if (status == PDLT_OK) printf("%s", forecast); /* phases, the largest learning rate, reach */
  if (status != PDLT_OK) fprintf(stderr, "%s\n", err.message);
  pdlt_text_free(forecast);
  pdlt_study_free(study);
  return pdlt_status_exit(status);
}
