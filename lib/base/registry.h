/* A registry is an array of rows that begin with a name and a line of help. Users list registries by
 * kind (`kmseg list algorithms`), options take their names as choices, and tests walk them. */
#ifndef KM_BASE_REGISTRY_H
#define KM_BASE_REGISTRY_H

#include <stdint.h>

typedef struct km_named {
    const char *name;
    const char *help; /* one line, no full stop */
} km_named;

typedef struct km_registry {
    const char *kind;                      /* plural: "algorithms" */
    const km_named *(*get)(int32_t index); /* NULL behind the last */
} km_registry;

#endif
