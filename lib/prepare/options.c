/* The option table of prepare. */
#include "prepare/scale.h"

#include <kmseg/prepare.h>

#define FIELD(name) #name, .offset = offsetof(kmseg_prepare_options, name)

static const kmseg_option rows[] = {
    {.name = FIELD(id),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "COLUMN",
     .help = "column that names the customer; \"\" for none (found by name)"},
    {.name = FIELD(include),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "COLUMNS",
     .help = "cluster on exactly these columns, separated by commas (chosen from the table)"},
    {.name = FIELD(exclude),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "COLUMNS",
     .help = "never cluster on these columns, separated by commas"},
    {.name = FIELD(weights),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "NAME=W,...",
     .help = "weight of a column in the distance; 1 where not given, 0 leaves it out"},
    {.name = FIELD(transform),
     .type = KMSEG_OPTION_TEXT,
     .default_text = "auto",
     .metavar = "T|NAME=T,...",
     .help = "auto (log1p where it reduces a strong skew), none or log1p, for all or by column"},
    {.name = FIELD(scale),
     .type = KMSEG_OPTION_CHOICE,
     .default_text = "zscore",
     .choice_name = km_scale_choice,
     .list_kind = "scales",
     .metavar = "SCALE",
     .help = "how numbers are brought to one scale"},
    {.name = FIELD(impute),
     .type = KMSEG_OPTION_CHOICE,
     .default_text = "median",
     .choices = "median|drop",
     .metavar = "HOW",
     .help = "missing values: the median (the most frequent level of text), or drop the row"},
    {.name = FIELD(max_levels),
     .type = KMSEG_OPTION_INT32,
     .minimum = 2,
     .maximum = 1000,
     .default_number = 20,
     .metavar = "N",
     .help = "leave out text columns with more distinct values"},
    {.name = FIELD(min_level_count),
     .type = KMSEG_OPTION_INT32,
     .minimum = 0,
     .maximum = 2147483647.0,
     .default_number = 0,
     .metavar = "N",
     .help = "pool levels with fewer customers as \"other\"; 0: fewer than 1 in 100"},
    {.name = FIELD(precision),
     .type = KMSEG_OPTION_CHOICE,
     .default_text = "float64",
     .choices = "float64|float32",
     .metavar = "TYPE",
     .help = "type of the prepared numbers"},
};

static const kmseg_option_table table = {
    .name = "prepare",
    .struct_size = sizeof(kmseg_prepare_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_prepare_option_table(void) { return &table; }

void kmseg_prepare_options_init(kmseg_prepare_options *options) {
    kmseg_options_init(&table, options);
}
