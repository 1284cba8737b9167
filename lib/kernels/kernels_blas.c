/* Scores by matrix multiplication: a float tile is also a 64 x n_features column-major matrix. Kept
 * as a reference and for shapes where a tuned GEMM wins; its order of summation does not matter,
 * because what it cannot settle is decided again like everybody else's. */
#include "base/sums.h"
#include "kernels/assign_i16.h"
#include "kernels/kernels.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>

#define SAME_LABELS(a, b) same_labels(a, b)

static uint64_t same_labels(const km_label *a, const km_label *b) {
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r++) {
        same |= (uint64_t)(a[r] == b[r]) << r;
    }
    return same;
}

/* Picks best and second best of the products of one tile. */
#define PICK(NAME, T)                                                                              \
    static void NAME(const km_assign *a, int32_t t, const T *products) {                           \
        const T *half_norms = a->half_norms;                                                       \
        T best[KM_LANES], second[KM_LANES];                                                        \
        km_label *nearest = a->nearest + (int64_t)t * KM_LANES;                                    \
        for (int r = 0; r < KM_LANES; r++) {                                                       \
            best[r] = second[r] = (T)INFINITY;                                                     \
            nearest[r] = 0;                                                                        \
        }                                                                                          \
        for (int32_t c = 0; c < a->n_clusters; c++) {                                              \
            const T *product = products + (int64_t)c * KM_LANES;                                   \
            for (int r = 0; r < KM_LANES; r++) {                                                   \
                T score = half_norms[c] - product[r];                                              \
                T worse = score > best[r] ? score : best[r];                                       \
                second[r] = worse < second[r] ? worse : second[r];                                 \
                nearest[r] = score < best[r] ? (km_label)c : nearest[r];                           \
                best[r] = score < best[r] ? score : best[r];                                       \
            }                                                                                      \
        }                                                                                          \
        T limit = (T)(a->limits[t] * (1 + 0x1p-20)), slope = (T)a->slope;                          \
        uint64_t certain = 0;                                                                      \
        for (int r = 0; r < KM_LANES; r++) {                                                       \
            T need = slope * (second[r] > 0 ? second[r] : 0) + limit;                              \
            certain |= (uint64_t)(second[r] - best[r] > need) << r;                                \
        }                                                                                          \
        a->changed[t] = certain & ~same_labels(nearest, a->labels + (int64_t)t * KM_LANES);        \
        a->uncertain[t] = ~certain;                                                                \
    }

PICK(pick_f32, float)
PICK(pick_f64, double)

/* OpenBLAS built on OpenMP takes as many threads as OpenMP would give to the calling thread, and here
 * every thread of a team calls it. Returns what the setting was. */
static int take_one_thread(void) {
    int before = omp_get_max_threads();
    omp_set_num_threads(1);
    return before;
}

static void assign_f32_blas(const km_assign *a) {
    int before = take_one_thread();
    for (int32_t t = 0; t < a->n_tiles; t++) {
        const float *tile = (const float *)a->tiles + (int64_t)t * a->n_features * KM_LANES;
        cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, KM_LANES, a->n_clusters,
                    a->n_features, 1.0f, tile, KM_LANES, a->centroids, a->n_features, 0.0f,
                    a->scratch, KM_LANES);
        pick_f32(a, t, a->scratch);
    }
    omp_set_num_threads(before);
}

static void assign_f64_blas(const km_assign *a) {
    int before = take_one_thread();
    for (int32_t t = 0; t < a->n_tiles; t++) {
        const double *tile = (const double *)a->tiles + (int64_t)t * a->n_features * KM_LANES;
        cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, KM_LANES, a->n_clusters,
                    a->n_features, 1.0, tile, KM_LANES, a->centroids, a->n_features, 0.0,
                    a->scratch, KM_LANES);
        pick_f64(a, t, a->scratch);
    }
    omp_set_num_threads(before);
}

#define SET          blas
#define VECTOR_BYTES 16
#include "kernels/exact_template.h"
#include "kernels/simd_baseline_seed.h"
#include "kernels/simd_plain_seed.h"

#include "kernels/sample_template.h"
#include "kernels/seed_template.h"

static int available(void) { return 1; }

/* Our own threads call BLAS, so each call must stay on its thread. A first call also makes OpenBLAS
 * take its buffers now rather than later, under memory pressure, where it can hang. */
void km_blas_warm(void) {
    openblas_set_num_threads(1);
    float tile[KM_LANES] = {0}, centroid[1] = {0}, product[KM_LANES];
    cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, KM_LANES, 1, 1, 1.0f, tile, KM_LANES,
                centroid, 1, 0.0f, product, KM_LANES);
}

const km_kernels km_kernels_blas =
    KERNELS_OF_SET("blas", "OpenBLAS sgemm and dgemm; sets OpenBLAS to one thread in this process",
                   available, 1, km_assign_i16_baseline, km_near_i16_baseline, 4, NULL, seed_blas);
