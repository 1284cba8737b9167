#include "store/fields.h"

#include <stdio.h>
#include <string.h>

static const char *word_of(const km_word *words, int32_t value) {
    for (; words->word != NULL; words++) {
        if (words->value == value) {
            return words->word;
        }
    }
    return "";
}

static kmseg_status value_of(km_h5_file *file, const char *path, const km_field *field,
                             const char *word, void *to) {
    for (const km_word *row = field->words; row->word != NULL; row++) {
        if (strcmp(row->word, word) == 0) {
            memcpy(to, &row->value, sizeof row->value);
            return KMSEG_OK;
        }
    }
    return km_h5_fault(file, KMSEG_E_FORMAT, "%s of %s has the unknown value \"%s\"", field->name,
                       path, word);
}

/* Values of a struct are copied, so that no kind of value is read as another. */
static int64_t integer_at(const km_field *field, const void *values) {
    int32_t small;
    int64_t large;
    const char *from = (const char *)values + field->offset;
    if (field->kind == KM_FIELD_INT64) {
        memcpy(&large, from, sizeof large);
        return large;
    }
    memcpy(&small, from, sizeof small);
    return small;
}

static double double_at(const km_field *field, const void *values) {
    double value;
    memcpy(&value, (const char *)values + field->offset, sizeof value);
    return value;
}

static const char *text_at(const km_field *field, const void *values) {
    const char *text;
    if (field->kind == KM_FIELD_WORD) {
        return word_of(field->words, (int32_t)integer_at(field, values));
    }
    memcpy(&text, (const char *)values + field->offset, sizeof text);
    return text != NULL ? text : "";
}

void km_fields_put(km_h5_file *file, const km_fields *fields, const void *values) {
    for (int32_t i = 0; i < fields->n; i++) {
        const km_field *field = &fields->fields[i];
        switch (field->kind) {
        case KM_FIELD_INT32:
        case KM_FIELD_INT64:
            km_h5_put_int(file, fields->path, field->name, integer_at(field, values));
            break;
        case KM_FIELD_DOUBLE:
            km_h5_put_double(file, fields->path, field->name, double_at(field, values));
            break;
        case KM_FIELD_TEXT:
        case KM_FIELD_WORD:
            km_h5_put_text(file, fields->path, field->name, text_at(field, values));
            break;
        }
    }
}

static kmseg_status get_field(km_h5_file *file, const char *path, const km_field *field,
                              km_arena *arena, char *to) {
    int64_t large = 0;
    int32_t small;
    double number;
    const char *text = NULL;
    switch (field->kind) {
    case KM_FIELD_INT32:
        KM_TRY(km_h5_get_int(file, path, field->name, INT32_MIN, INT32_MAX, &large));
        small = (int32_t)large;
        memcpy(to, &small, sizeof small);
        return KMSEG_OK;
    case KM_FIELD_INT64:
        KM_TRY(km_h5_get_int(file, path, field->name, INT64_MIN, INT64_MAX, &large));
        memcpy(to, &large, sizeof large);
        return KMSEG_OK;
    case KM_FIELD_DOUBLE:
        KM_TRY(km_h5_get_double(file, path, field->name, &number));
        memcpy(to, &number, sizeof number);
        return KMSEG_OK;
    case KM_FIELD_TEXT:
        KM_TRY(km_h5_get_text(file, path, field->name, arena, &text));
        memcpy(to, &text, sizeof text);
        return KMSEG_OK;
    case KM_FIELD_WORD: break;
    }
    KM_TRY(km_h5_get_text(file, path, field->name, arena, &text));
    return value_of(file, path, field, text, to);
}

kmseg_status km_fields_get(km_h5_file *file, const km_fields *fields, km_arena *arena,
                           void *values) {
    for (int32_t i = 0; i < fields->n; i++) {
        const km_field *field = &fields->fields[i];
        KM_TRY(get_field(file, fields->path, field, arena, (char *)values + field->offset));
    }
    return KMSEG_OK;
}

/* One field of all structs as an array, to write or just read; 8 bytes are enough for any kind. */
typedef union cell {
    int32_t small;
    int64_t large;
    double number;
    const char *text;
} cell;

