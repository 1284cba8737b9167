/* kmseg sweep: how many segments? Every number in a range, scored. */
#include "clustering.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct sweep_command {
    cli_clustering clustering;
    cli_numbers numbers;
} sweep_command;

static void init(void *options) {
    sweep_command *command = options;
    cli_clustering_init(&command->clustering);
    cli_numbers_init(&command->numbers);
}

static const cli_group groups[] = {
    {"Sweep", cli_numbers_table, offsetof(sweep_command, numbers)},
    {"More columns", cli_join_table, offsetof(sweep_command, clustering.joins)},
    {"Clustering", kmseg_fit_option_table, offsetof(sweep_command, clustering.segment.fit)},
    {"Which columns, and how", kmseg_prepare_option_table,
     offsetof(sweep_command, clustering.segment.prepare)},
    {"Weights, scores and tiles", cli_scoring_table, offsetof(sweep_command, clustering.segment)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(sweep_command, clustering.csv)},
};

static const char *stop_word(kmseg_stop_reason reason) {
    switch (reason) {
    case KMSEG_STOP_LABELS: return "labels";
    case KMSEG_STOP_TOL: return "tol";
    case KMSEG_STOP_MAX_ITER: return "max_iter";
    case KMSEG_STOP_CANCELLED: return "cancelled";
    case KMSEG_STOP_STALLED: return "stalled";
    }
    return "";
}

static double share(const kmseg_sweep_summary *summary, int64_t customers) {
    return (double)customers / (double)summary->n_samples;
}

/* What a row holds, in the order of the files. */
static const struct field {
    const char *name;
    int whole; /* a whole number */
} all_fields[] = {
    {"n_clusters", 1},
    {"n_segments", 1},
    {"inertia", 0},
    {"explained", 0},
    {"silhouette", 0},
    {"silhouette_error", 0},
    {"silhouette_samples", 1},
    {"silhouette_simplified", 0},
    {"calinski_harabasz", 0},
    {"davies_bouldin", 0},
    {"smallest", 1},
    {"smallest_share", 0},
    {"largest", 1},
    {"largest_share", 0},
    {"n_iter", 1},
    {"best_init", 1},
    {"n_coreset", 1},
    {"n_given_up", 1},
    {"n_distinct", 1},
};
enum { N_FIELDS = sizeof all_fields / sizeof *all_fields };

static void fields_of(const kmseg_sweep_summary *summary, int32_t i, double *out) {
    const kmseg_sweep_row *row = &summary->rows[i];
    const kmseg_scores *scores = &row->scores;
    const double fields[N_FIELDS] = {
        row->n_clusters,
        row->n_segments,
        scores->inertia,
        scores->explained,
        scores->silhouette,
        scores->silhouette_error,
        (double)scores->silhouette_samples,
        scores->silhouette_simplified,
        scores->calinski_harabasz,
        scores->davies_bouldin,
        (double)row->smallest,
        share(summary, row->smallest),
        (double)row->largest,
        share(summary, row->largest),
        row->n_iter,
        row->best_init,
        row->n_coreset,
        row->n_given_up,
        row->n_distinct,
    };
    memcpy(out, fields, sizeof fields);
}

static kmseg_status fill_table(cli_run *run, const kmseg_sweep_summary *summary, kmseg_table *table,
                               double *numbers, const char **words) {
    int32_t n = summary->n_rows;
    kmseg_status status = KMSEG_OK;
    for (int f = 0; f < N_FIELDS && status == KMSEG_OK; f++) {
        for (int32_t i = 0; i < n; i++) {
            double fields[N_FIELDS];
            fields_of(summary, i, fields);
            numbers[i] = isfinite(fields[f]) ? fields[f] : (double)NAN; /* missing */
        }
        status = kmseg_table_add_numbers(run->ctx, table, all_fields[f].name, numbers);
    }
    for (int32_t i = 0; i < n; i++) {
        words[i] = stop_word(summary->rows[i].stop_reason);
    }
    return status == KMSEG_OK ? kmseg_table_add_texts(run->ctx, table, "stop_reason", words)
                              : status;
}

