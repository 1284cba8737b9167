/* What type a column has: guessed from the first records, held against all cells by a pass, changed
 * where it did not hold. NUMBER may turn into TIME or TEXT and TIME into TEXT, never back, so that
 * three passes settle every column, and an order of dates costs at most one more. */
#include "data/table.h"
#include "source/csv.h"
#include "source/csv_number.h"

#include <string.h>

#define GUESSED_RECORDS 256
#define GUESSED_BYTES   (256 * 1024)

/* What the first records say about one column. */
typedef struct first_look {
    int not_number, not_time;
    int64_t n_day_first, n_month_first;
} first_look;

static void look_at(const km_csv_cell *cell, first_look *look) {
    double number;
    int64_t seconds;
    km_number_kind kind = km_number_read(cell->text, cell->length, &number);
    if (kind == KM_NUMBER_EMPTY || kind == KM_NUMBER_WORD) {
        return;
    }
    look->not_number |= kind == KM_NUMBER_NAME || kind == KM_NUMBER_NONE;
    km_date_form form = km_time_read(cell->text, cell->length, 0, &seconds);
    look->not_time |= form == KM_DATE_NONE;
    look->n_day_first += form == KM_DATE_DAY_FIRST;
    look->n_month_first += form == KM_DATE_MONTH_FIRST;
}

static void look_at_records(const km_csv_reader *reader, first_look *looks) {
    const km_csv_pass *pass = &reader->pass;
    const char *p = pass->text + reader->header.data, *end = pass->text + pass->end;
    const char *last = end - p > GUESSED_BYTES ? p + GUESSED_BYTES : end;
    for (int record = 0; record < GUESSED_RECORDS && p < last; record++) {
        for (int32_t field = 0;; field++) {
            km_csv_cell cell;
            if (km_csv_take_cell(p, end, pass->delimiter, &cell, &p) != KM_CSV_FINE ||
                field == pass->n_fields) {
                return; /* the pass will say what is wrong */
            }
            if (pass->fields[field].tally >= 0) {
                look_at(&cell, &looks[pass->fields[field].tally]);
            }
            if (p == end || *p != pass->delimiter) {
                p = km_csv_skip_line_end(p, end);
                break;
            }
            p++;
        }
    }
}

