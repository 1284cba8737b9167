/* Kernels: the few functions in which the time goes, one set per instruction set. The portable set
 * fills the table; faster ones replace its rows where this CPU can run them. */
#ifndef KM_KERNELS_KERNELS_H
#define KM_KERNELS_KERNELS_H

#include "base/registry.h"

typedef struct km_kernels {
    km_named named;
    int (*available)(void); /* 1 when this CPU can run them */
} km_kernels;

/* Rows of the registry, slowest first; NULL behind the last. */
const km_kernels *km_kernels_at(int32_t i);

/* The row of a name, or NULL. */
const km_kernels *km_kernels_find(const char *name);

#endif
