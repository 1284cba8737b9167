/* The customers of each level of a column. */
#include "cli.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { MOST_LEVELS = 100 };

static int by_name(const void *a, const void *b) {
    return strcmp(((const cli_level *)a)->name, ((const cli_level *)b)->name);
}

static int by_size(const void *a, const void *b) {
    double x = strtod(((const cli_level *)a)->name, NULL);
    double y = strtod(((const cli_level *)b)->name, NULL);
    return x < y ? -1 : x > y;
}

static int find_level(const cli_by *by, const char *name) {
    for (int32_t l = 0; l < by->n_levels; l++) {
        if (by->levels[l].name != NULL && strcmp(by->levels[l].name, name) == 0) {
            return l;
        }
    }
    return -1;
}

/* The name of a row's level, or NULL where it has none. */
static const char *name_at(const kmseg_column *column, int64_t row, char room[32]) {
    if (column->type == KMSEG_COLUMN_TEXT) {
        return column->codes[row] >= 0 ? column->levels[column->codes[row]] : NULL;
    }
    if (isnan(column->numbers[row])) {
        return NULL;
    }
    snprintf(room, 32, "%.15g", column->numbers[row] + 0.0);
    return room;
}

/* First the rows of each level are counted, then listed. 0: there are too many levels. */
static int count_levels(const kmseg_column *column, cli_by *out) {
    for (int64_t r = 0; r < column->n_rows; r++) {
        char room[32];
        const char *name = name_at(column, r, room);
        if (name == NULL) {
            out->n_without++;
            continue;
        }
        int l = find_level(out, name);
        if (l < 0 && out->n_levels == MOST_LEVELS) {
            return 0;
        }
        if (l < 0) {
            l = out->n_levels++;
            if (name == room) {
                memcpy(out->texts[l], room, sizeof room);
                name = out->texts[l];
            }
            out->levels[l] = (cli_level){.name = name};
        }
        out->levels[l].n_rows++;
    }
    return 1;
}

static void list_rows(const kmseg_column *column, cli_by *out) {
    int64_t *next = out->rows;
    for (int32_t l = 0; l < out->n_levels; l++) {
        out->levels[l].rows = next;
        next += out->levels[l].n_rows;
        out->levels[l].n_rows = 0;
    }
    for (int64_t r = 0; r < column->n_rows; r++) {
        char room[32];
        const char *name = name_at(column, r, room);
        int l = name != NULL ? find_level(out, name) : -1;
        if (l >= 0) {
            out->levels[l].rows[out->levels[l].n_rows++] = r;
        }
    }
}

int cli_by_read(const cli_run *run, const kmseg_table *table, const char *name, cli_by *out) {
    *out = (cli_by){0};
    char clean[200];
    cli_clean(name, clean, sizeof clean);
    int32_t i = kmseg_table_find(table, name);
    if (i < 0) {
        return cli_failed("--by %s: the customers have no such column; kmseg inspect %s lists them",
                          clean, run->arguments[0]);
    }
    const kmseg_column *column = kmseg_table_column(table, i);
    if (column->type == KMSEG_COLUMN_TIME) {
        return cli_failed("--by %s is a column of dates; it needs to be one of tiers, units or the "
                          "like",
                          clean);
    }
    out->levels = calloc(MOST_LEVELS, sizeof *out->levels);
    out->texts = calloc(MOST_LEVELS, sizeof *out->texts);
    out->rows = calloc((size_t)column->n_rows + 1, sizeof *out->rows);
    int code = CLI_OK;
    if (out->levels == NULL || out->texts == NULL || out->rows == NULL) {
        code = cli_failed("out of memory");
    } else if (!count_levels(column, out)) {
        code = cli_failed("--by %s has more than %d different values; it needs to be a column of "
                          "tiers, units or the like",
                          clean, MOST_LEVELS);
    }
    if (code != CLI_OK) {
        cli_by_free(out);
        return code;
    }
    qsort(out->levels, (size_t)out->n_levels, sizeof *out->levels,
          column->type == KMSEG_COLUMN_TEXT ? by_name : by_size);
    list_rows(column, out);
    return CLI_OK;
}

void cli_by_free(cli_by *by) {
    free(by->levels);
    free(by->texts);
    free(by->rows);
    *by = (cli_by){0};
}

int cli_by_path(const char *path, const char *level, char *out, size_t capacity) {
    const char *dot = strrchr(path, '.');
    size_t stem = dot != NULL ? (size_t)(dot - path) : strlen(path);
    if (stem + strlen(level) + 8 > capacity) {
        return cli_failed("the path is too long");
    }
    snprintf(out, capacity, "%.*s.", (int)stem, path);
    stem++;
    for (const unsigned char *c = (const unsigned char *)level; *c != '\0'; c++) {
        out[stem++] = (char)(isalnum(*c) || *c == '-' || *c == '+' || *c >= 0x80 ? *c : '_');
    }
    snprintf(out + stem, capacity - stem, "%s", dot != NULL ? dot : "");
    return CLI_OK;
}