kmseg_status km_csv_guess(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    first_look *looks = km_arena_array(&reader->arena, pass->n_tallies, sizeof *looks);
    if (looks == NULL) {
        return km_fail_memory(reader->ctx, "the types of columns");
    }
    look_at_records(reader, looks);
    for (int32_t i = 0; i < pass->n_tallies; i++) {
        km_csv_field *f = &pass->fields[reader->columns[i].field];
        if (!f->requested) {
            f->action = !looks[i].not_number ? KM_CSV_AS_NUMBER
                        : !looks[i].not_time ? KM_CSV_AS_TIME
                                             : KM_CSV_AS_TEXT;
        }
        if (!f->order_is_sure) {
            f->day_first = looks[i].n_day_first > looks[i].n_month_first;
        }
    }
    return KMSEG_OK;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The tallies of one column over all chunks. */
static km_csv_tally total_of(const km_csv_pass *pass, int32_t tally) {
    km_csv_tally total = pass->chunks[0].tallies[tally];
    for (int64_t c = 1; c < pass->n_chunks; c++) {
        const km_csv_tally *t = &pass->chunks[c].tallies[tally];
        total.n_missing += t->n_missing;
        total.n_words += t->n_words;
        total.n_infinite += t->n_infinite;
        total.n_unparsable += t->n_unparsable;
        total.n_either += t->n_either;
        total.n_day_first += t->n_day_first;
        total.n_month_first += t->n_month_first;
        total.first_infinite = least(total.first_infinite, t->first_infinite);
        total.first_unparsable = least(total.first_unparsable, t->first_unparsable);
        total.first_either = least(total.first_either, t->first_either);
        total.first_day_first = least(total.first_day_first, t->first_day_first);
        total.first_month_first = least(total.first_month_first, t->first_month_first);
        total.refused |= t->refused;
    }
    return total;
}

static long long line_at(const km_csv_reader *reader, int64_t offset) {
    return (long long)km_csv_line_of(reader->pass.text, offset);
}

static kmseg_status fail_undecided(const km_csv_reader *reader, const km_csv_field *f,
                                   int64_t offset) {
    return km_fail(
        reader->ctx, KMSEG_E_DATA,
        "%s, line %lld, column %s: no date of the column says whether day or month comes "
        "first; write dates like 2011-12-09, or set date_order",
        reader->path, line_at(reader, offset), f->name);
}

static kmseg_status fail_contradiction(const km_csv_reader *reader, const km_csv_field *f,
                                       const km_csv_tally *total) {
    return km_fail(reader->ctx, KMSEG_E_DATA,
                   "%s, column %s: the date in line %lld has the day first and the date in line "
                   "%lld the month; write dates like 2011-12-09, or set date_order",
                   reader->path, f->name, line_at(reader, total->first_day_first),
                   line_at(reader, total->first_month_first));
}

static void read_again(km_csv_field *f, km_csv_action action, int *again) {
    f->action = action;
    *again = 1;
}

static kmseg_status settle_number(const km_csv_reader *reader, km_csv_field *f,
                                  const km_csv_tally *total, int64_t n_rows, int *again) {
    int64_t n_numbers = n_rows - total->n_missing;
    if (total->refused != 0) {
        read_again(f, total->refused & KM_CSV_IS_TEXT ? KM_CSV_AS_TEXT : KM_CSV_AS_TIME, again);
    } else if (!f->requested && n_numbers == 0 && total->n_words + total->n_infinite > 0) {
        read_again(f, KM_CSV_AS_TEXT, again);
    } else if (total->n_infinite > 0) {
        const char *text = reader->pass.text + total->first_infinite;
        km_csv_fault fault = {.kind = KM_CSV_INFINITE,
                              .field = (int32_t)(f - reader->pass.fields),
                              .offset = total->first_infinite};
        fault.cell = (km_csv_cell){.text = text, .length = strcspn(text, ",;|\t\"\r\n")};
        return km_csv_fail(reader, &fault);
    }
    return KMSEG_OK;
}

static kmseg_status settle_time(const km_csv_reader *reader, km_csv_field *f,
                                const km_csv_tally *total, int *again) {
    if (total->refused != 0) {
        read_again(f, KM_CSV_AS_TEXT, again);
        return KMSEG_OK;
    }
    if (f->order_is_sure || total->n_either + total->n_day_first + total->n_month_first == 0) {
        return KMSEG_OK;
    }
    int contradiction = total->n_day_first > 0 && total->n_month_first > 0;
    int undecided = total->n_day_first + total->n_month_first == 0;
    if (!f->requested && (contradiction || undecided)) {
        read_again(f, KM_CSV_AS_TEXT, again);
    } else if (undecided) {
        return fail_undecided(reader, f, total->first_either);
    } else if (contradiction && !reader->options->lenient) {
        return fail_contradiction(reader, f, total);
    } else {
        int day_first = total->n_day_first > total->n_month_first;
        f->order_is_sure = 1;
        if (contradiction || (day_first != f->day_first && total->n_either > 0)) {
            f->day_first = day_first;
            read_again(f, KM_CSV_AS_TIME, again);
        }
    }
    return KMSEG_OK;
}

kmseg_status km_csv_settle(km_csv_reader *reader, int *again) {
    km_csv_pass *pass = &reader->pass;
    int64_t n_rows = 0;
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        n_rows += pass->chunks[c].n_rows;
    }
    *again = 0;
    for (int32_t i = 0; i < pass->n_tallies; i++) {
        km_csv_column *column = &reader->columns[i];
        km_csv_field *f = &pass->fields[column->field];
        if (column->settled) {
            continue;
        }
        km_csv_tally total = total_of(pass, i);
        int this_again = 0;
        if (atomic_load(&f->refused) && total.refused == 0) {
            this_again = 1; /* refused in a chunk that was then parsed from its true start */
        } else if (f->action == KM_CSV_AS_NUMBER) {
            KM_TRY(settle_number(reader, f, &total, n_rows, &this_again));
        } else if (f->action == KM_CSV_AS_TIME) {
            KM_TRY(settle_time(reader, f, &total, &this_again));
        }
        atomic_store(&f->refused, 0);
        if (this_again) {
            *again = 1;
            continue;
        }
        column->settled = 1;
        column->type = (kmseg_column_type)f->action;
        column->n_missing = total.n_missing;
        column->n_unparsable = total.n_unparsable;
        column->first_unparsable = total.first_unparsable;
        f->action = KM_CSV_SKIP;
    }
    return KMSEG_OK;
}
