/* From the evidence to a recommendation, in sentences: which number each index favours, whether they
 * agree, and whether the segments of that number can be trusted and used. */
#include "base/text.h"
#include "choose/choose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Below this mean silhouette there is "no substantial structure" (Kaufman & Rousseeuw 1990). */
#define LEAST_SILHOUETTE 0.25
/* From here on Hennig calls a cluster valid. */
#define LEAST_STABILITY 0.75
/* Indices that need to agree, of KMSEG_VOTES: the gap statistic, which alone compares with customers
 * that have no groups, and two of the others; or all the others. Silhouette, Calinski-Harabasz and
 * Davies-Bouldin are much alike: on one long cloud they agree on 2. */
enum { LEAST_VOTES = 3, LEAST_WITHOUT_GAP = 4, TEXT = 400 };
/* log(4 / 3): by one more segment the inertia falls a further quarter below that of uniform data. */
#define LARGE_STEP 0.2876820724517809

typedef struct verdict {
    kmseg_context *ctx;
    kmseg_choice *choice;
    kmseg_choice_row *rows;
    double total_squares, min_share;
    km_arena *arena;
    const char **reasons;
    int failed;
} verdict;

static const char *keep(verdict *v, const char *text) {
    const char *copy = km_arena_text(v->arena, text);
    v->failed |= copy == NULL;
    return copy != NULL ? copy : "";
}

static void add_reason(verdict *v, const char *text) {
    v->reasons[v->choice->n_reasons++] = keep(v, text);
}

static void number(double value, int decimals, char *out) {
    km_format_number(value, decimals, out, 64);
}

static kmseg_choice_row *row_of(const verdict *v, int32_t k) {
    for (int32_t i = 0; i < v->choice->n_rows; i++) {
        if (v->rows[i].sweep.n_clusters == k) {
            return &v->rows[i];
        }
    }
    return NULL;
}

static void vote(verdict *v, int32_t which, const char *index, int32_t k, const char *reason) {
    v->choice->votes[which] = (kmseg_vote){index, k, keep(v, reason)};
    kmseg_choice_row *row = k > 0 ? row_of(v, k) : NULL;
    if (row != NULL) {
        row->n_votes++;
    }
}

/* The rule of the gap statistic from the number first on. */
static int32_t gap_from(const kmseg_choice *choice, int32_t first) {
    return kmseg_gap_choice(choice->gaps + first - 1, choice->n_gaps - first + 1);
}

/* The rule stops at the first number that the next does not beat, so before groups that lie equally
 * far apart: of three, two segments are hardly better than one. Where one further segment later makes
 * a large step, up to more than there was before, the rule goes on from there. Long tails rise too,
 * but in small steps. */
static int32_t gap_number(const kmseg_choice *choice) {
    const kmseg_gap *gaps = choice->gaps;
    int32_t k = gap_from(choice, 1);
    for (int32_t next = k + 1; k > 0 && next <= choice->n_gaps; next++) {
        double before = fmax(gaps[k - 1].gap, gaps[next - 2].gap);
        if (gaps[next - 1].gap - gaps[next - 1].error > before + LARGE_STEP) {
            k = gap_from(choice, next);
            next = k;
        }
    }
    return k;
}

static int32_t vote_gap(verdict *v) {
    const kmseg_choice *choice = v->choice;
    int32_t k = choice->n_gaps > 0 ? gap_number(choice) : 0;
    char text[TEXT], gap[64], next[64], error[64];
    if (choice->n_gaps == 0) {
        snprintf(text, sizeof text, "the gap statistic was left out");
    } else if (k == 0) {
        snprintf(text, sizeof text,
                 "the gap statistic still rises at %d segments, the last number looked at",
                 choice->n_gaps);
    } else {
        number(choice->gaps[k - 1].gap, 3, gap);
        number(choice->gaps[k].gap, 3, next);
        number(choice->gaps[k].error, 3, error);
        snprintf(text, sizeof text,
                 "the gap statistic is %s for %d, and %s +- %s, no better, for %d", gap, k, next,
                 error, k + 1);
    }
    vote(v, 0, "gap", k, text);
    return k;
}

