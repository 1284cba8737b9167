/* The loop over the cells of a chunk, one source for every instruction set, included behind a walker
 * (csv_walk_masks.h or csv_walk_lists.h) with
 *
 *   EQUAL(block, c)  bit i: byte i of the 64 at block is c
 *   SAME(a, b)       how many of the 64 bytes at a are those at b, up to the first that is not; where
 *                    it is defined, cells that begin a record as they began the one before are not
 *                    parsed again: lines of an order have its customer, number and time
 *   RUN              where there is one, a function that parses several cells at once as plain
 *                    numbers: int RUN(const km_csv_slot *at, const walker *w, const char *p,
 *                    int32_t n, int64_t row, uint32_t *rest) takes the n cells from p on, whose ends
 *                    are w->next[0 .. n - 1]; bit i of *rest: cell i is none. 0: they are not n cells
 */
#include "source/csv_number.h"
#include "source/csv_steps.h"

/* The cell of n bytes at p into its column. */
static inline km_csv_fault_kind put(km_csv_parser *s, const km_csv_slot *at, const char *p,
                                    size_t n, int64_t row) {
    switch (at->action) {
    case KM_CSV_SKIP: return KM_CSV_FINE;
    case KM_CSV_AS_NUMBER: {
        double *out = (double *)(void *)at->values + row;
        return __builtin_expect(km_number_read_plain(p, n, out), 1)
                   ? KM_CSV_FINE
                   : km_csv_slow_number(s, (int32_t)(at - s->slots), p, n, out);
    }
    case KM_CSV_AS_TIME: {
        int64_t *out = (int64_t *)(void *)at->values + row;
        return km_time_read_iso(p, n, &s->chunk->tallies[at->tally].cache, out)
                   ? KM_CSV_FINE
                   : km_csv_slow_time(s, (int32_t)(at - s->slots), p, n, out);
    }
    case KM_CSV_AS_TEXT: {
        int32_t *out = (int32_t *)(void *)at->values + row;
        return n - 1 >= UINT32_MAX || *p == ' ' ? km_csv_odd_text(s, at->tally, p, n, out)
                                                : km_csv_put_level(s, at->tally, p, n, out);
    }
    }
    return KM_CSV_RAGGED;
}

/* The same for a quoted cell that begins at p; *next is behind it. */
static __attribute__((noinline)) km_csv_fault_kind
put_quoted(km_csv_parser *s, const km_csv_slot *at, const char *p, int64_t row, const char **next) {
    km_csv_cell cell;
    s->is_odd = 1;
    km_csv_fault_kind fault =
        km_csv_take_quoted(p, s->pass->text + s->pass->end, s->pass->delimiter, &cell, next);
    if (fault != KM_CSV_FINE) {
        return fault;
    }
    if (at->action == KM_CSV_AS_TEXT) {
        return km_csv_put_quoted_text(s, at->tally, &cell, (int32_t *)(void *)at->values + row);
    }
    return put(s, at, cell.text, cell.length, row);
}

#ifdef RUN
/* The cells of a run that did not parse with the others, one by one; how many cells there were, or 0
 * when the run is not one. */
static __attribute__((noinline)) int32_t put_rest(km_csv_parser *s, const km_csv_slot *at,
                                                  const walker *w, const char *p, int32_t n,
                                                  uint32_t rest, int64_t row) {
    s->n_rest += __builtin_popcount(rest);
    if (s->n_rest > 64 && 4 * s->n_rest > (row - s->chunk->first_row) * s->n_numbers) {
        km_csv_forget_runs(s); /* numbers of 17 digits, or many that are missing */
    }
    for (int32_t i = 0; i < n; i++) {
        const char *stop = w->base + (w->next[i] & ~KM_CSV_NO_DELIMITER);
        if ((rest >> i & 1) != 0 &&
            (*p == '"' || put(s, &at[i], p, (size_t)(stop - p), row) != KM_CSV_FINE)) {
            return 0; /* cell by cell it will be seen what that is */
        }
        p = stop + 1;
    }
    return n;
}

/* Parses the cells from p on, which is in field at, as far as they are numbers and in the list. */
static inline int32_t put_run(km_csv_parser *s, const km_csv_slot *at, walker *w, const char *p,
                              int64_t row) {
    int32_t n = at->run;
    if (n < KM_CSV_SHORTEST_RUN || w->last - w->next < n || p - s->pass->text < 16) {
        return 0;
    }
    char last = w->base[w->next[n - 1] & ~KM_CSV_NO_DELIMITER];
    if (__builtin_expect(last != s->pass->delimiter && last != '\n' && last != '\r', 0)) {
        return 0; /* the end of the text, or a control character inside the cell */
    }
    uint32_t rest;
    if (!RUN(at, w, p, n, row, &rest)) {
        return 0;
    }
    return __builtin_expect(rest == 0, 1) ? n : put_rest(s, at, w, p, n, rest, row);
}
#endif

/* The first cells of the record before, as far as they were plain; see SAME. */
typedef struct first_cells {
    const char *record; /* NULL: there is none, or looking does not pay */
    int32_t n;
    uint32_t ends[KM_CSV_FIRST_CELLS]; /* where the delimiter behind each is */
    int32_t n_looked, n_found;         /* records */
} first_cells;

#ifdef SAME
/* How many cells at p are those of the record before; their values are copied into the row. */
static inline int32_t repeat_cells(const km_csv_parser *s, first_cells *first, const char *p,
                                   int64_t row) {
    uint32_t n_same = (uint32_t)SAME(p, first->record);
    int32_t n = 0;
    while (n < first->n && first->ends[n] < n_same) {
        const km_csv_slot *at = &s->slots[n++];
        if (at->action == KM_CSV_AS_TEXT) {
            int32_t *out = (int32_t *)(void *)at->values + row;
            out[0] = out[-1];
        } else if (at->action != KM_CSV_SKIP) {
            char *out = at->values + (size_t)row * sizeof(double); /* a number or a time */
            memcpy(out, out - sizeof(double), sizeof(double));
        }
    }
    return n;
}
#endif

