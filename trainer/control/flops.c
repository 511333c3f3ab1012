/* flops.c - see flops.h. */
#include "trainer/control/flops.h"

#include "trainer/control/control.h"
#include "trainer/control/moves.h"
#include "trainer/control/pairwise.h"
#include "trainer/control/weightless.h"
#include "trainer/network/layer.h"

double pdlt_flops_layer(const pdlt_layer *layer) {
  return (double)pdlt_layer_units(layer) * (double)pdlt_layer_fan(layer);
}

/* Of all layers, and preactivations below the last layer. */
static double weights_of(const pdlt_network *net) {
  double products = 0;
  for (int k = 0; k < net->depth; k++) products += pdlt_flops_layer(&net->layer[k]);
  return products;
}
static double neurons_of(const pdlt_network *net) {
  double neurons = 0;
  for (int k = 0; k + 1 < net->depth; k++) neurons += (double)pdlt_layer_units(&net->layer[k]);
  return neurons;
}

double pdlt_flops_step(const pdlt_network *net, size_t train) {
  return 2.0 * (double)train * (3 * weights_of(net) - pdlt_flops_layer(&net->layer[0]));
}

double pdlt_flops_train(const pdlt_network *net, size_t train, size_t samples, double steps,
                        size_t times) {
  const double A = (double)train, D = (double)samples, sigma = PDLT_FLOPS_SIGMA * neurons_of(net);
  const double step = pdlt_flops_step(net, train) * (1 + PDLT_FLOPS_THIN / A) + A * sigma;
  return steps * step + (double)times * (2 * (D + PDLT_FLOPS_THIN) * weights_of(net) + D * sigma);
}

double pdlt_flops_initial(const pdlt_network *net, size_t samples, int theta) {
  const double D = (double)samples, below = (double)net->layer[net->depth - 1].in;
  double flops = PDLT_FLOPS_LOOP + 2 * (D + PDLT_FLOPS_THIN) * weights_of(net) +
                 (PDLT_FLOPS_SIGMA * D + 2 * D * D) * neurons_of(net);
  for (int k = 0; k + 1 < net->depth && theta; k++)
    flops += 2 * D * D * below * (double)net->layer[k].out +
             (k == 0 ? 0 : 2 * D * below * pdlt_flops_layer(&net->layer[k]));
  return flops;
}

double pdlt_flops_draw(const pdlt_network *net, int first, int last) {
  double numbers = 0;
  for (int k = first - 1; k < last; k++)
    numbers += (double)net->layer[k].out * (double)(pdlt_layer_fan(&net->layer[k]) + 1);
  return PDLT_FLOPS_NORMAL * numbers;
}

double pdlt_flops_eigen(double n) { return 4000 * n * n + 9 * n * n * n; }

double pdlt_flops_linear(const pdlt_network *net, size_t train, size_t samples) {
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const double D = (double)samples, n_L = (double)top->out, q = n_L * D;
  if (net->has_positions) {
    double gradients = 0;
    for (int k = 0; k + 1 < net->depth; k++)
      gradients += (double)net->layer[k].out * (double)pdlt_layer_fan(&net->layer[k]);
    return 2 * (D + 2 * q) * weights_of(net) + PDLT_FLOPS_SIGMA * D * neurons_of(net) +
           q * q * gradients + pdlt_flops_eigen(n_L * (double)train);
  }
  return 2 * (D + q) * weights_of(net) + (PDLT_FLOPS_SIGMA * D + 2 * q * q) * neurons_of(net) +
         pdlt_flops_eigen(n_L * (double)train);
}

double pdlt_flops_level(const pdlt_network *net, const pdlt_samples *data,
                        const pdlt_level *level) {
  if (net->has_positions)
    return pdlt_flops_linear(net, data->train, data->samples) + PDLT_FLOPS_LOOP;
  const double evaluations = 2.0 * level->nodes * (level->middle ? 2 : 1);
  const pdlt_moves_flops moves = pdlt_moves_count(net, data, (size_t)level->nodes, level->middle);
  return (1 + evaluations) *
             (pdlt_flops_linear(net, data->train, data->samples) + PDLT_FLOPS_LOOP) +
         2 * PDLT_FLOPS_SHORT * (moves.own ? moves.owned : moves.kept);
}

double pdlt_flops_level_draw(const pdlt_network *net) {
  return pdlt_flops_draw(net, net->depth, net->depth) +
         pdlt_flops_draw(net, 1, net->depth - 1) / PDLT_FURTHER_LAST;
}

/* A draw with controls pair by pair: random numbers, orthogonal rows, conditional means, and of Theta Gram
 * matrices and products on the way back. */
static double pairwise(const pdlt_plan *plan, const pdlt_network *net) {
  const double D = (double)plan->data->samples, P = D * (D + 1) / 2, R = (double)plan->readouts;
  const double layers = net->depth - 1, X = (double)pdlt_pairwise_controls(net->depth);
  const int theta = pdlt_weightless_theta(plan);
  double normals = 0, products = 0, sigma = 0;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double n = (double)net->layer[k].out;
    normals += n * D + (theta && k + 2 < net->depth ? (n + 1) * D : 0);
    sigma += n * D;
    products += 10 * n * D * D + (theta ? 18 * R * n * D * D : 0);
  }
  sigma += layers * D * 100; /* nodes of both signs */
  products += layers * (100 * D * 64 + 4 * P * 64) + 4 * R * X * P;
  return 10 * PDLT_FLOPS_LOOP + PDLT_FLOPS_NORMAL * normals + PDLT_FLOPS_SIGMA * sigma +
         PDLT_FLOPS_SHORT * products;
}

double pdlt_flops_weightless(const pdlt_plan *plan, const pdlt_network *net) {
  if (plan->networks)
    return pdlt_flops_draw(net, 1, net->depth) + PDLT_FLOPS_LOOP +
           pdlt_flops_linear(net, plan->data->train, plan->data->samples);
  if (plan->control.pairwise) return pairwise(plan, net);
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const double D = (double)plan->data->samples, P = D * (D + 1) / 2, q = (double)plan->p;
  const double X = (double)pdlt_weightless_controls(plan);
  const double q_A = (double)top->out * (double)plan->data->train;
  const int ntk = plan->control.linear, theta = pdlt_weightless_theta(plan) || (ntk && X > 0);
  double normals = 0, products = 0, sigma = 0;
  for (int k = 0; k + 1 < net->depth; k++) {
    const double n = (double)net->layer[k].out;
    normals += n * D;
    sigma += (X > 0 && k > 0 ? 2 : 1) * n * D;
    products += 8 * n * D * D;
    if (X > 0) products += 2 * n * D * D + 4 * n * P;
    if (theta) products += 3 * n * P + 4 * n * P * P + 2 * n * D * D * D + 4 * P * D * D * D;
    if (!ntk) continue;
    normals += k + 2 == net->depth ? (double)top->out * n : (n + 1) * q;
    products += 7 * n * q * q + 6 * n * q * D;
  }
  const size_t spread = plan->control.spread ? pdlt_spread_values(plan) : 0;
  products += 2 * X * (double)(pdlt_weightless_values(plan) - spread);
  return 10 * PDLT_FLOPS_LOOP + PDLT_FLOPS_NORMAL * normals + PDLT_FLOPS_SIGMA * sigma +
         PDLT_FLOPS_SHORT * products + (ntk ? pdlt_flops_eigen(q_A) : 0);
}
