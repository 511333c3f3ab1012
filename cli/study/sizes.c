/* sizes.c - see sizes.h.
 *
 * Packing finds what repeats within 32 KiB: the other half of a symmetric matrix as far as it lies
 * so near. The shares below were measured on archives of 4 to 48 samples. */
#include "cli/study/sizes.h"

#include <math.h>

#include "base/experiment/at_width.h"
#include "base/experiment/layer.h"
#include "trainer/record/plan.h"
#include "trainer/statistics/moments.h"

/* What packing leaves of random numbers, and of a number that stood nearby. */
static const double packed = 0.93, repeated = 0.3;
static const double window = 32768.0 / sizeof(double); /* numbers */
/* Bytes of a row of comparison.csv: without a width, with both coefficients, with c0 alone, without a
 * fit; of a width, and less where it has no error bar. */
static const double both_row = 210, single_row = 150, empty_row = 44, width_row = 113, bar = 16;
/* Bytes around each array in an archive: headers, name; of the metadata. */
static const double per_array = 187, meta = 1400;
/* theory leaves cov_lo out beyond it */
static const double largest_covariance = 512.0 * 1024 * 1024;

/* Share of the bytes of a symmetric matrix (p, p). */
static double symmetric(double p) {
  const double rows = fmin(floor(window / p), p - 1);
  const double near = p > 1 ? rows * (2 * p - rows - 1) / (2 * p * p) : 0;
  return packed * (1 - near) + repeated * near;
}

/* The same of a tensor (D, D, D, D), over V A B D F P Q R S T U. */
static double tensor(double D) { return 0.83 - 0.23 * fmin(1, 64 / (D * D)); }

/* Arrays of so many numbers each. */
static void add(double *bytes, double arrays, double numbers, double ratio) {
  *bytes += arrays * (per_array + ratio * numbers * (double)sizeof(double));
}

/* cov_lo with its end: 0 between different outputs, the same for all of them. */
static void add_covariance_lo(double *bytes, double times, double n, double D) {
  const double same = n * D * D > window ? n : 1 + 0.1 * (n - 1);
  if (times * n * D * n * D * (double)sizeof(double) > largest_covariance) return;
  add(bytes, 1, same * times * D * D, symmetric(D));
}

/* What a kink has in place of z_nlo and its kin: z_half, its parts by layer and by source. */
static void add_half(double *bytes, double times, double n, double D, double layers) {
  const double p = n * D;
  add(bytes, 4 + layers, (times + 1) / 2 * p, packed);
  add(bytes, 2, times * p * p, symmetric(p));
  add(bytes, 1, times * layers * D, packed);
  add(bytes, 16, times, packed);
  add(bytes, 1, (times + 1) * D, packed);
  add(bytes, 30, 0, 0);
}

static double theory_bytes(const pdlt_experiment *ex, const pdlt_dataset *data, int layers) {
  enum { TENSORS = 11, VERTEX_TENSORS = 5 };
  const double T = (double)ex->training.num_record, n = (double)data->outputs;
  const double D = (double)(data->train + data->test), p = n * D;
  const double copies = layers ? ex->network.depth : 1; /* layer 1 is exact: nothing of order 1/n */
  const double S = n * (double)pdlt_experiment_dntk_samples(ex), hidden = ex->network.depth - 1;
  const int vertex =
      pdlt_experiment_unpredicted(ex, PDLT_MEASURE_VERTEX | PDLT_MEASURE_NTK_FLUCTUATIONS) == NULL;
  const int dntk = pdlt_experiment_unpredicted(ex, PDLT_MEASURE_DNTK | PDLT_MEASURE_DDNTK) == NULL;
  double bytes = meta;
  add(&bytes, 2 * copies, D * D, symmetric(D));
  add(&bytes, 1, D * (double)data->inputs, packed);
  add(&bytes, 2, (T + 1) * p, packed);
  add_covariance_lo(&bytes, T, n, D);
  add(&bytes, 16, T, packed);
  add(&bytes, 1, (T + 1) * D, packed);
  add(&bytes, 21, 0, 0); /* err/NAME, times */
  add(&bytes, 1, hidden * D, packed);
  if (ex->theory.order == 0 || !vertex) return bytes;
  add(&bytes, 2 * copies, D * D, symmetric(D));
  add(&bytes, 1, hidden * D, packed);
  add(&bytes, 1, 0, 0);
  if (ex->theory.only_z) {
    add(&bytes, 12, (T + 1) / 2 * p, packed);
    add(&bytes, 6, T, packed);
    return bytes;
  }
  const double kept = (double)pdlt_experiment_kept_samples(ex, data->train + data->test);
  add(&bytes, (dntk ? TENSORS : VERTEX_TENSORS) * copies, kept * kept * kept * kept, tensor(kept));
  if (pdlt_activation_has_kink(&ex->network.activation))
    add_half(&bytes, T, n, D, ex->network.depth - 1);
  if (!dntk) return bytes;
  add(&bytes, 12, (T + 1) / 2 * p, packed);
  add(&bytes, 1 + pdlt_experiment_keeps_theta_t(ex, data->train + data->test), T * p * p,
      symmetric(p));
  add(&bytes, 1, T * S * S * S, symmetric(S));
  add(&bytes, 16, T, packed);
  add(&bytes, 1, (T + 1) * D, packed);
  add(&bytes, 40, 0, 0);
  return bytes;
}