/* An index of a row, made so that higher is better. */
typedef double (*index_fn)(const kmseg_choice_row *row);
static double silhouette(const kmseg_choice_row *row) { return row->sweep.scores.silhouette; }
static double calinski_harabasz(const kmseg_choice_row *row) {
    return row->sweep.scores.calinski_harabasz;
}
static double davies_bouldin(const kmseg_choice_row *row) {
    return -row->sweep.scores.davies_bouldin;
}

/* The row that an index likes best, the first of equals; NULL where it is nowhere defined. */
static const kmseg_choice_row *best_row(const verdict *v, index_fn of) {
    const kmseg_choice_row *best = NULL;
    for (int32_t i = 0; i < v->choice->n_rows; i++) {
        if (!isnan(of(&v->rows[i])) && (best == NULL || of(&v->rows[i]) > of(best))) {
            best = &v->rows[i];
        }
    }
    return best;
}

/* The largest number fitted, unless the gap statistic vouches for it. */
static int at_the_end(const verdict *v, const kmseg_choice_row *row, int32_t gap) {
    return v->choice->n_rows > 1 && row == &v->rows[v->choice->n_rows - 1] &&
           row->sweep.n_clusters != gap;
}

static void vote_index(verdict *v, int32_t which, const char *index, const char *words, index_fn of,
                       int32_t gap) {
    const kmseg_choice_row *best = best_row(v, of);
    char text[TEXT], value[64];
    if (best == NULL) {
        snprintf(text, sizeof text, "%s is not defined for these numbers of segments", words);
        vote(v, which, index, 0, text);
        return;
    }
    double score = fabs(of(best));
    int32_t k = best->sweep.n_clusters;
    number(score, score < 10 ? 3 : 0, value);
    if (of == silhouette && of(best) < LEAST_SILHOUETTE) {
        snprintf(text, sizeof text,
                 "%s is at most %s, below the 0.25 under which there is no substantial structure",
                 words, value);
        k = 0;
    } else if (at_the_end(v, best, gap)) {
        snprintf(text, sizeof text,
                 "%s is best, %s, for %d, the end of the range: it may get better"
                 " beyond",
                 words, value, k);
        k = 0;
    } else {
        snprintf(text, sizeof text, "%s is best, %s, for %d", words, value, k);
    }
    vote(v, which, index, k, text);
}

/* Points of log inertia over log k: on a straight line where there are no groups, because uniform
 * samples of d features have an inertia in proportion to k^(-2/d). One segment has the whole sum of
 * squares, fitted or not. */
static kmseg_status vote_knee(verdict *v) {
    int32_t n = 0, n_rows = v->choice->n_rows, position = -1;
    double *x = km_arena_array(v->arena, n_rows + 1, sizeof *x);
    double *y = km_arena_array(v->arena, n_rows + 1, sizeof *y);
    if (x == NULL || y == NULL) {
        return km_fail_memory(v->ctx, "a recommendation");
    }
    double floor = 1e-9 * v->total_squares;
    if (v->rows[0].sweep.n_clusters == 2) {
        y[n++] = log(v->total_squares);
    }
    for (int32_t i = 0; i < n_rows; i++) {
        x[n] = log(v->rows[i].sweep.n_clusters);
        y[n++] = log(fmax(v->rows[i].sweep.scores.inertia, floor));
    }
    if (n > 2) {
        KM_TRY(kmseg_knee(v->ctx, x, y, n, 1, &position));
    }
    char text[TEXT];
    int32_t k = position >= 0 ? (int32_t)lround(exp(x[position])) : 0;
    if (k > 0) {
        snprintf(text, sizeof text, "inertia falls markedly more slowly beyond %d", k);
    } else {
        snprintf(text, sizeof text,
                 "inertia has no knee: it falls evenly with every further segment");
    }
    vote(v, 4, "knee", k, text);
    return KMSEG_OK;
}

static double smallest_share(const verdict *v, const kmseg_choice_row *row) {
    return (double)row->sweep.smallest / (double)v->choice->n_samples;
}

