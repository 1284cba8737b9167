/* What the library reads and writes, for scripts that compare it with what h5py does.
 *
 *   tool_store table OUT        writes a table of every kind of column
 *   tool_store result OUT [N]   writes segments of N synthetic customers
 *   tool_store show FILE        prints what the library loads from FILE, as JSON
 *
 * Exit 1 with "status: message" on stderr when the library fails. */
#include <kmseg/kmseg.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(kmseg_context *ctx, kmseg_status status) {
    if (status != KMSEG_OK) {
        fprintf(stderr, "%d: %s\n", (int)status, kmseg_last_error(ctx));
        exit(1);
    }
}

static void print_text(const char *text) {
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20 || *c == '"' || *c == '\\') {
            printf("\\u%04x", *c);
        } else {
            putchar(*c);
        }
    }
    putchar('"');
}

static void print_number(double value) {
    if (isnan(value)) {
        printf("null");
    } else {
        printf("%.17g", value);
    }
}

#define LIST(name, n, print)                                                                       \
    do {                                                                                           \
        printf(", \"%s\": [", name);                                                               \
        for (int64_t i = 0; i < (n); i++) {                                                        \
            printf(i > 0 ? ", " : "");                                                             \
            print;                                                                                 \
        }                                                                                          \
        printf("]");                                                                               \
    } while (0)

#define NUMBERS(name, values, n)  LIST(name, n, print_number((values)[i]))
#define TEXTS(name, values, n)    LIST(name, n, print_text((values)[i]))
#define INTEGERS(name, values, n) LIST(name, n, printf("%lld", (long long)(values)[i]))

static void show_table(const kmseg_table *table) {
    int64_t n = kmseg_table_n_rows(table);
    printf("{\"n_rows\": %lld, \"columns\": [", (long long)n);
    for (int32_t j = 0; j < kmseg_table_n_columns(table); j++) {
        const kmseg_column *column = kmseg_table_column(table, j);
        printf(j > 0 ? ",\n{\"name\": " : "\n{\"name\": ");
        print_text(column->name);
        printf(", \"unit\": ");
        print_text(column->unit);
        printf(", \"type\": %d, \"role\": %d, \"n_missing\": %lld", (int)column->type,
               (int)column->role, (long long)column->n_missing);
        if (column->type == KMSEG_COLUMN_NUMBER) {
            NUMBERS("values", column->numbers, n);
        } else if (column->type == KMSEG_COLUMN_TIME) {
            INTEGERS("values", column->times, n);
        } else {
            INTEGERS("codes", column->codes, n);
            TEXTS("levels", column->levels, column->n_levels);
        }
        printf("}");
    }
    printf("]}\n");
}

static void show_prepare(const kmseg_prepare *prepare) {
    printf(", \"prepare\": {\"id\": ");
    print_text(prepare->id);
    TEXTS("notes", prepare->notes, prepare->n_notes);
    TEXTS("output_names", prepare->output_names, prepare->n_outputs);
    const kmseg_prepare_column *columns = prepare->columns;
    int32_t n = prepare->n_columns;
    LIST("name", n, print_text(columns[i].name));
    LIST("transform", n, print_text(columns[i].transform));
    LIST("scale", n, print_text(columns[i].scale));
    LIST("impute", n, print_text(columns[i].impute));
    LIST("group", n, print_text(columns[i].group));
    LIST("lower", n, print_number(columns[i].lower));
    LIST("parameter", n, print_number(columns[i].parameter));
    LIST("indicator", n, print_number(columns[i].indicator));
    LIST("centre", n, print_number(columns[i].centre));
    LIST("spread", n, print_number(columns[i].spread));
    LIST("weight", n, print_number(columns[i].weight));
    LIST("fill", n, print_number(columns[i].fill));
    LIST("n_levels", n, printf("%d", columns[i].n_levels));
    printf("}");
}

