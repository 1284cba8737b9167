/* Names of segments in words.
 *
 * A name is made of the segment's strongest traits among the columns that were clustered on, so it
 * is true by the numbers: "frequent" says that the segment's mean frequency is above that of all
 * customers by a trait's threshold, "very" that it is by VERY standard deviations. Who spends more
 * than a segment of "big spenders" is called that too. Segments that would share a name get further
 * traits, then a number that differs. */
#include "base/text.h"
#include "profile/profile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define VERY 1.5

enum {
    FIRST_TRAITS = 2, /* in a name, unless it needs more to be unique */
    MOST_TRAITS = 8,
    PHRASE = 96, /* bytes of the words for one trait */
};

typedef enum place {
    ADJECTIVE, /* "recent" before the noun */
    NOUN,      /* "big spenders" */
    QUALITY,   /* "with high satisfaction" behind it */
    SHARE,     /* "mostly country France" at the end */
    N_PLACES
} place;

/* Words for usual columns; case and punctuation of the name do not matter. */
static const struct {
    const char *column;
    place place;
    const char *high, *low;
} words[] = {
    {"recency", ADJECTIVE, "long-absent", "recent"},
    {"days_since_last_order", ADJECTIVE, "long-absent", "recent"},
    {"days_since_last_purchase", ADJECTIVE, "long-absent", "recent"},
    {"days_since_order", ADJECTIVE, "long-absent", "recent"},
    {"days_since_purchase", ADJECTIVE, "long-absent", "recent"},
    {"frequency", ADJECTIVE, "frequent", "infrequent"},
    {"orders", ADJECTIVE, "frequent", "infrequent"},
    {"n_orders", ADJECTIVE, "frequent", "infrequent"},
    {"order_count", ADJECTIVE, "frequent", "infrequent"},
    {"orders_per_year", ADJECTIVE, "frequent", "infrequent"},
    {"orders_per_month", ADJECTIVE, "frequent", "infrequent"},
    {"purchases", ADJECTIVE, "frequent", "infrequent"},
    {"n_purchases", ADJECTIVE, "frequent", "infrequent"},
    {"tenure", ADJECTIVE, "long-standing", "newer"},
    {"tenure_days", ADJECTIVE, "long-standing", "newer"},
    {"tenure_months", ADJECTIVE, "long-standing", "newer"},
    {"tenure_years", ADJECTIVE, "long-standing", "newer"},
    {"age", ADJECTIVE, "older", "younger"},
    {"age_years", ADJECTIVE, "older", "younger"},
    {"monetary", NOUN, "big spenders", "small spenders"},
    {"revenue", NOUN, "big spenders", "small spenders"},
    {"total_revenue", NOUN, "big spenders", "small spenders"},
    {"spend", NOUN, "big spenders", "small spenders"},
    {"spending", NOUN, "big spenders", "small spenders"},
    {"total_spend", NOUN, "big spenders", "small spenders"},
    {"total_spent", NOUN, "big spenders", "small spenders"},
    {"annual_spend", NOUN, "big spenders", "small spenders"},
    {"yearly_spend", NOUN, "big spenders", "small spenders"},
    {"annual_spending", NOUN, "big spenders", "small spenders"},
    {"sales", NOUN, "big spenders", "small spenders"},
    {"total_sales", NOUN, "big spenders", "small spenders"},
    {"clv", QUALITY, "high lifetime value", "low lifetime value"},
    {"lifetime_value", QUALITY, "high lifetime value", "low lifetime value"},
    {"customer_lifetime_value", QUALITY, "high lifetime value", "low lifetime value"},
    {"p_alive", ADJECTIVE, "active", "probably lost"},
    {"churn_risk", QUALITY, "a high risk of leaving", "a low risk of leaving"},
    {"expected_purchases", QUALITY, "many purchases to expect", "few purchases to expect"},
    {"expected_spend", QUALITY, "high spend per purchase", "low spend per purchase"},
    {"employees", QUALITY, "many employees", "few employees"},
    {"n_employees", QUALITY, "many employees", "few employees"},
    {"headcount", QUALITY, "many employees", "few employees"},
    {"seats", QUALITY, "many seats", "few seats"},
    {"users", QUALITY, "many users", "few users"},
};

