/* What sets a segment apart. */
#include "base/text.h"
#include "profile/profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shares closer than this are not worth saying, however rare the level. */
#define SHARE_POINTS 0.1

static double difference_at(const km_profiling *p, int32_t segment, int32_t column, int32_t level) {
    const kmseg_profile_column *c = &p->columns[column];
    return level < 0 ? p->contrasts[column].differences[segment]
                     : p->contrasts[column].differences[(int64_t)segment * c->n_levels + level];
}

static double lift_of(double own, double all) {
    return all > 0 && own >= 0 ? own / all : (double)NAN;
}

/* Both numbers of a trait as people read them. */
typedef struct shown {
    char own[64], all[64];
    int is_mean;
} shown;

static void show_share(double share, char *out, size_t capacity) {
    char number[48];
    km_format_number(100 * share, share > 0 && share < 0.0995 ? 1 : 0, number, sizeof number);
    snprintf(out, capacity, "%s %%", number);
}

static shown show(const kmseg_profile_column *c, int32_t segment, const kmseg_trait *trait) {
    shown s = {"", "", 0};
    if (c->type == KMSEG_COLUMN_TEXT) {
        show_share(c->segment_shares[(int64_t)segment * c->n_levels + trait->level], s.own,
                   sizeof s.own);
        show_share(c->level_shares[trait->level], s.all, sizeof s.all);
        return s;
    }
    double own = c->segment_medians[segment], all = c->median;
    if (km_is_share(c) || !((own - all) * trait->difference > 0)) {
        own = c->segment_means[segment]; /* medians do not show the difference */
        all = c->mean;
        s.is_mean = 1;
    }
    if (km_is_share(c)) {
        show_share(own, s.own, sizeof s.own);
        show_share(all, s.all, sizeof s.all);
        s.is_mean = 0; /* a share is one */
        return s;
    }
    int whole = own == rint(own) && all == rint(all);
    int decimals = whole ? 0 : km_decimals(fmax(fabs(own), fabs(all)));
    km_format_number(own, decimals, s.own, sizeof s.own);
    km_format_number(all, decimals, s.all, sizeof s.all);
    return s;
}

static int is_worth_saying(const km_profiling *p, int32_t segment, int32_t column, int32_t level) {
    double difference = difference_at(p, segment, column, level);
    const kmseg_profile_column *c = &p->columns[column];
    if (fabs(difference) < KM_TRAIT_DIFFERENCE) {
        return 0;
    }
    /* Segments differ by construction in what they were made from, elsewhere by chance too. */
    double errors = fabs(difference) * sqrt((double)p->contrasts[column].present[segment]);
    if (p->prepare != NULL && !c->clustered && errors < 2) {
        return 0;
    }
    if (2 * p->contrasts[column].present[segment] < p->sizes[segment]) {
        return 0; /* of the few that have a value, not of the segment */
    }
    if (level < 0) {
        const kmseg_trait trait = {column, level, difference, 0};
        shown s = show(c, segment, &trait);
        return strcmp(s.own, s.all) != 0;
    }
    double share = c->segment_shares[(int64_t)segment * c->n_levels + level];
    return fabs(share - c->level_shares[level]) >= SHARE_POINTS;
}

/* Two traits that say the same of every segment. */
static int say_the_same(const km_profiling *p, const kmseg_trait *a, const kmseg_trait *b) {
    if ((a->level < 0) != (b->level < 0)) {
        return 0;
    }
    for (int32_t s = 0; s < p->n_segments; s++) {
        if (fabs(difference_at(p, s, a->column, a->level) -
                 difference_at(p, s, b->column, b->level)) > 0.01) {
            return 0;
        }
    }
    return 1;
}

/* Strongest first; among equals what is more frequent than usual, then by position. */
static int by_strength(const void *a, const void *b) {
    const kmseg_trait *x = a, *y = b;
    double p = rint(fabs(x->difference) * 1e9), q = rint(fabs(y->difference) * 1e9);
    if (p != q) {
        return p < q ? 1 : -1;
    }
    if ((x->difference > 0) != (y->difference > 0)) {
        return x->difference > 0 ? -1 : 1;
    }
    if (x->column != y->column) {
        return x->column < y->column ? -1 : 1;
    }
    return (x->level > y->level) - (x->level < y->level);
}

/* A better known column says it, unless the segments were made from this one alone. */
static int has_twin(const km_profiling *p, const kmseg_profile_column *column) {
    const char *twin = km_better_known(column->name);
    for (int32_t c = 0; twin != NULL && c < p->out->n_columns; c++) {
        if (strcmp(p->columns[c].name, twin) == 0) {
            return p->columns[c].clustered >= column->clustered;
        }
    }
    return 0;
}

