/* Numbers as people read them, and those that nobody is to read because too few customers made them. */
#include "report/display.h"
#include "report/document.h"

#include <math.h>
#include <string.h>

const char *km_number_text(km_document *document, double value, int decimals) {
    char text[64];
    km_format_number(value, decimals, text, sizeof text);
    return isfinite(value) ? km_print(document, "%s", text) : "\u2013";
}

const char *km_count_text(km_document *document, int64_t n) {
    return km_number_text(document, (double)n, 0);
}

const char *km_amount_text(km_document *document, double value) {
    return km_number_text(document, value, km_decimals(value));
}

const char *km_percent_text(km_document *document, double share) {
    if (!isfinite(share)) {
        return "\u2013";
    }
    km_string text;
    km_string_init(&text, &document->arena.allocator);
    km_add_percent(&text, share);
    const char *kept = km_keep(document, &text);
    km_string_free(&text);
    return kept;
}

int64_t km_least(const km_document *document) { return document->options->min_cell; }

int km_is_shown(const km_document *document, int32_t segment) {
    return document->result->profile->sizes[segment] >= km_least(document);
}

/* Counts that add up to a known total: a row or a column of a grid. */
typedef struct line {
    const int64_t *counts;
    km_hiding *hidden;
    int32_t n, step;
} line;

/* What follows for the hidden counts of a line from the shown ones and the total, with few known to be of 1
 * to least - 1 and withheld ones of at least least: 1 when a few one could still be any of these. */
static int is_safe(const line *l, int64_t least) {
    int64_t n_few = 0, n_withheld = 0, sum = 0;
    for (int32_t i = 0; i < l->n; i++) {
        km_hiding why = l->hidden[i * l->step];
        n_few += why == KM_FEW;
        n_withheld += why == KM_WITHHELD;
        sum += why != KM_SHOWN ? l->counts[i * l->step] : 0;
    }
    int64_t slack = sum - n_few - n_withheld * least; /* over the least that all can be */
    if (n_few == 0) {
        return n_withheld == 0 || (n_withheld > 1 && slack >= least - 1);
    }
    int can_be_most = slack + 1 >= least - 1;
    int can_be_one = n_withheld > 0 || sum - (n_few - 1) * (least - 1) <= 1;
    return can_be_most && can_be_one;
}

/* How many more customers have to be hidden when a count at place at of this line is: none where others are
 * already, else as many as the smallest other has. */
static int64_t cost_of(const line *across, int32_t at) {
    int64_t smallest = 0;
    for (int32_t i = 0; i < across->n; i++) {
        int64_t count = across->counts[i * across->step];
        if (across->hidden[i * across->step] != KM_SHOWN) {
            return 0;
        }
        if (i != at && count > 0 && (smallest == 0 || count < smallest)) {
            smallest = count;
        }
    }
    return smallest;
}

typedef struct grid {
    const int64_t *counts;
    km_hiding *hidden;
    int32_t n_rows, n_columns;
} grid;

static line row_of(const grid *g, int32_t r) {
    return (line){g->counts + r * g->n_columns, g->hidden + r * g->n_columns, g->n_columns, 1};
}

static line column_of(const grid *g, int32_t c) {
    return (line){g->counts + c, g->hidden + c, g->n_rows, g->n_columns};
}

/* Withholds counts that are shown, one by one, until the line is safe or all of it hidden: those of the fewest
 * customers, with those that have to be hidden across. Returns 1 when it withheld any. */
static int protect(const grid *g, int is_row, int32_t at, int64_t least) {
    line l = is_row ? row_of(g, at) : column_of(g, at);
    int any = 0;
    while (!is_safe(&l, least)) {
        int32_t best = -1;
        int64_t best_cost = 0;
        for (int32_t i = 0; i < l.n; i++) {
            int64_t count = l.counts[i * l.step];
            if (l.hidden[i * l.step] != KM_SHOWN || count == 0) {
                continue;
            }
            line across = is_row ? column_of(g, i) : row_of(g, i);
            int64_t cost = count + (across.n > 1 ? cost_of(&across, at) : 0);
            if (best < 0 || cost < best_cost) {
                best = i;
                best_cost = cost;
            }
        }
        if (best < 0) {
            break;
        }
        l.hidden[best * l.step] = KM_WITHHELD;
        any = 1;
    }
    return any;
}

void km_hide_grid(const km_document *document, const int64_t *counts, int32_t n_rows,
                  int32_t n_columns, km_hiding *hidden) {
    const grid g = {counts, hidden, n_rows, n_columns};
    int64_t least = km_least(document);
    for (int32_t i = 0; i < n_rows * n_columns; i++) {
        hidden[i] = counts[i] > 0 && counts[i] < least ? KM_FEW : KM_SHOWN;
    }
    for (int again = 1; again;) { /* each time something more is hidden, so this ends */
        again = 0;
        for (int32_t r = 0; r < n_rows; r++) {
            again |= protect(&g, 1, r, least);
        }
        for (int32_t c = 0; c < n_columns && n_rows > 1; c++) {
            again |= protect(&g, 0, c, least);
        }
    }
}

void km_hide_counts(const km_document *document, const int64_t *counts, int32_t n,
                    km_hiding *hidden) {
    km_hide_grid(document, counts, 1, n, hidden);
}
