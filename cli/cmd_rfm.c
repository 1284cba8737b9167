/* kmseg rfm: recency, frequency and monetary scores and the segments that they name. */
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

typedef struct grid_files {
    size_t struct_size;
    const char *grid;
    const char *write_grid;
} grid_files;

typedef struct rfm_command {
    kmseg_rfm_options rfm;
    kmseg_value_columns columns;
    kmseg_features_options features;
    cli_value_files files;
    grid_files grids;
} rfm_command;

static const kmseg_option grid_rows[] = {
    {.name = "grid",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(grid_files, grid),
     .metavar = "FILE",
     .help = "names of segments by code: lines like \"Champions: 555 554 5*5\"; each code once"},
    {.name = "write_grid",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(grid_files, write_grid),
     .metavar = "FILE",
     .help = "write the built-in grid to a new file, to edit for --grid (- for standard output)"},
};

static const kmseg_option_table grid_table = {
    .name = "grids",
    .struct_size = sizeof(grid_files),
    .n_options = sizeof grid_rows / sizeof *grid_rows,
    .options = grid_rows,
};

static const kmseg_option_table *grids(void) { return &grid_table; }

static void init(void *options) {
    rfm_command *command = options;
    kmseg_rfm_options_init(&command->rfm);
    kmseg_value_columns_init(&command->columns);
    kmseg_features_options_init(&command->features);
    command->features.only = "recency,frequency,monetary";
    kmseg_options_init(cli_value_files_table(), &command->files);
    kmseg_options_init(&grid_table, &command->grids);
}

static const cli_argument arguments[] = {
    {.name = "ORDERS|CUSTOMERS",
     .is_table = 1,
     .help = "an order log, or a table of customers with recency, frequency and monetary: .csv, "
             ".csv.gz, .parquet, .json or HDF5",
     .optional = 1}};

static const cli_group groups[] = {
    {"Output", cli_value_files_table, offsetof(rfm_command, files)},
    {"Scores", kmseg_rfm_option_table, offsetof(rfm_command, rfm)},
    {"Segments", grids, offsetof(rfm_command, grids)},
    {"A table of customers", kmseg_value_columns_option_table, offsetof(rfm_command, columns)},
    {"An order log", kmseg_features_option_table, offsetof(rfm_command, features)},
};

/* What print() needs. */
typedef struct shown {
    const cli_customers *customers;
    const kmseg_rfm *rfm;
} shown;

static void add_range(char *out, size_t capacity, double low, double high, int digits) {
    char a[64], b[64];
    if (isnan(low)) {
        snprintf(out, capacity, "-");
    } else if (low == high) {
        cli_number(low, digits, out, capacity);
    } else {
        snprintf(out, capacity, "%s to %s", cli_number(low, digits, a, sizeof a),
                 cli_number(high, digits, b, sizeof b));
    }
}

/* Values and customers of each score, best first. */
static void print_scores(FILE *out, const kmseg_rfm *rfm) {
    enum { MOST = 7 * (1 + KMSEG_RFM_MOST_BINS) };
    char texts[MOST][140];
    const char *cells[MOST] = {"score",     "recency, days", "customers", "frequency",
                               "customers", "monetary",      "customers"};
    for (int32_t row = 1; row <= rfm->bins; row++) {
        int32_t b = rfm->bins - row;
        snprintf(texts[row * 7], sizeof texts[0], "%d", b + 1);
        for (int d = 0; d < 3; d++) {
            const kmseg_rfm_dimension *at = &rfm->dimensions[d];
            int whole = 1;
            for (int32_t i = 0; i < rfm->bins; i++) {
                whole = whole && (isnan(at->low[i]) || (at->low[i] == trunc(at->low[i]) &&
                                                        at->high[i] == trunc(at->high[i])));
            }
            add_range(texts[row * 7 + 1 + 2 * d], sizeof texts[0], at->low[b], at->high[b],
                      whole ? 0 : 2);
            cli_count(at->counts[b], texts[row * 7 + 2 + 2 * d], sizeof texts[0]);
        }
        for (int c = 0; c < 7; c++) {
            cells[row * 7 + c] = texts[row * 7 + c];
        }
    }
    cli_print_cells(out, cells, 1 + rfm->bins, 7, 1);
}

static void print_edges(FILE *out, const kmseg_rfm *rfm) {
    for (int d = 0; d < 3; d++) {
        const kmseg_rfm_dimension *at = &rfm->dimensions[d];
        char line[600] = "";
        for (int32_t e = 0; at->edges != NULL && e + 1 < rfm->bins; e++) {
            char number[64];
            size_t used = strlen(line);
            const char *text = cli_number(at->edges[e], 3, number, sizeof number);
            size_t length = strlen(text);
            while (text[length - 1] == '0' || text[length - 1] == '.') {
                length--;
                if (text[length] == '.') {
                    break;
                }
            }
            snprintf(line + used, sizeof line - used, "%s%.*s", e > 0 ? "  " : "", (int)length,
                     text);
        }
        if (at->edges != NULL) {
            fprintf(out, "  %-12s%s\n", at->name, line);
        }
    }
}

