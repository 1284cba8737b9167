/* Which features are wanted, and which columns of the log these need. */
#include "customer/orders.h"

#include <string.h>

/* Feature of that name, or -1. */
static int32_t find_feature(const char *name, size_t length) {
    for (int32_t i = 0; i < KM_N_FEATURES; i++) {
        const char *known = km_feature_at(i)->named.name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) {
            return i;
        }
    }
    return -1;
}

static kmseg_status read_names(kmseg_context *ctx, const char *list,
                               uint8_t wanted[KM_N_FEATURES]) {
    int32_t n = 0;
    while (*list != '\0') {
        list += strspn(list, " ,");
        size_t length = strcspn(list, ",");
        const char *next = list + length;
        while (length > 0 && list[length - 1] == ' ') {
            length--;
        }
        if (length > 0) {
            int32_t i = find_feature(list, length);
            if (i < 0) {
                return km_fail(ctx, KMSEG_E_ARGUMENT,
                               "only: \"%.*s\" is no feature; kmseg list features has their names",
                               length < 60 ? (int)length : 60, list);
            }
            wanted[i] = 1;
            n++;
        }
        list = next;
    }
    return n > 0 ? KMSEG_OK
                 : km_fail(ctx, KMSEG_E_ARGUMENT, "only: needs at least one name of a feature");
}

kmseg_status km_features_choose(kmseg_context *ctx, kmseg_features_options *options,
                                uint8_t wanted[KM_N_FEATURES]) {
    memset(wanted, options->only == NULL, KM_N_FEATURES);
    if (options->only == NULL) {
        return KMSEG_OK;
    }
    KM_TRY(read_names(ctx, options->only, wanted));
    if (!wanted[KM_N_PRODUCTS]) {
        options->product = "";
    }
    if (!wanted[KM_N_CATEGORIES] && !wanted[KM_CATEGORY_SHARE]) {
        options->category = "";
    }
    if (!wanted[KM_CHANNEL_SHARE]) {
        options->channel = "";
    }
    if (!wanted[KM_N_BUYERS] && !wanted[KM_MAIN_BUYER_SHARE]) {
        options->buyer = "";
    }
    if (!wanted[KM_DISCOUNT_SHARE]) {
        options->discount = "";
    }
    return KMSEG_OK;
}