static int write_rows(cli_run *run, const kmseg_sweep_summary *summary, cli_format format) {
    const sweep_command *command = run->options;
    double *numbers = malloc((size_t)summary->n_rows * sizeof *numbers);
    const char **words = malloc((size_t)summary->n_rows * sizeof *words);
    kmseg_table *table = NULL;
    int code = numbers != NULL && words != NULL
                   ? cli_status(run, kmseg_table_new(run->ctx, summary->n_rows, &table))
                   : cli_failed("out of memory");
    if (code == CLI_OK) {
        code = cli_status(run, fill_table(run, summary, table, numbers, words));
    }
    if (code == CLI_OK) {
        code = cli_table_write(run, table, format, NULL, command->numbers.output);
    }
    kmseg_table_free(table);
    free(words);
    free(numbers);
    return code;
}

static int print_json(const cli_joined *customers, const kmseg_sweep_summary *summary) {
    json_t *root = json_object(), *columns = json_array(), *rows = json_array();
    json_object_set_new(root, "n_samples", json_integer(summary->n_samples));
    json_object_set_new(root, "n_left_out",
                        json_integer(summary->n_table_rows - summary->n_samples));
    for (int32_t c = 0; c < summary->prepare->n_columns; c++) {
        json_array_append_new(columns, cli_json_text(summary->prepare->columns[c].name));
    }
    json_object_set_new(root, "columns", columns);
    if (customers->joins != NULL) {
        json_object_set(root, "joins", customers->joins);
    }
    for (int32_t i = 0; i < summary->n_rows; i++) {
        double fields[N_FIELDS];
        fields_of(summary, i, fields);
        json_t *row = json_object();
        for (int f = 0; f < N_FIELDS; f++) {
            json_object_set_new(row, all_fields[f].name,
                                all_fields[f].whole ? json_integer((json_int_t)fields[f])
                                                    : cli_json_real(fields[f]));
        }
        json_object_set_new(row, "stop_reason",
                            json_string(stop_word(summary->rows[i].stop_reason)));
        json_array_append_new(rows, row);
    }
    json_object_set_new(root, "sweep", rows);
    json_t *seconds = json_object();
    json_object_set_new(seconds, "prepare", cli_json_real(summary->seconds_prepare));
    json_object_set_new(seconds, "fit", cli_json_real(summary->seconds_fit));
    json_object_set_new(seconds, "scores", cli_json_real(summary->seconds_scores));
    json_object_set_new(root, "seconds", seconds);
    return cli_print_json(root);
}

/* The table for people: two header rows, then one row per number of segments. */
enum { HEADER_ROWS = 2, CELL = 24, GAP = 2 };

static const struct shown {
    const char *header[HEADER_ROWS];
    int spare; /* where the terminal is too narrow, the highest goes first; 0 stays */
} shown[] = {
    {{"", "k"}, 0},
    {{"", "inertia"}, 0},
    {{"", "explained"}, 0},
    {{"silhouette", "sampled"}, 0},
    {{"", "+-"}, 1},
    {{"silhouette", "simplified"}, 4},
    {{"Calinski-", "Harabasz"}, 3},
    {{"Davies-", "Bouldin"}, 2},
    {{"smallest", "customers"}, 0},
    {{"", "share"}, 0},
    {{"largest", "share"}, 5},
    {{"itera-", "tions"}, 6},
};
enum { N_SHOWN = sizeof shown / sizeof *shown, ERROR_COLUMN = 4 };

typedef struct text_table {
    int32_t n_rows;
    char (*cells)[N_SHOWN][CELL];
    int hidden[N_SHOWN];
} text_table;

static void set_number(char *cell, double value, int digits) {
    if (isnan(value)) {
        snprintf(cell, CELL, "-");
    } else if (isinf(value)) {
        snprintf(cell, CELL, "infinite");
    } else if (fabs(value) >= 1e12) { /* as a ratio to an inertia of nothing but rounding is */
        snprintf(cell, CELL, "%.2e", value);
    } else {
        cli_number(value, digits, cell, CELL);
    }
}

static void set_percent(char *cell, double of_one) {
    if (isnan(of_one)) {
        snprintf(cell, CELL, "-");
    } else {
        snprintf(cell, CELL, of_one > 0 && of_one < 0.0005 ? "<0.1 %%" : "%.1f %%", 100 * of_one);
    }
}

/* Decimals that show three digits of the smallest number. */
static int digits_of(double smallest) {
    return smallest >= 100 || !(smallest > 0) ? 0 : smallest >= 10 ? 1 : smallest >= 1 ? 2 : 4;
}

