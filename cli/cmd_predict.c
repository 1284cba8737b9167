/* kmseg predict: the segment of each new customer. */
#include "cli.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct predict_files {
    size_t struct_size;
    const char *output;
} predict_files;

typedef struct predict_command {
    kmseg_csv_options csv;
    cli_joins joins;
    predict_files files;
} predict_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(predict_files, output),
     .metavar = "FILE",
     .help = "where one row per customer goes: .csv, .h5, or - for CSV on standard output; without "
             "it only the summary is printed",
     .short_flag = 'o'},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(predict_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    predict_command *command = options;
    kmseg_csv_options_init(&command->csv);
    cli_joins_init(&command->joins);
    kmseg_options_init(&file_table, &command->files);
}

static const cli_argument arguments[] = {
    {.name = "SEGMENTS", .help = "what kmseg fit wrote: segments.h5"},
    {.name = "CUSTOMERS",
     .is_table = 1,
     .help = "customers with the columns of the fit: .csv, .csv.gz, .parquet, .json or HDF5"},
};

static const cli_group groups[] = {
    {"Output", files, offsetof(predict_command, files)},
    {"More columns", cli_join_table, offsetof(predict_command, joins)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(predict_command, csv)},
};

/* What the summary counts. */
typedef struct tally {
    int64_t *assigned; /* n_segments */
    int64_t without, outlying;
} tally;

static tally count(const kmseg_assignment *assignment, int32_t n_segments) {
    tally c = {.assigned = calloc((size_t)n_segments, sizeof *c.assigned)};
    for (int64_t i = 0; i < assignment->n_rows && c.assigned != NULL; i++) {
        if (assignment->labels[i] < 0) {
            c.without++;
        } else {
            c.assigned[assignment->labels[i]]++;
            c.outlying += assignment->outlying[i];
        }
    }
    return c;
}

/* Segments from 1, as people count them; rows without one are missing. */
static kmseg_status add_segments(cli_run *run, kmseg_table *table, const char *name,
                                 const int32_t *labels, double *room) {
    int64_t n = kmseg_table_n_rows(table);
    for (int64_t i = 0; i < n; i++) {
        room[i] = labels[i] >= 0 ? (double)labels[i] + 1 : (double)NAN;
    }
    return kmseg_table_add_numbers(run->ctx, table, name, room);
}

/* The names that people see, as levels of a column. */
static kmseg_status add_names(cli_run *run, const kmseg_result *result, const int32_t *labels,
                              kmseg_table *table) {
    const char **names = malloc((size_t)result->n_segments * sizeof *names);
    for (int32_t s = 0; s < result->n_segments && names != NULL; s++) {
        names[s] = kmseg_segment_name(result, s);
    }
    kmseg_status status = names != NULL ? kmseg_table_add_codes(run->ctx, table, "name", labels,
                                                                result->n_segments, names)
                                        : KMSEG_E_MEMORY;
    free(names);
    return status;
}

static kmseg_status fill_table(cli_run *run, const kmseg_result *result,
                               const kmseg_assignment *assignment, kmseg_table *table,
                               double *room) {
    kmseg_context *ctx = run->ctx;
    kmseg_status status = kmseg_table_add_texts(ctx, table, "id", assignment->ids);
    if (status == KMSEG_OK) {
        status = kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_ID, "");
    }
    if (status == KMSEG_OK) {
        status = add_segments(run, table, "segment", assignment->labels, room);
    }
    if (status == KMSEG_OK) {
        status = add_names(run, result, assignment->labels, table);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "distance", assignment->distances);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "margin", assignment->margins);
    }
    if (status == KMSEG_OK) {
        status = add_segments(run, table, "runner_up", assignment->runner_up, room);
    }
    for (int64_t i = 0; i < assignment->n_rows; i++) {
        room[i] = assignment->labels[i] >= 0 ? (double)assignment->outlying[i] : (double)NAN;
    }
    return status == KMSEG_OK ? kmseg_table_add_numbers(ctx, table, "outlying", room) : status;
}

static int write_labels(cli_run *run, const kmseg_result *result,
                        const kmseg_assignment *assignment, cli_format format) {
    const predict_command *command = run->options;
    int64_t n = assignment->n_rows;
    double *room = malloc((size_t)(n > 0 ? n : 1) * sizeof *room);
    kmseg_table *table = NULL;
    int code = room != NULL ? cli_status(run, kmseg_table_new(run->ctx, n, &table))
                            : cli_failed("out of memory");
    if (code == CLI_OK) {
        code = cli_status(run, fill_table(run, result, assignment, table, room));
    }
    if (code == CLI_OK) {
        code = cli_table_write(run, table, format, NULL, command->files.output);
    }
    kmseg_table_free(table);
    free(room);
    return code;
}

