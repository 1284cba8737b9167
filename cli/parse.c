/* From the words of a command line to the options of a command, by its tables alone. */
#include "cli.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const kmseg_option common_rows[] = {
    {.name = "threads",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(cli_common, threads),
     .minimum = 0,
     .maximum = 4096,
     .metavar = "N",
     .help = "threads to use, 0 for all the process may use; results do not depend on it"},
    {.name = "kernels",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_common, kernels),
     .metavar = "NAME",
     .help = "instruction set to use, see kmseg list kernels; results do not depend on it"},
    {.name = "json",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(cli_common, json),
     .help = "print JSON for programs instead of text"},
    {.name = "quiet",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(cli_common, quiet),
     .help = "print nothing but errors and what was asked for with --json or -o -",
     .short_flag = 'q'},
};

static const kmseg_option_table common_table = {
    .name = "common",
    .struct_size = sizeof(cli_common),
    .n_options = sizeof common_rows / sizeof *common_rows,
    .options = common_rows,
};

static const kmseg_option_table *get_common_table(void) { return &common_table; }

const cli_shared *cli_shared_at(const cli_command *command, int i) {
    static const cli_shared shared[] = {
        {"In place of a file", cli_source_table, offsetof(cli_run, source)},
        {"Ids of customers", cli_privacy_table, offsetof(cli_run, privacy)},
        {"Every command", get_common_table, offsetof(cli_run, common)},
    };
    const int has[] = {cli_table_argument(command) >= 0, command->writes_ids, 1};
    enum { N_SHARED = sizeof shared / sizeof *shared };
    for (int s = 0; s < N_SHARED; s++) {
        if (has[s] && i-- == 0) {
            return &shared[s];
        }
    }
    return NULL;
}

const kmseg_option *cli_group_option(const cli_command *command, int group, int32_t i) {
    const kmseg_option *option = &command->groups[group].table()->options[i];
    for (int a = 0; a < command->n_arguments; a++) {
        const char *taken = command->arguments[a].option;
        if (taken != NULL && strcmp(taken, option->name) == 0) {
            return NULL;
        }
    }
    for (int g = 0; g < group; g++) {
        if (kmseg_options_find(command->groups[g].table(), option->name) != NULL) {
            return NULL;
        }
    }
    return option;
}

/* An option of a command and where its struct is. */
typedef struct place {
    const kmseg_option_table *table;
    const kmseg_option *option;
    void *options;
} place;

typedef struct cli_parser {
    cli_run *run;
    kmseg_context *ctx; /* carries the messages of kmseg_options_set */
    int n_arguments;
} cli_parser;

typedef int (*matcher)(const kmseg_option *option, const char *name);

static int by_name(const kmseg_option *option, const char *name) {
    kmseg_option_table one = {.n_options = 1, .options = option};
    return kmseg_options_find(&one, name) != NULL;
}

static int by_letter(const kmseg_option *option, const char *name) {
    return option->short_flag != 0 && option->short_flag == name[0];
}

static int find(const cli_parser *parser, matcher matches, const char *name, place *out) {
    const cli_command *command = parser->run->command;
    for (int g = 0; g < command->n_groups; g++) {
        const cli_group *group = &command->groups[g];
        for (int32_t i = 0; i < group->table()->n_options; i++) {
            const kmseg_option *option = cli_group_option(command, g, i);
            if (option != NULL && matches(option, name)) {
                *out =
                    (place){group->table(), option, (char *)parser->run->options + group->offset};
                return 1;
            }
        }
    }
    const cli_shared *shared = NULL;
    for (int s = 0; (shared = cli_shared_at(command, s)) != NULL; s++) {
        const kmseg_option_table *table = shared->table();
        for (int32_t i = 0; i < table->n_options; i++) {
            if (matches(&table->options[i], name)) {
                *out = (place){table, &table->options[i], (char *)parser->run + shared->offset};
                return 1;
            }
        }
    }
    return 0;
}

static int unknown_flag(const cli_parser *parser, const char *flag) {
    enum { MOST = 128 };
    char texts[MOST][64];
    const char *names[MOST];
    int n = 0;
    const cli_command *command = parser->run->command;
    const cli_shared *shared = NULL;
    for (int g = 0;
         g < command->n_groups || (shared = cli_shared_at(command, g - command->n_groups)) != NULL;
         g++) {
        int own = g < command->n_groups;
        const kmseg_option_table *table = own ? command->groups[g].table() : shared->table();
        for (int32_t i = 0; i < table->n_options && n < MOST; i++) {
            const kmseg_option *option = own ? cli_group_option(command, g, i) : &table->options[i];
            if (option != NULL) {
                cli_flag(option, texts[n], sizeof texts[n]);
                names[n] = texts[n];
                n++;
            }
        }
    }
    const char *similar = cli_similar(flag, names, n);
    char clean[80];
    cli_clean(flag, clean, sizeof clean);
    if (similar != NULL) {
        return cli_misused("%s has no option %s; did you mean %s? See kmseg %s --help",
                           command->name, clean, similar, command->name);
    }
    return cli_misused("%s has no option %s; kmseg %s --help lists them", command->name, clean,
                       command->name);
}

