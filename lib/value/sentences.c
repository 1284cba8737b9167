/* Sentences of a result, and numbers in them. */
#include "base/text.h"
#include "value/value.h"

#include <stdio.h>
#include <string.h>

static int grow(km_sentences *list) {
    if (list->n < list->capacity) {
        return 1;
    }
    int32_t capacity = list->capacity > 0 ? 2 * list->capacity : 8;
    const char **texts = km_arena_array(list->arena, capacity, sizeof *texts);
    if (texts == NULL) {
        return 0;
    }
    if (list->n > 0) {
        memcpy(texts, list->texts, (size_t)list->n * sizeof *texts);
    }
    list->texts = texts;
    list->capacity = capacity;
    return 1;
}

void km_say(km_sentences *list, const char *format, ...) {
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *copy = grow(list) ? km_arena_text(list->arena, text) : NULL;
    if (copy != NULL) {
        list->texts[list->n++] = copy;
    } else {
        list->failed = 1;
    }
}

kmseg_status km_sentences_take(kmseg_context *ctx, const km_sentences *list, kmseg_sentences *out) {
    if (list->failed) {
        return km_fail_memory(ctx, "the sentences of a result");
    }
    *out = (kmseg_sentences){list->n, list->texts};
    return KMSEG_OK;
}

const char *km_shown(double value, int decimals, char out[64]) {
    size_t length = km_format_number(value, decimals, out, 64);
    if (strchr(out, '.') != NULL && strchr(out, 'e') == NULL) {
        while (out[length - 1] == '0') {
            out[--length] = '\0';
        }
        if (out[length - 1] == '.') {
            out[--length] = '\0';
        }
    }
    return out;
}

const char *km_customers(int64_t n, char out[64]) {
    size_t length = km_format_number((double)n, 0, out, 48);
    snprintf(out + length, 64 - length, " customer%s", n == 1 ? "" : "s");
    return out;
}
