/* Every registry of the library, by kind: what options accept and what `kmseg list` prints. */
#include "base/registry.h"
#include "cluster/cluster.h"
#include "crm/crm.h"
#include "customer/orders.h"
#include "evaluate/evaluate.h"
#include "kernels/kernels.h"
#include "prepare/scale.h"
#include "prepare/transform.h"
#include "report/formats.h"
#include "report/page_words.h"
#include "source/source.h"

#include <kmseg/option.h>

#include <stddef.h>
#include <string.h>

typedef struct kind {
    const km_registry *registry;
    const char *help; /* one line, no full stop */
} kind;

static const km_named *kernels_at(int32_t i) {
    const km_kernels *kernels = km_kernels_at(i);
    return kernels != NULL ? &kernels->named : NULL;
}

static const km_registry initialisers = {"initialisers", km_initialiser_at};
static const km_registry algorithms = {"algorithms", km_algorithm_at};
static const km_registry metrics = {"metrics", km_metric_at};
static const km_registry kernels = {"kernels", kernels_at};

/* In the order of a run. */
static const kind kinds[] = {
    {&km_sources, "files that tables are read from, told by their content"},
    {&km_clean_rule_registry, "why a line of an order log is left out, in the order of the checks"},
    {&km_feature_registry, "what is built per customer from an order log"},
    {&km_transforms, "what is done to a number before it is scaled"},
    {&km_scales, "how numbers are brought to one scale"},
    {&initialisers, "how the first centroids are chosen"},
    {&algorithms, "how centroids and labels are improved from there"},
    {&metrics, "scores of a result, and what they say"},
    {&km_report_formats, "what a result is printed as"},
    {&km_crm_formats, "whose bulk import an export is for"},
    {&km_report_languages, "languages of a report for those who have no kmseg"},
    {&kernels, "instruction sets that the inner loops are built for"},
};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* The kinds are themselves a list. */
static const char kind_of_kinds[] = "kinds";

static const kind *find_kind(const char *name) {
    for (int32_t i = 0; i < N_KINDS; i++) {
        if (strcmp(kinds[i].registry->kind, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

const char *kmseg_list_kind(int32_t i) {
    return i >= 0 && i < N_KINDS ? kinds[i].registry->kind : NULL;
}

const char *kmseg_list_name(const char *kind_name, int32_t i) {
    if (strcmp(kind_name, kind_of_kinds) == 0) {
        return kmseg_list_kind(i);
    }
    const kind *found = find_kind(kind_name);
    const km_named *row = found != NULL && i >= 0 ? found->registry->get(i) : NULL;
    return row != NULL ? row->name : NULL;
}

const char *kmseg_list_help(const char *kind_name, const char *name) {
    if (strcmp(kind_name, kind_of_kinds) == 0) {
        const kind *found = find_kind(name);
        return found != NULL ? found->help : "";
    }
    const kind *found = find_kind(kind_name);
    const km_named *row;
    for (int32_t i = 0; found != NULL && (row = found->registry->get(i)) != NULL; i++) {
        if (strcmp(row->name, name) == 0) {
            return row->help;
        }
    }
    return "";
}
