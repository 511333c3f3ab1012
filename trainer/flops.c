/* flops.c - see flops.h. */
#include "trainer/flops.h"

double pdlt_flops_step(const pdlt_network *net, size_t train) {
  double products = 0;
  for (int k = 0; k < net->depth; k++)
    products += (k == 0 ? 2.0 : 3.0) * (double)net->layer[k].out * (double)net->layer[k].in;
  return 2.0 * (double)train * products;
}

double pdlt_flops_forward(const pdlt_network *net, size_t samples) {
  double products = 0;
  for (int k = 0; k < net->depth; k++)
    products += (double)net->layer[k].out * (double)net->layer[k].in;
  return 2.0 * (double)samples * products;
}