static int print_json(const kmseg_result *result, const cli_joined *customers,
                      const kmseg_assignment *assignment, const tally *counts) {
    json_t *root = json_object(), *segments = json_array();
    json_object_set_new(root, "n_rows", json_integer(assignment->n_rows));
    json_object_set_new(root, "n_without_segment", json_integer(counts->without));
    json_object_set_new(root, "n_outlying", json_integer(counts->outlying));
    json_object_set_new(root, "n_imputed", json_integer(assignment->n_imputed));
    json_object_set_new(root, "n_unseen", json_integer(assignment->n_unseen));
    for (int32_t s = 0; s < result->n_segments; s++) {
        json_t *row = json_object();
        json_object_set_new(row, "segment", json_integer(s + 1));
        json_object_set_new(row, "name", cli_json_text(kmseg_segment_name(result, s)));
        json_object_set_new(row, "customers", json_integer(counts->assigned[s]));
        json_object_set_new(row, "share_of_fit", cli_json_real(result->profile->size_shares[s]));
        json_array_append_new(segments, row);
    }
    json_object_set_new(root, "segments", segments);
    if (customers->joins != NULL) {
        json_object_set(root, "joins", customers->joins);
    }
    return cli_print_json(root);
}

static void print_line(FILE *out, int64_t n, const char *what) {
    char number[32];
    if (n > 0) {
        int used = fprintf(out, "%12s ", cli_count(n, number, sizeof number));
        cli_wrap(out, what, used, used, cli_width(out));
    }
}

static void print_text(cli_run *run, const kmseg_result *result, const kmseg_assignment *assignment,
                       const tally *counts) {
    const predict_command *command = run->options;
    const char *output = command->files.output;
    FILE *out = cli_summary_stream(output);
    char number[32], name[120];
    int64_t assigned = assignment->n_rows - counts->without;
    fprintf(out, "   customers   share  at fit    #  segment\n");
    for (int32_t s = 0; s < result->n_segments; s++) {
        double share = assigned > 0 ? 100.0 * (double)counts->assigned[s] / (double)assigned : 0;
        fprintf(out, "%12s %5.1f %% %5.1f %%  %3d  %s\n",
                cli_count(counts->assigned[s], number, sizeof number), share,
                100 * result->profile->size_shares[s], s + 1,
                cli_clean(kmseg_segment_name(result, s), name, sizeof name));
    }
    print_line(out, counts->without, "customers have no segment, because something is missing");
    print_line(out, counts->outlying,
               "customers are farther from their segment than 99 in 100 were in the fit "
               "(outlying)");
    print_line(out, assignment->n_imputed, "customers had a missing value filled in");
    print_line(out, assignment->n_unseen, "cells hold a category that the fit did not see");
    if (output == NULL) {
        cli_wrap(out, "Nothing was written: give -o labels.csv to keep one row per customer.", 0, 0,
                 cli_width(out));
    } else if (strcmp(output, "-") != 0) {
        char clean[300];
        fprintf(out, "Labels: %s\n", cli_clean(output, clean, sizeof clean));
    }
}

static int report(cli_run *run, const kmseg_result *result, const cli_joined *customers,
                  const kmseg_assignment *assignment) {
    const predict_command *command = run->options;
    tally c = count(assignment, result->n_segments);
    int code = c.assigned != NULL ? CLI_OK : cli_failed("out of memory");
    if (code == CLI_OK && run->common.json && cli_summary_stream(command->files.output) == stdout) {
        code = print_json(result, customers, assignment, &c);
    } else if (code == CLI_OK && !run->common.quiet && !run->common.json) {
        cli_joined_print(cli_summary_stream(command->files.output), customers);
        print_text(run, result, assignment, &c);
    }
    free(c.assigned);
    return code;
}

static int check_segments(cli_run *run, const char *path) {
    kmseg_file_kind kind;
    int code = cli_status(run, kmseg_file_kind_of(run->ctx, path, &kind));
    if (code == CLI_OK && kind != KMSEG_FILE_RESULT) {
        char clean[300];
        code =
            cli_failed("%s holds no segments; predict needs what kmseg fit wrote first, then the "
                       "customers",
                       cli_clean(path, clean, sizeof clean));
    }
    return code;
}

