/* Tables without the ids of customers. The order of the rows would give them away (the third
 * pseudonym is the third of the known ids), and so would the order in which texts were met: both are
 * made anew from what may be seen. */
#include "data/table.h"
#include "base/each.h"
#include "base/parallel.h"
#include "base/text.h"
#include "data/dictionary.h"
#include "data/id_names.h"
#include "privacy/rank.h"

#include <kmseg/privacy.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ID_ROOM = 40 };

int32_t kmseg_table_id_column(const kmseg_table *table) { return km_id_by_name(table); }

typedef struct protection {
    kmseg_context *ctx;
    const kmseg_table *table;
    const kmseg_key *key;
    int32_t id;
    km_arena scratch;
    int32_t n_ids;
    const char *const *ids; /* different ones */
    int32_t *codes;         /* n_rows into ids; -1: missing */
    char *pseudonyms;       /* n_ids of KMSEG_PSEUDONYM_SIZE */
    int64_t *order;         /* of the rows */
} protection;

/* Numbers as texts, each once. */
static kmseg_status number_ids(protection *p, const kmseg_column *column) {
    km_dictionary dictionary;
    if (!km_dictionary_init(&dictionary, &p->scratch, &p->ctx->allocator)) {
        return km_fail_memory(p->ctx, "ids");
    }
    kmseg_status status = KMSEG_OK;
    for (int64_t r = 0; r < column->n_rows && status == KMSEG_OK; r++) {
        char text[ID_ROOM];
        p->codes[r] = -1;
        if (!isnan(column->numbers[r])) {
            size_t n = km_format_double(column->numbers[r] + 0.0, text, sizeof text);
            p->codes[r] = km_dictionary_add(&dictionary, text, n);
            status = p->codes[r] >= 0 ? KMSEG_OK : km_fail_memory(p->ctx, "ids");
        }
    }
    p->n_ids = dictionary.n;
    p->ids = status == KMSEG_OK
                 ? km_arena_copy(&p->scratch, dictionary.texts, dictionary.n, sizeof *p->ids)
                 : NULL;
    km_dictionary_free(&dictionary);
    return status != KMSEG_OK || p->ids != NULL ? status : km_fail_memory(p->ctx, "ids");
}

static kmseg_status list_ids(protection *p) {
    const kmseg_column *column = &p->table->columns[p->id];
    p->codes = km_arena_array(&p->scratch, p->table->n_rows, sizeof *p->codes);
    if (p->codes == NULL) {
        return km_fail_memory(p->ctx, "ids");
    }
    if (column->type == KMSEG_COLUMN_NUMBER) {
        return number_ids(p, column);
    }
    p->n_ids = column->n_levels;
    p->ids = column->levels;
    if (p->table->n_rows > 0) {
        memcpy(p->codes, column->codes, (size_t)p->table->n_rows * sizeof *p->codes);
    }
    return KMSEG_OK;
}

static kmseg_status check_new(const protection *p) {
    int64_t n = 0;
    for (int32_t i = 0; i < p->n_ids; i++) {
        n += kmseg_is_pseudonym(p->ids[i]);
    }
    return n == 0 || n < p->n_ids
               ? KMSEG_OK
               : km_fail(p->ctx, KMSEG_E_DATA,
                         "the ids in column %s are pseudonyms already; made into pseudonyms once "
                         "more they would match no other file",
                         p->table->columns[p->id].name);
}

static void hash_ids(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    protection *p = argument;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < p->n_ids ? end : p->n_ids;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        kmseg_pseudonym(p->key, p->ids[i], p->pseudonyms + i * KMSEG_PSEUDONYM_SIZE);
    }
}

static int by_text(const void *a, const void *b, void *texts) {
    const char *const *t = texts;
    return strcmp(t[*(const int32_t *)a], t[*(const int32_t *)b]);
}

