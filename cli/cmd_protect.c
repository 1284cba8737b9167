/* kmseg protect: whether rows of a table can be told apart by what others know of people. */
#include "value.h"

#include <stddef.h>
#include <string.h>

typedef struct protect_command {
    kmseg_anonymity_options anonymity;
    kmseg_csv_options csv;
} protect_command;

static void init(void *options) {
    protect_command *command = options;
    kmseg_anonymity_options_init(&command->anonymity);
    kmseg_csv_options_init(&command->csv);
}

static const cli_argument arguments[] = {
    {.name = "TABLE",
     .is_table = 1,
     .help = "rows about people: .csv, .csv.gz, .parquet, .json or HDF5, such as an export"}};

static const cli_group groups[] = {
    {"What has to hold", kmseg_anonymity_option_table, offsetof(protect_command, anonymity)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(protect_command, csv)},
};

enum { CELL = 60 };

static void set_count(char (*cells)[CELL], int64_t i, int64_t value) {
    cli_count(value, cells[i], CELL);
}

/* Rows of texts as a table; the first n_left columns are aligned left. */
static void print_grid(FILE *out, char (*cells)[CELL], int n_rows, int n_columns, int n_left) {
    const char **at = calloc((size_t)n_rows * (size_t)n_columns, sizeof *at);
    for (int i = 0; i < n_rows * n_columns && at != NULL; i++) {
        at[i] = cells[i];
    }
    if (at != NULL) {
        cli_print_cells(out, at, n_rows, n_columns, n_left);
    }
    free(at);
}

static void print_classes(FILE *out, const kmseg_anonymity *a) {
    int fixed = a->l > 0 ? 2 : 1, n_columns = a->n_columns + fixed, n_rows = a->n_shown + 1;
    char(*cells)[CELL] = calloc((size_t)n_rows * (size_t)n_columns, sizeof *cells);
    if (cells == NULL || a->n_shown == 0) {
        free(cells);
        return;
    }
    for (int j = 0; j < a->n_columns; j++) {
        cli_clean(a->columns[j], cells[j], 30);
    }
    snprintf(cells[a->n_columns], CELL, "rows");
    if (a->l > 0) {
        snprintf(cells[a->n_columns + 1], CELL, "different");
    }
    for (int i = 0; i < a->n_shown; i++) {
        char(*row)[CELL] = cells + (ptrdiff_t)(i + 1) * n_columns;
        const kmseg_anonymity_class *shown = &a->shown[i];
        for (int j = 0; j < a->n_columns; j++) {
            cli_clean(shown->values[j] != NULL ? shown->values[j] : "(missing)", row[j], 30);
        }
        set_count(row, a->n_columns, shown->n_rows);
        if (a->l > 0) {
            set_count(row, a->n_columns + 1, shown->n_sensitive);
        }
    }
    fprintf(out, "\nThe smallest classes%s\n", a->holds ? "" : ", which fail");
    print_grid(out, cells, n_rows, n_columns, a->n_columns);
    free(cells);
}

static void print_without(FILE *out, const kmseg_anonymity *a) {
    int n_rows = a->n_columns + 1;
    char(*cells)[CELL] = calloc((size_t)n_rows * 3, sizeof *cells);
    if (cells == NULL || a->n_columns < 2) {
        free(cells);
        return;
    }
    snprintf(cells[0], CELL, "left out");
    snprintf(cells[1], CELL, "smallest class");
    snprintf(cells[2], CELL, "rows in classes below %d", a->k);
    for (int j = 0; j < a->n_columns; j++) {
        char(*row)[CELL] = cells + (ptrdiff_t)(j + 1) * 3;
        cli_clean(a->columns[j], row[0], 30);
        set_count(row, 1, a->smallest_without[j]);
        set_count(row, 2, a->small_rows_without[j]);
    }
    fputs("\nWithout one of the columns\n", out);
    print_grid(out, cells, n_rows, 3, 1);
    free(cells);
}

static void print_text(cli_run *run, const kmseg_anonymity *a) {
    const protect_command *command = run->options;
    FILE *out = stdout;
    char n[6][40], clean[300];
    fprintf(out, "%-16s%s from %s\n", "Rows", cli_count(a->n_rows, n[0], sizeof n[0]),
            cli_clean(run->arguments[0], clean, sizeof clean));
    fprintf(out, "%-16s%s, each of rows that share %s\n", "Classes",
            cli_count(a->n_classes, n[0], sizeof n[0]),
            cli_clean(command->anonymity.quasi, clean, sizeof clean));
    fprintf(out, "%-16s%s%s%s: %s\n", "k-anonymity",
            cli_styled(out, a->smallest >= a->k ? CLI_GREEN : CLI_RED),
            cli_count(a->smallest, n[0], sizeof n[0]), cli_styled(out, CLI_PLAIN),
            a->smallest >= a->k ? "every row shares its values with that many, itself counted"
                                : "some rows share their values with too few others");
    if (a->l > 0) {
        fprintf(out, "%-16s%s: the fewest different values of %s in a class\n", "l-diversity",
                cli_count(a->least_values, n[0], sizeof n[0]),
                cli_clean(command->anonymity.sensitive, clean, sizeof clean));
    }
    if (!a->holds) {
        double share = 100 * (double)a->n_small_rows / (double)a->n_rows;
        char least[40] = "";
        if (a->l > 0) {
            snprintf(least, sizeof least, " or %d values", a->l);
        }
        fprintf(out, "%-16s%s classes have fewer than %d rows%s; %s rows (%.1f %%) are in them\n",
                "Fails", cli_count(a->n_small_classes, n[0], sizeof n[0]), a->k, least,
                cli_count(a->n_small_rows, n[1], sizeof n[1]), share);
        fprintf(out, "%-16s%s rows are the only ones with their values\n", "Alone",
                cli_count(a->n_alone, n[0], sizeof n[0]));
    }
    print_classes(out, a);
    if (!a->holds) {
        print_without(out, a);
        fputc('\n', out);
        cli_wrap(out,
                 "Leave a column out, make its values coarser (years to bands, postcodes to their "
                 "first digits), or leave out the rows.",
                 0, 0, cli_width(out));
    }
}

