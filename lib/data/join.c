/* Joining two tables by a key that names each row of the second once. */
#include <kmseg/join.h>

#include "base/text.h"
#include "data/dictionary.h"
#include "data/table.h"

#include <math.h>
#include <string.h>

typedef struct join {
    kmseg_context *ctx;
    const kmseg_table *table, *from;
    const kmseg_join_options *options;
    const char *from_name;
    km_arena scratch;
    km_dictionary keys; /* of from */
    int64_t *row_of;    /* by code of a key: its row of from */
    int32_t key, from_key;
    int64_t *match;      /* by row of table: row of from, or -1 */
    uint8_t *is_matched; /* by row of from */
    int64_t n_matched, n_from_matched;
} join;

void kmseg_join_options_init(kmseg_join_options *options) {
    *options = (kmseg_join_options){.struct_size = sizeof *options};
}

static int copy_part(const char *from, size_t length, char *to, size_t capacity) {
    if (length == 0 || length >= capacity) {
        return 0;
    }
    memcpy(to, from, length);
    to[length] = '\0';
    return 1;
}

int kmseg_join_request_read(const char *text, size_t length, kmseg_join_request *out) {
    size_t end = length;
    while (end > 0 && text[end - 1] != ':' && text[end - 1] != '/') {
        end--;
    }
    *out = (kmseg_join_request){.path = ""};
    if (end == 0 || text[end - 1] == '/') { /* no ':' behind the last folder */
        return copy_part(text, length, out->path, sizeof out->path);
    }
    const char *keys = text + end, *equals = memchr(keys, '=', length - end);
    size_t n_keys = length - end, before = equals != NULL ? (size_t)(equals - keys) + 1 : 0;
    return copy_part(text, end - 1, out->path, sizeof out->path) &&
           (equals == NULL || copy_part(keys, before - 1, out->key, sizeof out->key)) &&
           copy_part(keys + before, n_keys - before, out->from_key, sizeof out->from_key);
}

/* Position of the column that names the customer, or -1. */
static int32_t id_column(const kmseg_table *table) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].role == KMSEG_ROLE_ID) {
            return i;
        }
    }
    return -1;
}

static kmseg_status find(const join *j, const kmseg_table *table, const char *name, int32_t *out) {
    *out = kmseg_table_find(table, name);
    if (*out >= 0) {
        return KMSEG_OK;
    }
    kmseg_status status = km_table_fail_no_column(j->ctx, table, name);
    return km_fail_prefix(j->ctx, status, "join: %s",
                          table == j->from ? j->from_name : "the customers");
}

/* The only name that both tables have: -1 for none, -2 for several. */
static int32_t common_name(const kmseg_table *table, const kmseg_table *from) {
    int32_t found = -1;
    for (int32_t i = 0; i < from->n_columns; i++) {
        if (kmseg_table_find(table, from->columns[i].name) >= 0) {
            found = found == -1 ? i : -2;
        }
    }
    return found;
}

static kmseg_status find_from_key(join *j) {
    const char *name = j->options->from_key != NULL ? j->options->from_key : j->options->key;
    if (name != NULL) {
        return find(j, j->from, name, &j->from_key);
    }
    int32_t id = id_column(j->table);
    j->from_key = id >= 0 ? kmseg_table_find(j->from, j->table->columns[id].name) : -1;
    if (j->from_key < 0) {
        j->from_key = common_name(j->table, j->from);
    }
    if (j->from_key >= 0) {
        return KMSEG_OK;
    }
    char names[300];
    km_table_names(j->from, names, sizeof names);
    return km_fail(j->ctx, KMSEG_E_NOT_FOUND,
                   "join: %s columns of %s and of the customers have the same name; name the one "
                   "that says which customer it is (%s has %s)",
                   j->from_key == -2 ? "several" : "no", j->from_name, j->from_name, names);
}

static kmseg_status find_keys(join *j) {
    KM_TRY(find_from_key(j));
    const char *name = j->options->key;
    if (name == NULL) {
        name = j->from->columns[j->from_key].name;
        int32_t id = id_column(j->table);
        if (kmseg_table_find(j->table, name) < 0 && id >= 0) {
            name = j->table->columns[id].name;
        }
    }
    KM_TRY(find(j, j->table, name, &j->key));
    const kmseg_column *columns[] = {&j->table->columns[j->key], &j->from->columns[j->from_key]};
    for (int i = 0; i < 2; i++) {
        if (columns[i]->type == KMSEG_COLUMN_TIME) {
            return km_fail(j->ctx, KMSEG_E_DATA,
                           "join: %s is a column of dates; a key is text or a number",
                           columns[i]->name);
        }
    }
    return KMSEG_OK;
}

