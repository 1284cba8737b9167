/* Where exactly a cut lies. The histogram says between which two bins; the best threshold for them is
 * between two values of the rows in those, so that a boundary that is really there is found. */
#include "base/parallel.h"
#include "profile/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a node with one value, or one row of it. */
typedef struct part {
    double value;
    int64_t weight;
    int32_t segment;
} part;

/* The rows of a node in the two bins beside its cut. Those at the upper edge of a bin, which may be
 * very many, are counted and not listed. */
typedef struct gap {
    int64_t n, capacity; /* listed */
    part *parts;
    int64_t *at_edge[2]; /* n_segments weights */
    int32_t has_edge[2];
} gap;

static int by_value(const void *a, const void *b) {
    const part *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Which bin of the cut a row is in: 0, 1, or -1. */
static int side_of(const km_tree *tree, const km_cut *cut, int64_t row) {
    int32_t bin = tree->columns[cut->column].bins[row];
    return bin == cut->bin ? 0 : bin == cut->next ? 1 : -1;
}

static int is_at_edge(const km_tree *tree, const km_cut *cut, int side, int64_t row) {
    const km_tree_column *column = &tree->columns[cut->column];
    int32_t bin = side == 0 ? cut->bin : cut->next;
    return bin < column->n_bins - 1 && column->values[row] == column->edges[bin];
}

static void count_row(const km_tree *tree, const km_cut *cut, gap *g, int64_t row) {
    int side = side_of(tree, cut, row);
    if (side >= 0 && is_at_edge(tree, cut, side, row)) {
        g->at_edge[side][tree->labels[row]] += km_tree_weight(tree, row);
        g->has_edge[side] = 1;
    } else if (side >= 0) {
        g->capacity++;
    }
}

static void list_row(const km_tree *tree, const km_cut *cut, gap *g, int64_t row) {
    int side = side_of(tree, cut, row);
    if (side >= 0 && !is_at_edge(tree, cut, side, row)) {
        g->parts[g->n++] = (part){tree->columns[cut->column].values[row], km_tree_weight(tree, row),
                                  tree->labels[row]};
    }
}

/* What walking up the values has found. */
typedef struct walk {
    const km_tree *tree;
    const km_tree_node *node;
    int64_t *below; /* of all values so far */
    double last;    /* the value before, NaN at the start */
    double score, low, high;
    int64_t *yes;   /* counts of the best */
    int is_pending; /* the best is at last, and the next value is not known yet */
} walk;

/* Before the rows of a value larger than the last come in. */
static void step_to(walk *w, double value) {
    if (w->is_pending) {
        w->high = value;
        w->is_pending = 0;
    }
    if (isnan(w->last)) {
        return;
    }
    double score = km_tree_score(w->tree, w->node, w->below);
    if (score > w->score) {
        w->score = score;
        w->low = w->last;
        w->high = value;
        memcpy(w->yes, w->below, (size_t)w->tree->n_segments * sizeof *w->yes);
    }
}

static void walk_list(walk *w, const part *parts, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (!(parts[i].value <= w->last)) {
            step_to(w, parts[i].value);
            w->last = parts[i].value;
        }
        w->below[parts[i].segment] += parts[i].weight;
    }
}

static void walk_edge(walk *w, double value, const int64_t *counts) {
    step_to(w, value);
    w->last = value;
    for (int32_t s = 0; s < w->tree->n_segments; s++) {
        w->below[s] += counts[s];
    }
}

/* The best threshold between the values of both bins; yes becomes the counts of what is below it.
 * 0 when no cut is as good as that between the bins, which cannot be. */