kmseg_status km_rank_texts(kmseg_context *ctx, km_arena *arena, const char *const *texts, int32_t n,
                           const char ***sorted, int32_t **rank) {
    int32_t *at = km_arena_array(arena, n, sizeof *at);
    *rank = km_arena_array(arena, n, sizeof **rank);
    *sorted = km_arena_array(arena, n, sizeof **sorted);
    if (at == NULL || *rank == NULL || *sorted == NULL) {
        return km_fail_memory(ctx, "the order of texts");
    }
    for (int32_t i = 0; i < n; i++) {
        at[i] = i;
    }
    qsort_r(at, (size_t)n, sizeof *at, by_text, (void *)(uintptr_t)texts);
    for (int32_t i = 0; i < n; i++) {
        (*rank)[at[i]] = i;
        (*sorted)[i] = texts[at[i]];
    }
    return KMSEG_OK;
}

/* Rows by the number of their id, those without one last. */
static kmseg_status order_by_code(protection *p) {
    int64_t n = p->table->n_rows;
    int64_t *begin = km_arena_array(&p->scratch, (int64_t)p->n_ids + 2, sizeof *begin);
    if (begin == NULL) {
        return km_fail_memory(p->ctx, "the order of rows");
    }
    for (int64_t r = 0; r < n; r++) {
        begin[(p->codes[r] >= 0 ? p->codes[r] : p->n_ids) + 1]++;
    }
    for (int32_t i = 0; i <= p->n_ids; i++) {
        begin[i + 1] += begin[i];
    }
    for (int64_t r = 0; r < n; r++) {
        p->order[begin[p->codes[r] >= 0 ? p->codes[r] : p->n_ids]++] = r;
    }
    return KMSEG_OK;
}

static int compare_cells(const kmseg_column *column, int64_t a, int64_t b) {
    switch (column->type) {
    case KMSEG_COLUMN_NUMBER: {
        double x = column->numbers[a], y = column->numbers[b];
        return isnan(x) || isnan(y) ? isnan(x) - isnan(y) : (x > y) - (x < y);
    }
    case KMSEG_COLUMN_TIME:
        return (column->times[a] > column->times[b]) - (column->times[a] < column->times[b]);
    case KMSEG_COLUMN_TEXT: {
        int32_t x = column->codes[a], y = column->codes[b];
        return x == y           ? 0
               : x < 0 || y < 0 ? (x < 0) - (y < 0)
                                : strcmp(column->levels[x], column->levels[y]);
    }
    }
    return 0;
}

static int by_cells(const void *a, const void *b, void *argument) {
    const protection *p = argument;
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    int differs = 0;
    for (int32_t i = 0; i < p->table->n_columns && differs == 0; i++) {
        differs = i == p->id ? 0 : compare_cells(&p->table->columns[i], x, y);
    }
    return differs;
}

static kmseg_status order_rows(protection *p) {
    int64_t n = p->table->n_rows;
    p->order = km_arena_array(&p->scratch, n, sizeof *p->order);
    if (p->order == NULL) {
        return km_fail_memory(p->ctx, "the order of rows");
    }
    if (p->key != NULL) {
        return order_by_code(p);
    }
    for (int64_t r = 0; r < n; r++) {
        p->order[r] = r;
    }
    qsort_r(p->order, (size_t)n, sizeof *p->order, by_cells, p);
    return KMSEG_OK;
}

/* Pseudonyms of the ids, and ids and codes in their order. */
static kmseg_status make_pseudonyms(protection *p) {
    KM_TRY(list_ids(p));
    KM_TRY(check_new(p));
    p->pseudonyms = km_arena_array(&p->scratch, p->n_ids, KMSEG_PSEUDONYM_SIZE);
    const char **texts = km_arena_array(&p->scratch, p->n_ids, sizeof *texts), **sorted;
    int32_t *rank;
    if (p->pseudonyms == NULL || texts == NULL) {
        return km_fail_memory(p->ctx, "pseudonyms");
    }
    KM_TRY(km_parallel(p->ctx, km_chunks(p->n_ids, KM_CHUNK_ROWS), hash_ids, p));
    for (int32_t i = 0; i < p->n_ids; i++) {
        texts[i] = p->pseudonyms + (int64_t)i * KMSEG_PSEUDONYM_SIZE;
    }
    KM_TRY(km_rank_texts(p->ctx, &p->scratch, texts, p->n_ids, &sorted, &rank));
    for (int64_t r = 0; r < p->table->n_rows; r++) {
        p->codes[r] = p->codes[r] >= 0 ? rank[p->codes[r]] : -1;
    }
    p->ids = sorted;
    return KMSEG_OK;
}

