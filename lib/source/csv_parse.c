#include "source/csv_parse.h"

#include "source/csv_number.h"

#include <math.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static int64_t sum16(bytes16 v) {
    int64_t sum = 0;
    for (int i = 0; i < 16; i++) {
        sum += v[i];
    }
    return sum;
}

void km_csv_survey(const km_csv_pass *pass, int64_t index) {
    km_csv_chunk *chunk = &pass->chunks[index];
    const char *p = pass->text + chunk->begin, *end = pass->text + chunk->limit;
    int64_t quotes = 0, line_ends = 0;
    const bytes16 quote = (bytes16){0} + '"', lf = (bytes16){0} + '\n', cr = (bytes16){0} + '\r';
    while (end - p >= 16) {
        /* 255 blocks at a time, because the counters are bytes. */
        const char *stop = end - p >= 16 * 255 ? p + 16 * 255 : p + ((end - p) & ~INT64_C(15));
        bytes16 n_quotes = {0}, n_ends = {0};
        for (; p < stop; p += 16) {
            bytes16 v, next;
            memcpy(&v, p, sizeof v);
            memcpy(&next, p + 1, sizeof next);
            n_quotes -= (bytes16)(v == quote);
            n_ends -= (bytes16)(v == lf) | ((bytes16)(v == cr) & (bytes16)(next != lf));
        }
        quotes += sum16(n_quotes);
        line_ends += sum16(n_ends);
    }
    for (; p < end; p++) {
        quotes += *p == '"';
        line_ends += *p == '\n' || (*p == '\r' && p[1] != '\n');
    }
    chunk->n_quotes = quotes;
    chunk->n_line_ends = line_ends;
}

int64_t km_csv_find_start(const km_csv_pass *pass, const km_csv_chunk *chunk, int odd) {
    if (chunk->begin == pass->chunks[0].begin) {
        return chunk->begin;
    }
    const char *end = pass->text + pass->end;
    for (const char *p = pass->text + chunk->begin; p < pass->text + chunk->limit; p++) {
        if (*p == '"') {
            odd = !odd;
        } else if (!odd && (*p == '\n' || *p == '\r')) {
            return km_csv_skip_line_end(p, end) - pass->text;
        }
    }
    return -1;
}

void km_csv_tally_clear(km_csv_chunk *chunk, int32_t i, const kmseg_allocator *allocator) {
    km_csv_tally *tally = &chunk->tallies[i];
    memset(tally, 0, sizeof *tally);
    tally->first_infinite = INT64_MAX;
    tally->first_unparsable = INT64_MAX;
    tally->first_day_first = INT64_MAX;
    tally->first_month_first = INT64_MAX;
    tally->first_either = INT64_MAX;
    km_date_cache_init(&tally->cache);
    if (chunk->levels[i].items != NULL || chunk->levels[i].slots != NULL) {
        km_csv_levels_free(&chunk->levels[i]);
    } else {
        km_csv_levels_init(&chunk->levels[i], allocator);
    }
}

/* Bytes at which an unquoted cell may end: the delimiter and everything below 14, which is line
 * ends and the zero behind the text, and a few that the caller steps over. One bit a byte. */
static inline uint64_t ends_in_block(const char *block, char delimiter) {
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8(delimiter), low = _mm_set1_epi8(13);
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
        __m128i hit =
            _mm_or_si128(_mm_cmpeq_epi8(v, wanted), _mm_cmpeq_epi8(_mm_min_epu8(v, low), v));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * i);
    }
    return mask;
#else
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) {
        mask |= (uint64_t)(block[i] == delimiter || (unsigned char)block[i] < 14) << i;
    }
    return mask;
#endif
}

/* Goes from end to end, a block of 64 bytes at a time. */
typedef struct walker {
    const char *block;
    uint64_t mask; /* ends in the block that are still ahead */
    char delimiter;
} walker;

static inline void walk_from(walker *w, const char *p) {
    if (p - w->block >= 64 || p < w->block) {
        w->block = p;
        w->mask = ends_in_block(p, w->delimiter);
    } else {
        w->mask &= ~UINT64_C(0) << (p - w->block);
    }
}

static inline const char *next_end(walker *w) {
    while (w->mask == 0) {
        w->block += 64;
        w->mask = ends_in_block(w->block, w->delimiter);
    }
    const char *at = w->block + __builtin_ctzll(w->mask);
    w->mask &= w->mask - 1;
    return at;
}

/* A field as the inner loop sees it. */
typedef struct slot {
    char *values; /* of the column, from its first row */
    km_csv_action action;
    int32_t tally;
} slot;

/* Behind the last field; a record that gets there has too many cells. */
#define BEYOND ((km_csv_action)9)

