/* Are groups found that are known to be there? Generated customers of several sizes, skews, mixes of
 * columns and missing rates: the adjusted Rand index of the default settings beside z-scores and
 * one-hot columns made by hand, as Markdown.
 *
 *   bench_planted            432 tables
 *   bench_planted --small    24 of at most 1,000 customers, for a test */
#include "harness.h"
#include "planted.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Results of the tables that have something in common. */
typedef struct tally {
    char what[48];
    int n, n_won, n_lost; /* by more than 0.01 */
    double chosen, plain, worst;
} tally;

enum { MOST_TALLIES = 40 };

typedef struct board {
    tally rows[MOST_TALLIES];
    int n;
} board;

static void add(board *b, const char *what, double chosen, double plain) {
    int i = 0;
    while (i < b->n && strcmp(b->rows[i].what, what) != 0) {
        i++;
    }
    if (i == b->n) {
        b->rows[b->n++] = (tally){.worst = 2};
        snprintf(b->rows[i].what, sizeof b->rows[i].what, "%s", what);
    }
    tally *row = &b->rows[i];
    row->n++;
    row->chosen += chosen;
    row->plain += plain;
    row->n_won += chosen > plain + 0.01;
    row->n_lost += chosen < plain - 0.01;
    row->worst = fmin(row->worst, chosen - plain);
}

static void run(kmseg_context *ctx, const planted_options *options, board *b) {
    kmseg_table *table;
    int32_t *truth = bench_memory((size_t)options->n * sizeof *truth);
    double chosen, plain;
    bench_ok(ctx, planted_make(ctx, options, &table, truth));
    bench_ok(ctx, planted_compare(ctx, table, truth, options->k, &chosen, &plain));
    kmseg_table_free(table);
    free(truth);
    char what[48];
    add(b, "all", chosen, plain);
    snprintf(what, sizeof what, "skew: %s", planted_skews[options->skew]);
    add(b, what, chosen, plain);
    snprintf(what, sizeof what, "columns: %s", planted_mixes[options->mix]);
    add(b, what, chosen, plain);
    snprintf(what, sizeof what, "missing: %g %%", 100 * options->missing);
    add(b, what, chosen, plain);
    add(b, options->uneven ? "groups: 1 : 2 : ... : k" : "groups: of one size", chosen, plain);
    snprintf(what, sizeof what, "customers: %lld, groups: %d", (long long)options->n, options->k);
    add(b, what, chosen, plain);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const tally *)a)->what, ((const tally *)b)->what);
}

static void print(board *b) {
    qsort(b->rows, (size_t)b->n, sizeof *b->rows, by_name);
    printf("| tables | number | defaults | z-scores and one-hot | difference | worst | better | "
           "worse |\n|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < b->n; i++) {
        const tally *row = &b->rows[i];
        double chosen = row->chosen / row->n, plain = row->plain / row->n;
        printf("| %s | %d | %.3f | %.3f | %+.3f | %+.3f | %d | %d |\n", row->what, row->n, chosen,
               plain, chosen - plain, row->worst, row->n_won, row->n_lost);
    }
}

int main(int argc, char **argv) {
    static const double missing[] = {0, 0.05, 0.2};
    static const int64_t sizes[] = {500, 2000, 8000};
    static const int32_t groups[] = {3, 5, 8};
    int small = argc > 1 && strcmp(argv[1], "--small") == 0;
    kmseg_context *ctx = bench_context(small ? 1 : 0);
    static board b;
    for (int skew = 0; skew < PLANTED_N_SKEWS; skew++) {
        for (int mix = 0; mix < PLANTED_N_MIXES; mix++) {
            for (int gaps = 0; gaps < (small ? 2 : 3); gaps++) {
                for (int rest = 0; rest < (small ? 1 : 12); rest++) {
                    int shape = (rest / 2) % 3;
                    planted_options options = {.n = small ? 1000 : sizes[shape],
                                               .k = small ? 4 : groups[shape],
                                               .skew = (planted_skew)skew,
                                               .mix = (planted_mix)mix,
                                               .missing = missing[gaps],
                                               .uneven = rest % 2};
                    options.seed = (uint64_t)(1000 * (rest / 6) + 100 * skew + 10 * mix + gaps + 1);
                    run(ctx, &options, &b);
                }
            }
        }
    }
    print(&b);
    kmseg_context_free(ctx);
    return 0;
}
