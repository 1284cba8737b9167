/* What is in a table, column by column, for people and for programs. */
#include "base/context.h"
#include "data/quantile.h"
#include "report/display.h"
#include "report/formats.h"
#include "report/grid.h"
#include "report/json_writer.h"

#include <kmseg/source.h>

#include <math.h>
#include <string.h>

enum { NAME_WIDTH = 34, LEVEL_WIDTH = 20, SHOWN_LEVELS = 3 };

/* Of the values that are there; NaN where there are none. */
typedef struct summary {
    double mean, median, minimum, maximum;
} summary;

/* room has n_rows numbers. */
static summary summarise(const kmseg_column *column, double *room) {
    summary s = {NAN, NAN, NAN, NAN};
    int64_t n = 0;
    double sum = 0;
    for (int64_t r = 0; r < column->n_rows; r++) {
        int time = column->type == KMSEG_COLUMN_TIME;
        if (time ? column->times[r] != KMSEG_TIME_MISSING : !isnan(column->numbers[r])) {
            double x = time ? (double)column->times[r] : column->numbers[r];
            room[n++] = x;
            sum += x;
            s.minimum = x >= s.minimum ? s.minimum : x;
            s.maximum = x <= s.maximum ? s.maximum : x;
        }
    }
    if (n > 0) {
        s.mean = sum / (double)n;
        double largest = fmax(fabs(s.minimum), fabs(s.maximum));
        if (fabs(s.mean) < 1e-13 * largest) { /* what rounding leaves of a sum that is 0 */
            s.mean = 0;
        }
        s.median = km_quantile(room, n, 0.5);
    }
    return s;
}

/* Counts of a text column's levels. room has at least n_levels numbers. */
static void count_levels(const kmseg_column *column, double *room) {
    for (int32_t l = 0; l < column->n_levels; l++) {
        room[l] = 0;
    }
    for (int64_t r = 0; r < column->n_rows; r++) {
        if (column->codes[r] >= 0) {
            room[column->codes[r]]++;
        }
    }
}

static int32_t largest(const double *counts, int32_t n) {
    int32_t at = 0;
    for (int32_t l = 1; l < n; l++) {
        at = counts[l] > counts[at] ? l : at;
    }
    return at;
}

static const char *type_name(kmseg_column_type type) {
    return type == KMSEG_COLUMN_NUMBER ? "number" : type == KMSEG_COLUMN_TEXT ? "text" : "time";
}

static const char *role_name(kmseg_column_role role) {
    switch (role) {
    case KMSEG_ROLE_ID: return "id";
    case KMSEG_ROLE_FEATURE: return "feature";
    case KMSEG_ROLE_DESCRIBE: return "describe";
    case KMSEG_ROLE_UNKNOWN: break;
    }
    return "";
}

enum { NAME, TYPE, ROLE, UNIT, MISSING, MEAN, MEDIAN, MINIMUM, MAXIMUM, N_COLUMNS };

/* What many decimals would hide in zeros is written as 1.2e-7, of whole numbers because a locale may
 * have another decimal point. */
static void add_short(km_string *text, double value) {
    double size = fabs(value);
    if (!(size > 1e-300 && size < 1e-4)) {
        km_add_number(text, value, value == nearbyint(value) ? 0 : km_decimals(value));
        return;
    }
    int exponent = (int)floor(log10(size));
    long tenths = lrint(size / pow(10, exponent - 1));
    if (tenths >= 100) {
        tenths /= 10;
        exponent++;
    }
    km_string_format(text, "%s%ld.%lde%d", value < 0 ? "-" : "", tenths / 10, tenths % 10,
                     exponent);
}

static void set_value(km_grid *grid, int row, int column, double value, kmseg_column_type type) {
    km_string text;
    km_string_init(&text, &grid->arena.allocator);
    if (type == KMSEG_COLUMN_TIME && !isnan(value)) {
        char date[32];
        kmseg_time_format((int64_t)floor(value / 86400) * 86400, date, sizeof date);
        km_string_add(&text, date);
    } else if (!isnan(value)) {
        add_short(&text, value);
    }
    km_grid_take(grid, row, column, &text);
}

/* "38 values: France 62 %, Germany 5 %, Spain 3 %". counts is used up. */
static void set_levels(km_grid *grid, int row, const kmseg_column *column, double *counts) {
    km_string text;
    km_string_init(&text, &grid->arena.allocator);
    int64_t present = column->n_rows - column->n_missing;
    km_add_number(&text, column->n_levels, 0);
    km_string_add(&text, column->n_levels == 1 ? " value" : " values");
    int all_different = column->n_levels > SHOWN_LEVELS && column->n_levels == present;
    for (int i = 0; i < SHOWN_LEVELS && i < column->n_levels && !all_different; i++) {
        int32_t top = largest(counts, column->n_levels);
        km_string_add(&text, i > 0 ? ", " : ": ");
        km_add_clean(&text, column->levels[top], LEVEL_WIDTH);
        km_string_add(&text, " ");
        km_add_percent(&text, counts[top] / (double)present);
        counts[top] = -1;
    }
    km_string_add(&text, all_different ? ", all different" : "");
    km_grid_spill(grid, row, MEAN, &text);
}

