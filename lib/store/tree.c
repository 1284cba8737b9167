/* The tree that tells segments apart, in /rules. */
#include "store/layout.h"

#include <string.h>

void km_store_put_rules(km_h5_file *file, const kmseg_tree *rules) {
    km_h5_put_group(file, "/rules");
    km_fields_put(file, &km_layout_rules, rules);
    km_fields_put_rows(file, &km_layout_rules_nodes, rules->n_nodes, rules->nodes);
    km_fields_put_rows(file, &km_layout_rules_leaves, rules->n_rules, rules->rules);
}

/* Leaves are for readers: the library words them anew. */
static kmseg_status check_leaves(km_h5_file *file, km_arena *arena, const kmseg_tree *rules) {
    kmseg_tree_rule *leaves;
    int64_t n;
    int32_t n_leaves = 0;
    KM_TRY(km_fields_get_rows(file, &km_layout_rules_leaves, arena, &n, &leaves));
    for (int32_t i = 0; i < rules->n_nodes; i++) {
        n_leaves += rules->nodes[i].column < 0;
    }
    return n == n_leaves ? KMSEG_OK
                         : km_h5_fault(file, KMSEG_E_FORMAT,
                                       "/rules/leaves has %lld rows; the tree has %d leaves",
                                       (long long)n, n_leaves);
}

static kmseg_status get(km_h5_file *file, km_arena *arena, kmseg_tree *rules) {
    kmseg_tree_node *nodes;
    int64_t n;
    KM_TRY(km_fields_get(file, &km_layout_rules, arena, rules));
    KM_TRY(km_fields_get_rows(file, &km_layout_rules_nodes, arena, &n, &nodes));
    if (n < 1 || n > INT32_MAX) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/rules has %lld nodes", (long long)n);
    }
    rules->n_nodes = (int32_t)n;
    rules->nodes = nodes;
    return check_leaves(file, arena, rules);
}

kmseg_status km_store_get_rules(km_h5_file *file, const kmseg_prepare *prepare, int32_t n_segments,
                                kmseg_tree **out) {
    kmseg_tree rules;
    memset(&rules, 0, sizeof rules);
    rules.struct_size = sizeof rules;
    rules.n_segments = n_segments;
    km_arena arena;
    km_arena_init(&arena, &file->ctx->allocator);
    kmseg_status status = get(file, &arena, &rules);
    if (status == KMSEG_OK) {
        status = kmseg_tree_copy(file->ctx, &rules, prepare, out);
        if (status == KMSEG_E_FORMAT) {
            km_fail_prefix(file->ctx, status, "%s: /rules", file->path);
        }
    }
    km_arena_free(&arena);
    return status;
}
