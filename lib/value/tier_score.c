/* A composite score: columns brought to one scale, weighted. */
#include "base/text.h"
#include "value/tier.h"

#include <math.h>
#include <string.h>

/* One column of the score; values are those of the customers that have all columns. */
typedef struct part {
    const char *name;
    double weight;
    const double *column;
    double mean, deviation, minimum, maximum;
} part;

typedef struct scoring {
    km_tiering *t;
    part parts[KM_MOST_PARTS];
    int32_t n_parts;
    int64_t *rows; /* that have every column */
    int64_t n;
    double *score; /* n_rows */
} scoring;

static kmseg_status fail_weights(const scoring *s) {
    return km_fail(s->t->ctx, KMSEG_E_ARGUMENT,
                   "weights is \"%s\"; it needs to be columns and weights other than 0, such as "
                   "monetary=0.5,frequency=0.3,recency=-0.2 (below 0: low is good)",
                   s->t->options->weights);
}

/* "monetary=0.5" of length bytes. */
static kmseg_status read_part(scoring *s, const char *item, size_t length) {
    const char *equals = memchr(item, '=', length);
    char number[64];
    if (equals == NULL || equals == item) {
        return fail_weights(s);
    }
    size_t n = length - (size_t)(equals + 1 - item);
    part *p = &s->parts[s->n_parts];
    memcpy(number, equals + 1, n < sizeof number ? n : 0);
    number[n < sizeof number ? n : 0] = '\0';
    if (!km_parse_double(number, &p->weight) || !isfinite(p->weight) || p->weight == 0) {
        return fail_weights(s);
    }
    p->name = km_arena_text_n(&s->t->result->arena, item, (size_t)(equals - item));
    if (p->name == NULL) {
        return km_fail_memory(s->t->ctx, "a composite score");
    }
    for (int32_t i = 0; i < s->n_parts; i++) {
        if (strcmp(s->parts[i].name, p->name) == 0) {
            return km_fail(s->t->ctx, KMSEG_E_ARGUMENT, "weights names %s twice", p->name);
        }
    }
    s->n_parts++;
    return km_number_column(s->t->ctx, s->t->table, p->name, &p->column);
}

static kmseg_status read_parts(scoring *s) {
    for (const char *at = s->t->options->weights;; at++) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ",");
        if (s->n_parts == KM_MOST_PARTS) {
            return km_fail(s->t->ctx, KMSEG_E_ARGUMENT, "weights names more than %d columns",
                           KM_MOST_PARTS);
        }
        size_t trimmed = length;
        while (trimmed > 0 && at[trimmed - 1] == ' ') {
            trimmed--;
        }
        KM_TRY(read_part(s, at, trimmed));
        at += length;
        if (*at == '\0') {
            return KMSEG_OK;
        }
    }
}

static kmseg_status gather(scoring *s) {
    km_tiering *t = s->t;
    s->rows = km_arena_array(t->scratch, t->n_rows, sizeof *s->rows);
    s->score = km_arena_array(t->scratch, t->n_rows, sizeof *s->score);
    if (s->rows == NULL || s->score == NULL) {
        return km_fail_memory(t->ctx, "a composite score");
    }
    for (int64_t r = 0; r < t->n_rows; r++) {
        int whole = 1;
        for (int32_t i = 0; i < s->n_parts && whole; i++) {
            whole = isfinite(s->parts[i].column[r]);
        }
        s->score[r] = whole ? 0 : NAN;
        if (whole) {
            s->rows[s->n++] = r;
        }
    }
    return s->n > 0 ? KMSEG_OK
                    : km_fail(t->ctx, KMSEG_E_DATA,
                              "no customer has all columns of the score; there is nothing to rank");
}

/* Mean, standard deviation with n - 1, and range, from exact sums. */
static void measure(const scoring *s, part *p) {
    km_signed_sum sum = {0};
    km_exact_sum squares = {0};
    p->minimum = INFINITY;
    p->maximum = -INFINITY;
    for (int64_t i = 0; i < s->n; i++) {
        double x = p->column[s->rows[i]];
        km_signed_add(&sum, x);
        p->minimum = x < p->minimum ? x : p->minimum;
        p->maximum = x > p->maximum ? x : p->maximum;
    }
    p->mean = km_signed_value(&sum) / (double)s->n;
    for (int64_t i = 0; i < s->n; i++) {
        double difference = p->column[s->rows[i]] - p->mean;
        km_exact_add(&squares, difference * difference);
    }
    int constant = p->minimum == p->maximum || s->n < 2;
    p->deviation = constant ? 0 : sqrt(km_exact_value(&squares) / (double)(s->n - 1));
}

