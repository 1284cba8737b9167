/* kmseg lifecycle: where each customer stands, by the data's own days between orders. */
#include "value.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

typedef struct list_files {
    size_t struct_size;
    const char *customers;
} list_files;

typedef struct lifecycle_command {
    kmseg_lifecycle_options lifecycle;
    kmseg_value_columns columns;
    kmseg_features_options features;
    cli_value_files files;
    list_files list;
} lifecycle_command;

static const kmseg_option list_rows[] = {
    {.name = "customers",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(list_files, customers),
     .metavar = "FILE:COLUMN",
     .help = "a list of all customers, such as members; those without an order are added as "
             "potential. COLUMN names the customer; without it, it is found by its usual names"},
};

static const kmseg_option_table list_table = {
    .name = "list",
    .struct_size = sizeof(list_files),
    .n_options = sizeof list_rows / sizeof *list_rows,
    .options = list_rows,
};

static const kmseg_option_table *list(void) { return &list_table; }

static void init(void *options) {
    lifecycle_command *command = options;
    kmseg_lifecycle_options_init(&command->lifecycle);
    kmseg_value_columns_init(&command->columns);
    kmseg_features_options_init(&command->features);
    kmseg_options_init(cli_value_files_table(), &command->files);
    kmseg_options_init(&list_table, &command->list);
}

static const cli_argument arguments[] = {
    {.name = "ORDERS|CUSTOMERS",
     .is_table = 1,
     .help = "an order log, or the customers that kmseg features made of one: .csv, .csv.gz, "
             ".parquet, .json or HDF5"}};

static const cli_group groups[] = {
    {"Output", cli_value_files_table, offsetof(lifecycle_command, files)},
    {"Stages", kmseg_lifecycle_option_table, offsetof(lifecycle_command, lifecycle)},
    {"Customers without an order", list, offsetof(lifecycle_command, list)},
    {"A table of customers", kmseg_value_columns_option_table,
     offsetof(lifecycle_command, columns)},
    {"An order log", kmseg_features_option_table, offsetof(lifecycle_command, features)},
};

/* What print() needs. */
typedef struct shown {
    const cli_customers *customers;
    const kmseg_lifecycle *lifecycle;
    const kmseg_list_report *list; /* NULL: none was given */
} shown;

static void print(FILE *out, cli_run *run, const void *what) {
    const shown *s = what;
    const kmseg_lifecycle *l = s->lifecycle;
    char a[64], b[64];
    cli_print_customers(out, s->customers, run->arguments[0]);
    if (s->list != NULL) {
        fprintf(out, "%-16s%s have no order", "List", cli_count(s->list->n_added, a, sizeof a));
        fprintf(out, ", %s have one", cli_count(s->list->n_known, a, sizeof a));
        fprintf(out, "; %s customers with orders are not in the list\n",
                cli_count(s->list->n_unlisted, a, sizeof a));
    }
    int digits_a = l->warn_days != (double)(int64_t)l->warn_days;
    int digits_b = l->lost_days != (double)(int64_t)l->lost_days;
    fprintf(out, "%-16swarning after %s days, lost after %s%s\n\n", "Thresholds",
            cli_number(l->warn_days, digits_a, a, sizeof a),
            cli_number(l->lost_days, digits_b, b, sizeof b),
            l->estimated_from != NULL ? "; estimated, see the notes" : "");
    /* without a list nobody can be known to have no order */
    int first = s->list == NULL && l->stages[0].n_customers == 0;
    cli_print_groups(out, "stage", l->stages + first, KMSEG_N_STAGES - first, &l->all);
    cli_print_sentences(out, "How to read it", &l->conventions);
    cli_print_sentences(out, "Notes", &l->notes);
}

/* FILE:COLUMN at its last colon, unless a file has the whole name. path is a copy that is cut. */
static const char *cut_column(char *path) {
    char *colon = access(path, F_OK) == 0 ? NULL : strrchr(path, ':');
    if (colon == NULL) {
        return NULL;
    }
    *colon = '\0';
    return colon + 1;
}

