/* The kmseg_tree object: from labelled rows to a tree, its use, and copies. */
#include "base/parallel.h"
#include "data/quantile.h"
#include "profile/tree.h"

#include <math.h>
#include <string.h>

enum { ROWS = 8 * KM_CHUNK_ROWS };

kmseg_status km_tree_rules_alloc(kmseg_context *ctx, km_tree_rules **out) {
    km_tree_rules *rules = km_allocate(&ctx->allocator, sizeof *rules);
    *out = rules;
    if (rules == NULL) {
        return km_fail_memory(ctx, "the rules of segments");
    }
    memset(rules, 0, sizeof *rules);
    rules->shown.struct_size = sizeof rules->shown;
    km_arena_init(&rules->arena, &ctx->allocator);
    return KMSEG_OK;
}

void kmseg_tree_free(kmseg_tree *rules) {
    if (rules != NULL) {
        km_tree_rules *object = (km_tree_rules *)(void *)rules;
        kmseg_allocator allocator = object->arena.allocator;
        km_arena_free(&object->arena);
        km_release(&allocator, object);
    }
}

/* ---- the rows of a tree ---- */

typedef struct fill_loop {
    const km_raw_column *raw;
    const int64_t *rows;
    km_tree_column *column;
    double *values;
    int64_t n;
} fill_loop;

static void fill_values(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const fill_loop *loop = argument;
    int64_t end = (chunk + 1) * ROWS < loop->n ? (chunk + 1) * ROWS : loop->n;
    for (int64_t i = chunk * ROWS; i < end; i++) {
        int64_t row = loop->rows != NULL ? loop->rows[i] : i;
        loop->values[i] = km_raw_number(loop->raw, row) + 0.0;
    }
}

/* Side by side, without branches: one by one, every step would wait for the last. */
static void find_bins(const double *edges, const double *x, int64_t n, uint16_t *out) {
    enum { SIDE_BY_SIDE = 16 };
    for (int64_t first = 0; first < n; first += SIDE_BY_SIDE) {
        int64_t some = n - first < SIDE_BY_SIDE ? n - first : SIDE_BY_SIDE;
        int32_t bins[SIDE_BY_SIDE] = {0};
        for (int32_t step = KM_TREE_BINS / 2; step > 0; step /= 2) {
            for (int64_t i = 0; i < some; i++) {
                bins[i] += step & -(int32_t)(edges[bins[i] + step - 1] < x[first + i]);
            }
        }
        for (int64_t i = 0; i < some; i++) {
            out[first + i] = (uint16_t)bins[i];
        }
    }
}

static void fill_bins(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const fill_loop *loop = argument;
    const km_tree_column *column = loop->column;
    double edges[KM_TREE_BINS];
    for (int32_t b = 0; b < KM_TREE_BINS; b++) {
        edges[b] = column->edges != NULL && b < column->n_bins - 1 ? column->edges[b] : INFINITY;
    }
    int64_t end = (chunk + 1) * ROWS < loop->n ? (chunk + 1) * ROWS : loop->n;
    if (column->kind == KM_RAW_NUMBER) {
        find_bins(edges, column->values + chunk * ROWS, end - chunk * ROWS,
                  column->bins + chunk * ROWS);
        return;
    }
    for (int64_t i = chunk * ROWS; i < end; i++) {
        int64_t row = loop->rows != NULL ? loop->rows[i] : i;
        int32_t level = km_raw_level(loop->raw, row);
        column->bins[i] = (uint16_t)(level < column->n_bins ? level : column->n_bins - 1);
    }
}

/* Edges at quantiles of the sample, without repeats. */
static kmseg_status place_edges(kmseg_context *ctx, km_tree_column *column, const double *values,
                                int64_t n) {
    double probabilities[KM_TREE_BINS - 1], found[KM_TREE_BINS - 1];
    for (int32_t b = 0; b < KM_TREE_BINS - 1; b++) {
        probabilities[b] = (b + 1.0) / KM_TREE_BINS;
    }
    km_probabilities of = {probabilities, KM_TREE_BINS - 1};
    km_quantiles out = {.of_groups = found};
    KM_TRY(km_group_quantiles_of(ctx, values, NULL, n, 1, of, of, &out));
    int32_t used = 0;
    for (int32_t b = 0; b < KM_TREE_BINS - 1; b++) {
        if (used == 0 || found[b] > column->edges[used - 1]) {
            column->edges[used++] = found[b];
        }
    }
    column->n_bins = used + 1;
    return KMSEG_OK;
}

