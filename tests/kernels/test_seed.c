/* Kernels of seeding of every set against plain loops over rows. */
#include "base/rng.h"
#include "kernels/kernels.h"
#include "support/support.h"

enum { MOST_PAIRS = 9, BLOCKS = 3, ROWS = 64, N = BLOCKS * ROWS };

typedef struct problem {
    int32_t n_pairs;
    int16_t q[N][2 * MOST_PAIRS], c[KM_SEED_GROUP][2 * MOST_PAIRS];
    int32_t pairs[N * MOST_PAIRS];
    int32_t points[KM_SEED_GROUP * MOST_PAIRS];
    uint32_t half_norms[KM_SEED_GROUP], closest[N], weights[N];
    uint16_t nearest[N];
} problem;

static uint64_t bits(uint64_t seed, uint64_t at) {
    return km_random_u64(seed, KM_STAGE_TEST, at, 0);
}

static int64_t dot(const int16_t *a, const int16_t *b, int32_t n_pairs) {
    int64_t sum = 0;
    for (int32_t j = 0; j < 2 * n_pairs; j++) {
        sum += (int64_t)a[j] * b[j];
    }
    return sum;
}

/* h(q, c) of kernels/seed.h. */
static int64_t apart(const int16_t *q, const int16_t *c, int32_t n_pairs) {
    return (dot(q, q, n_pairs) + 1) / 2 + dot(c, c, n_pairs) / 2 - dot(q, c, n_pairs);
}

/* A vector of norm up to 32700; some are all of one sign in one feature, as far apart as can be. */
static void make_vector(uint64_t seed, uint64_t which, int32_t n_pairs, int16_t *out) {
    memset(out, 0, sizeof(int16_t) * 2 * MOST_PAIRS);
    if (which % 7 == 0) {
        out[0] = which % 2 ? 32700 : -32700;
        return;
    }
    int32_t most = n_pairs == 1 ? 23000 : 7700; /* over sqrt(2), and over sqrt(18) */
    for (int32_t j = 0; j < 2 * n_pairs; j++) {
        out[j] =
            (int16_t)((int32_t)(bits(seed, which * 32 + (uint64_t)j) % (uint64_t)(2 * most + 1)) -
                      most);
    }
}

/* rows of blocks of 64, pair by pair; some lanes are no sample, some are close already. */
static void make(problem *p, int32_t n_pairs, int32_t n_points, uint64_t seed) {
    p->n_pairs = n_pairs;
    for (int32_t i = 0; i < N; i++) {
        make_vector(seed, (uint64_t)i, n_pairs, p->q[i]);
        uint64_t r = bits(seed + 1, (uint64_t)i);
        p->closest[i] = i % 5 == 0 ? KM_SEED_FAR : i % 11 == 3 ? 0 : (uint32_t)(r % 2000000000);
        p->weights[i] = (uint32_t)(r >> 44);
        p->nearest[i] = (uint16_t)(r >> 32 & 63);
        for (int32_t j = 0; j < n_pairs; j++) {
            memcpy(p->pairs + (i / ROWS * n_pairs + j) * ROWS + i % ROWS, p->q[i] + 2 * j, 4);
        }
    }
    for (int32_t m = 0; m < n_points; m++) {
        make_vector(seed + 2, (uint64_t)m + 1, n_pairs, p->c[m]);
        p->half_norms[m] = (uint32_t)(dot(p->c[m], p->c[m], n_pairs) / 2) + KM_SEED_BIAS;
        for (int32_t j = 0; j < n_pairs; j++) {
            int16_t minus[2] = {(int16_t)-p->c[m][2 * j], (int16_t)-p->c[m][2 * j + 1]};
            memcpy(p->points + j * n_points + m, minus, sizeof minus);
        }
    }
}

