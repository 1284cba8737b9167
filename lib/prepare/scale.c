#include "prepare/scale.h"

#include "data/quantile.h"

#include <string.h>

static void fit_zscore(const km_moments *moments, double *values, int64_t n, double *centre,
                       double *spread) {
    (void)values;
    (void)n;
    *centre = moments->mean;
    *spread = moments->deviation;
}

static void fit_minmax(const km_moments *moments, double *values, int64_t n, double *centre,
                       double *spread) {
    (void)values;
    (void)n;
    *centre = moments->minimum;
    *spread = moments->maximum - moments->minimum;
}

static void fit_robust(const km_moments *moments, double *values, int64_t n, double *centre,
                       double *spread) {
    (void)moments;
    *centre = km_quantile(values, n, 0.5);
    *spread = km_quantile(values, n, 0.75) - km_quantile(values, n, 0.25);
}

static void fit_none(const km_moments *moments, double *values, int64_t n, double *centre,
                     double *spread) {
    (void)moments;
    (void)values;
    (void)n;
    *centre = 0;
    *spread = 1;
}

static const km_scale rows[] = {
    {{"zscore", "mean 0, standard deviation 1"}, 0, 0, fit_zscore},
    {{"minmax", "from 0 to 1"}, 0, 0, fit_minmax},
    {{"robust", "median 0, distance between the quartiles 1"}, 0, 1, fit_robust},
    {{"none", "as it is"}, 0, 0, fit_none},
    {{"binary", "a number of two values: 0 and one standard deviation; chosen by content"},
     1,
     0,
     fit_minmax},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

static const km_named *get(int32_t i) { return i >= 0 && i < N_ROWS ? &rows[i].named : NULL; }

const km_registry km_scales = {"scales", get};

const km_scale *km_scale_find(const char *name) {
    for (int32_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i].named.name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *km_scale_choice(int32_t wanted) {
    for (int32_t i = 0, n = 0; i < N_ROWS && wanted >= 0; i++) {
        if (!rows[i].automatic && n++ == wanted) {
            return rows[i].named.name;
        }
    }
    return NULL;
}
