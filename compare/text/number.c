/* number.c - see number.h. */
#include "compare/text/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUS "\xe2\x88\x92"
#define TIMES "\xc3\x97"

void pdlt_plot_decimals(char *out, size_t size, double value, int decimals) {
  char text[64];
  snprintf(text, sizeof text, "%.*f", decimals, fabs(value));
  int zero = strspn(text, "0.") == strlen(text);
  snprintf(out, size, "%s%.40s", value < 0 && !zero ? MINUS : "", text);
}

void pdlt_plot_power(char *out, size_t size, int exponent) {
  snprintf(out, size, "10<sup>%s%d</sup>", exponent < 0 ? MINUS : "",
           exponent < 0 ? -exponent : exponent);
}

/* Cuts zeros behind the point, and the point. */
static void strip_zeros(char *text) {
  if (!strchr(text, '.')) return;
  size_t n = strlen(text);
  while (n > 0 && text[n - 1] == '0') text[--n] = 0;
  if (n > 0 && text[n - 1] == '.') text[--n] = 0;
}

void pdlt_plot_number(char *out, size_t size, double value, int digits) {
  if (isnan(value)) {
    snprintf(out, size, "\xe2\x80\x94");
    return;
  }
  if (isinf(value)) {
    snprintf(out, size, "%s\xe2\x88\x9e", value < 0 ? MINUS : "");
    return;
  }
  const char *sign = value < 0 ? MINUS : "";
  char text[64];
  snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
  char *e = strchr(text, 'e');
  const int exponent = (int)strtol(e + 1, NULL, 10);
  if (value == 0 || (exponent >= -3 && exponent < 5)) {
    int decimals = value == 0 ? 0 : digits - 1 - exponent;
    snprintf(text, sizeof text, "%.*f", decimals > 0 ? decimals : 0, fabs(value));
    strip_zeros(text);
    snprintf(out, size, "%s%s", sign, text);
    return;
  }
  *e = 0;
  strip_zeros(text);
  char power[32];
  pdlt_plot_power(power, sizeof power, exponent);
  if (strcmp(text, "1") == 0)
    snprintf(out, size, "%s%s", sign, power);
  else
    snprintf(out, size, "%s%s" TIMES "%s", sign, text, power);
}

void pdlt_plot_measured(char *out, size_t size, double value, double se) {
  if (!isfinite(value) || !(se > 0) || !isfinite(se)) {
    pdlt_plot_number(out, size, value, 5);
    return;
  }
  int exponent = (int)floor(log10(fmax(fabs(value), se)) + 1e-12);
  if (exponent >= -3 && exponent < 5) exponent = 0;
  double unit = pow(10, exponent);
  int decimals = 1 - (int)floor(log10(se / unit) + 1e-12);
  decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
  char number[48], power[32];
  pdlt_plot_decimals(number, sizeof number, value / unit, decimals);
  if (exponent == 0) {
    snprintf(out, size, "%s \xc2\xb1 %.*f", number, decimals, se);
    return;
  }
  pdlt_plot_power(power, sizeof power, exponent);
  snprintf(out, size, "(%s \xc2\xb1 %.*f)" TIMES "%s", number, decimals, se / unit, power);
}
