#include "value.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const kmseg_option rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_value_files, output),
     .metavar = "FILE",
     .help = "where the customers go, with the new columns: .h5, .csv, or - for CSV on standard "
             "output; without it only the summary is printed",
     .short_flag = 'o'},
};

static const kmseg_option_table files_table = {
    .name = "files",
    .struct_size = sizeof(cli_value_files),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *cli_value_files_table(void) { return &files_table; }

/* Segments are neither orders nor customers. */
static int check_kind(cli_run *run, const char *path, const char *needs) {
    kmseg_file_kind kind;
    int code = cli_status(run, kmseg_file_kind_of(run->ctx, path, &kind));
    if (code == CLI_OK && kind == KMSEG_FILE_RESULT) {
        char clean[300];
        return cli_failed("%s holds segments; %s needs %s", cli_clean(path, clean, sizeof clean),
                          run->command->name, needs);
    }
    return code;
}

int cli_customers_read(cli_run *run, const char *path, const char *const *needs, int32_t n_needs,
                       const kmseg_features_options *options, cli_customers *out) {
    memset(out, 0, sizeof *out);
    int code = check_kind(run, path, "orders or a table of customers");
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_customers_from_file(run->ctx, path, needs, n_needs, options,
                                                         &out->table, &out->is_log, &out->report));
    }
    return code;
}

int cli_table_read(cli_run *run, const char *path, const kmseg_csv_options *options,
                   cli_customers *out) {
    memset(out, 0, sizeof *out);
    int code = check_kind(run, path, "a table of customers");
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_source_read(run->ctx, path, options, &out->table));
    }
    return code;
}

void cli_customers_free(cli_customers *customers) { kmseg_table_free(customers->table); }

kmseg_origin cli_origin(const cli_customers *customers, const char *path) {
    return (kmseg_origin){path, customers->is_log ? &customers->report : NULL, customers->table};
}

json_t *cli_said(const cli_run *run, kmseg_status status, char *text) {
    if (status != KMSEG_OK) {
        (void)cli_status(run, status);
        return NULL;
    }
    json_t *json = json_loads(text, 0, NULL);
    kmseg_string_free(text);
    if (json == NULL) {
        (void)cli_failed("out of memory");
    }
    return json;
}

void cli_print_order_joins(FILE *out, const kmseg_features_report *report, int indent) {
    for (int32_t i = 0; i < report->n_joins; i++) {
        const kmseg_order_join *join = &report->joins[i];
        char file[200], key[200], numbers[4][32], text[700], rest[100] = "";
        if (join->n_from_unmatched > 0) {
            snprintf(rest, sizeof rest, "; %s of its %s rows are about no line",
                     cli_count(join->n_from_unmatched, numbers[2], sizeof numbers[2]),
                     cli_count(join->n_from, numbers[3], sizeof numbers[3]));
        }
        snprintf(text, sizeof text, "%s by %s: it has %s of %s lines%s",
                 cli_clean(join->file, file, sizeof file),
                 cli_clean(join->from_key, key, sizeof key),
                 cli_count(join->n_matched, numbers[0], sizeof numbers[0]),
                 cli_count(join->n_lines, numbers[1], sizeof numbers[1]), rest);
        fprintf(out, "%-*s", indent, "Joined");
        cli_wrap(out, text, indent, indent, cli_width(out));
    }
}

void cli_print_customers(FILE *out, const cli_customers *customers, const char *path) {
    char count[32], kept[32], lines[32], date[32], clean[300];
    cli_clean(path, clean, sizeof clean);
    cli_count(kmseg_table_n_rows(customers->table), count, sizeof count);
    if (!customers->is_log) {
        fprintf(out, "%-16s%s from %s\n", "Customers", count, clean);
        return;
    }
    const kmseg_features_report *report = &customers->report;
    int64_t day = report->reference_date - ((report->reference_date % 86400) + 86400) % 86400;
    kmseg_time_format(day, date, sizeof date);
    fprintf(out, "%-16s%s from %s, %s of %s order lines\n", "Customers", count, clean,
            cli_count(report->n_kept, kept, sizeof kept),
            cli_count(report->n_lines, lines, sizeof lines));
    cli_print_order_joins(out, report, 16);
    fprintf(out, "%-16s%s\n", "Reference date", date);
}