static void fill_cells(const kmseg_sweep_summary *summary, text_table *table) {
    double inertia = INFINITY, dispersion = INFINITY;
    for (int32_t i = 0; i < summary->n_rows; i++) {
        const kmseg_scores *scores = &summary->rows[i].scores;
        inertia = scores->inertia > 0 ? fmin(inertia, scores->inertia) : inertia;
        dispersion = fmin(dispersion, scores->calinski_harabasz);
    }
    table->hidden[ERROR_COLUMN] = 1;
    for (int32_t i = 0; i < summary->n_rows; i++) {
        const kmseg_sweep_row *row = &summary->rows[i];
        const kmseg_scores *scores = &row->scores;
        char(*cells)[CELL] = table->cells[HEADER_ROWS + i];
        set_number(cells[0], row->n_clusters, 0);
        set_number(cells[1], scores->inertia, digits_of(inertia));
        set_percent(cells[2], scores->explained);
        set_number(cells[3], scores->silhouette, 3);
        if (scores->silhouette_error > 0) {
            table->hidden[ERROR_COLUMN] = 0;
            set_number(cells[ERROR_COLUMN], scores->silhouette_error, 3);
        }
        set_number(cells[5], scores->silhouette_simplified, 3);
        set_number(cells[6], scores->calinski_harabasz, digits_of(dispersion));
        set_number(cells[7], scores->davies_bouldin, 3);
        set_number(cells[8], (double)row->smallest, 0);
        set_percent(cells[9], share(summary, row->smallest));
        set_percent(cells[10], share(summary, row->largest));
        set_number(cells[11], row->n_iter, 0);
    }
}

static int column_width(const text_table *table, int column) {
    size_t width = 0;
    for (int32_t r = 0; r < table->n_rows; r++) {
        size_t length = strlen(table->cells[r][column]);
        width = length > width ? length : width;
    }
    return (int)width;
}

static int total_width(const text_table *table) {
    int width = -GAP;
    for (int c = 0; c < N_SHOWN; c++) {
        width += table->hidden[c] ? 0 : column_width(table, c) + GAP;
    }
    return width;
}

/* Hides columns until the table fits, or nothing is left to spare. */
static void make_fit(text_table *table, int width) {
    while (total_width(table) > width) {
        int most = 0;
        for (int c = 1; c < N_SHOWN; c++) {
            int spare = table->hidden[c] ? 0 : shown[c].spare;
            most = spare > (table->hidden[most] ? 0 : shown[most].spare) ? c : most;
        }
        if (shown[most].spare == 0) {
            return;
        }
        table->hidden[most] = 1;
    }
}

static void print_cells(FILE *out, const text_table *table) {
    for (int32_t r = 0; r < table->n_rows; r++) {
        int owed = 0;
        for (int c = 0; c < N_SHOWN; c++) {
            if (table->hidden[c]) {
                continue;
            }
            const char *cell = table->cells[r][c];
            owed += column_width(table, c) - (int)strlen(cell);
            if (cell[0] != '\0') {
                fprintf(out, "%*s%s", owed, "", cell);
                owed = 0;
            }
            owed += GAP;
        }
        fputc('\n', out);
    }
}

static int print_table(FILE *out, const kmseg_sweep_summary *summary) {
    text_table table = {.n_rows = HEADER_ROWS + summary->n_rows};
    table.cells = calloc((size_t)table.n_rows, sizeof *table.cells);
    if (table.cells == NULL) {
        return cli_failed("out of memory");
    }
    for (int r = 0; r < HEADER_ROWS; r++) {
        for (int c = 0; c < N_SHOWN; c++) {
            snprintf(table.cells[r][c], CELL, "%s", shown[c].header[r]);
        }
    }
    fill_cells(summary, &table);
    make_fit(&table, cli_width(out));
    print_cells(out, &table);
    free(table.cells);
    return CLI_OK;
}

/* A label and its sentence, wrapped beside it. */
static void print_line(FILE *out, const char *label, const char *text) {
    enum { LABEL_WIDTH = 21 };
    fprintf(out, "%-*s", LABEL_WIDTH, label);
    cli_wrap(out, text, LABEL_WIDTH, LABEL_WIDTH, cli_width(out));
}

static void heading(FILE *out, const char *text) {
    fprintf(out, cli_colour(out) ? "\033[1m%s\033[0m\n" : "%s\n", text);
}

