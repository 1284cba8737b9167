/* kmseg info: what is in a file. */
#include "cli.h"

#include <stddef.h>
#include <string.h>

typedef struct info_command {
    kmseg_csv_options csv;
} info_command;

static void init(void *options) {
    info_command *command = options;
    kmseg_csv_options_init(&command->csv);
}

static const cli_argument arguments[] = {
    {.name = "FILE",
     .is_table = 1,
     .help = "segments, or a table: .csv, .csv.gz, .parquet, .json or HDF5"}};

static const cli_group groups[] = {
    {"Reading CSV", kmseg_csv_option_table, offsetof(info_command, csv)}};

static int info_segments(cli_run *run, const char *path) {
    kmseg_result *result = NULL;
    int code = cli_status(run, kmseg_result_load(run->ctx, path, &result));
    if (code == CLI_OK) {
        code = cli_protect_result(run, result);
    }
    if (code != CLI_OK) {
        kmseg_result_free(result);
        return code;
    }
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.width = cli_width(stdout);
    options.colour = cli_colour(stdout);
    char *report;
    code = cli_status(
        run, kmseg_report(run->ctx, result, run->common.json ? "json" : "text", &options, &report));
    if (code == CLI_OK) {
        if (!run->common.json) {
            char clean[300];
            printf("%s: segments, HDF5 format %d\n\n", cli_clean(path, clean, sizeof clean),
                   KMSEG_FORMAT_VERSION);
        }
        fputs(report, stdout);
        if (!run->common.json) {
            printf("\nParameters\n%s\n", result->params);
        }
        kmseg_string_free(report);
    }
    kmseg_result_free(result);
    return code;
}

static int info_table(cli_run *run, const char *path, kmseg_file_kind kind) {
    const info_command *command = run->options;
    kmseg_table *table = NULL;
    int code = cli_status(run, kmseg_source_read(run->ctx, path, &command->csv, &table));
    if (code == CLI_OK) {
        code = cli_protect_table(run, &table);
    }
    if (code != CLI_OK) {
        kmseg_table_free(table);
        return code;
    }
    char *report;
    code = cli_status(
        run, kmseg_report_table(run->ctx, table, run->common.json ? "json" : "text", &report));
    if (code == CLI_OK) {
        if (!run->common.json) {
            char rows[32], clean[300];
            const char *source = "csv";
            (void)kmseg_source_kind(run->ctx, path, &source); /* it was read before */
            const char *what = kind == KMSEG_FILE_TABLE         ? "HDF5 table that kmseg wrote"
                               : kind == KMSEG_FILE_HDF5        ? "HDF5"
                               : strcmp(source, "parquet") == 0 ? "Parquet"
                               : strcmp(source, "json") == 0    ? "JSON"
                               : strcmp(source, "query") == 0   ? "rows"
                                                                : "CSV";
            int64_t n = kmseg_table_n_rows(table);
            int32_t n_columns = kmseg_table_n_columns(table);
            printf("%s: %s, %s row%s, %d column%s\n\n", cli_clean(path, clean, sizeof clean), what,
                   cli_count(n, rows, sizeof rows), n == 1 ? "" : "s", n_columns,
                   n_columns == 1 ? "" : "s");
        }
        fputs(report, stdout);
        kmseg_string_free(report);
    }
    kmseg_table_free(table);
    return code;
}

static int run_info(cli_run *run) {
    const char *path = run->arguments[0];
    kmseg_file_kind kind;
    int code = cli_status(run, kmseg_file_kind_of(run->ctx, path, &kind));
    if (code != CLI_OK) {
        return code;
    }
    return kind == KMSEG_FILE_RESULT ? info_segments(run, path) : info_table(run, path, kind);
}

const cli_command cli_cmd_info = {
    .name = "info",
    .help = "what is in a file: columns of a table, or segments",
    .description = "Prints the columns of a table (type, unit, missing values and a summary of the "
                   "others), or "
                   "the segments and parameters of a result.",
    .examples = "  kmseg info orders.csv.gz\n  kmseg info customers.h5\n"
                "  kmseg info segments.h5 --json\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = 1,
    .writes_ids = 1,
    .options_size = sizeof(info_command),
    .init = init,
    .run = run_info,
};