/* What the steps below share while a chunk is parsed. */
typedef struct parser {
    km_csv_pass *pass;
    km_csv_chunk *chunk;
    slot *slots; /* one per field and one behind; SKIP once a column has refused its type */
} parser;

static km_csv_fault_kind refuse(parser *s, int32_t field, int reason) {
    km_csv_field *f = &s->pass->fields[field];
    s->chunk->tallies[f->tally].refused |= reason;
    s->slots[field].action = KM_CSV_SKIP;
    atomic_store_explicit(&f->refused, 1, memory_order_relaxed);
    return KM_CSV_FINE;
}

/* A cell of a requested column that is not of its type. */
static km_csv_fault_kind unparsable(parser *s, km_csv_tally *tally, const char *p,
                                    km_csv_fault_kind kind) {
    if (!s->pass->lenient) {
        return kind;
    }
    if (tally->first_unparsable == INT64_MAX) {
        tally->first_unparsable = p - s->pass->text;
    }
    tally->n_unparsable++;
    tally->n_missing++;
    return KM_CSV_FINE;
}

/* Numbers that are not plain, and cells that are no numbers. */
static __attribute__((noinline)) km_csv_fault_kind
slow_number(parser *s, int32_t field, const char *p, size_t n, double *out) {
    km_csv_field *f = &s->pass->fields[field];
    km_csv_tally *tally = &s->chunk->tallies[f->tally];
    switch (km_number_read(p, n, out)) {
    case KM_NUMBER_FINITE: return KM_CSV_FINE;
    case KM_NUMBER_EMPTY: tally->n_missing++; return KM_CSV_FINE;
    case KM_NUMBER_WORD:
        tally->n_missing++;
        tally->n_words++;
        return KM_CSV_FINE;
    case KM_NUMBER_INFINITE:
        if (f->requested) {
            return unparsable(s, tally, p, KM_CSV_INFINITE);
        }
        if (tally->first_infinite == INT64_MAX) {
            tally->first_infinite = p - s->pass->text;
        }
        tally->n_infinite++;
        tally->n_missing++;
        return KM_CSV_FINE;
    case KM_NUMBER_NAME:
        if (f->requested) {
            return KM_CSV_FINE;
        }
        break;
    case KM_NUMBER_NONE:
        if (f->requested) {
            return unparsable(s, tally, p, KM_CSV_NUMBER);
        }
        break;
    }
    int64_t seconds;
    km_date_form form = km_time_read(p, n, 0, &seconds);
    return refuse(s, field, form == KM_DATE_NONE ? KM_CSV_IS_TEXT : KM_CSV_IS_TIME);
}

static void note_first(int64_t *first, int64_t offset) {
    *first = *first == INT64_MAX ? offset : *first;
}

static __attribute__((noinline)) km_csv_fault_kind
slow_time(parser *s, int32_t field, const char *p, size_t n, int64_t *out) {
    km_csv_field *f = &s->pass->fields[field];
    km_csv_tally *tally = &s->chunk->tallies[f->tally];
    int64_t offset = p - s->pass->text;
    km_date_form form = km_time_read(p, n, f->day_first, out);
    if (f->order_is_sure && form == (f->day_first ? KM_DATE_MONTH_FIRST : KM_DATE_DAY_FIRST)) {
        form = KM_DATE_NONE;
    }
    switch (form) {
    case KM_DATE_PLAIN: return KM_CSV_FINE;
    case KM_DATE_EITHER:
        tally->n_either++;
        note_first(&tally->first_either, offset);
        return KM_CSV_FINE;
    case KM_DATE_DAY_FIRST:
        tally->n_day_first++;
        note_first(&tally->first_day_first, offset);
        return KM_CSV_FINE;
    case KM_DATE_MONTH_FIRST:
        tally->n_month_first++;
        note_first(&tally->first_month_first, offset);
        return KM_CSV_FINE;
    case KM_DATE_NONE: break;
    }
    *out = KMSEG_TIME_MISSING;
    double number;
    km_number_kind kind = km_number_read(p, n, &number);
    if (kind == KM_NUMBER_EMPTY || kind == KM_NUMBER_WORD) {
        tally->n_missing++;
        tally->n_words += kind == KM_NUMBER_WORD;
        return KM_CSV_FINE;
    }
    return f->requested ? unparsable(s, tally, p, KM_CSV_TIME) : refuse(s, field, KM_CSV_IS_TEXT);
}

