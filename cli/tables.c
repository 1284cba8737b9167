/* Going through the options of a command, for whatever is made of them: help, manuals, completion. */
#include "cli.h"

#include <string.h>

void cli_flag(const kmseg_option *option, char *out, size_t capacity) {
    snprintf(out, capacity, "--%s", option->name);
    for (char *c = out; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
}

const char *cli_choice(const kmseg_option *option, int32_t i, char *room, size_t capacity) {
    if (option->type != KMSEG_OPTION_CHOICE) {
        return NULL;
    }
    if (option->choices == NULL) {
        return option->choice_name(i);
    }
    const char *at = option->choices;
    for (; i > 0 && at != NULL; i--) {
        at = strchr(at, '|');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at == NULL) {
        return NULL;
    }
    snprintf(room, capacity, "%.*s", (int)strcspn(at, "|"), at);
    return room;
}

int cli_is_off(const kmseg_option *option, const void *values) {
    return option->type == KMSEG_OPTION_BOOL &&
           *(const int32_t *)(const void *)((const char *)values + option->offset) == 0;
}

void cli_options_each(const cli_command *command, cli_visit visit, void *user) {
    /* Defaults as the command sets them, in structs of their own. */
    static _Alignas(16) char options[4096];
    memset(options, 0, sizeof options);
    if (command->init != NULL && command->options_size <= sizeof options) {
        command->init(options);
    }
    for (int g = 0; g < command->n_groups; g++) {
        const cli_group *group = &command->groups[g];
        const char *title = group->title;
        for (int32_t i = 0; i < group->table()->n_options; i++) {
            const kmseg_option *option = cli_group_option(command, g, i);
            if (option != NULL) {
                visit(user, title, option, options + group->offset);
                title = NULL;
            }
        }
    }
    cli_run defaults = {.command = command};
    const cli_shared *shared;
    for (int s = 0; (shared = cli_shared_at(command, s)) != NULL; s++) {
        void *values = (char *)&defaults + shared->offset;
        kmseg_options_init(shared->table(), values);
        for (int32_t i = 0; i < shared->table()->n_options; i++) {
            visit(user, i == 0 ? shared->title : NULL, &shared->table()->options[i], values);
        }
    }
}