static void set_column(km_grid *grid, int row, const kmseg_column *column, double *room) {
    km_grid_set(grid, row, NAME, column->name, NAME_WIDTH);
    km_grid_set(grid, row, TYPE, type_name(column->type), 0);
    km_grid_set(grid, row, ROLE, role_name(column->role), 0);
    km_grid_set(grid, row, UNIT, column->unit, LEVEL_WIDTH);
    set_value(grid, row, MISSING, (double)column->n_missing, KMSEG_COLUMN_NUMBER);
    if (column->type == KMSEG_COLUMN_TEXT) {
        count_levels(column, room);
        set_levels(grid, row, column, room);
        return;
    }
    summary s = summarise(column, room);
    set_value(grid, row, MEAN, column->type == KMSEG_COLUMN_TIME ? NAN : s.mean, column->type);
    set_value(grid, row, MEDIAN, s.median, column->type);
    set_value(grid, row, MINIMUM, s.minimum, column->type);
    set_value(grid, row, MAXIMUM, s.maximum, column->type);
}

static void write_text(const kmseg_table *table, double *room, km_string *out) {
    static const char *const headers[N_COLUMNS] = {"column", "type",   "use", "unit", "missing",
                                                   "mean",   "median", "min", "max"};
    int n = kmseg_table_n_columns(table);
    km_grid grid;
    km_grid_init(&grid, &out->allocator, 1 + n, N_COLUMNS);
    for (int i = 0; i < N_COLUMNS && !grid.failed; i++) {
        km_grid_set(&grid, 0, i, headers[i], 0);
        grid.left[i] = i <= UNIT;
    }
    for (int i = 0; i < n && !grid.failed; i++) {
        set_column(&grid, 1 + i, kmseg_table_column(table, i), room);
    }
    if (!grid.failed) {
        km_grid_print(&grid, out, 0, grid.n_rows, 0, 0, N_COLUMNS);
    }
    out->failed |= grid.failed;
    km_grid_free(&grid);
}

static void write_time(km_json *json, const char *key, double value) {
    char date[32];
    if (!isnan(value)) {
        kmseg_time_format((int64_t)value, date, sizeof date);
    }
    km_json_text(json, key, isnan(value) ? NULL : date);
}

static void write_levels(km_json *json, const kmseg_column *column, double *room) {
    count_levels(column, room);
    km_json_integer(json, "n_values", column->n_levels);
    km_json_open(json, "most_frequent", '[');
    for (int i = 0; i < SHOWN_LEVELS && i < column->n_levels; i++) {
        int32_t top = largest(room, column->n_levels);
        km_json_open(json, NULL, '{');
        km_json_text(json, "value", column->levels[top]);
        km_json_integer(json, "rows", (int64_t)room[top]);
        km_json_close(json, '}');
        room[top] = -1;
    }
    km_json_close(json, ']');
}

static void write_column(km_json *json, const kmseg_column *column, double *room) {
    km_json_open(json, NULL, '{');
    km_json_text(json, "name", column->name);
    km_json_text(json, "type", type_name(column->type));
    km_json_text(json, "role", role_name(column->role)[0] != '\0' ? role_name(column->role) : NULL);
    km_json_text(json, "unit", column->unit[0] != '\0' ? column->unit : NULL);
    km_json_integer(json, "missing", column->n_missing);
    if (column->type == KMSEG_COLUMN_TEXT) {
        write_levels(json, column, room);
    } else if (column->type == KMSEG_COLUMN_TIME) {
        summary s = summarise(column, room);
        write_time(json, "minimum", s.minimum);
        write_time(json, "maximum", s.maximum);
    } else {
        summary s = summarise(column, room);
        km_json_number(json, "mean", s.mean);
        km_json_number(json, "median", s.median);
        km_json_number(json, "minimum", s.minimum);
        km_json_number(json, "maximum", s.maximum);
    }
    km_json_close(json, '}');
}

static void write_json(const kmseg_table *table, double *room, km_string *out) {
    km_json writer = {.out = out}, *json = &writer;
    km_json_open(json, NULL, '{');
    km_json_text(json, "kind", "table");
    km_json_integer(json, "n_rows", kmseg_table_n_rows(table));
    km_json_open(json, "columns", '[');
    for (int32_t i = 0; i < kmseg_table_n_columns(table); i++) {
        write_column(json, kmseg_table_column(table, i), room);
    }
    km_json_close(json, ']');
    km_json_close(json, '}');
    km_string_add(out, "\n");
}

kmseg_status kmseg_report_table(kmseg_context *ctx, const kmseg_table *table, const char *format,
                                char **out) {
    *out = NULL;
    int json = strcmp(format, "json") == 0;
    if (!json && strcmp(format, "text") != 0) {
        return km_report_fail_format(ctx, format);
    }
    int64_t room_size = kmseg_table_n_rows(table);
    for (int32_t i = 0; i < kmseg_table_n_columns(table); i++) {
        int32_t n_levels = kmseg_table_column(table, i)->n_levels;
        room_size = n_levels > room_size ? n_levels : room_size;
    }
    double *room = km_allocate_array(&ctx->allocator, room_size, sizeof *room);
    if (room == NULL) {
        return km_fail_memory(ctx, "a summary of a table");
    }
    km_string text;
    km_string_init(&text, &ctx->allocator);
    (json ? write_json : write_text)(table, room, &text);
    km_release(&ctx->allocator, room);
    return km_report_own(ctx, &text, out);
}