static int is_number(const char *text) {
    char *end;
    (void)strtod(text, &end);
    return end != text && *end == '\0';
}

/* The value of a flag that is repeated: what was given before and this, joined. NULL when out of
 * memory. */
static const char *join(const cli_parser *parser, const place *at, const char *value) {
    const kmseg_option *option = at->option;
    if (option->type != KMSEG_OPTION_TEXT || option->choices == NULL) {
        return value;
    }
    const char *before;
    memcpy(&before, (const char *)at->options + option->offset, sizeof before);
    if (before == NULL || before == option->default_text) {
        return value;
    }
    cli_run *run = parser->run;
    size_t size = strlen(before) + strlen(option->choices) + strlen(value) + 1;
    char *text = malloc(size);
    char **texts = realloc(run->texts, ((size_t)run->n_texts + 1) * sizeof *texts);
    run->texts = texts != NULL ? texts : run->texts;
    if (text == NULL || texts == NULL) {
        free(text);
        return NULL;
    }
    snprintf(text, size, "%s%s%s", before, option->choices, value);
    run->texts[run->n_texts++] = text;
    return text;
}

/* A value that cannot be read is misuse; a number that is read and out of bounds is a failure. */
static int set(const cli_parser *parser, const place *at, const char *value) {
    value = join(parser, at, value);
    if (value == NULL) {
        return cli_failed("out of memory");
    }
    kmseg_status status =
        kmseg_options_set(parser->ctx, at->table, at->options, at->option->name, value);
    if (status == KMSEG_OK) {
        return CLI_OK;
    }
    const char *message = kmseg_last_error(parser->ctx);
    size_t length = strlen(at->option->name);
    char flag[64];
    cli_flag(at->option, flag, sizeof flag);
    if (strncmp(message, at->option->name, length) == 0) { /* as the user wrote it */
        message += length;
    }
    int number = at->option->type <= KMSEG_OPTION_DOUBLE && is_number(value);
    return number ? cli_failed("%s%s", flag, message) : cli_misused("%s%s", flag, message);
}

static int missing_value(const cli_parser *parser, const kmseg_option *option) {
    char flag[64];
    cli_flag(option, flag, sizeof flag);
    return cli_misused("%s needs a value: %s %s; see kmseg %s --help", flag, flag,
                       option->metavar != NULL ? option->metavar : "VALUE",
                       parser->run->command->name);
}

/* --name, --no-name, --name=value, --name value; *used counts the words taken. */
static int parse_long(const cli_parser *parser, char **words, int n_words, int *used) {
    const char *word = words[0];
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    char name[128];
    *used = 1;
    if (length >= sizeof name) {
        return unknown_flag(parser, word);
    }
    memcpy(name, word, length);
    name[length] = '\0';
    place at;
    if (!find(parser, by_name, name + 2, &at)) {
        int off = strncmp(name, "--no-", 5) == 0 && find(parser, by_name, name + 5, &at) &&
                  at.option->type == KMSEG_OPTION_BOOL;
        if (off && equals != NULL) {
            return cli_misused("%s takes no value", name);
        }
        return off ? set(parser, &at, "no") : unknown_flag(parser, name);
    }
    if (equals != NULL) {
        return set(parser, &at, equals + 1);
    }
    if (at.option->type == KMSEG_OPTION_BOOL) {
        return set(parser, &at, "yes");
    }
    if (n_words < 2) {
        return missing_value(parser, at.option);
    }
    *used = 2;
    return set(parser, &at, words[1]);
}

/* -k 6, -k6, -q. */
static int parse_short(const cli_parser *parser, char **words, int n_words, int *used) {
    const char *word = words[0];
    const char letter[2] = {word[1], '\0'};
    place at;
    *used = 1;
    if (!find(parser, by_letter, letter, &at)) {
        return unknown_flag(parser, word);
    }
    if (at.option->type == KMSEG_OPTION_BOOL) {
        return word[2] == '\0' ? set(parser, &at, "yes") : unknown_flag(parser, word);
    }
    if (word[2] != '\0') {
        return set(parser, &at, word + 2);
    }
    if (n_words < 2) {
        return missing_value(parser, at.option);
    }
    *used = 2;
    return set(parser, &at, words[1]);
}

static int take_argument(cli_parser *parser, const char *word) {
    const cli_command *command = parser->run->command;
    char clean[120];
    cli_clean(word, clean, sizeof clean);
    if (parser->n_arguments >= command->n_arguments) {
        return cli_misused("there is nothing for \"%s\" to be; see kmseg %s --help", clean,
                           command->name);
    }
    const cli_argument *argument = &command->arguments[parser->n_arguments];
    parser->run->arguments[parser->n_arguments++] = word;
    if (argument->option == NULL) {
        return CLI_OK;
    }
    for (int g = 0; g < command->n_groups; g++) {
        const cli_group *group = &command->groups[g];
        const kmseg_option *option = kmseg_options_find(group->table(), argument->option);
        if (option != NULL) {
            kmseg_status status =
                kmseg_options_set(parser->ctx, group->table(),
                                  (char *)parser->run->options + group->offset, option->name, word);
            return status == KMSEG_OK
                       ? CLI_OK
                       : cli_misused("%s%s", argument->name,
                                     kmseg_last_error(parser->ctx) + strlen(option->name));
        }
    }
    return CLI_OK;
}

