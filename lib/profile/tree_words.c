/* Rules in words: the questions on the way to a leaf, those about one column put together. */
#include "base/text.h"
#include "profile/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a rule says of one column. */
typedef struct bounds {
    int32_t column;
    double above, most;  /* NUMBER: above < x <= most; infinite where open */
    int32_t level;       /* TEXT: the level it is, or -1; in order: at most this */
    int32_t above_level; /* TEXT in order: it is above this, or -1 */
    int32_t n_not;       /* TEXT without order: levels it is not */
    int32_t not [KM_TREE_DEPTH];
    int32_t n_has; /* TAGS: levels it has */
    int32_t has[KM_TREE_DEPTH];
} bounds;

typedef struct wording {
    const kmseg_prepare *prepare;
    const kmseg_tree_node *nodes;
    km_arena *arena;
    kmseg_tree_rule *rules;
    int32_t n;
    bounds parts[KM_TREE_DEPTH];
    int failed;
} wording;

static bounds *part_of(bounds *parts, int32_t *n, int32_t column) {
    for (int32_t i = 0; i < *n; i++) {
        if (parts[i].column == column) {
            return &parts[i];
        }
    }
    bounds *part = &parts[(*n)++];
    *part = (bounds){
        .column = column, .above = -INFINITY, .most = INFINITY, .level = -1, .above_level = -1};
    return part;
}

static void add_answer(bounds *part, const kmseg_tree_node *node, km_raw_kind kind, int yes) {
    if (kind == KM_RAW_TAGS && yes) {
        part->has[part->n_has++] = node->level;
    } else if (node->level >= 0 && yes) { /* a question asked later says more */
        part->level = node->level;
    } else if (node->level >= 0 && kind == KM_RAW_ORDERED) {
        part->above_level = node->level;
    } else if (node->level >= 0) {
        part->not [part->n_not++] = node->level;
    } else if (yes) {
        part->most = fmin(part->most, node->threshold);
    } else {
        part->above = fmax(part->above, node->threshold);
    }
}

/* " days" behind a number, where the unit is a word. */
static void add_unit(km_string *text, const kmseg_prepare_column *column, const char *number) {
    const char *unit = column->unit;
    int is_word = (unit[0] >= 'a' && unit[0] <= 'z') || (unit[0] >= 'A' && unit[0] <= 'Z');
    if (!is_word || strcmp(unit, "share") == 0 || strstr(column->name, unit) != NULL) {
        return;
    }
    size_t length = strlen(unit);
    length -= length > 1 && unit[length - 1] == 's' && strcmp(number, "1") == 0; /* 1 order */
    km_string_format(text, " %.*s", (int)length, unit);
}

/* With the decimals it has, and separators. */
static void number_text(double value, char *out, size_t capacity) {
    char plain[32];
    km_format_double(value, plain, sizeof plain);
    const char *point = strchr(plain, '.');
    if (strchr(plain, 'e') != NULL) {
        km_format_double(value, out, capacity);
    } else {
        km_format_number(value, point != NULL ? (int)strlen(point + 1) : 0, out, capacity);
    }
}

static void add_number(km_string *text, const kmseg_prepare_column *column, const bounds *part) {
    char above[64], most[64];
    if (strcmp(column->scale, "binary") == 0) { /* of two values */
        number_text(isfinite(part->most) ? column->minimum : column->maximum, most, sizeof most);
        km_string_format(text, "%s = %s", column->name, most);
        add_unit(text, column, most);
        return;
    }
    number_text(part->above, above, sizeof above);
    number_text(part->most, most, sizeof most);
    if (isfinite(part->above) && isfinite(part->most)) {
        km_string_format(text, "%s > %s and <= %s", column->name, above, most);
    } else if (isfinite(part->most)) {
        km_string_format(text, "%s <= %s", column->name, most);
    } else {
        km_string_format(text, "%s > %s", column->name, above);
    }
    add_unit(text, column, isfinite(part->most) ? most : above);
}

static void add_ordered(km_string *text, const kmseg_prepare_column *column, const bounds *part) {
    km_string_add(text, column->name);
    if (part->above_level >= 0) {
        km_string_format(text, " > %s", column->levels[part->above_level]);
    }
    if (part->level >= 0) {
        km_string_format(text, "%s <= %s", part->above_level >= 0 ? " and" : "",
                         column->levels[part->level]);
    }
}

