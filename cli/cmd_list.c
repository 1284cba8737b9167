/* kmseg list: what options accept, from the library's registries. */
#include "cli.h"

#include <jansson.h>
#include <string.h>

static const cli_argument arguments[] = {
    {.name = "WHAT", .help = "a kind of thing; none: the kinds that there are", .optional = 1}};

static int unknown_kind(const char *kind) {
    enum { MOST = 64 };
    const char *kinds[MOST];
    char joined[600] = "", clean[80];
    int n = 0;
    for (; n < MOST && kmseg_list_kind(n) != NULL; n++) {
        kinds[n] = kmseg_list_kind(n);
        size_t used = strlen(joined);
        snprintf(joined + used, sizeof joined - used, "%s%s", n > 0 ? ", " : "", kinds[n]);
    }
    cli_clean(kind, clean, sizeof clean);
    const char *similar = cli_similar(kind, kinds, n);
    if (similar != NULL) {
        return cli_misused("there is no list of %s; did you mean %s? There are %s", clean, similar,
                           joined);
    }
    return cli_misused("there is no list of %s; there are %s", clean, joined);
}

static int print_json(const char *kind) {
    json_t *array = json_array();
    for (int32_t i = 0; kmseg_list_name(kind, i) != NULL; i++) {
        const char *name = kmseg_list_name(kind, i);
        json_t *row = json_object();
        json_object_set_new(row, "name", json_string(name));
        json_object_set_new(row, "help", json_string(kmseg_list_help(kind, name)));
        json_array_append_new(array, row);
    }
    json_t *root = json_object();
    json_object_set_new(root, "kind", json_string(kind));
    json_object_set_new(root, "items", array);
    return cli_print_json(root);
}

static int run_list(cli_run *run) {
    const char *kind = run->arguments[0] != NULL ? run->arguments[0] : "kinds";
    if (kmseg_list_name(kind, 0) == NULL) {
        return unknown_kind(kind);
    }
    if (run->common.json) {
        return print_json(kind);
    }
    int widest = 0;
    for (int32_t i = 0; kmseg_list_name(kind, i) != NULL; i++) {
        int length = (int)strlen(kmseg_list_name(kind, i));
        widest = length > widest ? length : widest;
    }
    for (int32_t i = 0; kmseg_list_name(kind, i) != NULL; i++) {
        const char *name = kmseg_list_name(kind, i);
        printf("%-*s  ", widest, name);
        cli_wrap(stdout, kmseg_list_help(kind, name), widest + 2, widest + 2, cli_width(stdout));
    }
    return CLI_OK;
}

const cli_command cli_cmd_list = {
    .name = "list",
    .help = "what options accept: algorithms, transforms, kernels, ...",
    .description = "Lists the names that options accept, each with a line on what it is.",
    .examples = "  kmseg list\n  kmseg list transforms\n  kmseg list features --json\n",
    .arguments = arguments,
    .n_arguments = 1,
    .run = run_list,
};
