/* assignment.c - see assignment.h. Number 0 stands for "none" here: rows and columns count from 1. */
#include "trainer/features/assignment.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"

/* Costs are -weight, of the shorter side against the longer one. For the rows assigned so far
 * row[i] + column[j] <= cost(i, j), with equality in each pair. */
typedef struct matching {
  size_t few, many;
  int turned; /* 1: the columns of weight are the few */
  const double *weight;
  double *row, *column; /* (few + 1), (many + 1) potentials */
  double *slack;        /* (many + 1) least reduced cost of a column from the rows of the tree */
  size_t *of;           /* (many + 1) row of a column, 0: free */
  size_t *before;       /* (many + 1) column before it on the path */
  unsigned char *done;  /* (many + 1) 1: in the tree */
} matching;

static double cost(const matching *m, size_t i, size_t j) {
  return m->turned ? -m->weight[(j - 1) * m->few + i - 1] : -m->weight[(i - 1) * m->many + j - 1];
}

/* Brings the row of column j into the tree, whose next column it returns. */
static size_t grow(matching *m, size_t j) {
  const size_t i = m->of[j];
  double least = INFINITY;
  size_t next = 0;
  m->done[j] = 1;
  for (size_t k = 1; k <= m->many; k++) {
    if (m->done[k]) continue;
    const double reduced = cost(m, i, k) - m->row[i] - m->column[k];
    if (reduced < m->slack[k]) {
      m->slack[k] = reduced;
      m->before[k] = j;
    }
    if (m->slack[k] < least) {
      least = m->slack[k];
      next = k;
    }
  }
  for (size_t k = 0; k <= m->many; k++)
    if (m->done[k]) {
      m->row[m->of[k]] += least;
      m->column[k] -= least;
    } else {
      m->slack[k] -= least;
    }
  return next;
}

/* Gives row i a column, along the cheapest path that ends at a free one. */
static void assign(matching *m, size_t i) {
  size_t j = 0;
  m->of[0] = i;
  memset(m->done, 0, m->many + 1);
  for (size_t k = 0; k <= m->many; k++) m->slack[k] = INFINITY;
  do {
    j = grow(m, j);
  } while (m->of[j] != 0);
  while (j != 0) {
    m->of[j] = m->of[m->before[j]];
    j = m->before[j];
  }
}

pdlt_status pdlt_assignment(size_t rows, size_t columns, const double *weight, double *best,
                            pdlt_error *err) {
  matching m = {.few = rows < columns ? rows : columns,
                .many = rows < columns ? columns : rows,
                .turned = columns < rows,
                .weight = weight};
  double *numbers = NULL, sum = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&numbers, m.few + 2 * m.many + 3, sizeof *numbers, err));
  PDLT_TRY(pdlt_alloc(&m.of, 2 * (m.many + 1), sizeof *m.of, err));
  PDLT_TRY(pdlt_alloc(&m.done, m.many + 1, 1, err));
  m.row = numbers;
  m.column = m.row + m.few + 1;
  m.slack = m.column + m.many + 1;
  m.before = m.of + m.many + 1;
  for (size_t i = 1; i <= m.few; i++) assign(&m, i);
  for (size_t j = 1; j <= m.many; j++)
    if (m.of[j] != 0) sum -= cost(&m, m.of[j], j);
  *best = sum;
cleanup:
  pdlt_free(m.done);
  pdlt_free(m.of);
  pdlt_free(numbers);
  return status;
}
