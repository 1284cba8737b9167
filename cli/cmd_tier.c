/* kmseg tier: customers ranked by value and cut into tiers. */
#include "value.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct tier_command {
    kmseg_tier_options tier;
    kmseg_value_columns columns;
    kmseg_features_options features;
    cli_value_files files;
} tier_command;

static void init(void *options) {
    tier_command *command = options;
    kmseg_tier_options_init(&command->tier);
    kmseg_value_columns_init(&command->columns);
    kmseg_features_options_init(&command->features);
    kmseg_options_init(cli_value_files_table(), &command->files);
}

static const cli_argument arguments[] = {
    {.name = "ORDERS|CUSTOMERS",
     .is_table = 1,
     .help = "an order log, or a table of customers with the column to rank by: .csv, .csv.gz, "
             ".parquet, .json or HDF5"}};

static const cli_group groups[] = {
    {"Output", cli_value_files_table, offsetof(tier_command, files)},
    {"Tiers", kmseg_tier_option_table, offsetof(tier_command, tier)},
    {"A table of customers", kmseg_value_columns_option_table, offsetof(tier_command, columns)},
    {"An order log", kmseg_features_option_table, offsetof(tier_command, features)},
};

/* What print() needs. */
typedef struct shown {
    const cli_customers *customers;
    const kmseg_tier *tier;
} shown;

enum { CELL = 80 };

static void print_parts(FILE *out, const kmseg_tier *tier) {
    double total = 0;
    for (int32_t i = 0; i < tier->n_parts; i++) {
        total += fabs(tier->parts[i].weight);
    }
    for (int32_t i = 0; i < tier->n_parts; i++) {
        const kmseg_tier_part *part = &tier->parts[i];
        char clean[200];
        fprintf(out, "%-16s%4.0f %% %s%s\n", i == 0 ? "Score" : "",
                100 * fabs(part->weight) / total, cli_clean(part->column, clean, sizeof clean),
                part->weight < 0 ? ", low is good" : "");
    }
}

/* Which values a tier has, and how much of them all. */
static void print_ranges(FILE *out, const kmseg_tier *tier) {
    enum { COLUMNS = 5, MOST = COLUMNS * (1 + KMSEG_MOST_TIERS) };
    static char texts[MOST][CELL];
    const char *cells[MOST] = {"tier", "lowest", "highest", "sum", "share"};
    int n_columns = tier->n_parts > 0 ? 3 : COLUMNS; /* scores are not summed */
    for (int32_t g = 0, at = n_columns; g < tier->n_tiers; g++, at += n_columns) {
        int none = isnan(tier->value_lowest[g]);
        cells[at] = cli_clean(tier->tiers[g].name, texts[at], CELL);
        cells[at + 1] = none ? "-" : cli_number(tier->value_lowest[g], 2, texts[at + 1], CELL);
        cells[at + 2] = none ? "-" : cli_number(tier->value_highest[g], 2, texts[at + 2], CELL);
        if (n_columns == COLUMNS) {
            cells[at + 3] = cli_number(tier->value_sums[g], 0, texts[at + 3], CELL);
            cells[at + 4] = "";
            if (!isnan(tier->value_shares[g])) {
                snprintf(texts[at + 4], CELL, "%.1f %%", 100 * tier->value_shares[g]);
                cells[at + 4] = texts[at + 4];
            }
        }
    }
    cli_print_cells(out, cells, 1 + tier->n_tiers, n_columns, 1);
}

static void print(FILE *out, cli_run *run, const void *what) {
    const shown *s = what;
    char clean[200];
    cli_print_customers(out, s->customers, run->arguments[0]);
    fprintf(out, "%-16s%s, by %s\n", "Ranked by", cli_clean(s->tier->value, clean, sizeof clean),
            s->tier->method);
    print_parts(out, s->tier);
    fputc('\n', out);
    cli_print_groups(out, "tier", s->tier->tiers, s->tier->n_tiers, &s->tier->all);
    fprintf(out, "\nValues of %s\n", clean);
    print_ranges(out, s->tier);
    cli_print_sentences(out, "How to read it", &s->tier->conventions);
    cli_print_sentences(out, "Notes", &s->tier->notes);
}