/* The key of a row as text, or NULL where it is missing. */
static const char *key_at(const kmseg_column *column, int64_t row, char room[32]) {
    if (column->type == KMSEG_COLUMN_TEXT) {
        return column->codes[row] >= 0 ? column->levels[column->codes[row]] : NULL;
    }
    if (isnan(column->numbers[row])) {
        return NULL;
    }
    km_format_double(column->numbers[row] + 0.0, room, 32);
    return room;
}

enum { EXAMPLES = 3 };

static kmseg_status fail_repeated(join *j, const km_string *examples, int64_t n_repeated) {
    return km_fail(j->ctx, KMSEG_E_DATA,
                   "join: %lld rows of %s have a %s that another row has (%s); one row for each is "
                   "needed",
                   (long long)n_repeated, j->from_name, j->from->columns[j->from_key].name,
                   examples->data != NULL ? examples->data : "");
}

static kmseg_status read_keys(join *j) {
    const kmseg_column *column = &j->from->columns[j->from_key];
    j->row_of = km_arena_array(&j->scratch, column->n_rows, sizeof *j->row_of);
    if (j->row_of == NULL) {
        return km_fail_memory(j->ctx, "the keys of a join");
    }
    km_string examples;
    km_string_init(&examples, &j->ctx->allocator);
    int64_t n_repeated = 0;
    kmseg_status status = KMSEG_OK;
    for (int64_t r = 0; r < column->n_rows && status == KMSEG_OK; r++) {
        char room[32];
        const char *key = key_at(column, r, room);
        if (key == NULL) {
            continue;
        }
        int32_t n = j->keys.n, code = km_dictionary_add(&j->keys, key, strlen(key));
        if (code < 0) {
            status = km_fail_memory(j->ctx, "the keys of a join");
        } else if (code == n) {
            j->row_of[code] = r;
        } else if (n_repeated++ < EXAMPLES) {
            km_string_format(&examples, "%s%.40s in rows %lld and %lld", n_repeated > 1 ? ", " : "",
                             key, (long long)j->row_of[code] + 1, (long long)r + 1);
        }
    }
    if (status == KMSEG_OK && n_repeated > 0) {
        status = fail_repeated(j, &examples, n_repeated);
    }
    km_string_free(&examples);
    return status;
}

static kmseg_status match_rows(join *j) {
    const kmseg_column *column = &j->table->columns[j->key];
    j->match = km_arena_take(&j->scratch, (size_t)column->n_rows * sizeof *j->match);
    j->is_matched = km_arena_array(&j->scratch, j->from->n_rows, sizeof *j->is_matched);
    if (j->match == NULL || j->is_matched == NULL) {
        return km_fail_memory(j->ctx, "the rows of a join");
    }
    for (int64_t r = 0; r < column->n_rows; r++) {
        char room[32];
        const char *key = key_at(column, r, room);
        int32_t code = key != NULL ? km_dictionary_find(&j->keys, key, strlen(key)) : -1;
        j->match[r] = code >= 0 ? j->row_of[code] : -1;
        if (code >= 0) {
            j->n_matched++;
            j->n_from_matched += !j->is_matched[j->match[r]];
            j->is_matched[j->match[r]] = 1;
        }
    }
    if (j->n_matched > 0 || column->n_rows == 0) {
        return KMSEG_OK;
    }
    char room[32], other[32];
    const char *one = key_at(column, 0, room);
    const char *two = j->from->n_rows > 0 ? key_at(&j->from->columns[j->from_key], 0, other) : NULL;
    return km_fail(j->ctx, KMSEG_E_DATA,
                   "join: no %s of the customers is a %s of %s; the first ones are \"%.40s\" and "
                   "\"%.40s\"",
                   column->name, j->from->columns[j->from_key].name, j->from_name,
                   one != NULL ? one : "", two != NULL ? two : "");
}

