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

/* What is worth keeping of how a table was made. */
static json_t *facts_of(const cli_customers *customers) {
    json_t *facts = json_object();
    if (customers->is_log) {
        char date[32];
        kmseg_time_format(customers->report.reference_date, date, sizeof date);
        json_object_set_new(facts, "n_lines", json_integer(customers->report.n_lines));
        json_object_set_new(facts, "n_kept", json_integer(customers->report.n_kept));
        json_object_set_new(facts, "reference_date", json_string(date));
        json_object_set_new(facts, "days_between_orders", cli_json_gaps(&customers->report));
        return facts;
    }
    static const char *const kept[] = {"reference_date", "days_between_orders"};
    const char *params = kmseg_table_params(customers->table);
    json_t *all = params != NULL ? json_loads(params, 0, NULL) : NULL;
    for (int i = 0; i < 2; i++) {
        json_t *fact = json_object_get(all, kept[i]);
        if (fact != NULL) {
            json_object_set(facts, kept[i], fact);
        }
    }
    json_decref(all);
    return facts;
}

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
    if (code == CLI_OK) {
        out->facts = facts_of(out);
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
    if (code == CLI_OK) {
        out->facts = facts_of(out);
    }
    return code;
}

int cli_log_read(cli_run *run, const char *path, const kmseg_features_options *options,
                 kmseg_status *status, cli_customers *out) {
    memset(out, 0, sizeof *out);
    int code = check_kind(run, path, "orders or a table of customers");
    *status = KMSEG_OK;
    if (code == CLI_OK) {
        *status =
            kmseg_features_from_file(run->ctx, path, options, NULL, &out->table, &out->report);
    }
    if (code == CLI_OK && *status == KMSEG_OK) {
        out->is_log = 1;
        out->facts = facts_of(out);
    }
    return code;
}

void cli_customers_free(cli_customers *customers) {
    kmseg_table_free(customers->table);
    json_decref(customers->facts);
}

int64_t cli_customers_gaps(const cli_customers *customers, double *out) {
    json_t *gaps = json_object_get(customers->facts, "days_between_orders");
    json_t *percentiles = json_object_get(gaps, "percentiles");
    json_int_t n = json_integer_value(json_object_get(gaps, "n"));
    if (n <= 0 || json_array_size(percentiles) != KMSEG_N_GAP_PERCENTILES) {
        return 0;
    }
    for (size_t p = 0; p < KMSEG_N_GAP_PERCENTILES; p++) {
        json_t *days = json_array_get(percentiles, p);
        if (!json_is_number(days)) {
            return 0;
        }
        out[p] = json_number_value(days);
    }
    return n;
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

void cli_json_order_joins(json_t *root, const kmseg_features_report *report) {
    if (report->n_joins == 0) {
        return;
    }
    json_t *joins = json_array();
    for (int32_t i = 0; i < report->n_joins; i++) {
        const kmseg_order_join *join = &report->joins[i];
        json_t *one = json_object();
        json_object_set_new(one, "file", cli_json_text(join->file));
        json_object_set_new(one, "key", cli_json_text(join->key));
        json_object_set_new(one, "file_key", cli_json_text(join->from_key));
        json_object_set_new(one, "lines", json_integer(join->n_lines));
        json_object_set_new(one, "lines_without", json_integer(join->n_lines - join->n_matched));
        json_object_set_new(one, "rows", json_integer(join->n_from));
        json_object_set_new(one, "rows_without", json_integer(join->n_from_unmatched));
        json_array_append_new(joins, one);
    }
    json_object_set_new(root, "joins", joins);
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

json_t *cli_json_gaps(const kmseg_features_report *report) {
    json_t *gaps = json_object();
    json_object_set_new(gaps, "n", json_integer(report->n_gaps));
    json_object_set_new(gaps, "percentiles",
                        cli_json_numbers(report->gap_percentiles, KMSEG_N_GAP_PERCENTILES));
    return gaps;
}

json_t *cli_json_input(const cli_customers *customers, const char *path) {
    json_t *root = json_object();
    json_object_set_new(root, "kmseg_version", json_string(kmseg_version()));
    const char *slash = strrchr(path, '/'); /* no folder: results do not say where they were made */
    json_object_set_new(root, "input", cli_json_text(slash != NULL ? slash + 1 : path));
    json_object_update(root, customers->facts);
    return root;
}

json_t *cli_json_group(const kmseg_value_group *group) {
    json_t *json = json_object();
    json_object_set_new(json, "name", cli_json_text(group->name));
    json_object_set_new(json, "customers", json_integer(group->n_customers));
    json_object_set_new(json, "share", cli_json_real(group->share));
    json_object_set_new(json, "orders", cli_json_real(group->orders));
    json_object_set_new(json, "revenue", cli_json_real(group->revenue));
    json_object_set_new(json, "revenue_share", cli_json_real(group->revenue_share));
    json_object_set_new(json, "mean_recency", cli_json_real(group->mean_recency));
    json_object_set_new(json, "mean_frequency", cli_json_real(group->mean_frequency));
    json_object_set_new(json, "mean_monetary", cli_json_real(group->mean_monetary));
    return json;
}

json_t *cli_json_groups(const kmseg_value_group *groups, int32_t n) {
    json_t *array = json_array();
    for (int32_t i = 0; i < n; i++) {
        json_array_append_new(array, cli_json_group(&groups[i]));
    }
    return array;
}

json_t *cli_json_sentences(const kmseg_sentences *sentences) {
    json_t *array = json_array();
    for (int32_t i = 0; i < sentences->n; i++) {
        json_array_append_new(array, cli_json_text(sentences->texts[i]));
    }
    return array;
}

json_t *cli_json_numbers(const double *values, int64_t n) {
    if (values == NULL) {
        return json_null();
    }
    json_t *array = json_array();
    for (int64_t i = 0; i < n; i++) {
        json_array_append_new(array, cli_json_real(values[i]));
    }
    return array;
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

json_t *cli_json_rejected(const kmseg_features_report *report) {
    json_t *rejected = json_object();
    for (int32_t r = 0; r < KMSEG_N_CLEAN_RULES; r++) {
        json_object_set_new(rejected, kmseg_clean_rule_name(r),
                            json_integer(report->n_rejected[r]));
    }
    return rejected;
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
