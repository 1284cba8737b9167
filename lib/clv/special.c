/* Gamma and digamma by Stirling's series behind 10 and the recurrence before it
 * (Abramowitz and Stegun 6.1.40, 6.1.15, 6.3.18, 6.3.5). */
#include "clv/special.h"

#include <math.h>

static const double from_here = 10;

/* Terms beyond are below 1e-16 at 10. Coefficients are B(2k) / (2k (2k - 1)). */
double km_log_gamma(double z) {
    double below = 1; /* of the product z (z + 1) ..., at most 1e10 */
    while (z < from_here) {
        below *= z;
        z += 1;
    }
    double w = 1 / (z * z);
    double tail = 1.0 / 156;
    tail = tail * w - 691.0 / 360360;
    tail = tail * w + 1.0 / 1188;
    tail = tail * w - 1.0 / 1680;
    tail = tail * w + 1.0 / 1260;
    tail = tail * w - 1.0 / 360;
    tail = tail * w + 1.0 / 12;
    const double half_log_2pi = 0.91893853320467274178;
    return (z - 0.5) * log(z) - z + half_log_2pi + tail / z - log(below);
}

/* Coefficients are B(2k) / 2k. */
double km_digamma(double z) {
    double below = 0;
    while (z < from_here) {
        below += 1 / z;
        z += 1;
    }
    double w = 1 / (z * z);
    double tail = 1.0 / 12;
    tail = tail * w - 691.0 / 32760;
    tail = tail * w + 1.0 / 132;
    tail = tail * w - 1.0 / 240;
    tail = tail * w + 1.0 / 252;
    tail = tail * w - 1.0 / 120;
    tail = tail * w + 1.0 / 12;
    return log(z) - 0.5 / z - tail * w - below;
}
