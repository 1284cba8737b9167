/* kmseg fit: from a customer table to segments. */
#include "clustering.h"

#include <stddef.h>
#include <string.h>

typedef struct fit_files {
    size_t struct_size;
    const char *output;
    const char *by;
} fit_files;

typedef struct fit_command {
    cli_clustering clustering;
    fit_files files;
} fit_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(fit_files, output),
     .metavar = "FILE.h5",
     .help = "where the segments go, as HDF5; without it they are only printed",
     .short_flag = 'o'},
    {.name = "by",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(fit_files, by),
     .metavar = "COLUMN",
     .help = "segments inside each tier, unit or other level of a column, of its own scales and "
             "centres; with -o segments.h5 a file for each, such as segments.A.h5"},
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
    cli_clustering_init(&command->clustering);
    kmseg_options_init(&file_table, &command->files);
}

static const cli_group groups[] = {
    {"Output", files, offsetof(fit_command, files)},
    {"More columns", cli_join_table, offsetof(fit_command, clustering.joins)},
    {"Clustering", kmseg_fit_option_table, offsetof(fit_command, clustering.segment.fit)},
    {"Which columns, and how", kmseg_prepare_option_table,
     offsetof(fit_command, clustering.segment.prepare)},
    {"Describing segments", kmseg_profile_option_table,
     offsetof(fit_command, clustering.segment.profile)},
    {"Weights, scores and tiles", kmseg_segment_option_table,
     offsetof(fit_command, clustering.segment)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(fit_command, clustering.csv)},
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
    printf("\nSegments: %s\nNext: kmseg %s %s%s\n", clean,
           kmseg_result_has_profile(result) ? "profile" : "predict", clean,
           kmseg_result_has_profile(result) ? "" : " CUSTOMERS");
    return CLI_OK;
}

static int save_and_print(cli_run *run, const cli_joined *customers, const kmseg_result *result) {
    const fit_command *command = run->options;
    int code = CLI_OK;
    if (command->files.output != NULL) {
        code = cli_status(run, kmseg_result_save(run->ctx, result, command->files.output));
    }
    if (code == CLI_OK && (!run->common.quiet || run->common.json)) {
        code = print_result(run, customers, result);
    }
    return code;
}

/* The fit of one level's customers. A level of fewer than there are to be segments is passed over. */
static int fit_level(cli_run *run, const cli_joined *customers, const cli_level *level,
                     const char *input, json_t *fits) {
    fit_command *command = run->options;
    char what[400], clean[200], path[4200], count[32];
    const char *output = command->files.output;
    snprintf(what, sizeof what, "%s=%s", command->files.by, level->name);
    cli_clean(what, clean, sizeof clean);
    int code = CLI_OK;
    if (output != NULL) {
        code = cli_by_path(output, level->name, path, sizeof path);
    }
    kmseg_table *table = NULL;
    kmseg_result *result = NULL;
    if (code == CLI_OK) {
        code = cli_status(
            run, kmseg_table_take(run->ctx, customers->table, level->rows, level->n_rows, &table));
    }
    if (code == CLI_OK) {
        command->clustering.segment.by = what;
        code = cli_status_of(
            run, kmseg_segment(run->ctx, table, &command->clustering.segment, &result), input);
    }
    if (code == CLI_OK) {
        code = cli_protect_result(run, result);
    }
    if (code == CLI_OK && !run->common.json && !run->common.quiet) {
        printf("%s== %s: %s customers\n\n", json_array_size(fits) > 0 ? "\n" : "", clean,
               cli_count(level->n_rows, count, sizeof count));
    }
    if (code == CLI_OK) {
        const cli_joined none = {0};
        command->files.output = output != NULL ? path : NULL;
        code = run->common.json ? CLI_OK : save_and_print(run, &none, result);
        if (run->common.json && output != NULL) {
            code = cli_status(run, kmseg_result_save(run->ctx, result, path));
        }
        command->files.output = output;
    }
    if (code == CLI_OK) {
        char *report = NULL;
        code = cli_status(run, kmseg_report(run->ctx, result, "json", NULL, &report));
        json_t *fit = code == CLI_OK ? json_loads(report, 0, NULL) : NULL;
        json_object_set_new(fit, "level", cli_json_text(level->name));
        json_array_append_new(fits, fit);
        kmseg_string_free(report);
    }
    kmseg_result_free(result);
    kmseg_table_free(table);
    return code;
}