static int place_cut(km_tree *tree, const km_tree_node *node, const km_cut *cut, gap *g,
                     int64_t *yes, double *out_threshold) {
    const km_tree_column *column = &tree->columns[cut->column];
    walk w = {
        .tree = tree, .node = node, .below = cut->below, .last = NAN, .score = -1, .yes = yes};
    qsort(g->parts, (size_t)g->n, sizeof *g->parts, by_value);
    int64_t first = 0; /* parts of the lower bin */
    while (first < g->n && cut->bin < column->n_bins - 1 &&
           g->parts[first].value < column->edges[cut->bin]) {
        first++;
    }
    walk_list(&w, g->parts, first);
    if (g->has_edge[0]) {
        walk_edge(&w, column->edges[cut->bin], g->at_edge[0]);
    }
    walk_list(&w, g->parts + first, g->n - first);
    if (g->has_edge[1]) {
        walk_edge(&w, column->edges[cut->next], g->at_edge[1]);
    }
    *out_threshold = w.score >= 0 ? km_round_between(w.low, w.high) : (double)NAN;
    return w.score >= 0;
}

/* A multiple of step in [low, high) nearest to their middle; 0 when there is none. */
static int multiple_between(double low, double high, int exponent, double *out) {
    double power = pow(10, abs(exponent)), middle = low / 2 + high / 2;
    double nearest = rint(exponent < 0 ? middle * power : middle / power);
    for (int shift = 0; shift <= 2; shift++) { /* itself, then its neighbours */
        double n = nearest + (shift == 1 ? -1 : shift == 2 ? 1 : 0);
        double t = (exponent < 0 ? n / power : n * power) + 0.0;
        if (t >= low && t < high) {
            *out = t;
            return 1;
        }
    }
    return 0;
}

double km_round_between(double low, double high) {
    double magnitude = fmax(fabs(low), fabs(high)), t;
    if (magnitude > 0 && magnitude < 1e300) {
        int exponent = (int)floor(log10(magnitude)) + 1;
        for (int digits = 0; digits < 17 && abs(exponent) <= 22; digits++, exponent--) {
            if (multiple_between(low, high, exponent, &t)) {
                return t;
            }
        }
    }
    return low + 0.0;
}

static km_tree_node *add_node(km_tree *tree, int32_t depth) {
    km_tree_node *node = &tree->nodes[tree->n_nodes++];
    *node = (km_tree_node){.depth = depth};
    node->counts = km_arena_array(tree->arena, tree->n_segments, sizeof *node->counts);
    node->shown =
        (kmseg_tree_node){.column = -1, .level = -1, .threshold = NAN, .yes = -1, .no = -1};
    return node->counts != NULL ? node : NULL;
}

static kmseg_status add_children(km_tree *tree, int32_t at, const km_cut *cut, const int64_t *yes,
                                 double threshold) {
    int32_t first = tree->n_nodes;
    km_tree_node *node = &tree->nodes[at];
    km_tree_node *a = add_node(tree, node->depth + 1), *b = add_node(tree, node->depth + 1);
    if (a == NULL || b == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    for (int32_t s = 0; s < tree->n_segments; s++) {
        a->counts[s] = yes[s];
        b->counts[s] = node->counts[s] - yes[s];
        a->total += a->counts[s];
        b->total += b->counts[s];
    }
    int is_number = tree->columns[cut->column].kind == KM_RAW_NUMBER;
    node->shown.column = cut->column;
    node->shown.level = is_number ? -1 : cut->bin;
    node->shown.threshold = threshold;
    node->shown.yes = first;
    node->shown.no = first + 1;
    node->low = cut->bin;
    node->high = cut->next;
    return KMSEG_OK;
}

enum { ROWS = 8 * KM_CHUNK_ROWS };

/* Rows of a node that has been split go on to its children. */
static void move_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const km_tree *tree = argument;
    int64_t end = (chunk + 1) * ROWS < tree->n_rows ? (chunk + 1) * ROWS : tree->n_rows;
    for (int64_t i = chunk * ROWS; i < end; i++) {
        const km_tree_node *node = &tree->nodes[tree->places[i]];
        if (node->shown.column < 0) {
            continue;
        }
        const km_tree_column *column = &tree->columns[node->shown.column];
        if (column->kind == KM_RAW_TAGS) {
            int64_t row = column->rows != NULL ? column->rows[i] : i;
            int has = km_raw_has(column->raw, row, node->shown.level);
            tree->places[i] = has ? node->shown.yes : node->shown.no;
            continue;
        }
        int32_t bin = column->bins[i];
        int yes = column->kind == KM_RAW_LEVEL     ? bin == node->shown.level
                  : column->kind == KM_RAW_ORDERED ? bin <= node->shown.level
                  : bin < node->low                ? 1
                  : bin > node->high               ? 0
                                                   : column->values[i] <= node->shown.threshold;
        tree->places[i] = yes ? node->shown.yes : node->shown.no;
    }
}

