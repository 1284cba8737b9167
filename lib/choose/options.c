#include "choose/choose.h"

#define AT(field) offsetof(kmseg_choose_options, field)

static const kmseg_option options[] = {
    {.name = "n_references",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(n_references),
     .minimum = 0,
     .maximum = 10000,
     .default_number = 20,
     .metavar = "N",
     .help = "uniform data sets that the gap statistic compares with; 0 leaves it out"},
    {.name = "reference",
     .type = KMSEG_OPTION_CHOICE,
     .offset = AT(reference),
     .default_text = "principal",
     .choices = "principal|box",
     .metavar = "WHICH",
     .help = "where they lie: in a box along the principal axes of the customers, or along the "
             "columns"},
    {.name = "n_bootstraps",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(n_bootstraps),
     .minimum = 0,
     .maximum = 10000,
     .default_number = 50,
     .metavar = "N",
     .help = "times that customers are drawn anew to see which segments come back; 0 leaves it "
             "out"},
    {.name = "choose_samples",
     .type = KMSEG_OPTION_INT64,
     .offset = AT(choose_samples),
     .minimum = 10,
     .maximum = 9007199254740992.0,
     .default_number = 10000,
     .metavar = "N",
     .help = "customers that these two look at, at most, drawn at random"},
    {.name = "choose_init",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(choose_init),
     .minimum = 1,
     .maximum = 1000,
     .default_number = 3,
     .metavar = "N",
     .help = "restarts of each of their fits"},
    {.name = "min_share",
     .type = KMSEG_OPTION_DOUBLE,
     .offset = AT(min_share),
     .minimum = 0,
     .maximum = 1,
     .default_number = 0.01,
     .metavar = "X",
     .help = "share of the customers that the smallest segment needs to be recommended"},
};

static const kmseg_option_table table = {"choose", sizeof(kmseg_choose_options),
                                         sizeof options / sizeof *options, options};

const kmseg_option_table *kmseg_choose_option_table(void) { return &table; }

void kmseg_choose_options_init(kmseg_choose_options *out) { kmseg_options_init(&table, out); }
