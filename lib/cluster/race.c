/* Restarts that fall behind.
 *
 * A climb from where one on a coreset ended has the slow parts of its way behind it: what it still gains
 * gets less with every iteration. When REACH more iterations, each gaining as much as the best of its
 * last WINDOW, would not bring it to the inertia that another one of as many clusters has already, it is
 * given up. docs/decisions/0012 has what that costs and saves. */
#include "cluster/cluster.h"

#include <math.h>

enum { WINDOW = 3, REACH = 50 };

static double reached(const km_climb *climb) { return climb->history[climb->n_iter - 1]; }

/* What one iteration gains, at most. Infinity where that is not known, or where empty clusters made it
 * lose. */
static double gain(const km_climb *climb) {
    double most = 0;
    for (int32_t i = climb->n_iter - WINDOW; i < climb->n_iter; i++) {
        if (i < 1 || climb->history[i] > climb->history[i - 1]) {
            return INFINITY;
        }
        most = fmax(most, climb->history[i - 1] - climb->history[i]);
    }
    return most;
}

/* The lowest inertia of as many clusters. */
static double lead(const km_climb *climb, km_climb *const *climbs, int32_t n) {
    double lowest = climb->bar;
    for (int32_t i = 0; i < n; i++) {
        if (climbs[i]->pass.n_clusters == climb->pass.n_clusters && !climbs[i]->is_given_up) {
            lowest = fmin(lowest, reached(climbs[i]));
        }
    }
    return lowest;
}

void km_race(km_climb *const *climbs, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        km_climb *climb = climbs[i];
        if (climb->races && climb->stage != KM_CLIMB_DONE && climb->n_iter > WINDOW &&
            reached(climb) - REACH * gain(climb) > lead(climb, climbs, n)) {
            climb->is_given_up = 1;
            climb->stage = KM_CLIMB_DONE;
        }
    }
}
