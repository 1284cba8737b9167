#include "source/csv_number.h"
#include "source/csv_steps.h"

#include <string.h>

/* Slowest first. */
static const km_csv_loop *const loops[] = {
    &km_csv_loop_baseline,
#if defined(__x86_64__)
    &km_csv_loop_avx2,
    &km_csv_loop_avx512,
#endif
};

const km_csv_loop *km_csv_loop_for(const kmseg_context *ctx) {
    enum { N_LOOPS = sizeof loops / sizeof *loops };
    const char *kernels = kmseg_context_kernels(ctx);
    const km_csv_loop *best = loops[0];
    for (int i = 0; i < N_LOOPS; i++) {
        if (strncmp(kernels, loops[i]->name, strlen(loops[i]->name)) == 0) {
            return loops[i]->available() ? loops[i] : best;
        }
        best = loops[i]->available() ? loops[i] : best;
    }
    return best; /* kernels that are of no instruction set */
}

void km_csv_survey(const km_csv_pass *pass, int64_t index) {
    km_csv_chunk *chunk = &pass->chunks[index];
    pass->loop->count(pass->text + chunk->begin, pass->text + chunk->limit, &chunk->n_quotes,
                      &chunk->n_line_ends);
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

/* Clears what a pass puts into the tallies and strings of one column. */
static void clear_tally(km_csv_parser *s, int32_t i) {
    km_csv_chunk *chunk = s->chunk;
    km_csv_tally *tally = &chunk->tallies[i];
    memset(tally, 0, sizeof *tally);
    tally->first_infinite = INT64_MAX;
    tally->first_unparsable = INT64_MAX;
    tally->first_day_first = INT64_MAX;
    tally->first_month_first = INT64_MAX;
    tally->first_either = INT64_MAX;
    km_date_cache_init(&tally->cache);
    chunk->strings[i].n = 0;
    km_csv_levels_clear(&s->levels[i]);
}

/* Which fields can be parsed together. */
static void find_runs(km_csv_parser *s) {
    int32_t run = 0;
    s->n_numbers = 0;
    for (int32_t i = s->pass->n_fields; i >= 0; i--) {
        s->n_numbers += s->slots[i].action == KM_CSV_AS_NUMBER;
        run = s->slots[i].action == KM_CSV_AS_NUMBER ? run + 1 : 0;
        s->slots[i].run = run < KM_CSV_LONGEST_RUN ? run : KM_CSV_LONGEST_RUN;
    }
}

void km_csv_forget_runs(km_csv_parser *s) {
    atomic_store_explicit(&s->pass->no_runs, 1, memory_order_relaxed);
    for (int32_t i = 0; i < s->pass->n_fields; i++) {
        s->slots[i].run = 0;
    }
}

static int has_runs(const km_csv_parser *s) {
    int forgotten = atomic_load_explicit(&s->pass->no_runs, memory_order_relaxed);
    for (int32_t i = 0; i < s->pass->n_fields && !forgotten; i++) {
        if (s->slots[i].run >= KM_CSV_SHORTEST_RUN) {
            return 1;
        }
    }
    return 0;
}

static km_csv_fault_kind refuse(km_csv_parser *s, int32_t field, int reason) {
    km_csv_field *f = &s->pass->fields[field];
    s->chunk->tallies[f->tally].refused |= reason;
    s->slots[field].action = KM_CSV_SKIP;
    find_runs(s);
    atomic_store_explicit(&f->refused, 1, memory_order_relaxed);
    return KM_CSV_FINE;
}

/* A cell of a requested column that is not of its type. */
static km_csv_fault_kind unparsable(km_csv_parser *s, km_csv_tally *tally, const char *p,
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

km_csv_fault_kind km_csv_slow_number(km_csv_parser *s, int32_t field, const char *p, size_t n,
                                     double *out) {
    s->is_odd = 1;
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

km_csv_fault_kind km_csv_slow_time(km_csv_parser *s, int32_t field, const char *p, size_t n,
                                   int64_t *out) {
    s->is_odd = 1;
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

km_csv_fault_kind km_csv_other_level(km_csv_levels *levels, km_csv_level *level, int32_t *out) {
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

km_csv_fault_kind km_csv_odd_text(km_csv_parser *s, int32_t tally, const char *text, size_t n,
                                  int32_t *out) {
    s->is_odd = 1;
    size_t spaces = 0;
    while (spaces < n && text[spaces] == ' ') {
        spaces++;
    }
    if (spaces == n) {
        *out = -1;
        s->chunk->tallies[tally].n_missing++;
        return KM_CSV_FINE;
    }
    return n <= UINT32_MAX ? km_csv_put_level(s, tally, text, n, out) : KM_CSV_LONG;
}

km_csv_fault_kind km_csv_put_quoted_text(km_csv_parser *s, int32_t tally, const km_csv_cell *cell,
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
        s->chunk->has_copies = 1;
        n = km_csv_unescape(cell, copy);
        text = copy;
    }
    return km_csv_put_level(s, tally, text, n, out);
}

void km_csv_set_fault(km_csv_parser *s, km_csv_fault_kind kind, int32_t field, const char *p,
                      const char *record) {
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

static int begin_slots(km_csv_parser *s) {
    const km_csv_pass *pass = s->pass;
    s->slots = km_arena_array(&s->chunk->arena, pass->n_fields + 1, sizeof *s->slots);
    if (s->slots == NULL) {
        return 0;
    }
    for (int32_t i = 0; i < pass->n_fields; i++) {
        km_csv_field *f = &pass->fields[i];
        s->slots[i] = (km_csv_slot){f->values, f->action, f->tally, 0};
        if (f->action == KM_CSV_SKIP) {
            continue;
        }
        clear_tally(s, f->tally);
        if (atomic_load_explicit(&f->refused, memory_order_relaxed)) {
            s->slots[i].action = KM_CSV_SKIP; /* this pass is lost for the column */
        }
    }
    s->slots[pass->n_fields].action = KM_CSV_BEYOND;
    find_runs(s);
    return 1;
}

void km_csv_parse(km_csv_pass *pass, km_csv_chunk *chunk, int64_t start, int32_t thread) {
    km_csv_parser s = {.pass = pass, .chunk = chunk};
    s.levels = pass->levels + (int64_t)thread * pass->n_tallies;
    chunk->start = start;
    chunk->end = start;
    chunk->n_rows = 0;
    chunk->done = 1;
    chunk->fault.kind = KM_CSV_FINE;
    if (!begin_slots(&s)) {
        km_csv_set_fault(&s, KM_CSV_MEMORY, 0, pass->text, NULL);
        return;
    }
    if (start < 0) {
        return;
    }
    int64_t row = chunk->first_row;
    const km_csv_loop *loop = pass->loop;
    km_csv_records_fn records =
        loop->records_of_runs != NULL && has_runs(&s) ? loop->records_of_runs : loop->records;
    const char *p = records(&s, pass->text + start, pass->text + chunk->limit, row,
                            row + chunk->capacity, &row);
    if (p == NULL) {
        return;
    }
    chunk->end = p - pass->text;
    chunk->n_rows = row - chunk->first_row;
    for (int32_t i = 0; i < pass->n_fields && !pass->in_pieces; i++) {
        if (s.slots[i].action == KM_CSV_AS_TEXT &&
            !km_csv_levels_keep(&s.levels[s.slots[i].tally], &pass->pools[thread],
                                &chunk->strings[s.slots[i].tally])) {
            km_csv_set_fault(&s, KM_CSV_MEMORY, i, pass->text, NULL);
            return;
        }
    }
}
