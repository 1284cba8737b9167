/* k-anonymity and distinct l-diversity of a table.
 *
 * Classes are refined one column after the other: rows that were in one class and have the same value
 * stay together. Classes are numbered by their first row, so nothing depends on hashing. */
#include "base/text.h"
#include "data/sort.h"
#include "data/table.h"
#include "privacy/rank.h"

#include <kmseg/privacy.h>
#include <kmseg/source.h>

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const kmseg_option rows[] = {
    {.name = "quasi",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_anonymity_options, quasi),
     .choices = ",",
     .metavar = "A,B,C",
     .help =
         "quasi-identifiers: columns that others may know of a person, such as age, postcode and "
         "sex"},
    {.name = "k",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(kmseg_anonymity_options, k),
     .minimum = 1,
     .maximum = 2147483647,
     .default_number = 5,
     .metavar = "N",
     .help = "rows that need to share their values, at least",
     .short_flag = 'k'},
    {.name = "sensitive",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_anonymity_options, sensitive),
     .metavar = "COLUMN",
     .help = "what nobody is to learn of a person: rows that share their values need to have "
             "different ones here"},
    {.name = "l",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(kmseg_anonymity_options, l),
     .minimum = 1,
     .maximum = 2147483647,
     .default_number = 2,
     .metavar = "N",
     .help = "different values of --sensitive in each class, at least"},
    {.name = "max_shown",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(kmseg_anonymity_options, max_shown),
     .minimum = 0,
     .maximum = 1000000,
     .default_number = 10,
     .metavar = "N",
     .help = "classes to list, the smallest first"},
};

