/* kmseg export: segments for the CRM. */
#include "cli.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

typedef struct export_files {
    size_t struct_size;
    const char *output;
    const char *with;
} export_files;

typedef struct export_database {
    size_t struct_size;
    const char *odbc, *table;
    int32_t dry_run;
} export_database;

typedef struct export_command {
    export_files files;
    export_database database;
    kmseg_crm_options crm;
    cli_joins joins;
    kmseg_csv_options csv;
} export_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(export_files, output),
     .metavar = "FILE.csv",
     .help = "where the rows go; more than one file are FILE-001.csv, FILE-002.csv, ...; - is "
             "standard output",
     .short_flag = 'o'},
    {.name = "with",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(export_files, with),
     .metavar = "FILE",
     .help = "a table of the customers with their tier, lifecycle, clv or churn risk, as kmseg "
             "tier, lifecycle and clv write it; rows are matched by id"},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(export_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static const kmseg_option database_rows[] = {
    {.name = "odbc",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(export_database, odbc),
     .metavar = "CONNECTION",
     .help = "write the rows into --table of this database, in one transaction, in place of a "
             "file: DSN=shop, or Driver=...;Server=...; @FILE and env:NAME take the connection "
             "string from a file or an environment variable, where a password may be"},
    {.name = "table",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(export_database, table),
     .metavar = "NAME",
     .help = "the table: segments, or crm.segments; made where it is not there, and its rows "
             "replaced where it is there with exactly these columns"},
    {.name = "dry_run",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(export_database, dry_run),
     .help = "look whether the table could be written, say what would be done, and write nothing"},
};

static const kmseg_option_table database_table = {
    .name = "database",
    .struct_size = sizeof(export_database),
    .n_options = sizeof database_rows / sizeof *database_rows,
    .options = database_rows,
};

static const kmseg_option_table *database(void) { return &database_table; }

static void init(void *options) {
    export_command *command = options;
    kmseg_options_init(&file_table, &command->files);
    kmseg_options_init(&database_table, &command->database);
    kmseg_crm_options_init(&command->crm);
    cli_joins_init(&command->joins);
    kmseg_csv_options_init(&command->csv);
}

static const cli_argument arguments[] = {
    {.name = "SEGMENTS", .help = "what kmseg fit wrote: segments.h5"}};

static const cli_group groups[] = {
    {"Output", files, offsetof(export_command, files)},
    {"A database in place of files", database, offsetof(export_command, database)},
    {"Format and columns", kmseg_crm_option_table, offsetof(export_command, crm)},
    {"More columns for --with", cli_join_table, offsetof(export_command, joins)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(export_command, csv)},
};

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A file of an earlier export that is no part of this one, and would be imported with it. */
static int find_stale(const char *path, int32_t n_files, char *out, size_t capacity) {
    char name[4200];
    int found = n_files > 1 && access(path, F_OK) == 0;
    if (found) {
        snprintf(name, sizeof name, "%s", path);
    } else { /* of more than one, with the number behind the last of these */
        found = kmseg_crm_file_name(path, n_files > 1 ? n_files : 0, 1000000, name, sizeof name) &&
                access(name, F_OK) == 0;
    }
    if (found) {
        cli_clean(name, out, capacity);
    }
    return found;
}

static const char *field_header(const export_command *command, kmseg_crm_field field) {
    return kmseg_crm_header(command->crm.format, field);
}

static void add_files(json_t *root, const export_command *command, const kmseg_crm_report *report) {
    json_t *paths = json_array();
    json_object_set_new(root, "bytes", json_integer(report->n_bytes));
    for (int32_t i = 0; i < report->n_files; i++) {
        char name[4200];
        kmseg_crm_file_name(command->files.output, i, report->n_files, name, sizeof name);
        json_array_append_new(paths, cli_json_text(name));
    }
    json_object_set_new(root, "files", paths);
    json_object_set_new(root, "neutralised_cells", json_integer(report->n_neutralised));
}

static void add_table(json_t *root, const export_command *command, const kmseg_crm_report *report) {
    json_object_set_new(root, "table", cli_json_text(command->database.table));
    json_object_set_new(root, "table_was_there", json_boolean(report->was_there));
    json_object_set_new(root, "rows_replaced", json_integer(report->n_replaced));
    json_object_set_new(root, "dry_run", json_boolean(command->database.dry_run));
}

static int print_json(const export_command *command, const kmseg_crm_report *report) {
    json_t *root = json_object(), *columns = json_array();
    json_object_set_new(root, "format", json_string(command->crm.format));
    json_object_set_new(root, "rows", json_integer(report->n_rows));
    if (command->database.table != NULL) {
        add_table(root, command, report);
    } else {
        add_files(root, command, report);
    }
    for (int32_t i = 0; i < report->n_columns; i++) {
        json_array_append_new(columns, json_string(kmseg_crm_field_name(report->fields[i])));
    }
    json_object_set_new(root, "fields", columns);
    if (report->n_customers > 0) {
        json_object_set_new(root, "matched", json_integer(report->n_matched));
        json_object_set_new(root, "without_customer",
                            json_integer(report->n_rows - report->n_matched));
        json_object_set_new(root, "customers_without_segment",
                            json_integer(report->n_customers_unmatched));
    }
    return cli_print_json(root);
}

static void print_matches(const export_command *command, const kmseg_crm_report *report) {
    char n[3][32], clean[200], text[500], rest[160] = "";
    if (report->n_customers == 0 || command->files.with == NULL) {
        return;
    }
    if (report->n_customers_unmatched > 0) {
        snprintf(rest, sizeof rest, "; %s of its %s rows are of customers without a segment",
                 cli_count(report->n_customers_unmatched, n[0], sizeof n[0]),
                 cli_count(report->n_customers, n[1], sizeof n[1]));
    }
    int64_t without = report->n_rows - report->n_matched;
    cli_clean(base_name(command->files.with), clean, sizeof clean);
    if (without == 0) {
        snprintf(text, sizeof text, "%s has every customer%s.", clean, rest);
    } else {
        snprintf(text, sizeof text, "%s lacks %s of the customers, whose cells stay empty%s.",
                 clean, cli_count(without, n[2], sizeof n[2]), rest);
    }
    printf("%-16s", "Matched");
    cli_wrap(stdout, text, 16, 16, cli_width(stdout));
}

static void print_files(const export_command *command, const kmseg_crm_report *report) {
    enum { SHOWN = 3 };
    const char *path = command->files.output;
    char name[4200], clean[300];
    int32_t n = report->n_files;
    for (int32_t i = 0; i < n; i++) {
        if (n > SHOWN && i == SHOWN - 1) {
            i = n - 1;
            printf("%16s...\n", "");
        }
        kmseg_crm_file_name(path, i, n, name, sizeof name);
        printf("%-16s%s\n", i == 0 ? "Files" : "", cli_clean(name, clean, sizeof clean));
    }
    const char *dot = strrchr(base_name(path), '.');
    int stem = (int)(dot != NULL ? (size_t)(dot - path) : strlen(path));
    snprintf(name, sizeof name, "%.*s.mapping.csv", stem, path);
    printf("%-16s%s says what each column is", "", cli_clean(name, clean, sizeof clean));
    if (strcmp(command->crm.format, "salesforce") == 0) {
        snprintf(name, sizeof name, "%.*s.sdl", stem, path);
        printf("; %s is the same for Data Loader", cli_clean(name, clean, sizeof clean));
    }
    putchar('\n');
}

/* How many rows went where. */
static void print_written(const export_command *command, const kmseg_crm_report *report) {
    char rows[32], bytes[32], clean[200], text[400];
    cli_count(report->n_rows, rows, sizeof rows);
    if (command->database.table == NULL) {
        printf("%-16s%s rows, %s MB, for %s\n", "Exported", rows,
               cli_number((double)report->n_bytes * 1e-6, 1, bytes, sizeof bytes),
               command->crm.format);
        return;
    }
    int is_dry = command->database.dry_run;
    cli_clean(command->database.table, clean, sizeof clean);
    if (report->was_there) {
        snprintf(text, sizeof text, "%s rows into table %s, in place of the %s %s", rows, clean,
                 cli_count(report->n_replaced, bytes, sizeof bytes),
                 is_dry ? "in it" : "that were in it");
    } else {
        snprintf(text, sizeof text, "%s rows into table %s, which %s", rows, clean,
                 is_dry ? "would be new" : "is new");
    }
    printf("%-16s", is_dry ? "Would write" : "Written");
    cli_wrap(stdout, text, 16, 16, cli_width(stdout));
}

static void print_text(const cli_run *run, const kmseg_crm_report *report,
                       const cli_joined *customers) {
    const export_command *command = run->options;
    char rows[32], text[600] = "";
    cli_joined_print(stdout, customers);
    print_written(command, report);
    for (int32_t i = 0; i < report->n_columns; i++) {
        size_t used = strlen(text);
        const char *field = kmseg_crm_field_name(report->fields[i]);
        snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "",
                 command->crm.headers == NULL ? field_header(command, report->fields[i]) : field);
    }
    printf("%-16s", "Columns");
    cli_wrap(stdout, text, 16, 16, cli_width(stdout));
    print_matches(command, report);
    if (report->n_neutralised > 0) {
        snprintf(text, sizeof text,
                 "%s cells begin with a sign that a spreadsheet takes for a formula and got an "
                 "apostrophe in front",
                 cli_count(report->n_neutralised, rows, sizeof rows));
        printf("%-16s", "Neutralised");
        cli_wrap(stdout, text, 16, 16, cli_width(stdout));
    }
    if (command->files.output != NULL) {
        print_files(command, report);
    }
    if (command->files.with == NULL) {
        putchar('\n');
        cli_wrap(stdout,
                 "Tier, stage, lifetime value and risk come from a table of the customers: give "
                 "--with FILE.",
                 0, 0, cli_width(stdout));
    }
}

