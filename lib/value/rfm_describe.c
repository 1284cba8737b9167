/* What there is to say about RFM scores: counts, ranges, conventions, and what to look at. */
#include "value/rfm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void count(km_scoring *s, int dimension) {
    kmseg_rfm_dimension *d = &s->result->shown.dimensions[dimension];
    for (int32_t b = 0; b < KMSEG_RFM_MOST_BINS; b++) {
        d->low[b] = d->high[b] = NAN;
    }
    for (int64_t i = 0; i < s->n; i++) {
        int32_t b = s->scores[dimension][i] - 1;
        double value = s->values[dimension][i] + 0.0;
        d->counts[b]++;
        d->low[b] = value >= d->low[b] ? d->low[b] : value;
        d->high[b] = value <= d->high[b] ? d->high[b] : value;
    }
}

/* How values became scores, in words. */
static void say_scoring(const km_scoring *s, km_sentences *list) {
    const char *scoring = s->options->scoring;
    int bins = s->bins;
    km_say(list,
           "Scores run from 1 to %d; %d is best: the most recent, the most orders, the most "
           "spend.",
           bins, bins);
    if (strcmp(scoring, "edges") == 0) {
        km_say(
            list,
            "edges: the limits are the type-7 quantiles at 1/%d, 2/%d, ...; the score is 1 + the "
            "number of limits below the value, so that equal values share a score and scores "
            "may differ in size.",
            bins, bins);
    } else if (strcmp(scoring, "ntile") == 0) {
        km_say(list,
               "ntile: customers are ranked, equal values by customer id, and cut into %d parts of "
               "equal size; what does not divide goes to the lowest scores. Equal values may have "
               "different scores.",
               bins);
    } else if (strcmp(scoring, "nested") == 0) {
        km_say(
            list,
            "nested: recency by type-7 quantiles of all; frequency by those of the customers of "
            "each recency score; monetary by those of each pair of recency and frequency scores. "
            "Equal values may have different scores in different cells.");
    } else {
        km_say(list,
               "cuts: limits that were given; the score is 1 + the number of limits below the "
               "value.");
    }
    km_say(list, strcmp(s->options->monetary_as, "mean") == 0
                     ? "Monetary is scored as the mean per order: total spend divided by orders."
                     : "Monetary is scored as the total spend of a customer.");
}

/* "1, 2 or 3": scores without a customer. */
static int list_empty(const kmseg_rfm_dimension *d, int32_t bins, char *out, size_t capacity) {
    int n = 0, said = 0;
    for (int32_t b = 0; b < bins; b++) {
        n += d->counts[b] == 0;
    }
    out[0] = '\0';
    for (int32_t b = 0; b < bins; b++) {
        if (d->counts[b] == 0) {
            size_t used = strlen(out);
            const char *separator = said == 0 ? "" : said == n - 1 ? " or " : ", ";
            snprintf(out + used, capacity - used, "%s%d", separator, b + 1);
            said++;
        }
    }
    return n;
}

static void say_constant(const km_scoring *s, int dimension, double value, km_sentences *notes) {
    const kmseg_rfm_dimension *d = &s->result->shown.dimensions[dimension];
    char shown[64];
    km_shown(value, 2, shown);
    if (strcmp(s->options->scoring, "ntile") == 0) {
        km_say(notes,
               "Every customer has the same %s, %s: its scores are the order of customer ids and "
               "say nothing.",
               d->name, shown);
        return;
    }
    int32_t score = 0;
    while (d->counts[score] == 0) {
        score++;
    }
    km_say(notes, "Every customer has the same %s, %s: all have score %d, which says nothing.",
           d->name, shown, score + 1);
}

static void note(const km_scoring *s, int dimension, km_sentences *notes) {
    const kmseg_rfm_dimension *d = &s->result->shown.dimensions[dimension];
    char scores[64], shown[64];
    double least = INFINITY, most = -INFINITY;
    for (int32_t b = 0; b < s->bins; b++) {
        least = d->low[b] < least ? d->low[b] : least;
        most = d->high[b] > most ? d->high[b] : most;
    }
    if (least == most) {
        say_constant(s, dimension, least, notes);
        return;
    }
    int n_empty = list_empty(d, s->bins, scores, sizeof scores);
    if (n_empty > 0) {
        km_say(notes, "No customer has a %s score of %s%s.", d->name, scores,
               strcmp(s->options->scoring, "cuts") == 0
                   ? ": no value lies between these limits"
                   : ": too many share one value (or there are too few customers) for as many "
                     "limits; fewer --bins, or own cuts, tell the others apart");
    }
    for (int32_t b = 0; b + 1 < s->bins && strcmp(s->options->scoring, "ntile") == 0; b++) {
        double border = dimension == KM_RECENCY_AT ? d->high[b + 1] : d->high[b];
        if (border == (dimension == KM_RECENCY_AT ? d->low[b] : d->low[b + 1])) {
            km_say(notes, "Customers with %s %s are in scores %d and %d: only their ids decided.",
                   d->name, km_shown(border, 2, shown), b + 1, b + 2);
        }
    }
}

kmseg_status km_rfm_describe(km_scoring *s) {
    km_rfm *result = s->result;
    km_sentences conventions = {.arena = &result->arena}, notes = {.arena = &result->arena};
    say_scoring(s, &conventions);
    for (int d = 0; d < 3; d++) {
        count(s, d);
        note(s, d, &notes);
    }
    if (result->shown.n_missing > 0) {
        char shown[64];
        km_say(&notes, "%s without recency, frequency or monetary: no scores.",
               km_customers(result->shown.n_missing, shown));
    }
    if (result->shown.n_segments == 0) {
        km_say(&notes, "The built-in grid is for 5 scores; segments of %d need a grid of your own.",
               s->bins);
    }
    KM_TRY(km_sentences_take(s->ctx, &conventions, &result->shown.conventions));
    return km_sentences_take(s->ctx, &notes, &result->shown.notes);
}
