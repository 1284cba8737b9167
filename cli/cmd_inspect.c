/* kmseg inspect: what is in a customer table, and what a fit would make of it. */
#include "clustering.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct inspect_own {
    size_t struct_size;
    int32_t n_clusters;
} inspect_own;

typedef struct inspect_command {
    kmseg_prepare_options prepare;
    kmseg_csv_options csv;
    cli_joins joins;
    inspect_own own;
} inspect_command;

static const kmseg_option own_rows[] = {
    {.name = "n_clusters",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(inspect_own, n_clusters),
     .minimum = 2,
     .maximum = 1000,
     .default_number = 5,
     .metavar = "N",
     .help = "segments of the two trial fits",
     .short_flag = 'k'},
};

static const kmseg_option_table own_table = {
    .name = "inspect",
    .struct_size = sizeof(inspect_own),
    .n_options = sizeof own_rows / sizeof *own_rows,
    .options = own_rows,
};

static const kmseg_option_table *own(void) { return &own_table; }

static void init(void *options) {
    inspect_command *command = options;
    kmseg_prepare_options_init(&command->prepare);
    kmseg_csv_options_init(&command->csv);
    cli_joins_init(&command->joins);
    kmseg_options_init(&own_table, &command->own);
}

static const cli_group groups[] = {
    {"Trial fits", own, offsetof(inspect_command, own)},
    {"More columns", cli_join_table, offsetof(inspect_command, joins)},
    {"Which columns, and how", kmseg_prepare_option_table, offsetof(inspect_command, prepare)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(inspect_command, csv)},
};

static const char *type_word(kmseg_column_type type) {
    return type == KMSEG_COLUMN_NUMBER ? "number" : type == KMSEG_COLUMN_TEXT ? "text" : "time";
}

static const char *use_word(const kmseg_inspection *inspection, const kmseg_inspect_column *c) {
    return c->is_used ? "feature" : strcmp(c->name, inspection->id) == 0 ? "id" : "";
}

static json_t *column_json(const kmseg_inspection *inspection, const kmseg_inspect_column *c) {
    json_t *root = json_object(), *notes = json_array();
    int number = c->type == KMSEG_COLUMN_NUMBER;
    json_object_set_new(root, "name", cli_json_text(c->name));
    json_object_set_new(root, "unit", cli_json_text(c->unit));
    json_object_set_new(root, "type", json_string(type_word(c->type)));
    json_object_set_new(root, "use", json_string(use_word(inspection, c)));
    json_object_set_new(root, "missing", json_integer(c->n_missing));
    json_object_set_new(root, "distinct", json_integer(c->n_distinct));
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"mean", c->mean},
                   {"median", c->median},
                   {"minimum", c->minimum},
                   {"maximum", c->maximum},
                   {"skew", c->skew}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && number; i++) {
        json_object_set_new(root, numbers[i].name, cli_json_real(numbers[i].value));
    }
    if (number) {
        json_object_set_new(root, "outliers", json_integer(c->n_outliers));
    }
    if (c->type == KMSEG_COLUMN_TEXT) {
        json_object_set_new(root, "rare_levels", json_integer(c->n_rare));
        json_object_set_new(root, "rare_rows", json_integer(c->n_rare_rows));
    }
    if (c->is_used) {
        json_object_set_new(root, "transform", number ? json_string(c->transform) : json_null());
        json_object_set_new(root, "encoding", json_string(c->encoding));
        json_object_set_new(root, "features", json_integer(c->n_outputs));
        json_object_set_new(root, "share", cli_json_real(c->share));
    }
    for (int32_t i = 0; i < c->n_notes; i++) {
        json_array_append_new(notes, cli_json_text(c->notes[i]));
    }
    json_object_set_new(root, "notes", notes);
    return root;
}