static double sign_of(const part *p) { return p->weight < 0 ? -1 : 1; }

/* (below + half of the equal ones) of n, by the place in ascending order. */
static kmseg_status add_ranks(scoring *s, const part *p, double share, int64_t *order) {
    int64_t n = 0;
    memcpy(order, s->rows, (size_t)s->n * sizeof *order);
    KM_TRY(km_order_by_value(s->t->ctx, p->column, p->weight < 0, order, s->n, &n));
    for (int64_t first = 0, last; first < n; first = last) {
        for (last = first; last < n && p->column[order[last]] == p->column[order[first]];) {
            last++;
        }
        double percent = 50 * ((double)first + (double)last) / (double)n;
        for (int64_t i = first; i < last; i++) {
            s->score[order[i]] += share * percent;
        }
    }
    return KMSEG_OK;
}

static void add_minmax(scoring *s, const part *p, double share) {
    double worst = p->weight < 0 ? p->maximum : p->minimum;
    double range = p->maximum - p->minimum;
    for (int64_t i = 0; i < s->n && range > 0; i++) {
        double part_of_range = fabs(p->column[s->rows[i]] - worst) / range;
        s->score[s->rows[i]] += share * 100 * part_of_range;
    }
}

static void add_zscores(scoring *s, const part *p, double share) {
    for (int64_t i = 0; i < s->n && p->deviation > 0; i++) {
        double deviations = (p->column[s->rows[i]] - p->mean) / p->deviation;
        s->score[s->rows[i]] += share * sign_of(p) * deviations;
    }
}

static kmseg_status add_parts(scoring *s) {
    const char *normalise = s->t->options->normalise;
    double total = 0;
    int64_t *order = km_arena_array(s->t->scratch, s->n, sizeof *order);
    if (order == NULL) {
        return km_fail_memory(s->t->ctx, "a composite score");
    }
    for (int32_t i = 0; i < s->n_parts; i++) {
        total += fabs(s->parts[i].weight);
    }
    for (int32_t i = 0; i < s->n_parts; i++) {
        part *p = &s->parts[i];
        double share = fabs(p->weight) / total;
        measure(s, p);
        if (p->minimum == p->maximum) {
            km_say(&s->t->notes, "Every customer has the same %s: it adds the same to every score.",
                   p->name);
        }
        if (strcmp(normalise, "rank") == 0) {
            KM_TRY(add_ranks(s, p, share, order));
        } else if (strcmp(normalise, "minmax") == 0) {
            add_minmax(s, p, share);
        } else {
            add_zscores(s, p, share);
        }
    }
    return KMSEG_OK;
}

static void say_scale(const scoring *s) {
    const char *normalise = s->t->options->normalise;
    const char *how =
        strcmp(normalise, "rank") == 0 ? "each column as the percent of customers that one is "
                                         "better than, equal ones half, so "
                                         "that a few huge values do not decide"
        : strcmp(normalise, "minmax") == 0
            ? "each column from 0 for its worst value to 100 for its best, so that one huge value "
              "brings everyone else near to 0"
            : "each column in standard deviations (with n - 1) from its mean";
    km_say(&s->t->conventions, "The score is the weighted mean of %d columns: %s.", s->n_parts,
           how);
}

static kmseg_status report_parts(const scoring *s) {
    kmseg_tier_part *parts = km_arena_array(&s->t->result->arena, s->n_parts, sizeof *parts);
    if (parts == NULL) {
        return km_fail_memory(s->t->ctx, "a composite score");
    }
    for (int32_t i = 0; i < s->n_parts; i++) {
        const part *p = &s->parts[i];
        parts[i] =
            (kmseg_tier_part){p->name, p->weight, p->mean, p->deviation, p->minimum, p->maximum};
    }
    s->t->result->shown.parts = parts;
    s->t->result->shown.n_parts = s->n_parts;
    return KMSEG_OK;
}

kmseg_status km_tier_score(km_tiering *t) {
    scoring *s = km_arena_array(t->scratch, 1, sizeof *s);
    if (s == NULL) {
        return km_fail_memory(t->ctx, "a composite score");
    }
    s->t = t;
    KM_TRY(read_parts(s));
    KM_TRY(gather(s));
    KM_TRY(add_parts(s));
    say_scale(s);
    KM_TRY(report_parts(s));
    t->values = s->score;
    return KMSEG_OK;
}