/* The columns of a table but one, which becomes the first when there is a key: a view for taking
 * rows. */
static kmseg_status take(protection *p, kmseg_table **out) {
    kmseg_table view = *p->table;
    view.columns =
        km_arena_copy(&p->scratch, p->table->columns, view.n_columns, sizeof *view.columns);
    if (view.columns == NULL) {
        return km_fail_memory(p->ctx, "the columns of a table");
    }
    kmseg_column *id = &view.columns[p->id];
    if (p->key == NULL) {
        memmove(id, id + 1, (size_t)(view.n_columns - p->id - 1) * sizeof *id);
        view.n_columns--;
        if (view.n_columns == 0) {
            return km_fail(p->ctx, KMSEG_E_DATA,
                           "there is nothing but ids: without them no column would be left");
        }
    } else {
        id->type = KMSEG_COLUMN_TEXT;
        id->role = KMSEG_ROLE_ID;
        id->numbers = NULL;
        id->codes = p->codes;
        id->levels = p->ids;
        id->n_levels = p->n_ids;
    }
    return km_table_take_rows(p->ctx, &view, p->order, view.n_rows, out);
}

/* Levels in byte order: in that of their rows they would tell what the order of the rows was. */
static kmseg_status sort_levels(protection *p, kmseg_table *table) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        kmseg_column *column = &table->columns[i];
        if (column->type != KMSEG_COLUMN_TEXT) {
            continue;
        }
        const char **sorted;
        int32_t *rank;
        KM_TRY(
            km_rank_texts(p->ctx, &table->arena, column->levels, column->n_levels, &sorted, &rank));
        int32_t *codes = km_arena_array(&table->arena, table->n_rows, sizeof *codes);
        if (codes == NULL) {
            return km_fail_memory(p->ctx, "a column");
        }
        for (int64_t r = 0; r < table->n_rows; r++) {
            codes[r] = column->codes[r] >= 0 ? rank[column->codes[r]] : -1;
        }
        column->levels = sorted;
        column->codes = codes;
    }
    return KMSEG_OK;
}

static kmseg_status find_id(protection *p, const char *name) {
    if (name != NULL && name[0] != '\0') {
        p->id = kmseg_table_find(p->table, name);
        if (p->id < 0) {
            return km_table_fail_no_column(p->ctx, p->table, name);
        }
    } else {
        p->id = kmseg_table_id_column(p->table);
    }
    if (p->id < 0) {
        char names[300];
        km_table_names(p->table, names, sizeof names);
        return km_fail(p->ctx, KMSEG_E_NOT_FOUND,
                       "no column names the customer (the columns are %s); name the one whose ids "
                       "are to be protected",
                       names);
    }
    const kmseg_column *column = &p->table->columns[p->id];
    return column->type != KMSEG_COLUMN_TIME
               ? KMSEG_OK
               : km_fail(p->ctx, KMSEG_E_DATA, "%s is a column of dates; an id is text or a number",
                         column->name);
}

kmseg_status kmseg_table_protect(kmseg_context *ctx, const kmseg_table *table, const char *id,
                                 const kmseg_key *key, kmseg_table **out) {
    *out = NULL;
    protection p = {.ctx = ctx, .table = table, .key = key};
    KM_TRY(find_id(&p, id));
    km_arena_init(&p.scratch, &ctx->allocator);
    kmseg_table *made = NULL;
    kmseg_status status = key != NULL ? make_pseudonyms(&p) : KMSEG_OK;
    if (status == KMSEG_OK) {
        status = order_rows(&p);
    }
    if (status == KMSEG_OK) {
        status = take(&p, &made);
    }
    if (status == KMSEG_OK) {
        status = sort_levels(&p, made);
    }
    km_arena_free(&p.scratch);
    if (status != KMSEG_OK) {
        kmseg_table_free(made);
        return status;
    }
    *out = made;
    return KMSEG_OK;
}