static const kmseg_option_table table_of_options = {
    .name = "anonymity",
    .struct_size = sizeof(kmseg_anonymity_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_anonymity_option_table(void) { return &table_of_options; }

void kmseg_anonymity_options_init(kmseg_anonymity_options *options) {
    kmseg_options_init(&table_of_options, options);
}

typedef struct owner {
    kmseg_anonymity anonymity; /* first: a kmseg_anonymity * is the owner * */
    km_arena arena;
} owner;

typedef struct check {
    kmseg_context *ctx;
    const kmseg_table *table;
    const kmseg_anonymity_options *options;
    owner *out;
    km_arena scratch;
    int32_t n_columns, sensitive;
    int32_t *columns; /* quasi-identifiers, positions in the table */
    km_pair *pairs, *room;
    int64_t *class_of; /* by row */
    int64_t n_classes;
} check;

/* A key that equal values share, in the order of the values; missing is a value. */
static uint64_t cell_key(const kmseg_column *column, const int32_t *rank, int64_t row) {
    switch (column->type) {
    case KMSEG_COLUMN_NUMBER:
        return isnan(column->numbers[row]) ? UINT64_MAX : km_sort_key(column->numbers[row]);
    case KMSEG_COLUMN_TIME: return (uint64_t)column->times[row] ^ UINT64_C(1) << 63;
    case KMSEG_COLUMN_TEXT:
        return column->codes[row] >= 0 ? (uint64_t)rank[column->codes[row]] + 1 : 0;
    }
    return 0;
}

/* Classes of one column, numbered in the order of their keys. */
static kmseg_status values_of(check *c, const kmseg_column *column, int64_t *value,
                              int64_t *n_values) {
    int64_t n = c->table->n_rows;
    const char **sorted;
    int32_t *rank = NULL;
    if (column->type == KMSEG_COLUMN_TEXT) {
        KM_TRY(
            km_rank_texts(c->ctx, &c->scratch, column->levels, column->n_levels, &sorted, &rank));
    }
    for (int64_t r = 0; r < n; r++) {
        c->pairs[r] = (km_pair){cell_key(column, rank, r), r};
    }
    km_sort_pairs(c->pairs, c->room, n);
    int64_t number = -1;
    for (int64_t i = 0; i < n; i++) {
        number += i == 0 || c->pairs[i].key != c->pairs[i - 1].key;
        value[c->pairs[i].value] = number;
    }
    *n_values = number + 1;
    return KMSEG_OK;
}

/* Parts classes by the values of one more column. */
static void refine(check *c, int64_t *class_of, int64_t *n_classes, const int64_t *value,
                   int64_t n_values) {
    int64_t n = c->table->n_rows;
    for (int64_t r = 0; r < n; r++) { /* both are at most 2^31 rows or so: no overflow */
        c->pairs[r] = (km_pair){(uint64_t)class_of[r] * (uint64_t)n_values + (uint64_t)value[r], r};
    }
    km_sort_pairs(c->pairs, c->room, n);
    int64_t number = -1;
    for (int64_t i = 0; i < n; i++) {
        number += i == 0 || c->pairs[i].key != c->pairs[i - 1].key;
        class_of[c->pairs[i].value] = number;
    }
    *n_classes = number + 1;
}

/* Rows of each class. */
static void count(const int64_t *class_of, int64_t n, int64_t *sizes, int64_t n_classes) {
    memset(sizes, 0, (size_t)n_classes * sizeof *sizes);
    for (int64_t r = 0; r < n; r++) {
        sizes[class_of[r]]++;
    }
}

static kmseg_status add_column(check *c, const char *name, size_t length) {
    while (length > 0 && name[0] == ' ') {
        name++;
        length--;
    }
    while (length > 0 && name[length - 1] == ' ') {
        length--;
    }
    if (length == 0) {
        return KMSEG_OK;
    }
    char *copy = km_arena_text_n(&c->scratch, name, length);
    if (copy == NULL) {
        return km_fail_memory(c->ctx, "names of columns");
    }
    int32_t found = kmseg_table_find(c->table, copy);
    if (found < 0) {
        return km_table_fail_no_column(c->ctx, c->table, copy);
    }
    for (int32_t i = 0; i < c->n_columns; i++) {
        if (c->columns[i] == found) {
            return km_fail(c->ctx, KMSEG_E_ARGUMENT, "the column %s is named twice", copy);
        }
    }
    c->columns[c->n_columns++] = found;
    return KMSEG_OK;
}

static kmseg_status find_columns(check *c) {
    c->columns = km_arena_array(&c->scratch, c->table->n_columns, sizeof *c->columns);
    if (c->columns == NULL) {
        return km_fail_memory(c->ctx, "names of columns");
    }
    for (const char *at = c->options->quasi; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ",");
        KM_TRY(add_column(c, at, length));
        at += length + (at[length] == ',');
    }
    if (c->n_columns == 0) {
        char names[300];
        km_table_names(c->table, names, sizeof names);
        return km_fail(c->ctx, KMSEG_E_ARGUMENT,
                       "quasi names no column; name those that others may know of a person (there "
                       "are %s)",
                       names);
    }
    c->sensitive = -1;
    if (c->options->sensitive != NULL) {
        c->sensitive = kmseg_table_find(c->table, c->options->sensitive);
        if (c->sensitive < 0) {
            return km_table_fail_no_column(c->ctx, c->table, c->options->sensitive);
        }
    }
    return KMSEG_OK;
}

/* The smallest class and the rows in small ones, were a column left out. */
static void without(check *c, int32_t left_out, int64_t *values, const int64_t *n_values,
                    int64_t *class_of, int64_t *sizes, int64_t *smallest, int64_t *small_rows) {
    int64_t n = c->table->n_rows, n_classes = 1;
    memset(class_of, 0, (size_t)n * sizeof *class_of);
    for (int32_t i = 0; i < c->n_columns; i++) {
        if (i != left_out) {
            refine(c, class_of, &n_classes, values + (int64_t)i * n, n_values[i]);
        }
    }
    count(class_of, n, sizes, n_classes);
    *smallest = n;
    *small_rows = 0;
    for (int64_t k = 0; k < n_classes; k++) {
        *smallest = sizes[k] < *smallest ? sizes[k] : *smallest;
        *small_rows += sizes[k] < c->options->k ? sizes[k] : 0;
    }
}

/* Different values of the sensitive column in each class. */
static kmseg_status count_values(check *c, int64_t *diversity) {
    int64_t n = c->table->n_rows, n_values, n_cells = c->n_classes;
    int64_t *value = km_arena_array(&c->scratch, n, sizeof *value);
    int64_t *cell = km_arena_copy(&c->scratch, c->class_of, n, sizeof *cell);
    if (value == NULL || cell == NULL) {
        return km_fail_memory(c->ctx, "classes");
    }
    KM_TRY(values_of(c, &c->table->columns[c->sensitive], value, &n_values));
    refine(c, cell, &n_cells, value, n_values); /* sorted by class: one row of each cell counts */
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || c->pairs[i].key != c->pairs[i - 1].key) {
            diversity[c->class_of[c->pairs[i].value]]++;
        }
    }
    return KMSEG_OK;
}