static int finish(cli_run *run, const kmseg_crm_report *report, const cli_joined *customers) {
    const export_command *command = run->options;
    const char *output = command->files.output;
    char stale[300];
    if (output != NULL && strcmp(output, "-") == 0) {
        return CLI_OK;
    }
    if (output != NULL && find_stale(output, report->n_files, stale, sizeof stale)) {
        fprintf(stderr, "kmseg: %s is there from an earlier export and is no part of this one\n",
                stale);
    }
    if (run->common.json) {
        return print_json(command, report);
    }
    if (!run->common.quiet) {
        print_text(run, report, customers);
    }
    return CLI_OK;
}

static int check_file(const cli_run *run) {
    const export_command *command = run->options;
    const char *output = command->files.output;
    cli_format format;
    int code = cli_output_check(output, 0, run->arguments[0], &format);
    if (code == CLI_OK && format != CLI_CSV) {
        code = cli_misused("-o %s: exports are CSV, so the name needs to end in .csv", output);
    }
    if (code == CLI_OK && command->files.with != NULL) {
        code = cli_output_check(output, 0, command->files.with, &format);
    }
    return code;
}

/* Rows go to a file or to a table. */
static int check_output(const cli_run *run) {
    const export_command *command = run->options;
    const export_database *to = &command->database;
    const char *output = command->files.output;
    int code = CLI_OK;
    if (output == NULL && to->odbc == NULL && to->table == NULL) {
        code = cli_misused("export needs -o FILE.csv, -o - for standard output, or --odbc and "
                           "--table for a database; see kmseg export --help");
    } else if ((to->odbc == NULL) != (to->table == NULL)) {
        code = cli_misused("--odbc says in which database --table NAME is; give both");
    } else if (output != NULL && to->table != NULL) {
        code = cli_misused("-o writes a file and --table into a database; give one of them");
    } else if (to->dry_run && to->table == NULL) {
        code = cli_misused("--dry-run looks at the table of a database; give --odbc and --table");
    } else if (output != NULL) {
        code = check_file(run);
    }
    if (code == CLI_OK && command->files.with == NULL && command->joins.join != NULL) {
        code = cli_misused("--join adds columns to those of --with; name that file");
    }
    return code;
}

