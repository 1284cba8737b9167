/* The 16-bit kernels: every set gives the same integers, and what they call certain is what float64
 * says, whatever the data. */
#include "base/rng.h"
#include "kernels/kernels.h"
#include "kernels/planes.h"
#include "kernels/quantise.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum {
    MOST_D = 300,
    MOST_K = 700,
    MOST_SCRATCH = 128 * MOST_D + 64,
    TILES = 3,
    ROWS = TILES * KM_LANES
};

/* Samples and centroids as they are, and as tiles. */
typedef struct problem {
    int32_t d, k;
    double x[ROWS * MOST_D], centroids[MOST_K * MOST_D], centre[MOST_D], scale;
    double scaled[MOST_K * MOST_D]; /* centroids in units of the tiles */
    _Alignas(64) int16_t tiles[ROWS * (MOST_D + 1)];
    double norms[TILES], residuals[TILES], largest;
    uint64_t outside[TILES];
} problem;

/* What the kernels read. */
typedef struct packed_centroids {
    km_quantised quantised;
    int32_t pairs[MOST_K * (MOST_D + 1) / 2], half_norms[MOST_K], limits[TILES];
    _Alignas(64) int8_t planes[(MOST_K + 16) * 2 * (MOST_D + 128)];
} packed_centroids;

typedef struct outcome {
    km_label nearest[ROWS];
    uint64_t changed[TILES], uncertain[TILES];
    int32_t best[ROWS], second[ROWS];
} outcome;

static double uniform(uint64_t seed, uint64_t at) {
    return 2 * km_random_uniform(seed, KM_STAGE_TEST, at, 0) - 1;
}

/* Kinds of data that are hard in different ways. */
typedef enum data_kind {
    EVEN,
    GRID,      /* ties are common */
    TWINS,     /* every second centroid is its neighbour but for one part in 2^52 */
    BETWEEN,   /* rows halfway between two centroids, but for little */
    HEAVY,     /* a few values are a million times as large: rows outside */
    OFFSET,    /* 1e8 from 0, with a spread of 1 */
    FAR,       /* one centroid is 1e9 away */
    ALL_FAR,   /* all are, and near each other */
    BEYOND,    /* all but one are */
    TINY,      /* squares underflow */
    ONE_POINT, /* all samples are the same */
    N_KINDS
} data_kind;

static double value_of(data_kind kind, uint64_t seed, uint64_t at) {
    double value = uniform(seed, at);
    switch (kind) {
    case GRID: return rint(2 * value);
    case HEAVY: return fabs(value) > 0.999 ? value * 1e6 : value;
    case OFFSET: return 1e8 + value;
    case TINY: return value * 1e-158;
    case ONE_POINT: return 0.7;
    default: return value;
    }
}

static double centroid_of(data_kind kind, uint64_t seed, int32_t c, uint64_t at) {
    double value = value_of(kind == HEAVY || kind == ONE_POINT ? EVEN : kind, seed, at);
    if ((kind == FAR && c == 1) || (kind == BEYOND && c > 0)) {
        return value * 1e9;
    }
    return kind == ALL_FAR ? 1e7 + value : value;
}

/* Centre, scale, integers, norms and residuals; rows longer than 8 times the mean are outside. */
static void make_tiles(problem *p) {
    int32_t d = p->d;
    double sum = 0, far = 0;
    double norm[ROWS];
    for (int32_t j = 0; j < d; j++) {
        p->centre[j] = p->x[j];
    }
    for (int32_t i = 0; i < ROWS; i++) {
        double square = 0;
        for (int32_t j = 0; j < d; j++) {
            square += pow((p->x[i * d + j] - p->centre[j]) * 0x1p400, 2);
        }
        norm[i] = sqrt(square) * 0x1p-400;
        sum += norm[i];
    }
    for (int32_t i = 0; i < ROWS; i++) {
        far = norm[i] <= 8 * sum / ROWS ? fmax(far, norm[i]) : far;
    }
    p->scale = far > 0 ? 32760 / far : 1;
    memset(p->tiles, 0, sizeof p->tiles);
    memset(p->norms, 0, sizeof p->norms);
    memset(p->residuals, 0, sizeof p->residuals);
    memset(p->outside, 0, sizeof p->outside);
    p->largest = 0;
    for (int32_t i = 0; i < ROWS; i++) {
        int32_t t = i / KM_LANES, r = i % KM_LANES;
        double lost = 0;
        if (norm[i] > far) {
            p->outside[t] |= UINT64_C(1) << r;
            continue;
        }
        for (int32_t j = 0; j < d; j++) {
            double value = (p->x[i * d + j] - p->centre[j]) * p->scale, whole = rint(value);
            p->tiles[((t * km_pairs(d) + j / 2) * KM_LANES + r) * 2 + j % 2] = (int16_t)whole;
            lost += (value - whole) * (value - whole);
        }
        p->residuals[t] = fmax(p->residuals[t], sqrt(lost) * (1 + 1e-9) + 1e-9);
        double most = (norm[i] * p->scale + sqrt(lost)) * (1 + 1e-9);
        p->norms[t] = fmax(p->norms[t], most);
        p->largest = fmax(p->largest, most);
    }
}

