#include "data/result.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

kmseg_status km_result_new(kmseg_context *ctx, km_result **out) {
    *out = NULL;
    km_result *result = km_allocate(&ctx->allocator, sizeof *result);
    if (result == NULL) {
        return km_fail_memory(ctx, "a result");
    }
    memset(result, 0, sizeof *result);
    km_arena_init(&result->arena, &ctx->allocator);
    result->result.struct_size = sizeof result->result;
    result->result.tiles = "";
    result->result.inertia_unmerged = NAN;
    result->result.scores = (kmseg_scores){.inertia = NAN,
                                           .explained = NAN,
                                           .silhouette = NAN,
                                           .silhouette_simplified = NAN,
                                           .calinski_harabasz = NAN,
                                           .davies_bouldin = NAN};
    *out = result;
    return KMSEG_OK;
}

void kmseg_result_free(kmseg_result *result) {
    if (result != NULL) {
        km_result *owner = (km_result *)(void *)result;
        kmseg_prepare_free(result->prepare);
        kmseg_profile_free(result->profile);
        kmseg_tree_free(result->rules);
        kmseg_allocator allocator = owner->arena.allocator;
        km_arena_free(&owner->arena);
        km_release(&allocator, owner);
    }
}

int km_result_has_ids(const kmseg_result *result) {
    if (result->prepare == NULL || result->prepare->id[0] == '\0') {
        return 0;
    }
    json_t *params = result->params != NULL ? json_loads(result->params, 0, NULL) : NULL;
    const char *ids = json_string_value(json_object_get(params, "ids"));
    int left_out = ids != NULL && strcmp(ids, "left out") == 0;
    json_decref(params);
    return !left_out;
}

/* Every profile is at least of the columns that were clustered on. */
int32_t kmseg_result_has_profile(const kmseg_result *result) {
    return result->profile->n_columns > 0;
}

kmseg_status km_need_profile(kmseg_context *ctx, const kmseg_result *result, const char *what) {
    if (kmseg_result_has_profile(result)) {
        return KMSEG_OK;
    }
    return km_fail(ctx, KMSEG_E_DATA,
                   "%s needs a profile, and the segments were made without one (--no-profile); fit "
                   "again without that: the same options and seed give the same segments",
                   what);
}

int km_report_name_is_good(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return length >= 1 && length <= 64 && name[length] == '\0' && name[0] >= 'a' && name[0] <= 'z';
}

int km_is_json_object(const char *text) {
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    int is_object = json_is_object(json);
    json_decref(json);
    return is_object;
}

/* Position of the report of that name, or of the first one behind it. */
static int32_t find_report(const kmseg_result *result, const char *name) {
    int32_t at = 0;
    while (at < result->n_reports && strcmp(result->reports[at].name, name) < 0) {
        at++;
    }
    return at;
}

static int has_report(const kmseg_result *result, int32_t at, const char *name) {
    return at < result->n_reports && strcmp(result->reports[at].name, name) == 0;
}

const char *kmseg_result_report(const kmseg_result *result, const char *name) {
    int32_t at = find_report(result, name);
    return has_report(result, at, name) ? result->reports[at].json : NULL;
}

kmseg_status kmseg_result_add_report(kmseg_context *ctx, kmseg_result *result, const char *name,
                                     const char *json) {
    if (!km_report_name_is_good(name)) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "a report cannot have the name \"%s\"; it needs to be of a to z, 0 to 9 and "
                       "_, a letter first, and at most 64 bytes long",
                       name);
    }
    if (json != NULL && !km_is_json_object(json)) {
        return km_fail(ctx, KMSEG_E_FORMAT, "the report %s is no JSON object", name);
    }
    km_arena *arena = &((km_result *)(void *)result)->arena;
    int32_t at = find_report(result, name), n = result->n_reports;
    int32_t behind = at + has_report(result, at, name);
    kmseg_stored_report *reports = km_arena_array(arena, n + 1, sizeof *reports);
    kmseg_stored_report added = {NULL, NULL};
    if (json != NULL) {
        added = (kmseg_stored_report){km_arena_text(arena, name), km_arena_text(arena, json)};
    }
    if (reports == NULL || (json != NULL && (added.name == NULL || added.json == NULL))) {
        return km_fail_memory(ctx, "a report");
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < at; i++) {
        reports[kept++] = result->reports[i];
    }
    if (json != NULL) {
        reports[kept++] = added;
    }
    for (int32_t i = behind; i < n; i++) {
        reports[kept++] = result->reports[i];
    }
    result->reports = reports;
    result->n_reports = kept;
    return KMSEG_OK;
}

const char *kmseg_segment_name(const kmseg_result *result, int32_t segment) {
    int is_named = result->plans != NULL && result->plans[segment].name[0] != '\0';
    return is_named ? result->plans[segment].name : result->profile->names[segment];
}