#ifdef SAME
/* Gives up where hardly any record begins like the one before. */
static inline void judge_cells(first_cells *first, int32_t n_same) {
    first->n_found += n_same > 0;
    if (++first->n_looked == KM_CSV_JUDGED_RECORDS) {
        first->n_looked = first->n_found < KM_CSV_JUDGED_RECORDS / 8 ? -1 : 0;
        first->n_found = 0;
    }
}
#endif

/* Parses the record at p into a row; returns where the next begins, or NULL after a fault. */
static inline const char *parse_record(km_csv_parser *s, walker *w, first_cells *first,
                                       const char *p, const char *end, char delimiter,
                                       int64_t row) {
    const char *const record = p;
    const km_csv_slot *at = s->slots;
    int32_t n_plain = 0;
#ifdef SAME
    if (first->record != NULL) {
        n_plain = repeat_cells(s, first, p, row);
        if (n_plain > 0) {
            p += first->ends[n_plain - 1] + 1;
            at += n_plain;
            walk_from(w, p, delimiter);
        }
        judge_cells(first, n_plain);
        first->n = n_plain;
    }
    s->is_odd = 0;
#else
    (void)first, (void)n_plain;
#endif
    for (;; at++) {
        const char *stop;
        km_csv_fault_kind fault = KM_CSV_FINE;
#ifdef RUN
        int32_t n = put_run(s, at, w, p, row);
        w->next += n > 0 ? n - 1 : 0;
        at += n > 0 ? n - 1 : 0;
        if (n > 0) {
            stop = next_end(w, delimiter);
        } else
#endif
            if (__builtin_expect(*p == '"', 0) && p < end) {
            fault = put_quoted(s, at, p, row, &stop);
            walk_from(w, stop + 1, delimiter);
        } else {
            stop = next_end(w, delimiter);
            if (__builtin_expect(*stop != delimiter, 0)) {
                while (*stop != delimiter && *stop != '\n' && *stop != '\r' && *stop != '\0') {
                    stop = next_end(w, delimiter); /* a control character inside the cell */
                }
            }
            fault = put(s, at, p, (size_t)(stop - p), row);
        }
        if (__builtin_expect(fault != KM_CSV_FINE, 0)) {
            fault = at->action == KM_CSV_BEYOND ? KM_CSV_RAGGED : fault;
            km_csv_set_fault(s, fault, (int32_t)(at - s->slots), p, record);
            return NULL;
        }
        if (*stop == delimiter) {
#ifdef SAME
            if (first->n < KM_CSV_FIRST_CELLS && first->n == at - s->slots && !s->is_odd) {
                first->ends[first->n++] = (uint32_t)(stop - record);
            }
#endif
            p = stop + 1;
            continue;
        }
        if (__builtin_expect(at[1].action != KM_CSV_BEYOND || (*stop == '\0' && stop != end), 0)) {
            km_csv_set_fault(s, *stop == '\0' && stop != end ? KM_CSV_NUL : KM_CSV_RAGGED,
                             (int32_t)(at - s->slots), p, record);
            return NULL;
        }
        if (*stop == '\r' && stop[1] == '\n') {
            walk_from(w, stop + 2, delimiter);
            return stop + 2;
        }
        return stop + (stop != end);
    }
}

static const char *records(km_csv_parser *s, const char *p, const char *limit, int64_t row,
                           int64_t last_row, int64_t *out_row) {
    const km_csv_pass *pass = s->pass;
    const char *end = pass->text + pass->end;
    const char delimiter = pass->delimiter;
    const int32_t n_fields = pass->n_fields;
    walker w;
    first_cells first = {.record = NULL};
    walk_begin(&w, p, end, delimiter);
    while (p < end && p <= limit) {
        if (__builtin_expect(n_fields > 1 && (*p == '\n' || *p == '\r'), 0)) {
            p = km_csv_skip_line_end(p, end); /* an empty line */
            walk_from(&w, p, delimiter);
            continue;
        }
        if (__builtin_expect(row == last_row, 0)) {
            km_csv_set_fault(s, KM_CSV_ROWS, 0, p, p);
            return NULL;
        }
        const char *record = p;
        __builtin_prefetch(p + KM_CSV_AHEAD);
        p = parse_record(s, &w, &first, p, end, delimiter, row);
        if (p == NULL) {
            return NULL;
        }
        first.record = first.n_looked < 0 ? NULL : record;
        row++;
    }
    *out_row = row;
    return p;
}

#ifdef EQUAL
static void count(const char *p, const char *end, int64_t *out_quotes, int64_t *out_line_ends) {
    int64_t quotes = 0, line_ends = 0;
    for (; end - p >= 64; p += 64) {
        uint64_t lf = EQUAL(p, '\n'), cr = EQUAL(p, '\r');
        if (__builtin_expect(cr != 0, 0)) { /* CR LF is one line end */
            lf |= cr & ~(lf >> 1 | (uint64_t)(p[64] == '\n') << 63);
        }
        quotes += __builtin_popcountll(EQUAL(p, '"'));
        line_ends += __builtin_popcountll(lf);
    }
    for (; p < end; p++) {
        quotes += *p == '"';
        line_ends += *p == '\n' || (*p == '\r' && p[1] != '\n');
    }
    *out_quotes = quotes;
    *out_line_ends = line_ends;
}
#endif
