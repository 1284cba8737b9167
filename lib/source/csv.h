/* The CSV reader's inside, for its own files and for tests. */
#ifndef KM_SOURCE_CSV_H
#define KM_SOURCE_CSV_H

#include "source/csv_input.h"
#include "source/csv_parse.h"

#include <kmseg/source.h>

/* kmseg_csv_read() of an open file. chunk_bytes is how the text is cut for threads, 0 for the usual
 * size; the table does not depend on it. */
kmseg_status km_csv_read_input(kmseg_context *ctx, const char *path, const km_input *input,
                               const kmseg_csv_options *options, int64_t chunk_bytes,
                               kmseg_table **out, kmseg_csv_report *out_report);

/* A table without rows whose columns have the names of the header. *out_whole is 0 when the input
 * was cut before the header ended; then nothing else counts. */
kmseg_status km_csv_columns(kmseg_context *ctx, const char *path, const km_input *input,
                            const kmseg_csv_options *options, kmseg_table **out, int *out_whole);

/* The lines, from 1, at which the given rows of an open file begin; rows ascend from 0. */
kmseg_status km_csv_lines(kmseg_context *ctx, const char *path, const km_input *input,
                          const kmseg_csv_options *options, const int64_t *rows, int64_t n_rows,
                          int64_t *out_lines);

/* One column of the table that is being read. */
typedef struct km_csv_column {
    int32_t field; /* position in the file */
    int settled;   /* type is final */
    kmseg_column_type type;
    int64_t n_missing, n_unparsable, first_unparsable; /* when settled */
} km_csv_column;

typedef struct km_csv_reader {
    kmseg_context *ctx;
    const char *path;
    const km_input *input;
    const kmseg_csv_options *options;
    km_arena arena; /* of everything that the table does not keep */
    km_csv_header header;
    km_csv_pass pass;
    km_csv_column *columns; /* n_tallies of them, in the order of the file */
    kmseg_table *table;
} km_csv_reader;

/* Everything before the first pass: header, columns, chunks (chunk_bytes as above) and the tables of
 * threads. reader has its options checked and its arena begun. */
kmseg_status km_csv_begin(km_csv_reader *reader, int64_t chunk_bytes);

/* Surveys every chunk. */
kmseg_status km_csv_survey_all(km_csv_reader *reader);

/* Maps all pages of a chunk at once, instead of a fault every few pages. */
void km_csv_populate(const km_csv_pass *pass, int64_t chunk);

/* After the survey: says where the chunks begin, and how many rows they have room for: their capacity. */
void km_csv_find_starts(km_csv_reader *reader);

/* Where a chunk needs to begin when the one before it ended at at; -1 when no record is its own,
 * because one passes over all of it. */
int64_t km_csv_next_start(const km_csv_pass *pass, const km_csv_chunk *chunk, int64_t at);

/* Frees what the table does not keep. */
void km_csv_end(km_csv_reader *reader);

/* First types of columns that nobody requested, and the order of dates, by the first records. */
kmseg_status km_csv_guess(km_csv_reader *reader);

/* After a pass: settles the columns whose type held, changes the type of the others for the next
 * pass (*again is then 1), or fails where a column cannot be read. */
kmseg_status km_csv_settle(km_csv_reader *reader, int *again);

/* The message of the first fault of a chunk. */
kmseg_status km_csv_fail(const km_csv_reader *reader, const km_csv_fault *fault);

/* Merges the levels of all chunks of text columns, in order, and renumbers their codes. */
kmseg_status km_csv_merge_levels(km_csv_reader *reader);

#endif