static int print_json(const cli_joined *customers, const kmseg_inspection *inspection) {
    json_t *root = json_object(), *columns = json_array();
    json_object_set_new(root, "n_rows", json_integer(inspection->n_rows));
    json_object_set_new(root, "id", cli_json_text(inspection->id));
    if (customers->joins != NULL) {
        json_object_set(root, "joins", customers->joins);
    }
    for (int32_t i = 0; i < inspection->n_columns; i++) {
        json_array_append_new(columns, column_json(inspection, &inspection->columns[i]));
    }
    json_object_set_new(root, "columns", columns);
    json_object_set_new(root, "problem",
                        inspection->problem[0] != '\0' ? cli_json_text(inspection->problem)
                                                       : json_null());
    if (inspection->n_clusters > 0) {
        json_t *trial = json_object();
        json_object_set_new(trial, "n_clusters", json_integer(inspection->n_clusters));
        json_object_set_new(trial, "n_rows", json_integer(inspection->n_tried));
        json_object_set_new(trial, "largest_share_raw", cli_json_real(inspection->raw_share));
        json_object_set_new(trial, "largest_share_suggested",
                            cli_json_real(inspection->suggested_share));
        json_object_set_new(root, "trial", trial);
    }
    return cli_print_json(root);
}

enum { N_CELLS = 9, CELL = 40, MOST_SHOWN = 30 };

static const char *const headers[N_CELLS] = {
    "column", "type", "missing", "distinct", "skew", "outliers", "rare levels", "use", "share"};

static void cells_of(const kmseg_inspection *inspection, const kmseg_inspect_column *c,
                     char cells[N_CELLS][CELL]) {
    int number = c->type == KMSEG_COLUMN_NUMBER;
    memset(cells, 0, N_CELLS * sizeof *cells);
    cli_clean(c->name, cells[0], MOST_SHOWN);
    snprintf(cells[1], CELL, "%s", type_word(c->type));
    cli_count(c->n_missing, cells[2], CELL);
    cli_count(c->n_distinct, cells[3], CELL);
    if (number && isfinite(c->skew)) {
        cli_number(c->skew, 1, cells[4], CELL);
    }
    if (number) {
        cli_count(c->n_outliers, cells[5], CELL);
    }
    if (c->type == KMSEG_COLUMN_TEXT && c->n_rare > 0 && c->is_used) {
        cli_count(c->n_rare, cells[6], CELL);
    }
    snprintf(cells[7], CELL, "%s",
             !c->is_used                                   ? use_word(inspection, c)
             : number && strcmp(c->transform, "none") != 0 ? c->transform
             : strcmp(c->encoding, "binary") == 0          ? "flag"
                                                           : c->encoding);
    if (c->is_used) {
        snprintf(cells[8], CELL, "%.1f %%", 100 * c->share);
    }
}

/* Bytes that take no room of their own on a terminal. */
static int extra_bytes(const char *text) {
    int n = 0;
    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0) == 0x80;
    }
    return n;
}

