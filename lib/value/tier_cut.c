/* Where one tier ends and the next begins. */
#include "value/tier.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double *new_limits(const km_tiering *t) {
    double *limits = km_arena_array(&t->result->arena, t->n_limits, sizeof *limits);
    t->result->shown.limits = limits;
    t->result->shown.n_tiers = t->n_limits + 1;
    return limits;
}

static kmseg_status check_percents(const km_tiering *t, const char *what, const char *list) {
    if (!(t->limits[0] > 0) || !(t->limits[t->n_limits - 1] < 100)) {
        return km_fail(t->ctx, KMSEG_E_ARGUMENT,
                       "%s is \"%s\"; its numbers need to be above 0 and below 100", what, list);
    }
    return KMSEG_OK;
}

/* "80, 95" */
static const char *list_of(const double *values, int32_t n, char *out, size_t capacity) {
    size_t used = 0;
    out[0] = '\0';
    for (int32_t i = 0; i < n && used < capacity; i++) {
        char number[64];
        int length = snprintf(out + used, capacity - used, "%s%s", i > 0 ? ", " : "",
                              km_shown(values[i], 2, number));
        used += length > 0 ? (size_t)length : 0;
    }
    return out;
}

/* Walks down from the highest value with the value of those before; the sum is compensated
 * (Neumaier 1974), because a limit may lie exactly between two customers. */
static kmseg_status cut_by_share(km_tiering *t) {
    const char *list = t->options->shares;
    KM_TRY(km_read_numbers(t->ctx, "shares", list, KMSEG_MOST_TIERS - 1, t->limits, &t->n_limits));
    KM_TRY(check_percents(t, "shares", list));
    double *limits = new_limits(t), total = t->result->shown.total, sum = 0, lost = 0;
    if (limits == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    if (!(total > 0)) {
        return km_fail(t->ctx, KMSEG_E_DATA,
                       "the values of %s add up to %g; shares need a total above 0, use "
                       "percentile or thresholds",
                       t->result->shown.value, total);
    }
    memcpy(limits, t->limits, (size_t)t->n_limits * sizeof *limits);
    for (int64_t i = 0; i < t->n; i++) {
        double value = t->values[t->order[i]], next = sum + value;
        int32_t tier = 0;
        while (tier < t->n_limits && !(sum + lost < limits[tier] / 100 * total)) {
            tier++;
        }
        t->codes[t->order[i]] = tier;
        lost += fabs(sum) >= fabs(value) ? (sum - next) + value : (value - next) + sum;
        sum = next;
    }
    char shown[600];
    km_say(&t->conventions,
           "abc: customers in descending order of %s, equal ones by id; tiers end at %s %% of the "
           "total: a "
           "customer is in the first one whose share those before have not reached.",
           t->result->shown.value, list_of(limits, t->n_limits, shown, sizeof shown));
    return KMSEG_OK;
}

static kmseg_status cut_by_percentile(km_tiering *t) {
    enum { PARTS = 1000000 }; /* of a percent: places are found in whole numbers */
    const char *list = t->options->percentiles;
    KM_TRY(km_read_numbers(t->ctx, "percentiles", list, KMSEG_MOST_TIERS - 1, t->limits,
                           &t->n_limits));
    KM_TRY(check_percents(t, "percentiles", list));
    double *limits = new_limits(t), *room = km_arena_array(t->scratch, t->n, sizeof *room);
    if (limits == NULL || room == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    for (int64_t i = 0; i < t->n; i++) {
        room[i] = t->values[t->order[i]];
    }
    for (int32_t k = 0; k < t->n_limits; k++) { /* best first */
        limits[t->n_limits - 1 - k] =
            km_quantile_at(room, t->n, llrint(t->limits[k] * PARTS), INT64_C(100) * PARTS);
    }
    for (int64_t i = 0; i < t->n; i++) {
        int32_t tier = 0;
        while (tier < t->n_limits && !(t->values[t->order[i]] > limits[tier])) {
            tier++;
        }
        t->codes[t->order[i]] = tier;
    }
    char shown[600];
    km_say(&t->conventions,
           "percentile: the limits are the type-7 percentiles %s of %s; a customer is in the best "
           "tier whose limit is below the value, and equal values share a tier.",
           list_of(t->limits, t->n_limits, shown, sizeof shown), t->result->shown.value);
    return KMSEG_OK;
}

static kmseg_status cut_by_threshold(km_tiering *t) {
    const char *list = t->options->thresholds;
    if (list == NULL) {
        return km_fail(t->ctx, KMSEG_E_ARGUMENT,
                       "method is thresholds, which needs thresholds, such as 200,1000");
    }
    KM_TRY(
        km_read_numbers(t->ctx, "thresholds", list, KMSEG_MOST_TIERS - 1, t->limits, &t->n_limits));
    double *limits = new_limits(t);
    if (limits == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    for (int32_t k = 0; k < t->n_limits; k++) {
        limits[t->n_limits - 1 - k] = t->limits[k];
    }
    for (int64_t i = 0; i < t->n; i++) {
        int32_t tier = 0;
        while (tier < t->n_limits && !(t->values[t->order[i]] >= limits[tier])) {
            tier++;
        }
        t->codes[t->order[i]] = tier;
    }
    km_say(&t->conventions,
           "thresholds: given in units of %s; a value that reaches a threshold is above it.",
           t->result->shown.value);
    return KMSEG_OK;
}

const char *km_tier_method(const kmseg_tier_options *options) {
    static const char *const methods[] = {"abc", "percentile", "thresholds"};
    for (int i = 0; i < 3; i++) { /* not the caller's pointer, which may end before the result */
        if (strcmp(options->method, methods[i]) == 0) {
            return methods[i];
        }
    }
    return options->thresholds != NULL ? methods[2] : methods[options->weights != NULL];
}

kmseg_status km_tier_cut(km_tiering *t) {
    const char *method = t->result->shown.method;
    return strcmp(method, "abc") == 0          ? cut_by_share(t)
           : strcmp(method, "percentile") == 0 ? cut_by_percentile(t)
                                               : cut_by_threshold(t);
}
