/* Every set of kernels against plain loops, and the certificate against the truth. */
#include "base/rng.h"
#include "base/sums.h"
#include "data/draw_rows.h"
#include "kernels/certify.h"
#include "kernels/kernels.h"
#include "support/support.h"

#include <math.h>

enum { MOST_D = 40, MOST_K = 13, TILES = 3, ROWS = TILES * KM_LANES };

/* One random problem: samples, centroids, and both in tiles. */
typedef struct problem {
    int32_t d, k;
    double x[ROWS * MOST_D], centroids[MOST_K * MOST_D]; /* row-major */
    _Alignas(64) float f32[ROWS * MOST_D];
    _Alignas(64) double f64[ROWS * MOST_D];
    double norms[TILES], largest;
} problem;

static double uniform(uint64_t seed, uint64_t at) {
    return 2 * km_random_uniform(seed, KM_STAGE_TEST, at, 0) - 1;
}

/* grid > 0 puts samples and centroids on a grid, so that ties are common. */
static void make(problem *p, int32_t d, int32_t k, uint64_t seed, double grid) {
    p->d = d;
    p->k = k;
    p->largest = 0;
    for (int64_t i = 0; i < ROWS * d; i++) {
        double value = uniform(seed, (uint64_t)i);
        p->x[i] = grid > 0 ? rint(value * grid) / grid : value;
    }
    for (int32_t c = 0; c < k; c++) {
        double square = 0;
        for (int32_t j = 0; j < d; j++) {
            double value = uniform(seed + 1, (uint64_t)(c * d + j));
            value = grid > 0 ? rint(value * grid) / grid : value;
            p->centroids[c * d + j] = value;
            square += value * value;
        }
        p->largest = fmax(p->largest, sqrt(square));
    }
    for (int32_t t = 0; t < TILES; t++) {
        p->norms[t] = 0;
        for (int32_t r = 0; r < KM_LANES; r++) {
            double square = 0;
            for (int32_t j = 0; j < d; j++) {
                double value = p->x[(t * KM_LANES + r) * d + j];
                p->f64[(t * d + j) * KM_LANES + r] = value;
                p->f32[(t * d + j) * KM_LANES + r] = (float)value;
                square += value * value;
            }
            p->norms[t] = fmax(p->norms[t], sqrt(square));
        }
    }
}

static int32_t plain_nearest(const problem *p, int64_t row) {
    double best = INFINITY;
    int32_t at = -1;
    for (int32_t c = 0; c < p->k; c++) {
        double square = 0;
        for (int32_t j = 0; j < p->d; j++) {
            double away = p->x[row * p->d + j] - p->centroids[c * p->d + j];
            square += away * away;
        }
        if (square < best) {
            best = square;
            at = c;
        }
    }
    return at;
}

typedef struct outcome {
    km_label nearest[ROWS];
    uint64_t changed[TILES], uncertain[TILES];
} outcome;

static void run_assign(const km_kernels *kernels, const problem *p, int f64, double offset,
                       outcome *out) {
    static _Alignas(64) double packed[MOST_K * MOST_D], half_norms[MOST_K];
    static _Alignas(64) double scratch[MOST_K * KM_LANES];
    static km_label labels[ROWS];
    double limits[TILES];
    km_pack(p->centroids, p->k, p->d, kernels->group, f64 ? 8 : 4, packed);
    for (int32_t c = 0; c < p->k; c++) {
        double square = 0;
        for (int32_t j = 0; j < p->d; j++) {
            square += p->centroids[c * p->d + j] * p->centroids[c * p->d + j];
        }
        if (f64) {
            half_norms[c] = square / 2;
        } else {
            ((float *)half_norms)[c] = (float)(square / 2);
        }
    }
    km_certificate certificate = km_certificate_new(p->d, f64 ? 0x1p-53 : 0x1p-24, 1, p->largest);
    for (int32_t t = 0; t < TILES; t++) {
        limits[t] = km_certificate_limit(&certificate, p->norms[t]) + offset;
    }
    for (int32_t i = 0; i < ROWS; i++) {
        labels[i] = (km_label)(i % p->k);
    }
    km_assign assign = {
        .tiles = f64 ? (const void *)p->f64 : (const void *)p->f32,
        .n_tiles = TILES,
        .n_features = p->d,
        .n_clusters = p->k,
        .centroids = packed,
        .half_norms = half_norms,
        .limits = limits,
        .slope = certificate.slope,
        .labels = labels,
        .nearest = out->nearest,
        .changed = out->changed,
        .uncertain = out->uncertain,
        .scratch = scratch,
    };
    (f64 ? kernels->assign_f64 : kernels->assign_f32)(&assign);
}