static int write_rows(cli_run *run, const kmseg_result *result, const kmseg_table *customers,
                      kmseg_crm_report *report) {
    export_command *command = run->options;
    command->crm.key = run->key;
    command->crm.drop_ids = run->privacy.drop_ids;
    if (command->database.table == NULL) {
        return cli_status(run, kmseg_crm_write(run->ctx, result, customers, &command->crm,
                                               command->files.output, report));
    }
    kmseg_crm_table table = {.struct_size = sizeof table,
                             .name = command->database.table,
                             .dry_run = command->database.dry_run};
    return cli_database_write(run, result, customers, &command->crm, command->database.odbc, &table,
                              report);
}

/* The table of --with: of its columns only those that are written, unless others are joined to it. */
static int read_customers(cli_run *run, cli_joined *out) {
    export_command *command = run->options;
    const char *names[KMSEG_N_CRM_FIELDS];
    kmseg_csv_options csv = command->csv;
    kmseg_table *columns = NULL;
    kmseg_file_kind kind;
    int code = cli_status(run, kmseg_file_kind_of(run->ctx, command->files.with, &kind));
    if (code == CLI_OK && command->joins.join == NULL && kind != KMSEG_FILE_RESULT) {
        code = cli_status(
            run, kmseg_source_columns(run->ctx, command->files.with, &command->csv, &columns));
        if (code == CLI_OK) {
            csv.select = names;
            csv.n_select = kmseg_crm_columns(columns, &command->crm, names);
        }
    }
    if (code == CLI_OK) {
        code = cli_joined_read(run, command->files.with, &csv, &command->joins, out);
    }
    kmseg_table_free(columns);
    return code;
}

