/* Options of a fit, and the registries they choose from. */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

static const km_initialiser initialisers[] = {
    {{"k-means++", "spread by squared distance, the best of several candidates per centroid"},
     km_init_plus_plus,
     1,
     1},
    {{"k-means||", "k-means++ among samples drawn by squared distance in five rounds"},
     km_init_parallel,
     0,
     1},
    {{"random", "samples drawn without replacement, by weight"}, km_init_random, 1, 1},
    {{"given", "centroids handed over by the caller"}, km_init_given, 0, 0},
};

static const km_algorithm algorithms[] = {
    {{"auto", "lloyd, and hamerly from when it pays"}, km_lloyd, 1, KM_BOUNDED_PAYING},
    {{"lloyd", "assign every sample, then move every centroid to its mean"},
     km_lloyd,
     1,
     KM_BOUNDED_NEVER},
    {{"hamerly", "lloyd that spares samples which bounds show to stay where they are"},
     km_lloyd,
     1,
     KM_BOUNDED_ALWAYS},
    {{"minibatch", "a few samples at a time; near what lloyd finds, for a share of the work"},
     km_minibatch,
     0,
     KM_BOUNDED_NEVER},
};

enum {
    N_INITIALISERS = sizeof initialisers / sizeof *initialisers,
    N_ALGORITHMS = sizeof algorithms / sizeof *algorithms
};

const km_named *km_initialiser_at(int32_t i) {
    return i >= 0 && i < N_INITIALISERS ? &initialisers[i].named : NULL;
}

const km_named *km_algorithm_at(int32_t i) {
    return i >= 0 && i < N_ALGORITHMS ? &algorithms[i].named : NULL;
}

const km_initialiser *km_initialiser_find(const char *name) {
    for (int32_t i = 0; i < N_INITIALISERS; i++) {
        if (strcmp(initialisers[i].named.name, name) == 0) {
            return &initialisers[i];
        }
    }
    return NULL;
}

const km_algorithm *km_algorithm_find(const char *name) {
    for (int32_t i = 0; i < N_ALGORITHMS; i++) {
        if (strcmp(algorithms[i].named.name, name) == 0) {
            return &algorithms[i];
        }
    }
    return NULL;
}

static const char *initialiser_name(int32_t i) {
    const km_named *row = km_initialiser_at(i);
    return row != NULL ? row->name : NULL;
}

static const char *algorithm_name(int32_t i) {
    const km_named *row = km_algorithm_at(i);
    return row != NULL ? row->name : NULL;
}

#define AT(field) offsetof(kmseg_fit_options, field)

static const kmseg_option options[] = {
    {.name = "n_clusters",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(n_clusters),
     .minimum = 1,
     .maximum = KM_MOST_CLUSTERS,
     .default_number = 8,
     .metavar = "K",
     .short_flag = 'k',
     .help = "number of segments"},
    {.name = "n_init",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(n_init),
     .minimum = 1,
     .maximum = 1 << 20,
     .default_number = 10,
     .metavar = "N",
     .help = "restarts; the one with the lowest inertia is kept"},
    {.name = "max_iter",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(max_iter),
     .minimum = 1,
     .maximum = 1 << 24,
     .default_number = 300,
     .metavar = "N",
     .help = "iterations of one restart at most"},
    {.name = "tol",
     .type = KMSEG_OPTION_DOUBLE,
     .offset = AT(tol),
     .minimum = 0,
     .maximum = HUGE_VAL,
     .default_number = 1e-4,
     .metavar = "X",
     .help = "stop when the centroids' squared shift is at most X times the mean feature variance"},
    {.name = "seed",
     .type = KMSEG_OPTION_UINT64,
     .offset = AT(seed),
     .minimum = 0,
     .maximum = 0x1p64,
     .default_number = 0,
     .metavar = "N",
     .help = "of all random numbers; the same seed gives the same result"},
    {.name = "init",
     .type = KMSEG_OPTION_CHOICE,
     .offset = AT(init),
     .default_text = "k-means++",
     .choice_name = initialiser_name,
     .list_kind = "initialisers",
     .metavar = "NAME",
     .help = "how the first centroids are chosen"},
    {.name = "algorithm",
     .type = KMSEG_OPTION_CHOICE,
     .offset = AT(algorithm),
     .default_text = "auto",
     .choice_name = algorithm_name,
     .list_kind = "algorithms",
     .metavar = "NAME",
     .help = "how the centroids are improved; all but minibatch give the same labels"},
    {.name = "batch_size",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(batch_size),
     .minimum = 1,
     .maximum = 1 << 24,
     .default_number = 1024,
     .metavar = "N",
     .help = "samples in a batch of the algorithm minibatch"},
    {.name = "coreset_size",
     .type = KMSEG_OPTION_INT32,
     .offset = AT(coreset_size),
     .minimum = 0,
     .maximum = 1 << 24,
     .default_number = 1 << 16,
     .metavar = "N",
     .help =
         "of more than 8 N samples, N that stand for all are clustered first, and restarts that "
         "fall behind on all are given up; equal samples are clustered as one where few differ; 0: "
         "every restart begins and ends on all samples, each by itself"},
};

static const kmseg_option_table table = {"fit", sizeof(kmseg_fit_options),
                                         sizeof options / sizeof *options, options};

const kmseg_option_table *kmseg_fit_option_table(void) { return &table; }

void kmseg_fit_options_init(kmseg_fit_options *out) { kmseg_options_init(&table, out); }

const char *kmseg_stop_reason_text(kmseg_stop_reason reason) {
    switch (reason) {
    case KMSEG_STOP_LABELS: return "no label changed any more";
    case KMSEG_STOP_TOL: return "the centroids moved less than the tolerance";
    case KMSEG_STOP_MAX_ITER: return "the limit of iterations was reached";
    case KMSEG_STOP_CANCELLED: return "cancelled";
    case KMSEG_STOP_STALLED: return "the batches got no better";
    }
    return "unknown";
}
