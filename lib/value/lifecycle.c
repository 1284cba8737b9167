/* Where each customer stands, by the rhythm of all customers. */
#include "value/gaps.h"
#include "value/value.h"

#include <kmseg/customer.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OFFSET(field) offsetof(kmseg_lifecycle_options, field)

static const kmseg_option rows[] = {
    {.name = "warn",
     .type = KMSEG_OPTION_INT32,
     .offset = OFFSET(warn),
     .minimum = 1,
     .maximum = 100,
     .default_number = 80,
     .metavar = "PERCENTILE",
     .help = "of the days between orders: who has been away for longer declines"},
    {.name = "lost",
     .type = KMSEG_OPTION_INT32,
     .offset = OFFSET(lost),
     .minimum = 1,
     .maximum = 100,
     .default_number = 95,
     .metavar = "PERCENTILE",
     .help = "likewise: who has been away for longer is lost"},
    {.name = "warn_days",
     .type = KMSEG_OPTION_DOUBLE,
     .offset = OFFSET(warn_days),
     .maximum = 1e6,
     .metavar = "DAYS",
     .help = "the warning threshold itself; 0: fitted"},
    {.name = "lost_days",
     .type = KMSEG_OPTION_DOUBLE,
     .offset = OFFSET(lost_days),
     .maximum = 1e6,
     .metavar = "DAYS",
     .help = "the lost threshold itself; 0: fitted"},
    {.name = "trend_margin",
     .type = KMSEG_OPTION_DOUBLE,
     .offset = OFFSET(trend_margin),
     .maximum = 1,
     .metavar = "X",
     .help = "a trend of spend or gaps (-1 to 1) of at most this counts as none"},
};

