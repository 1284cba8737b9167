/* kmseg generate: synthetic orders or customers whose segments are known. */
#include "cli.h"

#include <stddef.h>
#include <string.h>

typedef struct generate_files {
    size_t struct_size;
    const char *output;
    const char *truth;
} generate_files;

typedef struct generate_command {
    kmseg_generate_options generate;
    generate_files files;
} generate_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(generate_files, output),
     .metavar = "FILE",
     .help = "where the rows go: .csv, .h5, or - for CSV on standard output",
     .short_flag = 'o'},
    {.name = "truth",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(generate_files, truth),
     .metavar = "FILE",
     .help = "where the true segment of each customer goes: .csv or .h5"},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(generate_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    generate_command *command = options;
    kmseg_generate_options_init(&command->generate);
    kmseg_options_init(&file_table, &command->files);
}

static const cli_argument arguments[] = {
    {.name = "WHAT",
     .help = "orders: an order log; customers: one row per customer",
     .option = "what"}};

static const cli_group groups[] = {
    {"Output", files, offsetof(generate_command, files)},
    {"What to make", kmseg_generate_option_table, offsetof(generate_command, generate)},
};

static int summarise(cli_run *run, const kmseg_table *table, const kmseg_table *truth) {
    const generate_command *command = run->options;
    const char *output = command->files.output;
    if (run->common.json && strcmp(output, "-") != 0) {
        json_t *root = json_object();
        json_object_set_new(root, "what", json_string(command->generate.what));
        json_object_set_new(root, "rows", json_integer(kmseg_table_n_rows(table)));
        json_object_set_new(root, "customers", json_integer(kmseg_table_n_rows(truth)));
        json_object_set_new(root, "segments", json_integer(command->generate.n_segments));
        json_object_set_new(root, "seed", json_integer((json_int_t)command->generate.seed));
        json_object_set_new(root, "output", cli_json_text(output));
        json_object_set_new(root, "truth",
                            command->files.truth ? cli_json_text(command->files.truth)
                                                 : json_null());
        return cli_print_json(root);
    }
    if (run->common.quiet || run->common.json) {
        return CLI_OK;
    }
    FILE *out = cli_summary_stream(output);
    char rows[32], customers[32], clean[300];
    cli_count(kmseg_table_n_rows(table), rows, sizeof rows);
    cli_count(kmseg_table_n_rows(truth), customers, sizeof customers);
    cli_clean(output, clean, sizeof clean);
    int orders = strcmp(command->generate.what, "orders") == 0;
    if (orders) {
        fprintf(out, "%s order lines of %s customers in %d groups, seed %llu: %s\n", rows,
                customers, command->generate.n_segments, (unsigned long long)command->generate.seed,
                clean);
    } else {
        fprintf(out, "%s customers in %d groups, seed %llu: %s\n", rows,
                command->generate.n_segments, (unsigned long long)command->generate.seed, clean);
    }
    if (command->files.truth != NULL) {
        fprintf(out, "True segments: %s\n", cli_clean(command->files.truth, clean, sizeof clean));
    }
    if (strcmp(output, "-") != 0) {
        cli_clean(output, clean, sizeof clean);
        fprintf(out,
                orders ? "Next: kmseg features %s -o customers.h5\n" : "Next: kmseg choose-k %s\n",
                clean);
    }
    return CLI_OK;
}

static int run_generate(cli_run *run) {
    generate_command *command = run->options;
    const char *output = command->files.output, *truth_path = command->files.truth;
    cli_format format, truth_format = CLI_CSV;
    if (output == NULL) {
        return cli_misused("generate needs -o FILE, ending in .csv or .h5, or - for standard "
                           "output; see kmseg generate --help");
    }
    int code = cli_output_check(output, 0, NULL, &format);
    if (code == CLI_OK && truth_path != NULL) {
        code = cli_output_check(truth_path, 0, NULL, &truth_format);
    }
    if (code == CLI_OK && truth_path != NULL && strcmp(truth_path, output) == 0) {
        code = cli_misused("-o and --truth are the same file");
    }
    if (code != CLI_OK) {
        return code;
    }
    kmseg_table *table = NULL, *truth = NULL;
    code = cli_status(run, kmseg_generate(run->ctx, &command->generate, &table, &truth));
    if (code == CLI_OK) {
        code = cli_table_write(run, table, format, NULL, output);
    }
    if (code == CLI_OK && truth_path != NULL) {
        code = cli_table_write(run, truth, truth_format, NULL, truth_path);
    }
    if (code == CLI_OK) {
        code = summarise(run, table, truth);
    }
    kmseg_table_free(table);
    kmseg_table_free(truth);
    return code;
}

const cli_command cli_cmd_generate = {
    .name = "generate",
    .help = "make synthetic orders or customers with known segments",
    .description =
        "Makes data to try kmseg on, with segments that are really there, the same for the same "
        "seed on every machine.",
    .examples =
        "  kmseg generate orders --n-orders 200000 --seed 1 -o orders.csv\n"
        "  kmseg generate customers --n-customers 5000 -o customers.csv --truth truth.csv\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = 2,
    .options_size = sizeof(generate_command),
    .init = init,
    .run = run_generate,
};
