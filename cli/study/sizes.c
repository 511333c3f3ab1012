/* sizes.c - see sizes.h. */
#include "cli/study/sizes.h"

#include <math.h>

#include "base/experiment/layer.h"
#include "trainer/record/plan.h"

/* What the packing of an archive leaves of random numbers, and of a symmetric matrix. */
static const double packed = 0.93, packed_symmetric = 0.65;
/* The same of a tensor with four indices, which are alike under several permutations. */
static const double packed_tensor = 0.8;
/* Bytes of a row of comparison.csv: one without a width, one of a width. */
static const double summary_row = 160, width_row = 110;
/* Bytes around each array in an archive: headers, name. */
static const double per_array = 300;

/* Sum of the bytes of arrays. */
static void add(double *bytes, double arrays, double numbers, double ratio) {
  *bytes += arrays * (per_array + ratio * numbers * (double)sizeof(double));
}

static double theory_bytes(const pdlt_experiment *ex, const pdlt_dataset *data, int layers) {
  enum { TENSORS = 11 };
  const double T = (double)ex->training.num_record, n = (double)data->outputs;
  const double D = (double)(data->train + data->test), p = n * D, copies = layers ? 2 : 1;
  const double S = n * (double)pdlt_experiment_dntk_samples(ex);
  const int vertex = pdlt_experiment_unpredicted(ex, PDLT_MEASURE_VERTEX) == NULL;
  const int dntk = pdlt_experiment_unpredicted(ex, PDLT_MEASURE_DNTK) == NULL;
  double bytes = 0;
  add(&bytes, 2 * copies, D * D, packed_symmetric);
  add(&bytes, 1, D * (double)data->inputs, packed);
  add(&bytes, 2, T * p, packed);
  add(&bytes, n, (T + 1) * D * D, packed_symmetric); /* 0 between different outputs */
  add(&bytes, 4, T * (D + 6), packed);
  if (ex->theory.order == 0) return bytes;
  if (vertex) add(&bytes, (dntk ? TENSORS : 5) * copies, D * D * D * D, packed_tensor);
  if (!vertex || !dntk) return bytes;
  add(&bytes, 6, (T + 1) * p, packed);
  add(&bytes, 1, (2 * T + 1) * p * p, packed_symmetric);
  add(&bytes, 1, T * S * S * S, packed_symmetric);
  return bytes;
}

/* Numbers of all quantities that are compared go into *numbers. */
static double measured_bytes(const pdlt_plan *plan, double *numbers) {
  const pdlt_experiment *ex = plan->ex;
  const double blocks = (double)plan->blocks, kept = (double)(plan->keep * plan->times * plan->p);
  double bytes = 0;
  add(&bytes, 1, (double)(plan->data->samples * plan->data->inputs), packed);
  for (size_t w = 0; w < ex->network.num_widths; w++) {
    for (int k = 0; k < PDLT_QUANTITIES; k++) {
      if (!plan->has[k]) continue;
      const double count = (double)pdlt_plan_numbers(plan, k);
      const int ndim = pdlt_quantity_ndim(&pdlt_quantities[k]);
      const int single = ndim - pdlt_quantity_has_times(&pdlt_quantities[k]) < 2 ||
                         k == PDLT_QUANTITY_Z || k == PDLT_QUANTITY_Z_END;
      add(&bytes, 1, (2 + blocks) * count, single ? packed : packed_symmetric);
      if (w == 0 && !(pdlt_quantities[k].flags & PDLT_QUANTITY_SHOWN)) *numbers += count;
    }
    add(&bytes, 4, kept / 4, packed);
  }
  return bytes;
}

static void fill_csv(pdlt_sizes *out, const pdlt_experiment *ex, double numbers) {
  const double widths = (double)ex->network.num_widths, rows = numbers * (1 + widths);
  out->csv_summary = ex->compare.csv == PDLT_CSV_SUMMARY ||
                     (ex->compare.csv == PDLT_CSV_AUTO && rows > PDLT_CSV_FULL_ROWS);
  out->csv_rows = out->csv_summary ? numbers : rows;
  out->comparison = numbers * (summary_row + (out->csv_summary ? 0 : widths * width_row));
}

pdlt_status pdlt_sizes_estimate(pdlt_sizes *out, const pdlt_experiment *ex,
                                const pdlt_dataset *data, int layers, pdlt_error *err) {
  pdlt_sizes sizes = {.theory = theory_bytes(ex, data, layers)};
  pdlt_samples samples = {0};
  pdlt_plan plan;
  double numbers = 0;
  pdlt_status status = PDLT_OK;
  if (ex->training.eta_kind != PDLT_ETA_FLOW) {
    PDLT_TRY(pdlt_samples_new(&samples, ex, data, err));
    PDLT_TRY(pdlt_plan_make(&plan, ex, &samples, layers, err));
    sizes.measured = measured_bytes(&plan, &numbers);
    fill_csv(&sizes, ex, numbers);
  }
  *out = sizes;
cleanup:
  pdlt_samples_free(&samples);
  return status;
}
