/* kmseg explain: why a customer is in a segment. */
#include "cli.h"

#include <stddef.h>

typedef struct explain_command {
    kmseg_csv_options csv;
    cli_joins joins;
} explain_command;

static void init(void *options) {
    explain_command *command = options;
    kmseg_csv_options_init(&command->csv);
    cli_joins_init(&command->joins);
}

static const cli_argument arguments[] = {
    {.name = "SEGMENTS", .help = "what kmseg fit wrote: segments.h5"},
    {.name = "CUSTOMERS",
     .is_table = 1,
     .help = "customers with the columns of the fit, or left out: then only what the segments "
             "hold is told"},
    {.name = "CUSTOMER", .help = "the id of a customer", .optional = 1},
};

static const cli_group groups[] = {
    {"More columns", cli_join_table, offsetof(explain_command, joins)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(explain_command, csv)},
};

static int print_explanation(cli_run *run, const kmseg_result *result,
                             const kmseg_explanation *explanation) {
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.width = cli_width(stdout);
    char *report;
    int code = cli_status(run, kmseg_report_explanation(run->ctx, result, explanation,
                                                        run->common.json ? "json" : "text",
                                                        &options, &report));
    if (code == CLI_OK) {
        fputs(report, stdout);
        kmseg_string_free(report);
    }
    return code;
}

static int run_explain(cli_run *run) {
    const explain_command *command = run->options;
    const char *segments = run->arguments[0];
    const char *customers = run->arguments[2] != NULL ? run->arguments[1] : NULL;
    const char *customer = run->arguments[2] != NULL ? run->arguments[2] : run->arguments[1];
    kmseg_result *result = NULL;
    cli_joined table = {0};
    kmseg_explanation *explanation = NULL;
    int code = cli_check_segments(run, segments);
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_result_load(run->ctx, segments, &result));
    }
    if (code == CLI_OK && customers != NULL) {
        code = cli_joined_read(run, customers, &command->csv, &command->joins, &table);
        if (code == CLI_OK) {
            code = cli_joined_check(&table, result, &command->joins);
        }
    }
    if (code == CLI_OK) {
        code =
            cli_status_of(run, kmseg_explain(run->ctx, result, table.table, customer, &explanation),
                          customers != NULL ? customers : segments);
    }
    if (code == CLI_OK) {
        code = print_explanation(run, result, explanation);
    }
    kmseg_explanation_free(explanation);
    cli_joined_free(&table);
    kmseg_result_free(result);
    return code;
}

const cli_command cli_cmd_explain = {
    .name = "explain",
    .help = "why a customer is in a segment and not in the next",
    .description =
        "Prints a customer's segment and the runner-up, how far it is from both centres, what "
        "every "
        "column adds to the margin between them (the parts sum to it exactly), the rule that is "
        "true "
        "of the customer and whether it agrees, and whether the customer is outlying. New "
        "customers "
        "are explained as well as those of the fit. Without CUSTOMERS only the stored segment and "
        "distance are known.",
    .examples = "  kmseg explain segments.h5 customers.h5 12347\n"
                "  kmseg explain segments.h5 new.csv C-0042 --json\n"
                "  kmseg explain segments.h5 accounts.h5 A1001 --join accounts.csv:account_id\n"
                "  kmseg explain segments.h5 12347\n",
    .arguments = arguments,
    .n_arguments = 3,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .options_size = sizeof(explain_command),
    .init = init,
    .run = run_explain,
};
