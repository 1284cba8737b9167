/* kmseg fit: from a customer table to segments. */
#include "cli.h"

#include <stddef.h>
#include <string.h>

typedef struct fit_files {
    size_t struct_size;
    const char *output;
} fit_files;

typedef struct fit_command {
    kmseg_segment_options segment;
    kmseg_csv_options csv;
    cli_joins joins;
    fit_files files;
} fit_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(fit_files, output),
     .metavar = "FILE.h5",
     .help = "where the segments go, as HDF5; without it they are only printed",
     .short_flag = 'o'},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(fit_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    fit_command *command = options;
    kmseg_segment_options_init(&command->segment);
    kmseg_csv_options_init(&command->csv);
    cli_joins_init(&command->joins);
    kmseg_options_init(&file_table, &command->files);
}

static const cli_argument arguments[] = {
    {.name = "CUSTOMERS",
     .help = "a table of one row per customer: .csv, .csv.gz, HDF5, or what kmseg features wrote"}};

static const cli_group groups[] = {
    {"Output", files, offsetof(fit_command, files)},
    {"More columns", cli_join_table, offsetof(fit_command, joins)},
    {"Clustering", kmseg_fit_option_table, offsetof(fit_command, segment.fit)},
    {"Which columns, and how", kmseg_prepare_option_table, offsetof(fit_command, segment.prepare)},
    {"Describing segments", kmseg_profile_option_table, offsetof(fit_command, segment.profile)},
    {"Weights, scores and tiles", kmseg_segment_option_table, offsetof(fit_command, segment)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(fit_command, csv)},
};

static int print_result(cli_run *run, const cli_joined *customers, const kmseg_result *result) {
    const fit_command *command = run->options;
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.width = cli_width(stdout);
    options.colour = cli_colour(stdout);
    char *report;
    int code = cli_status(
        run, kmseg_report(run->ctx, result, run->common.json ? "json" : "text", &options, &report));
    if (code != CLI_OK) {
        return code;
    }
    if (run->common.json) {
        code = cli_print_report(report, customers);
    } else {
        cli_joined_print(stdout, customers);
        fputs(report, stdout);
    }
    kmseg_string_free(report);
    if (run->common.json) {
        return code;
    }
    if (command->files.output == NULL) {
        putchar('\n');
        cli_wrap(stdout, "Nothing was written: give -o segments.h5 to keep these segments.", 0, 0,
                 cli_width(stdout));
        return CLI_OK;
    }
    char clean[300];
    cli_clean(command->files.output, clean, sizeof clean);
    printf("\nSegments: %s\nNext: kmseg predict %s NEW.csv -o labels.csv\n", clean, clean);
    return CLI_OK;
}

static int run_fit(cli_run *run) {
    fit_command *command = run->options;
    const char *input = run->arguments[0], *output = command->files.output;
    cli_format format;
    int code = output != NULL ? cli_output_check(output, 1, input, &format) : CLI_OK;
    if (code != CLI_OK) {
        return code;
    }
    cli_joined customers;
    kmseg_result *result = NULL;
    code = cli_joined_read(run, input, &command->csv, &command->joins, &customers);
    if (code == CLI_OK) {
        command->segment.joined = customers.joined;
        code = cli_status_of(
            run, kmseg_segment(run->ctx, customers.table, &command->segment, &result), input);
    }
    if (code == CLI_OK && output != NULL) {
        code = cli_status(run, kmseg_result_save(run->ctx, result, output));
    }
    if (code == CLI_OK && (!run->common.quiet || run->common.json)) {
        code = print_result(run, &customers, result);
    }
    cli_joined_free(&customers);
    kmseg_result_free(result);
    return code;
}

const cli_command cli_cmd_fit = {
    .name = "fit",
    .help = "cluster customers into segments, and say who is in each",
    .description =
        "Reads a customer table, fills, transforms and scales its columns, clusters the customers "
        "by k-means, and prints a table of segments: how many customers, what they are worth, and "
        "what sets them apart. The numeric and categorical columns to use are chosen from the "
        "table and reported; --include and --exclude decide otherwise. Segment 1 has the highest "
        "mean value.",
    .examples = "  kmseg fit customers.h5 -k 6 -o segments.h5\n"
                "  kmseg fit customers.csv -k 4 --include recency,frequency,monetary\n"
                "  kmseg fit orders_features.h5 -k 5 --join demographics.csv:household_id\n"
                "  kmseg fit customers.csv -k 5 --exclude age --weights monetary=2 --json\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .options_size = sizeof(fit_command),
    .init = init,
    .run = run_fit,
};
