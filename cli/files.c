/* Where results go: checked before any work is done, so that an hour of it is not lost to a typing
 * error. */
#include "cli.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends_in(const char *path, const char *ending) {
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

int cli_folder_check(const char *path, const char *shown) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (length >= sizeof folder) {
        return cli_failed("%s: the path is too long", shown);
    }
    memcpy(folder, slash == NULL ? "." : path, length);
    folder[length] = '\0';
    char clean[300];
    cli_clean(folder, clean, sizeof clean);
    struct stat info;
    if (stat(folder, &info) != 0) {
        return cli_failed("cannot write %s: the folder %s %s", shown, clean,
                          errno == ENOENT ? "does not exist; make it first" : "cannot be opened");
    }
    if (!S_ISDIR(info.st_mode)) {
        return cli_failed("cannot write %s: %s is not a folder", shown, clean);
    }
    if (access(folder, W_OK) != 0) {
        return cli_failed("cannot write %s: no permission to write in the folder %s", shown, clean);
    }
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        return cli_failed("cannot write %s: it is a folder; name a file in it", shown);
    }
    return CLI_OK;
}

int cli_output_check(const char *path, int only_hdf5, const char *input, cli_format *out) {
    char shown[300];
    cli_clean(path, shown, sizeof shown);
    int hdf5 = ends_in(path, ".h5") || ends_in(path, ".hdf5");
    if (only_hdf5 && !hdf5) {
        return cli_misused("-o %s: the name needs to end in .h5 or .hdf5", shown);
    }
    *out = hdf5 ? CLI_HDF5 : CLI_CSV;
    if (!hdf5 && strcmp(path, "-") == 0) {
        return CLI_OK;
    }
    if (!hdf5 && !ends_in(path, ".csv")) {
        return cli_misused("-o %s: the name needs to end in .csv, .h5 or .hdf5, or be - for CSV "
                           "on standard output",
                           shown);
    }
    struct stat from, to;
    if (input != NULL && stat(input, &from) == 0 && stat(path, &to) == 0 &&
        from.st_dev == to.st_dev && from.st_ino == to.st_ino) {
        return cli_misused("-o %s is the input itself; name another file", shown);
    }
    return cli_folder_check(path, shown);
}

int cli_check_segments(const cli_run *run, const char *path) {
    kmseg_file_kind kind;
    int code = cli_status(run, kmseg_file_kind_of(run->ctx, path, &kind));
    if (code == CLI_OK && kind != KMSEG_FILE_RESULT) {
        char clean[300];
        code = cli_failed("%s holds no segments; %s needs what kmseg fit wrote",
                          cli_clean(path, clean, sizeof clean), run->command->name);
    }
    return code;
}

FILE *cli_summary_stream(const char *path) {
    return path != NULL && strcmp(path, "-") == 0 ? stderr : stdout;
}

static int write_table(cli_run *run, const kmseg_table *table, cli_format format,
                       const char *params_json, const char *path) {
    return cli_status(run, format == CLI_HDF5 ? kmseg_table_save(run->ctx, table, params_json, path)
                                              : kmseg_csv_write(run->ctx, table, path));
}

/* What an option of the command called id was given, or NULL. */
static const char *id_option(const cli_run *run) {
    for (int g = 0; g < run->command->n_groups; g++) {
        const cli_group *group = &run->command->groups[g];
        const kmseg_option *option = kmseg_options_find(group->table(), "id");
        if (option != NULL && option->type == KMSEG_OPTION_TEXT) {
            const char *value;
            memcpy(&value, (const char *)run->options + group->offset + option->offset,
                   sizeof value);
            return value;
        }
    }
    return NULL;
}

int cli_table_write(cli_run *run, const kmseg_table *table, cli_format format,
                    const char *params_json, const char *path) {
    if (!cli_hides_ids(run)) {
        return write_table(run, table, format, params_json, path);
    }
    kmseg_table *safe = NULL;
    json_t *params = params_json != NULL ? json_loads(params_json, 0, NULL) : json_object();
    json_object_set_new(params, "ids", json_string(run->key != NULL ? "pseudonyms" : "left out"));
    char *text = params != NULL ? json_dumps(params, JSON_INDENT(2)) : NULL;
    int code =
        text != NULL
            ? cli_status(run, kmseg_table_protect(run->ctx, table, id_option(run), run->key, &safe))
            : cli_failed("out of memory");
    if (code == CLI_OK) {
        code = write_table(run, safe, format, text, path);
    }
    kmseg_table_free(safe);
    free(text);
    json_decref(params);
    return code;
}