/* A column without gaps is read where it is. */
static kmseg_status take_values(km_tree *tree, const km_raw_column *raw, const int64_t *rows,
                                km_tree_column *column) {
    column->kind = raw->kind;
    column->raw = raw;
    column->rows = rows;
    if (raw->kind == KM_RAW_TAGS) {
        column->n_bins = raw->n_levels + 1;
        return KMSEG_OK;
    }
    column->n_bins = raw->n_levels < UINT16_MAX ? raw->n_levels + 1 : UINT16_MAX;
    column->bins = km_arena_take(tree->arena, (size_t)tree->n_rows * sizeof *column->bins);
    fill_loop loop = {.raw = raw, .rows = rows, .n = tree->n_rows};
    int is_copied = raw->kind == KM_RAW_NUMBER && (rows != NULL || raw->has_gaps);
    if (is_copied) {
        loop.values = km_arena_take(tree->arena, (size_t)tree->n_rows * sizeof *loop.values);
    }
    if (raw->kind == KM_RAW_NUMBER) {
        column->edges = km_arena_array(tree->arena, KM_TREE_BINS, sizeof *column->edges);
    }
    if (column->bins == NULL || (is_copied && loop.values == NULL) ||
        (raw->kind == KM_RAW_NUMBER && column->edges == NULL)) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    column->values = raw->kind != KM_RAW_NUMBER ? NULL : is_copied ? loop.values : raw->numbers;
    return is_copied ? km_parallel(tree->ctx, km_chunks(tree->n_rows, ROWS), fill_values, &loop)
                     : KMSEG_OK;
}

/* ---- a sample of rows ---- */

/* Of more rows than FEW a tree is grown on about SOME; edges of bins are quantiles of about FOR_EDGES. */
enum { FEW = 1 << 19, SOME = 1 << 18, FEW_FOR_EDGES = 1 << 16, FOR_EDGES = 1 << 15 };

/* Fewer different ones say too little. */
enum { FEWEST_TO_GROW = 1 << 16, FEWEST_FOR_EDGES = 1 << 12 };

static kmseg_status fill_column(km_tree *tree, const km_raw_column *raw, const int64_t *rows,
                                const int64_t *sample, int64_t n_sample, double *room,
                                km_tree_column *column) {
    if (column->values != NULL) {
        for (int64_t i = 0; i < n_sample && sample != NULL; i++) {
            room[i] = column->values[sample[i]];
        }
        KM_TRY(place_edges(tree->ctx, column, sample != NULL ? room : column->values, n_sample));
    }
    if (column->bins == NULL) {
        return KMSEG_OK;
    }
    fill_loop loop = {.raw = raw, .rows = rows, .column = column, .n = tree->n_rows};
    return km_parallel(tree->ctx, km_chunks(tree->n_rows, ROWS), fill_bins, &loop);
}

