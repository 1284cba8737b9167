/* The column that names the customer: found by role or by name, and unique. */
#include "base/text.h"
#include "data/id_names.h"
#include "data/table.h"
#include "prepare/fit.h"

#include <math.h>
#include <string.h>

/* Rows r < s of the same id, or a row r without one (s = -1); r = -1 when there is neither. */
typedef struct fault {
    int64_t r, s;
} fault;

static int is_missing(const kmseg_column *column, int64_t r) {
    return column->type == KMSEG_COLUMN_NUMBER ? isnan(column->numbers[r]) : column->codes[r] < 0;
}

static kmseg_status find_repeated_code(km_fit *fit, const kmseg_column *column, fault *out) {
    kmseg_context *ctx = fit->ctx;
    int64_t *first = km_allocate_array(&ctx->allocator, column->n_levels, sizeof *first);
    if (first == NULL) {
        return km_fail_memory(ctx, "the check of ids");
    }
    for (int32_t i = 0; i < column->n_levels; i++) {
        first[i] = -1;
    }
    for (int64_t r = 0; r < column->n_rows && out->r < 0; r++) {
        int64_t *at = &first[column->codes[r]];
        if (*at >= 0) {
            *out = (fault){*at, r};
        }
        *at = r;
    }
    km_release(&ctx->allocator, first);
    return KMSEG_OK;
}

static uint64_t hash_number(double value) {
    uint64_t bits;
    value += 0.0; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    bits *= UINT64_C(0x9e3779b97f4a7c15);
    bits ^= bits >> 32;
    bits *= UINT64_C(0xd6e8feb86659fd93);
    return bits ^ (bits >> 32);
}

static kmseg_status find_repeated_number(km_fit *fit, const kmseg_column *column, fault *out) {
    kmseg_context *ctx = fit->ctx;
    const double *numbers = column->numbers;
    int64_t r = 1;
    while (r < column->n_rows && numbers[r - 1] < numbers[r]) {
        r++;
    }
    if (r >= column->n_rows) {
        return KMSEG_OK; /* ascending, as kmseg features writes it */
    }
    uint64_t n_slots = 64;
    while (n_slots / 2 < (uint64_t)column->n_rows) {
        n_slots *= 2;
    }
    int64_t *slots = km_allocate_array(&ctx->allocator, (int64_t)n_slots, sizeof *slots);
    if (slots == NULL) {
        return km_fail_memory(ctx, "the check of ids");
    }
    memset(slots, 0xff, n_slots * sizeof *slots); /* -1: empty */
    for (r = 0; r < column->n_rows && out->r < 0; r++) {
        uint64_t s = hash_number(numbers[r]) & (n_slots - 1);
        while (slots[s] >= 0 && numbers[slots[s]] != numbers[r]) {
            s = (s + 1) & (n_slots - 1);
        }
        if (slots[s] >= 0) {
            *out = (fault){slots[s], r};
        }
        slots[s] = r;
    }
    km_release(&ctx->allocator, slots);
    return KMSEG_OK;
}

static kmseg_status find_fault(km_fit *fit, const kmseg_column *column, fault *out) {
    *out = (fault){-1, -1};
    for (int64_t r = 0; r < column->n_rows && column->n_missing > 0; r++) {
        if (is_missing(column, r)) {
            out->r = r;
            return KMSEG_OK;
        }
    }
    return column->type == KMSEG_COLUMN_TEXT ? find_repeated_code(fit, column, out)
                                             : find_repeated_number(fit, column, out);
}

static kmseg_status fail_fault(km_fit *fit, const kmseg_column *column, fault found) {
    if (found.s < 0) {
        return km_fail(fit->ctx, KMSEG_E_DATA,
                       "%s names the customer but is missing in row %lld; every row needs an id "
                       "(name another column as id, or \"\" for none)",
                       column->name, (long long)found.r + 1);
    }
    char number[32];
    const char *id = number;
    if (column->type == KMSEG_COLUMN_TEXT) {
        id = column->levels[column->codes[found.r]];
    } else {
        km_format_double(column->numbers[found.r], number, sizeof number);
    }
    return km_fail(fit->ctx, KMSEG_E_DATA,
                   "%s %s is in rows %lld and %lld; one row per customer is needed: make one from "
                   "an order log with kmseg features, or name another id column (\"\" for none)",
                   column->name, id, (long long)found.r + 1, (long long)found.s + 1);
}

static int is_whole(const kmseg_column *column) {
    if (column->type != KMSEG_COLUMN_NUMBER) {
        return column->type == KMSEG_COLUMN_TEXT;
    }
    for (int64_t r = 0; r < column->n_rows; r++) {
        if (column->numbers[r] != floor(column->numbers[r])) { /* NaN too; n_missing tells */
            return isnan(column->numbers[r]);
        }
    }
    return 1;
}

static kmseg_status use(km_fit *fit, int32_t i) {
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    if (column->type == KMSEG_COLUMN_TIME) {
        return km_fail(fit->ctx, KMSEG_E_DATA, "%s is a column of dates; an id is text or a number",
                       column->name);
    }
    if (fit->settings[i].included) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "%s names the customer and is included as well; name another id column "
                       "(\"\" for none)",
                       column->name);
    }
    fault found;
    KM_TRY(find_fault(fit, column, &found));
    if (found.r >= 0) {
        return fail_fault(fit, column, found);
    }
    fit->id = i;
    return KMSEG_OK;
}

kmseg_status km_find_id(km_fit *fit) {
    const kmseg_table *table = fit->table;
    const char *wanted = fit->options->id;
    fit->id = -1;
    if (wanted != NULL) {
        if (wanted[0] == '\0') {
            return KMSEG_OK;
        }
        int32_t i = kmseg_table_find(table, wanted);
        return i >= 0 ? use(fit, i) : km_table_fail_no_column(fit->ctx, table, wanted);
    }
    for (int32_t i = 0; i < kmseg_table_n_columns(table); i++) {
        if (kmseg_table_column(table, i)->role == KMSEG_ROLE_ID) {
            return use(fit, i);
        }
    }
    for (const km_id_name *usual = km_id_names; usual->name != NULL; usual++) {
        for (int32_t i = 0; i < kmseg_table_n_columns(table); i++) {
            const kmseg_column *column = kmseg_table_column(table, i);
            if (!km_same_name(column->name, usual->name) || fit->settings[i].included ||
                !is_whole(column)) {
                continue;
            }
            fault found;
            KM_TRY(find_fault(fit, column, &found));
            if (found.r < 0 || usual->strong) {
                km_note(&fit->notes, "%s: names the customer", column->name);
                return use(fit, i);
            }
        }
    }
    km_note(&fit->notes, "no column names the customer; rows are numbered from 1");
    return KMSEG_OK;
}
