/* legendre.c - see legendre.h. */
#include "base/core/legendre.h"

#include <math.h>

void pdlt_legendre_rule(int n, double *node, double *weight) {
  for (int i = 0; i < n; i++) {
    double x = cos(3.14159265358979323846 * (i + 0.75) / (n + 0.5)), slope = 1;
    for (int newton = 0; newton < 100; newton++) {
      double before = 1, p = x;
      for (int k = 2; k <= n; k++) {
        const double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
      }
      slope = n * (x * p - before) / (x * x - 1);
      const double step = p / slope;
      x -= step;
      if (fabs(step) < 1e-15) break;
    }
    node[i] = 0.5 * (1 - x);
    weight[i] = 1 / ((1 - x * x) * slope * slope);
  }
}
