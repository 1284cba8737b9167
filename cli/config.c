/* A file of options: lines of "name = value", where a # begins a comment. */
#include "cli.h"

#include <errno.h>
#include <string.h>

enum { LONGEST = 4096 };

static char *trimmed(char *text) {
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL) {
        text[--n] = '\0';
    }
    return text;
}

/* Keeps a copy with the run. */
static const char *keep(cli_run *run, const char *text) {
    char *copy = strdup(text);
    char **texts = realloc(run->texts, ((size_t)run->n_texts + 1) * sizeof *texts);
    run->texts = texts != NULL ? texts : run->texts;
    if (copy == NULL || texts == NULL) {
        free(copy);
        return NULL;
    }
    run->texts[run->n_texts++] = copy;
    return copy;
}

static int read_line(cli_run *run, char *line, cli_config_line *out) {
    char *comment = line;
    while ((comment = strchr(comment, '#')) != NULL) { /* at the beginning or behind a space */
        if (comment == line || comment[-1] == ' ' || comment[-1] == '\t') {
            *comment = '\0';
            break;
        }
        comment++;
    }
    line = trimmed(line);
    *out = (cli_config_line){NULL, NULL, 0};
    if (line[0] == '\0') {
        return 1;
    }
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        return 0;
    }
    *equals = '\0';
    out->name = keep(run, trimmed(line));
    out->value = keep(run, trimmed(equals + 1));
    return out->name != NULL && out->value != NULL && out->name[0] != '\0';
}

int cli_config_read(cli_run *run, const char *path, cli_config_line *lines, int *out_n) {
    char line[LONGEST], shown[300];
    FILE *file = fopen(path, "r");
    *out_n = 0;
    cli_clean(path, shown, sizeof shown);
    if (file == NULL) {
        return cli_failed("cannot read %s: %s", shown, strerror(errno));
    }
    int code = CLI_OK;
    for (int at = 1; code == CLI_OK && fgets(line, sizeof line, file) != NULL; at++) {
        cli_config_line *one = &lines[*out_n];
        if (strlen(line) + 1 == sizeof line || !read_line(run, line, one)) {
            code = cli_misused("%s, line %d: a line is \"name = value\", as kmseg %s "
                               "--write-config - shows them",
                               shown, at, run->command->name);
        } else if (one->name != NULL && *out_n == CLI_MOST_CONFIG - 1) {
            code = cli_misused("%s has more than %d options", shown, CLI_MOST_CONFIG - 1);
        } else if (one->name != NULL) {
            one->line = at;
            ++*out_n;
        }
    }
    if (code == CLI_OK && ferror(file)) {
        code = cli_failed("cannot read %s: %s", shown, strerror(errno));
    }
    (void)fclose(file);
    return code;
}

static void write_option(FILE *out, const kmseg_option *option, const void *options,
                         const void *defaults) {
    char value[LONGEST], usual[LONGEST], name[64];
    kmseg_options_format(option, options, value, sizeof value);
    kmseg_options_format(option, defaults, usual, sizeof usual);
    snprintf(name, sizeof name, "%s", option->name);
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    fprintf(out, "# %s\n", option->help);
    if (strcmp(value, usual) == 0) {
        fprintf(out, "#%s = %s\n", name, value);
        return;
    }
    for (char *at = value; at != NULL;) { /* a line for each of several */
        char *end = strchr(at, '\n');
        fprintf(out, "%s = %.*s\n", name, (int)(end != NULL ? end - at : (long)strlen(at)), at);
        at = end != NULL ? end + 1 : NULL;
    }
}

void cli_config_write(FILE *out, const cli_run *run, const char *const *passed_over) {
    const cli_command *command = run->command;
    void *defaults = calloc(1, command->options_size);
    if (defaults == NULL) {
        return;
    }
    command->init(defaults);
    if (command->n_arguments > 0) {
        fprintf(out, "# %s\n%sinput = %s\n", command->arguments[0].help,
                run->arguments[0] != NULL ? "" : "#",
                run->arguments[0] != NULL ? run->arguments[0] : "orders.csv");
    }
    for (int g = 0; g < command->n_groups; g++) {
        const cli_group *group = &command->groups[g];
        fprintf(out, "\n# == %s\n", group->title);
        for (int32_t i = 0; i < group->table()->n_options; i++) {
            const kmseg_option *option = cli_group_option(command, g, i);
            int is_passed_over = option == NULL;
            for (int p = 0; passed_over[p] != NULL && option != NULL; p++) {
                is_passed_over |= strcmp(option->name, passed_over[p]) == 0;
            }
            if (!is_passed_over) {
                write_option(out, option, (const char *)run->options + group->offset,
                             (const char *)defaults + group->offset);
            }
        }
    }
    free(defaults);
}