static void add_list(km_string *text, const kmseg_prepare_column *column, const char *verb,
                     const int32_t *levels, int32_t n, const char *between) {
    for (int32_t i = 0; i < n; i++) {
        km_string_format(text, "%s%s", i > 0 ? between : verb, column->levels[levels[i]]);
    }
}

/* "interests has music and sport and has not books or food". */
static void add_tags(km_string *text, const kmseg_prepare_column *column, const bounds *part) {
    km_string_add(text, column->name);
    add_list(text, column, " has ", part->has, part->n_has, " and ");
    add_list(text, column, part->n_has > 0 ? " and has not " : " has not ", part->not, part->n_not,
             " or ");
}

static void add_text(km_string *text, const kmseg_prepare_column *column, const bounds *part) {
    if (km_raw_kind_of(column) == KM_RAW_TAGS) {
        add_tags(text, column, part);
        return;
    }
    if (km_raw_kind_of(column) == KM_RAW_ORDERED) {
        add_ordered(text, column, part);
        return;
    }
    if (part->level >= 0) {
        km_string_format(text, "%s = %s", column->name, column->levels[part->level]);
        return;
    }
    km_string_format(text, "%s is not ", column->name);
    for (int32_t i = 0; i < part->n_not; i++) {
        km_string_format(text, "%s%s", i > 0 ? " or " : "", column->levels[part->not [i]]);
    }
}

static void add_rule(wording *w, int32_t at, int32_t n_parts) {
    const kmseg_tree_node *node = &w->nodes[at];
    km_string text;
    km_string_init(&text, &w->arena->allocator);
    km_string_add(&text, n_parts == 0 ? "every customer" : "");
    for (int32_t i = 0; i < n_parts; i++) {
        const kmseg_prepare_column *column = &w->prepare->columns[w->parts[i].column];
        km_string_add(&text, i > 0 ? " and " : "");
        if (column->type == KMSEG_COLUMN_TEXT) {
            add_text(&text, column, &w->parts[i]);
        } else {
            add_number(&text, column, &w->parts[i]);
        }
    }
    const char *copy = text.failed ? NULL : km_arena_text(w->arena, text.data);
    w->failed |= copy == NULL;
    km_string_free(&text);
    w->rules[w->n++] = (kmseg_tree_rule){at, node->segment, node->precision, node->coverage, copy};
}

/* parts holds what the questions above this node say; it is the same again on return. */
static void walk(wording *w, int32_t at, int32_t n_parts) {
    const kmseg_tree_node *node = &w->nodes[at];
    if (node->column < 0) {
        add_rule(w, at, n_parts);
        return;
    }
    for (int yes = 1; yes >= 0; yes--) {
        bounds saved[KM_TREE_DEPTH];
        memcpy(saved, w->parts, sizeof saved);
        int32_t n = n_parts;
        km_raw_kind kind = km_raw_kind_of(&w->prepare->columns[node->column]);
        add_answer(part_of(w->parts, &n, node->column), node, kind, yes);
        walk(w, yes ? node->yes : node->no, n);
        memcpy(w->parts, saved, sizeof saved);
    }
}

static int by_segment(const void *a, const void *b) {
    const kmseg_tree_rule *x = a, *y = b;
    if (x->segment != y->segment) {
        return x->segment < y->segment ? -1 : 1;
    }
    if (x->coverage != y->coverage) {
        return x->coverage > y->coverage ? -1 : 1;
    }
    return (x->node > y->node) - (x->node < y->node);
}

kmseg_status km_tree_rules_word(kmseg_context *ctx, km_tree_rules *rules,
                                const kmseg_prepare *prepare) {
    wording *w = km_allocate(&ctx->allocator, sizeof *w);
    kmseg_tree_rule *made = km_arena_array(&rules->arena, rules->shown.n_nodes, sizeof *made);
    if (w == NULL || made == NULL) {
        km_release(&ctx->allocator, w);
        return km_fail_memory(ctx, "the rules of segments");
    }
    *w = (wording){
        .prepare = prepare, .nodes = rules->shown.nodes, .arena = &rules->arena, .rules = made};
    walk(w, 0, 0);
    int failed = w->failed;
    rules->shown.n_rules = w->n;
    rules->shown.rules = made;
    qsort(made, (size_t)w->n, sizeof *made, by_segment);
    km_release(&ctx->allocator, w);
    return failed ? km_fail_memory(ctx, "the rules of segments") : KMSEG_OK;
}
