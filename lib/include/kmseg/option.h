/* Option tables: one row per option gives its name, type, bounds, default and help. From a table
 * come the defaults of an options struct, its checks, and the flags of the command. */
#ifndef KMSEG_OPTION_H
#define KMSEG_OPTION_H

#include <kmseg/context.h>

KMSEG_BEGIN_DECLS

typedef enum kmseg_option_type {
    KMSEG_OPTION_INT32 = 1,
    KMSEG_OPTION_INT64 = 2,
    KMSEG_OPTION_UINT64 = 3,
    KMSEG_OPTION_DOUBLE = 4,
    KMSEG_OPTION_BOOL = 5,  /* int32_t, 0 or 1 */
    KMSEG_OPTION_TEXT = 6,  /* const char *, borrowed; NULL means not given */
    KMSEG_OPTION_CHOICE = 7 /* const char *, one of choices */
} kmseg_option_type;

typedef struct kmseg_option {
    const char *name; /* as in the struct: "n_clusters"; its flag is --n-clusters */
    kmseg_option_type type;
    size_t offset;            /* of the field in the options struct */
    double minimum, maximum;  /* numbers only, both inclusive */
    double default_number;    /* numbers and booleans */
    const char *default_text; /* text and choices */
    const char *choices; /* CHOICE: names separated by '|'; NULL: those of choice_name. TEXT: what
                                 joins the values of a flag that is repeated; NULL: the last counts */
    const char *(*choice_name)(int32_t i); /* CHOICE: names of a registry, NULL behind the last */
    const char *list_kind; /* CHOICE from a registry: its kind, see kmseg_list_name() */
    const char *metavar;   /* what stands for the value in help: "N", "FILE"; NULL for BOOL */
    const char *help;      /* one line, no full stop */
    char short_flag;       /* 'k' for -k; 0 for none */
} kmseg_option;

typedef struct kmseg_option_table {
    const char *name;   /* of the options struct: "fit" */
    size_t struct_size; /* of the options struct; its first field is size_t struct_size */
    int32_t n_options;
    const kmseg_option *options;
} kmseg_option_table;

/** Sets struct_size and every default. */
KMSEG_API void kmseg_options_init(const kmseg_option_table *table, void *options);

/** The row of an option; '-' and '_' are the same. NULL when there is none. */
KMSEG_API const kmseg_option *kmseg_options_find(const kmseg_option_table *table, const char *name);

/**
 * Sets one option from text, checking type, bounds and choices. TEXT and CHOICE options keep the
 * pointer value, which must outlive options.
 */
KMSEG_API kmseg_status kmseg_options_set(kmseg_context *ctx, const kmseg_option_table *table,
                                         void *options, const char *name, const char *value);

/** Checks every field; the message names the first that is out of its bounds. */
KMSEG_API kmseg_status kmseg_options_check(kmseg_context *ctx, const kmseg_option_table *table,
                                           const void *options);

/** Writes the current value of one option as text, as kmseg_options_set() would take it. */
KMSEG_API void kmseg_options_format(const kmseg_option *option, const void *options, char *out,
                                    size_t capacity);

/**
 * Registries: what an option accepts. kind is "algorithms", "initialisers", "kernels", "metrics",
 * "transforms", "scales", ...; i = 0, 1, ...; NULL behind the last or for an unknown kind.
 */
KMSEG_API const char *kmseg_list_name(const char *kind, int32_t i);

/** One line that says what a registered name is; "" when it is unknown. */
KMSEG_API const char *kmseg_list_help(const char *kind, const char *name);

/** The kinds of registry themselves, i = 0, 1, ...; NULL behind the last. */
KMSEG_API const char *kmseg_list_kind(int32_t i);

KMSEG_END_DECLS

#endif