/* The query takes the place of the table among the arguments. */
static int place_query(cli_parser *parser) {
    cli_run *run = parser->run;
    int at = cli_table_argument(run->command);
    if (at < 0 || run->source.sql == NULL) {
        return CLI_OK;
    }
    if (parser->n_arguments >= run->command->n_arguments) {
        char clean[120];
        return cli_misused("--sql is read in place of %s, and there is \"%s\" too; give one",
                           run->command->arguments[at].name,
                           cli_clean(run->arguments[at], clean, sizeof clean));
    }
    for (int i = parser->n_arguments; i > at; i--) {
        run->arguments[i] = run->arguments[i - 1];
    }
    run->arguments[parser->n_arguments < at ? parser->n_arguments : at] = NULL;
    if (parser->n_arguments >= at) {
        run->arguments[at] = cli_query_name;
        parser->n_arguments++;
    }
    return CLI_OK;
}

static int check_arguments(cli_parser *parser) {
    const cli_command *command = parser->run->command;
    int code = place_query(parser);
    if (code != CLI_OK) {
        return code;
    }
    if (parser->n_arguments < command->n_arguments) {
        const cli_argument *argument = &command->arguments[parser->n_arguments];
        if (!argument->optional) {
            return cli_misused("%s needs %s, %s; see kmseg %s --help", command->name,
                               argument->name, argument->help, command->name);
        }
    }
    return CLI_OK;
}

static int parse_words(cli_parser *parser, int n, char **words, int *out_help) {
    int only_arguments = 0;
    for (int i = 0, used = 1; i < n; i += used, used = 1) {
        const char *word = words[i];
        int code;
        if (only_arguments || word[0] != '-' || word[1] == '\0') {
            code = take_argument(parser, word);
        } else if (strcmp(word, "--") == 0) {
            only_arguments = 1;
            code = CLI_OK;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *out_help = 1;
            return CLI_OK;
        } else if (word[1] == '-') {
            code = parse_long(parser, words + i, n - i, &used);
        } else {
            code = parse_short(parser, words + i, n - i, &used);
        }
        if (code != CLI_OK) {
            return code;
        }
    }
    return CLI_OK;
}

/* The file that --config names; NULL: none, or the command has no such option. */
static const char *config_of(const cli_parser *parser, int n, char **words) {
    static const char flag[] = "--config";
    const size_t length = sizeof flag - 1;
    place at;
    for (int i = 0; i < n && strcmp(words[i], "--") != 0; i++) {
        if (strncmp(words[i], flag, length) == 0 && find(parser, by_name, "config", &at)) {
            return words[i][length] == '='                 ? words[i] + length + 1
                   : words[i][length] == '\0' && i + 1 < n ? words[i + 1]
                                                           : NULL;
        }
    }
    return NULL;
}

/* Options of a file, which flags go over; *out_input is what stands for the first argument. */
static int apply_config(const cli_parser *parser, const char *path, const char **out_input) {
    cli_config_line *lines = calloc(CLI_MOST_CONFIG, sizeof *lines);
    int n = 0;
    int code =
        lines != NULL ? cli_config_read(parser->run, path, lines, &n) : cli_failed("out of memory");
    for (int i = 0; i < n && code == CLI_OK; i++) {
        place at;
        char shown[300], name[100];
        if (strcmp(lines[i].name, "input") == 0) {
            *out_input = lines[i].value;
        } else if (find(parser, by_name, lines[i].name, &at)) {
            code = set(parser, &at, lines[i].value);
        } else {
            code = cli_misused("%s, line %d: %s has no option %s",
                               cli_clean(path, shown, sizeof shown), lines[i].line,
                               parser->run->command->name,
                               cli_clean(lines[i].name, name, sizeof name));
        }
    }
    free(lines);
    return code;
}

int cli_parse(cli_run *run, int argc, char **argv, int *out_help) {
    cli_parser parser = {.run = run};
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = 1;
    options.kernels = "auto";
    if (kmseg_context_new(&options, &parser.ctx) != KMSEG_OK) {
        return cli_failed("out of memory");
    }
    kmseg_options_init(&common_table, &run->common);
    kmseg_options_init(cli_source_table(), &run->source);
    kmseg_options_init(cli_privacy_table(), &run->privacy);
    if (run->command->init != NULL) {
        run->command->init(run->options);
    }
    const char *config = config_of(&parser, argc, argv), *input = NULL;
    int code = config != NULL ? apply_config(&parser, config, &input) : CLI_OK;
    if (code == CLI_OK) {
        code = parse_words(&parser, argc, argv, out_help);
    }
    if (code == CLI_OK && !*out_help && parser.n_arguments == 0 && input != NULL) {
        code = take_argument(&parser, input);
    }
    if (code == CLI_OK && !*out_help) {
        code = check_arguments(&parser);
    }
    kmseg_context_free(parser.ctx);
    return code;
}
