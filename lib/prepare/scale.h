/* Registry "scales": centre and spread of a transformed number. */
#ifndef KM_PREPARE_SCALE_H
#define KM_PREPARE_SCALE_H

#include "base/registry.h"
#include "data/moments.h"

typedef struct km_scale {
    km_named named;
    int automatic;    /* chosen by content only, not by the option */
    int needs_values; /* fit looks at values, not at moments alone */
    /* values: n transformed numbers that may be reordered. A spread that comes out as 0 is replaced
     * by the deviation. */
    void (*fit)(const km_moments *moments, double *values, int64_t n, double *centre,
                double *spread);
} km_scale;

extern const km_registry km_scales;

/* The row of that name, or NULL. */
const km_scale *km_scale_find(const char *name);

/* Names of the rows that the option accepts. */
const char *km_scale_choice(int32_t i);

#endif
