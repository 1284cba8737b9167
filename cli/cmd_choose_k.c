/* kmseg choose-k: how many segments, with reasons, or that there is no clear number. */
#include "clustering.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

typedef struct choose_command {
    cli_clustering clustering;
    kmseg_choose_options choose;
    cli_numbers numbers;
} choose_command;

static void init(void *options) {
    choose_command *command = options;
    cli_clustering_init(&command->clustering);
    kmseg_choose_options_init(&command->choose);
    cli_numbers_init(&command->numbers);
}

static const cli_group groups[] = {
    {"Numbers and output", cli_numbers_plot_table, offsetof(choose_command, numbers)},
    {"More columns", cli_join_table, offsetof(choose_command, clustering.joins)},
    {"Gap statistic and stability", kmseg_choose_option_table, offsetof(choose_command, choose)},
    {"Clustering", kmseg_fit_option_table, offsetof(choose_command, clustering.segment.fit)},
    {"Which columns, and how", kmseg_prepare_option_table,
     offsetof(choose_command, clustering.segment.prepare)},
    {"Weights, scores and tiles", cli_scoring_table, offsetof(choose_command, clustering.segment)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(choose_command, clustering.csv)},
};

static double smallest_share(const kmseg_choice *choice, const kmseg_choice_row *row) {
    return (double)row->sweep.smallest / (double)choice->n_samples;
}