/* Every number of clusters up to 13 crosses the groups of 4 and their rests. */
Test(assign, what_a_kernel_calls_certain_is_what_float64_says)
{
    static problem p;
    static outcome out;
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        int64_t certain = 0, ties = 0;
        for (int32_t k = 1; kernels->available() && k <= MOST_K; k++) {
            for (int32_t d = 1; d <= MOST_D; d += d < 9 ? 1 : 7) {
                for (int grid = 0; grid <= 2; grid += 2) {
                    make(&p, d, k, (uint64_t)(100 * d + k), grid);
                    for (int f64 = 0; f64 < 2; f64++) {
                        run_assign(kernels, &p, f64, 0, &out);
                        for (int64_t row = 0; row < ROWS; row++) {
                            uint64_t bit = UINT64_C(1) << (row % KM_LANES);
                            int unsure = (out.uncertain[row / KM_LANES] & bit) != 0;
                            int changed = (out.changed[row / KM_LANES] & bit) != 0;
                            ties += unsure;
                            if (unsure) {
                                cr_assert(!changed);
                                continue;
                            }
                            certain++;
                            int32_t truth = plain_nearest(&p, row);
                            cr_assert(out.nearest[row] == truth, "%s k %d d %d row %d: %d, not %d",
                                      kernels->named.name, k, d, (int)row, out.nearest[row], truth);
                            cr_assert_eq(changed, truth != row % k);
                        }
                    }
                }
            }
        }
        cr_assert(!kernels->available() || (certain > 50000 && ties > 100),
                  "%s: %d certain, %d uncertain", kernels->named.name, (int)certain, (int)ties);
    }
}

Test(assign, a_limit_of_infinity_decides_nothing)
{
    static problem p;
    static outcome out;
    make(&p, 5, 6, 3, 0);
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        for (int f64 = 0; km_kernels_at(i)->available() && f64 < 2; f64++) {
            run_assign(km_kernels_at(i), &p, f64, INFINITY, &out);
            for (int32_t t = 0; t < TILES; t++) {
                cr_assert_eq(out.uncertain[t], ~UINT64_C(0));
                cr_assert_eq(out.changed[t], UINT64_C(0));
            }
        }
    }
}

/* A row halfway between two centroids but for one part in 2^50: float32 cannot tell, float64 can. */
Test(assign, a_margin_below_the_proven_error_is_uncertain)
{
    static problem p;
    static outcome out;
    make(&p, 3, 2, 5, 0);
    for (int32_t j = 0; j < 3; j++) {
        p.centroids[j] = 0.5;
        p.centroids[3 + j] = -0.5;
    }
    p.largest = sqrt(0.75);
    for (int32_t i = 0; i < ROWS; i++) {
        for (int32_t j = 0; j < 3; j++) {
            p.x[i * 3 + j] = j == 0 ? 0x1p-40 : 0;
            p.f64[((i / KM_LANES) * 3 + j) * KM_LANES + i % KM_LANES] = p.x[i * 3 + j];
            p.f32[((i / KM_LANES) * 3 + j) * KM_LANES + i % KM_LANES] = (float)p.x[i * 3 + j];
        }
    }
    p.norms[0] = p.norms[1] = p.norms[2] = 1; /* some other row of the tile */
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        if (km_kernels_at(i)->available()) {
            run_assign(km_kernels_at(i), &p, 0, 0, &out);
            cr_assert_eq(out.uncertain[0], ~UINT64_C(0), "%s", km_kernels_at(i)->named.name);
            run_assign(km_kernels_at(i), &p, 1, 0, &out);
            cr_assert_eq(out.uncertain[0], UINT64_C(0), "%s", km_kernels_at(i)->named.name);
            cr_assert_eq(out.nearest[0], 0);
        }
    }
}

