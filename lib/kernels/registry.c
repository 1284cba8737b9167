#include "kernels/kernels.h"

#include <kmseg/context.h>

#include <string.h>

static const km_kernels *const rows[] = {
#ifdef KMSEG_BLAS
    &km_kernels_blas,
#endif
    &km_kernels_baseline,
#if defined(__x86_64__)
    &km_kernels_avx2,     &km_kernels_avx512, &km_kernels_avx512vnni, &km_kernels_amx,
#elif defined(__aarch64__)
    &km_kernels_neon,
#endif
};

enum { N_ROWS = sizeof rows / sizeof *rows };

const km_kernels *km_kernels_at(int32_t i) { return i >= 0 && i < N_ROWS ? rows[i] : NULL; }

const km_kernels *km_kernels_find(const char *name) {
    for (int32_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i]->named.name, name) == 0) {
            return rows[i];
        }
    }
    return NULL;
}

const char *kmseg_kernels_name(int32_t i) {
    const km_kernels *kernels = km_kernels_at(i);
    return kernels != NULL ? kernels->named.name : NULL;
}

int kmseg_kernels_available(const char *name) {
    const km_kernels *kernels = km_kernels_find(name);
    return kernels != NULL && kernels->available();
}

void km_kernels_warm(const km_kernels *kernels) {
#ifdef KMSEG_BLAS
    if (kernels == &km_kernels_blas) {
        km_blas_warm();
    }
#else
    (void)kernels;
#endif
}

void km_pack(const double *centroids, int32_t n_clusters, int32_t n_features, int32_t group,
             size_t size, void *out) {
    float *f32 = out;
    double *f64 = out;
    int64_t at = 0;
    for (int32_t c = 0; c < n_clusters; c += group) {
        int32_t width = n_clusters - c < group ? n_clusters - c : group;
        for (int32_t j = 0; j < n_features; j++) {
            for (int32_t m = 0; m < width; m++) {
                double value = centroids[(int64_t)(c + m) * n_features + j];
                if (size == sizeof(float)) {
                    f32[at++] = (float)value;
                } else {
                    f64[at++] = value;
                }
            }
        }
    }
}
