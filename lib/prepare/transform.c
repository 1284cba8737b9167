#include "prepare/transform.h"

#include "data/moments.h"

#include <math.h>
#include <string.h>

static double keep(const kmseg_prepare_column *column, double x) {
    (void)column;
    return x;
}

static double signed_log1p(const kmseg_prepare_column *column, double x) {
    (void)column;
    return km_signed_log1p(x);
}

static double signed_expm1(const kmseg_prepare_column *column, double y) {
    (void)column;
    return copysign(expm1(fabs(y)), y);
}

static const km_transform rows[] = {
    {{"none", "the number as it is"}, 1, keep, keep},
    {{"log1p", "sign(x) log(1 + |x|): draws in long tails, keeps 0 and the sign"},
     0,
     signed_log1p,
     signed_expm1},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

static const km_named *get(int32_t i) { return i >= 0 && i < N_ROWS ? &rows[i].named : NULL; }

const km_registry km_transforms = {"transforms", get};

const km_transform *km_transform_find(const char *name) {
    for (int32_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i].named.name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}
