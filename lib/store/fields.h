/* Structs in files: one table of fields says, for saving and for loading, where each value is. */
#ifndef KM_STORE_FIELDS_H
#define KM_STORE_FIELDS_H

#include "h5/dataset.h"

typedef enum km_field_kind {
    KM_FIELD_INT32,
    KM_FIELD_INT64,
    KM_FIELD_DOUBLE,
    KM_FIELD_TEXT, /* const char *; NULL is saved as "" */
    KM_FIELD_WORD  /* an int32 or enum of one of the words */
} km_field_kind;

/* A value of an enum as its word in files. Tables of words end with a NULL. */
typedef struct km_word {
    const char *word;
    int32_t value;
} km_word;

typedef struct km_field {
    const char *name; /* of the attribute or dataset */
    km_field_kind kind;
    size_t offset; /* in the struct */
    const km_word *words;
    int is_new; /* files of format_version 1 need not have it: then it stays cleared */
} km_field;

typedef struct km_fields {
    const char *path; /* of the group */
    const km_field *fields;
    int32_t n;
    size_t struct_size;
} km_fields;

#define KM_COUNT(array) ((int32_t)(sizeof(array) / sizeof *(array)))

/* One struct: every field an attribute of the group. */
void km_fields_put(km_h5_file *file, const km_fields *fields, const void *values);
kmseg_status km_fields_get(km_h5_file *file, const km_fields *fields, km_arena *arena,
                           void *values);

/* An array of n structs: every field a dataset of n values in the group, which is made. */
void km_fields_put_rows(km_h5_file *file, const km_fields *fields, int64_t n, const void *rows);

/* The same back: cleared structs in the arena, as many as the first field has values. */
kmseg_status km_fields_get_rows(km_h5_file *file, const km_fields *fields, km_arena *arena,
                                int64_t *out_n, void *out_rows);

#endif
