/* kmseg profile: what each segment looks like, from a stored result. */
#include "cli.h"

#include <stddef.h>
#include <string.h>

typedef struct profile_files {
    size_t struct_size;
    const char *output;
    const char *labels;
    const char *write_labels;
    const char *with;
    int32_t csv;
} profile_files;

typedef struct profile_command {
    profile_files files;
    kmseg_csv_options reading;
} profile_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(profile_files, output),
     .metavar = "FILE",
     .help = "where it goes: segments.h5 keeps the labels with the segments (the "
             "file that was read is fine), .csv or - is the profile as CSV",
     .short_flag = 'o'},
    {.name = "with",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(profile_files, with),
     .choices = "\n",
     .metavar = "FILE[:KEY]",
     .help = "profile by the columns of another table of the customers as well; KEY is its column "
             "that names the customer (found by name); can be repeated"},
    {.name = "labels",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(profile_files, labels),
     .metavar = "FILE",
     .help = "your names, actions, budgets and colours of segments, as --write-labels writes them"},
    {.name = "write_labels",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(profile_files, write_labels),
     .metavar = "FILE",
     .help = "writes a file of labels to edit, with the names there are, and stops"},
    {.name = "csv",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(profile_files, csv),
     .help = "print the profile as CSV: one row per number"},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(profile_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    profile_command *command = options;
    kmseg_options_init(&file_table, &command->files);
    kmseg_csv_options_init(&command->reading);
}

static const cli_argument arguments[] = {
    {.name = "SEGMENTS", .help = "what kmseg fit wrote: segments.h5"}};

static const cli_group groups[] = {
    {"Output", files, offsetof(profile_command, files)},
    {"Reading CSV of --with", kmseg_csv_option_table, offsetof(profile_command, reading)},
};

static int print_result(cli_run *run, const kmseg_result *result, const cli_joined *with) {
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.width = cli_width(stdout);
    options.colour = cli_colour(stdout);
    const char *format = run->common.json ? "json" : "profile";
    char *report;
    int code = cli_status(run, kmseg_report(run->ctx, result, format, &options, &report));
    if (code == CLI_OK) {
        if (run->common.json) {
            code = cli_print_report(report, with);
        } else {
            cli_joined_print(stdout, with);
            fputs(report, stdout);
        }
        kmseg_string_free(report);
    }
    return code;
}

static int write_csv(cli_run *run, const kmseg_result *result, const char *path) {
    kmseg_table *table;
    int code = cli_status(run, kmseg_profile_table(run->ctx, result, &table));
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_csv_write(run->ctx, table, path));
        kmseg_table_free(table);
    }
    return code;
}

static int use(cli_run *run, kmseg_result *result, const cli_joined *with, cli_format format) {
    const profile_files *wanted = &((const profile_command *)run->options)->files;
    if (wanted->labels != NULL) {
        int code = cli_status(run, kmseg_plans_read(run->ctx, result, wanted->labels));
        if (code != CLI_OK) {
            return code;
        }
    }
    if (wanted->write_labels != NULL) {
        int code = cli_status(run, kmseg_plans_write(run->ctx, result, wanted->write_labels));
        if (code == CLI_OK && !run->common.quiet && strcmp(wanted->write_labels, "-") != 0) {
            char clean[300];
            cli_clean(wanted->write_labels, clean, sizeof clean);
            printf("Labels: %s\nEdit it, then: kmseg profile %s --labels %s\n", clean,
                   run->arguments[0], clean);
        }
        return code;
    }
    if (!wanted->csv && wanted->output == NULL) {
        return print_result(run, result, with);
    }
    if (!run->common.quiet && with->joins != NULL) { /* what is missing is not in the file itself */
        cli_joined_print(wanted->csv ? stderr : cli_summary_stream(wanted->output), with);
    }
    if (wanted->csv) {
        return write_csv(run, result, "-");
    }
    return format == CLI_HDF5 ? cli_status(run, kmseg_result_save(run->ctx, result, wanted->output))
                              : write_csv(run, result, wanted->output);
}

static int run_profile(cli_run *run) {
    const profile_files *wanted = &((const profile_command *)run->options)->files;
    cli_format format = CLI_CSV;
    int code = wanted->output != NULL ? cli_output_check(wanted->output, 0, NULL, &format) : CLI_OK;
    if (code == CLI_OK && (wanted->output != NULL) + wanted->csv + run->common.json > 1) {
        code = cli_misused("-o, --csv and --json each say where the profile goes; give one");
    }
    if (code == CLI_OK) {
        code = cli_check_segments(run, run->arguments[0]);
    }
    if (code != CLI_OK) {
        return code;
    }
    kmseg_result *result;
    code = cli_status(run, kmseg_result_load(run->ctx, run->arguments[0], &result));
    if (code == CLI_OK) {
        const profile_command *command = run->options;
        cli_joined with = {0};
        code = cli_joined_describe(run, wanted->with, &command->reading, result, &with);
        code = code == CLI_OK ? cli_protect_result(run, result) : code;
        code = code == CLI_OK ? use(run, result, &with, format) : code;
        cli_joined_free(&with);
        kmseg_result_free(result);
    }
    return code;
}

const cli_command cli_cmd_profile = {
    .name = "profile",
    .help = "what each segment looks like, and what you call it",
    .description =
        "Prints a section per segment: customers and value, what sets it apart, a rule in the "
        "units "
        "of your columns with how often it is right, the most typical customers, and how every "
        "column is spread, also those that were not clustered on. --write-labels writes a file in "
        "which you name segments and say what is done with them; --labels reads it, and -o keeps "
        "it "
        "with the segments, so that predict and info use your names. --with adds the columns of "
        "another table, such as what kmseg clv wrote or answers to a survey: matched by customer, "
        "with counts of what did not match, and kept by -o.",
    .examples = "  kmseg profile segments.h5\n"
                "  kmseg profile segments.h5 --write-labels labels.txt\n"
                "  kmseg profile segments.h5 --labels labels.txt -o segments.h5\n"
                "  kmseg profile segments.h5 --with clv.h5 --with members.csv:member_id\n"
                "  kmseg profile segments.h5 --csv > profile.csv\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(profile_command),
    .init = init,
    .run = run_profile,
};