/* A string seen for the first time in this chunk, or not the one before. */
static __attribute__((noinline)) km_csv_fault_kind other_level(km_csv_levels *levels,
                                                               km_csv_level *level, int32_t *out) {
    *out = km_csv_levels_find(levels, level);
    if (*out < 0) {
        if (!km_utf8_valid(level->text, level->length)) {
            return memchr(level->text, '\0', level->length) != NULL ? KM_CSV_NUL : KM_CSV_UTF8;
        }
        *out = km_csv_levels_add(levels, level);
    }
    levels->last = *out;
    return *out >= 0 ? KM_CSV_FINE : KM_CSV_MEMORY;
}

static inline km_csv_fault_kind put_level(parser *s, int32_t tally, const char *text, size_t n,
                                          int32_t *out) {
    km_csv_levels *levels = &s->chunk->levels[tally];
    km_csv_level level = km_csv_level_of(text, (uint32_t)n);
    if (levels->last >= 0 && km_csv_level_same(&level, &levels->items[levels->last])) {
        *out = levels->last;
        return KM_CSV_FINE;
    }
    return other_level(levels, &level, out);
}

/* Empty cells, those that begin with a space, and those of 4 GiB. */
static __attribute__((noinline)) km_csv_fault_kind
odd_text(parser *s, int32_t tally, const char *text, size_t n, int32_t *out) {
    size_t spaces = 0;
    while (spaces < n && text[spaces] == ' ') {
        spaces++;
    }
    if (spaces == n) {
        *out = -1;
        s->chunk->tallies[tally].n_missing++;
        return KM_CSV_FINE;
    }
    return n <= UINT32_MAX ? put_level(s, tally, text, n, out) : KM_CSV_LONG;
}

static km_csv_fault_kind put_quoted_text(parser *s, int32_t tally, const km_csv_cell *cell,
                                         int32_t *out) {
    const char *text = cell->text;
    size_t n = cell->length;
    if (n > UINT32_MAX) {
        return KM_CSV_LONG;
    }
    if (cell->escaped) {
        char *copy = km_arena_take(&s->chunk->arena, n + 16); /* levels look 16 bytes ahead */
        if (copy == NULL) {
            return KM_CSV_MEMORY;
        }
        n = km_csv_unescape(cell, copy);
        text = copy;
    }
    return put_level(s, tally, text, n, out);
}

/* The cell of n bytes at p into its column. */
static inline km_csv_fault_kind put(parser *s, const slot *at, const char *p, size_t n,
                                    int64_t row) {
    switch (at->action) {
    case KM_CSV_SKIP: return KM_CSV_FINE;
    case KM_CSV_AS_NUMBER: {
        double *out = (double *)(void *)at->values + row;
        return __builtin_expect(km_number_read_plain(p, n, out), 1)
                   ? KM_CSV_FINE
                   : slow_number(s, (int32_t)(at - s->slots), p, n, out);
    }
    case KM_CSV_AS_TIME: {
        int64_t *out = (int64_t *)(void *)at->values + row;
        return km_time_read_iso(p, n, &s->chunk->tallies[at->tally].cache, out)
                   ? KM_CSV_FINE
                   : slow_time(s, (int32_t)(at - s->slots), p, n, out);
    }
    case KM_CSV_AS_TEXT: {
        int32_t *out = (int32_t *)(void *)at->values + row;
        return n - 1 >= UINT32_MAX || *p == ' ' ? odd_text(s, at->tally, p, n, out)
                                                : put_level(s, at->tally, p, n, out);
    }
    }
    return KM_CSV_RAGGED;
}

/* The same for a quoted cell that begins at p; *next is behind it. */
static __attribute__((noinline)) km_csv_fault_kind
put_quoted(parser *s, const slot *at, const char *p, int64_t row, const char **next) {
    km_csv_cell cell;
    km_csv_fault_kind fault =
        km_csv_take_quoted(p, s->pass->text + s->pass->end, s->pass->delimiter, &cell, next);
    if (fault != KM_CSV_FINE) {
        return fault;
    }
    if (at->action == KM_CSV_AS_TEXT) {
        return put_quoted_text(s, at->tally, &cell, (int32_t *)(void *)at->values + row);
    }
    return put(s, at, cell.text, cell.length, row);
}

/* Notes the fault of the cell at p. */
static __attribute__((noinline)) void set_fault(parser *s, km_csv_fault_kind kind, int32_t field,
                                                const char *p, const char *record) {
    const km_csv_pass *pass = s->pass;
    km_csv_fault *fault = &s->chunk->fault;
    *fault = (km_csv_fault){.kind = kind, .field = field, .offset = p - pass->text};
    if (kind == KM_CSV_RAGGED) {
        fault->offset = record - pass->text;
        km_csv_skip_record(record, pass->text + pass->end, pass->delimiter, &fault->n_cells);
    } else if (kind != KM_CSV_MEMORY) {
        const char *next;
        (void)km_csv_take_cell(p, pass->text + pass->end, pass->delimiter, &fault->cell, &next);
    }
    int64_t index = s->chunk - pass->chunks;
    int64_t first = atomic_load_explicit(&s->pass->first_bad_chunk, memory_order_relaxed);
    while (index < first &&
           !atomic_compare_exchange_weak(&s->pass->first_bad_chunk, &first, index)) {
    }
}