static kmseg_status fill_columns(km_tree *tree, const km_raw_column *raw, const int64_t *rows,
                                 km_arena *scratch) {
    for (int32_t c = 0; c < tree->n_columns; c++) {
        KM_TRY(take_values(tree, &raw[c], rows, &tree->columns[c]));
    }
    int64_t *sample = NULL, n = tree->n_rows;
    if (n > FEW_FOR_EDGES) {
        KM_TRY(km_tree_sample(tree->ctx, raw, tree->n_columns, rows, n, FOR_EDGES, FEWEST_FOR_EDGES,
                              scratch, &sample, &n));
    }
    double *room = km_arena_take(scratch, sample != NULL ? (size_t)n * sizeof *room : 1);
    if (room == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    for (int32_t c = 0; c < tree->n_columns; c++) {
        KM_TRY(fill_column(tree, &raw[c], rows, sample, n, room, &tree->columns[c]));
    }
    return KMSEG_OK;
}

/* ---- weights ---- */

/* Weights in whole units, so that sums are exact: 1 is 1 where all are whole. */
static kmseg_status take_weights(km_tree *tree, const double *weights) {
    if (weights == NULL) {
        return KMSEG_OK;
    }
    double sum = 0, largest = 0;
    int whole = 1;
    for (int64_t i = 0; i < tree->n_rows; i++) {
        if (!(weights[i] >= 0) || isinf(weights[i])) {
            return km_fail(tree->ctx, KMSEG_E_ARGUMENT,
                           "weight %lld is %g; it needs to be a number of at least 0", (long long)i,
                           weights[i]);
        }
        whole &= weights[i] == rint(weights[i]);
        largest = fmax(largest, weights[i]);
        sum += weights[i];
    }
    if (!(largest > 0)) {
        return km_fail(tree->ctx, KMSEG_E_ARGUMENT, "every weight is 0; some need to be more");
    }
    int64_t *units = km_arena_take(tree->arena, (size_t)tree->n_rows * sizeof *units);
    if (units == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    /* No sum beyond 2^52: counts are doubles in scores. */
    int exponent;
    (void)frexp((double)tree->n_rows, &exponent);
    double room = ldexp(1, 52 - exponent); /* of the largest */
    double unit = whole && largest <= room ? 1 : room / largest;
    for (int64_t i = 0; i < tree->n_rows; i++) {
        units[i] = (int64_t)rint(weights[i] * unit);
    }
    tree->weights = units;
    return KMSEG_OK;
}

/* ---- from the tree to rules ---- */

/* Nodes that are left, renumbered in the order of a walk that says yes first. */
static int32_t copy_nodes(const km_tree *tree, int32_t at, kmseg_tree_node *nodes, int32_t *n) {
    const km_tree_node *from = &tree->nodes[at];
    int32_t here = (*n)++;
    kmseg_tree_node *to = &nodes[here];
    *to = from->shown;
    to->segment = 0;
    for (int32_t s = 1; s < tree->n_segments; s++) {
        to->segment = from->counts[s] > from->counts[to->segment] ? s : to->segment;
    }
    double most = (double)from->counts[to->segment];
    to->share = (double)from->total / (double)tree->total;
    to->precision = from->total > 0 ? most / (double)from->total : 0;
    double all = (double)tree->nodes[0].counts[to->segment];
    to->coverage = all > 0 ? most / all : 0;
    if (to->column >= 0) {
        int32_t yes = copy_nodes(tree, from->shown.yes, nodes, n);
        int32_t no = copy_nodes(tree, from->shown.no, nodes, n);
        nodes[here].yes = yes;
        nodes[here].no = no;
    }
    return here;
}

/* What the leaves below a node tell right. */
static int64_t right_below(const km_tree *tree, int32_t at) {
    const km_tree_node *node = &tree->nodes[at];
    if (node->shown.column >= 0) {
        return right_below(tree, node->shown.yes) + right_below(tree, node->shown.no);
    }
    int64_t most = 0;
    for (int32_t s = 0; s < tree->n_segments; s++) {
        most = node->counts[s] > most ? node->counts[s] : most;
    }
    return most;
}

static kmseg_status take_tree(const km_tree *tree, km_tree_rules *rules) {
    kmseg_tree_node *nodes = km_arena_array(&rules->arena, tree->n_nodes, sizeof *nodes);
    if (nodes == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    (void)copy_nodes(tree, 0, nodes, &rules->shown.n_nodes);
    rules->shown.nodes = nodes;
    rules->shown.n_segments = tree->n_segments;
    rules->shown.guess = nodes[0].precision;
    rules->shown.fidelity = (double)right_below(tree, 0) / (double)tree->total;
    return KMSEG_OK;
}

/* Questions in a row: enough for as many leaves as there are segments, and then one. */
static int32_t depth_for(int32_t asked, int32_t n_segments) {
    int32_t depth = 1;
    while (depth < KM_TREE_DEPTH && (1 << (depth - 1)) < n_segments) {
        depth++;
    }
    depth = asked > depth ? asked : depth;
    return depth < KM_TREE_DEPTH ? depth : KM_TREE_DEPTH;
}

static kmseg_status check(kmseg_context *ctx, const kmseg_table *table, const int64_t *rows,
                          int64_t n_rows, const int32_t *labels, int32_t n_segments,
                          int32_t depth) {
    if (depth < 1 || depth > KM_TREE_DEPTH || n_segments < 1 || n_rows < 1 ||
        (rows == NULL && n_rows > kmseg_table_n_rows(table))) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "rules of depth %d for %d segments of %lld rows; the depth needs to be 1 to "
                       "%d, with at least one segment, and rows that the table has",
                       depth, n_segments, (long long)n_rows, KM_TREE_DEPTH);
    }
    for (int64_t i = 0; i < n_rows; i++) {
        int64_t row = rows != NULL ? rows[i] : i;
        if (labels[i] < 0 || labels[i] >= n_segments || row < 0 ||
            row >= kmseg_table_n_rows(table)) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "sample %lld is row %lld with label %d; labels need to be below %d and "
                           "rows in the table",
                           (long long)i, (long long)row, labels[i], n_segments);
        }
    }
    return KMSEG_OK;
}

