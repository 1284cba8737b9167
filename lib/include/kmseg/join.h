/* Columns of a second table added to a first by a key, such as demographics to order features. */
#ifndef KMSEG_JOIN_H
#define KMSEG_JOIN_H

#include <kmseg/source.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_join_options {
    size_t struct_size;
    const char *key;      /* column of table; NULL: one named as from_key, else its id column */
    const char *from_key; /* column of from; NULL: one named as key or as the id column of table,
                              else the only name that both have */
    int32_t inner;        /* 1: rows of table without a match are left out; 0: their new columns are
                              missing */
    const char *from_name; /* what from is called in messages: its file; NULL: "the other table" */
} kmseg_join_options;

/** A join as it is written: "contacts.csv:contact_id", "contacts.csv:buyer=contact_id". */
typedef struct kmseg_join_request {
    char path[4096];
    char key[256];      /* of the table that is added to; "": not named */
    char from_key[256]; /* of the file; "": not named */
} kmseg_join_request;

/** Reads length bytes; a key is behind the last ':' of the file's name. 0 when it is none. */
KMSEG_API int kmseg_join_request_read(const char *text, size_t length, kmseg_join_request *out);

/** No keys named, rows without a match kept. */
KMSEG_API void kmseg_join_options_init(kmseg_join_options *options);

typedef struct kmseg_join_counts {
    const char *key, *from_key; /* the columns that were matched; of table and from */
    int64_t n_rows;             /* of table */
    int64_t n_matched;          /* of these, with a row in from */
    int64_t n_from;             /* rows of from */
    int64_t n_from_unmatched;   /* of these, without a row in table */
    int32_t n_columns;          /* that were added */
} kmseg_join_counts;

/**
 * Makes a table of the rows of table, in their order, with the columns of from but its key behind
 * them. Keys are compared as text, so that 17 and "17" match; a missing one matches nothing. Added
 * columns whose role is unknown become features where table has features, so that they are
 * clustered on as those are.
 *
 * options     NULL for the defaults
 * out         owned by the caller; kmseg_table_free()
 * out_counts  NULL: not wanted
 *
 * KMSEG_E_NOT_FOUND when there is no such key, KMSEG_E_DATA when a key is in two rows of from (the
 * message has examples) or nothing matches, KMSEG_E_ARGUMENT when both have a column of one name.
 * Cost O(rows).
 */
KMSEG_API kmseg_status kmseg_table_join(kmseg_context *ctx, const kmseg_table *table,
                                        const kmseg_table *from, const kmseg_join_options *options,
                                        kmseg_table **out, kmseg_join_counts *out_counts);

/** Called with what became of each request, before the next. */
typedef void (*kmseg_joined_fn)(void *user, const char *file, const kmseg_join_counts *counts);

/**
 * Joins file after file to customers: what `--join` does.
 *
 * table     customers, replaced by those with more columns; on failure it is as far as it came
 * requests  one a line, as kmseg_join_request_read() has them; NULL: none
 * inner     1: customers that a file lacks are left out
 * known_as  what the log that the customers were made from called their id; files that have a column
 *           of that name are joined by it where a request names none. NULL: nothing
 * csv       how files are read
 * joined    NULL: not wanted
 *
 * KMSEG_E_ARGUMENT for a line that is no request, else as kmseg_source_read() and kmseg_table_join() say.
 */
KMSEG_API kmseg_status kmseg_joins_add(kmseg_context *ctx, kmseg_table **table,
                                       const char *requests, int inner, const char *known_as,
                                       const kmseg_csv_options *csv, kmseg_joined_fn joined,
                                       void *user);

/** "members.csv:customer_id (left)": a join as the parameters of a result keep it. */
KMSEG_API void kmseg_join_note(const char *file, const kmseg_join_counts *counts, int inner,
                               char *out, size_t capacity);

KMSEG_END_DECLS

#endif
