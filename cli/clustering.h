/* What the commands that cluster customers share: their input, their options, and of those that score
 * a range of numbers of segments, the range. */
#ifndef CLI_CLUSTERING_H
#define CLI_CLUSTERING_H

#include "cli.h"

typedef struct cli_clustering {
    kmseg_segment_options segment;
    kmseg_csv_options csv;
    cli_joins joins;
} cli_clustering;

void cli_clustering_init(cli_clustering *clustering);

/* CUSTOMERS: a table of one row per customer. */
extern const cli_argument cli_customers_argument[1];

/* Of the options of a run those about weights, scores and tiles, where no segments are described. */
const kmseg_option_table *cli_scoring_table(void);

/* All options of a run but --no-profile: of a command that makes a report, which needs the profile. */
const kmseg_option_table *cli_described_table(void);

/* --n-clusters FROM:TO, --output, and --plot where it is in the table. */
typedef struct cli_numbers {
    size_t struct_size;
    const char *n_clusters, *output, *plot;
} cli_numbers;

const kmseg_option_table *cli_numbers_table(void);
const kmseg_option_table *cli_numbers_plot_table(void);
void cli_numbers_init(cli_numbers *numbers);

/* Checks range and output before any work. CLI_OK or the exit status. */
int cli_numbers_open(const cli_numbers *numbers, const char *input, int32_t *k_min, int32_t *k_max,
                     cli_format *format);

#endif
