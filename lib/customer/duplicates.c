/* Lines that equal an earlier one in every column of the table. */
#include "customer/orders.h"

#include <string.h>

/* Bits of a cell; cells are equal when these are (both missing included: one NaN is written for
 * all). */
static uint64_t cell_bits(const kmseg_column *column, int64_t r) {
    uint64_t bits = 0;
    switch (column->type) {
    case KMSEG_COLUMN_NUMBER: {
        double value = column->numbers[r] != column->numbers[r] ? 1e308 : column->numbers[r] + 0.0;
        memcpy(&bits, &value, sizeof bits);
        break;
    }
    case KMSEG_COLUMN_TIME: bits = (uint64_t)column->times[r]; break;
    case KMSEG_COLUMN_TEXT: bits = (uint64_t)(int64_t)column->codes[r]; break;
    }
    return bits;
}

static uint64_t hash_row(const kmseg_table *table, int64_t r) {
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15);
    for (int32_t i = 0; i < table->n_columns; i++) {
        h ^= cell_bits(&table->columns[i], r);
        h *= UINT64_C(0xd6e8feb86659fd93);
        h ^= h >> 32;
    }
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ (h >> 32);
}

static int same_row(const kmseg_table *table, int64_t a, int64_t b) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (cell_bits(&table->columns[i], a) != cell_bits(&table->columns[i], b)) {
            return 0;
        }
    }
    return 1;
}

kmseg_status km_log_mark_duplicates(kmseg_context *ctx, const kmseg_table *table,
                                    km_order_log *log) {
    uint64_t n_slots = 64;
    while (n_slots < 2 * (uint64_t)log->n_lines) {
        n_slots *= 2;
    }
    uint32_t *slots = km_allocate_array(&ctx->allocator, (int64_t)n_slots, sizeof *slots);
    if (slots == NULL) {
        return km_fail_memory(ctx, "finding duplicate lines");
    }
    memset(slots, 0xff, n_slots * sizeof *slots); /* UINT32_MAX: empty */
    for (int64_t r = 0; r < log->n_lines; r++) {
        uint64_t s = hash_row(table, r) & (n_slots - 1);
        while (slots[s] != UINT32_MAX && !same_row(table, slots[s], r)) {
            s = (s + 1) & (n_slots - 1);
        }
        log->state[r] = slots[s] != UINT32_MAX;
        slots[s] = slots[s] != UINT32_MAX ? slots[s] : (uint32_t)r;
    }
    km_release(&ctx->allocator, slots);
    return KMSEG_OK;
}