static void show_profile(const kmseg_profile *profile) {
    int32_t k = profile->n_segments;
    printf(", \"profile\": {\"value_column\": ");
    print_text(profile->value_column);
    TEXTS("names", profile->names, k);
    INTEGERS("sizes", profile->sizes, k);
    NUMBERS("values", profile->values, k);
    INTEGERS("n_traits", profile->n_traits, k);
    LIST("columns", profile->n_columns, print_text(profile->columns[i].name));
    printf(", \"means\": [");
    for (int32_t j = 0; j < profile->n_columns; j++) {
        printf(j > 0 ? ", {\"n\": 0" : "{\"n\": 0");
        if (profile->columns[j].type == KMSEG_COLUMN_NUMBER) {
            NUMBERS("values", profile->columns[j].segment_means, k);
        }
        printf("}");
    }
    printf("]}");
}

static void show_explanations(const kmseg_result *result) {
    int64_t k = result->n_segments;
    INTEGERS("typical", result->typical, k * result->n_typical);
    if (result->plans != NULL) {
        LIST("plan_names", k, print_text(result->plans[i].name));
        LIST("plan_actions", k, print_text(result->plans[i].action));
        LIST("plan_colours", k, print_text(result->plans[i].colour));
        LIST("plan_budgets", k, print_number(result->plans[i].budget_share));
    }
    const kmseg_tree *rules = result->rules;
    if (rules != NULL) {
        printf(", \"fidelity\": ");
        print_number(rules->fidelity);
        LIST("thresholds", rules->n_nodes, print_number(rules->nodes[i].threshold));
        LIST("yes", rules->n_nodes, printf("%d", rules->nodes[i].yes));
        LIST("leaf_texts", rules->n_rules, print_text(rules->rules[i].text));
        LIST("coverages", rules->n_rules, print_number(rules->rules[i].coverage));
    }
    const kmseg_profile *profile = result->profile;
    printf(", \"spreads\": [");
    for (int32_t c = 0; c < profile->n_columns; c++) {
        const kmseg_profile_column *column = &profile->columns[c];
        printf(c > 0 ? ", {\"n_bins\": %d" : "{\"n_bins\": %d", column->n_bins);
        if (column->n_bins > 0) {
            NUMBERS("all", column->quantiles, KMSEG_N_QUANTILES);
            NUMBERS("segments", column->segment_quantiles, k * KMSEG_N_QUANTILES);
            NUMBERS("edges", column->bin_edges, column->n_bins + 1);
            INTEGERS("counts", column->segment_bins, k * column->n_bins);
        }
        printf("}");
    }
    printf("]");
}

static void show_map(const kmseg_result *result) {
    const kmseg_map *map = result->map;
    if (map != NULL) {
        NUMBERS("map_loadings", map->loadings, (int64_t)result->n_outputs * map->n_axes);
        NUMBERS("map_points", map->points, map->n_points * map->n_axes);
        INTEGERS("map_labels", map->labels, map->n_points);
    }
    printf(", \"reports\": {");
    for (int32_t i = 0; i < result->n_reports; i++) {
        printf(i > 0 ? ", " : "");
        print_text(result->reports[i].name);
        printf(": %s", result->reports[i].json);
    }
    printf("}");
}

static void show_result(const kmseg_result *result) {
    int64_t n = result->n_samples, k = result->n_segments, d = result->n_outputs;
    printf("{\"n_samples\": %lld, \"n_segments\": %lld, \"n_outputs\": %lld, \"n_iter\": %d",
           (long long)n, (long long)k, (long long)d, result->n_iter);
    NUMBERS("centroids", result->centroids, k * d);
    NUMBERS("centroids_raw", result->centroids_raw, k * d);
    INTEGERS("labels", result->labels, n);
    NUMBERS("distances", result->distances, n);
    NUMBERS("radii", result->radii, k);
    NUMBERS("history", result->history, result->n_iter);
    TEXTS("ids", result->ids, n);
    printf(", \"params\": %s, \"inertia\": ", result->params);
    print_number(result->scores.inertia);
    printf(", \"silhouette\": ");
    print_number(result->scores.silhouette);
    show_prepare(result->prepare);
    show_profile(result->profile);
    show_explanations(result);
    show_map(result);
    printf("}\n");
}