static void put_rows_of(km_h5_file *file, const km_fields *fields, const km_field *field, int64_t n,
                        const char *rows, void *column) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", fields->path, field->name);
    for (int64_t i = 0; i < n; i++, rows += fields->struct_size) {
        switch (field->kind) {
        case KM_FIELD_INT32: ((int32_t *)column)[i] = (int32_t)integer_at(field, rows); break;
        case KM_FIELD_INT64: ((int64_t *)column)[i] = integer_at(field, rows); break;
        case KM_FIELD_DOUBLE: ((double *)column)[i] = double_at(field, rows); break;
        case KM_FIELD_TEXT:
        case KM_FIELD_WORD: ((const char **)column)[i] = text_at(field, rows); break;
        }
    }
    switch (field->kind) {
    case KM_FIELD_INT32: km_h5_put(file, path, KM_H5_INT32, KM_H5_PLAIN, n, 0, column); break;
    case KM_FIELD_INT64: km_h5_put(file, path, KM_H5_INT64, KM_H5_PLAIN, n, 0, column); break;
    case KM_FIELD_DOUBLE: km_h5_put(file, path, KM_H5_FLOAT64, KM_H5_PLAIN, n, 0, column); break;
    case KM_FIELD_TEXT:
    case KM_FIELD_WORD: km_h5_put_texts(file, path, n, column); break;
    }
}

void km_fields_put_rows(km_h5_file *file, const km_fields *fields, int64_t n, const void *rows) {
    if (file->status != KMSEG_OK) {
        return;
    }
    void *column = km_allocate_array(&file->ctx->allocator, n, sizeof(cell));
    if (column == NULL) {
        file->status = km_fail_memory(file->ctx, fields->path);
        return;
    }
    km_h5_put_group(file, fields->path);
    for (int32_t i = 0; i < fields->n; i++) {
        put_rows_of(file, fields, &fields->fields[i], n, rows, column);
    }
    km_release(&file->ctx->allocator, column);
}

static kmseg_status get_rows_of(km_h5_file *file, const km_fields *fields, const km_field *field,
                                int64_t n, km_arena *arena, char *rows, void *column) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", fields->path, field->name);
    const char *const *texts = NULL;
    size_t size = sizeof(cell);
    if (field->is_new && file->version < 2) {
        return KMSEG_OK;
    }
    switch (field->kind) {
    case KM_FIELD_INT32:
        size = sizeof(int32_t);
        KM_TRY(km_h5_get(file, path, KM_H5_INT32, n, 0, column));
        break;
    case KM_FIELD_INT64: KM_TRY(km_h5_get(file, path, KM_H5_INT64, n, 0, column)); break;
    case KM_FIELD_DOUBLE: KM_TRY(km_h5_get(file, path, KM_H5_FLOAT64, n, 0, column)); break;
    case KM_FIELD_TEXT:
    case KM_FIELD_WORD: KM_TRY(km_h5_get_texts(file, path, n, arena, &texts)); break;
    }
    for (int64_t i = 0; i < n; i++, rows += fields->struct_size) {
        if (field->kind == KM_FIELD_WORD) {
            KM_TRY(value_of(file, path, field, texts[i], rows + field->offset));
        } else if (field->kind == KM_FIELD_TEXT) {
            memcpy(rows + field->offset, &texts[i], sizeof texts[i]);
        } else {
            memcpy(rows + field->offset, (const char *)column + (size_t)i * size, size);
        }
    }
    return KMSEG_OK;
}

kmseg_status km_fields_get_rows(km_h5_file *file, const km_fields *fields, km_arena *arena,
                                int64_t *out_n, void *out_rows) {
    char path[128];
    int64_t n;
    snprintf(path, sizeof path, "%s/%s", fields->path, fields->fields[0].name);
    KM_TRY(km_h5_rows(file, path, &n));
    char *rows = km_arena_array(arena, n, fields->struct_size);
    void *column = km_allocate_array(&file->ctx->allocator, n, sizeof(cell));
    kmseg_status status =
        rows == NULL || column == NULL ? km_fail_memory(file->ctx, fields->path) : KMSEG_OK;
    for (int32_t i = 0; i < fields->n && status == KMSEG_OK; i++) {
        status = get_rows_of(file, fields, &fields->fields[i], n, arena, rows, column);
    }
    km_release(&file->ctx->allocator, column);
    *out_n = n;
    *(void **)out_rows = rows;
    return status;
}
