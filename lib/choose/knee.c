/* Kneedle. A falling curve that gets flatter is turned over, so that its knee is where it rises
 * farthest above the straight line between its ends. */
#include "choose/choose.h"

#include <math.h>

typedef struct curve {
    const double *x, *y;
    int32_t n;
} curve;

/* Height of point i above the line, both axes scaled to 0..1. */
static double height(const curve *c, int32_t i) {
    double low = INFINITY, high = -INFINITY;
    for (int32_t p = 0; p < c->n; p++) {
        low = fmin(low, c->y[p]);
        high = fmax(high, c->y[p]);
    }
    double x = (c->x[i] - c->x[0]) / (c->x[c->n - 1] - c->x[0]);
    double y = high > low ? (high - c->y[i]) / (high - low) : 0;
    return y - x;
}

static int is_peak(const curve *c, int32_t i) {
    return i > 0 && i + 1 < c->n && height(c, i) > height(c, i - 1) &&
           height(c, i) >= height(c, i + 1);
}

/* Whether the curve falls below limit behind point i, and before the next peak. */
static int falls_below(const curve *c, int32_t i, double limit) {
    for (int32_t p = i + 1; p < c->n; p++) {
        if (height(c, p) < limit) {
            return 1;
        }
        if (is_peak(c, p)) {
            return 0;
        }
    }
    return 0;
}

kmseg_status kmseg_knee(kmseg_context *ctx, const double *x, const double *y, int32_t n,
                        double sensitivity, int32_t *out) {
    *out = -1;
    for (int32_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i]) || (i > 0 && !(x[i] > x[i - 1]))) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "point %d of a curve is (%g, %g); values need to be finite and x to "
                           "ascend",
                           i, x[i], y[i]);
        }
    }
    if (!(sensitivity >= 0)) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "sensitivity is %g; it needs to be at least 0",
                       sensitivity);
    }
    curve c = {x, y, n};
    for (int32_t i = 1; i + 1 < n && *out < 0; i++) {
        double limit = is_peak(&c, i) ? height(&c, i) - sensitivity / (n - 1) : -INFINITY;
        if (height(&c, i) > 0 && falls_below(&c, i, limit)) {
            *out = i;
        }
    }
    return KMSEG_OK;
}
