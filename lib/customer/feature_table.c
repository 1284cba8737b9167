/* The columns of the customer table. */
#include "customer/features.h"

#include <stdio.h>
#include <string.h>

static const char *const weekdays[KM_N_WEEKDAYS] = {"monday", "tuesday",  "wednesday", "thursday",
                                                    "friday", "saturday", "sunday"};
static const char *const bands[KM_N_BANDS] = {"night", "morning", "afternoon", "evening"};

static kmseg_status add_ids(kmseg_context *ctx, const km_order_log *log, kmseg_table *table) {
    int32_t *codes;
    KM_TRY(km_table_add_code_column(ctx, table, "customer_id", &codes));
    const char **levels = km_arena_array(&table->arena, table->n_rows, sizeof *levels);
    for (int64_t row = 0; levels != NULL && row < table->n_rows; row++) {
        codes[row] = (int32_t)row;
        levels[row] = km_arena_text(&table->arena, log->customer.levels[log->customers[row]]);
        levels = levels[row] != NULL ? levels : NULL;
    }
    if (levels == NULL) {
        return km_fail_memory(ctx, "customer ids");
    }
    KM_TRY(km_table_set_levels(ctx, table, 0, (int32_t)table->n_rows, levels));
    return kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_ID, NULL);
}

/* "category_share_" and a level, free of what separates names in options and files. */
static kmseg_status add_share_column(kmseg_context *ctx, kmseg_table *table,
                                     km_feature_index feature, const char *level, double **out) {
    enum { LONGEST = 80 };
    const km_feature *row = km_feature_at(feature);
    const char *end = strrchr(row->named.name, '_') + 1;
    char name[160];
    size_t length = strnlen(level, LONGEST);
    while (length > 0 && ((unsigned char)level[length] & 0xc0) == 0x80) {
        length--; /* not inside a UTF-8 character */
    }
    snprintf(name, sizeof name, "%.*s%.*s", (int)(end - row->named.name), row->named.name,
             (int)length, level);
    for (char *c = name; *c != '\0'; c++) {
        if (strchr("/,=", *c) != NULL || (unsigned char)*c < ' ') {
            *c = '_';
        }
    }
    for (int i = 2; kmseg_table_find(table, name) >= 0 && i < 100; i++) {
        snprintf(name + strlen(name), sizeof name - strlen(name), "_%d", i);
    }
    KM_TRY(km_table_add_number_column(ctx, table, name, out));
    return kmseg_table_describe(ctx, table, table->n_columns - 1, row->role, row->unit);
}

/* Spend of each level, most first; ties by the level's bytes. */
static kmseg_status add_level_shares(kmseg_context *ctx, const km_order_log *log,
                                     const km_codes *codes, km_feature_index feature,
                                     kmseg_table *table, km_arena *arena, km_family *f) {
    if (codes->codes == NULL || !log->wanted[feature]) {
        return KMSEG_OK;
    }
    km_int128 *spend = km_arena_array(arena, codes->n_levels, sizeof *spend);
    f->slot = km_arena_take(arena, (size_t)codes->n_levels);
    if (spend == NULL || f->slot == NULL) {
        return km_fail_memory(ctx, "customer features");
    }
    for (int64_t r = 0; r < log->n_lines; r++) {
        if (log->state[r] == KM_LINE_SALE && codes->codes[r] >= 0) {
            spend[codes->codes[r]] += log->value[r];
        }
    }
    memset(f->slot, 0xff, (size_t)codes->n_levels);
    while (f->n < KM_MOST_SHARES) {
        int32_t best = -1;
        for (int32_t level = 0; level < codes->n_levels; level++) {
            if (f->slot[level] < 0 && spend[level] > 0 &&
                (best < 0 || spend[level] > spend[best] ||
                 (spend[level] == spend[best] &&
                  strcmp(codes->levels[level], codes->levels[best]) < 0))) {
                best = level;
            }
        }
        if (best < 0) {
            break;
        }
        KM_TRY(add_share_column(ctx, table, feature, codes->levels[best], &f->out[f->n]));
        f->slot[best] = (int8_t)f->n++;
    }
    return KMSEG_OK;
}

/* Weekdays and bands that occur; bands only where the log has times of day. */
static kmseg_status add_time_shares(kmseg_context *ctx, km_features *b, kmseg_table *table) {
    const km_order_log *log = b->log;
    km_times_seen seen = log->seen;
    if (!log->wanted[KM_WEEKDAY_SHARE] && !log->wanted[KM_HOURS_SHARE]) {
        return KMSEG_OK;
    }
    for (int64_t r = 0; r < log->n_lines && !seen.known; r++) {
        if (log->state[r] == KM_LINE_SALE) {
            km_see_time(&seen, log->time[r]);
        }
    }
    for (int d = 0; d < KM_N_WEEKDAYS; d++) {
        if (seen.on_day[d] && log->wanted[KM_WEEKDAY_SHARE]) {
            KM_TRY(add_share_column(ctx, table, KM_WEEKDAY_SHARE, weekdays[d], &b->weekday.out[d]));
        }
    }
    for (int h = 0; h < KM_N_BANDS && seen.has_times; h++) {
        if (seen.in_band[h] && log->wanted[KM_HOURS_SHARE]) {
            KM_TRY(add_share_column(ctx, table, KM_HOURS_SHARE, bands[h], &b->hours.out[h]));
        }
    }
    return KMSEG_OK;
}

static int is_available(const km_order_log *log, km_feature_index feature) {
    if (!log->wanted[feature]) {
        return 0;
    }
    switch (feature) {
    case KM_BASKET_ITEMS: return log->has_quantity;
    case KM_N_PRODUCTS: return log->product.codes != NULL;
    case KM_N_CATEGORIES: return log->category.codes != NULL;
    case KM_N_BUYERS:
    case KM_MAIN_BUYER_SHARE: return log->buyer.codes != NULL;
    case KM_DISCOUNT_SHARE: return log->has_discount;
    default: return 1;
    }
}

kmseg_status km_features_add_columns(kmseg_context *ctx, km_features *b, kmseg_table *table,
                                     km_arena *arena) {
    const km_order_log *log = b->log;
    KM_TRY(add_ids(ctx, log, table));
    for (int i = 0; i < KM_N_SINGLE; i++) {
        if (is_available(log, (km_feature_index)i)) {
            const km_feature *f = km_feature_at(i);
            KM_TRY(km_table_add_number_column(ctx, table, f->named.name, &b->single[i]));
            KM_TRY(kmseg_table_describe(ctx, table, table->n_columns - 1, f->role, f->unit));
        }
    }
    KM_TRY(add_time_shares(ctx, b, table));
    KM_TRY(
        add_level_shares(ctx, log, &log->category, KM_CATEGORY_SHARE, table, arena, &b->category));
    KM_TRY(add_level_shares(ctx, log, &log->channel, KM_CHANNEL_SHARE, table, arena, &b->channel));
    int64_t **times[] = {&b->first_order, &b->last_order};
    for (int i = 0; i < 2; i++) {
        const km_feature *f = km_feature_at(KM_FIRST_ORDER + i);
        if (!log->wanted[KM_FIRST_ORDER + i]) {
            continue;
        }
        KM_TRY(km_table_add_time_column(ctx, table, f->named.name, times[i]));
        KM_TRY(kmseg_table_describe(ctx, table, table->n_columns - 1, f->role, f->unit));
    }
    return KMSEG_OK;
}