static const kmseg_option_table table_of_options = {
    .name = "lifecycle",
    .struct_size = sizeof(kmseg_lifecycle_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_lifecycle_option_table(void) { return &table_of_options; }

void kmseg_lifecycle_options_init(kmseg_lifecycle_options *options) {
    kmseg_options_init(&table_of_options, options);
}

static const char *const stage_names[KMSEG_N_STAGES] = {
    [KMSEG_STAGE_POTENTIAL] = "potential", [KMSEG_STAGE_NEW] = "new",
    [KMSEG_STAGE_GROWING] = "growing",     [KMSEG_STAGE_MATURE] = "mature",
    [KMSEG_STAGE_DECLINING] = "declining", [KMSEG_STAGE_LOST] = "lost",
};

const char *kmseg_stage_name(int32_t stage) {
    return stage >= 0 && stage < KMSEG_N_STAGES ? stage_names[stage] : NULL;
}

/* A result that owns its memory. */
typedef struct km_lifecycle {
    kmseg_lifecycle shown; /* first: what callers hold */
    km_arena arena;
} km_lifecycle;

/* Why a customer is where they are. */
typedef enum reason {
    NO_ORDER,
    PAST_LOST,
    PAST_WARNING,
    TRENDS_DOWN,
    FIRST_ORDER,
    SPEND_UP,
    STEADY,
    N_REASONS
} reason;

static const kmseg_stage stage_of[N_REASONS] = {
    [NO_ORDER] = KMSEG_STAGE_POTENTIAL,     [PAST_LOST] = KMSEG_STAGE_LOST,
    [PAST_WARNING] = KMSEG_STAGE_DECLINING, [TRENDS_DOWN] = KMSEG_STAGE_DECLINING,
    [FIRST_ORDER] = KMSEG_STAGE_NEW,        [SPEND_UP] = KMSEG_STAGE_GROWING,
    [STEADY] = KMSEG_STAGE_MATURE,
};

typedef struct staging {
    kmseg_context *ctx;
    const kmseg_table *table;
    const kmseg_value_columns *columns;
    const kmseg_lifecycle_options *options;
    km_arena *scratch;
    km_lifecycle *result;
    km_sentences conventions, notes;
    const double *recency, *frequency;
    const double *order_days, *trend_spend, *trend_gap; /* NULL: no such column */
    int64_t n_rows;
    int32_t *reasons, *stages; /* of each row; -1: none */
} staging;

static double fitted(const double *percentiles, int64_t n_gaps, int32_t percent) {
    return percentiles != NULL && n_gaps > 0 ? percentiles[percent] : NAN;
}

static kmseg_status fail_no_gaps(const staging *s, int has_columns) {
    return km_fail(
        s->ctx, KMSEG_E_DATA,
        has_columns ? "nobody ordered on two days, so the data have no rhythm to fit "
                      "thresholds to; give --warn-days and --lost-days"
                    : "the table does not say how many days lie between orders; there are three "
                      "ways: the order log, or the HDF5 file that kmseg features makes of it, in "
                      "place of this table; a column gap_mean (a customer's mean days between "
                      "orders) or tenure (days since the first order) in it, to estimate them "
                      "from; or your own --warn-days and --lost-days");
}

static kmseg_status fit_thresholds(staging *s, const double *percentiles, int64_t n_gaps) {
    kmseg_lifecycle *shown = &s->result->shown;
    const kmseg_lifecycle_options *options = s->options;
    shown->warn_fitted = options->warn_days == 0;
    shown->lost_fitted = options->lost_days == 0;
    int fits = shown->warn_fitted || shown->lost_fitted;
    double warn = fitted(percentiles, n_gaps, options->warn);
    double lost = fitted(percentiles, n_gaps, options->lost);
    if (fits && percentiles == NULL) {
        const int32_t percents[] = {options->warn, options->lost};
        km_gaps gaps;
        KM_TRY(km_gaps_estimate(s->ctx, s->scratch, s->table, s->columns, percents, 2, &gaps));
        shown->estimated_from = gaps.from;
        n_gaps = gaps.n_gaps;
        warn = n_gaps > 0 ? gaps.days[0] : NAN;
        lost = n_gaps > 0 ? gaps.days[1] : NAN;
    }
    shown->warn_days = shown->warn_fitted ? warn : options->warn_days;
    shown->lost_days = shown->lost_fitted ? lost : options->lost_days;
    shown->n_gaps = fits ? n_gaps : 0;
    if (isnan(shown->warn_days) || isnan(shown->lost_days)) {
        return fail_no_gaps(s, percentiles != NULL || shown->estimated_from != NULL);
    }
    if (shown->warn_days > shown->lost_days) {
        return km_fail(s->ctx, KMSEG_E_ARGUMENT,
                       "the warning threshold is %g days and the lost one %g; it needs to be the "
                       "smaller one",
                       shown->warn_days, shown->lost_days);
    }
    return KMSEG_OK;
}

static kmseg_status open_columns(staging *s) {
    KM_TRY(km_number_column(s->ctx, s->table, s->columns->recency, &s->recency));
    KM_TRY(km_number_column(s->ctx, s->table, s->columns->frequency, &s->frequency));
    s->order_days = km_number_column_or_null(s->table, "order_days");
    s->trend_spend = km_number_column_or_null(s->table, "trend_spend");
    s->trend_gap = km_number_column_or_null(s->table, "trend_gap");
    s->reasons = km_arena_array(s->scratch, s->n_rows, sizeof *s->reasons);
    s->stages = km_arena_array(s->scratch, s->n_rows, sizeof *s->stages);
    return s->reasons != NULL && s->stages != NULL ? KMSEG_OK : km_fail_memory(s->ctx, "lifecycle");
}

/* The first that holds; -1 for a customer whose last order has no date. */
static int32_t reason_of(const staging *s, int64_t r) {
    const kmseg_lifecycle *shown = &s->result->shown;
    double margin = s->options->trend_margin;
    double spend = s->trend_spend != NULL ? s->trend_spend[r] : NAN; /* NaN is no trend */
    double gap = s->trend_gap != NULL ? s->trend_gap[r] : NAN;
    double days =
        s->order_days != NULL && !isnan(s->order_days[r]) ? s->order_days[r] : s->frequency[r];
    if (!(s->frequency[r] > 0)) {
        return NO_ORDER;
    }
    if (isnan(s->recency[r])) {
        return -1;
    }
    return s->recency[r] > shown->lost_days    ? PAST_LOST
           : s->recency[r] > shown->warn_days  ? PAST_WARNING
           : gap > margin && spend < -margin   ? TRENDS_DOWN
           : days <= 1                         ? FIRST_ORDER
           : spend > margin && !(gap > margin) ? SPEND_UP
                                               : STEADY;
}

static kmseg_status name_reasons(const staging *s, const char **names) {
    km_arena *arena = s->scratch;
    char warn[64], lost[64];
    km_shown(s->result->shown.warn_days, 1, warn);
    km_shown(s->result->shown.lost_days, 1, lost);
    names[NO_ORDER] = "no order";
    names[PAST_LOST] = km_arena_format(arena, "last order more than %s days ago", lost);
    names[PAST_WARNING] = strcmp(warn, lost) != 0
                              ? km_arena_format(arena, "last order more than %s days ago", warn)
                              : "last order past the warning threshold";
    names[TRENDS_DOWN] = "orders further apart and spend falling";
    names[FIRST_ORDER] = "one order day";
    names[SPEND_UP] = "spend rising";
    names[STEADY] = "regular";
    return names[PAST_LOST] != NULL && names[PAST_WARNING] != NULL
               ? KMSEG_OK
               : km_fail_memory(s->ctx, "lifecycle");
}

static const char *ordinal_of(int32_t n) {
    int tens = n % 100 / 10;
    return tens == 1 ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

static void say_threshold(staging *s, const char *name, double days, int is_fitted,
                          int32_t percent) {
    char shown[64], gaps[64];
    km_shown(days, 1, shown);
    if (is_fitted && s->result->shown.estimated_from != NULL) {
        km_say(
            &s->conventions,
            "The %s threshold is %s days, an estimate of the %d%s percentile of the days between "
            "customers' successive order days, of which there are %s.",
            name, shown, percent, ordinal_of(percent),
            km_shown((double)s->result->shown.n_gaps, 0, gaps));
    } else if (is_fitted) {
        km_say(&s->conventions,
               "The %s threshold is %s days, the %d%s percentile (type 7) of the %s gaps between "
               "customers' successive order days.",
               name, shown, percent, ordinal_of(percent),
               km_shown((double)s->result->shown.n_gaps, 0, gaps));
    } else {
        km_say(&s->conventions, "The %s threshold is %s days, as given.", name, shown);
    }
}

static void say_stages(staging *s) {
    const kmseg_lifecycle *shown = &s->result->shown;
    say_threshold(s, "warning", shown->warn_days, shown->warn_fitted, s->options->warn);
    say_threshold(s, "lost", shown->lost_days, shown->lost_fitted, s->options->lost);
    km_say(&s->conventions, "potential: no order.");
    km_say(&s->conventions, "lost: the last order is longer ago than the lost threshold.");
    km_say(&s->conventions,
           "declining: longer ago than the warning threshold; or orders get further apart while "
           "spend falls (last half against first half).");
    km_say(&s->conventions, "new: orders on one day only, and that not long ago.");
    km_say(&s->conventions,
           "growing: spend rises (last half against first half) and orders do not get further "
           "apart.");
    km_say(&s->conventions, "mature: everyone else, regular and recent.");
    if (s->options->trend_margin > 0) {
        char margin[64];
        km_say(&s->conventions, "Trends between -%s and %s count as none.",
               km_shown(s->options->trend_margin, 3, margin), margin);
    }
}

static void say_notes(staging *s) {
    enum { FEW_GAPS = 100 };
    const kmseg_lifecycle *shown = &s->result->shown;
    char number[64];
    if (s->trend_spend == NULL) {
        km_say(&s->notes, "There is no column trend_spend: nobody is growing, and nobody declines "
                          "by a trend.");
    } else if (s->trend_gap == NULL) {
        km_say(&s->notes, "There is no column trend_gap: nobody declines by a trend.");
    }
    if (shown->estimated_from != NULL) {
        km_say(&s->notes,
               "The table does not have the single days between orders. Thresholds are estimated "
               "from %s, taking each customer to buy at random at a rate of their own: mostly "
               "within 15 %% of what the order log gives, which is better.",
               shown->estimated_from);
    }
    if (shown->n_gaps > 0 && shown->n_gaps < FEW_GAPS) {
        km_say(&s->notes, "The thresholds are fitted to %s gaps only; they may be far off.",
               km_shown((double)shown->n_gaps, 0, number));
    }
    if (shown->warn_days == shown->lost_days) {
        km_say(&s->notes, "Both thresholds are the same: customers are lost without declining.");
    }
    if (shown->n_missing > 0) {
        km_say(&s->notes, "Of those with orders %s without recency: no stage.",
               km_customers(shown->n_missing, number));
    }
}

static kmseg_status build(staging *s, kmseg_table *table, const double *percentiles,
                          int64_t n_gaps) {
    kmseg_lifecycle *shown = &s->result->shown;
    const char *reasons[N_REASONS];
    KM_TRY(open_columns(s));
    KM_TRY(fit_thresholds(s, percentiles, n_gaps));
    KM_TRY(name_reasons(s, reasons));
    for (int64_t r = 0; r < s->n_rows; r++) {
        s->reasons[r] = reason_of(s, r);
        s->stages[r] = s->reasons[r] >= 0 ? (int32_t)stage_of[s->reasons[r]] : -1;
        shown->n_missing += s->reasons[r] < 0;
    }
    shown->n_customers = s->n_rows - shown->n_missing;
    KM_TRY(km_value_groups(s->ctx, table, s->columns, s->stages, KMSEG_N_STAGES, stage_names,
                           shown->stages, &shown->all));
    say_stages(s);
    say_notes(s);
    KM_TRY(km_add_classes(s->ctx, table, "lifecycle", s->stages, KMSEG_N_STAGES, stage_names));
    KM_TRY(km_add_classes(s->ctx, table, "lifecycle_reason", s->reasons, N_REASONS, reasons));
    KM_TRY(km_sentences_take(s->ctx, &s->conventions, &shown->conventions));
    return km_sentences_take(s->ctx, &s->notes, &shown->notes);
}

static kmseg_status build_or_undo(kmseg_context *ctx, kmseg_table *table,
                                  const kmseg_value_columns *columns, const double *percentiles,
                                  int64_t n_gaps, const kmseg_lifecycle_options *options,
                                  km_lifecycle *result) {
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    staging s = {.ctx = ctx,
                 .table = table,
                 .columns = columns,
                 .options = options,
                 .scratch = &scratch,
                 .result = result,
                 .conventions = {.arena = &result->arena},
                 .notes = {.arena = &result->arena},
                 .n_rows = kmseg_table_n_rows(table)};
    int32_t n_columns = table->n_columns;
    kmseg_status status = build(&s, table, percentiles, n_gaps);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        table->n_columns = n_columns;
    }
    return status;
}

kmseg_status kmseg_lifecycle_new(kmseg_context *ctx, kmseg_table *customers,
                                 const kmseg_value_columns *columns, const double *gap_percentiles,
                                 int64_t n_gaps, const kmseg_lifecycle_options *options,
                                 kmseg_lifecycle **out) {
    *out = NULL;
    kmseg_value_columns default_columns;
    kmseg_lifecycle_options default_options;
    kmseg_value_columns_init(&default_columns);
    kmseg_lifecycle_options_init(&default_options);
    columns = columns != NULL ? columns : &default_columns;
    options = options != NULL ? options : &default_options;
    KM_TRY(kmseg_options_check(ctx, &table_of_options, options));
    KM_TRY(km_name_is_free(ctx, customers, "lifecycle"));
    KM_TRY(km_name_is_free(ctx, customers, "lifecycle_reason"));
    km_lifecycle *result =
        km_value_new(ctx, sizeof *result, offsetof(km_lifecycle, arena), "lifecycle");
    if (result == NULL) {
        return KMSEG_E_MEMORY;
    }
    result->shown.struct_size = sizeof result->shown;
    kmseg_status status =
        build_or_undo(ctx, customers, columns, gap_percentiles, n_gaps, options, result);
    if (status != KMSEG_OK) {
        kmseg_lifecycle_free(&result->shown);
        return status;
    }
    *out = &result->shown;
    return KMSEG_OK;
}

void kmseg_lifecycle_free(kmseg_lifecycle *lifecycle) { /* the first field of its km_lifecycle */
    km_value_free(lifecycle, offsetof(km_lifecycle, arena));
}
