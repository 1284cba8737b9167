/* What leaves of people: pseudonyms in place of ids, no ids at all, and whether rows of a table can
 * be told apart by what others know. docs/privacy.md says what each gives and does not give. */
#ifndef KMSEG_PRIVACY_H
#define KMSEG_PRIVACY_H

#include <kmseg/option.h>
#include <kmseg/pipeline.h>

KMSEG_BEGIN_DECLS

/** A secret of 256 bits, in memory that is locked and guarded where the system allows it. */
typedef struct kmseg_key kmseg_key;

/**
 * Makes a key from the system's randomness and writes it: 64 hexadecimal digits and a line end, mode
 * 0600. KMSEG_E_IO when something is there already: a key is never overwritten, because with it
 * every pseudonym would change.
 */
KMSEG_API kmseg_status kmseg_key_write(kmseg_context *ctx, const char *path);

/**
 * Reads such a file. KMSEG_E_IO when it cannot be read, is no regular file, or others than its owner
 * may read or write it; KMSEG_E_FORMAT when it does not hold 64 hexadecimal digits, or digits that
 * are all the same. No message holds any of the key.
 */
KMSEG_API kmseg_status kmseg_key_read(kmseg_context *ctx, const char *path, kmseg_key **out);

/** Overwrites the key, then frees it. NULL is fine. */
KMSEG_API void kmseg_key_free(kmseg_key *key);

/* "p-" and 32 characters, with the terminator. */
#define KMSEG_PSEUDONYM_SIZE 35

/**
 * The pseudonym of an id under a key: "p-" and BLAKE2b of the bytes of the id, keyed, personalised
 * with "kmseg-customer-1", 160 bits as 32 characters of base32 in lower case. The same id and key
 * always give the same pseudonym. Source: RFC 7693, RFC 4648.
 */
KMSEG_API void kmseg_pseudonym(const kmseg_key *key, const char *id,
                               char out[KMSEG_PSEUDONYM_SIZE]);

/** 1 when a text has the form of a pseudonym. */
KMSEG_API int kmseg_is_pseudonym(const char *text);

/** The column that names the customer: by its role, else by a usual name such as customer_id; -1
 * when there is none. */
KMSEG_API int32_t kmseg_table_id_column(const kmseg_table *table);

/**
 * A copy of a table without the ids of its customers.
 *
 * id   column that names them; NULL: kmseg_table_id_column()
 * key  the column becomes text, pseudonyms; NULL: the column is left out
 *
 * Rows are sorted by pseudonym, or without ids by their other values, and texts are numbered in byte
 * order, so that the place of a row says nothing of the id it had. Other columns stay as they are,
 * whatever they hold. Numbers are hashed as kmseg_csv_write() shows them: 17 and "17" get one
 * pseudonym. A missing id stays missing.
 *
 * KMSEG_E_NOT_FOUND when no column names the customer, KMSEG_E_DATA when all ids are pseudonyms
 * already, or the column holds dates. Cost O(rows log rows).
 */
KMSEG_API kmseg_status kmseg_table_protect(kmseg_context *ctx, const kmseg_table *table,
                                           const char *id, const kmseg_key *key, kmseg_table **out);

/**
 * The same for a result, in place: ids become pseudonyms, or row numbers that no longer say which
 * row of the table they were; customers are in another order, and the parameters say "ids":
 * "pseudonyms" or "left out". Segments, labels and every number stay as they are. On failure the
 * result is as before.
 */
KMSEG_API kmseg_status kmseg_result_protect(kmseg_context *ctx, kmseg_result *result,
                                            const kmseg_key *key);

typedef struct kmseg_anonymity_options {
    size_t struct_size;
    const char *quasi;     /* columns that others may know of a person, names separated by commas */
    int32_t k;             /* rows that a class needs at least */
    const char *sensitive; /* column whose values a class is to have several of; NULL: none */
    int32_t l;             /* different values of it that a class needs at least */
    int32_t max_shown;     /* classes that are listed, smallest first */
} kmseg_anonymity_options;

KMSEG_API const kmseg_option_table *kmseg_anonymity_option_table(void);
KMSEG_API void kmseg_anonymity_options_init(kmseg_anonymity_options *options);

/** Rows that have the same values in every quasi-identifier. */
typedef struct kmseg_anonymity_class {
    int64_t n_rows;
    int64_t n_sensitive;       /* different values of the sensitive column; 0 without one */
    const char *const *values; /* n_columns; NULL is missing */
} kmseg_anonymity_class;

typedef struct kmseg_anonymity {
    size_t struct_size;
    int32_t holds; /* 1: every class has at least k rows, and at least l values */
    int32_t k, l;  /* as asked for; l is 0 without a sensitive column */
    int64_t n_rows, n_classes;
    int64_t smallest;                      /* rows of the smallest class: the k that holds */
    int64_t least_values;                  /* the l that holds; 0 without a sensitive column */
    int64_t n_small_classes, n_small_rows; /* classes below k or l, and the rows in them */
    int64_t n_alone;                       /* rows that are a class of their own */
    int32_t n_columns;
    const char *const *columns;
    const int64_t *smallest_without;   /* n_columns: the smallest class if it were left out */
    const int64_t *small_rows_without; /* n_columns: rows in classes below k, likewise */
    int32_t n_shown;
    const kmseg_anonymity_class *shown; /* smallest first, equals by their values */
} kmseg_anonymity;

/**
 * k-anonymity of a table over named columns: every row shares its values with at least k - 1 others.
 * A missing value is a value like any other. With a sensitive column distinct l-diversity too: the
 * rows of every class have at least l different values of it.
 *
 * KMSEG_E_ARGUMENT without columns, KMSEG_E_NOT_FOUND for one that is not there. Cost
 * O(rows log rows) for each column, squared in their number.
 * Source: Sweeney 2002, doi:10.1142/S0218488502001648; Machanavajjhala et al. 2007,
 * doi:10.1145/1217299.1217302.
 */
KMSEG_API kmseg_status kmseg_anonymity_new(kmseg_context *ctx, const kmseg_table *table,
                                           const kmseg_anonymity_options *options,
                                           kmseg_anonymity **out);

KMSEG_API void kmseg_anonymity_free(kmseg_anonymity *anonymity);

KMSEG_END_DECLS

#endif
