/* The choice of a number of segments for people: a table of the evidence, then what follows from it. */
#include "report/choice.h"
#include "report/display.h"
#include "report/grid.h"

#include <math.h>
#include <stdio.h>

enum { DEFAULT_WIDTH = 100, MIN_WIDTH = 40, HEADER_ROWS = 2, N_COLUMNS = 11 };

/* Columns of the table; where the terminal is too narrow those with the highest number go first. */
static const struct {
    const char *header[HEADER_ROWS];
    int spare;
} columns[N_COLUMNS] = {
    {{"", "k"}, 0},
    {{"", "explained"}, 0},
    {{"silhou-", "ette"}, 0},
    {{"", "+-"}, 4},
    {{"Calinski-", "Harabasz"}, 2},
    {{"Davies-", "Bouldin"}, 1},
    {{"", "gap"}, 0},
    {{"", "+-"}, 3},
    {{"least", "stable"}, 0},
    {{"smallest", "share"}, 0},
    {{"", "favoured by"}, 0},
};
enum { ERROR_COLUMN = 3, GAP_COLUMN = 6, GAP_ERROR_COLUMN = 7, STABLE_COLUMN = 8 };

typedef struct page {
    const kmseg_choice *choice;
    km_string *out;
    int width, colour, is_drawn;
} page;