static void make(problem *p, data_kind kind, int32_t d, int32_t k, uint64_t seed) {
    p->d = d;
    p->k = k;
    for (int32_t c = 0; c < k; c++) {
        for (int32_t j = 0; j < d; j++) {
            double value = centroid_of(kind, seed + 1, c, (uint64_t)(c * d + j));
            if (kind == TWINS && c % 2 == 1) {
                value = nextafter(p->centroids[(c - 1) * d + j], INFINITY);
            }
            p->centroids[c * d + j] = value;
        }
    }
    for (int32_t i = 0; i < ROWS; i++) {
        int32_t a = i % k, b = (i / 3 + 1) % k;
        for (int32_t j = 0; j < d; j++) {
            double value = value_of(kind, seed, (uint64_t)(i * d + j));
            if (kind == BETWEEN) {
                double little = ldexp(value, -(i % 60));
                value = p->centroids[a * d + j] / 2 + p->centroids[b * d + j] / 2 + little;
            }
            p->x[i * d + j] = value;
        }
    }
    make_tiles(p);
    for (int32_t i = 0; i < k * d; i++) {
        p->scaled[i] = (p->centroids[i] - p->centre[i % d]) * p->scale;
    }
}

static void quantise(const problem *p, int32_t group, packed_centroids *out) {
    static double norms[MOST_K], scratch[MOST_SCRATCH];
    cr_assert_leq(km_quantise_scratch(p->k, p->d), MOST_SCRATCH);
    km_quantise in = {
        .centroids = p->scaled,
        .n_clusters = p->k,
        .n_features = p->d,
        .scale = p->scale,
        .norm = p->largest,
        .group = group,
        .kernels = km_kernels_at(0),
        .norms = norms,
        .scratch = scratch,
    };
    out->quantised.pairs = out->pairs;
    out->quantised.half_norms = out->half_norms;
    out->quantised.planes = p->d <= KM_PLANE_MOST_FEATURES ? out->planes : NULL;
    km_quantise_centroids(&in, &out->quantised);
    for (int32_t t = 0; t < TILES; t++) {
        out->limits[t] = km_quantised_limit(&out->quantised, p->norms[t], p->residuals[t]);
    }
}

static void run(const km_kernels *kernels, const problem *p, const packed_centroids *packed,
                int scores, outcome *out) {
    static km_label labels[ROWS];
    for (int32_t i = 0; i < ROWS; i++) {
        labels[i] = i % 3 == 0 ? KM_NO_LABEL : (km_label)(i % p->k);
    }
    memset(out, 0xab, sizeof *out);
    km_assign_i16 assign = {
        .tiles = p->tiles,
        .n_tiles = TILES,
        .n_features = p->d,
        .n_clusters = p->k,
        .pairs = packed->pairs,
        .half_norms = packed->half_norms,
        .planes = packed->quantised.planes, /* whether they would pay or not */
        .limits = packed->limits,
        .outside = p->outside,
        .labels = labels,
        .nearest = out->nearest,
        .changed = out->changed,
        .uncertain = out->uncertain,
        .best = scores ? out->best : NULL,
        .second = scores ? out->second : NULL,
    };
    kernels->assign_i16(&assign);
    for (int32_t i = 0; i < ROWS; i++) {
        uint64_t bit = UINT64_C(1) << (i % KM_LANES);
        int certain = (out->uncertain[i / KM_LANES] & bit) == 0;
        int changed = (out->changed[i / KM_LANES] & bit) != 0;
        cr_assert_eq(changed, certain && out->nearest[i] != labels[i]);
        out->nearest[i] = certain ? out->nearest[i] : KM_NO_LABEL;
    }
}

