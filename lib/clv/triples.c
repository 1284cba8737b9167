#include "clv/triples.h"

#include <string.h>

typedef struct keyed {
    uint64_t key;
    int64_t row;
} keyed;

/* The bits of numbers >= 0 are in the order of the numbers. */
static uint64_t key_of(double value) {
    union {
        double number;
        uint64_t bits;
    } u = {value + 0.0}; /* -0 becomes 0 */
    return u.bits;
}

/* One pass of a radix sort by 11 bits; 0 when all keys have the same there and nothing moved. */
static int scatter(const keyed *from, keyed *to, int64_t n, int shift) {
    enum { N_DIGITS = 1 << 11 };
    int64_t starts[N_DIGITS] = {0};
    for (int64_t i = 0; i < n; i++) {
        starts[from[i].key >> shift & (N_DIGITS - 1)]++;
    }
    if (starts[from[0].key >> shift & (N_DIGITS - 1)] == n) {
        return 0;
    }
    int64_t start = 0;
    for (int d = 0; d < N_DIGITS; d++) {
        int64_t count = starts[d];
        starts[d] = start;
        start += count;
    }
    for (int64_t i = 0; i < n; i++) {
        to[starts[from[i].key >> shift & (N_DIGITS - 1)]++] = from[i];
    }
    return 1;
}

kmseg_status km_sort_rows(kmseg_context *ctx, int64_t n, const double *values, int64_t *order) {
    keyed *pairs = km_allocate_array(&ctx->allocator, 2 * n, sizeof *pairs);
    if (pairs == NULL) {
        return km_fail_memory(ctx, "sorting customers");
    }
    keyed *from = pairs, *to = pairs + n;
    for (int64_t i = 0; i < n; i++) {
        from[i] = (keyed){key_of(values[order[i]]), order[i]};
    }
    for (int shift = 0; shift < 64 && n > 0; shift += 11) {
        if (scatter(from, to, n, shift)) {
            keyed *other = from;
            from = to;
            to = other;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        order[i] = from[i].row;
    }
    km_release(&ctx->allocator, pairs);
    return KMSEG_OK;
}

static kmseg_status take_arrays(kmseg_context *ctx, km_triples *t) {
    km_arena *arena = &t->arena;
    t->x = km_arena_take(arena, (size_t)t->n * sizeof *t->x);
    t->t_x = km_arena_take(arena, (size_t)t->n * sizeof *t->t_x);
    t->T = km_arena_take(arena, (size_t)t->n * sizeof *t->T);
    t->first = km_arena_take(arena, (size_t)(t->n + 1) * sizeof *t->first);
    t->pair = km_arena_take(arena, (size_t)t->n * sizeof *t->pair);
    t->pair_first = km_arena_take(arena, (size_t)t->n_pairs * sizeof *t->pair_first);
    t->x_values = km_arena_take(arena, (size_t)t->n_x * sizeof *t->x_values);
    t->x_counts = km_arena_array(arena, t->n_x, sizeof *t->x_counts);
    if (t->x == NULL || t->t_x == NULL || t->T == NULL || t->first == NULL || t->pair == NULL ||
        t->pair_first == NULL || t->x_values == NULL || t->x_counts == NULL) {
        return km_fail_memory(ctx, "distinct customers");
    }
    return KMSEG_OK;
}

/* What customer i of the order has that the one before has not: 3 another x, 2 T, 1 t_x, 0 nothing. */
static int differs(const km_triples *t, const double *x, const double *t_x, const double *T,
                   int64_t i) {
    if (i == 0) {
        return 3;
    }
    int64_t row = t->order[i], before = t->order[i - 1];
    return x[row] != x[before] ? 3 : T[row] != T[before] ? 2 : t_x[row] != t_x[before];
}

static void fill(km_triples *t, const double *x, const double *t_x, const double *T) {
    int64_t n = 0, n_pairs = 0, n_x = 0;
    for (int64_t i = 0; i < t->n_customers; i++) {
        int64_t row = t->order[i];
        int change = differs(t, x, t_x, T, i);
        if (change >= 3) {
            t->x_values[n_x++] = x[row];
        }
        if (change >= 2) {
            t->pair_first[n_pairs++] = n;
        }
        if (change >= 1) {
            t->x[n] = x[row];
            t->t_x[n] = t_x[row];
            t->T[n] = T[row];
            t->pair[n] = n_pairs - 1;
            t->first[n++] = i;
        }
        t->x_counts[n_x - 1] += 1;
    }
    t->first[n] = t->n_customers;
}

static kmseg_status make(kmseg_context *ctx, const double *x, const double *t_x, const double *T,
                         km_triples *t) {
    t->order = km_arena_take(&t->arena, (size_t)t->n_customers * sizeof *t->order);
    if (t->order == NULL) {
        return km_fail_memory(ctx, "distinct customers");
    }
    for (int64_t i = 0; i < t->n_customers; i++) {
        t->order[i] = i;
    }
    KM_TRY(km_sort_rows(ctx, t->n_customers, t_x, t->order));
    KM_TRY(km_sort_rows(ctx, t->n_customers, T, t->order));
    KM_TRY(km_sort_rows(ctx, t->n_customers, x, t->order));
    for (int64_t i = 0; i < t->n_customers; i++) {
        int change = differs(t, x, t_x, T, i);
        t->n_x += change >= 3;
        t->n_pairs += change >= 2;
        t->n += change >= 1;
    }
    KM_TRY(take_arrays(ctx, t));
    fill(t, x, t_x, T);
    return KMSEG_OK;
}

kmseg_status km_triples_make(kmseg_context *ctx, int64_t n, const double *x, const double *t_x,
                             const double *T, km_triples *out) {
    memset(out, 0, sizeof *out);
    km_arena_init(&out->arena, &ctx->allocator);
    out->n_customers = n;
    kmseg_status status = make(ctx, x, t_x, T, out);
    if (status != KMSEG_OK) {
        km_triples_free(out);
    }
    return status;
}

void km_triples_free(km_triples *triples) { km_arena_free(&triples->arena); }