/* Parses the record at p into a row; returns where the next begins, or NULL after a fault. */
static inline const char *parse_record(parser *s, walker *w, const char *p, const char *end,
                                       int64_t row) {
    const char *const record = p;
    for (const slot *at = s->slots;; at++) {
        const char *stop;
        km_csv_fault_kind fault;
        if (__builtin_expect(*p == '"', 0) && p < end) {
            fault = put_quoted(s, at, p, row, &stop);
            walk_from(w, stop);
            w->mask &= w->mask - 1; /* the end itself */
        } else {
            stop = next_end(w);
            if (__builtin_expect(*stop != w->delimiter, 0)) {
                while (*stop != w->delimiter && *stop != '\n' && *stop != '\r' && *stop != '\0') {
                    stop = next_end(w); /* a control character inside the cell */
                }
            }
            fault = put(s, at, p, (size_t)(stop - p), row);
        }
        if (__builtin_expect(fault != KM_CSV_FINE, 0)) {
            fault = at->action == BEYOND ? KM_CSV_RAGGED : fault;
            set_fault(s, fault, (int32_t)(at - s->slots), p, record);
            return NULL;
        }
        if (*stop == w->delimiter) {
            p = stop + 1;
            continue;
        }
        if (__builtin_expect(at[1].action != BEYOND || (*stop == '\0' && stop != end), 0)) {
            set_fault(s, *stop == '\0' && stop != end ? KM_CSV_NUL : KM_CSV_RAGGED,
                      (int32_t)(at - s->slots), p, record);
            return NULL;
        }
        if (*stop == '\r' && stop[1] == '\n') {
            walk_from(w, stop + 2);
            return stop + 2;
        }
        return stop + (stop != end);
    }
}

static int begin_slots(parser *s) {
    const km_csv_pass *pass = s->pass;
    s->slots = km_arena_array(&s->chunk->arena, pass->n_fields + 1, sizeof *s->slots);
    if (s->slots == NULL) {
        return 0;
    }
    for (int32_t i = 0; i < pass->n_fields; i++) {
        km_csv_field *f = &pass->fields[i];
        s->slots[i] = (slot){f->values, f->action, f->tally};
        if (f->action == KM_CSV_SKIP) {
            continue;
        }
        km_csv_tally_clear(s->chunk, f->tally, &pass->ctx->allocator);
        if (atomic_load_explicit(&f->refused, memory_order_relaxed)) {
            s->slots[i].action = KM_CSV_SKIP; /* this pass is lost for the column */
        }
    }
    s->slots[pass->n_fields].action = BEYOND;
    return 1;
}

void km_csv_parse(km_csv_pass *pass, km_csv_chunk *chunk, int64_t start) {
    parser s = {.pass = pass, .chunk = chunk};
    chunk->start = start;
    chunk->end = start;
    chunk->n_rows = 0;
    chunk->done = 1;
    chunk->fault.kind = KM_CSV_FINE;
    if (!begin_slots(&s)) {
        set_fault(&s, KM_CSV_MEMORY, 0, pass->text, NULL);
        return;
    }
    if (start < 0) {
        return;
    }
    const char *p = pass->text + start, *end = pass->text + pass->end;
    const char *limit = pass->text + chunk->limit;
    walker w = {.block = p, .delimiter = pass->delimiter};
    w.mask = ends_in_block(p, pass->delimiter);
    int64_t row = chunk->first_row;
    const int64_t last_row = chunk->first_row + chunk->capacity;
    const int32_t n_fields = pass->n_fields;
    while (p < end && p <= limit) {
        if (__builtin_expect(n_fields > 1 && (*p == '\n' || *p == '\r'), 0)) {
            p = km_csv_skip_line_end(p, end); /* an empty line */
            walk_from(&w, p);
            continue;
        }
        if (__builtin_expect(row == last_row, 0)) {
            set_fault(&s, KM_CSV_ROWS, 0, p, p);
            return;
        }
        const char *next = parse_record(&s, &w, p, end, row);
        if (next == NULL) {
            return;
        }
        p = next;
        row++;
    }
    chunk->end = p - pass->text;
    chunk->n_rows = row - chunk->first_row;
    for (int32_t i = 0; i < pass->n_tallies; i++) {
        km_csv_levels_close(&chunk->levels[i]);
    }
}