/* One score, in plain loops, from pairs in groups of one. */
static int32_t plain_score(const problem *p, const packed_centroids *packed, int32_t i, int32_t c) {
    uint32_t score = (uint32_t)packed->half_norms[c];
    for (int32_t j = 0; j < p->d; j++) {
        int32_t pair = packed->pairs[c * km_pairs(p->d) + j / 2];
        int16_t value = (int16_t)(j % 2 == 0 ? pair & 0xffff : (uint32_t)pair >> 16);
        int64_t from = (i / KM_LANES * km_pairs(p->d) + j / 2) * KM_LANES + i % KM_LANES;
        score += (uint32_t)(value * p->tiles[from * 2 + j % 2]);
    }
    cr_assert(score <= KM_WORST_SCORE && score >= KM_LEAST_SCORE, "score %u", score);
    return (int32_t)score;
}

/* The lowest two scores. */
static void plain_scores(const problem *p, const packed_centroids *packed, outcome *out) {
    for (int32_t i = 0; i < ROWS; i++) {
        uint32_t best = KM_WORST_SCORE, second = KM_WORST_SCORE;
        km_label at = 0;
        for (int32_t c = 0; c < p->k; c++) {
            uint32_t score = (uint32_t)plain_score(p, packed, i, c);
            second = score < best ? best : score < second ? score : second;
            at = score < best ? (km_label)c : at;
            best = score < best ? score : best;
        }
        out->best[i] = (int32_t)best;
        out->second[i] = (int32_t)second;
        int certain = (int64_t)second - best > packed->limits[i / KM_LANES] &&
                      (p->outside[i / KM_LANES] >> (i % KM_LANES) & 1) == 0;
        out->nearest[i] = certain ? at : KM_NO_LABEL;
    }
}

static int32_t truth(const problem *p, int32_t i) {
    double best = INFINITY;
    int32_t at = -1;
    for (int32_t c = 0; c < p->k; c++) {
        double square = 0;
        for (int32_t j = 0; j < p->d; j++) {
            double away = p->x[i * p->d + j] - p->centroids[c * p->d + j];
            square += away * away;
        }
        if (square < best) {
            best = square;
            at = c;
        }
    }
    return at;
}

static void check_same(const outcome *a, const outcome *b, int scores, const char *what, int32_t d,
                       int32_t k) {
    cr_assert_arr_eq(a->nearest, b->nearest, sizeof a->nearest, "%s d %d k %d", what, d, k);
    if (scores) {
        cr_assert_arr_eq(a->best, b->best, sizeof a->best, "%s d %d k %d", what, d, k);
        cr_assert_arr_eq(a->second, b->second, sizeof a->second, "%s d %d k %d", what, d, k);
    }
}

/* Near are all centroids within reach of the row's lowest score, and none that is farther above the
 * lowest of those up to its group. */
static void check_near(const problem *p, const packed_centroids *plain,
                       const packed_centroids *packed, const km_kernels *kernels, int32_t reach) {
    const int32_t group = kernels->group_i16;
    static uint64_t rows[MOST_K];
    km_near_i16 near = {
        .n_features = p->d,
        .n_clusters = p->k,
        .pairs = packed->pairs,
        .half_norms = packed->half_norms,
        .reach = reach,
        .rows = rows,
    };
    for (int32_t t = 0; t < TILES; t++) {
        near.tile = (const int32_t *)(const void *)p->tiles + t * km_pairs(p->d) * KM_LANES;
        kernels->near_i16(&near);
        for (int32_t r = 0; r < KM_LANES; r += 5) {
            int64_t scores[MOST_K], lowest = INT64_MAX, so_far = INT64_MAX;
            for (int32_t c = 0; c < p->k; c++) {
                scores[c] = plain_score(p, plain, t * KM_LANES + r, c);
                lowest = scores[c] < lowest ? scores[c] : lowest;
            }
            for (int32_t c = 0; c < p->k; c++) {
                for (int32_t b = c; c % group == 0 && b < c + group && b < p->k; b++) {
                    so_far = scores[b] < so_far ? scores[b] : so_far;
                }
                int is_near = (int)(rows[c] >> r & 1);
                cr_assert(is_near || scores[c] - lowest > reach, "%s d %d k %d: %d is near",
                          kernels->named.name, p->d, p->k, c);
                cr_assert(!is_near || scores[c] - so_far <= reach, "%s d %d k %d: %d is far",
                          kernels->named.name, p->d, p->k, c);
            }
        }
    }
}