static int is_stable(const kmseg_choice_row *row) {
    return isnan(row->stability) || row->stability >= LEAST_STABILITY;
}

static int is_sound(const verdict *v, const kmseg_choice_row *row) {
    return is_stable(row) && smallest_share(v, row) >= v->min_share;
}

/* More votes, then sound, then more stable, then fewer segments. */
static int is_better(const verdict *v, const kmseg_choice_row *a, const kmseg_choice_row *b) {
    if (a->n_votes != b->n_votes) {
        return a->n_votes > b->n_votes;
    }
    if (is_sound(v, a) != is_sound(v, b)) {
        return is_sound(v, a);
    }
    return !isnan(a->stability) && a->stability > b->stability;
}

static const char *index_words(const char *index) {
    return strcmp(index, "gap") == 0                 ? "the gap statistic"
           : strcmp(index, "silhouette") == 0        ? "silhouette"
           : strcmp(index, "calinski_harabasz") == 0 ? "Calinski-Harabasz"
           : strcmp(index, "davies_bouldin") == 0    ? "Davies-Bouldin"
                                                     : "the knee of inertia";
}

/* "the gap statistic, silhouette and Davies-Bouldin": those that favour k. */
static void add_voters(const verdict *v, int32_t k, char *out, size_t capacity) {
    int32_t left = 0;
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < KMSEG_VOTES; i++) {
        left += v->choice->votes[i].n_clusters == k;
    }
    for (int i = 0; i < KMSEG_VOTES; i++) {
        if (v->choice->votes[i].n_clusters == k) {
            left--;
            used += (size_t)snprintf(out + used, capacity - used, "%s%s",
                                     index_words(v->choice->votes[i].index),
                                     left > 1    ? ", "
                                     : left == 1 ? " and "
                                                 : "");
        }
    }
}

static void say_votes(verdict *v, const kmseg_choice_row *row) {
    char text[TEXT], voters[200];
    if (row->n_votes == 0) {
        return;
    }
    add_voters(v, row->sweep.n_clusters, voters, sizeof voters);
    snprintf(text, sizeof text, "%d of %d indices favour %d: %s", row->n_votes, KMSEG_VOTES,
             row->sweep.n_clusters, voters);
    add_reason(v, text);
}

static void say_stability(verdict *v, const kmseg_choice_row *row) {
    char text[TEXT], lowest[64];
    if (isnan(row->stability)) {
        return;
    }
    number(row->stability, 2, lowest);
    if (is_stable(row)) {
        snprintf(
            text, sizeof text,
            "each of the %d segments comes back when customers are drawn anew: the lowest mean "
            "Jaccard similarity is %s, which is %s",
            row->sweep.n_segments, lowest, kmseg_stability_word(row->stability));
    } else {
        int32_t n = 0;
        for (int32_t s = 0; s < row->sweep.n_segments; s++) {
            n += row->segment_stabilities[s] < LEAST_STABILITY;
        }
        snprintf(text, sizeof text,
                 "%d of the %d segments %s not come back when customers are drawn anew: the lowest "
                 "mean Jaccard similarity is %s, and a valid segment has 0.75",
                 n, row->sweep.n_segments, n == 1 ? "does" : "do", lowest);
    }
    add_reason(v, text);
}

static void say_size(verdict *v, const kmseg_choice_row *row) {
    char text[TEXT], size[64], share[64], least[64];
    number((double)row->sweep.smallest, 0, size);
    number(100 * smallest_share(v, row), 1, share);
    number(100 * v->min_share, 1, least);
    if (smallest_share(v, row) < v->min_share) {
        snprintf(text, sizeof text,
                 "the smallest has %s customers, %s %%, fewer than the %s %% asked for", size,
                 share, least);
    } else {
        snprintf(text, sizeof text, "the smallest has %s customers, %s %%", size, share);
    }
    add_reason(v, text);
}

