/* Growing a tree level by level, and taking back what tells too little apart. */
#include "profile/tree.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

/* What a question needs to better the purity of its node, so that rounding asks none. */
#define LEAST_GAIN 1e-9

/* The share of all weight that a leaf more needs to tell right. */
#define LEAST_TOLD 0.002

static int64_t most_of(const km_tree_node *node, int32_t k, int32_t *out_segment) {
    int32_t best = 0;
    for (int32_t s = 1; s < k; s++) {
        best = node->counts[s] > node->counts[best] ? s : best;
    }
    *out_segment = best;
    return node->counts[best];
}

static kmseg_status add_root(km_tree *tree) {
    tree->capacity = (2 << tree->max_depth) - 1;
    tree->nodes = km_arena_array(tree->arena, tree->capacity, sizeof *tree->nodes);
    int64_t *counts = km_arena_array(tree->arena, tree->n_segments, sizeof *counts);
    tree->places = km_arena_array(tree->arena, tree->n_rows, sizeof *tree->places);
    if (tree->nodes == NULL || counts == NULL || tree->places == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    for (int64_t i = 0; i < tree->n_rows; i++) {
        counts[tree->labels[i]] += km_tree_weight(tree, i);
    }
    km_tree_node *root = &tree->nodes[tree->n_nodes++];
    *root = (km_tree_node){.counts = counts};
    root->shown =
        (kmseg_tree_node){.column = -1, .level = -1, .threshold = NAN, .yes = -1, .no = -1};
    int64_t smallest = INT64_MAX;
    for (int32_t s = 0; s < tree->n_segments; s++) {
        root->total += counts[s];
        smallest = counts[s] > 0 && counts[s] < smallest ? counts[s] : smallest;
    }
    tree->total = root->total;
    tree->least = tree->total / 200 < smallest / 2 ? tree->total / 200 : smallest / 2;
    tree->least = tree->least > 0 ? tree->least : 1;
    return KMSEG_OK;
}

/* Nodes of a depth that are worth a question. */
static int32_t open_nodes(const km_tree *tree, int32_t depth, int32_t *nodes) {
    int32_t n = 0, segment;
    for (int32_t i = 0; i < tree->n_nodes; i++) {
        const km_tree_node *node = &tree->nodes[i];
        if (node->depth == depth && most_of(node, tree->n_segments, &segment) < node->total &&
            node->total >= 2 * tree->least) {
            nodes[n++] = i;
        }
    }
    return n;
}

/* Cuts that better nothing are none. */
static void drop_useless(const km_tree *tree, const int32_t *nodes, int32_t n, km_cut *cuts) {
    for (int32_t i = 0; i < n; i++) {
        const km_tree_node *node = &tree->nodes[nodes[i]];
        double squares = 0;
        for (int32_t s = 0; s < tree->n_segments; s++) {
            squares += (double)node->counts[s] * (double)node->counts[s];
        }
        double total = (double)node->total;
        if (!(cuts[i].score - squares / total > LEAST_GAIN * total)) {
            cuts[i].column = -1;
        }
    }
}

static kmseg_status grow_level(km_tree *tree, int32_t depth, int32_t *nodes) {
    int32_t n = open_nodes(tree, depth, nodes), k = tree->n_segments;
    if (n == 0) {
        return KMSEG_OK;
    }
    km_arena scratch;
    km_arena_init(&scratch, &tree->ctx->allocator);
    km_cut *cuts = km_arena_array(&scratch, n, sizeof *cuts);
    int64_t *below = km_arena_array(&scratch, (int64_t)n * k, sizeof *below);
    kmseg_status status = cuts != NULL && below != NULL
                              ? KMSEG_OK
                              : km_fail_memory(tree->ctx, "the rules of segments");
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        cuts[i].below = below + (int64_t)i * k;
    }
    if (status == KMSEG_OK) {
        status = km_tree_cuts(tree, nodes, n, cuts);
    }
    if (status == KMSEG_OK) {
        drop_useless(tree, nodes, n, cuts);
        status = km_tree_split(tree, nodes, n, cuts);
    }
    km_arena_free(&scratch);
    return status;
}

static void become_leaf(km_tree_node *node) {
    node->shown.column = node->shown.level = node->shown.yes = node->shown.no = -1;
    node->shown.threshold = NAN;
}

/* Leaves below a node by segment, and what they tell right. */
static int64_t weigh(const km_tree *tree, int32_t at, int32_t *leaves) {
    const km_tree_node *node = &tree->nodes[at];
    if (node->shown.column >= 0) {
        int64_t yes = weigh(tree, node->shown.yes, leaves);
        return yes + weigh(tree, node->shown.no, leaves);
    }
    int32_t segment;
    int64_t right = most_of(node, tree->n_segments, &segment);
    leaves[segment]++;
    return right;
}

/* From the last node on, so that children come before their parents. */
static kmseg_status prune(km_tree *tree) {
    int32_t k = tree->n_segments;
    int32_t *all = km_arena_array(tree->arena, k, sizeof *all);
    int32_t *here = km_arena_array(tree->arena, k, sizeof *here);
    if (all == NULL || here == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    weigh(tree, 0, all);
    for (int32_t at = tree->n_nodes - 1; at >= 0; at--) {
        km_tree_node *node = &tree->nodes[at];
        if (node->shown.column < 0) {
            continue;
        }
        memset(here, 0, (size_t)k * sizeof *here);
        int32_t segment, n_leaves = 0;
        int64_t told = weigh(tree, at, here) - most_of(node, k, &segment);
        int is_last = 0; /* the only rules of a segment */
        for (int32_t s = 0; s < k; s++) {
            n_leaves += here[s];
            is_last |= s != segment && here[s] > 0 && here[s] == all[s];
        }
        int tells = (double)told > LEAST_TOLD * (double)tree->total * (n_leaves - 1);
        if (told > 0 && (tells || is_last)) {
            continue;
        }
        become_leaf(node);
        for (int32_t s = 0; s < k; s++) {
            all[s] += (s == segment) - here[s];
        }
    }
    return KMSEG_OK;
}

kmseg_status km_tree_grow(km_tree *tree) {
    KM_TRY(add_root(tree));
    int32_t *nodes = km_arena_array(tree->arena, tree->capacity, sizeof *nodes);
    if (nodes == NULL) {
        return km_fail_memory(tree->ctx, "the rules of segments");
    }
    for (int32_t depth = 0; depth < tree->max_depth; depth++) {
        KM_TRY(grow_level(tree, depth, nodes));
    }
    return prune(tree);
}