static void check_every_set(const problem *p) {
    static packed_centroids plain, packed;
    static outcome expect, out;
    quantise(p, 1, &plain);
    plain_scores(p, &plain, &expect);
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        if (kernels->available()) {
            quantise(p, kernels->group_i16, &packed);
            for (int scores = 0; scores < 2; scores++) {
                run(kernels, p, &packed, scores, &out);
                check_same(&expect, &out, scores, kernels->named.name, p->d, p->k);
            }
            const int32_t reaches[] = {0, 1 << 16, 1 << 24, INT32_MAX - 1};
            check_near(p, &plain, &packed, kernels, reaches[(p->d + p->k) % 4]);
        }
    }
}

Test(quantise, every_set_gives_the_integers_of_plain_loops)
{
    static problem p;
    for (int32_t d = 1; d <= 40; d++) {
        for (int32_t k = 1; k <= 19; k += d % 5 == 0 ? 1 : 3) {
            make(&p, (data_kind)((d + k) % N_KINDS), d, k, (uint64_t)(d * 100 + k));
            check_every_set(&p);
        }
    }
    /* Blocks of 8 centroids, 32 of them, and what is left over. */
    for (int32_t k = 250; k <= 270; k += 3) {
        make(&p, EVEN, 3, k, (uint64_t)k);
        check_every_set(&p);
    }
    make(&p, EVEN, 7, 700, 1);
    check_every_set(&p);
    make(&p, HEAVY, 300, 21, 1);
    check_every_set(&p);
    /* Operands of 64 features, whole and not, and numbers of all sizes. */
    const int32_t features[] = {63, 64, 65, 127, 128, 129, 255, 256};
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        make(&p, (data_kind)i, features[i], 15 + (int32_t)i, i);
        check_every_set(&p);
        make(&p, EVEN, features[i], 270, i);
        check_every_set(&p);
    }
}

Test(quantise, what_is_certain_is_what_float64_says_whatever_the_data)
{
    static problem p;
    static packed_centroids packed;
    static outcome out;
    const int32_t shapes[][2] = {{1, 2},  {1, 9},   {2, 5},   {3, 8},    {8, 8},    {9, 13},
                                 {16, 3}, {31, 17}, {40, 70}, {128, 65}, {300, 20}, {5, 700}};
    const km_kernels *kernels = NULL;
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        kernels = km_kernels_at(i)->available() ? km_kernels_at(i) : kernels;
    }
    for (int kind = 0; kind < N_KINDS; kind++) {
        int64_t certain = 0, rows = 0;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            for (uint64_t seed = 0; seed < 4; seed++) {
                int32_t d = shapes[s][0], k = shapes[s][1];
                make(&p, (data_kind)kind, d, k, 50 * seed + (uint64_t)kind);
                quantise(&p, kernels->group_i16, &packed);
                run(kernels, &p, &packed, 0, &out);
                for (int32_t i = 0; i < ROWS; i++) {
                    int outside = (int)(p.outside[i / KM_LANES] >> (i % KM_LANES) & 1);
                    rows++;
                    if (out.nearest[i] != KM_NO_LABEL) {
                        cr_assert(!outside);
                        certain++;
                        cr_assert_eq(out.nearest[i], truth(&p, i), "kind %d d %d k %d row %d", kind,
                                     d, k, i);
                    }
                }
            }
        }
        double share = (double)certain / (double)rows;
        /* Ties are never certain; a spread or a distance that float64 hardly sees may not be. */
        double least[N_KINDS] = {[EVEN] = 0.97,   [BETWEEN] = 0.4, [HEAVY] = 0.4,
                                 [OFFSET] = 0.97, [FAR] = 0.97,    [BEYOND] = 0.99};
        cr_assert(share >= least[kind], "kind %d: %g certain", kind, share);
        cr_assert(kind != TWINS || share < 0.5, "twins are never told apart here");
    }
}

Test(quantise, rows_outside_are_uncertain_and_the_others_are_not_for_it)
{
    static problem p;
    static packed_centroids packed;
    static outcome out;
    make(&p, EVEN, 6, 4, 9);
    p.outside[1] = UINT64_C(0x8000000000000421);
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        const km_kernels *kernels = km_kernels_at(i);
        if (kernels->available()) {
            quantise(&p, kernels->group_i16, &packed);
            run(kernels, &p, &packed, 0, &out);
            cr_assert_eq(out.uncertain[1] & p.outside[1], p.outside[1]);
            cr_assert(__builtin_popcountll(out.uncertain[1]) < 8);
        }
    }
}

