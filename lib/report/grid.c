#include "report/grid.h"

#include "report/display.h"

#include <string.h>

enum { GAP = 2 };

void km_grid_init(km_grid *grid, const kmseg_allocator *allocator, int n_rows, int n_columns) {
    memset(grid, 0, sizeof *grid);
    km_arena_init(&grid->arena, allocator);
    grid->cells = km_arena_array(&grid->arena, (int64_t)n_rows * n_columns, sizeof *grid->cells);
    grid->left = km_arena_array(&grid->arena, n_columns, sizeof *grid->left);
    grid->spill = km_arena_array(&grid->arena, n_rows, sizeof *grid->spill);
    grid->failed = grid->cells == NULL || grid->left == NULL || grid->spill == NULL;
    if (!grid->failed) {
        memset(grid->spill, 0xff, (size_t)n_rows * sizeof *grid->spill);
        grid->n_rows = n_rows;
        grid->n_columns = n_columns;
    }
}

void km_grid_free(km_grid *grid) { km_arena_free(&grid->arena); }

void km_grid_take(km_grid *grid, int row, int column, km_string *text) {
    if (text->length > 0) {
        km_grid_set(grid, row, column, text->data, 0);
    }
    grid->failed |= text->failed;
    km_string_free(text);
}

void km_grid_set(km_grid *grid, int row, int column, const char *text, int most) {
    km_string clean;
    km_string_init(&clean, &grid->arena.allocator);
    km_add_clean(&clean, text, most);
    if (!grid->failed && clean.length > 0) {
        char *copy = km_arena_text(&grid->arena, clean.data);
        grid->cells[row * grid->n_columns + column] = copy;
        grid->failed |= copy == NULL;
    }
    grid->failed |= clean.failed;
    km_string_free(&clean);
}

void km_grid_spill(km_grid *grid, int row, int column, km_string *text) {
    km_grid_take(grid, row, column, text);
    if (!grid->failed) {
        grid->spill[row] = column;
    }
}

static const char *cell(const km_grid *grid, int row, int column) {
    const char *text = grid->cells[row * grid->n_columns + column];
    return text != NULL ? text : "";
}

static int column_width(const km_grid *grid, int column) {
    int width = 0;
    for (int row = 0; row < grid->n_rows; row++) {
        int w = grid->spill[row] == column ? 0 : km_text_width(cell(grid, row, column));
        width = w > width ? w : width;
    }
    return width;
}

int km_grid_width(const km_grid *grid, int from, int to) {
    int width = 0;
    for (int column = from; column < to && column < grid->n_columns; column++) {
        width += column_width(grid, column) + (column > from ? GAP : 0);
    }
    return width;
}

/* Spaces are owed until something follows them, so that no line ends in one. */
static void print_cell(const km_grid *grid, km_string *out, int row, int column, int *owed) {
    const char *text = cell(grid, row, column);
    int space = column_width(grid, column) - km_text_width(text);
    int spills = grid->spill[row] == column;
    *owed += grid->left[column] || spills ? 0 : space;
    if (text[0] != '\0') {
        km_string_format(out, "%*s%s", *owed, "", text);
        *owed = 0;
    }
    *owed += (grid->left[column] && !spills ? space : 0) + GAP;
}

void km_grid_print(const km_grid *grid, km_string *out, int first_row, int last_row, int fixed,
                   int from, int to) {
    for (int row = first_row; row < last_row && row < grid->n_rows; row++) {
        int owed = 0;
        for (int column = 0; column < fixed; column++) {
            print_cell(grid, out, row, column, &owed);
        }
        for (int column = from; column < to; column++) {
            print_cell(grid, out, row, column, &owed);
        }
        km_string_add(out, "\n");
    }
}