static kmseg_status grow_on(km_tree *tree, const km_raw_column *raw, const int64_t *rows) {
    tree->columns = km_arena_array(tree->arena, tree->n_columns, sizeof *tree->columns);
    if (tree->columns == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    km_arena scratch;
    km_arena_init(&scratch, &tree->ctx->allocator);
    kmseg_status status = fill_columns(tree, raw, rows, &scratch);
    km_arena_free(&scratch);
    return status == KMSEG_OK ? km_tree_grow(tree) : status;
}

/* Grows the tree on n of its rows. */
static kmseg_status grow_on_some(km_tree *tree, const km_raw_column *raw, const int64_t *rows,
                                 const int64_t *sample, int64_t n) {
    int64_t *some = km_arena_take(tree->arena, (size_t)n * sizeof *some);
    int32_t *labels = km_arena_take(tree->arena, (size_t)n * sizeof *labels);
    int64_t *weights =
        tree->weights != NULL ? km_arena_take(tree->arena, (size_t)n * sizeof *weights) : NULL;
    if (some == NULL || labels == NULL || (tree->weights != NULL && weights == NULL)) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        some[i] = rows != NULL ? rows[sample[i]] : sample[i];
        labels[i] = tree->labels[sample[i]];
        total += weights != NULL ? weights[i] = tree->weights[sample[i]] : 1;
    }
    if (total == 0) {
        return grow_on(tree, raw, rows);
    }
    km_tree part = *tree;
    part.n_rows = n;
    part.labels = labels;
    part.weights = weights;
    KM_TRY(grow_on(&part, raw, some));
    KM_TRY(km_tree_recount(&part, raw, rows, tree->n_rows, tree->labels, tree->weights));
    *tree = part;
    return KMSEG_OK;
}

static kmseg_status grow(km_tree *tree, const kmseg_prepare *prepare, const kmseg_table *table,
                         const int64_t *rows, const double *weights, km_tree_rules *rules) {
    km_raw_column *raw;
    int64_t *sample = NULL, n = tree->n_rows;
    KM_TRY(take_weights(tree, weights));
    KM_TRY(km_raw_columns(tree->ctx, prepare, table, tree->arena, &raw));
    if (n > FEW) {
        KM_TRY(km_tree_sample(tree->ctx, raw, tree->n_columns, rows, n, SOME, FEWEST_TO_GROW,
                              tree->arena, &sample, &n));
    }
    KM_TRY(sample != NULL ? grow_on_some(tree, raw, rows, sample, n) : grow_on(tree, raw, rows));
    KM_TRY(take_tree(tree, rules));
    return km_tree_rules_word(tree->ctx, rules, prepare);
}

kmseg_status kmseg_tree_new(kmseg_context *ctx, const kmseg_table *table, const int64_t *rows,
                            int64_t n_rows, const int32_t *labels, const double *weights,
                            int32_t n_segments, const kmseg_prepare *prepare, int32_t depth,
                            kmseg_tree **out) {
    *out = NULL;
    km_tree_rules *rules;
    KM_TRY(check(ctx, table, rows, n_rows, labels, n_segments, depth));
    KM_TRY(km_tree_rules_alloc(ctx, &rules));
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_tree tree = {.ctx = ctx,
                    .arena = &scratch,
                    .n_rows = n_rows,
                    .n_segments = n_segments,
                    .n_columns = prepare->n_columns,
                    .max_depth = depth_for(depth, n_segments),
                    .labels = labels};
    kmseg_status status = grow(&tree, prepare, table, rows, weights, rules);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        kmseg_tree_free(&rules->shown);
        return status;
    }
    *out = &rules->shown;
    return KMSEG_OK;
}

/* ---- use ---- */

