/* The best question of every node of a level: histograms of all columns, one column to a thread. */
#include "base/parallel.h"
#include "profile/tree.h"

#include <math.h>
#include <string.h>

/* One level of nodes. A row counts in the cell of its node and segment. */
typedef struct level_loop {
    const km_tree *tree;
    const int32_t *nodes;
    int32_t n;
    const int32_t
        *cells;       /* n_rows: (position in nodes) * n_segments + segment, or n * n_segments */
    km_arena *arenas; /* per column */
    km_cut *cuts;     /* n_columns x n */
    unsigned char *failed; /* per column */
} level_loop;

double km_tree_score(const km_tree *tree, const km_tree_node *node, const int64_t *yes) {
    double total_yes = 0, total_no = 0, squares_yes = 0, squares_no = 0;
    for (int32_t s = 0; s < tree->n_segments; s++) {
        double y = (double)yes[s], n = (double)(node->counts[s] - yes[s]);
        total_yes += y;
        total_no += n;
        squares_yes += y * y;
        squares_no += n * n;
    }
    double least = (double)tree->least;
    return total_yes >= least && total_no >= least ? squares_yes / total_yes + squares_no / total_no
                                                   : -1;
}

static int64_t sum_of(const int64_t *counts, int32_t n) {
    int64_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += counts[i];
    }
    return sum;
}

/* counts is n_bins x n_segments. */
static void cut_order(const km_tree *tree, const km_tree_node *node, const int64_t *counts,
                      const km_tree_column *column, int64_t *below, km_cut *cut) {
    int32_t k = tree->n_segments, last = -1; /* the last bin with rows */
    memset(below, 0, (size_t)k * sizeof *below);
    for (int32_t b = 0; b < column->n_bins; b++) {
        const int64_t *bin = counts + (int64_t)b * k;
        if (sum_of(bin, k) == 0) {
            continue;
        }
        if (cut->bin >= 0 && cut->bin == last) {
            cut->next = b;
        }
        last = b;
        int64_t *before = cut->below;
        for (int32_t s = 0; s < k; s++) {
            below[s] += bin[s];
        }
        double score = km_tree_score(tree, node, below);
        if (score > cut->score) {
            cut->score = score;
            cut->bin = b;
            cut->next = -1;
            for (int32_t s = 0; s < k; s++) {
                before[s] = below[s] - (column->kind == KM_RAW_NUMBER ? bin[s] : 0);
            }
        }
    }
}

static void cut_levels(const km_tree *tree, const km_tree_node *node, const int64_t *counts,
                       int32_t n_bins, km_cut *cut) {
    int32_t k = tree->n_segments;
    for (int32_t b = 0; b < n_bins; b++) { /* the last is no level: "none of them" */
        double score = b + 1 < n_bins ? km_tree_score(tree, node, counts + (int64_t)b * k) : -1;
        if (score > cut->score) {
            cut->score = score;
            cut->bin = b;
            memcpy(cut->below, counts + (int64_t)b * k, (size_t)k * sizeof *counts);
        }
    }
}

/* counts is cells x n_bins; turned for one node to n_bins x n_segments. */
static void turn(const int64_t *counts, int32_t k, int32_t n_bins, int64_t *out) {
    for (int32_t s = 0; s < k; s++) {
        for (int32_t b = 0; b < n_bins; b++) {
            out[(int64_t)b * k + s] = counts[(int64_t)s * n_bins + b];
        }
    }
}

/* A row counts in the bin of each of its tags; the last bin stays empty. */
static void fill_tags(const level_loop *loop, const km_tree_column *column, int64_t *counts) {
    const km_tree *tree = loop->tree;
    const km_raw_column *raw = column->raw;
    for (int64_t i = 0; i < tree->n_rows; i++) {
        int64_t *own = counts + (int64_t)loop->cells[i] * column->n_bins;
        int32_t code = raw->codes[column->rows != NULL ? column->rows[i] : i];
        for (int64_t t = raw->starts[code + 1]; t < raw->starts[code + 2]; t++) {
            own[raw->tags[t]] += km_tree_weight(tree, i);
        }
    }
}

static void fill_counts(const level_loop *loop, const km_tree_column *column, int64_t *counts) {
    const km_tree *tree = loop->tree;
    if (column->kind == KM_RAW_TAGS) {
        fill_tags(loop, column, counts);
        return;
    }
    for (int64_t i = 0; i < tree->n_rows; i++) {
        counts[(int64_t)loop->cells[i] * column->n_bins + column->bins[i]] +=
            km_tree_weight(tree, i);
    }
}

