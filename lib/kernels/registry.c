#include "kernels/kernels.h"

#include <kmseg/context.h>

#include <string.h>

static int always(void) { return 1; }

static const km_kernels baseline = {{"baseline", "portable vectors of 16 bytes"}, always};

static const km_kernels *const rows[] = {&baseline};

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