static int print_json(const kmseg_anonymity *a) {
    json_t *root = json_object(), *columns = json_array(), *classes = json_array();
    json_object_set_new(root, "holds", json_boolean(a->holds));
    json_object_set_new(root, "k_wanted", json_integer(a->k));
    json_object_set_new(root, "k", json_integer(a->smallest));
    json_object_set_new(root, "l_wanted", a->l > 0 ? json_integer(a->l) : json_null());
    json_object_set_new(root, "l", a->l > 0 ? json_integer(a->least_values) : json_null());
    json_object_set_new(root, "rows", json_integer(a->n_rows));
    json_object_set_new(root, "classes", json_integer(a->n_classes));
    json_object_set_new(root, "failing_classes", json_integer(a->n_small_classes));
    json_object_set_new(root, "failing_rows", json_integer(a->n_small_rows));
    json_object_set_new(root, "rows_alone", json_integer(a->n_alone));
    for (int32_t j = 0; j < a->n_columns; j++) {
        json_t *column = json_object();
        json_object_set_new(column, "name", cli_json_text(a->columns[j]));
        json_object_set_new(column, "k_without", json_integer(a->smallest_without[j]));
        json_object_set_new(column, "small_rows_without", json_integer(a->small_rows_without[j]));
        json_array_append_new(columns, column);
    }
    for (int32_t i = 0; i < a->n_shown; i++) {
        json_t *shown = json_object(), *values = json_array();
        json_object_set_new(shown, "rows", json_integer(a->shown[i].n_rows));
        for (int32_t j = 0; j < a->n_columns; j++) {
            const char *value = a->shown[i].values[j];
            json_array_append_new(values, value != NULL ? cli_json_text(value) : json_null());
        }
        json_object_set_new(shown, "values", values);
        if (a->l > 0) {
            json_object_set_new(shown, "different", json_integer(a->shown[i].n_sensitive));
        }
        json_array_append_new(classes, shown);
    }
    json_object_set_new(root, "columns", columns);
    json_object_set_new(root, "smallest_classes", classes);
    return cli_print_json(root);
}

static int run_protect(cli_run *run) {
    const protect_command *command = run->options;
    if (command->anonymity.quasi == NULL) {
        return cli_misused("protect needs --quasi A,B,C: the columns that others may know of a "
                           "person; see kmseg protect --help");
    }
    cli_customers rows;
    kmseg_anonymity *anonymity = NULL;
    int code = cli_table_read(run, run->arguments[0], &command->csv, &rows);
    if (code == CLI_OK) {
        code = cli_status_of(
            run, kmseg_anonymity_new(run->ctx, rows.table, &command->anonymity, &anonymity),
            run->arguments[0]);
    }
    if (code == CLI_OK) {
        if (run->common.json) {
            code = print_json(anonymity);
        } else if (!run->common.quiet) {
            print_text(run, anonymity);
        }
        code = code == CLI_OK && !anonymity->holds ? CLI_NOT_SO : code;
    }
    kmseg_anonymity_free(anonymity);
    cli_customers_free(&rows);
    return code;
}

const cli_command cli_cmd_protect = {
    .name = "protect",
    .help = "check that nobody stands out of a table by what others know (k-anonymity)",
    .description =
        "Puts rows that have the same values in every quasi-identifier into one class and looks at "
        "the smallest. Exit status 0: every class has at least k rows, and with --sensitive at "
        "least l different values of that column; 3: some have not, and the smallest are listed. A "
        "missing value is a value like any other.\n\n"
        "The list shows values of real people: it is for whoever may see the table. --max-shown 0 "
        "leaves it out. docs/privacy.md says what k-anonymity does not give.",
    .examples = "  kmseg protect export.csv --quasi age,postcode,sex\n"
                "  kmseg protect customers.h5 --quasi tier,country -k 10 --json\n"
                "  kmseg protect export.csv --quasi age,sex --sensitive illness --l 3\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .options_size = sizeof(protect_command),
    .init = init,
    .run = run_protect,
};