/* One far centroid must not make all other decisions doubtful. */
Test(certify, a_far_centroid_does_not_raise_the_limit_of_near_tiles)
{
    km_certificate near = km_certificate_new(8, 0x1p-24, 1, 4);
    km_certificate far = km_certificate_new(8, 0x1p-24, 1, 1e6);
    cr_assert_float_eq(km_certificate_limit(&far, 1), km_certificate_limit(&near, 1),
                       1e-3 * km_certificate_limit(&near, 1));
    km_certificate beyond = km_certificate_new(8, 0x1p-24, 1, 1e13);
    cr_assert(isinf(km_certificate_limit(&beyond, 1)));
    km_certificate nan = km_certificate_new(8, 0x1p-24, 1, NAN);
    cr_assert(isinf(km_certificate_limit(&nan, 1)));
    km_certificate wide = km_certificate_new(1 << 20, 0x1p-24, 1, 4);
    cr_assert(isinf(km_certificate_limit(&wide, 1)));
    km_certificate wide_in_float64 = km_certificate_new(1 << 20, 0x1p-53, 1, 4);
    cr_assert(isfinite(km_certificate_limit(&wide_in_float64, 1)));
}

/* Of some centroids, in any order and more often than once: the bits that `all` holds. */
static void check_some_distances(const km_kernels *kernels, const problem *p, const double *all) {
    const int32_t which[] = {6, 0, 3, 3, 5, 1, 2, 4, 6, 0, 1};
    for (int32_t r = 0; r < KM_LANES; r += 7) {
        double row[MOST_D], some[11];
        for (int32_t j = 0; j < p->d; j++) {
            row[j] = p->f64[j * KM_LANES + r];
        }
        for (int32_t n = 1; n <= 11; n++) {
            kernels->some_distances(row, p->d, p->centroids, which, n, some);
            for (int32_t i = 0; i < n; i++) {
                cr_assert_eq(some[i], all[which[i] * KM_LANES + r]);
            }
        }
    }
}

Test(exact, distances_and_nearest_are_the_bits_of_the_plain_loop_in_every_set)
{
    static problem p;
    static _Alignas(64) double out[MOST_K * KM_LANES];
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        for (int32_t d = 1; kernels->available() && d <= MOST_D; d += 3) {
            make(&p, d, 7, (uint64_t)d, d % 2 ? 2 : 0);
            int32_t index[KM_LANES], second_index[KM_LANES];
            double best[KM_LANES], second[KM_LANES];
            kernels->distances(p.f64, d, p.centroids, p.k, out);
            kernels->nearest(p.f64, d, p.centroids, p.k, index, best, second_index, second);
            check_some_distances(kernels, &p, out);
            for (int32_t r = 0; r < KM_LANES; r++) {
                cr_assert_eq(index[r], plain_nearest(&p, r));
                for (int32_t c = 0; c < p.k; c++) {
                    double square = 0;
                    for (int32_t j = 0; j < d; j++) {
                        double away = p.x[r * d + j] - p.centroids[c * d + j];
                        square += away * away;
                    }
                    cr_assert_eq(out[c * KM_LANES + r], square);
                    cr_assert(square >= second[r] || c == index[r]);
                }
                cr_assert_eq(out[index[r] * KM_LANES + r], best[r]);
                cr_assert_eq(out[second_index[r] * KM_LANES + r], second[r]);
                cr_assert(best[r] < second[r] || index[r] < second_index[r]);
            }
        }
    }
}