/* What a row of the files holds, in order. */
static const char *const fields[] = {
    "n_clusters",
    "n_segments",
    "inertia",
    "explained",
    "silhouette",
    "silhouette_error",
    "silhouette_samples",
    "calinski_harabasz",
    "davies_bouldin",
    "gap",
    "gap_error",
    "stability",
    "stability_mean",
    "smallest",
    "smallest_share",
    "n_votes",
    "recommended",
    "silhouette_simplified",
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static double field_of(const kmseg_choice *choice, const kmseg_choice_row *row, int f) {
    const kmseg_scores *scores = &row->sweep.scores;
    const double values[N_FIELDS] = {
        row->sweep.n_clusters,
        row->sweep.n_segments,
        scores->inertia,
        scores->explained,
        scores->silhouette,
        scores->silhouette_error,
        (double)scores->silhouette_samples,
        scores->calinski_harabasz,
        scores->davies_bouldin,
        row->gap,
        row->gap_error,
        row->stability,
        row->stability_mean,
        (double)row->sweep.smallest,
        smallest_share(choice, row),
        row->n_votes,
        row->sweep.n_clusters == choice->recommended,
        scores->silhouette_simplified,
    };
    return isfinite(values[f]) ? values[f] : (double)NAN; /* missing */
}

static int write_rows(cli_run *run, const kmseg_choice *choice, cli_format format) {
    const choose_command *command = run->options;
    double *numbers = malloc((size_t)choice->n_rows * sizeof *numbers);
    kmseg_table *table = NULL;
    int code = numbers != NULL ? cli_status(run, kmseg_table_new(run->ctx, choice->n_rows, &table))
                               : cli_failed("out of memory");
    for (int f = 0; f < N_FIELDS && code == CLI_OK; f++) {
        for (int32_t i = 0; i < choice->n_rows; i++) {
            numbers[i] = field_of(choice, &choice->rows[i], f);
        }
        code = cli_status(run, kmseg_table_add_numbers(run->ctx, table, fields[f], numbers));
    }
    if (code == CLI_OK) {
        code = cli_table_write(run, table, format, NULL, command->numbers.output);
    }
    kmseg_table_free(table);
    free(numbers);
    return code;
}

/* Beside its place first, so that a drawing is there whole or not at all. */
static int write_plot(cli_run *run, const kmseg_choice *choice, const char *path) {
    char *drawing, shown[300];
    cli_clean(path, shown, sizeof shown);
    int code = cli_status(run, kmseg_report_choice(run->ctx, choice, "svg", NULL, &drawing));
    if (code != CLI_OK) {
        return code;
    }
    size_t room = strlen(path) + sizeof ".part";
    char *part = malloc(room);
    FILE *file = NULL;
    if (part != NULL) {
        snprintf(part, room, "%s.part", path);
        file = fopen(part, "wx");
    }
    int failed = file == NULL || fputs(drawing, file) < 0;
    if (file != NULL) {
        failed = fclose(file) != 0 || failed;
        failed = failed || rename(part, path) != 0;
        code = failed ? cli_failed("cannot write %s: %s", shown, strerror(errno)) : CLI_OK;
        if (failed) {
            (void)unlink(part);
        }
    } else {
        code = cli_failed("cannot write %s: %s", shown,
                          part != NULL ? strerror(errno) : "out of memory");
    }
    free(part);
    kmseg_string_free(drawing);
    return code;
}

/* Only to a terminal: output that is kept is the same every time. */
static void print_times(FILE *out, const kmseg_choice *choice) {
    if (isatty(fileno(out))) {
        fprintf(
            out,
            "Seconds: prepare %.1f, fits %.1f, scores %.1f, gap statistic %.1f, stability %.1f\n",
            choice->seconds_prepare, choice->seconds_fit, choice->seconds_scores,
            choice->seconds_gap, choice->seconds_stability);
    }
}

static int report(cli_run *run, const cli_joined *customers, const kmseg_choice *choice) {
    const choose_command *command = run->options;
    FILE *out = cli_summary_stream(command->numbers.output);
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.width = cli_width(out);
    options.colour = cli_colour(out);
    if (run->common.json ? out != stdout : run->common.quiet) {
        return CLI_OK;
    }
    char *text, clean[300];
    int code =
        cli_status(run, kmseg_report_choice(run->ctx, choice, run->common.json ? "json" : "text",
                                            &options, &text));
    if (code != CLI_OK) {
        return code;
    }
    if (run->common.json) {
        code = cli_print_report(text, customers);
        kmseg_string_free(text);
        return code;
    }
    cli_joined_print(out, customers);
    fputs(text, out);
    kmseg_string_free(text);
    int32_t k = choice->recommended > 0 ? choice->recommended : choice->closest;
    cli_clean(run->arguments[0], clean, sizeof clean);
    const kmseg_prepare_options *chosen = &command->clustering.segment.prepare;
    int is_plain = customers->joins == NULL && chosen->include == NULL && chosen->exclude == NULL &&
                   chosen->weights == NULL && chosen->group == NULL;
    const char *same = is_plain ? "" : ", and the same options";
    fputc('\n', out);
    print_times(out, choice);
    if (k > 0) {
        fprintf(out, "Next: kmseg fit %s -k %d -o segments.h5%s\n", clean, k, same);
    } else {
        fprintf(out, "Next: kmseg fit %s -k K -o segments.h5%s\n", clean, same);
    }
    if (command->numbers.output != NULL && out == stdout) {
        fprintf(out, "Scores: %s\n", cli_clean(command->numbers.output, clean, sizeof clean));
    }
    if (command->numbers.plot != NULL) {
        fprintf(out, "Plot: %s\n", cli_clean(command->numbers.plot, clean, sizeof clean));
    }
    return CLI_OK;
}

static int check_plot(const char *path, const char *input) {
    size_t n = strlen(path);
    char shown[300];
    cli_clean(path, shown, sizeof shown);
    if (n < 5 || strcmp(path + n - 4, ".svg") != 0) {
        return cli_misused("--plot %s: the name needs to end in .svg", shown);
    }
    if (strcmp(path, input) == 0) {
        return cli_misused("--plot %s is the input itself; name another file", shown);
    }
    return cli_folder_check(path, shown);
}

static int run_choose(cli_run *run) {
    const choose_command *command = run->options;
    const char *input = run->arguments[0], *output = command->numbers.output;
    cli_format format = CLI_CSV;
    int32_t k_min = 0, k_max = 0;
    int code = cli_numbers_open(&command->numbers, input, &k_min, &k_max, &format);
    if (code == CLI_OK && command->numbers.plot != NULL) {
        code = check_plot(command->numbers.plot, input);
    }
    if (code != CLI_OK) {
        return code;
    }
    cli_joined customers;
    kmseg_choice *choice = NULL;
    code = cli_joined_read(run, input, &command->clustering.csv, &command->clustering.joins,
                           &customers);
    if (code == CLI_OK) {
        code = cli_status_of(run,
                             kmseg_choose_k(run->ctx, customers.table, &command->clustering.segment,
                                            &command->choose, k_min, k_max, &choice),
                             input);
    }
    if (code == CLI_OK && output != NULL) {
        code = write_rows(run, choice, format);
    }
    if (code == CLI_OK && command->numbers.plot != NULL) {
        code = write_plot(run, choice, command->numbers.plot);
    }
    if (code == CLI_OK) {
        code = report(run, &customers, choice);
    }
    cli_joined_free(&customers);
    kmseg_choice_free(choice);
    return code;
}

const cli_command cli_cmd_choose_k = {
    .name = "choose-k",
    .help = "recommend a number of segments, with reasons, or say that none is clear",
    .description =
        "Fits and scores every number of segments from FROM to TO as kmseg sweep does, and asks "
        "two "
        "more questions. Gap statistic: do these customers cluster more tightly than as many "
        "spread "
        "evenly over the same range? Stability: which segments come back when the customers are "
        "drawn anew?\n\n"
        "Five indices are asked which number they favour: gap statistic, silhouette, "
        "Calinski-Harabasz, Davies-Bouldin, and the knee of inertia. A number is recommended when "
        "the gap statistic and two others favour it (or all four others, unless the gap statistic "
        "says that there is one group), every segment comes back, and none is tiny. Otherwise "
        "there "
        "is no clear number, which is a common and honest answer: customers often form one cloud. "
        "The reasons are printed either way.\n\n"
        "Gap statistic and stability look at --choose-samples customers drawn at random, so that "
        "millions of customers take seconds; the drawing does not depend on the order of the rows.",
    .examples = "  kmseg choose-k customers.h5\n"
                "  kmseg choose-k customers.csv -k 2:10 --plot choice.svg -o scores.csv\n"
                "  kmseg choose-k customers.csv --n-references 50 --n-bootstraps 100 --json\n",
    .arguments = cli_customers_argument,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .options_size = sizeof(choose_command),
    .init = init,
    .run = run_choose,
};
