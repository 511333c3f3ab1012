/* flops.c - see flops.h. */
#include "trainer/control/flops.h"

/* Weights, and neurons below the last layer. */
static double weights_of(const pdlt_network *net) {
  double products = 0;
  for (int k = 0; k < net->depth; k++)
    products += (double)net->layer[k].out * (double)net->layer[k].in;
  return products;
}
static double neurons_of(const pdlt_network *net) {
  double neurons = 0;
  for (int k = 0; k + 1 < net->depth; k++) neurons += (double)net->layer[k].out;
  return neurons;
}

double pdlt_flops_step(const pdlt_network *net, size_t train) {
  const double first = (double)net->layer[0].out * (double)net->layer[0].in;
  return 2.0 * (double)train * (3 * weights_of(net) - first);
}

double pdlt_flops_train(const pdlt_network *net, size_t train, size_t samples, double steps,
                        size_t times) {
  const double A = (double)train, D = (double)samples, sigma = PDLT_FLOPS_SIGMA * neurons_of(net);
  const double step = pdlt_flops_step(net, train) * (1 + PDLT_FLOPS_THIN / A) + A * sigma;
  return steps * step + (double)times * (2 * (D + PDLT_FLOPS_THIN) * weights_of(net) + D * sigma);
}

double pdlt_flops_draw(const pdlt_network *net, int first, int last) {
  double numbers = 0;
  for (int k = first - 1; k < last; k++)
    numbers += (double)net->layer[k].out * (double)(net->layer[k].in + 1);
  return PDLT_FLOPS_NORMAL * numbers;
}

double pdlt_flops_eigen(double n) { return 4000 * n * n + 9 * n * n * n; }

double pdlt_flops_linear(const pdlt_network *net, size_t train, size_t samples) {
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const double D = (double)samples, n_L = (double)top->out, q = n_L * D;
  return 2 * (D + q) * weights_of(net) + (PDLT_FLOPS_SIGMA * D + 2 * q * q) * neurons_of(net) +
         pdlt_flops_eigen(n_L * (double)train);
}