Test(exact, bins_count_the_limits_below_each_value_in_every_set)
{
    double upper[256], x[KM_LANES];
    for (int n_limits = 0; n_limits < 256; n_limits += 51) { /* the others are infinite */
        for (int b = 0; b < 256; b++) {
            upper[b] = b < n_limits ? (b - 128) / 4.0 : INFINITY;
        }
        for (int r = 0; r < KM_LANES; r++) {
            x[r] = (r - 32) * 1.25 + (r % 3 - 1) * 0x1p-40; /* at, above and below limits */
        }
        x[5] = -INFINITY;
        x[6] = INFINITY;
        x[7] = NAN; /* above nothing */
        x[8] = -0.0;
        for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
            const km_kernels *kernels = km_kernels_at(i);
            uint8_t bins[KM_LANES];
            if (!kernels->available()) {
                continue;
            }
            kernels->bins(upper, x, bins);
            for (int r = 0; r < KM_LANES; r++) {
                int below = 0;
                for (int b = 0; b < 255; b++) {
                    below += upper[b] < x[r];
                }
                cr_assert_eq(bins[r], below, "%s: %g of %d limits: %d, not %d", kernels->named.name,
                             x[r], n_limits, bins[r], below);
            }
        }
    }
}

Test(exact, steps_rise_with_the_value_and_have_none_that_is_not_finite_in_every_set)
{
    double x[KM_LANES];
    for (int r = 0; r < KM_LANES; r++) {
        x[r] = (r - 20) * 0.75; /* -15 to 32.25, and steps of 0.5 from -4 to 28 */
    }
    x[60] = -0.0;
    x[61] = INFINITY;
    x[62] = -INFINITY;
    x[63] = NAN;
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        uint16_t steps[KM_LANES];
        if (!kernels->available()) {
            continue;
        }
        kernels->steps(x, -4, 2, 64, steps);
        for (int r = 0; r < KM_LANES; r++) {
            int step = !isfinite(x[r]) ? 64
                       : x[r] < -4     ? 0
                       : x[r] >= 28    ? 63
                                       : (int)(2 * (x[r] + 4));
            cr_assert_eq(steps[r], step, "%s: %g is in %d, not %d", kernels->named.name, x[r],
                         steps[r], step);
        }
    }
}

Test(exact, hashes_and_numbers_are_the_same_in_every_set)
{
    double x[KM_LANES];
    for (int r = 0; r < KM_LANES; r++) {
        x[r] = r == 3 ? -0.0 : r == 4 ? 0 : uniform(11, (uint64_t)r) - 0.5;
    }
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        uint64_t hashes[KM_LANES], numbers[KM_LANES];
        if (!kernels->available()) {
            continue;
        }
        for (int r = 0; r < KM_LANES; r++) {
            hashes[r] = (uint64_t)(r / 2);
        }
        kernels->hash(x, hashes);
        kernels->numbers(UINT64_C(0xfedcba9876543210), KM_STAGE_TEST, hashes, numbers);
        for (int r = 0; r < KM_LANES; r++) {
            cr_assert_eq(hashes[r], km_hash_values((uint64_t)(r / 2), &x[r], 1));
            cr_assert_eq(numbers[r],
                         km_random_u64(UINT64_C(0xfedcba9876543210), KM_STAGE_TEST, hashes[r], 0));
        }
    }
}

/* Rows of a tile leave one cluster and join another: sums are those of long-hand arithmetic. */
enum { MOVE_K = 3, MOVE_MOST = 19, MOVE_SUMS = MOVE_K * 24 };

typedef struct moving {
    float narrow[KM_LANES * MOVE_MOST + 8];
    double x[KM_LANES * MOVE_MOST + 8], centre[24], unit[24], fine[24], weights[KM_LANES];
    km_label from[KM_LANES], to[KM_LANES];
    int64_t sums[MOVE_SUMS], fine_sums[MOVE_SUMS], counts[MOVE_K];
} moving;

static void make_moving(moving *m, int32_t d) {
    memset(m, 0, sizeof *m);
    for (int32_t i = 0; i < KM_LANES * d; i++) {
        m->narrow[i] = (float)uniform(8, (uint64_t)i);
        m->x[i] = (double)m->narrow[i];
    }
    for (int32_t j = 0; j < d; j++) {
        m->centre[j] = 0.25 * j;
        m->unit[j] = m->fine[j] = 0x1p40;
    }
    for (int32_t r = 0; r < KM_LANES; r++) {
        m->weights[r] = r % 4;
        m->from[r] = r % (MOVE_K + 1) == 0 ? KM_NO_LABEL : (km_label)(r % (MOVE_K + 1) - 1);
        m->to[r] = (km_label)((r + 1) % MOVE_K);
    }
}