/* Segments that were made inside one level of a column are for its customers alone. */
static int take_level(cli_run *run, const kmseg_result *result, cli_joined *customers) {
    json_t *params = json_loads(result->params, 0, NULL);
    const char *by = json_string_value(json_object_get(params, "by"));
    const char *equals = NULL;
    /* Names may have an '='; the column is the longest beginning that is one. */
    char column[400] = "";
    for (const char *c = by; c != NULL && *c != '\0' && c - by < (long)sizeof column; c++) {
        memcpy(column, by, (size_t)(c - by));
        column[c - by] = '\0';
        equals = *c == '=' && kmseg_table_find(customers->table, column) >= 0 ? c : equals;
    }
    int code = CLI_OK;
    if (by != NULL && equals == NULL) {
        code = cli_failed("these segments are of customers with %s; the customers need that column",
                          by);
    } else if (by != NULL) {
        memcpy(column, by, (size_t)(equals - by));
        column[equals - by] = '\0';
        cli_by levels;
        code = cli_by_read(run, customers->table, column, &levels);
        const cli_level *own = NULL;
        for (int32_t l = 0; l < levels.n_levels; l++) {
            own = strcmp(levels.levels[l].name, equals + 1) == 0 ? &levels.levels[l] : own;
        }
        kmseg_table *taken = NULL;
        if (code == CLI_OK && own == NULL) {
            code = cli_failed("these segments are of customers with %s; there is none", by);
        } else if (code == CLI_OK) {
            code = cli_status(
                run, kmseg_table_take(run->ctx, customers->table, own->rows, own->n_rows, &taken));
        }
        if (code == CLI_OK) {
            if (!run->common.quiet) {
                fprintf(stderr, "kmseg: %lld of %lld customers have %s; the others are left out\n",
                        (long long)own->n_rows, (long long)kmseg_table_n_rows(customers->table),
                        by);
            }
            kmseg_table_free(customers->table);
            customers->table = taken;
        }
        cli_by_free(&levels);
    }
    json_decref(params);
    return code;
}

static int run_predict(cli_run *run) {
    const predict_command *command = run->options;
    const char *output = command->files.output;
    cli_format format = CLI_CSV;
    int code = CLI_OK;
    for (int i = 0; i < 2 && output != NULL && code == CLI_OK; i++) {
        code = cli_output_check(output, 0, run->arguments[i], &format);
    }
    if (code != CLI_OK) {
        return code;
    }
    kmseg_result *result = NULL;
    cli_joined customers = {0};
    kmseg_assignment *assignment = NULL;
    code = check_segments(run, run->arguments[0]);
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_result_load(run->ctx, run->arguments[0], &result));
    }
    if (code == CLI_OK) {
        code = cli_joined_read(run, run->arguments[1], &command->csv, &command->joins, &customers);
    }
    if (code == CLI_OK) {
        code = cli_joined_check(&customers, result, &command->joins);
    }
    if (code == CLI_OK) {
        code = take_level(run, result, &customers);
    }
    if (code == CLI_OK) {
        code = cli_status_of(run, kmseg_assign(run->ctx, result, customers.table, &assignment),
                             run->arguments[1]);
    }
    if (code == CLI_OK && output != NULL) {
        code = write_labels(run, result, assignment, format);
    }
    if (code == CLI_OK) {
        code = report(run, result, &customers, assignment);
    }
    kmseg_assignment_free(assignment);
    cli_joined_free(&customers);
    kmseg_result_free(result);
    return code;
}

const cli_command cli_cmd_predict = {
    .name = "predict",
    .help = "put customers into the segments of a fit",
    .description =
        "Takes each customer through exactly the steps that the fit learned and gives the nearest "
        "segment. One row per customer: id, segment (from 1), name, distance to its centre, margin "
        "(how much farther the runner-up is), runner_up, and outlying (1: farther from the centre "
        "than 99 in 100 customers of the fit). Customers of the fit get the segment of the fit.",
    .examples = "  kmseg predict segments.h5 new.csv -o labels.csv\n"
                "  kmseg predict segments.h5 customers.h5 -o - | head\n",
    .arguments = arguments,
    .n_arguments = 2,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(predict_command),
    .init = init,
    .run = run_predict,
};