static void show(kmseg_context *ctx, const char *path) {
    kmseg_file_kind kind;
    check(ctx, kmseg_file_kind_of(ctx, path, &kind));
    if (kind == KMSEG_FILE_RESULT) {
        kmseg_result *result;
        check(ctx, kmseg_result_load(ctx, path, &result));
        show_result(result);
        kmseg_result_free(result);
    } else {
        kmseg_table *table;
        check(ctx, kmseg_table_load(ctx, path, &table));
        show_table(table);
        kmseg_table_free(table);
    }
}

static void write_table(kmseg_context *ctx, const char *path) {
    const char *ids[] = {"7", "12", "x y", "é"}, *country[] = {"France", NULL, "France", "日本"};
    const double monetary[] = {1.5, NAN, -0.0, 1e300};
    const int64_t first[] = {0, KMSEG_TIME_MISSING, -86400, 1323388800};
    kmseg_table *table;
    check(ctx, kmseg_table_new(ctx, 4, &table));
    check(ctx, kmseg_table_add_texts(ctx, table, "customer_id", ids));
    check(ctx, kmseg_table_add_numbers(ctx, table, "monetary", monetary));
    check(ctx, kmseg_table_add_texts(ctx, table, "country", country));
    check(ctx, kmseg_table_add_numbers(ctx, table, "a/b", monetary));
    check(ctx, kmseg_table_add_times(ctx, table, "first order", first));
    check(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_ID, NULL));
    check(ctx, kmseg_table_describe(ctx, table, 1, KMSEG_ROLE_FEATURE, "£"));
    check(ctx, kmseg_table_save(ctx, table, "{\"seed\": 1}", path));
    kmseg_table_free(table);
}

/* Labels, by way of a file beside the result. */
static void add_plans(kmseg_context *ctx, kmseg_result *result, const char *path) {
    char name[4096];
    snprintf(name, sizeof name, "%s.labels", path);
    FILE *file = fopen(name, "w");
    if (file == NULL) {
        exit(2);
    }
    fputs("[segment 1]\nname = <b>\"Gold\", é</b>\naction = call; $(ls)\nbudget = 12.5 %\n"
          "colour = #C0392b\n[segment 3]\nname = 日本\n",
          file);
    fclose(file);
    check(ctx, kmseg_plans_read(ctx, result, name));
    remove(name);
}

static void write_result(kmseg_context *ctx, const char *path, int64_t n) {
    kmseg_generate_options generate;
    kmseg_generate_options_init(&generate);
    generate.what = "customers";
    generate.n_customers = n;
    generate.missing_rate = 0.05;
    kmseg_segment_options segment;
    kmseg_segment_options_init(&segment);
    segment.fit.n_clusters = 4;
    segment.fit.n_init = 1;
    kmseg_table *table;
    kmseg_result *result;
    check(ctx, kmseg_generate(ctx, &generate, &table, NULL));
    check(ctx, kmseg_segment(ctx, table, &segment, &result));
    add_plans(ctx, result, path);
    check(ctx, kmseg_result_add_report(ctx, result, "rfm", "{}"));
    check(ctx,
          kmseg_result_add_report(ctx, result, "features", "{\"n_kept\": 7, \"input\": \"<é>\"}"));
    check(ctx, kmseg_result_save(ctx, result, path));
    kmseg_result_free(result);
    kmseg_table_free(table);
}

int main(int argc, char **argv) {
    kmseg_context *ctx;
    if (kmseg_context_new(NULL, &ctx) != KMSEG_OK) {
        return 2;
    }
    if (argc == 3 && strcmp(argv[1], "table") == 0) {
        write_table(ctx, argv[2]);
    } else if (argc >= 3 && strcmp(argv[1], "result") == 0) {
        write_result(ctx, argv[2], argc > 3 ? atoll(argv[3]) : 300);
    } else if (argc == 3 && strcmp(argv[1], "show") == 0) {
        show(ctx, argv[2]);
    } else {
        return 2;
    }
    kmseg_context_free(ctx);
    return 0;
}
