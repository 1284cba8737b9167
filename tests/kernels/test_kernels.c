/* Every set of kernels against plain loops, and the certificate against the truth. */
#include "base/rng.h"
#include "base/sums.h"
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
    int32_t nearest[ROWS];
    uint64_t changed[TILES], uncertain[TILES];
} outcome;

static void run_assign(const km_kernels *kernels, const problem *p, int f64, double offset,
                       outcome *out) {
    static _Alignas(64) double packed[MOST_K * MOST_D], half_norms[MOST_K];
    static _Alignas(64) double scratch[MOST_K * KM_LANES];
    static int32_t labels[ROWS];
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
        labels[i] = i % p->k;
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

/* Rows of a tile leave one cluster and join another: sums are those of long-hand arithmetic. */
Test(exact, moves_add_and_subtract_the_same_whole_numbers_in_every_set)
{
    enum { D = 11, K = 3 };
    static double x[KM_LANES * D], centre[D], unit[D], fine[D], weights[KM_LANES];
    static float narrow[KM_LANES * D];
    int32_t from[KM_LANES], to[KM_LANES];
    for (int32_t i = 0; i < KM_LANES * D; i++) {
        narrow[i] = (float)uniform(8, (uint64_t)i);
        x[i] = (double)narrow[i];
    }
    for (int32_t j = 0; j < D; j++) {
        centre[j] = 0.25 * j;
        unit[j] = 0x1p40;
        fine[j] = 0x1p40;
    }
    for (int32_t r = 0; r < KM_LANES; r++) {
        weights[r] = r % 4;
        from[r] = r % (K + 1) - 1;
        to[r] = (r + 1) % K;
    }
    const uint64_t rows = UINT64_C(0xf0f1e2d3c4b5a697);
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        for (int f64 = 0; kernels->available() && f64 < 2; f64++) {
            int64_t sums[K * D] = {0}, fine_sums[K * D] = {0};
            int64_t expect[K * D] = {0}, expect_fine[K * D] = {0};
            km_move move = {.samples = f64 ? (const void *)x : (const void *)narrow,
                            .row_stride = D,
                            .n_features = D,
                            .rows = rows,
                            .from = from,
                            .to = to,
                            .centre = centre,
                            .unit = unit,
                            .fine = fine,
                            .weights = weights,
                            .sums = sums,
                            .fine_sums = fine_sums};
            (f64 ? kernels->move_f64 : kernels->move_f32)(&move);
            for (int32_t r = 0; r < KM_LANES; r++) {
                if (!(rows >> r & 1)) {
                    continue;
                }
                for (int32_t j = 0; j < D; j++) {
                    double units = (x[r * D + j] - centre[j]) * weights[r] * 0x1p40;
                    int64_t whole = llrint(units);
                    int64_t rest = llrint((units - (double)whole) * 0x1p40);
                    expect[to[r] * D + j] += whole;
                    expect_fine[to[r] * D + j] += rest;
                    if (from[r] >= 0) {
                        expect[from[r] * D + j] -= whole;
                        expect_fine[from[r] * D + j] -= rest;
                    }
                }
            }
            cr_assert_arr_eq(sums, expect, sizeof sums, "%s", kernels->named.name);
            cr_assert_arr_eq(fine_sums, expect_fine, sizeof fine_sums);
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