static int run_export(cli_run *run) {
    export_command *command = run->options;
    int code = check_output(run);
    if (code == CLI_OK) {
        code = cli_check_segments(run, run->arguments[0]);
    }
    if (code != CLI_OK) {
        return code;
    }
    kmseg_result *result = NULL;
    cli_joined customers = {0};
    kmseg_crm_report report;
    code = cli_status(run, kmseg_result_load(run->ctx, run->arguments[0], &result));
    if (code == CLI_OK && command->files.with != NULL) {
        code = read_customers(run, &customers);
    }
    if (code == CLI_OK) {
        code = write_rows(run, result, customers.table, &report);
    }
    if (code == CLI_OK) {
        code = finish(run, &report, &customers);
    }
    cli_joined_free(&customers);
    kmseg_result_free(result);
    return code;
}

const cli_command cli_cmd_export = {
    .name = "export",
    .help = "segments as files for the bulk import of a CRM, or into a database",
    .description =
        "Writes one row per customer: id, segment, name, and where these are known tier, stage, "
        "customer lifetime value, risk and action. Names of columns, encoding, line ends and "
        "limits are those that the CRM's import takes; what is too much for one file goes into "
        "several, numbered. A mapping beside them says what each column is.\n\n"
        "With --odbc and --table the rows go into a table of a database in one transaction: all "
        "of them are there at its end, or the table is as it was.\n\n"
        "Actions and own names of segments are those of kmseg profile --labels. Texts that a "
        "spreadsheet would take for a formula are neutralised; numbers are never changed.",
    .examples = "  kmseg export segments.h5 -o segments.csv\n"
                "  kmseg export segments.h5 --with tiers.h5 --format salesforce -o out/leads.csv\n"
                "  kmseg export segments.h5 --with tiers.h5 --join clv.h5:customer_id --format "
                "hubspot -o crm.csv\n"
                "  kmseg export segments.h5 --format zoho --headers id=Email --max-rows 5000 -o "
                "zoho.csv\n"
                "  kmseg export segments.h5 --pseudonymise --key-file customers.key -o "
                "partner.csv\n"
                "  kmseg export segments.h5 --odbc @shop.connection --table crm.segments\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(export_command),
    .init = init,
    .run = run_export,
};
