/* numbers.c - numbers in text have a point, whatever the locale of the program is. */
#include "cli/study/study.h"

pdlt_numbers pdlt_numbers_begin(void) {
  pdlt_numbers numbers = {0};
  const locale_t copy = duplocale(uselocale((locale_t)0));
  if (copy == (locale_t)0) return numbers;
  numbers.with_point = newlocale(LC_NUMERIC_MASK, "C", copy);
  if (numbers.with_point == (locale_t)0)
    freelocale(copy);
  else
    numbers.before = uselocale(numbers.with_point);
  return numbers;
}

void pdlt_numbers_end(pdlt_numbers *numbers) {
  if (numbers->with_point == (locale_t)0) return;
  uselocale(numbers->before);
  freelocale(numbers->with_point);
}
