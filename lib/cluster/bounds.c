#include "cluster/bounds.h"

#include <math.h>
#include <string.h>

/* Steps of a typical distance: so much is lost of what a margin is, and keys reach 16 of it. */
#define STEPS 4096.0f

enum { FIRST_PAUSE = 2, LONGEST_PAUSE = 32, FIRST_PER_CHANGE = 30 };

int km_bounds_init(km_bounds *bounds, const kmseg_tiles *tiles, int32_t n_clusters, uint16_t *keys,
                   km_arena *arena) {
    int64_t k = n_clusters;
    *bounds = (km_bounds){
        .keys = keys,
        .tile_keys = km_arena_take(arena, (size_t)tiles->n_tiles * sizeof(float)),
        .lost = km_arena_array(arena, k, sizeof(double)),
        .losses = km_arena_array(arena, KM_LOSSES_AT_LEAST + k, sizeof(uint16_t)),
        .last = km_arena_array(arena, k * tiles->n_features, sizeof(double)),
    };
    km_bounds_reset(bounds);
    return bounds->tile_keys != NULL && bounds->lost != NULL && bounds->losses != NULL &&
           bounds->last != NULL;
}

void km_bounds_reset(km_bounds *bounds) {
    bounds->steps = 1;
    bounds->on = bounds->making = 0;
    bounds->pause = bounds->paused = 0;
    bounds->per_change = FIRST_PER_CHANGE;
}

/* Distance that a centroid travelled, rounded up. */
static double travelled(const double *from, const double *to, int32_t d) {
    double square = 0;
    for (int32_t j = 0; j < d; j++) {
        square += (to[j] - from[j]) * (to[j] - from[j]);
    }
    return sqrt(square) * (1 + 1e-9);
}

/* Where |x - c2| - |x - c1| exceeds doubt (|x| + |c|), float64 decides for c1: its squared distances are
 * off by at most e = (d + 3) 2^-53 (|x| + |c|)^2 each, and by underflow (see certify.h), and
 * D2 - D1 = (d2 - d1) (d2 + d1) >= (d2 - d1)^2 > 2 e. */
static double doubt_of_float64(const kmseg_tiles *tiles, double norms) {
    double d = tiles->n_features;
    double underflow = (d + 1) * (tiles->scale * tiles->scale) * 0x1p-1072;
    return sqrt((d + 3) * 0x1p-52 * norms * norms + underflow) * (1 + 1e-6);
}

float km_bounds_slack(const km_bounds *bounds, const kmseg_tiles *tiles, double norm) {
    return nextafterf((float)doubt_of_float64(tiles, norm + bounds->farthest), INFINITY);
}

static double farthest(const double *scaled, int32_t k, int64_t d) {
    double most = 0;
    for (int32_t c = 0; c < k; c++) {
        double square = 0;
        for (int64_t j = 0; j < d; j++) {
            square += scaled[c * d + j] * scaled[c * d + j];
        }
        most = fmax(most, square);
    }
    return sqrt(most);
}

void km_bounds_aim(km_bounds *bounds, const kmseg_tiles *tiles, const double *scaled,
                   int32_t n_clusters) {
    const int32_t n_features = tiles->n_features;
    const int64_t d = n_features;
    bounds->farthest = farthest(scaled, n_clusters, d);
    if (bounds->making) { /* keys begin with what is lost from now on */
        memset(bounds->lost, 0, (size_t)n_clusters * sizeof *bounds->lost);
        bounds->lost_most = 0;
        bounds->steps = STEPS / bounds->typical;
    } else if (bounds->on) {
        double most = 0, next = 0; /* the two longest ways */
        for (int32_t c = 0; c < n_clusters; c++) {
            double way = travelled(bounds->last + c * d, scaled + c * d, n_features);
            next = way > most ? most : way > next ? way : next;
            most = way > most ? way : most;
        }
        for (int32_t c = 0; c < n_clusters; c++) {
            double way = travelled(bounds->last + c * d, scaled + c * d, n_features);
            bounds->lost[c] += way + (way == most ? next : most);
        }
        bounds->lost_most += (most + next) * (double)bounds->steps;
    }
    for (int32_t c = 0; c < n_clusters; c++) {
        double steps = ceil(bounds->lost[c] * (double)bounds->steps);
        bounds->losses[c] = (uint16_t)fmin(steps, UINT16_MAX);
    }
    memcpy(bounds->last, scaled, (size_t)(n_clusters * d) * sizeof *scaled);
}

/* What passes cost, in ns a row, as measured on one core with AVX-512 (docs/decisions/0015); only which rows
 * are looked at depends on it, no result. The case "algorithms" of ./run bench --versus shows where it is
 * wrong.
 *
 *   whole     a row in a pass over all: its products and two operations a score, or its bytes, which
 *             fits that go together share
 *   filtered  a row whose key is looked at
 *   spent     a row that is not spared: as in a whole pass, and laid out, measured, put back */
static void costs(const km_bounds_news *news, double *whole, double *filtered, double *spent) {
    double k = news->n_clusters, d = news->n_features;
    double work = k * (d / 2 + 2) / 70, bytes = (2 * d + 2) / 20 / news->n_together;
    *whole = work > bytes ? work : bytes;
    *filtered = 0.6 + 0.03 * d;
    *spent = 1.2 * work + 3 + 0.2 * d;
}

/* Rows that are not spared for each that changes: overlapping groups have many rows between them. */
static void learn(km_bounds *bounds, const km_bounds_news *news) {
    double now = (double)news->n_assigned / (double)(news->n_changed + 1);
    bounds->per_change += (now - bounds->per_change) / 4;
}

/* Keys are near the largest that there is. */
static int lost_too_much(const km_bounds *bounds) { return bounds->lost_most > 0.75 * UINT16_MAX; }

void km_bounds_judge(km_bounds *bounds, const km_bounds_news *news) {
    if (bounds->making) {
        bounds->making = 0;
        bounds->on = 1;
        return;
    }
    if (bounds->always) {
        bounds->making = !bounds->on || lost_too_much(bounds);
        bounds->on = bounds->on && !bounds->making;
        return;
    }
    double n = (double)news->n_rows, whole, filtered, spent;
    costs(news, &whole, &filtered, &spent);
    double paying = n * (whole - filtered) / spent; /* rows spent in a pass that costs as much */
    if (bounds->on) {
        learn(bounds, news);
        if ((double)news->n_assigned > paying) {
            bounds->on = 0;
            bounds->paused = bounds->paused == 0 ? FIRST_PAUSE : 2 * bounds->paused;
            bounds->paused = bounds->paused < LONGEST_PAUSE ? bounds->paused : LONGEST_PAUSE;
            bounds->pause = bounds->paused;
        } else if (lost_too_much(bounds)) {
            bounds->on = 0;
            bounds->making = 1;
        }
        return;
    }
    bounds->making =
        bounds->pause == 0 && (double)news->n_changed * bounds->per_change < 0.8 * paying;
    bounds->pause -= bounds->pause > 0;
}