/* Where something was done for the first n numbers of segments alone. */
static void print_up_to(FILE *out, const kmseg_sweep_summary *summary, int32_t n) {
    if (n < summary->n_rows) {
        fprintf(out, ", up to %d segments", summary->rows[n - 1].n_clusters);
    }
}

/* That restarts did not all go from their first centroids to their end on all customers. A coreset is too
 * small for the largest numbers of segments, or serves all. */
static void print_coreset(FILE *out, const kmseg_sweep_summary *summary) {
    int64_t n_given_up = 0;
    int32_t n_begun = 0;
    for (int32_t i = 0; i < summary->n_rows; i++) {
        n_given_up += summary->rows[i].n_given_up;
        n_begun += summary->rows[i].n_coreset > 0;
    }
    if (n_begun == 0) {
        return;
    }
    char number[32];
    fprintf(out, "Restarts began on %s customers that stand for all",
            cli_count(summary->rows[0].n_coreset, number, sizeof number));
    print_up_to(out, summary, n_begun);
    if (n_given_up > 0) {
        fprintf(out, "; %s fell behind and %s given up",
                cli_count(n_given_up, number, sizeof number), n_given_up == 1 ? "was" : "were");
    }
    fputc('\n', out);
}

/* That customers were not clustered one by one. There may be too few that differ for the largest numbers of
 * segments. */
static void print_distinct(FILE *out, const kmseg_sweep_summary *summary) {
    int32_t n_of_them = 0;
    for (int32_t i = 0; i < summary->n_rows; i++) {
        n_of_them += summary->rows[i].n_distinct > 0;
    }
    if (n_of_them == 0) {
        return;
    }
    char number[32];
    fprintf(out, "Equal customers were counted together, %s that differ",
            cli_count(summary->rows[0].n_distinct, number, sizeof number));
    print_up_to(out, summary, n_of_them);
    fputc('\n', out);
}

static void print_title(FILE *out, const cli_run *run, const kmseg_sweep_summary *summary) {
    const sweep_command *command = run->options;
    int32_t n_init = command->clustering.segment.fit.n_init;
    int64_t left_out = summary->n_table_rows - summary->n_samples;
    char number[32], text[200], name[120];
    snprintf(text, sizeof text, "%d to %d segments of %s customers, the best of %d restart%s each",
             summary->rows[0].n_clusters, summary->rows[summary->n_rows - 1].n_clusters,
             cli_count(summary->n_samples, number, sizeof number), n_init, n_init == 1 ? "" : "s");
    heading(out, text);
    fputs("Columns: ", out);
    for (int32_t c = 0; c < summary->prepare->n_columns; c++) {
        fprintf(out, "%s%s", c > 0 ? ", " : "",
                cli_clean(summary->prepare->columns[c].name, name, sizeof name));
    }
    fputc('\n', out);
    if (left_out > 0) {
        fprintf(out, "Left out: %s customers, because a column that is clustered on is missing\n",
                cli_count(left_out, number, sizeof number));
    }
    print_distinct(out, summary);
    print_coreset(out, summary);
    fputc('\n', out);
}

/* What is out of the ordinary about some rows. */
static void print_remarks(FILE *out, const kmseg_sweep_summary *summary) {
    int32_t n_stopped = 0, n_fewer = 0, most = 0;
    for (int32_t i = 0; i < summary->n_rows; i++) {
        const kmseg_sweep_row *row = &summary->rows[i];
        n_stopped += row->stop_reason == KMSEG_STOP_MAX_ITER;
        n_fewer += row->n_segments < row->n_clusters;
        most = row->n_segments > most ? row->n_segments : most;
    }
    char text[200];
    if (n_stopped > 0) {
        snprintf(text, sizeof text,
                 "%d of these fits stopped at the limit of iterations; --max-iter raises it",
                 n_stopped);
        print_line(out, "not converged", text);
    }
    if (n_fewer > 0) {
        snprintf(text, sizeof text,
                 "%d of these fits have fewer segments than asked for, because the customers have "
                 "only %d distinct rows",
                 n_fewer, most);
        print_line(out, "fewer segments", text);
    }
}

