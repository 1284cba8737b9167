/* kmseg features: from an order log to one row per customer. */
#include "value.h"

#include <stddef.h>
#include <string.h>

typedef struct features_files {
    size_t struct_size;
    const char *output;
    const char *rejected;
} features_files;

typedef struct features_command {
    kmseg_features_options features;
    features_files files;
} features_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(features_files, output),
     .metavar = "FILE",
     .help = "where the customers go: .h5, .csv, or - for CSV on standard output; without it only "
             "the summary is printed",
     .short_flag = 'o'},
    {.name = "rejected",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(features_files, rejected),
     .metavar = "FILE.csv",
     .help = "where the lines that cleaning left out go, each with its rule"},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(features_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    features_command *command = options;
    kmseg_features_options_init(&command->features);
    kmseg_options_init(&file_table, &command->files);
}

static const cli_argument arguments[] = {
    {.name = "ORDERS",
     .is_table = 1,
     .help = "an order log: .csv, .csv.gz, .parquet, .json or HDF5, one row per order line"}};

static const cli_group groups[] = {
    {"Output", files, offsetof(features_command, files)},
    {"Columns and cleaning", kmseg_features_option_table, offsetof(features_command, features)},
};

static void print_cleaning(FILE *out, const kmseg_features_report *report) {
    char count[32];
    int64_t left_out = report->n_lines - report->n_kept;
    cli_count(left_out, count, sizeof count);
    double share = report->n_lines > 0 ? 100.0 * (double)left_out / (double)report->n_lines : 0;
    fprintf(out, "%-16s%s lines (%.1f %%)\n", "Left out", count, share);
    cli_print_rejected(out, report, 14);
    if (report->n_returns_netted > 0) {
        cli_count(report->n_returns_netted, count, sizeof count);
        fprintf(out, "%-16s%s lines reduce what their customer spent\n", "Returns", count);
    }
}

/* A day, or a day and a time of day where it is not midnight. */
static const char *day(int64_t seconds, char *out, size_t capacity) {
    kmseg_time_format(seconds - ((seconds % 86400) + 86400) % 86400, out, capacity);
    return out;
}

static void print_report(FILE *out, const kmseg_features_report *report, json_t *said,
                         const char *input) {
    char a[64], b[64], clean[300], columns[1200] = "";
    const char *what;
    json_t *column;
    fprintf(out, "%-16s%s lines from %s\n", "Read", cli_count(report->n_lines, a, sizeof a),
            cli_clean(input, clean, sizeof clean));
    json_object_foreach(json_object_get(said, "columns"), what, column) {
        size_t length = strlen(columns);
        snprintf(columns + length, sizeof columns - length, "%s%s = %s", length > 0 ? ", " : "",
                 what, cli_clean(json_string_value(column), clean, sizeof clean));
    }
    fprintf(out, "%-16s", "Columns");
    cli_wrap(out, columns, 16, 16, cli_width(out));
    cli_print_order_joins(out, report, 16);
    print_cleaning(out, report);
    fprintf(out, "%-16s%s lines\n", "Kept", cli_count(report->n_kept, a, sizeof a));
    fprintf(out, "%-16s%s from %s", "Orders", cli_count(report->n_orders, a, sizeof a),
            day(report->first_order, b, sizeof b));
    fprintf(out, " to %s\n", day(report->last_order, b, sizeof b));
    fprintf(out, "%-16s%s\n", "Customers", cli_count(report->n_customers, a, sizeof a));
    fprintf(out, "%-16s%s\n", "Total amount", cli_number(report->total_amount, 2, a, sizeof a));
    fprintf(out, "%-16s%s (recency and tenure count back from it)\n", "Reference date",
            day(report->reference_date, b, sizeof b));
    if (report->n_gaps > 0) {
        const double *days = report->gap_percentiles;
        fprintf(
            out,
            "%-16sdays between a customer's orders: half at most %.0f, 80 %% %.0f, 95 %% %.0f\n",
            "Rhythm", days[50], days[80], days[95]);
    }
}

/* What print_text() needs. */
typedef struct shown {
    const kmseg_table *table;
    const kmseg_features_report *report;
    json_t *said; /* the same as JSON */
} shown;

static int print_text(FILE *out, cli_run *run, const void *what) {
    const features_command *command = run->options;
    const shown *s = what;
    char clean[300];
    print_report(out, s->report, s->said, run->arguments[0]);
    int code = cli_print_columns(out, run, s->table);
    if (code != CLI_OK) {
        return code;
    }
    if (command->files.rejected != NULL) {
        fprintf(out, "Lines left out: %s\n",
                cli_clean(command->files.rejected, clean, sizeof clean));
    }
    cli_print_kept(out, command->files.output, "customers.h5", "choose-k");
    return CLI_OK;
}

static int run_features(cli_run *run) {
    const features_command *command = run->options;
    const char *input = run->arguments[0], *rejected = command->files.rejected;
    cli_format format = CLI_CSV, rejected_format;
    int code = CLI_OK;
    if (command->files.output != NULL) {
        code = cli_output_check(command->files.output, 0, input, &format);
    }
    if (code == CLI_OK && rejected != NULL) {
        code = cli_output_check(rejected, 0, input, &rejected_format);
        if (code == CLI_OK && rejected_format != CLI_CSV) {
            code = cli_misused("--rejected %s: the name needs to end in .csv", rejected);
        }
    }
    if (code == CLI_OK && rejected != NULL && cli_hides_ids(run)) {
        code = cli_misused("--rejected keeps order lines as they are, with their customers; it "
                           "cannot go with --pseudonymise or --drop-ids");
    }
    if (code != CLI_OK) {
        return code;
    }
    kmseg_table *table;
    kmseg_features_report report;
    code = cli_status(run, kmseg_features_from_file(run->ctx, input, &command->features, rejected,
                                                    &table, &report));
    if (code == CLI_OK) {
        char *text = NULL;
        kmseg_status status = kmseg_features_json(run->ctx, &report, input, &text);
        const shown s = {table, &report, cli_said(run, status, text)};
        code = cli_table_finish(run, table, format, command->files.output, s.said, print_text, &s);
        kmseg_table_free(table);
    }
    return code;
}

const cli_command cli_cmd_features = {
    .name = "features",
    .help = "build one row per customer from an order log",
    .description =
        "Reads an order log, cleans it and writes one row per customer: recency, frequency, "
        "monetary, tenure, days between orders, trend, basket and more. Columns are found by their "
        "usual names; the options below say otherwise. Every cleaning rule prints how many lines "
        "it left out. Business accounts of several buyers are customers too: --customer names the "
        "column of the account, --join adds it where the log has only the buyer, and --buyer "
        "counts "
        "buyers per account.",
    .examples = "  kmseg features orders.csv.gz -o customers.h5\n"
                "  kmseg features orders.csv --join contacts.csv:contact_id --customer account_id "
                "-o accounts.h5\n"
                "  kmseg features sales.csv --customer buyer --date day --amount total -o "
                "customers.csv\n"
                "  kmseg features orders.csv --until 2011-12-01 --rejected rejected.csv\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = 2,
    .writes_ids = 1,
    .options_size = sizeof(features_command),
    .init = init,
    .run = run_features,
};