static const char mostly[] = "mostly ";

/* The traits a name can draw on. */
typedef struct draft {
    kmseg_trait traits[MOST_TRAITS];
    int32_t n, used;
    char name[10 * PHRASE];
} draft;

/* A recency that is a score from 1 to 5 runs the other way round, so only days get the words. */
static int is_score(const kmseg_profile_column *c) {
    return strcmp(c->unit, "days") != 0 && !(fabs(c->mean) > 5);
}

static int find_words(const kmseg_profile_column *c) {
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        if (km_same_name(c->name, words[w].column)) {
            int counts_days = strcmp(words[w].low, "recent") == 0;
            return counts_days && is_score(c) ? -1 : (int)w;
        }
    }
    return -1;
}

/* Copies at most limit bytes of UTF-8, whole characters, underscores and control characters as
 * spaces. */
static void copy_words(const char *from, char *out, size_t limit) {
    size_t n = strlen(from);
    n = n < limit ? n : limit - 1;
    while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80) {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = from[i] == '_' || (unsigned char)from[i] < 0x20 ? ' ' : from[i];
    }
    out[n] = '\0';
}

static void column_words(const kmseg_profile_column *c, char *out, size_t limit) {
    char spelt[200];
    (void)km_column_words(c, spelt, sizeof spelt);
    copy_words(spelt, out, limit);
}

/* "with" for yes, "without" for no, else NULL. */
static const char *having(const char *level) {
    return km_same_name(level, "yes") || km_same_name(level, "true")   ? "with"
           : km_same_name(level, "no") || km_same_name(level, "false") ? "without"
                                                                       : NULL;
}

static place share_phrase(const kmseg_profile_column *c, const kmseg_trait *trait, int32_t segment,
                          char *out) {
    char column[PHRASE / 3], level[PHRASE / 3];
    column_words(c, column, sizeof column);
    copy_words(c->levels[trait->level], level, sizeof level);
    double share = c->segment_shares[(int64_t)segment * c->n_levels + trait->level];
    const char *how = trait->difference > 0 ? (share >= 0.5 ? "mostly" : "more often")
                                            : (share <= 0.05 ? "hardly ever" : "less often");
    const char *with = having(c->levels[trait->level]);
    snprintf(out, PHRASE, "%s %s %s", how, with != NULL ? with : column,
             with != NULL ? column : level);
    return SHARE;
}

/* The words for one trait, and where they go. */
static place phrase_of(const km_profiling *p, int32_t segment, const kmseg_trait *trait,
                       char *out) {
    const kmseg_profile_column *c = &p->columns[trait->column];
    if (c->type == KMSEG_COLUMN_TEXT) {
        return share_phrase(c, trait, segment, out);
    }
    char column[PHRASE / 2];
    column_words(c, column, sizeof column);
    if (c->is_flag) {
        double share = c->segment_means[segment];
        snprintf(out, PHRASE, "%s %s",
                 trait->difference > 0 ? (share >= 0.5 ? "mostly" : "more often")
                                       : (share <= 0.05 ? "hardly ever" : "less often"),
                 column);
        return SHARE;
    }
    int w = find_words(c);
    int is_very = fabs(trait->difference) >= VERY;
    const char *very = is_very ? "very " : "";
    if (w < 0) {
        snprintf(out, PHRASE, "%s%s %s", very, trait->difference > 0 ? "high" : "low", column);
        return QUALITY;
    }
    const char *word = trait->difference > 0 ? words[w].high : words[w].low;
    int compares = strcmp(word + strlen(word) - 2, "er") == 0; /* much older, very recent */
    snprintf(out, PHRASE, "%s%s", is_very && compares ? "much " : very, word);
    return words[w].place;
}

static void append(char *to, size_t capacity, const char *separator, const char *text) {
    size_t used = strlen(to);
    snprintf(to + used, capacity - used, "%s%s", used > 0 ? separator : "", text);
}