static const char *cell_text(const check *c, const kmseg_column *column, int64_t row) {
    char text[64];
    switch (column->type) {
    case KMSEG_COLUMN_TEXT:
        return column->codes[row] < 0
                   ? NULL
                   : km_arena_text(&c->out->arena, column->levels[column->codes[row]]);
    case KMSEG_COLUMN_TIME:
        kmseg_time_format(column->times[row], text, sizeof text);
        return column->times[row] == KMSEG_TIME_MISSING ? NULL
                                                        : km_arena_text(&c->out->arena, text);
    case KMSEG_COLUMN_NUMBER:
        km_format_double(column->numbers[row] + 0.0, text, sizeof text);
        return isnan(column->numbers[row]) ? NULL : km_arena_text(&c->out->arena, text);
    }
    return NULL;
}

/* The smallest classes, which are those that fail first; classes are in the order of their values. */
static kmseg_status list_classes(check *c, const int64_t *sizes, const int64_t *diversity) {
    kmseg_anonymity *a = &c->out->anonymity;
    int64_t *row_of = km_arena_array(&c->scratch, c->n_classes, sizeof *row_of);
    if (row_of == NULL) {
        return km_fail_memory(c->ctx, "classes");
    }
    for (int64_t r = c->table->n_rows - 1; r >= 0; r--) {
        row_of[c->class_of[r]] = r;
    }
    for (int64_t k = 0; k < c->n_classes; k++) { /* pairs have room for a class per row */
        c->pairs[k] = (km_pair){(uint64_t)sizes[k], k};
    }
    if (diversity != NULL) { /* those that fail, for either reason, come first */
        for (int64_t k = 0; k < c->n_classes; k++) {
            int small = sizes[k] < a->k || diversity[k] < a->l;
            c->pairs[k].key += small ? 0 : UINT64_C(1) << 62;
        }
    }
    km_sort_pairs(c->pairs, c->room, c->n_classes);
    a->n_shown =
        (int32_t)(c->n_classes < c->options->max_shown ? c->n_classes : c->options->max_shown);
    kmseg_anonymity_class *shown = km_arena_array(&c->out->arena, a->n_shown, sizeof *shown);
    for (int32_t i = 0; i < a->n_shown && shown != NULL; i++) {
        int64_t k = c->pairs[i].value;
        const char **values = km_arena_array(&c->out->arena, c->n_columns, sizeof *values);
        for (int32_t j = 0; j < c->n_columns && values != NULL; j++) {
            values[j] = cell_text(c, &c->table->columns[c->columns[j]], row_of[k]);
        }
        shown[i] = (kmseg_anonymity_class){sizes[k], diversity != NULL ? diversity[k] : 0, values};
        shown = values != NULL ? shown : NULL;
    }
    a->shown = shown;
    return shown != NULL ? KMSEG_OK : km_fail_memory(c->ctx, "classes");
}

static kmseg_status name_columns(check *c) {
    kmseg_anonymity *a = &c->out->anonymity;
    const char **names = km_arena_array(&c->out->arena, c->n_columns, sizeof *names);
    for (int32_t i = 0; i < c->n_columns && names != NULL; i++) {
        names[i] = km_arena_text(&c->out->arena, c->table->columns[c->columns[i]].name);
        names = names[i] != NULL ? names : NULL;
    }
    a->columns = names;
    a->n_columns = c->n_columns;
    return names != NULL ? KMSEG_OK : km_fail_memory(c->ctx, "names of columns");
}

static void judge(check *c, const int64_t *sizes, const int64_t *diversity) {
    kmseg_anonymity *a = &c->out->anonymity;
    a->k = c->options->k;
    a->l = c->sensitive >= 0 ? c->options->l : 0;
    a->n_rows = a->smallest = c->table->n_rows;
    a->n_classes = c->n_classes;
    a->least_values = diversity != NULL ? c->table->n_rows : 0;
    for (int64_t k = 0; k < c->n_classes; k++) {
        int small = sizes[k] < a->k || (diversity != NULL && diversity[k] < a->l);
        a->smallest = sizes[k] < a->smallest ? sizes[k] : a->smallest;
        a->n_alone += sizes[k] == 1;
        a->n_small_classes += small;
        a->n_small_rows += small ? sizes[k] : 0;
        if (diversity != NULL && diversity[k] < a->least_values) {
            a->least_values = diversity[k];
        }
    }
    a->holds = a->n_small_classes == 0;
}