/* One column of from, at the rows that the rows of the new table match. */
static kmseg_status add_column(join *j, const kmseg_column *column, const int64_t *match,
                               kmseg_table *to) {
    kmseg_context *ctx = j->ctx;
    int64_t n = to->n_rows;
    if (kmseg_table_find(to, column->name) >= 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "join: the customers and %s both have a column %s; rename one of them",
                       j->from_name, column->name);
    }
    if (column->type == KMSEG_COLUMN_NUMBER) {
        double *numbers;
        KM_TRY(km_table_add_number_column(ctx, to, column->name, &numbers));
        for (int64_t r = 0; r < n; r++) {
            numbers[r] = match[r] >= 0 ? column->numbers[match[r]] : (double)NAN;
        }
    } else if (column->type == KMSEG_COLUMN_TIME) {
        int64_t *times;
        KM_TRY(km_table_add_time_column(ctx, to, column->name, &times));
        for (int64_t r = 0; r < n; r++) {
            times[r] = match[r] >= 0 ? column->times[match[r]] : KMSEG_TIME_MISSING;
        }
    } else {
        int32_t *codes;
        KM_TRY(km_table_add_code_column(ctx, to, column->name, &codes));
        for (int64_t r = 0; r < n; r++) {
            codes[r] = match[r] >= 0 ? column->codes[match[r]] : -1;
        }
        const char **levels = km_arena_array(&j->scratch, column->n_levels, sizeof *levels);
        if (levels == NULL) {
            return km_fail_memory(ctx, "the levels of a column");
        }
        for (int32_t l = 0; l < column->n_levels; l++) {
            levels[l] = km_arena_text(&to->arena, column->levels[l]);
            if (levels[l] == NULL) {
                return km_fail_memory(ctx, "the levels of a column");
            }
        }
        KM_TRY(km_table_set_levels(ctx, to, to->n_columns - 1, column->n_levels, levels));
    }
    km_table_count_missing(to, to->n_columns - 1);
    return KMSEG_OK;
}

static int has_features(const kmseg_table *table) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].role == KMSEG_ROLE_FEATURE) {
            return 1;
        }
    }
    return 0;
}

static kmseg_status add_columns(join *j, const int64_t *match, kmseg_table *to) {
    int features = has_features(j->table);
    for (int32_t i = 0; i < j->from->n_columns; i++) {
        const kmseg_column *column = &j->from->columns[i];
        if (i == j->from_key) {
            continue;
        }
        KM_TRY(add_column(j, column, match, to));
        kmseg_column_role role = column->role == KMSEG_ROLE_ID ? KMSEG_ROLE_DESCRIBE : column->role;
        if (role == KMSEG_ROLE_UNKNOWN && features) {
            role = KMSEG_ROLE_FEATURE;
        }
        KM_TRY(kmseg_table_describe(j->ctx, to, to->n_columns - 1, role, column->unit));
    }
    return KMSEG_OK;
}

static kmseg_status run(join *j, kmseg_table **out) {
    KM_TRY(find_keys(j));
    KM_TRY(read_keys(j));
    KM_TRY(match_rows(j));
    int64_t n = 0;
    int64_t *rows = km_arena_take(&j->scratch, (size_t)j->table->n_rows * sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(j->ctx, "the rows of a join");
    }
    for (int64_t r = 0; r < j->table->n_rows; r++) {
        if (j->match[r] >= 0 || !j->options->inner) {
            j->match[n] = j->match[r]; /* n is never ahead of r */
            rows[n++] = r;
        }
    }
    KM_TRY(km_table_take_rows(j->ctx, j->table, rows, n, out));
    return add_columns(j, j->match, *out);
}

kmseg_status kmseg_table_join(kmseg_context *ctx, const kmseg_table *table, const kmseg_table *from,
                              const kmseg_join_options *options, kmseg_table **out,
                              kmseg_join_counts *out_counts) {
    *out = NULL;
    kmseg_join_options defaults;
    kmseg_join_options_init(&defaults);
    options = options != NULL ? options : &defaults;
    if (options->struct_size != sizeof *options) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "struct_size of the join options is %zu; it needs to be %zu",
                       options->struct_size, sizeof *options);
    }
    join j = {.ctx = ctx, .table = table, .from = from, .options = options};
    j.from_name = options->from_name != NULL ? options->from_name : "the other table";
    km_arena_init(&j.scratch, &ctx->allocator);
    kmseg_status status = KMSEG_OK;
    if (!km_dictionary_init(&j.keys, &j.scratch, &ctx->allocator)) {
        status = km_fail_memory(ctx, "the keys of a join");
    } else {
        status = run(&j, out);
        km_dictionary_free(&j.keys);
    }
    if (status == KMSEG_OK && table->params != NULL) {
        (*out)->params = km_arena_text(&(*out)->arena, table->params);
        status = (*out)->params != NULL ? KMSEG_OK : km_fail_memory(ctx, "a join");
    }
    if (status == KMSEG_OK && out_counts != NULL) {
        *out_counts = (kmseg_join_counts){.key = table->columns[j.key].name,
                                          .from_key = from->columns[j.from_key].name,
                                          .n_rows = table->n_rows,
                                          .n_matched = j.n_matched,
                                          .n_from = from->n_rows,
                                          .n_from_unmatched = from->n_rows - j.n_from_matched,
                                          .n_columns = from->n_columns - 1};
    }
    km_arena_free(&j.scratch);
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
    }
    return status;
}