/* The name made of the first d->used traits. */
static void compose(const km_profiling *p, int32_t segment, draft *d) {
    char parts[N_PLACES][9 * PHRASE] = {"", "", "", ""};
    int is_mostly = 0; /* the last share began with it: said once */
    for (int32_t t = 0; t < d->used; t++) {
        char phrase[PHRASE];
        place at = phrase_of(p, segment, &d->traits[t], phrase);
        if (at == NOUN && parts[NOUN][0] != '\0') {
            continue; /* two columns of spend: the stronger is enough */
        }
        int begins = at == SHARE && strncmp(phrase, mostly, strlen(mostly)) == 0;
        append(parts[at], sizeof parts[at], ", ",
               begins && is_mostly ? phrase + strlen(mostly) : phrase);
        is_mostly = at == SHARE ? begins : is_mostly;
    }
    if (d->used == 0) {
        append(parts[ADJECTIVE], sizeof parts[ADJECTIVE], "",
               p->sizes[segment] == 0 ? "no"
               : p->n_segments == 1   ? "all"
                                      : "ordinary");
    }
    int has_noun = d->used == 0;
    for (int at = ADJECTIVE; at <= QUALITY; at++) {
        has_noun |= parts[at][0] != '\0';
    }
    d->name[0] = '\0';
    append(d->name, sizeof d->name, "", parts[ADJECTIVE]);
    if (has_noun) {
        const char *noun = parts[NOUN][0] != '\0' ? parts[NOUN] : "customers";
        int is_very = strncmp(noun, "very ", strlen("very ")) == 0;
        append(d->name, sizeof d->name, is_very ? ", " : " ", noun);
    }
    if (parts[QUALITY][0] != '\0') {
        append(d->name, sizeof d->name, " with ", parts[QUALITY]);
    }
    if (parts[SHARE][0] != '\0') {
        append(d->name, sizeof d->name, ", ", parts[SHARE]);
    }
    if (d->name[0] >= 'a' && d->name[0] <= 'z') {
        d->name[0] = (char)(d->name[0] - 'a' + 'A'); /* in any locale */
    }
}

static void gather_traits(const km_profiling *p, int32_t segment, kmseg_trait *candidates,
                          draft *d) {
    int only_clustered = p->prepare != NULL;
    d->n = km_strongest_traits(p, segment, only_clustered, candidates, MOST_TRAITS, d->traits);
    d->used = d->n < FIRST_TRAITS ? d->n : FIRST_TRAITS;
    compose(p, segment, d);
}

