/* What columns that name the customer are usually called: one list for every stage that looks for one. */
#ifndef KM_DATA_ID_NAMES_H
#define KM_DATA_ID_NAMES_H

#include <kmseg/table.h>

typedef struct km_id_name {
    const char *name; /* compared without case and punctuation */
    int strong;       /* 1: names the customer also where values repeat, which is then an error */
} km_id_name;

/* In order of preference; the last has no name. */
extern const km_id_name km_id_names[];

/* The column of the role id, else the first by name; -1: none. Values are not looked at. */
int32_t km_id_by_name(const kmseg_table *table);

#endif