/* Reads the list and puts the customers with it in place of those without. */
static int add_list(cli_run *run, cli_customers *customers, kmseg_list_report *report) {
    const lifecycle_command *command = run->options;
    char *path = strdup(command->list.customers);
    if (path == NULL) {
        return cli_failed("out of memory");
    }
    const char *column = cut_column(path);
    kmseg_csv_options csv;
    kmseg_csv_options_init(&csv);
    const kmseg_column_request request = {column, KMSEG_COLUMN_TEXT};
    if (column != NULL) { /* ids as they are written, and nothing else of the file */
        csv.requests = &request;
        csv.n_requests = 1;
        csv.select = &column;
        csv.n_select = 1;
    }
    kmseg_table *members = NULL, *joined = NULL;
    int code = cli_status(run, kmseg_source_read(run->ctx, path, &csv, &members));
    if (code == CLI_OK) {
        code = cli_status_of(run,
                             kmseg_customers_add_list(run->ctx, customers->table, &command->columns,
                                                      members, column, &joined, report),
                             path);
    }
    if (code == CLI_OK) {
        kmseg_table_free(customers->table);
        customers->table = joined;
    }
    kmseg_table_free(members);
    free(path);
    return code;
}

static int stage(cli_run *run, cli_customers *customers, cli_format format) {
    const lifecycle_command *command = run->options;
    double percentiles[KMSEG_N_GAP_PERCENTILES];
    const kmseg_origin before = cli_origin(customers, run->arguments[0]);
    int64_t n_gaps = kmseg_origin_gaps(&before, percentiles);
    int known = n_gaps > 0 || customers->is_log;
    kmseg_list_report report;
    kmseg_lifecycle *lifecycle = NULL;
    const int listed = command->list.customers != NULL;
    int code = listed ? add_list(run, customers, &report) : CLI_OK;
    if (code == CLI_OK) {
        code = cli_status_of(run,
                             kmseg_lifecycle_new(run->ctx, customers->table, &command->columns,
                                                 known ? percentiles : NULL, n_gaps,
                                                 &command->lifecycle, &lifecycle),
                             run->arguments[0]);
    }
    if (code == CLI_OK) {
        const shown s = {customers, lifecycle, listed ? &report : NULL};
        const kmseg_origin origin = cli_origin(customers, run->arguments[0]);
        char *said = NULL;
        kmseg_status status =
            kmseg_lifecycle_json(run->ctx, lifecycle, &command->lifecycle, s.list, &origin, &said);
        code = cli_value_finish(run, customers->table, format, command->files.output,
                                cli_said(run, status, said), print, &s);
    }
    kmseg_lifecycle_free(lifecycle);
    return code;
}

static int run_lifecycle(cli_run *run) {
    const lifecycle_command *command = run->options;
    const char *input = run->arguments[0], *output = command->files.output;
    const char *const needs[] = {command->columns.recency, command->columns.frequency};
    cli_format format = CLI_CSV;
    int code = output != NULL ? cli_output_check(output, 0, input, &format) : CLI_OK;
    if (code != CLI_OK) {
        return code;
    }
    cli_customers customers = {0};
    code = cli_customers_read(run, input, needs, 2, &command->features, &customers);
    if (code == CLI_OK) {
        code = stage(run, &customers, format);
    }
    cli_customers_free(&customers);
    return code;
}

const cli_command cli_cmd_lifecycle = {
    .name = "lifecycle",
    .help = "where each customer stands: potential, new, growing, mature, declining, lost",
    .description =
        "Judges each customer by the rhythm of your own customers: the days between their orders. "
        "Who has been away for longer than 80 % of these gaps declines, for longer than 95 % is "
        "lost; of the others, one order day is new, rising spend is growing, the rest are mature. "
        "Customers of a list who never ordered are potential.\n\n"
        "The new columns are lifecycle and lifecycle_reason. The thresholds are fitted to the "
        "data, "
        "printed, and kept in the file.",
    .examples =
        "  kmseg lifecycle orders.csv.gz -o lifecycle.h5\n"
        "  kmseg lifecycle customers.h5 --customers members.csv:member_id -o lifecycle.csv\n"
        "  kmseg lifecycle orders.csv --warn 90 --lost 99\n"
        "  kmseg lifecycle customers.csv --warn-days 60 --lost-days 180\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(lifecycle_command),
    .init = init,
    .run = run_lifecycle,
};
