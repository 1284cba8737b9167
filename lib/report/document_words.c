/* Columns, values, traits, names and rules in the words of a language. */
#include "report/display.h"
#include "report/document_parts.h"

#include <math.h>
#include <string.h>

const char *km_column_words_of(km_document *document, const char *column) {
    const char *label = km_column_label(document->language, column);
    return label != NULL ? label : column;
}

const char *km_value_words(km_document *document) {
    return km_column_words_of(document, document->result->profile->value_column);
}

const char *km_capital(km_document *document, const char *text) {
    return text[0] >= 'a' && text[0] <= 'z'
               ? km_print(document, "%c%s", text[0] - 'a' + 'A', text + 1)
               : text;
}

int km_is_shared(const kmseg_profile_column *column) {
    return column->type == KMSEG_COLUMN_NUMBER &&
           (column->is_flag || strcmp(column->unit, "share") == 0 ||
            strcmp(column->name, "p_alive") == 0 || strcmp(column->name, "churn_risk") == 0);
}

int km_is_helper(const kmseg_profile_column *column) {
    static const char *const names[] = {
        "rfm_code",   "r_score",   "f_score",           "m_score",         "x", "t_x", "T",
        "mean_spend", "tier_rank", "tier_share_before", "lifecycle_reason"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(column->name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whole numbers are shown whole; else as many decimals as the column's usual values need. */
static int decimals_of(const kmseg_profile_column *column, double value) {
    double largest = fabs(value);
    for (int32_t q = 1; column->quantiles != NULL && q < KMSEG_N_QUANTILES - 1; q++) {
        largest = fmax(largest, fabs(column->quantiles[q]));
    }
    return value == rint(value) ? 0 : km_decimals(largest);
}

static int is_word(const char *unit) {
    return (unit[0] >= 'a' && unit[0] <= 'z') || (unit[0] >= 'A' && unit[0] <= 'Z');
}

const char *km_value_text(km_document *document, const kmseg_profile_column *column, double value,
                          int with_unit) {
    if (km_is_shared(column)) {
        return km_percent_text(document, value);
    }
    const char *number = km_number_text(document, value, decimals_of(column, value));
    const char *label = km_column_words_of(document, column->name);
    int is_said = strstr(label, km_unit_label(document->language, column->unit)) != NULL;
    if (!with_unit || !is_word(column->unit) || is_said || !isfinite(value)) {
        return number; /* "orders 15", not "orders 15 orders" */
    }
    size_t length = strlen(column->unit);
    int plural = length > 1 && column->unit[length - 1] == 's';
    const char *unit = column->unit;
    if (plural && strcmp(number, "1") == 0 && document->language == KM_ENGLISH_LANGUAGE) {
        unit = km_print(document, "%.*s", (int)(length - 1), unit);
    }
    return km_print(document, "%s %s", number, km_unit_label(document->language, unit));
}

/* The two numbers of a trait, own and of all, as kmseg_trait_text() chooses them: medians where those
 * show the difference, else means. Returns 1 for means. */
static int trait_values(const kmseg_profile_column *column, int32_t segment,
                        const kmseg_trait *trait, double *own, double *all) {
    *own = column->segment_medians[segment];
    *all = column->median;
    if (km_is_shared(column) || !((*own - *all) * trait->difference > 0)) {
        *own = column->segment_means[segment];
        *all = column->mean;
        return !km_is_shared(column);
    }
    return 0;
}

static const kmseg_trait *trait_at(const km_document *document, int32_t segment, int32_t trait) {
    const kmseg_profile *profile = document->result->profile;
    return &profile->traits[(int64_t)segment * profile->max_traits + trait];
}

static const char *trait_words(km_document *document, int32_t segment, const kmseg_trait *t) {
    const kmseg_profile_column *column = &document->result->profile->columns[t->column];
    const char *label = km_column_words_of(document, column->name), *own_text, *all_text;
    if (t->level >= 0) {
        int64_t at = (int64_t)segment * column->n_levels + t->level;
        label = km_print(document, "%s: %s", label,
                         km_level_label(document->language, column->levels[t->level]));
        own_text = km_percent_text(document, column->segment_shares[at]);
        all_text = km_percent_text(document, column->level_shares[t->level]);
    } else {
        double own, all;
        int is_mean = trait_values(column, segment, t, &own, &all);
        own_text = km_value_text(document, column, own, 1);
        all_text = km_value_text(document, column, all, 0);
        if (is_mean) {
            own_text = km_said(document, KM_W_ON_AVERAGE, own_text, NULL);
        }
    }
    return km_print(document, "%s %s%s", label, own_text,
                    km_said(document, KM_W_ALL_OF, all_text, NULL));
}

/* A column that was clustered on, as a trait: how far the segment's median, or the share of a level,
 * stands from that of all. */
typedef struct standing {
    kmseg_trait trait;
    double size;
} standing;

static void keep_largest(standing *found, int32_t most, int32_t *n, standing one) {
    int32_t at = *n < most ? (*n)++ : most;
    for (; at > 0 && found[at - 1].size < one.size; at--) {
        if (at < most) {
            found[at] = found[at - 1];
        }
    }
    if (at < most) {
        found[at] = one;
    }
}

enum { MOST_STANDINGS = 8 };

/* Differences smaller than LEAST of all customers are not worth saying. */
static int32_t standings(const km_document *document, int32_t segment, standing *found) {
    const double LEAST = 0.1;
    const kmseg_profile *profile = document->result->profile;
    int32_t n = 0;
    for (int32_t c = 0; c < profile->n_columns; c++) {
        const kmseg_profile_column *column = &profile->columns[c];
        standing one = {{c, -1, 0, NAN}, 0};
        if (!column->clustered ||
            2 * km_present(document, column, segment) < profile->sizes[segment]) {
            continue;
        }
        if (column->type == KMSEG_COLUMN_NUMBER && column->n_bins > 0 && !column->is_flag) {
            one.trait.difference = km_rank_of(document, column, column->segment_medians[segment]) -
                                   km_rank_of(document, column, column->median);
        } else if (column->type == KMSEG_COLUMN_NUMBER) {
            one.trait.difference = column->segment_means[segment] - column->mean;
        }
        for (int32_t l = 0; column->type == KMSEG_COLUMN_TEXT && l < column->n_levels; l++) {
            double away = column->segment_shares[(int64_t)segment * column->n_levels + l] -
                          column->level_shares[l];
            if (fabs(away) > fabs(one.trait.difference)) {
                one.trait.difference = away;
                one.trait.level = l;
            }
        }
        one.size = fabs(one.trait.difference);
        int repeats = 0; /* "no internet service" of six columns is one thing */
        for (int32_t i = 0; i < n && one.trait.level >= 0; i++) {
            repeats |= found[i].trait.level >= 0 && fabs(found[i].size - one.size) < 1e-9;
        }
        if (one.size >= LEAST && !repeats) {
            keep_largest(found, MOST_STANDINGS, &n, one);
        }
    }
    return n;
}

static km_item *item_of(km_document *document, const char *text) {
    km_item *item = km_arena_array(&document->arena, 1, sizeof *item);
    document->failed |= item == NULL;
    if (item != NULL) {
        item->text = text;
    }
    return item;
}

km_item *km_trait_list(km_document *document, int32_t segment, int32_t most) {
    const kmseg_profile *profile = document->result->profile;
    standing found[MOST_STANDINGS];
    int32_t n = standings(document, segment, found), used = 0;
    km_item *first = NULL, **next = &first;
    for (int32_t i = 0; i < n && used < most && !document->failed; i++, used++) {
        *next = item_of(document, trait_words(document, segment, &found[i].trait));
        next = *next != NULL ? &(*next)->next : next;
    }
    for (int32_t t = 0; t < profile->n_traits[segment] && used < most && !document->failed; t++) {
        const kmseg_trait *trait = trait_at(document, segment, t);
        const kmseg_profile_column *column = &profile->columns[trait->column];
        if (!column->clustered && !km_is_helper(column)) {
            *next = item_of(document, trait_words(document, segment, trait));
            next = *next != NULL ? &(*next)->next : next;
            used++;
        }
    }
    return first;
}

/* ---- names of segments ---- */

/* Words of Chinese names: {0} stands where "very" does. */
static const struct {
    const char *column, *high, *low;
} chinese[] = {
    {"recency", "久未购买", "近期活跃"},
    {"frequency", "高频", "低频"},
    {"n_orders", "高频", "低频"},
    {"orders", "高频", "低频"},
    {"monetary", "高消费", "低消费"},
    {"revenue", "高消费", "低消费"},
    {"spend", "高消费", "低消费"},
    {"total_spend", "高消费", "低消费"},
    {"tenure", "老", "较新"},
    {"age", "年长", "年轻"},
};

static const char *chinese_phrase(km_document *document, int32_t segment,
                                  const kmseg_trait *trait) {
    const kmseg_profile_column *column = &document->result->profile->columns[trait->column];
    int is_high = trait->difference > 0, is_very = fabs(trait->difference) >= 0.4;
    if (trait->level >= 0) {
        double share = column->segment_shares[(int64_t)segment * column->n_levels + trait->level];
        const char *level = km_level_label(document->language, column->levels[trait->level]);
        return km_print(document, "%s%s为%s",
                        is_high ? (share >= 0.5 ? "多数" : "较多")
                                : (share <= 0.05 ? "几乎无" : "较少"),
                        km_column_words_of(document, column->name), level);
    }
    for (size_t i = 0; i < sizeof chinese / sizeof *chinese; i++) {
        if (km_same_name(column->name, chinese[i].column)) {
            return km_print(document, "%s%s", is_very ? "极" : "",
                            is_high ? chinese[i].high : chinese[i].low);
        }
    }
    return km_print(document, "%s%s", km_column_words_of(document, column->name),
                    is_high ? (is_very ? "很高" : "较高") : (is_very ? "很低" : "较低"));
}

/* Of the two columns that were clustered on in which it differs most. */
static const char *chinese_name(km_document *document, int32_t segment) {
    enum { MOST_PHRASES = 2 };
    standing found[MOST_STANDINGS];
    int32_t n = standings(document, segment, found);
    const char *name = "";
    for (int32_t i = 0; i < n && i < MOST_PHRASES && (i == 0 || found[i].size >= 0.2); i++) {
        name = km_print(document, "%s%s%s", name, i > 0 ? "、" : "",
                        chinese_phrase(document, segment, &found[i].trait));
    }
    return n > 0                                        ? km_print(document, "%s客户", name)
           : document->result->profile->n_segments == 1 ? "全部客户"
                                                        : "一般客户";
}

static int is_taken(const km_document *document, int32_t n, const char *name) {
    for (int32_t s = 0; s < n; s++) {
        if (strcmp(document->names[s], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Told apart without red and green alone, on white and on black; every mark has its number too. */
static const char *const palette[] = {"#4477aa", "#ee7733", "#228833", "#aa3377",
                                      "#ccbb44", "#66ccee", "#cc3311", "#009988",
                                      "#8877cc", "#997700", "#ee6688", "#777777"};

/* "#rgb" or "#rrggbb"; a file may hold anything. */
static int is_colour(const char *text) {
    size_t n = strspn(text + (text[0] == '#'), "0123456789abcdefABCDEF");
    return text[0] == '#' && (n == 3 || n == 6) && text[n + 1] == '\0';
}

void km_document_names(km_document *document) {
    const kmseg_result *result = document->result;
    document->names = km_arena_array(&document->arena, result->n_segments, sizeof(char *));
    document->colours = km_arena_array(&document->arena, result->n_segments, sizeof(char *));
    if (document->names == NULL || document->colours == NULL) {
        document->failed = 1;
        return;
    }
    for (int32_t s = 0; s < result->n_segments; s++) {
        const kmseg_plan *plan = result->plans != NULL ? &result->plans[s] : NULL;
        int is_own = plan != NULL && plan->name[0] != '\0';
        const char *name = is_own || document->language == KM_ENGLISH_LANGUAGE
                               ? kmseg_segment_name(result, s)
                               : chinese_name(document, s);
        for (int32_t n = 2; !is_own && is_taken(document, s, name); n++) {
            name = km_print(document, "%s（%d）", chinese_name(document, s), n);
        }
        document->names[s] = name;
        document->colours[s] = plan != NULL && is_colour(plan->colour)
                                   ? plan->colour
                                   : palette[(size_t)s % (sizeof palette / sizeof *palette)];
    }
}

/* ---- rules ---- */

enum { DEPTH = 16 };

/* What the answers on the way to a leaf say of one column. */
typedef struct bounds {
    int32_t column, level, above_level, n_not, n_has;
    double above, most;
    int32_t not [DEPTH], has[DEPTH];
} bounds;

/* Nodes from the root to a leaf; returns how many, 0 where there is no way. Nodes behind a node have
 * higher positions, so the way back is one pass. */
static int32_t way_to(const kmseg_tree *tree, int32_t leaf, int32_t *out) {
    int32_t way[DEPTH + 1], n = 0, at = leaf;
    for (int32_t i = leaf; i >= 0 && n <= DEPTH; i--) {
        const kmseg_tree_node *node = &tree->nodes[i];
        if (i == leaf || (node->column >= 0 && (node->yes == at || node->no == at))) {
            way[n++] = at = i;
        }
    }
    for (int32_t i = 0; i < n; i++) {
        out[i] = way[n - 1 - i];
    }
    return n > 0 && out[0] == 0 ? n : 0;
}

static void answer(bounds *part, const kmseg_tree_node *node, const char *scale, int yes) {
    if (node->level >= 0 && yes && strcmp(scale, "multihot") == 0) {
        part->has[part->n_has++] = node->level;
    } else if (node->level >= 0 && yes) {
        part->level = node->level;
    } else if (node->level >= 0 && strcmp(scale, "ordinal") == 0) {
        part->above_level = node->level;
    } else if (node->level >= 0) {
        part->not [part->n_not++] = node->level;
    } else if (yes) {
        part->most = fmin(part->most, node->threshold);
    } else {
        part->above = fmax(part->above, node->threshold);
    }
}

static const char *plain_number(km_document *document, double value) {
    char plain[32];
    km_format_double(value, plain, sizeof plain);
    const char *point = strchr(plain, '.');
    return strchr(plain, 'e') != NULL
               ? km_print(document, "%s", plain)
               : km_number_text(document, value, point != NULL ? (int)strlen(point + 1) : 0);
}

static void say_number(km_document *document, const kmseg_prepare_column *column,
                       const bounds *part, km_string *out) {
    const char *label = km_column_words_of(document, column->name);
    if (strcmp(column->scale, "binary") == 0) {
        double value = isfinite(part->most) ? column->minimum : column->maximum;
        km_string_format(out, "%s = %s", label, plain_number(document, value));
        return;
    }
    km_string_add(out, label);
    if (isfinite(part->above)) {
        km_string_format(out, " > %s", plain_number(document, part->above));
    }
    if (isfinite(part->most)) {
        km_string_format(out, "%s \u2264 %s",
                         isfinite(part->above) ? km_word_of(document, KM_W_AND_OF_BOUNDS) : "",
                         plain_number(document, part->most));
    }
    const char *unit = km_unit_label(document->language, column->unit);
    if (is_word(column->unit) && strcmp(column->unit, "share") != 0 &&
        strstr(label, unit) == NULL) {
        km_string_format(out, " %s", unit);
    }
}

/* " has music、sport": all that it has, or none of these. */
static void say_tags(km_document *document, const kmseg_prepare_column *column, km_word word,
                     const int32_t *levels, int32_t n, km_string *out) {
    for (int32_t i = 0; i < n; i++) {
        km_string_format(out, "%s%s", i > 0 ? "\u3001" : km_word_of(document, word),
                         km_level_label(document->language, column->levels[levels[i]]));
    }
}

static void say_levels(km_document *document, const kmseg_prepare_column *column,
                       const bounds *part, km_string *out) {
    int is_ordered = strcmp(column->scale, "ordinal") == 0;
    km_string_add(out, km_column_words_of(document, column->name));
    if (strcmp(column->scale, "multihot") == 0) {
        say_tags(document, column, KM_W_HAS, part->has, part->n_has, out);
        km_string_add(out, part->n_has > 0 && part->n_not > 0
                               ? km_word_of(document, KM_W_AND_OF_BOUNDS)
                               : "");
        say_tags(document, column, KM_W_HAS_NOT, part->not, part->n_not, out);
        return;
    }
    if (is_ordered && part->above_level >= 0) {
        km_string_format(out, " > %s", column->levels[part->above_level]);
    }
    if (part->level >= 0) {
        km_string_format(out, " %s %s", is_ordered ? "\u2264" : "=",
                         km_level_label(document->language, column->levels[part->level]));
        return;
    }
    for (int32_t i = 0; i < part->n_not; i++) {
        km_string_format(out, "%s%s", i > 0 ? "\u3001" : " \u2260 ",
                         km_level_label(document->language, column->levels[part->not [i]]));
    }
}

const char *km_rule_words(km_document *document, const kmseg_tree_rule *rule) {
    const kmseg_prepare *prepare = document->result->prepare;
    const kmseg_tree *tree = document->result->rules;
    int32_t way[DEPTH + 1], n = way_to(tree, rule->node, way), n_parts = 0;
    bounds parts[DEPTH];
    for (int32_t i = 0; i + 1 < n; i++) {
        const kmseg_tree_node *node = &tree->nodes[way[i]];
        int32_t p = 0;
        while (p < n_parts && parts[p].column != node->column) {
            p++;
        }
        if (p == n_parts) {
            parts[n_parts++] = (bounds){.column = node->column,
                                        .above = -INFINITY,
                                        .most = INFINITY,
                                        .level = -1,
                                        .above_level = -1};
        }
        answer(&parts[p], node, prepare->columns[node->column].scale, node->yes == way[i + 1]);
    }
    km_string text;
    km_string_init(&text, &document->arena.allocator);
    km_string_add(&text, n_parts == 0 ? km_word_of(document, KM_W_EVERYONE) : "");
    for (int32_t p = 0; p < n_parts; p++) {
        const kmseg_prepare_column *column = &prepare->columns[parts[p].column];
        km_string_add(&text, p > 0 ? km_word_of(document, KM_W_AND) : "");
        if (column->type == KMSEG_COLUMN_TEXT) {
            say_levels(document, column, &parts[p], &text);
        } else {
            say_number(document, column, &parts[p], &text);
        }
    }
    const char *kept = km_keep(document, &text);
    km_string_free(&text);
    return kept;
}

/* ---- suggestions ---- */

const char *km_suggestion(km_document *document, int32_t segment) {
    const kmseg_profile *profile = document->result->profile;
    double share = profile->size_shares[segment];
    if (profile->value_column[0] == '\0' || document->result->n_segments < 2 || !(share > 0)) {
        return "";
    }
    double times = profile->value_shares[segment] / share;
    const kmseg_profile_column *recency = km_profile_find(document, "recency");
    double rank = NAN; /* of all customers, the share that is not absent for longer */
    if (recency != NULL && recency->type == KMSEG_COLUMN_NUMBER &&
        strcmp(recency->unit, "days") == 0) {
        rank = km_rank_of(document, recency, recency->segment_medians[segment]);
    }
    int is_absent = rank >= 0.6, is_recent = rank <= 0.4;
    const char *as_rank = km_percent_text(document, rank);
    const char *as_times = km_number_text(document, times, 1);
    const char *as_share = km_percent_text(document, times);
    if (times >= 1.25) {
        return is_absent ? km_said(document, KM_W_SUGGEST_WIN_BACK, as_times, as_rank, NULL)
                         : km_said(document, KM_W_SUGGEST_KEEP, as_times, NULL);
    }
    if (is_absent) {
        return km_said(document, KM_W_SUGGEST_REAWAKEN, as_share, as_rank, NULL);
    }
    if (times >= 0.75) {
        return km_said(document, KM_W_SUGGEST_HOLD, NULL);
    }
    return km_said(document, is_recent ? KM_W_SUGGEST_DEVELOP : KM_W_SUGGEST_GROW, as_share, NULL);
}