static int print_table(const kmseg_inspection *inspection) {
    int32_t n = inspection->n_columns;
    char(*cells)[N_CELLS][CELL] = calloc((size_t)n + 1, sizeof *cells);
    if (cells == NULL) {
        return cli_failed("out of memory");
    }
    int widths[N_CELLS] = {0};
    for (int32_t i = 0; i <= n; i++) {
        if (i > 0) {
            cells_of(inspection, &inspection->columns[i - 1], cells[i]);
        }
        for (int c = 0; c < N_CELLS; c++) {
            if (i == 0) {
                snprintf(cells[0][c], CELL, "%s", headers[c]);
            }
            int width = (int)strlen(cells[i][c]) - extra_bytes(cells[i][c]);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (int32_t i = 0; i <= n; i++) {
        char line[N_CELLS * (CELL + 2) + 1] = "";
        size_t used = 0;
        for (int c = 0; c < N_CELLS; c++) {
            int left = c == 0 || c == 1 || c == 7;
            int width = widths[c] + extra_bytes(cells[i][c]);
            used += (size_t)snprintf(line + used, sizeof line - used, left ? "%s%-*s" : "%s%*s",
                                     c > 0 ? "  " : "", width, cells[i][c]);
        }
        while (used > 0 && line[used - 1] == ' ') {
            line[--used] = '\0';
        }
        puts(line);
    }
    free(cells);
    return CLI_OK;
}

static void print_note(int *printed, const char *text) {
    if (!(*printed)++) {
        printf("\nWhat fit would do\n");
    }
    fputs("- ", stdout);
    cli_wrap(stdout, text, 2, 2, cli_width(stdout));
}

static void print_notes(const kmseg_inspection *inspection) {
    int printed = 0;
    for (int32_t i = 0; i < inspection->n_columns; i++) {
        const kmseg_inspect_column *c = &inspection->columns[i];
        char text[900], name[120], clean[500];
        cli_clean(c->name, name, sizeof name);
        for (int32_t k = 0; k < c->n_notes; k++) {
            snprintf(text, sizeof text, "%s: %s", name,
                     cli_clean(c->notes[k], clean, sizeof clean));
            print_note(&printed, text);
        }
    }
}

static void print_trial(const kmseg_inspection *inspection) {
    if (inspection->n_clusters == 0) {
        return;
    }
    char text[600], rows[32];
    snprintf(
        text, sizeof text,
        "With the values as they are (z-scores alone), the largest of %d segments would have "
        "%.1f %% of the customers; with the transforms suggested it has %.1f %% (k-means on %s "
        "customers).",
        inspection->n_clusters, 100 * inspection->raw_share, 100 * inspection->suggested_share,
        cli_count(inspection->n_tried, rows, sizeof rows));
    printf("\nThe giant segment\n");
    cli_wrap(stdout, text, 0, 0, cli_width(stdout));
}

static int print_text(cli_run *run, const cli_joined *customers,
                      const kmseg_inspection *inspection) {
    char count[32], clean[300], id[120];
    cli_joined_print(stdout, customers);
    cli_clean(run->arguments[0], clean, sizeof clean);
    printf("%s customers in %s", cli_count(inspection->n_rows, count, sizeof count), clean);
    if (inspection->id[0] != '\0') {
        printf(", named by %s", cli_clean(inspection->id, id, sizeof id));
    }
    printf("\n\n");
    int code = print_table(inspection);
    print_notes(inspection);
    print_trial(inspection);
    printf("\n");
    if (inspection->problem[0] != '\0') {
        char problem[700], text[800];
        snprintf(text, sizeof text, "kmseg fit would stop here: %s",
                 cli_clean(inspection->problem, problem, sizeof problem));
        cli_wrap(stdout, text, 0, 0, cli_width(stdout));
        return code;
    }
    cli_wrap(
        stdout,
        "Outliers lie more than three times the middle half's width outside of it. Share is what "
        "a column counts in the distance between customers. Next: kmseg fit with the same "
        "options; it does what is suggested here.",
        0, 0, cli_width(stdout));
    return code;
}

static int run_inspect(cli_run *run) {
    const inspect_command *command = run->options;
    const char *input = run->arguments[0];
    cli_joined customers;
    kmseg_inspection *inspection = NULL;
    int code = cli_joined_read(run, input, &command->csv, &command->joins, &customers);
    if (code == CLI_OK) {
        code = cli_status_of(run,
                             kmseg_inspect(run->ctx, customers.table, &command->prepare,
                                           command->own.n_clusters, &inspection),
                             input);
    }
    if (code == CLI_OK && run->common.json) {
        code = print_json(&customers, inspection);
    } else if (code == CLI_OK && !run->common.quiet) {
        code = print_text(run, &customers, inspection);
    }
    kmseg_inspection_free(inspection);
    cli_joined_free(&customers);
    return code;
}

const cli_command cli_cmd_inspect = {
    .name = "inspect",
    .help = "look at the columns of customers, and what fit would do with each",
    .description =
        "One line per column: its type, how many values are missing and how many are different, "
        "how "
        "skewed it is, how many outliers and rare levels it has, and how kmseg fit would use it: "
        "which transform a number gets, how text is encoded, what it counts in the distance "
        "between "
        "customers. Then two quick fits, of the values as they are and as suggested, show whether "
        "long tails would sweep nearly all customers into one giant segment. Nothing is written.",
    .examples = "  kmseg inspect customers.csv\n"
                "  kmseg inspect orders_features.h5 --join demographics.csv:household_id\n"
                "  kmseg inspect customers.csv --transform spend=yeo-johnson --json\n",
    .arguments = cli_customers_argument,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .options_size = sizeof(inspect_command),
    .init = init,
    .run = run_inspect,
};
