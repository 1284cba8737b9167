/* The records of a CSV file, parsed by chunks.
 *
 * The text behind the header is cut into chunks of equal size; a chunk owns the records that begin
 * behind its first byte and not behind its limit (the first chunk also the one that begins at its
 * first byte). A survey counts line ends, which bound how many records a chunk can have and so say
 * where in the columns its rows go, and quotes, whose parity says whether a chunk begins inside a
 * quoted cell. The parity misleads only where an unquoted cell has a quote in it (5" pipe); as a
 * chunk is done, where it ended is compared with where the next began, and that one is parsed again
 * when they differ. So the records are those of a reader that goes from the first byte to the last,
 * whatever the chunks and the threads. */
#ifndef KM_SOURCE_CSV_PARSE_H
#define KM_SOURCE_CSV_PARSE_H

#include "source/csv_levels.h"
#include "source/csv_scan.h"

#include <kmseg/table.h>
#include <stdatomic.h>

typedef enum km_csv_action {
    KM_CSV_SKIP = 0,
    KM_CSV_AS_NUMBER = KMSEG_COLUMN_NUMBER,
    KM_CSV_AS_TEXT = KMSEG_COLUMN_TEXT,
    KM_CSV_AS_TIME = KMSEG_COLUMN_TIME
} km_csv_action;

/* Why a column is not what it was taken for; bits. */
enum { KM_CSV_IS_TEXT = 1, KM_CSV_IS_TIME = 2 };

/* One column of the file, in a pass over it. */
typedef struct km_csv_field {
    km_csv_action action;
    int requested;     /* the caller knows the type: what does not parse is a fault */
    int day_first;     /* how 9/12/2011 is read */
    int order_is_sure; /* and 13/12/2011 is no date when the month comes first */
    int32_t tally;     /* index in the tallies and levels of a chunk */
    void *values;      /* of the whole column: double, int64_t or int32_t */
    const char *name;
    atomic_int refused; /* not requested, and not what it was taken for */
} km_csv_field;

/* What was seen in one column of one chunk. Offsets are of cells in the text. */
typedef struct km_csv_tally {
    int64_t n_missing; /* the three below and n_words included */
    int64_t n_words, n_infinite, n_unparsable;
    int64_t first_infinite, first_unparsable; /* INT64_MAX: none */
    int64_t n_either, n_day_first, n_month_first;
    int64_t first_day_first, first_month_first, first_either; /* INT64_MAX: none */
    int refused;                                              /* KM_CSV_IS_ bits */
    km_date_cache cache;
} km_csv_tally;

typedef struct km_csv_fault {
    km_csv_fault_kind kind;
    int32_t field;
    int64_t offset;  /* of the cell; of the record when it is ragged */
    int64_t n_cells; /* ragged: how many there are */
    km_csv_cell cell;
} km_csv_fault;

typedef struct km_csv_chunk {
    int64_t begin, limit;
    int64_t n_line_ends, n_quotes; /* by the survey */
    int64_t start, end;            /* of its records; start -1: none begins here */
    int64_t first_row, capacity, n_rows;
    int done;
    int has_copies; /* some string is in the arena, not in the text */
    km_csv_fault fault;
    km_csv_tally *tallies;   /* one per column that is read */
    km_csv_strings *strings; /* likewise; used by those that are text */
    km_arena arena;          /* of unescaped cells */
} km_csv_chunk;

typedef struct km_csv_pass {
    kmseg_context *ctx;
    const char *text;
    int64_t end; /* of the records */
    char delimiter;
    int lenient;
    int in_pieces; /* strings are used while the thread has them in its levels, and not kept */
    int32_t n_fields, n_tallies;
    km_csv_field *fields;
    km_csv_chunk *chunks;
    int64_t n_chunks;
    const struct km_csv_loop *loop; /* for this CPU */
    km_csv_levels *levels;          /* of each thread: n_tallies */
    km_csv_pool *pools;             /* of each thread: what chunks keep */
    _Atomic int64_t first_bad_chunk;
    atomic_int no_runs; /* a chunk found that numbers are better parsed one by one */
} km_csv_pass;

/* The loop that goes with the kernels of a context. */
const struct km_csv_loop *km_csv_loop_for(const kmseg_context *ctx);

/* Fills begin, limit, n_line_ends and n_quotes of a chunk. */
void km_csv_survey(const km_csv_pass *pass, int64_t chunk);

/* Where the first record that chunk owns begins, when the quotes before begin are odd or not; -1
 * when none does. */
int64_t km_csv_find_start(const km_csv_pass *pass, const km_csv_chunk *chunk, int odd);

/* Parses the records of a chunk from start on. */
void km_csv_parse(km_csv_pass *pass, km_csv_chunk *chunk, int64_t start, int32_t thread);

#endif
