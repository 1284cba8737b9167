#include "data/tags.h"

#include "data/dictionary.h"

#include <string.h>

static const char signs[] = ";|";

int km_has_tags(const char *text) { return strpbrk(text, signs) != NULL; }

/* The next tag that is not empty: its start, or NULL behind the last; *at goes behind it. */
static const char *next_tag(const char **at, size_t *out_length) {
    while (**at != '\0') {
        const char *start = *at + strspn(*at, " \t;|");
        const char *end = start + strcspn(start, signs);
        *at = end;
        while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
            end--;
        }
        if (end > start) {
            *out_length = (size_t)(end - start);
            return start;
        }
    }
    return NULL;
}

static int64_t count_tags(const char *const *cells, int32_t n_cells) {
    int64_t n = 0;
    for (int32_t i = 0; i < n_cells; i++) {
        const char *at = cells[i];
        size_t length;
        while (next_tag(&at, &length) != NULL) {
            n++;
        }
    }
    return n;
}

static int is_there(const int32_t *tags, int64_t n, int32_t tag) {
    for (int64_t i = 0; i < n; i++) {
        if (tags[i] == tag) {
            return 1;
        }
    }
    return 0;
}

static int split(km_dictionary *names, const char *const *cells, int32_t n_cells, int64_t *starts,
                 int32_t *tags) {
    int64_t n = 0;
    for (int32_t i = 0; i < n_cells; i++) {
        starts[i] = n;
        const char *at = cells[i], *tag;
        size_t length;
        while ((tag = next_tag(&at, &length)) != NULL) {
            int32_t code = km_dictionary_add(names, tag, length);
            if (code < 0) {
                return 0;
            }
            if (!is_there(tags + starts[i], n - starts[i], code)) {
                tags[n++] = code;
            }
        }
    }
    starts[n_cells] = n;
    return 1;
}

int km_tags_split(km_arena *arena, const char *const *cells, int32_t n_cells, km_tags *out) {
    memset(out, 0, sizeof *out);
    int64_t *starts = km_arena_array(arena, (int64_t)n_cells + 1, sizeof *starts);
    int32_t *tags = km_arena_array(arena, count_tags(cells, n_cells), sizeof *tags);
    km_dictionary names;
    if (starts == NULL || tags == NULL || !km_dictionary_init(&names, arena, &arena->allocator)) {
        return 0;
    }
    int ok = split(&names, cells, n_cells, starts, tags);
    const char **texts = ok ? km_arena_copy(arena, names.texts, names.n, sizeof *texts) : NULL;
    *out = (km_tags){n_cells, names.n, texts, starts, tags};
    km_dictionary_free(&names);
    return texts != NULL;
}