static void check(const km_kernels *kernels, const problem *p, int32_t n_points, int32_t n_apply,
                  int weighted, int32_t shift) {
    uint32_t closest[N];
    uint16_t nearest[N];
    uint64_t gains[KM_SEED_GROUP] = {0}, expected[KM_SEED_GROUP] = {0};
    memcpy(closest, p->closest, sizeof closest);
    memcpy(nearest, p->nearest, sizeof nearest);
    km_seed seed = {.pairs = p->pairs,
                    .stride = ROWS,
                    .block_stride = (int64_t)p->n_pairs * ROWS,
                    .n_pairs = p->n_pairs,
                    .n_blocks = BLOCKS,
                    .n_rows = ROWS,
                    .shift = shift,
                    .n_points = n_points,
                    .n_apply = n_apply,
                    .points = p->points,
                    .half_norms = p->half_norms,
                    .label = 100,
                    .closest = closest,
                    .nearest = nearest,
                    .weights = weighted ? p->weights : NULL,
                    .gains = gains};
    kernels->seed(&seed);
    for (int32_t i = 0; i < N; i++) {
        int64_t least = p->closest[i];
        uint16_t label = p->nearest[i];
        int16_t q[2 * MOST_PAIRS];
        for (int32_t j = 0; j < 2 * p->n_pairs; j++) {
            q[j] = (int16_t)(p->q[i][j] >> shift);
        }
        for (int32_t m = 0; m < n_points; m++) {
            int64_t h = apart(q, p->c[m], p->n_pairs);
            if (m < n_apply) {
                label = h < least ? (uint16_t)(100 + m) : label;
                least = h < least ? h : least;
            } else if (h < least) {
                expected[m] += (uint64_t)(least - h) * (weighted ? p->weights[i] : 1);
            }
        }
        cr_assert(closest[i] == least, "%s, row %d: %u, not %lld", kernels->named.name, i,
                  closest[i], (long long)least);
        cr_assert(nearest[i] == label, "%s, row %d: label %d, not %d", kernels->named.name, i,
                  nearest[i], label);
    }
    cr_assert_arr_eq(gains, expected, sizeof gains, "%s, %d points, %d of them centroids",
                     kernels->named.name, n_points, n_apply);
}

Test(seed, distances_labels_and_gains_are_those_of_plain_loops)
{
    static problem p;
    const int32_t kinds[][2] = {{1, 1}, {4, 1}, {5, 1}, {6, 1}, {7, 1}, {8, 1}, {8, 0}, {8, 8}};
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        for (int32_t n_pairs = 1; km_kernels_at(i)->available() && n_pairs <= MOST_PAIRS;
             n_pairs += 4) {
            for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
                make(&p, n_pairs, kinds[kind][0], (uint64_t)n_pairs);
                for (int variant = 0; variant < 4; variant++) {
                    check(km_kernels_at(i), &p, kinds[kind][0], kinds[kind][1], variant & 1,
                          variant & 2 ? 3 : 0);
                }
            }
        }
    }
}

/* Filled up, a group does as one without. */
Test(seed, points_that_fill_up_a_group_take_nothing)
{
    static problem p;
    uint64_t gains[KM_SEED_GROUP];
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        if (!km_kernels_at(i)->available()) {
            continue;
        }
        make(&p, 5, 8, 4);
        for (int32_t m = 2; m < 8; m++) {
            p.half_norms[m] = UINT32_MAX;
            for (int32_t j = 0; j < 5; j++) {
                p.points[j * 8 + m] = 0;
            }
        }
        memset(gains, 0, sizeof gains);
        km_seed seed = {.pairs = p.pairs,
                        .stride = ROWS,
                        .block_stride = 5 * ROWS,
                        .n_pairs = 5,
                        .n_blocks = BLOCKS,
                        .n_rows = ROWS,
                        .n_points = 8,
                        .n_apply = 1,
                        .points = p.points,
                        .half_norms = p.half_norms,
                        .closest = p.closest,
                        .nearest = p.nearest,
                        .gains = gains};
        km_kernels_at(i)->seed(&seed);
        cr_assert_gt(gains[1], 0);
        for (int32_t m = 2; m < 8; m++) {
            cr_assert_eq(gains[m], 0);
        }
    }
}

