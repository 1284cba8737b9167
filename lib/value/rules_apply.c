/* Classes every row of a table by rules: the first that holds. */
#include "base/parallel.h"
#include "base/text.h"
#include "value/rules_bind.h"

#include <string.h>

/* A result that owns its memory. */
typedef struct km_classings {
    kmseg_classings shown; /* first: what callers hold */
    km_arena arena;
} km_classings;

typedef struct applying {
    kmseg_context *ctx;
    const kmseg_rules *rules;
    kmseg_table *table;
    const kmseg_value_columns *columns;
    km_classings *result;
    km_arena *scratch; /* of one classing */
    km_sentences conventions, notes;
    const km_rule_set *set;
    km_bound_rule *bound;
    int32_t *fired; /* rule of each row, -1: none */
    int32_t *codes; /* class of each row */
} applying;

static void fire_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    applying *a = argument;
    int64_t first = chunk * KM_CHUNK_ROWS, end = first + KM_CHUNK_ROWS;
    end = end < a->table->n_rows ? end : a->table->n_rows;
    for (int64_t row = first; row < end; row++) {
        int32_t rule = 0;
        while (rule < a->set->n_rules && !km_rule_holds(&a->bound[rule], row)) {
            rule++;
        }
        a->fired[row] = rule < a->set->n_rules ? rule : -1;
    }
}

/* Names of rules and classes of the result; class_of[r] is the class of rule r. */
static kmseg_status describe(applying *a, kmseg_classing *out, int32_t *class_of,
                             const char ***out_classes) {
    km_arena *arena = &a->result->arena;
    const km_rule_set *set = a->set;
    kmseg_rule_count *rules = km_arena_array(arena, set->n_rules, sizeof *rules);
    const char **classes = km_arena_array(arena, set->n_rules, sizeof *classes);
    out->name = km_arena_text(arena, set->name);
    int ok = rules != NULL && classes != NULL && out->name != NULL;
    for (int32_t r = 0; ok && r < set->n_rules; r++) {
        rules[r].class_name = km_arena_text(arena, set->rules[r].class_name);
        rules[r].text = km_arena_text(arena, set->rules[r].text);
        rules[r].line = set->rules[r].line;
        ok = rules[r].class_name != NULL && rules[r].text != NULL;
        int32_t c = 0;
        while (ok && c < out->n_classes && strcmp(classes[c], rules[r].class_name) != 0) {
            c++;
        }
        if (ok && c == out->n_classes) {
            classes[out->n_classes++] = rules[r].class_name;
        }
        class_of[r] = c;
    }
    out->rules = rules;
    out->n_rules = set->n_rules;
    *out_classes = classes;
    return ok ? KMSEG_OK : km_fail_memory(a->ctx, "classes");
}

/* NAME and NAME_rule. */
static kmseg_status add_columns(applying *a, const kmseg_classing *classing,
                                const char *const *classes) {
    km_arena *arena = a->scratch;
    const char **texts = km_arena_array(arena, classing->n_rules, sizeof *texts);
    const char *rule_name = km_arena_format(arena, "%s_rule", classing->name);
    int ok = texts != NULL && rule_name != NULL;
    for (int32_t r = 0; ok && r < classing->n_rules; r++) {
        const char *text = classing->rules[r].text;
        texts[r] = text[0] != '\0' ? km_arena_format(arena, "%d: %s", r + 1, text) : "default";
        ok = texts[r] != NULL;
    }
    if (!ok) {
        return km_fail_memory(a->ctx, "classes");
    }
    KM_TRY(km_name_is_free(a->ctx, a->table, classing->name));
    KM_TRY(km_name_is_free(a->ctx, a->table, rule_name));
    KM_TRY(
        km_add_classes(a->ctx, a->table, classing->name, a->codes, classing->n_classes, classes));
    return km_add_classes(a->ctx, a->table, rule_name, a->fired, classing->n_rules, texts);
}

static void count(applying *a, kmseg_classing *out, const int32_t *class_of) {
    kmseg_rule_count *rules = (kmseg_rule_count *)(void *)out->rules; /* still ours */
    char number[64];
    for (int64_t row = 0; row < a->table->n_rows; row++) {
        int32_t rule = a->fired[row];
        a->codes[row] = rule >= 0 ? class_of[rule] : -1;
        if (rule >= 0) {
            rules[rule].n_fired++;
        } else {
            out->n_unclassed++;
        }
    }
    for (int32_t r = 0; r < out->n_rules; r++) {
        if (rules[r].n_fired == 0) {
            km_say(&a->notes, "Line %d: this rule of %.80s gives nobody the class %.80s.",
                   rules[r].line, out->name, rules[r].class_name);
        }
    }
    if (out->n_unclassed > 0) {
        km_say(&a->notes, "[%.80s] has no class for %s; a line \"default: CLASS\" would.",
               out->name, km_customers(out->n_unclassed, number));
    }
}

