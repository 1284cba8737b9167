/* Customers in the order of their ids and of values, and quantiles. */
#include "base/text.h"
#include "data/quantile.h"
#include "data/sort.h"
#include "value/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An id as it sorts: by number, then by bytes; equal ones by row. */
typedef struct named_row {
    double number; /* 0 for all where an id is no number */
    const char *text;
    int64_t row;
} named_row;

static int by_id(const void *a, const void *b) {
    const named_row *x = a, *y = b;
    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->row > y->row) - (x->row < y->row);
}

/* Digits alone, few enough that a double holds them. */
static int is_whole(const char *text) {
    size_t n = strspn(text, "0123456789");
    return n > 0 && n <= 15 && text[n] == '\0';
}

static int all_whole(const kmseg_column *column) {
    for (int32_t i = 0; i < column->n_levels; i++) {
        if (!is_whole(column->levels[i])) {
            return 0;
        }
    }
    return 1;
}

static named_row row_of(const kmseg_column *column, int whole, int64_t r) {
    named_row row = {-1, "", r}; /* missing */
    if (column->type == KMSEG_COLUMN_TEXT && column->codes[r] >= 0) {
        row.text = column->levels[column->codes[r]];
        row.number = 0;
        if (whole) {
            (void)km_parse_double(row.text, &row.number);
        }
    } else if (column->type == KMSEG_COLUMN_NUMBER) {
        row.number = isnan(column->numbers[r]) ? -INFINITY : column->numbers[r];
    } else if (column->type == KMSEG_COLUMN_TIME) {
        row.number = (double)column->times[r];
    }
    return row;
}

kmseg_status km_order_by_id(kmseg_context *ctx, const kmseg_table *table, int32_t id,
                            int64_t *order) {
    int64_t n = kmseg_table_n_rows(table);
    for (int64_t r = 0; r < n; r++) {
        order[r] = r;
    }
    if (id < 0) {
        return KMSEG_OK;
    }
    const kmseg_column *column = kmseg_table_column(table, id);
    named_row *rows = km_allocate_array(&ctx->allocator, n, sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(ctx, "the order of customers");
    }
    int whole = column->type == KMSEG_COLUMN_TEXT && all_whole(column), sorted = 1;
    for (int64_t r = 0; r < n; r++) {
        rows[r] = row_of(column, whole, r);
        sorted = sorted && (r == 0 || by_id(&rows[r - 1], &rows[r]) < 0);
    }
    if (!sorted) {
        qsort(rows, (size_t)n, sizeof *rows, by_id);
    }
    for (int64_t r = 0; r < n; r++) {
        order[r] = rows[r].row;
    }
    km_release(&ctx->allocator, rows);
    return KMSEG_OK;
}

kmseg_status km_order_by_value(kmseg_context *ctx, const double *values, int descending,
                               int64_t *order, int64_t n, int64_t *out_n) {
    km_pair *pairs = km_allocate_array(&ctx->allocator, 2 * n, sizeof *pairs);
    if (pairs == NULL) {
        return km_fail_memory(ctx, "the order of customers");
    }
    int64_t n_present = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(values[order[i]])) {
            uint64_t key = km_sort_key(values[order[i]]);
            pairs[n_present++] = (km_pair){descending ? ~key : key, order[i]};
        }
    }
    km_sort_pairs(pairs, pairs + n, n_present);
    for (int64_t i = 0; i < n_present; i++) {
        order[i] = pairs[i].value;
    }
    km_release(&ctx->allocator, pairs);
    *out_n = n_present;
    return KMSEG_OK;
}

double km_quantile_at(double *values, int64_t n, int64_t step, int64_t steps) {
    km_int128 position = (km_int128)step * (n - 1);
    int64_t k = (int64_t)(position / steps), part = (int64_t)(position % steps);
    double low = km_select(values, n, k);
    if (part == 0) {
        return low;
    }
    double high = values[k + 1]; /* the smallest behind k, which is there: part is not 0 */
    for (int64_t i = k + 2; i < n; i++) {
        high = values[i] < high ? values[i] : high;
    }
    double share = (double)part / (double)steps, gap = high - low;
    return isinf(gap) ? low * (1 - share) + high * share : low + gap * share;
}