static void cut_column(void *argument, int64_t c, int32_t thread) {
    (void)thread;
    const level_loop *loop = argument;
    const km_tree *tree = loop->tree;
    const km_tree_column *column = &tree->columns[c];
    int32_t k = tree->n_segments;
    km_arena *arena = &loop->arenas[c];
    int64_t *counts =
        km_arena_array(arena, ((int64_t)loop->n * k + 1) * column->n_bins, sizeof *counts);
    int64_t *turned = km_arena_array(arena, (int64_t)k * column->n_bins, sizeof *turned);
    int64_t *below = km_arena_array(arena, k, sizeof *below);
    if (counts == NULL || turned == NULL || below == NULL) {
        loop->failed[c] = 1;
        return;
    }
    fill_counts(loop, column, counts);
    for (int32_t i = 0; i < loop->n; i++) {
        km_cut *cut = &loop->cuts[c * loop->n + i];
        const km_tree_node *node = &tree->nodes[loop->nodes[i]];
        turn(counts + (int64_t)i * k * column->n_bins, k, column->n_bins, turned);
        if (column->kind == KM_RAW_NUMBER || column->kind == KM_RAW_ORDERED) {
            cut_order(tree, node, turned, column, below, cut);
        } else {
            cut_levels(tree, node, turned, column->n_bins, cut);
        }
    }
}

static int32_t *make_cells(const km_tree *tree, const int32_t *nodes, int32_t n, km_arena *arena) {
    int32_t *cells = km_arena_take(arena, (size_t)tree->n_rows * sizeof *cells);
    int32_t *position = km_arena_array(arena, tree->n_nodes, sizeof *position);
    if (cells == NULL || position == NULL) {
        return NULL;
    }
    for (int32_t node = 0; node < tree->n_nodes; node++) {
        position[node] = -1;
    }
    for (int32_t i = 0; i < n; i++) {
        position[nodes[i]] = i;
    }
    for (int64_t i = 0; i < tree->n_rows; i++) {
        int32_t at = position[tree->places[i]];
        cells[i] = at >= 0 ? at * tree->n_segments + tree->labels[i] : n * tree->n_segments;
    }
    return cells;
}

/* Of equal cuts that of the first column. */
static void choose(const km_tree *tree, const level_loop *loop, km_cut *cuts) {
    for (int32_t i = 0; i < loop->n; i++) {
        int64_t *below = cuts[i].below;
        cuts[i] = (km_cut){.score = -1, .column = -1, .bin = -1, .next = -1, .below = below};
        for (int32_t c = 0; c < tree->n_columns; c++) {
            const km_cut *cut = &loop->cuts[(int64_t)c * loop->n + i];
            if (cut->bin >= 0 && cut->score > cuts[i].score) {
                memcpy(below, cut->below, (size_t)tree->n_segments * sizeof *below);
                cuts[i] = *cut;
                cuts[i].column = c;
                cuts[i].below = below;
            }
        }
    }
}

static kmseg_status search(km_tree *tree, level_loop *loop, km_arena *arena, km_cut *cuts) {
    kmseg_context *ctx = tree->ctx;
    int64_t n_cuts = (int64_t)tree->n_columns * loop->n;
    loop->cells = make_cells(tree, loop->nodes, loop->n, arena);
    loop->cuts = km_arena_array(arena, n_cuts, sizeof *loop->cuts);
    loop->failed = km_arena_array(arena, tree->n_columns, 1);
    int64_t *below = km_arena_array(arena, n_cuts * tree->n_segments, sizeof *below);
    if (loop->cells == NULL || loop->cuts == NULL || loop->failed == NULL || below == NULL) {
        return km_fail_memory(ctx, "the rules of segments");
    }
    for (int64_t i = 0; i < n_cuts; i++) {
        loop->cuts[i] = (km_cut){.score = -1,
                                 .column = -1,
                                 .bin = -1,
                                 .next = -1,
                                 .below = below + i * tree->n_segments};
    }
    KM_TRY(km_parallel(ctx, tree->n_columns, cut_column, loop));
    for (int32_t c = 0; c < tree->n_columns; c++) {
        if (loop->failed[c]) {
            return km_fail_memory(ctx, "the rules of segments");
        }
    }
    choose(tree, loop, cuts);
    return KMSEG_OK;
}

kmseg_status km_tree_cuts(km_tree *tree, const int32_t *nodes, int32_t n, km_cut *cuts) {
    km_arena arena;
    km_arena_init(&arena, &tree->ctx->allocator);
    level_loop loop = {.tree = tree, .nodes = nodes, .n = n};
    loop.arenas = km_arena_array(&arena, tree->n_columns, sizeof *loop.arenas);
    kmseg_status status =
        loop.arenas != NULL ? KMSEG_OK : km_fail_memory(tree->ctx, "the rules of segments");
    for (int32_t c = 0; c < tree->n_columns && status == KMSEG_OK; c++) {
        km_arena_init(&loop.arenas[c], &tree->ctx->allocator);
    }
    if (status == KMSEG_OK) {
        status = search(tree, &loop, &arena, cuts);
        for (int32_t c = 0; c < tree->n_columns; c++) {
            km_arena_free(&loop.arenas[c]);
        }
    }
    km_arena_free(&arena);
    return status;
}
