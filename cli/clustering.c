#include "clustering.h"

#include <stddef.h>
#include <string.h>

void cli_clustering_init(cli_clustering *clustering) {
    kmseg_segment_options_init(&clustering->segment);
    kmseg_csv_options_init(&clustering->csv);
    cli_joins_init(&clustering->joins);
}

const cli_argument cli_customers_argument[1] = {
    {.name = "CUSTOMERS",
     .is_table = 1,
     .help = "a table of one row per customer: .csv, .csv.gz, .parquet, .json, HDF5, or what kmseg "
             "features wrote"}};

const kmseg_option_table *cli_scoring_table(void) {
    static const char *const names[] = {"sample_weight", "silhouette_samples", "tiles"};
    enum { N_NAMES = sizeof names / sizeof *names };
    static kmseg_option rows[N_NAMES];
    static kmseg_option_table table;
    const kmseg_option_table *all = kmseg_segment_option_table();
    table = (kmseg_option_table){"weights", all->struct_size, N_NAMES, rows};
    for (int i = 0; i < N_NAMES; i++) {
        rows[i] = *kmseg_options_find(all, names[i]);
    }
    return &table;
}

const kmseg_option_table *cli_described_table(void) {
    enum { MOST = 128 };
    static kmseg_option rows[MOST];
    static kmseg_option_table table;
    const kmseg_option_table *all = kmseg_segment_option_table();
    table = (kmseg_option_table){all->name, all->struct_size, 0, rows};
    for (int32_t i = 0; i < all->n_options && table.n_options < MOST; i++) {
        if (strcmp(all->options[i].name, "profile") != 0) {
            rows[table.n_options++] = all->options[i];
        }
    }
    return &table;
}

static const kmseg_option number_rows[] = {
    {.name = "n_clusters",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_numbers, n_clusters),
     .default_text = "2:15",
     .metavar = "FROM:TO",
     .help = "numbers of segments, both included",
     .short_flag = 'k'},
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_numbers, output),
     .metavar = "FILE",
     .help = "where one row per number of segments goes, with every score: .csv, .h5, or - for CSV "
             "on standard output",
     .short_flag = 'o'},
    {.name = "plot",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_numbers, plot),
     .metavar = "FILE.svg",
     .help = "where a drawing of every score over the number of segments goes"},
};
enum { N_ROWS = sizeof number_rows / sizeof *number_rows };

static const kmseg_option_table with_plot = {
    .name = "numbers of segments",
    .struct_size = sizeof(cli_numbers),
    .n_options = N_ROWS,
    .options = number_rows,
};

static const kmseg_option_table without_plot = {
    .name = "numbers of segments",
    .struct_size = sizeof(cli_numbers),
    .n_options = N_ROWS - 1,
    .options = number_rows,
};

const kmseg_option_table *cli_numbers_table(void) { return &without_plot; }
const kmseg_option_table *cli_numbers_plot_table(void) { return &with_plot; }
void cli_numbers_init(cli_numbers *numbers) { kmseg_options_init(&with_plot, numbers); }

int cli_numbers_open(const cli_numbers *numbers, const char *input, int32_t *k_min, int32_t *k_max,
                     cli_format *format) {
    int code = cli_range(numbers->n_clusters, k_min, k_max);
    if (code == CLI_OK && numbers->output != NULL) {
        code = cli_output_check(numbers->output, 0, input, format);
    }
    return code;
}
