#include "data/quantile.h"

#include <math.h>

static void swap(double *a, double *b) {
    double t = *a;
    *a = *b;
    *b = t;
}

static double middle_of(double a, double b, double c) {
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Hoare's selection, which swaps equal values, so that repeated counts split evenly. The pivot is
 * the median of three places drawn from a fixed sequence, which no order of rows meets by
 * accident. */
double km_select(double *values, int64_t n, int64_t k) {
    int64_t first = 0, last = n - 1;
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    while (first < last) {
        double sample[3];
        for (int i = 0; i < 3; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            sample[i] = values[first + (int64_t)((state >> 33) % (uint64_t)(last - first + 1))];
        }
        double pivot = middle_of(sample[0], sample[1], sample[2]);
        int64_t i = first, j = last;
        while (i <= j) {
            while (values[i] < pivot) {
                i++;
            }
            while (values[j] > pivot) {
                j--;
            }
            if (i <= j) {
                swap(&values[i++], &values[j--]);
            }
        }
        /* values[first..j] <= pivot, values[i..last] >= pivot, and what is between equals it. */
        if (k <= j) {
            last = j;
        } else if (k >= i) {
            first = i;
        } else {
            break;
        }
    }
    return values[k] + 0.0; /* one zero, whichever of -0 and 0 stands there */
}

double km_quantile(double *values, int64_t n, double p) {
    double position = p * (double)(n - 1);
    int64_t k = (int64_t)floor(position);
    double part = position - (double)k;
    double low = km_select(values, n, k);
    if (!(part > 0) || k + 1 >= n) {
        return low;
    }
    double high = values[k + 1]; /* the smallest behind k */
    for (int64_t i = k + 2; i < n; i++) {
        high = values[i] < high ? values[i] : high;
    }
    double step = high - low;
    return isinf(step) ? low * (1 - part) + high * part : low + step * part;
}