static kmseg_status fill_gaps(km_tree *tree, const int32_t *position, const km_cut *cuts, gap *gaps,
                              int32_t n, km_arena *arena) {
    for (int64_t i = 0; i < tree->n_rows; i++) {
        int32_t at = position[tree->places[i]];
        if (at >= 0) {
            count_row(tree, &cuts[at], &gaps[at], i);
        }
    }
    for (int32_t g = 0; g < n; g++) {
        gaps[g].parts = km_arena_take(arena, (size_t)gaps[g].capacity * sizeof(part));
        if (gaps[g].parts == NULL) {
            return km_fail_memory(tree->ctx, "the rules of segments");
        }
    }
    for (int64_t i = 0; i < tree->n_rows; i++) {
        int32_t at = position[tree->places[i]];
        if (at >= 0) {
            list_row(tree, &cuts[at], &gaps[at], i);
        }
    }
    return KMSEG_OK;
}

static kmseg_status split_all(km_tree *tree, const int32_t *nodes, int32_t n, km_cut *cuts,
                              km_arena *arena) {
    int32_t k = tree->n_segments;
    int32_t *position = km_arena_array(arena, tree->n_nodes, sizeof *position);
    gap *gaps = km_arena_array(arena, n, sizeof *gaps);
    int64_t *at_edges = km_arena_array(arena, (int64_t)2 * n * k, sizeof *at_edges);
    int64_t *yes = km_arena_array(arena, k, sizeof *yes);
    if (position == NULL || gaps == NULL || at_edges == NULL || yes == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    memset(position, 0xff, (size_t)tree->n_nodes * sizeof *position); /* -1 */
    for (int32_t i = 0; i < n; i++) {
        gaps[i].at_edge[0] = at_edges + (int64_t)2 * i * k;
        gaps[i].at_edge[1] = gaps[i].at_edge[0] + k;
        int is_number = cuts[i].column >= 0 && tree->columns[cuts[i].column].kind == KM_RAW_NUMBER;
        position[nodes[i]] = is_number ? i : -1;
    }
    KM_TRY(fill_gaps(tree, position, cuts, gaps, n, arena));
    for (int32_t i = 0; i < n; i++) {
        double threshold = NAN;
        if (cuts[i].column < 0) {
            continue;
        }
        if (position[nodes[i]] < 0) {
            KM_TRY(add_children(tree, nodes[i], &cuts[i], cuts[i].below, threshold));
        } else if (place_cut(tree, &tree->nodes[nodes[i]], &cuts[i], &gaps[i], yes, &threshold)) {
            KM_TRY(add_children(tree, nodes[i], &cuts[i], yes, threshold));
        }
    }
    return km_parallel(tree->ctx, km_chunks(tree->n_rows, ROWS), move_chunk, tree);
}

kmseg_status km_tree_split(km_tree *tree, const int32_t *nodes, int32_t n, km_cut *cuts) {
    km_arena arena;
    km_arena_init(&arena, &tree->ctx->allocator);
    kmseg_status status = split_all(tree, nodes, n, cuts, &arena);
    km_arena_free(&arena);
    return status;
}