/* Share of the bytes of quantity k: by its last two indices, which are alike. */
static double share_of(const pdlt_plan *plan, int k) {
  const pdlt_quantity *q = &pdlt_quantities[k];
  const int ndim = pdlt_quantity_ndim(q) - pdlt_quantity_has_times(q);
  if (k == PDLT_QUANTITY_Z || k == PDLT_QUANTITY_Z_END || ndim < 2) return packed;
  if (ndim == 2) return symmetric((double)plan->data->samples);
  if (q->indices[ndim - 1] == 's') return tensor((double)plan->first);
  return symmetric((double)plan->p);
}

static int is_kept(const pdlt_plan *plan, int k) {
  return plan->has[k] && !pdlt_plan_drops(plan, k, NULL, NULL);
}

static double copies_of(const pdlt_plan *plan, int k) {
  const pdlt_drawn drawn = pdlt_quantities[k].drawn;
  const int layered = drawn == PDLT_DRAWN_LAYERS || drawn == PDLT_DRAWN_PRODUCTS;
  return layered ? (double)plan->readouts : 1; /* the first layer is the same in all blocks */
}

static int has_bars(const pdlt_plan *plan) { return plan->blocks >= PDLT_MIN_BLOCKS; }

static double measured_bytes(const pdlt_plan *plan) {
  const double blocks = (double)plan->blocks, kept = (double)(plan->keep * plan->times * plan->p);
  double bytes = meta, width = 0;
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const double numbers = (double)pdlt_plan_numbers(plan, k), copies = copies_of(plan, k);
    if (!is_kept(plan, k)) continue;
    add(&width, copies, numbers, share_of(plan, k));
    add(&width, copies, has_bars(plan) ? numbers : 0, share_of(plan, k));
    add(&width, copies, blocks * numbers, share_of(plan, k));
  }
  add(&width, 5, kept / 5, packed); /* samples, counts */
  add(&bytes, 3, (double)(plan->data->samples * plan->data->inputs) / 3, packed);
  return bytes + width * (double)plan->ex->network.num_widths;
}

/* Numbers that theory and measurement share, and those of them with a first coefficient. */
static void count_compared(const pdlt_plan *plan, double *numbers, double *second) {
  const int order = plan->ex->theory.order;
  const double power = pdlt_activation_has_kink(&plan->ex->network.activation) ? 0.5 : 1;
  *numbers = *second = 0;
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_quantity *q = &pdlt_quantities[k];
    const double count = (double)pdlt_plan_numbers(plan, k);
    if (!is_kept(plan, k) || (q->flags & PDLT_QUANTITY_SHOWN) || q->drawn == PDLT_DRAWN_END)
      continue;
    const char *first = pdlt_quantity_first(q, power);
    if (order == 0 && (q->lo == NULL || first == NULL)) continue; /* of order 1/n as a whole */
    *numbers += count;
    if (order > 0 && first != NULL) *second += count;
  }
}

static void fill_csv(pdlt_sizes *out, const pdlt_plan *plan) {
  const pdlt_experiment *ex = plan->ex;
  const double widths = (double)ex->network.num_widths;
  const int fitted = has_bars(plan) && widths >= ex->compare.degree + 2;
  double numbers, second;
  count_compared(plan, &numbers, &second);
  const double rows = numbers * (1 + widths);
  out->csv_summary = ex->compare.csv == PDLT_CSV_SUMMARY ||
                     (ex->compare.csv == PDLT_CSV_AUTO && rows > PDLT_CSV_FULL_ROWS);
  out->csv_rows = out->csv_summary ? numbers : rows;
  out->comparison =
      fitted ? both_row * second + single_row * (numbers - second) : empty_row * numbers;
  if (!out->csv_summary)
    out->comparison += numbers * widths * (width_row - (has_bars(plan) ? 0 : bar));
}

pdlt_status pdlt_sizes_estimate(pdlt_sizes *out, const pdlt_experiment *ex,
                                const pdlt_dataset *data, int layers, pdlt_error *err) {
  const size_t theories = pdlt_experiment_follows(ex) != NULL ? ex->network.num_widths : 1;
  pdlt_sizes sizes = {.theory = (double)theories * theory_bytes(ex, data, layers)};
  pdlt_samples samples = {0};
  pdlt_plan plan;
  pdlt_status status = PDLT_OK;
  if (ex->training.eta_kind != PDLT_ETA_FLOW) {
    PDLT_TRY(pdlt_samples_new(&samples, ex, data, err));
    PDLT_TRY(pdlt_plan_make(&plan, ex, &samples, layers, err));
    sizes.measured = measured_bytes(&plan);
    fill_csv(&sizes, &plan);
  }
  *out = sizes;
cleanup:
  pdlt_samples_free(&samples);
  return status;
}
