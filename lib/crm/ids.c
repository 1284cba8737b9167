/* Pseudonyms in place of ids, or none. Rows are then in an order that says nothing of the ids. */
#include "crm/crm.h"

#include "base/parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct hashing {
    const km_crm *crm;
    char *texts;
} hashing;

static void hash_ids(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    hashing *job = argument;
    int64_t n = job->crm->result->n_samples, end = (chunk + 1) * KM_CHUNK_ROWS;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end && i < n; i++) {
        kmseg_pseudonym(job->crm->options->key, job->crm->result->ids[i],
                        job->texts + i * KMSEG_PSEUDONYM_SIZE);
    }
}

static int by_id(const void *a, const void *b, void *argument) {
    const km_crm *crm = argument;
    return strcmp(crm->ids[*(const int64_t *)a], crm->ids[*(const int64_t *)b]);
}

static int compare_cells(const km_crm *crm, const km_crm_column *column, int64_t a, int64_t b) {
    if (column->is_customers && crm->match != NULL) {
        a = crm->match[a];
        b = crm->match[b];
    }
    if (column->numbers != NULL) {
        double x = a >= 0 ? column->numbers[a] : (double)NAN;
        double y = b >= 0 ? column->numbers[b] : (double)NAN;
        return isnan(x) || isnan(y) ? isnan(x) - isnan(y) : (x > y) - (x < y);
    }
    const km_crm_cell *x = &column->cells[a >= 0 ? column->codes[a] + 1 : 0];
    const km_crm_cell *y = &column->cells[b >= 0 ? column->codes[b] + 1 : 0];
    size_t n = x->length < y->length ? x->length : y->length;
    int differs = memcmp(x->text, y->text, n);
    return differs != 0 ? differs : (x->length > y->length) - (x->length < y->length);
}

static int by_cells(const void *a, const void *b, void *argument) {
    const km_crm *crm = argument;
    int differs = 0;
    for (int32_t i = 0; i < crm->n_columns && differs == 0; i++) {
        differs = compare_cells(crm, &crm->columns[i], *(const int64_t *)a, *(const int64_t *)b);
    }
    return differs;
}

static kmseg_status make_pseudonyms(km_crm *crm) {
    int64_t n = crm->result->n_samples;
    hashing job = {.crm = crm, .texts = km_arena_array(&crm->arena, n, KMSEG_PSEUDONYM_SIZE)};
    const char **ids = km_arena_array(&crm->arena, n, sizeof *ids);
    if (job.texts == NULL || ids == NULL) {
        return km_fail_memory(crm->ctx, "pseudonyms");
    }
    int64_t n_before = 0;
    for (int64_t i = 0; i < n; i++) {
        n_before += kmseg_is_pseudonym(crm->result->ids[i]);
        ids[i] = job.texts + i * KMSEG_PSEUDONYM_SIZE;
    }
    if (n > 0 && n_before == n) {
        return km_fail(crm->ctx, KMSEG_E_DATA,
                       "the ids of the segments are pseudonyms already; made into pseudonyms once "
                       "more they would match no other file");
    }
    crm->ids = ids;
    return km_parallel(crm->ctx, km_chunks(n, KM_CHUNK_ROWS), hash_ids, &job);
}

kmseg_status km_crm_hide_ids(km_crm *crm) {
    int64_t n = crm->result->n_samples;
    crm->ids = crm->result->ids;
    if (crm->options->key == NULL && !crm->options->drop_ids) {
        return KMSEG_OK;
    }
    int64_t *order = km_arena_array(&crm->arena, n, sizeof *order);
    if (order == NULL) {
        return km_fail_memory(crm->ctx, "the order of rows");
    }
    for (int64_t i = 0; i < n; i++) {
        order[i] = i;
    }
    if (crm->options->drop_ids) {
        qsort_r(order, (size_t)n, sizeof *order, by_cells, crm);
    } else {
        KM_TRY(make_pseudonyms(crm));
        qsort_r(order, (size_t)n, sizeof *order, by_id, crm);
    }
    crm->order = order;
    return KMSEG_OK;
}
