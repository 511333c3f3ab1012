/* print.c - what `pdlt run` and `pdlt compare` print of a verdict, in lines of 110 characters. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

enum { LINE = 110, INDENT = 4, HEAD = 96 };

/* Length of the first word; "3.1 +- 0.2 %" is one. */
static int word_of(const char *text) {
  size_t length = strcspn(text, " ");
  if (strncmp(text + length, " +- ", 4) == 0) length += 4 + strcspn(text + length + 4, " ");
  if (strncmp(text + length, " %", 2) == 0) length += 1 + strcspn(text + length + 1, " ");
  return (int)length;
}

double pdlt_command_number(double value, double unit) { return fabs(value) < unit / 2 ? 0 : value; }

void pdlt_print_wrapped(const char *head, int indent, const char *text) {
  int at = (int)strlen(head);
  fputs(head, stdout);
  while (*text != 0) {
    const int length = word_of(text);
    if (at > indent && at + length > LINE) {
      printf("\n%*s", indent, "");
      at = indent;
    }
    printf("%.*s", length, text);
    at += length;
    text += length;
    if (*text == ' ') {
      const int next = word_of(text + 1);
      if (at + 1 + next <= LINE) fputc(' ', stdout); /* none at the end of a line */
      at++;
      text++;
    }
  }
  fputc('\n', stdout);
}

/* "    0.4 %", or a dash. */
static void print_bound(double bound) {
  const double percent = 100.0 * bound;
  if (percent >= 99.5 && percent < 1e6)
    printf(" %7.0f %%", percent);
  else if (isfinite(bound))
    printf(" %7.2g %%", percent);
  else
    printf(" %9s", "-");
}

/* value in that many characters and digits, or a dash where nothing was tested. */
static void print_number(double value, int width, int digits) {
  if (isfinite(value))
    printf(" %*.*g", width, digits, value);
  else
    printf(" %*s", width, "-");
}

static void print_tests(const pdlt_study *study, const json_t *verdict) {
  const json_t *tests = json_object_get(verdict, "tests");
  pdlt_test test;
  printf("%-19s %-2s %-9s %9s %9s %8s %8s %9s\n", "quantity", "", "verdict", "bound", "p",
         "worst z", "numbers", "null z");
  for (size_t k = 0; pdlt_study_test(study, k, &test); k++) {
    const json_t *bound = json_object_get(json_array_get(tests, k), "bound");
    printf("%-19s %-2s %-9s", test.quantity, test.coefficient, test.verdict);
    print_bound(json_is_number(bound) ? json_number_value(bound) : NAN);
    print_number(test.p, 9, 2);
    print_number(test.worst_z, 8, 3);
    printf(" %8zu", test.numbers);
    print_number(test.null_z, 9, 3);
    fputc('\n', stdout);
  }
}

static int same_reason(const pdlt_test *a, const pdlt_test *b) {
  return strcmp(a->verdict, b->verdict) == 0 && strcmp(a->reason, b->reason) == 0;
}

/* 1 when a test before number k has the same verdict for the same reason. */
static int was_told(const pdlt_study *study, size_t k, const pdlt_test *test) {
  pdlt_test earlier;
  for (size_t j = 0; j < k && pdlt_study_test(study, j, &earlier); j++)
    if (same_reason(&earlier, test)) return 1;
  return 0;
}

/* "z c0, z c1, cov c0", then in so many words why they are not decided or disagree. */
static void print_reasons(const pdlt_study *study) {
  pdlt_test test, other;
  for (size_t k = 0; pdlt_study_test(study, k, &test); k++) {
    char head[HEAD] = "";
    size_t used = 0, left = 0;
    if (strcmp(test.verdict, "agree") == 0 || was_told(study, k, &test)) continue;
    for (size_t j = k; pdlt_study_test(study, j, &other); j++) {
      if (!same_reason(&other, &test)) continue;
      if (used + strlen(other.quantity) + 24 > sizeof head) {
        left++;
        continue;
      }
      used += (size_t)snprintf(head + used, sizeof head - used, "%s%s %s", j > k ? ", " : "",
                               other.quantity, other.coefficient);
    }
    if (left > 0)
      snprintf(head + used, sizeof head - used, " and %zu more: ", left);
    else
      snprintf(head + used, sizeof head - used, ": ");
    pdlt_print_wrapped(head, INDENT, test.reason);
  }
}

/* "measured alone, without a prediction: q_change, error_test" */
static void print_alone(const json_t *verdict) {
  const json_t *alone = json_object_get(verdict, "measured_alone");
  if (json_array_size(alone) == 0) return;
  char names[4096] = "";
  size_t used = 0;
  for (size_t k = 0; k < json_array_size(alone) && used < sizeof names; k++)
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", k > 0 ? ", " : "",
                             json_string_value(json_array_get(alone, k)));
  pdlt_print_wrapped("measured alone, without a prediction: ", INDENT, names);
}

pdlt_status pdlt_print_verdict(const pdlt_study *study, const char *folder,
                               const pdlt_options *options, pdlt_error *err) {
  const char *text = pdlt_study_verdict_json(study);
  json_t *verdict = NULL;
  if (options->json) {
    fputs(text, stdout);
    return PDLT_OK;
  }
  const pdlt_status status = pdlt_json_of(&verdict, text, err);
  if (status != PDLT_OK) return status;
  const json_t *answer = json_object_get(verdict, "answer");
  print_tests(study, verdict);
  print_reasons(study);
  print_alone(verdict);
  for (size_t k = 0; pdlt_study_warning(study, k) != NULL; k++)
    pdlt_print_wrapped("warning: ", INDENT, pdlt_study_warning(study, k));
  for (size_t k = 0; k < json_array_size(answer); k++)
    pdlt_print_wrapped("", 0, json_string_value(json_array_get(answer, k)));
  printf("verdict: %s   (%s/report.html)\n", pdlt_study_verdict(study), folder);
  json_decref(verdict);
  return PDLT_OK;
}
