/* What the loop over the cells of a chunk shares with the steps that it rarely takes. The loop is one
 * source (csv_loop_template.h) in one form per instruction set; the steps are in csv_parse.c. */
#ifndef KM_SOURCE_CSV_STEPS_H
#define KM_SOURCE_CSV_STEPS_H

#include "source/csv_parse.h"

/* A field as the loop sees it. */
typedef struct km_csv_slot {
    char *values; /* of the column, from its first row */
    km_csv_action action;
    int32_t tally;
    int32_t run; /* how many fields from here on are numbers, at most KM_CSV_LONGEST_RUN */
} km_csv_slot;

/* Fewer numbers in a row are not worth the work on eight. */
#define KM_CSV_SHORTEST_RUN 4
#define KM_CSV_LONGEST_RUN  8

/* So many cells at the beginning of a record are compared with those of the one before; whether that
 * pays is judged by so many records. */
#define KM_CSV_FIRST_CELLS    4
#define KM_CSV_JUDGED_RECORDS 256

/* So many bytes ahead the text is asked for: CPUs do that by themselves, but not beyond a page. */
#define KM_CSV_AHEAD 2048

/* Where cells may end, for some kilobytes from base on: positions behind it. */
#define KM_CSV_LIST_BYTES   2048
#define KM_CSV_NO_DELIMITER UINT32_C(0x80000000)

typedef struct km_csv_list {
    const char *base, *next_block, *end; /* of the list; where it goes on; of the text */
    const uint32_t *next, *last;
    uint32_t list[KM_CSV_LIST_BYTES + 64];
} km_csv_list;

/* Behind the last field; a record that gets there has too many cells. */
#define KM_CSV_BEYOND ((km_csv_action)9)

typedef struct km_csv_parser {
    km_csv_pass *pass;
    km_csv_chunk *chunk;
    km_csv_levels *levels; /* of this thread */
    km_csv_slot *slots; /* one per field and one behind; SKIP once a column has refused its type */
    int is_odd;         /* a cell of the record was quoted, or is not what its column has mostly */
    int64_t n_rest;     /* cells that did not parse with the others of their run */
    int32_t n_numbers;  /* fields that are parsed as numbers */
} km_csv_parser;

/* From here on every number is parsed by itself, in this chunk and those after it. */
void km_csv_forget_runs(km_csv_parser *s);

/* Numbers that are not plain, and cells that are no numbers. */
km_csv_fault_kind km_csv_slow_number(km_csv_parser *s, int32_t field, const char *p, size_t n,
                                     double *out);

/* Dates that are not as in ISO 8601, and cells that are no dates. */
km_csv_fault_kind km_csv_slow_time(km_csv_parser *s, int32_t field, const char *p, size_t n,
                                   int64_t *out);

/* A string seen for the first time in this chunk, or not the one before. */
km_csv_fault_kind km_csv_other_level(km_csv_levels *levels, km_csv_level *level, int32_t *out);

/* Empty cells, those that begin with a space, and those of 4 GiB. */
km_csv_fault_kind km_csv_odd_text(km_csv_parser *s, int32_t tally, const char *text, size_t n,
                                  int32_t *out);

km_csv_fault_kind km_csv_put_quoted_text(km_csv_parser *s, int32_t tally, const km_csv_cell *cell,
                                         int32_t *out);

/* Notes the fault of the cell at p. */
void km_csv_set_fault(km_csv_parser *s, km_csv_fault_kind kind, int32_t field, const char *p,
                      const char *record);

static inline km_csv_fault_kind km_csv_put_level(km_csv_parser *s, int32_t tally, const char *text,
                                                 size_t n, int32_t *out) {
    km_csv_levels *levels = &s->levels[tally];
    km_csv_level level = km_csv_level_of(text, (uint32_t)n);
    if (levels->last >= 0 && km_csv_level_same(&level, &levels->items[levels->last])) {
        *out = levels->last;
        return KM_CSV_FINE;
    }
    return km_csv_other_level(levels, &level, out);
}

/* Parses the records that begin at p and not behind limit into the rows from row on, which end before
 * last_row; *out_row is behind the last. Where the next record begins, or NULL after a fault. */
typedef const char *(*km_csv_records_fn)(km_csv_parser *s, const char *p, const char *limit,
                                         int64_t row, int64_t last_row, int64_t *out_row);

/* The loop in the form of one instruction set. */
typedef struct km_csv_loop {
    const char *name; /* of the kernels (kmseg_context_kernels()) that it goes with */
    int (*available)(void);
    km_csv_records_fn records;
    km_csv_records_fn records_of_runs; /* quicker where many numbers are in a row; or NULL */
    void (*count)(const char *p, const char *end, int64_t *quotes, int64_t *line_ends);
} km_csv_loop;

extern const km_csv_loop km_csv_loop_baseline;
#if defined(__x86_64__)
extern const km_csv_loop km_csv_loop_avx2, km_csv_loop_avx512;
const char *km_csv_runs_avx512(km_csv_parser *s, const char *p, const char *limit, int64_t row,
                               int64_t last_row, int64_t *out_row);
#endif

#endif
