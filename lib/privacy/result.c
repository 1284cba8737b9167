/* Results without the ids of customers. */
#include "data/result.h"
#include "base/parallel.h"
#include "base/text.h"

#include <kmseg/privacy.h>

#include <stdlib.h>
#include <string.h>

typedef struct protection {
    const kmseg_result *result;
    const kmseg_key *key;
    char *texts; /* n_samples of width */
    int64_t width;
} protection;

static void hash_ids(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    protection *p = argument;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < p->result->n_samples ? end : p->result->n_samples;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        kmseg_pseudonym(p->key, p->result->ids[i], p->texts + i * p->width);
    }
}

static int by_pseudonym(const void *a, const void *b, void *argument) {
    const protection *p = argument;
    return strcmp(p->texts + *(const int64_t *)a * p->width,
                  p->texts + *(const int64_t *)b * p->width);
}

static int by_place(const void *a, const void *b, void *argument) {
    const kmseg_result *result = ((const protection *)argument)->result;
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    if (result->labels[x] != result->labels[y]) {
        return result->labels[x] < result->labels[y] ? -1 : 1;
    }
    return (result->distances[x] > result->distances[y]) -
           (result->distances[x] < result->distances[y]);
}

static kmseg_status check_new(kmseg_context *ctx, const kmseg_result *result) {
    int64_t n = 0;
    for (int64_t i = 0; i < result->n_samples; i++) {
        n += kmseg_is_pseudonym(result->ids[i]);
    }
    return n == 0 || n < result->n_samples
               ? KMSEG_OK
               : km_fail(ctx, KMSEG_E_DATA,
                         "the ids of the segments are pseudonyms already; made into pseudonyms "
                         "once more they would match no other file");
}

/* Ids in their new order, each in the result's arena. */
static const char *const *new_ids(const protection *p, const int64_t *order, km_arena *arena) {
    int64_t n = p->result->n_samples;
    const char **ids = km_arena_array(arena, n, sizeof *ids);
    for (int64_t i = 0; i < n && ids != NULL; i++) {
        const char *id = p->key != NULL ? p->texts + order[i] * p->width
                                        : km_arena_format(arena, "%lld", (long long)i + 1);
        ids[i] = id;
        ids = id != NULL ? ids : NULL;
    }
    return ids;
}

/* The parameters, an object, with one more member at its end. */
static const char *new_params(const char *params, const char *ids, km_arena *arena) {
    const char *end = strrchr(params, '}');
    const char *open = strchr(params, '{');
    if (end == NULL || open == NULL) {
        return km_arena_format(arena, "{\"ids\": \"%s\"}", ids);
    }
    while (end > open + 1 && strchr(" \n\r\t", end[-1]) != NULL) {
        end--;
    }
    return km_arena_format(arena, "%.*s%s\n  \"ids\": \"%s\"\n}\n", (int)(end - params), params,
                           end > open + 1 ? "," : "", ids);
}

/* Everything is made before anything of the result changes. */
static kmseg_status rearrange(kmseg_context *ctx, km_result *owner, const protection *p,
                              const int64_t *order, int64_t *place) {
    kmseg_result *result = &owner->result;
    km_arena *arena = &owner->arena;
    int64_t n = result->n_samples, n_typical = (int64_t)result->n_segments * result->n_typical;
    int32_t *labels = km_arena_array(arena, n, sizeof *labels);
    double *distances = km_arena_array(arena, n, sizeof *distances);
    int64_t *typical = km_arena_array(arena, n_typical, sizeof *typical);
    const char *const *ids = new_ids(p, order, arena);
    const char *params = new_params(result->params != NULL ? result->params : "{}",
                                    p->key != NULL ? "pseudonyms" : "left out", arena);
    if (labels == NULL || distances == NULL || typical == NULL || ids == NULL || params == NULL) {
        return km_fail_memory(ctx, "a result without ids");
    }
    for (int64_t i = 0; i < n; i++) {
        labels[i] = result->labels[order[i]];
        distances[i] = result->distances[order[i]];
        place[order[i]] = i;
    }
    for (int64_t i = 0; i < n_typical; i++) {
        typical[i] = result->typical[i] >= 0 ? place[result->typical[i]] : -1;
    }
    result->labels = labels;
    result->distances = distances;
    result->typical = n_typical > 0 ? typical : NULL;
    result->ids = ids;
    result->params = params;
    return KMSEG_OK;
}

kmseg_status kmseg_result_protect(kmseg_context *ctx, kmseg_result *result, const kmseg_key *key) {
    km_result *owner = (km_result *)(void *)result;
    int64_t n = result->n_samples;
    protection p = {.result = result, .key = key, .width = KMSEG_PSEUDONYM_SIZE};
    KM_TRY(key != NULL ? check_new(ctx, result) : KMSEG_OK);
    int64_t *order = km_allocate_array(&ctx->allocator, n, sizeof *order);
    int64_t *place = km_allocate_array(&ctx->allocator, n, sizeof *place);
    kmseg_status status =
        order != NULL && place != NULL ? KMSEG_OK : km_fail_memory(ctx, "the order of rows");
    if (status == KMSEG_OK && key != NULL) {
        p.texts = km_arena_array(&owner->arena, n, KMSEG_PSEUDONYM_SIZE);
        status = p.texts != NULL ? km_parallel(ctx, km_chunks(n, KM_CHUNK_ROWS), hash_ids, &p)
                                 : km_fail_memory(ctx, "pseudonyms");
    }
    if (status == KMSEG_OK) {
        for (int64_t i = 0; i < n; i++) {
            order[i] = i;
        }
        qsort_r(order, (size_t)n, sizeof *order, key != NULL ? by_pseudonym : by_place, &p);
        status = rearrange(ctx, owner, &p, order, place);
    }
    km_release(&ctx->allocator, order);
    km_release(&ctx->allocator, place);
    return status;
}