/* Columns of a terminal that plain text takes: characters, not bytes. */
static int width_of(const char *text) {
    int width = 0;
    for (; text != NULL && *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

/* The first n_bold rows are headers; with bars the last column is aligned left. */
static void print_cells(FILE *out, const char *const *cells, int n_rows, int n_columns, int n_left,
                        int n_bold, int bars) {
    for (int r = 0; r < n_rows; r++) {
        int owed = 0; /* spaces, until something follows */
        fputs(r < n_bold ? cli_styled(out, CLI_BOLD) : "", out);
        for (int c = 0; c < n_columns; c++) {
            int width = 0;
            for (int i = 0; i < n_rows; i++) {
                int w = width_of(cells[i * n_columns + c]);
                width = w > width ? w : width;
            }
            const char *cell = cells[r * n_columns + c];
            int space = width - width_of(cell);
            int is_left = c < n_left || (bars && c == n_columns - 1);
            owed += is_left ? 0 : space;
            if (cell != NULL && cell[0] != '\0') {
                fprintf(out, "%*s%s", owed, "", cell);
                owed = 0;
            }
            owed += (is_left ? space : 0) + 2;
        }
        fprintf(out, "%s\n", r < n_bold ? cli_styled(out, CLI_PLAIN) : "");
    }
}

void cli_print_cells(FILE *out, const char *const *cells, int n_rows, int n_columns, int n_left) {
    print_cells(out, cells, n_rows, n_columns, n_left, 1, 0);
}

enum { GROUP_COLUMNS = 10, CELL = 72, BAR_WIDTH = 12, LEAST_BAR = 4 };

/* One column of the table of groups, under a header of two lines. */
typedef struct group_column {
    const char *over, *header;
    size_t offset;
    enum { COUNT, SHARE, MONEY, MEAN } form;
} group_column;

#define FIELD(field) offsetof(kmseg_value_group, field)

enum { N_GROUP_COLUMNS = GROUP_COLUMNS - 2 }; /* without the name and the bar */

static const group_column group_columns[N_GROUP_COLUMNS] = {
    {"", "customers", FIELD(n_customers), COUNT},
    {"", "share", FIELD(share), SHARE},
    {"", "orders", FIELD(orders), MONEY},
    {"", "revenue", FIELD(revenue), MONEY},
    {"of", "revenue", FIELD(revenue_share), SHARE},
    {"mean days", "since", FIELD(mean_recency), MEAN},
    {"mean", "orders", FIELD(mean_frequency), MEAN},
    {"mean", "spend", FIELD(mean_monetary), MEAN},
};

static void show_value(const kmseg_value_group *group, const group_column *column, char out[CELL]) {
    const char *field = (const char *)group + column->offset;
    double value = NAN;
    out[0] = '\0';
    if (column->form == COUNT) {
        int64_t n;
        memcpy(&n, field, sizeof n);
        cli_count(n, out, CELL);
        return;
    }
    memcpy(&value, field, sizeof value);
    if (!isfinite(value)) {
        return;
    }
    if (column->form == SHARE) {
        snprintf(out, CELL, "%.1f %%", 100 * value);
    } else {
        cli_number(value, column->form == MEAN && fabs(value) < 100 ? 1 : 0, out, CELL);
    }
}

/* 1 when any group has a value of it. */
static int is_known(const group_column *column, const kmseg_value_group *all) {
    char text[CELL];
    show_value(all, column, text);
    return text[0] != '\0';
}

/* The cells of one row: two of headers, the groups, all. */
static void fill_row(const char *title, int row, const kmseg_value_group *group,
                     const kmseg_value_group *all, char (*texts)[CELL], const char **cells) {
    int at = 0;
    cells[at] = group != NULL ? cli_clean(group->name, texts[at], CELL) : row > 0 ? title : "";
    for (int c = 0; c < N_GROUP_COLUMNS; c++) {
        const group_column *column = &group_columns[c];
        if (!is_known(column, all)) {
            continue;
        }
        at++;
        if (group != NULL) {
            show_value(group, column, texts[at]);
            cells[at] = texts[at];
        } else {
            cells[at] = row > 0 ? column->header : column->over;
        }
    }
}

/* Bars of the shares of customers behind the last column, where there is room; 1 when there are. */
static int add_bars(FILE *out, const kmseg_value_group *groups, int32_t n, int first_row,
                    int n_columns, char (*texts)[CELL], const char **cells) {
    double most = 0;
    int width = 2;
    for (int c = 0; c + 1 < n_columns; c++) {
        int widest = 0;
        for (int r = 0; r < first_row + n + 1; r++) {
            int w = width_of(cells[(ptrdiff_t)r * n_columns + c]);
            widest = w > widest ? w : widest;
        }
        width += widest + 2;
    }
    for (int32_t g = 0; g < n; g++) {
        most = groups[g].share > most ? groups[g].share : most;
    }
    int room = cli_width(out) - width;
    int cells_of_bar = room < BAR_WIDTH ? room : BAR_WIDTH;
    if (!cli_colour(out) || cells_of_bar < LEAST_BAR || !(most > 0)) {
        return 0;
    }
    for (int32_t g = 0; g < n; g++) {
        ptrdiff_t at = (ptrdiff_t)(first_row + g + 1) * n_columns - 1;
        cells[at] = cli_bar(groups[g].share / most, cells_of_bar, texts[at], CELL);
    }
    return 1;
}

void cli_print_groups(FILE *out, const char *title, const kmseg_value_group *groups, int32_t n,
                      const kmseg_value_group *all) {
    enum { HEADERS = 2 };
    int n_rows = HEADERS + n + 1, n_columns = 2, over = 0;
    char(*texts)[CELL] = calloc((size_t)n_rows * GROUP_COLUMNS, sizeof *texts);
    const char **cells = calloc((size_t)n_rows * GROUP_COLUMNS, sizeof *cells);
    for (int c = 0; c < N_GROUP_COLUMNS; c++) {
        n_columns += is_known(&group_columns[c], all);
        over |= is_known(&group_columns[c], all) && group_columns[c].over[0] != '\0';
    }
    if (texts != NULL && cells != NULL) {
        for (int r = 0; r < n_rows; r++) {
            const kmseg_value_group *group = r < HEADERS       ? NULL
                                             : r == n_rows - 1 ? all
                                                               : &groups[r - HEADERS];
            fill_row(title, r, group, all, texts + (ptrdiff_t)r * n_columns,
                     cells + (ptrdiff_t)r * n_columns);
        }
        int skipped = over ? 0 : 1; /* an upper line of headers that says nothing */
        int bars = add_bars(out, groups, n, HEADERS, n_columns, texts, cells);
        print_cells(out, cells + (ptrdiff_t)skipped * n_columns, n_rows - skipped, n_columns, 1,
                    HEADERS - skipped, bars);
    }
    free(texts);
    free(cells);
}

void cli_print_sentences(FILE *out, const char *title, const kmseg_sentences *sentences) {
    if (sentences->n > 0) {
        fprintf(out, "\n%s\n", title);
    }
    for (int32_t i = 0; i < sentences->n; i++) {
        char clean[800];
        fputs("  ", out);
        cli_wrap(out, cli_clean(sentences->texts[i], clean, sizeof clean), 2, 2, cli_width(out));
    }
}

/* A line for each rule that left lines out, names in so many columns. */
void cli_print_rejected(FILE *out, const kmseg_features_report *report, int width) {
    for (int32_t r = 0; r < KMSEG_N_CLEAN_RULES; r++) {
        if (report->n_rejected[r] > 0) {
            char count[32];
            cli_count(report->n_rejected[r], count, sizeof count);
            int used = fprintf(out, "  %-*s%12s  ", width, kmseg_clean_rule_name(r), count);
            cli_wrap(out, kmseg_clean_rule_help(r), used, used, cli_width(out));
        }
    }
}

int cli_print_columns(FILE *out, cli_run *run, const kmseg_table *table) {
    char *summary;
    int code = cli_status(run, kmseg_report_table(run->ctx, table, "text", &summary));
    if (code == CLI_OK) {
        fprintf(out, "\n%s\n", summary);
        kmseg_string_free(summary);
    }
    return code;
}

void cli_print_kept(FILE *out, const char *output, const char *example, const char *next) {
    char text[200], clean[300];
    if (output == NULL) {
        snprintf(text, sizeof text, "Nothing was written: give -o %s to keep these customers.",
                 example);
        cli_wrap(out, text, 0, 0, cli_width(out));
    } else if (strcmp(output, "-") != 0) {
        cli_clean(output, clean, sizeof clean);
        fprintf(out, "Customers: %s\n", clean);
        if (next != NULL) {
            fprintf(out, "Next: kmseg %s %s\n", next, clean);
        }
    }
}

int cli_table_finish(cli_run *run, const kmseg_table *table, cli_format format, const char *output,
                     json_t *root, int (*print)(FILE *out, cli_run *run, const void *what),
                     const void *what) {
    char *params = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    FILE *out = cli_summary_stream(output);
    int code = params != NULL ? CLI_OK : cli_failed("out of memory");
    if (code == CLI_OK && output != NULL) {
        code = cli_table_write(run, table, format, params, output);
    }
    if (code == CLI_OK && run->common.json && out == stdout) {
        code = cli_print_json(json_incref(root));
    } else if (code == CLI_OK && !run->common.quiet && !run->common.json) {
        code = print(out, run, what);
    }
    free(params);
    json_decref(root);
    return code;
}

/* What cli_value_finish() prints. */
typedef struct value_text {
    const char *output;
    void (*print)(FILE *out, cli_run *run, const void *what);
    const void *what;
} value_text;

static int print_value(FILE *out, cli_run *run, const void *what) {
    const value_text *text = what;
    text->print(out, run, text->what);
    if (text->output == NULL || strcmp(text->output, "-") != 0) {
        fputc('\n', out);
    }
    cli_print_kept(out, text->output, "FILE.h5", NULL);
    return CLI_OK;
}

int cli_value_finish(cli_run *run, const kmseg_table *table, cli_format format, const char *output,
                     json_t *root, void (*print)(FILE *out, cli_run *run, const void *what),
                     const void *what) {
    const value_text text = {output, print, what};
    return cli_table_finish(run, table, format, output, root, print_value, &text);
}
