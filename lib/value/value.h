/* What RFM, tiers, lifecycle and rules share: columns, order of customers, groups, sentences. */
#ifndef KM_VALUE_VALUE_H
#define KM_VALUE_VALUE_H

#include "base/context.h"
#include "base/sums.h"
#include "data/table.h"

#include <kmseg/value.h>

/* A result that owns its memory: zeroed, with an arena at arena_at. NULL when out of memory, which is
 * told as what. */
void *km_value_new(kmseg_context *ctx, size_t size, size_t arena_at, const char *what);
void km_value_free(void *result, size_t arena_at); /* NULL is fine */

/* A growing list of sentences; out of memory is remembered and told at the end. */
typedef struct km_sentences {
    km_arena *arena;
    const char **texts;
    int32_t n, capacity;
    int failed;
} km_sentences;

void km_say(km_sentences *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Hands a list over; KMSEG_E_MEMORY when a sentence was lost. */
kmseg_status km_sentences_take(kmseg_context *ctx, const km_sentences *list, kmseg_sentences *out);

/* A number as sentences show it, "1,234.5": at most so many decimals, no zeros behind the point. */
const char *km_shown(double value, int decimals, char out[64]);

/* "1 customer", "2,345 customers". */
const char *km_customers(int64_t n, char out[64]);

/* A NUMBER column of that name. KMSEG_E_NOT_FOUND, or KMSEG_E_DATA when it is not NUMBER. */
kmseg_status km_number_column(kmseg_context *ctx, const kmseg_table *table, const char *name,
                              const double **out);

/* The same, NULL when the table has no such NUMBER column. */
const double *km_number_column_or_null(const kmseg_table *table, const char *name);

/* Position of the id column: the one named, the one whose role it is, or one of a usual name; -1 when
 * there is none, KMSEG_E_NOT_FOUND when one was named that is not there. */
kmseg_status km_id_column(kmseg_context *ctx, const kmseg_table *table, const char *name,
                          int32_t *out);

/* KMSEG_E_ARGUMENT when the table has a column of that name already; the message says what to do. */
kmseg_status km_name_is_free(kmseg_context *ctx, const kmseg_table *table, const char *name);

/* Rows in ascending order of the id column (numerically where all ids are whole numbers, else by
 * bytes; equal ids by row), into order; missing ids first. id -1: as they are. */
kmseg_status km_order_by_id(kmseg_context *ctx, const kmseg_table *table, int32_t id,
                            int64_t *order);

/* Of the n rows in order those with a value that is not NaN, in ascending or descending order of it,
 * equal ones as they were. *out_n: how many. */
kmseg_status km_order_by_value(kmseg_context *ctx, const double *values, int descending,
                               int64_t *order, int64_t n, int64_t *out_n);

/* The type-7 quantile at step/steps of n >= 1 numbers without NaN, found in whole numbers so that
 * the place of an edge is never off by a rounding; reorders values. */
double km_quantile_at(double *values, int64_t n, int64_t step, int64_t steps);

/* A sum of any finite numbers that does not depend on their order. Cleared by zeros. */
typedef struct km_signed_sum {
    km_exact_sum plus, minus;
    int64_t n;
} km_signed_sum;

void km_signed_add(km_signed_sum *sum, double value); /* passes over what is not finite */
double km_signed_value(const km_signed_sum *sum);

/* Sizes and worth of the groups that codes (table->n_rows values in [-1, n_groups)) make; names are
 * borrowed by out, which has n_groups; all is over those with a code. */
kmseg_status km_value_groups(kmseg_context *ctx, const kmseg_table *table,
                             const kmseg_value_columns *columns, const int32_t *codes,
                             int32_t n_groups, const char *const *names, kmseg_value_group *out,
                             kmseg_value_group *all);

/* A list of ascending numbers, "30,60,90", into out; what names it in messages. */
kmseg_status km_read_numbers(kmseg_context *ctx, const char *what, const char *list, int32_t most,
                             double *out, int32_t *out_n);

/* Adds columns for the rows of a table. Each is described as such; undone by setting n_columns. */
kmseg_status km_add_numbers(kmseg_context *ctx, kmseg_table *table, const char *name,
                            const double *values, const char *unit);
kmseg_status km_add_classes(kmseg_context *ctx, kmseg_table *table, const char *name,
                            const int32_t *codes, int32_t n_names, const char *const *names);

/* The bytes of a file of at most 1 MiB, from the context's allocator, terminated; KMSEG_E_IO, or
 * KMSEG_E_FORMAT where it is larger. */
kmseg_status km_read_config(kmseg_context *ctx, const char *path, char **out, size_t *out_length);

/* Length of the line that begins at *at < length, without its end and spaces before it; moves *at
 * behind the line. */
size_t km_config_line(const char *text, size_t length, size_t *at);

/* Length without spaces at the end. */
size_t km_config_trim(const char *text, size_t length);

#endif