static int cut(cli_run *run, const cli_customers *customers, cli_format format) {
    const tier_command *command = run->options;
    kmseg_tier *tier = NULL;
    int code = cli_status_of(
        run, kmseg_tier_new(run->ctx, customers->table, &command->columns, &command->tier, &tier),
        run->arguments[0]);
    if (code == CLI_OK) {
        const shown s = {customers, tier};
        const kmseg_origin origin = cli_origin(customers, run->arguments[0]);
        char *said = NULL;
        kmseg_status status = kmseg_tier_json(run->ctx, tier, &command->tier, &origin, &said);
        code = cli_value_finish(run, customers->table, format, command->files.output,
                                cli_said(run, status, said), print, &s);
    }
    kmseg_tier_free(tier);
    return code;
}

enum { MOST_NEEDS = 32 };

/* The columns that make a file a customer table: the value, or the names before each = of weights,
 * cut out of text, a copy of weights. */
static int32_t needed_columns(const kmseg_tier_options *options, char *text, const char **needs) {
    int32_t n = 0;
    if (options->weights == NULL) {
        needs[n++] = options->value;
    }
    for (char *at = text; at != NULL && *at != '\0' && n < MOST_NEEDS;) {
        at += strspn(at, " ");
        char *comma = strchr(at, ','), *equals = strchr(at, '=');
        if (equals == NULL || (comma != NULL && comma < equals)) {
            break; /* the library says what is wrong with it */
        }
        *equals = '\0';
        needs[n++] = at;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return n;
}

static int run_tier(cli_run *run) {
    const tier_command *command = run->options;
    const char *input = run->arguments[0], *output = command->files.output;
    const char *needs[MOST_NEEDS];
    cli_format format = CLI_CSV;
    int code = output != NULL ? cli_output_check(output, 0, input, &format) : CLI_OK;
    if (code != CLI_OK) {
        return code;
    }
    char *weights = command->tier.weights != NULL ? strdup(command->tier.weights) : NULL;
    if (command->tier.weights != NULL && weights == NULL) {
        return cli_failed("out of memory");
    }
    int32_t n_needs = needed_columns(&command->tier, weights, needs);
    cli_customers customers = {0};
    code = n_needs > 0
               ? cli_customers_read(run, input, needs, n_needs, &command->features, &customers)
               : cli_misused("--weights %s: needs columns and weights, such as "
                             "monetary=0.5,frequency=0.3",
                             command->tier.weights);
    if (code == CLI_OK) {
        code = cut(run, &customers, format);
    }
    cli_customers_free(&customers);
    free(weights);
    return code;
}

const cli_command cli_cmd_tier = {
    .name = "tier",
    .help = "sort customers into tiers of value: ABC, percentiles, thresholds, or a score",
    .description =
        "Ranks customers by a column, or by a weighted score of several, and cuts the ranking into "
        "tiers. ABC by default: A are the best customers who together bring 80 % of the value, B "
        "the next up to 95 %, C the rest.\n\n"
        "The new columns are tier, tier_rank (1 is the best), for ABC tier_share_before (percent "
        "of "
        "all value that better customers have), and for a score tier_score.",
    .examples = "  kmseg tier customers.h5 -o tiers.h5\n"
                "  kmseg tier orders.csv.gz --shares 50,80,95\n"
                "  kmseg tier customers.h5 --thresholds 500,2000 --names gold,silver,bronze\n"
                "  kmseg tier customers.h5 --method percentile --percentiles 50,90,99\n"
                "  kmseg tier customers.h5 --weights monetary=0.5,frequency=0.3,recency=-0.2 \\\n"
                "    --column core -o core.h5\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(tier_command),
    .init = init,
    .run = run_tier,
};