static void heading(const page *p, const char *text) {
    km_string_format(p->out, p->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void set_number(const page *p, km_grid *grid, int row, int column, double value,
                       int decimals) {
    km_string text;
    km_string_init(&text, &p->out->allocator);
    if (isinf(value)) {
        km_string_add(&text, value > 0 ? "infinite" : "-infinite");
    } else {
        km_add_number(&text, value, decimals);
    }
    km_grid_take(grid, row, column, &text);
}

static void set_percent(const page *p, km_grid *grid, int row, int column, double share) {
    km_string text;
    km_string_init(&text, &p->out->allocator);
    km_add_percent(&text, share);
    km_grid_take(grid, row, column, &text);
}

/* "gap, knee": short names of the indices that favour a number. */
static void set_voters(const page *p, km_grid *grid, int row, int32_t k) {
    static const char *const shown[KMSEG_VOTES] = {"gap", "silhouette", "C-H", "D-B", "knee"};
    km_string text;
    km_string_init(&text, &p->out->allocator);
    for (int i = 0; i < KMSEG_VOTES; i++) {
        if (p->choice->votes[i].n_clusters == k) {
            km_string_format(&text, "%s%s", text.length > 0 ? ", " : "", shown[i]);
        }
    }
    km_grid_take(grid, row, N_COLUMNS - 1, &text);
}

static void fill_row(const page *p, km_grid *grid, int32_t i, int dispersion_decimals) {
    const kmseg_choice_row *row = &p->choice->rows[i];
    const kmseg_scores *scores = &row->sweep.scores;
    int at = HEADER_ROWS + i;
    set_number(p, grid, at, 0, row->sweep.n_clusters, 0);
    set_percent(p, grid, at, 1, scores->explained);
    set_number(p, grid, at, 2, scores->silhouette, 3);
    set_number(p, grid, at, ERROR_COLUMN, scores->silhouette_error, 3);
    set_number(p, grid, at, 4, scores->calinski_harabasz, dispersion_decimals);
    set_number(p, grid, at, 5, scores->davies_bouldin, 3);
    set_number(p, grid, at, GAP_COLUMN, row->gap, 3);
    set_number(p, grid, at, GAP_ERROR_COLUMN, row->gap_error, 3);
    set_number(p, grid, at, STABLE_COLUMN, row->stability, 2);
    set_percent(p, grid, at, 9, (double)row->sweep.smallest / (double)p->choice->n_samples);
    set_voters(p, grid, at, row->sweep.n_clusters);
}

/* Whether a column has something to say. */
static int is_used(const page *p, int column) {
    int used = column != ERROR_COLUMN && column != GAP_COLUMN && column != GAP_ERROR_COLUMN &&
               column != STABLE_COLUMN;
    for (int32_t i = 0; i < p->choice->n_rows && !used; i++) {
        const kmseg_choice_row *row = &p->choice->rows[i];
        used = column == ERROR_COLUMN    ? row->sweep.scores.silhouette_error > 0
               : column == STABLE_COLUMN ? !isnan(row->stability)
                                         : !isnan(row->gap);
    }
    return used;
}

/* The columns that are used and fit the width, in order, to shown. Returns how many. */
static int choose_columns(const page *p, const km_grid *grid, int *shown) {
    for (int most = 5;; most--) { /* spare numbers from most on go */
        int n = 0, width = -2;
        for (int c = 0; c < N_COLUMNS; c++) {
            if (is_used(p, c) && (columns[c].spare == 0 || columns[c].spare < most)) {
                shown[n++] = c;
                width += km_grid_width(grid, c, c + 1) + 2;
            }
        }
        if (width <= p->width || most == 1) {
            return n;
        }
    }
}

static void print_chosen(const page *p, const km_grid *all, const int *shown, int n) {
    km_grid grid;
    km_grid_init(&grid, &p->out->allocator, all->n_rows, n);
    for (int c = 0; c < n && !grid.failed; c++) {
        grid.left[c] = shown[c] == N_COLUMNS - 1;
        for (int r = 0; r < all->n_rows; r++) {
            const char *cell = all->cells[r * all->n_columns + shown[c]];
            if (cell != NULL) {
                km_grid_set(&grid, r, c, cell, 0);
            }
        }
    }
    if (!grid.failed) {
        km_grid_print(&grid, p->out, 0, grid.n_rows, n, n, n);
    }
    p->out->failed |= grid.failed;
    km_grid_free(&grid);
}

static void print_table(const page *p) {
    km_grid grid;
    km_grid_init(&grid, &p->out->allocator, HEADER_ROWS + p->choice->n_rows, N_COLUMNS);
    double dispersion = INFINITY;
    for (int32_t i = 0; i < p->choice->n_rows; i++) {
        dispersion = fmin(dispersion, p->choice->rows[i].sweep.scores.calinski_harabasz);
    }
    for (int c = 0; c < N_COLUMNS && !grid.failed; c++) {
        for (int r = 0; r < HEADER_ROWS; r++) {
            km_grid_set(&grid, r, c, columns[c].header[r], 0);
        }
    }
    for (int32_t i = 0; i < p->choice->n_rows && !grid.failed; i++) {
        fill_row(p, &grid, i, dispersion >= 100 ? 0 : 1);
    }
    int shown[N_COLUMNS];
    if (!grid.failed) {
        print_chosen(p, &grid, shown, choose_columns(p, &grid, shown));
    }
    p->out->failed |= grid.failed;
    km_grid_free(&grid);
}

static void print_title(const page *p) {
    const kmseg_choice *choice = p->choice;
    km_string_format(p->out, p->colour ? "\033[1m" : "");
    km_string_format(p->out, "%d to %d segments of ", choice->rows[0].sweep.n_clusters,
                     choice->rows[choice->n_rows - 1].sweep.n_clusters);
    km_add_number(p->out, (double)choice->n_samples, 0);
    km_string_format(p->out, " customers%s\n", p->colour ? "\033[0m" : "");
    km_string line;
    km_string_init(&line, &p->out->allocator);
    km_string_add(p->out, "Columns: ");
    for (int32_t c = 0; c < choice->prepare->n_columns; c++) {
        km_string_format(&line, "%s%s", c > 0 ? ", " : "", choice->prepare->columns[c].name);
    }
    if (line.data != NULL) {
        km_add_wrapped(p->out, line.data, 9, 9, p->width);
    }
    p->out->failed |= line.failed;
    km_string_free(&line);
    if (choice->n_table_rows > choice->n_samples) {
        km_string_add(p->out, "Left out: ");
        km_add_number(p->out, (double)(choice->n_table_rows - choice->n_samples), 0);
        km_string_add(p->out, " customers, because a column that is clustered on is missing\n");
    }
    km_string_add(p->out, "\n");
}

static void print_item(const page *p, const char *text) {
    km_string_add(p->out, "- ");
    km_add_wrapped(p->out, text, 2, 2, p->width);
}

static void print_verdict(const page *p) {
    const kmseg_choice *choice = p->choice;
    char text[80];
    if (choice->recommended > 0) {
        snprintf(text, sizeof text, "Recommended: %d segment%s", choice->recommended,
                 choice->recommended == 1 ? "" : "s");
        heading(p, text);
    } else {
        heading(p, "No clear number of segments");
    }
    for (int32_t i = 0; i < choice->n_reasons; i++) {
        print_item(p, choice->reasons[i]);
    }
    if (choice->recommended > 0) {
        return;
    }
    km_string line;
    km_string_init(&line, &p->out->allocator);
    if (choice->closest > 0) {
        km_string_format(&line, "The most that speaks for a number speaks for %d. ",
                         choice->closest);
    }
    km_string_add(&line, "Segments can still be useful as a way to cut these customers up: take as "
                         "many as you can tell apart and act on, and do not take their borders for "
                         "facts.");
    km_string_add(p->out, "\n");
    if (line.data != NULL) {
        km_add_wrapped(p->out, line.data, 0, 0, p->width);
    }
    p->out->failed |= line.failed;
    km_string_free(&line);
}

/* How well each segment of the number in question comes back. */
static void print_segments(const page *p) {
    int32_t k = p->choice->recommended > 0 ? p->choice->recommended : p->choice->closest;
    const kmseg_choice_row *row = NULL;
    for (int32_t i = 0; i < p->choice->n_rows; i++) {
        row = p->choice->rows[i].sweep.n_clusters == k ? &p->choice->rows[i] : row;
    }
    if (row == NULL || isnan(row->stability)) {
        return;
    }
    char text[80];
    snprintf(text, sizeof text, "How well each of %d segments comes back", k);
    heading(p, text);
    km_grid grid;
    km_grid_init(&grid, &p->out->allocator, 1 + row->sweep.n_segments, 3);
    if (!grid.failed) {
        grid.left[2] = 1;
        km_grid_set(&grid, 0, 0, "customers", 0);
        km_grid_set(&grid, 0, 1, "Jaccard", 0);
    }
    for (int32_t s = 0; s < row->sweep.n_segments && !grid.failed; s++) {
        set_number(p, &grid, 1 + s, 0, (double)row->segment_sizes[s], 0);
        set_number(p, &grid, 1 + s, 1, row->segment_stabilities[s], 2);
        km_grid_set(&grid, 1 + s, 2, kmseg_stability_word(row->segment_stabilities[s]), 0);
    }
    if (!grid.failed) {
        km_grid_print(&grid, p->out, 0, grid.n_rows, 3, 3, 3);
    }
    p->out->failed |= grid.failed;
    km_grid_free(&grid);
}

static void print_reading(const page *p) {
    heading(p, "How to read this");
    print_item(p, "silhouette and Calinski-Harabasz (C-H): higher is better; Davies-Bouldin (D-B): "
                  "lower. All favour round groups that lie apart");
    if (is_used(p, GAP_COLUMN)) {
        print_item(p, "gap: how much tighter these customers cluster than as many spread evenly "
                      "over the same range; it favours the first number that the next does not "
                      "beat by more than its error");
    }
    if (is_used(p, STABLE_COLUMN)) {
        print_item(p, "least stable: of the segment that comes back worst when customers are drawn "
                      "anew; 0.85 is stable, 0.75 valid, 0.60 a pattern, below not to be trusted "
                      "(Hennig 2007)");
    }
    if (p->is_drawn) {
        print_item(p, "the drawing: silhouette from 0 up, gap from its lowest value up; the number "
                      "behind a name is the one it favours");
    }
    if (p->choice->n_looked_at < p->choice->n_samples) {
        km_string line;
        km_string_init(&line, &p->out->allocator);
        km_string_add(&line, "gap and stability look at ");
        km_add_number(&line, (double)p->choice->n_looked_at, 0);
        km_string_add(&line, " customers drawn at random");
        if (line.data != NULL) {
            print_item(p, line.data);
        }
        p->out->failed |= line.failed;
        km_string_free(&line);
    }
}

void km_choice_text(const kmseg_choice *choice, const kmseg_report_options *options,
                    km_string *out) {
    page p = {.choice = choice, .out = out, .colour = options->colour};
    p.width = options->width == 0          ? DEFAULT_WIDTH
              : options->width < MIN_WIDTH ? MIN_WIDTH
                                           : options->width;
    print_title(&p);
    print_table(&p);
    p.is_drawn = km_choice_plot(choice, p.width < DEFAULT_WIDTH ? p.width : DEFAULT_WIDTH, out);
    print_verdict(&p);
    print_segments(&p);
    print_reading(&p);
}
