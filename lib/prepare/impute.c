/* What becomes of missing cells, as the option says it. */
#include "prepare/fit.h"

#include <string.h>

const char km_impute_names[] = "median, mode, constant, constant:VALUE or drop";

const char *km_impute_find(const char *name) {
    static const char *const names[] = {"median", "mode", "constant", "drop"};
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            return names[i];
        }
    }
    return NULL;
}

kmseg_status km_impute_read(km_fit *fit, const char *text, km_impute *out) {
    static const char suffix[] = "+indicator", constant[] = "constant:";
    size_t n = strlen(text), m = sizeof suffix - 1;
    *out = (km_impute){.indicator = n > m && strcmp(text + n - m, suffix) == 0};
    char *how = km_arena_text_n(&fit->scratch, text, out->indicator ? n - m : n);
    if (how == NULL) {
        return km_fail_memory(fit->ctx, "the options of columns");
    }
    if (strncmp(how, constant, sizeof constant - 1) == 0) {
        out->value = how + sizeof constant - 1;
        how[sizeof constant - 2] = '\0';
    }
    out->how = km_impute_find(how);
    int is_drop = out->how != NULL && strcmp(out->how, "drop") == 0;
    if (out->how == NULL || (out->value != NULL && out->value[0] == '\0') ||
        (is_drop && out->indicator)) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "impute is \"%s\"; it needs to be one of %s, and but for drop may have "
                       "+indicator behind it",
                       text, km_impute_names);
    }
    return KMSEG_OK;
}