static int is_shared(const draft *drafts, int32_t n, int32_t segment) {
    for (int32_t s = 0; s < n; s++) {
        if (s != segment && strcmp(drafts[s].name, drafts[segment].name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Adds the next trait to every segment of a shared name, until no trait is left. */
static kmseg_status lengthen(km_profiling *p, draft *drafts) {
    int32_t *shared = km_arena_array(&p->scratch, p->n_segments, sizeof *shared);
    if (shared == NULL) {
        return km_fail_memory(p->ctx, "the names of segments");
    }
    for (int32_t round = 0; round < MOST_TRAITS; round++) {
        for (int32_t s = 0; s < p->n_segments; s++) {
            shared[s] = is_shared(drafts, p->n_segments, s) && drafts[s].used < drafts[s].n;
        }
        for (int32_t s = 0; s < p->n_segments; s++) {
            if (shared[s]) {
                drafts[s].used++;
                compose(p, s, &drafts[s]);
            }
        }
    }
    return KMSEG_OK;
}

/* Position among the first n traits of the one that makes the noun ("big spenders"), or -1. */
static int32_t find_noun(const km_profiling *p, const draft *d, int32_t n) {
    for (int32_t t = 0; t < n; t++) {
        const kmseg_profile_column *c = &p->columns[d->traits[t].column];
        int w = c->type == KMSEG_COLUMN_NUMBER && !c->is_flag ? find_words(c) : -1;
        if (w >= 0 && words[w].place == NOUN) {
            return t;
        }
    }
    return -1;
}

/* 1 when some segment is called by a noun that is truer of segment s, whose name lacks it. */
static int is_outdone(const km_profiling *p, const draft *drafts, int32_t s,
                      const kmseg_trait *own) {
    for (int32_t other = 0; other < p->n_segments; other++) {
        int32_t t = find_noun(p, &drafts[other], drafts[other].used);
        const kmseg_trait *said = t >= 0 ? &drafts[other].traits[t] : NULL;
        if (other != s && said != NULL && said->column == own->column &&
            (said->difference > 0) == (own->difference > 0) &&
            fabs(own->difference) > fabs(said->difference)) {
            return 1;
        }
    }
    return 0;
}

/* Nobody is to be called a big spender while those who spend more are not. */
static void spread_nouns(const km_profiling *p, draft *drafts) {
    for (int32_t s = 0; s < p->n_segments; s++) {
        draft *d = &drafts[s];
        int32_t t = find_noun(p, d, d->n);
        if (t >= d->used && is_outdone(p, drafts, s, &d->traits[t])) {
            kmseg_trait noun = d->traits[t];
            memmove(&d->traits[d->used + 1], &d->traits[d->used],
                    (size_t)(t - d->used) * sizeof noun);
            d->traits[d->used++] = noun;
            compose(p, s, d);
        }
    }
}

/* The number column in which segments of one name differ most, or -1. */
static int32_t most_telling(const km_profiling *p, const draft *drafts, const char *name) {
    int32_t best = -1;
    double widest = 0;
    for (int32_t c = 0; c < p->out->n_columns; c++) {
        if (p->columns[c].type != KMSEG_COLUMN_NUMBER) {
            continue;
        }
        double low = INFINITY, high = -INFINITY;
        for (int32_t s = 0; s < p->n_segments; s++) {
            if (strcmp(drafts[s].name, name) == 0) {
                low = fmin(low, p->contrasts[c].differences[s]);
                high = fmax(high, p->contrasts[c].differences[s]);
            }
        }
        if (high - low > widest) {
            widest = high - low;
            best = c;
        }
    }
    return best;
}

static const char *numbered(km_profiling *p, const draft *drafts, int32_t segment) {
    const char *name = drafts[segment].name;
    int32_t telling = most_telling(p, drafts, name);
    char number[40] = "";
    if (telling >= 0 && !isnan(p->columns[telling].segment_means[segment])) {
        const kmseg_profile_column *c = &p->columns[telling];
        km_format_rounded(c->segment_means[segment], 3, number, sizeof number);
        return km_arena_format(p->arena, "%s (%s %s%s%s)", name, c->name, number,
                               c->unit[0] != '\0' ? " " : "", c->unit);
    }
    return km_arena_text(p->arena, name);
}

/* Last, whatever is still the same is counted: "Ordinary customers (2)". */
static int count_repeats(km_profiling *p, const char **names) {
    for (int32_t s = 1; s < p->n_segments; s++) {
        const char *base = names[s];
        for (int32_t n = 2, t = 0; t < s; t++) {
            if (strcmp(names[t], names[s]) == 0) {
                names[s] = km_arena_format(p->arena, "%s (%d)", base, n++);
                if (names[s] == NULL) {
                    return 0;
                }
                t = -1; /* the longer name is compared with all again */
            }
        }
    }
    return 1;
}

kmseg_status km_profile_names(km_profiling *p) {
    const char **names = km_arena_array(p->arena, p->n_segments, sizeof *names);
    draft *drafts = km_arena_array(&p->scratch, p->n_segments, sizeof *drafts);
    kmseg_trait *candidates = km_arena_array(&p->scratch, km_count_features(p), sizeof *candidates);
    if (names == NULL || drafts == NULL || candidates == NULL) {
        return km_fail_memory(p->ctx, "the names of segments");
    }
    for (int32_t s = 0; s < p->n_segments; s++) {
        gather_traits(p, s, candidates, &drafts[s]);
    }
    spread_nouns(p, drafts);
    KM_TRY(lengthen(p, drafts));
    for (int32_t s = 0; s < p->n_segments; s++) {
        names[s] = is_shared(drafts, p->n_segments, s) ? numbered(p, drafts, s)
                                                       : km_arena_text(p->arena, drafts[s].name);
        if (names[s] == NULL) {
            return km_fail_memory(p->ctx, "the names of segments");
        }
    }
    if (!count_repeats(p, names)) {
        return km_fail_memory(p->ctx, "the names of segments");
    }
    p->out->names = names;
    return KMSEG_OK;
}