/* Every file, before any work: that it can be written, and is of one level alone. */
static int check_paths(const cli_run *run, const cli_by *by, const char *input) {
    const fit_command *command = run->options;
    const char *output = command->files.output;
    int code = CLI_OK;
    for (int32_t l = 0; l < by->n_levels && output != NULL && code == CLI_OK; l++) {
        char path[4200], other[4200], a[200], b[200];
        cli_format format;
        code = cli_by_path(output, by->levels[l].name, path, sizeof path);
        if (code == CLI_OK) {
            code = cli_output_check(path, 1, input, &format);
        }
        for (int32_t m = 0; m < l && code == CLI_OK; m++) {
            code = cli_by_path(output, by->levels[m].name, other, sizeof other);
            if (code == CLI_OK && strcmp(path, other) == 0) {
                code = cli_failed("the levels %s and %s would both be written to %s; rename one",
                                  cli_clean(by->levels[m].name, a, sizeof a),
                                  cli_clean(by->levels[l].name, b, sizeof b), path);
            }
        }
    }
    return code;
}

static int fit_by(cli_run *run, const cli_joined *customers, const char *input) {
    const fit_command *command = run->options;
    cli_by by;
    int code = cli_by_read(run, customers->table, command->files.by, &by);
    if (code == CLI_OK) {
        code = check_paths(run, &by, input);
    }
    json_t *fits = json_array(), *skipped = json_array();
    if (code == CLI_OK && !run->common.json && !run->common.quiet) {
        cli_joined_print(stdout, customers);
    }
    for (int32_t l = 0; l < by.n_levels && code == CLI_OK; l++) {
        const cli_level *level = &by.levels[l];
        if (level->n_rows < 2 || level->n_rows < command->clustering.segment.fit.n_clusters) {
            json_array_append_new(skipped, cli_json_text(level->name));
            char clean[200];
            fprintf(stderr, "kmseg: %s has %lld customers, fewer than segments: passed over\n",
                    cli_clean(level->name, clean, sizeof clean), (long long)level->n_rows);
        } else {
            code = fit_level(run, customers, level, input, fits);
        }
    }
    if (code == CLI_OK && by.n_without > 0) {
        fprintf(stderr, "kmseg: %lld customers have no %s and no segment\n",
                (long long)by.n_without, command->files.by);
    }
    if (code == CLI_OK && json_array_size(fits) == 0) {
        code = cli_failed("no level of %s has as many customers as there are to be segments",
                          command->files.by);
    }
    if (code == CLI_OK && run->common.json) {
        json_t *root = json_object();
        json_object_set_new(root, "by", cli_json_text(command->files.by));
        json_object_set_new(root, "n_without", json_integer(by.n_without));
        json_object_set(root, "skipped", skipped);
        if (customers->joins != NULL) {
            json_object_set(root, "joins", customers->joins);
        }
        json_object_set(root, "fits", fits);
        code = cli_print_json(root);
    }
    json_decref(fits);
    json_decref(skipped);
    cli_by_free(&by);
    return code;
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
    code = cli_joined_read(run, input, &command->clustering.csv, &command->clustering.joins,
                           &customers);
    if (code == CLI_OK) {
        command->clustering.segment.joined = customers.joined;
    }
    if (code == CLI_OK && command->files.by != NULL) {
        code = fit_by(run, &customers, input);
    } else if (code == CLI_OK) {
        code = cli_status_of(run,
                             kmseg_segment_consume(run->ctx, &customers.table,
                                                   &command->clustering.segment, &result),
                             input);
        if (code == CLI_OK) {
            code = cli_protect_result(run, result);
        }
        if (code == CLI_OK) {
            code = save_and_print(run, &customers, result);
        }
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
    .arguments = cli_customers_argument,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(fit_command),
    .init = init,
    .run = run_fit,
};