typedef struct apply_loop {
    const kmseg_tree *rules;
    const km_raw_column *raw;
    int64_t n;
    int32_t *out;
} apply_loop;

static void apply_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const apply_loop *loop = argument;
    int64_t end = (chunk + 1) * ROWS < loop->n ? (chunk + 1) * ROWS : loop->n;
    for (int64_t i = chunk * ROWS; i < end; i++) {
        int32_t at = 0;
        while (loop->rules->nodes[at].column >= 0) {
            const kmseg_tree_node *node = &loop->rules->nodes[at];
            at = km_raw_answer(&loop->raw[node->column], node, i) ? node->yes : node->no;
        }
        loop->out[i] = at;
    }
}

kmseg_status kmseg_tree_apply(kmseg_context *ctx, const kmseg_tree *rules,
                              const kmseg_prepare *prepare, const kmseg_table *table,
                              int32_t *out_nodes) {
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    apply_loop loop = {.rules = rules, .n = kmseg_table_n_rows(table), .out = out_nodes};
    km_raw_column *raw;
    kmseg_status status = km_raw_columns(ctx, prepare, table, &scratch, &raw);
    if (status == KMSEG_OK) {
        loop.raw = raw;
        status = km_parallel(ctx, km_chunks(loop.n, ROWS), apply_chunk, &loop);
    }
    km_arena_free(&scratch);
    return status;
}

/* ---- copies ---- */

static int is_share(double x) { return x >= 0 && x <= 1; }

/* Nodes of a tree have one parent each, which stands before them. */
static int check_node(const kmseg_tree *from, const kmseg_prepare *prepare, int32_t at,
                      unsigned char *depths) {
    const kmseg_tree_node *node = &from->nodes[at];
    if (node->segment < 0 || node->segment >= from->n_segments || !is_share(node->share) ||
        !is_share(node->precision) || !is_share(node->coverage)) {
        return 0;
    }
    if (node->column == -1) {
        return node->yes == -1 && node->no == -1;
    }
    if (node->column < 0 || node->column >= prepare->n_columns || node->yes <= at ||
        node->no <= at || node->yes >= from->n_nodes || node->no >= from->n_nodes ||
        node->yes == node->no || depths[node->yes] > 0 || depths[node->no] > 0 ||
        depths[at] >= KM_TREE_DEPTH) {
        return 0;
    }
    depths[node->yes] = depths[node->no] = (unsigned char)(depths[at] + 1);
    const kmseg_prepare_column *column = &prepare->columns[node->column];
    return column->type == KMSEG_COLUMN_TEXT ? node->level >= 0 && node->level < column->n_levels
                                             : node->level == -1 && isfinite(node->threshold);
}

static kmseg_status check_copy(kmseg_context *ctx, const kmseg_tree *from,
                               const kmseg_prepare *prepare) {
    int whole = from->struct_size == sizeof *from && from->n_nodes >= 1 &&
                from->n_nodes < (2 << KM_TREE_DEPTH) && from->nodes != NULL &&
                from->n_segments >= 1 && is_share(from->fidelity) && is_share(from->guess);
    unsigned char depths[2 << KM_TREE_DEPTH] = {0};
    for (int32_t i = 0; whole && i < from->n_nodes; i++) {
        whole = check_node(from, prepare, i, depths) && (i == 0 || depths[i] > 0);
    }
    return whole ? KMSEG_OK
                 : km_fail(ctx, KMSEG_E_FORMAT,
                           "the rules are no tree of questions about the columns of the fit");
}

kmseg_status kmseg_tree_copy(kmseg_context *ctx, const kmseg_tree *from,
                             const kmseg_prepare *prepare, kmseg_tree **out) {
    *out = NULL;
    km_tree_rules *rules;
    KM_TRY(check_copy(ctx, from, prepare));
    KM_TRY(km_tree_rules_alloc(ctx, &rules));
    rules->shown = *from;
    rules->shown.nodes =
        km_arena_copy(&rules->arena, from->nodes, from->n_nodes, sizeof *from->nodes);
    kmseg_status status = rules->shown.nodes != NULL ? km_tree_rules_word(ctx, rules, prepare)
                                                     : km_fail_memory(ctx, "the rules of segments");
    if (status != KMSEG_OK) {
        kmseg_tree_free(&rules->shown);
        return status;
    }
    *out = &rules->shown;
    return KMSEG_OK;
}
