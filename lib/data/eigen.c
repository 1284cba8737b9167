/* Jacobi rotations: slower than a reduction to three diagonals, and the same bits everywhere. */
#include "data/eigen.h"

#include <math.h>

/* Turns p and q so that their off-diagonal element becomes 0. */
static void rotate(double *a, double *v, int32_t n, int32_t p, int32_t q) {
    double off = a[(int64_t)p * n + q];
    double theta = (a[(int64_t)q * n + q] - a[(int64_t)p * n + p]) / (2 * off);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int32_t i = 0; i < n; i++) {
        double x = a[(int64_t)i * n + p], y = a[(int64_t)i * n + q];
        a[(int64_t)i * n + p] = c * x - s * y;
        a[(int64_t)i * n + q] = s * x + c * y;
    }
    for (int32_t i = 0; i < n; i++) {
        double x = a[(int64_t)p * n + i], y = a[(int64_t)q * n + i];
        a[(int64_t)p * n + i] = c * x - s * y;
        a[(int64_t)q * n + i] = s * x + c * y;
    }
    for (int32_t i = 0; i < n; i++) {
        double x = v[(int64_t)i * n + p], y = v[(int64_t)i * n + q];
        v[(int64_t)i * n + p] = c * x - s * y;
        v[(int64_t)i * n + q] = s * x + c * y;
    }
}

void km_eigenvectors(double *matrix, int32_t n, double *vectors) {
    enum { MOST_SWEEPS = 60 };
    for (int64_t i = 0; i < (int64_t)n * n; i++) {
        vectors[i] = i % (n + 1) == 0;
    }
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        int turned = 0;
        for (int32_t p = 0; p < n; p++) {
            for (int32_t q = p + 1; q < n; q++) {
                double size = sqrt(fabs(matrix[(int64_t)p * n + p] * matrix[(int64_t)q * n + q]));
                if (fabs(matrix[(int64_t)p * n + q]) > 1e-15 * size) {
                    rotate(matrix, vectors, n, p, q);
                    turned = 1;
                }
            }
        }
        if (!turned) {
            return;
        }
    }
}
