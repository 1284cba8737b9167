#include "crm/crm.h"

#include <stddef.h>
#include <string.h>

static const char *format_name(int32_t i) {
    const km_named *named = km_crm_formats.get(i);
    return named != NULL ? named->name : NULL;
}

static const kmseg_option rows[] = {
    {.name = "format",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(kmseg_crm_options, format),
     .default_text = "generic",
     .choice_name = format_name,
     .list_kind = "crm_formats",
     .metavar = "NAME",
     .help = "whose import the file is for"},
    {.name = "headers",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_crm_options, headers),
     .choices = "\n",
     .metavar = "FIELD=NAME",
     .help = "your own name of a column: id=ExternalKey__c, tier=Customer_Tier__c; action= leaves "
             "the column out; can be repeated. Fields are id, segment, name, tier, stage, clv, "
             "risk, action"},
    {.name = "max_rows",
     .type = KMSEG_OPTION_INT64,
     .offset = offsetof(kmseg_crm_options, max_rows),
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .metavar = "N",
     .help = "rows of a file at most, then a second is begun; 0: as the format says"},
    {.name = "max_size",
     .type = KMSEG_OPTION_INT64,
     .offset = offsetof(kmseg_crm_options, max_size),
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .metavar = "BYTES",
     .help = "bytes of a file at most, likewise"},
    {.name = "id",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_crm_options, id),
     .metavar = "COLUMN",
     .help = "column of --with that names the customer; found by its name without"},
    {.name = "tier",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_crm_options, tier),
     .metavar = "COLUMN",
     .help = "column of --with to export as tier; without, tier"},
    {.name = "stage",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_crm_options, stage),
     .metavar = "COLUMN",
     .help = "column of --with to export as stage; without, lifecycle or stage"},
    {.name = "clv",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_crm_options, clv),
     .metavar = "COLUMN",
     .help = "column of --with to export as lifetime value; without, clv"},
    {.name = "risk",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_crm_options, risk),
     .metavar = "COLUMN",
     .help = "column of --with to export as churn risk; without, churn_risk or risk"},
};

static const kmseg_option_table table = {
    .name = "crm",
    .struct_size = sizeof(kmseg_crm_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_crm_option_table(void) { return &table; }

void kmseg_crm_options_init(kmseg_crm_options *options) {
    memset(options, 0, sizeof *options);
    kmseg_options_init(&table, options);
}