/* What move should have left in m, by long-hand arithmetic. */
static void check_moved(const moving *m, const km_move *move, const char *name) {
    int64_t sums[MOVE_SUMS] = {0}, fine_sums[MOVE_SUMS] = {0}, counts[MOVE_K] = {0};
    int32_t d = move->n_features, stride = (int32_t)km_sum_stride(d);
    for (int32_t r = 0; r < KM_LANES; r++) {
        if (!(move->rows >> r & 1)) {
            continue;
        }
        int leaves = m->from[r] != KM_NO_LABEL;
        counts[m->to[r]]++;
        counts[leaves ? m->from[r] : 0] -= leaves;
        for (int32_t j = 0; j < d; j++) {
            double weight = move->weights != NULL ? m->weights[r] : 1;
            double units = (m->x[r * d + j] - m->centre[j]) * weight * 0x1p40;
            int64_t whole = llrint(units);
            int64_t rest = move->fine == NULL ? 0 : llrint((units - (double)whole) * 0x1p40);
            sums[m->to[r] * stride + j] += whole;
            fine_sums[m->to[r] * stride + j] += rest;
            if (leaves) {
                sums[m->from[r] * stride + j] -= whole;
                fine_sums[m->from[r] * stride + j] -= rest;
            }
        }
    }
    for (int32_t c = 0; c < MOVE_K; c++) {
        cr_assert_eq(m->counts[c], counts[c], "%s, d %d", name, d);
        for (int32_t j = 0; j < d; j++) {
            cr_assert_eq(m->sums[c * stride + j], sums[c * stride + j], "%s, d %d", name, d);
            cr_assert_eq(m->fine_sums[c * stride + j], fine_sums[c * stride + j]);
        }
    }
}

Test(exact, moves_add_and_subtract_the_same_whole_numbers_in_every_set)
{
    static moving m;
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        for (int form = 0; kernels->available() && form < 16; form++) {
            for (int32_t d = 1; d <= MOVE_MOST; d++) {
                make_moving(&m, d);
                int f64 = form & 1;
                km_move move = {.samples = f64 ? (const void *)m.x : (const void *)m.narrow,
                                .row_stride = d,
                                .n_features = d,
                                .rows = UINT64_C(0xf0f1e2d3c4b5a697),
                                .whole_eights = form & 2 ? ~UINT64_C(0) : ~UINT64_C(0) >> 13,
                                .from = m.from,
                                .to = m.to,
                                .centre = m.centre,
                                .unit = m.unit,
                                .fine = form & 4 ? m.fine : NULL,
                                .weights = form & 8 ? m.weights : NULL,
                                .sums = m.sums,
                                .fine_sums = m.fine_sums,
                                .counts = m.counts};
                (f64 ? kernels->move_f64 : kernels->move_f32)(&move);
                check_moved(&m, &move, kernels->named.name);
            }
        }
    }
}

Test(exact, blocks_are_the_rows_turned_round_for_any_features_and_strides)
{
    enum { MOST = 21 };
    static float narrow[KM_LANES * (MOST + 2)];
    static double wide[KM_LANES * (MOST + 2)];
    static _Alignas(64) double block[KM_LANES * MOST];
    for (int32_t i = 0; i < KM_LANES * (MOST + 2); i++) {
        narrow[i] = (float)i;
        wide[i] = i;
    }
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        for (int32_t d = 1; kernels->available() && d <= MOST; d++) {
            for (int32_t stride = d; stride <= d + 2; stride += 2) {
                for (int f64 = 0; f64 < 2; f64++) {
                    if (f64) {
                        kernels->block_f64(wide, stride, d, block);
                    } else {
                        kernels->block_f32(narrow, stride, d, block);
                    }
                    for (int32_t j = 0; j < d; j++) {
                        for (int32_t r = 0; r < KM_LANES; r++) {
                            cr_assert(block[j * KM_LANES + r] == r * stride + j,
                                      "%s d %d row %d column %d", kernels->named.name, d, r, j);
                        }
                    }
                }
            }
        }
    }
}