static void print_reading(FILE *out, const cli_run *run, const kmseg_sweep_summary *summary) {
    const sweep_command *command = run->options;
    const kmseg_scores *scores = &summary->rows[summary->n_rows - 1].scores;
    char text[400], number[32], clean[300];
    fputc('\n', out);
    heading(out, "How to read this");
    print_line(out, "inertia, explained",
               "how tight segments are, and the share of the variance that lies between them; both "
               "get better with every further segment, so look for where they gain little");
    int used = snprintf(text, sizeof text,
                        "how much nearer customers are to their own segment than to the next, -1 "
                        "to 1, higher is better; simplified: with distances to centroids");
    if (scores->silhouette_error > 0) {
        snprintf(text + used, sizeof text - (size_t)used,
                 "; sampled: from %s customers, +- is its standard error",
                 cli_count(scores->silhouette_samples, number, sizeof number));
    }
    print_line(out, "silhouette", text);
    print_line(out, "the others",
               "Calinski-Harabasz: higher is better. Davies-Bouldin: lower is "
               "better. A smallest segment of a few customers is seldom of use");
    print_remarks(out, summary);
    fputc('\n', out);
    cli_wrap(out,
             "No score decides alone, and they often disagree: take the two or three numbers of "
             "segments that several favour and look at their segments.",
             0, 0, cli_width(out));
    fprintf(out, "Next: kmseg fit %s -k K -o segments.h5\n",
            cli_clean(run->arguments[0], clean, sizeof clean));
    if (command->numbers.output != NULL && strcmp(command->numbers.output, "-") != 0) {
        fprintf(out, "Scores: %s\n", cli_clean(command->numbers.output, clean, sizeof clean));
    }
}

static int report(cli_run *run, const cli_joined *customers, const kmseg_sweep_summary *summary) {
    const sweep_command *command = run->options;
    FILE *out = cli_summary_stream(command->numbers.output);
    if (run->common.json) {
        return out == stdout ? print_json(customers, summary) : CLI_OK;
    }
    if (run->common.quiet) {
        return CLI_OK;
    }
    cli_joined_print(out, customers);
    print_title(out, run, summary);
    int code = print_table(out, summary);
    print_reading(out, run, summary);
    return code;
}

static int run_sweep(cli_run *run) {
    const sweep_command *command = run->options;
    const char *input = run->arguments[0], *output = command->numbers.output;
    cli_format format = CLI_CSV;
    int32_t k_min = 0, k_max = 0;
    int code = cli_numbers_open(&command->numbers, input, &k_min, &k_max, &format);
    if (code != CLI_OK) {
        return code;
    }
    cli_joined customers;
    kmseg_sweep_summary *summary = NULL;
    code = cli_joined_read(run, input, &command->clustering.csv, &command->clustering.joins,
                           &customers);
    if (code == CLI_OK) {
        code =
            cli_status_of(run,
                          kmseg_sweep_table(run->ctx, customers.table, &command->clustering.segment,
                                            k_min, k_max, &summary),
                          input);
    }
    if (code == CLI_OK && output != NULL) {
        code = write_rows(run, summary, format);
    }
    if (code == CLI_OK) {
        code = report(run, &customers, summary);
    }
    cli_joined_free(&customers);
    kmseg_sweep_summary_free(summary);
    return code;
}

const cli_command cli_cmd_sweep = {
    .name = "sweep",
    .help = "score every number of segments in a range, to choose one",
    .description =
        "Prepares a customer table as kmseg fit does and clusters it into every number of segments "
        "from FROM to TO at once, several restarts each. Prints one line per number: for the best "
        "restart its scores, and how large its smallest and its largest segment are. The scores of "
        "a number are those of kmseg fit with the same options.\n\n"
        "Inertia falls and explained rises with every further segment: look for where they gain "
        "little. Silhouette (-1 to 1) and Calinski-Harabasz are better the higher they are, "
        "Davies-Bouldin the lower. All favour round, well-separated groups, they often disagree, "
        "and on customers without clear groups none has a marked best. No score decides alone: "
        "take the two or three numbers that several favour, look at those segments with kmseg fit, "
        "and keep the number whose segments you can tell apart and act on.",
    .examples = "  kmseg sweep customers.h5\n"
                "  kmseg sweep customers.csv -k 2:8 --n-init 20 -o scores.csv\n"
                "  kmseg sweep customers.csv -k 3:6 --include recency,frequency,monetary --json\n",
    .arguments = cli_customers_argument,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .options_size = sizeof(sweep_command),
    .init = init,
    .run = run_sweep,
};