static int32_t collect(const km_profiling *p, int32_t segment, int only_clustered,
                       kmseg_trait *out) {
    int32_t n = 0;
    for (int32_t c = 0; c < p->out->n_columns; c++) {
        const kmseg_profile_column *column = &p->columns[c];
        if ((only_clustered && !column->clustered) || has_twin(p, column)) {
            continue;
        }
        int32_t first = column->type == KMSEG_COLUMN_TEXT ? 0 : -1;
        int32_t end = column->type == KMSEG_COLUMN_TEXT ? column->n_levels : 0;
        for (int32_t level = first; level < end; level++) {
            if (is_worth_saying(p, segment, c, level)) {
                double lift = level < 0
                                  ? lift_of(column->segment_means[segment], column->mean)
                                  : lift_of(column->segment_shares[(int64_t)segment * end + level],
                                            column->level_shares[level]);
                out[n++] = (kmseg_trait){c, level, difference_at(p, segment, c, level), lift};
            }
        }
    }
    if (n > 1) {
        qsort(out, (size_t)n, sizeof *out, by_strength);
    }
    return n;
}

/* A stronger trait is about the same column: of "yes" and "no" one is what is left of the other. */
static int is_spoken_for(const kmseg_trait *candidates, int32_t i) {
    for (int32_t k = 0; k < i; k++) {
        if (candidates[k].column == candidates[i].column) {
            return 1;
        }
    }
    return 0;
}

int32_t km_strongest_traits(const km_profiling *p, int32_t segment, int only_clustered,
                            kmseg_trait *candidates, int32_t capacity, kmseg_trait *out) {
    int32_t n = collect(p, segment, only_clustered, candidates), kept = 0;
    for (int32_t i = 0; i < n && kept < capacity; i++) {
        int repeats = is_spoken_for(candidates, i);
        for (int32_t k = 0; k < kept && !repeats; k++) {
            repeats = say_the_same(p, &out[k], &candidates[i]);
        }
        if (!repeats) {
            out[kept++] = candidates[i];
        }
    }
    return kept;
}

int64_t km_count_features(const km_profiling *p) {
    int64_t n = 0;
    for (int32_t c = 0; c < p->out->n_columns; c++) {
        n += p->columns[c].type == KMSEG_COLUMN_TEXT ? p->columns[c].n_levels : 1;
    }
    return n;
}

kmseg_status km_profile_traits(km_profiling *p) {
    int32_t capacity = p->options->max_traits;
    kmseg_trait *candidates = km_arena_array(&p->scratch, km_count_features(p), sizeof *candidates);
    int32_t *n_traits = km_arena_array(p->arena, p->n_segments, sizeof *n_traits);
    kmseg_trait *traits =
        km_arena_array(p->arena, (int64_t)p->n_segments * capacity, sizeof *traits);
    if (candidates == NULL || n_traits == NULL || traits == NULL) {
        return km_fail_memory(p->ctx, "the traits of segments");
    }
    for (int32_t s = 0; s < p->n_segments; s++) {
        n_traits[s] =
            km_strongest_traits(p, s, 0, candidates, capacity, traits + (int64_t)s * capacity);
    }
    p->out->n_traits = n_traits;
    p->out->traits = traits;
    p->out->max_traits = capacity;
    return KMSEG_OK;
}

void kmseg_trait_text(const kmseg_profile *profile, int32_t segment, int32_t trait, char *out,
                      size_t capacity) {
    if (capacity == 0) {
        return;
    }
    out[0] = '\0';
    if (segment < 0 || segment >= profile->n_segments || trait < 0 ||
        trait >= profile->n_traits[segment]) {
        return;
    }
    const kmseg_trait *t = &profile->traits[(int64_t)segment * profile->max_traits + trait];
    const kmseg_profile_column *c = &profile->columns[t->column];
    char words[200];
    int has_unit = km_column_words(c, words, sizeof words);
    shown s = show(c, segment, t);
    if (t->level >= 0) {
        snprintf(out, capacity, "%s %s %s (all: %s)", words, c->levels[t->level], s.own, s.all);
        return;
    }
    int is_said = has_unit || strstr(words, c->unit) != NULL; /* not "purchases 5 purchases" */
    const char *unit = is_said || km_is_share(c) ? "" : c->unit;
    int length = (int)strlen(unit);
    length -= length > 1 && unit[length - 1] == 's' && strcmp(s.own, "1") == 0; /* 1 order */
    snprintf(out, capacity, "%s %s%s%.*s%s (all: %s)", words, s.own, length > 0 ? " " : "", length,
             unit, s.is_mean ? " on average" : "", s.all);
}