/* Another number that is worth a look. */
static void say_also(verdict *v, const kmseg_choice_row *row) {
    char text[TEXT], voters[200], lowest[64];
    add_voters(v, row->sweep.n_clusters, voters, sizeof voters);
    number(row->stability, 2, lowest);
    int used = snprintf(text, sizeof text, "%d is worth a look too: %s %s it",
                        row->sweep.n_clusters, voters, row->n_votes == 1 ? "favours" : "favour");
    if (!isnan(row->stability)) {
        snprintf(text + used, sizeof text - (size_t)used,
                 ", and each of its segments comes back (lowest %s)", lowest);
    }
    add_reason(v, text);
}

/* Indices that favour another number, or none. */
static void say_others(verdict *v, int32_t k) {
    for (int i = 0; i < KMSEG_VOTES; i++) {
        const kmseg_vote *other = &v->choice->votes[i];
        if (other->n_clusters != k) {
            char text[TEXT];
            snprintf(text, sizeof text, "against it: %s", other->reason);
            add_reason(v, text);
        }
    }
}

static int is_agreed(const verdict *v, const kmseg_choice_row *row, int32_t gap) {
    return row->n_votes >= (gap == row->sweep.n_clusters ? LEAST_VOTES : LEAST_WITHOUT_GAP) &&
           gap != 1 && v->choice->n_gaps > 0;
}

static void recommend(verdict *v, const kmseg_choice_row *row) {
    v->choice->recommended = row->sweep.n_clusters;
    say_votes(v, row);
    say_stability(v, row);
    say_size(v, row);
    say_others(v, row->sweep.n_clusters);
}

static void refuse(verdict *v, const kmseg_choice_row *row, int32_t gap) {
    if (gap == 1) {
        add_reason(v, "the gap statistic finds no more grouping in these customers than in "
                      "customers spread evenly, so any segments are cuts through one cloud");
    }
    if (v->choice->n_gaps == 0) {
        add_reason(v, "nothing is recommended without the gap statistic, which alone compares with "
                      "customers that have no groups");
    } else if (gap != 1 && !is_agreed(v, row, gap)) {
        add_reason(v,
                   "the indices do not agree: a clear number has the gap statistic and two others "
                   "for it, or all four others");
    }
    for (int i = gap == 1; i < KMSEG_VOTES; i++) {
        add_reason(v, v->choice->votes[i].reason);
    }
    if (row->n_votes > 0) {
        v->choice->closest = row->sweep.n_clusters;
        say_stability(v, row);
        say_size(v, row);
    }
    for (int32_t i = 0; i < v->choice->n_rows && gap != 1; i++) {
        if (&v->rows[i] != row && v->rows[i].n_votes > 0 && is_sound(v, &v->rows[i])) {
            say_also(v, &v->rows[i]);
        }
    }
}

kmseg_status km_recommend(kmseg_context *ctx, kmseg_choice *choice, kmseg_choice_row *rows,
                          double total_squares, double min_share, km_arena *arena) {
    enum { MOST_REASONS = 2 * KMSEG_VOTES + 5 };
    verdict v = {.ctx = ctx,
                 .choice = choice,
                 .rows = rows,
                 .total_squares = total_squares,
                 .min_share = min_share,
                 .arena = arena};
    v.reasons = km_arena_array(arena, MOST_REASONS, sizeof(char *));
    if (v.reasons == NULL) {
        return km_fail_memory(ctx, "a recommendation");
    }
    choice->reasons = v.reasons;
    int32_t gap = vote_gap(&v);
    vote_index(&v, 1, "silhouette", "silhouette", silhouette, gap);
    vote_index(&v, 2, "calinski_harabasz", "Calinski-Harabasz", calinski_harabasz, gap);
    vote_index(&v, 3, "davies_bouldin", "Davies-Bouldin", davies_bouldin, gap);
    KM_TRY(vote_knee(&v));
    const kmseg_choice_row *best = &rows[0];
    for (int32_t i = 1; i < choice->n_rows; i++) {
        best = is_better(&v, &rows[i], best) ? &rows[i] : best;
    }
    if (is_agreed(&v, best, gap) && is_sound(&v, best)) {
        recommend(&v, best);
    } else {
        refuse(&v, best, gap);
    }
    return v.failed ? km_fail_memory(ctx, "a recommendation") : KMSEG_OK;
}
