/* A table of text cells, printed in aligned columns. */
#ifndef KM_REPORT_GRID_H
#define KM_REPORT_GRID_H

#include "base/text.h"

typedef struct km_grid {
    km_arena arena;
    int n_rows, n_columns;
    const char **cells;  /* n_rows x n_columns, NULL: empty */
    unsigned char *left; /* n_columns: 1 aligns left */
    int *spill;          /* n_rows: a cell that runs over those right of it, or -1 */
    int failed;          /* out of memory */
} km_grid;

void km_grid_init(km_grid *grid, const kmseg_allocator *allocator, int n_rows, int n_columns);
void km_grid_free(km_grid *grid);

/* Sets a cell to the content of text, cleaned, and frees text. */
void km_grid_take(km_grid *grid, int row, int column, km_string *text);
/* Sets a cell to a cleaned copy of text, cut at most columns; most 0: not cut. */
void km_grid_set(km_grid *grid, int row, int column, const char *text, int most);

/* The same for the last cell of a row, which takes the room of the columns behind it. */
void km_grid_spill(km_grid *grid, int row, int column, km_string *text);

/* Columns of the terminal that columns [from, to) take, two between them. */
int km_grid_width(const km_grid *grid, int from, int to);

/* Appends rows [first_row, last_row) of columns [0, fixed) and [from, to). */
void km_grid_print(const km_grid *grid, km_string *out, int first_row, int last_row, int fixed,
                   int from, int to);

#endif