/* A single centroid has no rival; nor has one near the rows where all others are far away. */
Test(quantise, without_a_rival_every_row_is_certain)
{
    static problem p;
    static packed_centroids packed;
    static outcome out;
    for (int32_t k = 1; k <= 20; k += 19) {
        make(&p, k == 1 ? ALL_FAR : BEYOND, 5, k, 4);
        for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
            const km_kernels *kernels = km_kernels_at(i);
            if (kernels->available()) {
                quantise(&p, kernels->group_i16, &packed);
                run(kernels, &p, &packed, 0, &out);
                for (int32_t t = 0; t < TILES; t++) {
                    cr_assert_eq(out.uncertain[t], UINT64_C(0));
                }
            }
        }
    }
}

Test(quantise, one_far_centroid_does_not_coarsen_the_others)
{
    static problem p;
    static packed_centroids packed;
    make(&p, EVEN, 8, 8, 5);
    quantise(&p, 8, &packed);
    int32_t near = packed.limits[0];
    make(&p, FAR, 8, 8, 5);
    quantise(&p, 8, &packed);
    cr_assert_leq(packed.limits[0], near + near / 2);
}

/* Nothing can be told where there is nothing to tell, or numbers are too large; nothing breaks. */
Test(quantise, limits_say_so_where_nothing_is_certain)
{
    static problem p;
    static packed_centroids packed;
    make(&p, EVEN, 3, 4, 5);
    for (int32_t i = 0; i < 12; i++) {
        p.scaled[i] = ldexp(1 + uniform(1, (uint64_t)i) / 2, i % 2 == 0 ? 600 : 601);
    }
    quantise(&p, 8, &packed);
    cr_assert_eq(packed.limits[0], INT32_MAX);
    make(&p, EVEN, 3, 4, 5);
    p.scale = 0x1p600; /* every square underflows */
    quantise(&p, 8, &packed);
    cr_assert_eq(packed.limits[0], INT32_MAX);
    static outcome out;
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        if (km_kernels_at(i)->available()) {
            run(km_kernels_at(i), &p, &packed, 0, &out);
            cr_assert_eq(out.uncertain[0], ~UINT64_C(0));
        }
    }
}

Test(quantise, every_set_gives_the_same_limits_and_counts)
{
    enum { MOST = 70 };
    const double rests[] = {2, 1e9, 1e300, INFINITY,
                            NAN}; /* beyond what a number of 32 bits holds */
    float norms[MOST], residuals[MOST];
    uint64_t rows[MOST];
    int32_t limits[MOST];
    for (int32_t t = 0; t < MOST; t++) {
        norms[t] = (float)(32767 * km_random_uniform(3, KM_STAGE_TEST, (uint64_t)t, 0));
        residuals[t] = (float)(9 * km_random_uniform(3, KM_STAGE_TEST, (uint64_t)t, 1));
        rows[t] = t % 7 == 0    ? 0
                  : t % 11 == 0 ? UINT64_MAX
                                : km_random_u64(3, KM_STAGE_TEST, (uint64_t)t, 2);
    }
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        km_quantised q = {
            .rounding = 1.7, .apart = 3e4, .exact = 1e-7, .farthest = 2e4, .rest = rests[i]};
        for (int32_t s = 0; km_kernels_at(s) != NULL; s++) {
            const km_kernels *kernels = km_kernels_at(s);
            for (int32_t n = 0; n <= MOST && kernels->available(); n += n < 20 ? 1 : 10) {
                int64_t expected = 0;
                kernels->limits(&q, norms, residuals, n, limits);
                for (int32_t t = 0; t < n; t++) {
                    double norm = (double)norms[t], residual = (double)residuals[t];
                    cr_assert_eq(limits[t], km_quantised_limit(&q, norm, residual));
                    for (uint64_t left = rows[t]; left != 0; left &= left - 1) {
                        expected++;
                    }
                }
                cr_assert_eq(kernels->count(rows, n), expected);
            }
        }
        cr_assert(i == 0 ? limits[0] < 1000000 : i == 1 || limits[0] == INT32_MAX);
    }
}
