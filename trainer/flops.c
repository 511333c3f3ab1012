/* flops.c - see flops.h. */
#include "trainer/flops.h"

double pdlt_flops_step(const pdlt_network *net, size_t train) {
  double products = 0;
  for (int k = 0; k < net->depth; k++)
    products += (k == 0 ? 2.0 : 3.0) * (double)net->layer[k].out * (double)net->layer[k].in;
  return 2.0 * (double)train * products;
}

double pdlt_flops_draw(const pdlt_network *net, int first, int last) {
  double numbers = 0;
  for (int k = first - 1; k < last; k++)
    numbers += (double)net->layer[k].out * (double)(net->layer[k].in + 1);
  return PDLT_FLOPS_NORMAL * numbers;
}

double pdlt_flops_linear(const pdlt_network *net, size_t train, size_t samples) {
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const double D = (double)samples, n_L = (double)top->out, q = n_L * D, q_A = n_L * (double)train;
  double products = 0, neurons = 0;
  for (int k = 0; k < net->depth; k++) {
    products += (double)net->layer[k].out * (double)net->layer[k].in;
    neurons += (double)net->layer[k].out;
  }
  return 2 * (D + q) * products + q * q * neurons + 9 * q_A * q_A * q_A;
}

double pdlt_flops_forward(const pdlt_network *net, size_t samples) {
  double products = 0;
  for (int k = 0; k < net->depth; k++)
    products += (double)net->layer[k].out * (double)net->layer[k].in;
  return 2.0 * (double)samples * products;
}