static void print(FILE *out, cli_run *run, const void *what) {
    const shown *s = what;
    cli_print_customers(out, s->customers, run->arguments[0]);
    fprintf(out, "%-16s%s, %d scores, monetary as %s\n\n", "Scoring", s->rfm->scoring, s->rfm->bins,
            s->rfm->monetary_as);
    print_scores(out, s->rfm);
    if (s->rfm->dimensions[0].edges != NULL) {
        fprintf(out, "\nLimits between scores\n");
        print_edges(out, s->rfm);
    }
    if (s->rfm->n_segments > 0) {
        fputc('\n', out);
        cli_print_groups(out, "segment", s->rfm->segments, s->rfm->n_segments, &s->rfm->all);
    }
    cli_print_sentences(out, "How to read it", &s->rfm->conventions);
    cli_print_sentences(out, "Notes", &s->rfm->notes);
}

/* The built-in grid, to a file that is not there yet: an edited one is never lost. */
static int write_grid(const char *path) {
    const char *text = kmseg_rfm_grid_text();
    char clean[300];
    if (strcmp(path, "-") == 0) {
        fputs(text, stdout);
        return CLI_OK;
    }
    cli_clean(path, clean, sizeof clean);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return errno == EEXIST ? cli_failed("%s is there already; name a new file", clean)
                               : cli_failed("cannot write %s: %s", clean, strerror(errno));
    }
    size_t length = strlen(text);
    int failed = write(fd, text, length) != (ssize_t)length;
    failed |= close(fd) != 0;
    return failed ? cli_failed("cannot write %s: %s", clean, strerror(errno)) : CLI_OK;
}

static int score(cli_run *run, const cli_customers *customers, cli_format format) {
    const rfm_command *command = run->options;
    kmseg_rfm_grid *grid = NULL;
    kmseg_rfm *rfm = NULL;
    int code = CLI_OK;
    if (command->grids.grid != NULL) {
        code = cli_status(
            run, kmseg_rfm_grid_read(run->ctx, command->grids.grid, command->rfm.bins, &grid));
    }
    if (code == CLI_OK) {
        code = cli_status_of(
            run,
            kmseg_rfm_new(run->ctx, customers->table, &command->columns, &command->rfm, grid, &rfm),
            run->arguments[0]);
    }
    if (code == CLI_OK) {
        const shown s = {customers, rfm};
        const kmseg_origin origin = cli_origin(customers, run->arguments[0]);
        char *said = NULL;
        kmseg_status status = kmseg_rfm_json(run->ctx, rfm, &origin, &said);
        code = cli_value_finish(run, customers->table, format, command->files.output,
                                cli_said(run, status, said), print, &s);
    }
    kmseg_rfm_free(rfm);
    kmseg_rfm_grid_free(grid);
    return code;
}

static int run_rfm(cli_run *run) {
    const rfm_command *command = run->options;
    const char *input = run->arguments[0], *output = command->files.output;
    const char *const needs[] = {command->columns.recency, command->columns.frequency,
                                 command->columns.monetary};
    cli_format format = CLI_CSV;
    int code = CLI_OK;
    if (command->grids.write_grid != NULL) {
        return input == NULL ? write_grid(command->grids.write_grid)
                             : cli_misused("--write-grid is used alone: it writes the built-in "
                                           "grid and reads nothing");
    }
    if (input == NULL) {
        return cli_misused("rfm needs a file of orders or customers; see kmseg rfm --help");
    }
    if (output != NULL) {
        code = cli_output_check(output, 0, input, &format);
    }
    if (code != CLI_OK) {
        return code;
    }
    cli_customers customers = {0};
    code = cli_customers_read(run, input, needs, 3, &command->features, &customers);
    if (code == CLI_OK) {
        code = score(run, &customers, format);
    }
    cli_customers_free(&customers);
    return code;
}

const cli_command cli_cmd_rfm = {
    .name = "rfm",
    .help = "score customers by recency, frequency and monetary, and name the segments",
    .description =
        "Gives each customer three scores, 5 being best: how recently they ordered, how often, and "
        "how much they spent. The three digits are a code (555: a champion), and a grid gives each "
        "code the name of a segment.\n\n"
        "The new columns are r_score, f_score, m_score, rfm_code and rfm_segment, behind those "
        "that were read. What the scores mean is a matter of convention: every one is printed, and "
        "kept in the file with limits and counts.",
    .examples = "  kmseg rfm orders.csv.gz -o rfm.h5\n"
                "  kmseg rfm customers.h5 --scoring ntile -o rfm.csv\n"
                "  kmseg rfm --write-grid grid.txt\n"
                "  kmseg rfm customers.h5 --grid grid.txt\n"
                "  kmseg rfm customers.h5 --bins 3 --scoring cuts --recency-cuts 30,180\n"
                "    --frequency-cuts 1,4 --monetary-cuts 200,1000\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(rfm_command),
    .init = init,
    .run = run_rfm,
};