/* Limits of up to 16, up to 32, and more labels, which sets look up in different ways. */
Test(seed, rows_within_reach_are_appended_to_the_queue_in_their_order)
{
    enum { STRIDE = 256 };
    static problem p;
    uint32_t limits[64 + 32];
    int32_t queue_pairs[STRIDE * MOST_PAIRS], rows[STRIDE];
    uint32_t closest[STRIDE], weights[STRIDE];
    const int32_t n_labels[] = {3, 16, 17, 32, 64};
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        for (int c = 0; kernels->available() && c < 5; c++) {
            make(&p, MOST_PAIRS, 1, 9);
            for (int32_t l = 0; l < 64; l++) {
                limits[l] = (uint32_t)(bits(5, (uint64_t)l) % 3000000000);
            }
            km_seed_queue queue = {queue_pairs, STRIDE, 7, closest, weights, rows};
            for (int32_t b = 0, n = 7; b < BLOCKS; b++) {
                for (int32_t r = 0; r < ROWS; r++) {
                    p.nearest[b * ROWS + r] = (uint16_t)(p.nearest[b * ROWS + r] % n_labels[c]);
                }
                uint64_t reached = kernels->seed_reached(p.closest + b * ROWS, p.nearest + b * ROWS,
                                                         limits, n_labels[c]);
                kernels->seed_append(p.pairs + b * MOST_PAIRS * ROWS, MOST_PAIRS,
                                     p.closest + b * ROWS, p.weights + b * ROWS, 1000 * b, reached,
                                     &queue);
                for (int32_t r = 0; r < ROWS; r++) {
                    int32_t at = b * ROWS + r;
                    int within = p.closest[at] >= limits[p.nearest[at]];
                    cr_assert_eq(within, (int)(reached >> r & 1));
                    if (within) {
                        cr_assert_eq(rows[n], 1000 * b + r);
                        cr_assert_eq(closest[n], p.closest[at]);
                        cr_assert_eq(weights[n], p.weights[at]);
                        for (int32_t j = 0; j < MOST_PAIRS; j++) {
                            cr_assert_eq(queue_pairs[j * STRIDE + n],
                                         p.pairs[(b * MOST_PAIRS + j) * ROWS + r]);
                        }
                        n++;
                    }
                }
                cr_assert_eq(queue.n, n);
            }
            cr_assert(queue.n > 20 && queue.n < 7 + N - 20);
        }
    }
}

/* The hash and the chance of a row, as kernels/seed.h has them. */
static uint32_t hash_of(const problem *p, int32_t row, uint32_t seed) {
    uint32_t hash = seed;
    for (int32_t j = 0; j < p->n_pairs; j++) {
        uint32_t pair;
        memcpy(&pair, p->pairs + (row / ROWS * p->n_pairs + j) * ROWS + row % ROWS, 4);
        hash = (hash ^ pair) * 0xcc9e2d51u;
        hash ^= hash >> 15;
    }
    hash *= 0x85ebca6bu;
    hash ^= hash >> 13;
    hash *= 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

/* Tile by tile those that are taken, about as many as their chances say. */
Test(seed, rows_are_taken_by_a_hash_of_their_values_on_every_set)
{
    static problem p;
    for (int32_t n_pairs = 1; n_pairs <= MOST_PAIRS; n_pairs += 4) {
        make(&p, n_pairs, 1, 77 + (uint64_t)n_pairs);
        for (int weighted = 0; weighted < 2; weighted++) {
            const float base = weighted ? 0x1p-21f : 0.02f, slope = weighted ? 0 : 1e-10f;
            for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
                const km_kernels *kernels = km_kernels_at(i);
                if (!kernels->available()) {
                    continue;
                }
                int n_taken = 0;
                for (int32_t t = 0; t < BLOCKS; t++) {
                    uint32_t hashes[ROWS];
                    int32_t chances[ROWS];
                    uint64_t expected[BLOCKS] = {0}, rows;
                    km_seed_sample s = {.pairs = p.pairs + (int64_t)t * n_pairs * ROWS,
                                        .n_tiles = BLOCKS - t,
                                        .n_pairs = n_pairs,
                                        .seed = 5,
                                        .base = base,
                                        .slope = slope,
                                        .weights = weighted ? p.weights + (int64_t)t * ROWS : NULL,
                                        .hashes = hashes,
                                        .chances = chances};
                    for (int32_t r = t * ROWS; r < N; r++) {
                        int64_t square = dot(p.q[r], p.q[r], n_pairs);
                        float chance = base + slope * (float)square;
                        chance *= weighted ? (float)p.weights[r] : 1;
                        int32_t whole = (int32_t)((chance < 1 ? chance : 1) * KM_SEED_CERTAIN);
                        int taken = (int32_t)(hash_of(&p, r, 5) >> 1) < whole;
                        expected[r / ROWS] |= (uint64_t)taken << r % ROWS;
                    }
                    int32_t first = t;
                    while (first < BLOCKS && expected[first] == 0) {
                        first++;
                    }
                    cr_assert_eq(kernels->seed_sample(&s, &rows), first - t, "%s, %d pairs",
                                 kernels->named.name, n_pairs);
                    cr_assert_eq(rows, first < BLOCKS ? expected[first] : 0);
                    n_taken += __builtin_popcountll(expected[t]);
                    s.all = 1;
                    cr_assert_eq(kernels->seed_sample(&s, &rows), 0);
                    cr_assert_eq(rows, expected[t]);
                    cr_assert_eq(hashes[7], hash_of(&p, t * ROWS + 7, 5));
                }
                cr_assert(n_taken > 0 && n_taken < N, "%d", n_taken);
            }
        }
    }
}