static kmseg_status run_check(check *c) {
    kmseg_anonymity *a = &c->out->anonymity;
    int64_t n = c->table->n_rows;
    KM_TRY(find_columns(c));
    int64_t *values = km_arena_array(&c->scratch, n, (size_t)c->n_columns * sizeof *values);
    int64_t *n_values = km_arena_array(&c->scratch, c->n_columns, sizeof *n_values);
    int64_t *other = km_arena_array(&c->scratch, n, sizeof *other);
    int64_t *sizes = km_arena_array(&c->scratch, n, sizeof *sizes);
    int64_t *other_sizes = km_arena_array(&c->scratch, n, sizeof *other_sizes);
    int64_t *diversity =
        c->sensitive >= 0 ? km_arena_array(&c->scratch, n, sizeof *diversity) : NULL;
    int64_t *smallest = km_arena_array(&c->out->arena, c->n_columns, sizeof *smallest);
    int64_t *small_rows = km_arena_array(&c->out->arena, c->n_columns, sizeof *small_rows);
    c->class_of = km_arena_array(&c->scratch, n, sizeof *c->class_of);
    c->pairs = km_arena_array(&c->scratch, n, sizeof *c->pairs);
    c->room = km_arena_array(&c->scratch, n, sizeof *c->room);
    if (values == NULL || n_values == NULL || other == NULL || sizes == NULL ||
        other_sizes == NULL || (c->sensitive >= 0 && diversity == NULL) || smallest == NULL ||
        small_rows == NULL || c->class_of == NULL || c->pairs == NULL || c->room == NULL) {
        return km_fail_memory(c->ctx, "the classes of rows");
    }
    c->n_classes = n > 0;
    for (int32_t i = 0; i < c->n_columns; i++) {
        KM_TRY(
            values_of(c, &c->table->columns[c->columns[i]], values + (int64_t)i * n, &n_values[i]));
        refine(c, c->class_of, &c->n_classes, values + (int64_t)i * n, n_values[i]);
    }
    for (int32_t i = 0; i < c->n_columns; i++) {
        without(c, i, values, n_values, other, other_sizes, &smallest[i], &small_rows[i]);
    }
    count(c->class_of, n, sizes, c->n_classes);
    if (c->sensitive >= 0) {
        KM_TRY(count_values(c, diversity));
    }
    judge(c, sizes, diversity);
    a->smallest_without = smallest;
    a->small_rows_without = small_rows;
    KM_TRY(name_columns(c));
    return list_classes(c, sizes, diversity);
}

kmseg_status kmseg_anonymity_new(kmseg_context *ctx, const kmseg_table *table,
                                 const kmseg_anonymity_options *options, kmseg_anonymity **out) {
    *out = NULL;
    KM_TRY(kmseg_options_check(ctx, &table_of_options, options));
    owner *made = km_allocate(&ctx->allocator, sizeof *made);
    if (made == NULL) {
        return km_fail_memory(ctx, "a check");
    }
    memset(made, 0, sizeof *made);
    made->anonymity.struct_size = sizeof made->anonymity;
    km_arena_init(&made->arena, &ctx->allocator);
    check c = {.ctx = ctx, .table = table, .options = options, .out = made};
    km_arena_init(&c.scratch, &ctx->allocator);
    kmseg_status status = run_check(&c);
    km_arena_free(&c.scratch);
    if (status != KMSEG_OK) {
        kmseg_anonymity_free(&made->anonymity);
        return status;
    }
    *out = &made->anonymity;
    return KMSEG_OK;
}

void kmseg_anonymity_free(kmseg_anonymity *anonymity) {
    if (anonymity != NULL) {
        owner *made = (owner *)(void *)anonymity;
        kmseg_allocator allocator = made->arena.allocator;
        km_arena_free(&made->arena);
        km_release(&allocator, made);
    }
}
