/* The options of customer lifetime value. */
#include <kmseg/clv.h>

#include <stddef.h>

#define OFFSET(field) offsetof(kmseg_clv_options, field)

static const kmseg_option rows[] = {
    {.name = "unit",
     .type = KMSEG_OPTION_CHOICE,
     .offset = OFFSET(unit),
     .default_text = "weeks",
     .choices = "weeks|days",
     .metavar = "UNIT",
     .help = "unit of time: what t_x, T and the horizon are in; of a summary, what its columns are "
             "in"},
    {.name = "months",
     .type = KMSEG_OPTION_INT32,
     .offset = OFFSET(months),
     .minimum = 1,
     .maximum = 600,
     .default_number = 12,
     .metavar = "N",
     .help = "months ahead that the lifetime value sums up"},
    {.name = "discount_rate",
     .type = KMSEG_OPTION_DOUBLE,
     .offset = OFFSET(discount_rate),
     .minimum = 0,
     .maximum = 1,
     .default_number = 0.01,
     .metavar = "X",
     .help = "what money loses in a month: 0.01 is 1 %, about 13 % a year"},
    {.name = "horizon",
     .type = KMSEG_OPTION_DOUBLE,
     .offset = OFFSET(horizon),
     .minimum = 0,
     .maximum = 1e4,
     .metavar = "X",
     .help = "weeks or days that expected purchases and churn risk look ahead; 0: as many as the "
             "months"},
    {.name = "holdout",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(holdout),
     .metavar = "DATE",
     .help = "fit on what is before this date, and compare what it predicts with what came after"},
    {.name = "spend",
     .type = KMSEG_OPTION_BOOL,
     .offset = OFFSET(spend),
     .maximum = 1,
     .default_number = 1,
     .help = "fit what customers spend as well; --no-spend: purchases alone"},
    {.name = "min_customers",
     .type = KMSEG_OPTION_INT64,
     .offset = OFFSET(min_customers),
     .minimum = 1,
     .maximum = 1e12,
     .default_number = 100,
     .metavar = "N",
     .help = "fewer customers than this are refused"},
    {.name = "input",
     .type = KMSEG_OPTION_CHOICE,
     .offset = OFFSET(input),
     .default_text = "auto",
     .choices = "auto|orders|summary",
     .metavar = "WHAT",
     .help = "orders: an order log; summary: one row per customer with x, t_x and T; auto: a "
             "summary where it has these columns"},
    {.name = "x",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(x),
     .metavar = "COLUMN",
     .help = "column of a summary with the repeat purchases"},
    {.name = "t_x",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(t_x),
     .metavar = "COLUMN",
     .help = "column of a summary with the time from first to last purchase"},
    {.name = "age",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(age),
     .metavar = "COLUMN",
     .help = "column of a summary with T, the time from the first purchase to the end"},
    {.name = "mean_spend",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(mean_spend),
     .metavar = "COLUMN",
     .help = "column of a summary with the mean spend per repeat purchase"},
};

static const kmseg_option_table table = {
    .name = "clv",
    .struct_size = sizeof(kmseg_clv_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_clv_option_table(void) { return &table; }

void kmseg_clv_options_init(kmseg_clv_options *options) { kmseg_options_init(&table, options); }
