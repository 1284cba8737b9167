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
     .help = "cluster on exactly these columns, separated by commas (chosen from the table)",
     .choices = ","},
    {.name = FIELD(exclude),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "COLUMNS",
     .help = "never cluster on these columns, separated by commas",
     .choices = ","},
    {.name = FIELD(weights),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "NAME=W,...",
     .help = "weight of a column or group in the distance; 1 where not given, 0 leaves it out",
     .choices = ","},
    {.name = FIELD(group),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "NAME=COLUMNS",
     .help = "columns that count together as one, such as demographic=age,income; can be repeated",
     .choices = ";"},
    {.name = FIELD(encode),
     .type = KMSEG_OPTION_TEXT,
     .default_text = "auto",
     .metavar = "E|NAME=E,...",
     .help = "text: onehot, ordinal (has an order), multihot (tags joined by ; or |), or auto: by "
             "the names of the levels",
     .choices = ","},
    {.name = FIELD(order),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "NAME=A<B<C",
     .help = "order of the levels of a text column, lowest first; can be repeated (recognised)",
     .choices = ";"},
    {.name = FIELD(transform),
     .type = KMSEG_OPTION_TEXT,
     .default_text = "auto",
     .metavar = "T|NAME=T,...",
     .help = "auto (log1p, else yeo-johnson, where it reduces a strong skew), or one of kmseg list "
             "transforms; for all or by column",
     .choices = ","},
    {.name = FIELD(winsorise),
     .type = KMSEG_OPTION_TEXT,
     .default_text = "0",
     .metavar = "P|NAME=P,...",
     .help = "move numbers beyond the quantiles of P and 1 - P to those, such as 0.01; for all or "
             "by column",
     .choices = ","},
    {.name = FIELD(scale),
     .type = KMSEG_OPTION_CHOICE,
     .default_text = "zscore",
     .choice_name = km_scale_choice,
     .list_kind = "scales",
     .metavar = "SCALE",
     .help = "how numbers are brought to one scale"},
    {.name = FIELD(impute),
     .type = KMSEG_OPTION_TEXT,
     .default_text = "median",
     .metavar = "HOW|NAME=HOW,...",
     .help = "missing values: median (the most frequent level of text), mode, constant, "
             "constant:VALUE, or drop the row; +indicator behind it adds a feature that says where",
     .choices = ","},
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