/* One classing; the next may use its columns. */
static kmseg_status apply_set(applying *a, kmseg_classing *out) {
    int64_t n_rows = a->table->n_rows;
    const char **classes;
    a->bound = km_arena_array(a->scratch, a->set->n_rules, sizeof *a->bound);
    a->fired = km_arena_array(a->scratch, n_rows, sizeof *a->fired);
    a->codes = km_arena_array(a->scratch, n_rows, sizeof *a->codes);
    int32_t *class_of = km_arena_array(a->scratch, a->set->n_rules, sizeof *class_of);
    if (a->bound == NULL || a->fired == NULL || a->codes == NULL || class_of == NULL) {
        return km_fail_memory(a->ctx, "classes");
    }
    KM_TRY(km_rules_bind(a->ctx, a->rules, a->set, a->table, a->scratch, &a->notes, a->bound));
    KM_TRY(km_parallel(a->ctx, km_chunks(n_rows, KM_CHUNK_ROWS), fire_chunk, a));
    KM_TRY(describe(a, out, class_of, &classes));
    count(a, out, class_of);
    KM_TRY(add_columns(a, out, classes));
    kmseg_value_group *groups = km_arena_array(&a->result->arena, out->n_classes, sizeof *groups),
                      all;
    if (groups == NULL) {
        return km_fail_memory(a->ctx, "classes");
    }
    out->classes = groups;
    return km_value_groups(a->ctx, a->table, a->columns, a->codes, out->n_classes, classes, groups,
                           &all);
}

static kmseg_status sum_all(applying *a) {
    static const char *const everyone[] = {"all"};
    kmseg_value_group one;
    int32_t *codes = km_arena_array(a->scratch, a->table->n_rows, sizeof *codes); /* zeros */
    return codes != NULL ? km_value_groups(a->ctx, a->table, a->columns, codes, 1, everyone, &one,
                                           &a->result->shown.all)
                         : km_fail_memory(a->ctx, "classes");
}

static void say_conventions(km_sentences *list) {
    km_say(list, "Rules are looked at in the order of the file; the first that is true gives a "
                 "customer the class, and is kept in the column NAME_rule.");
    km_say(list, "A comparison with a missing value is neither true nor false, and so is its not; "
                 "\"is missing\" finds missing values.");
}

static kmseg_status apply(applying *a) {
    kmseg_classings *shown = &a->result->shown;
    kmseg_classing *classings =
        km_arena_array(&a->result->arena, a->rules->n_sets, sizeof *classings);
    if (classings == NULL) {
        return km_fail_memory(a->ctx, "classes");
    }
    KM_TRY(sum_all(a));
    for (int32_t i = 0; i < a->rules->n_sets; i++) {
        km_arena_free(a->scratch);
        a->set = &a->rules->sets[i];
        KM_TRY(apply_set(a, &classings[i]));
    }
    say_conventions(&a->conventions);
    shown->n_customers = a->table->n_rows;
    shown->n = a->rules->n_sets;
    shown->classings = classings;
    KM_TRY(km_sentences_take(a->ctx, &a->conventions, &shown->conventions));
    return km_sentences_take(a->ctx, &a->notes, &shown->notes);
}

kmseg_status kmseg_rules_apply(kmseg_context *ctx, const kmseg_rules *rules, kmseg_table *table,
                               const kmseg_value_columns *columns, kmseg_classings **out) {
    *out = NULL;
    kmseg_value_columns default_columns;
    kmseg_value_columns_init(&default_columns);
    km_classings *result =
        km_value_new(ctx, sizeof *result, offsetof(km_classings, arena), "classes");
    if (result == NULL) {
        return KMSEG_E_MEMORY;
    }
    result->shown.struct_size = sizeof result->shown;
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    applying a = {.ctx = ctx,
                  .rules = rules,
                  .table = table,
                  .columns = columns != NULL ? columns : &default_columns,
                  .result = result,
                  .scratch = &scratch,
                  .conventions = {.arena = &result->arena},
                  .notes = {.arena = &result->arena}};
    int32_t n_columns = table->n_columns;
    kmseg_status status = apply(&a);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        table->n_columns = n_columns;
        kmseg_classings_free(&result->shown);
        return status;
    }
    *out = &result->shown;
    return KMSEG_OK;
}

void kmseg_classings_free(kmseg_classings *classings) { /* the first field of its km_classings */
    km_value_free(classings, offsetof(km_classings, arena));
}
