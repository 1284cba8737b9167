/* kmseg completion: what a shell offers at the Tab key, from the tables that parse. */
#include "cli.h"

#include <string.h>

static const cli_argument arguments[] = {{.name = "SHELL", .help = "bash or zsh"}};

typedef void (*word_fn)(const char *word, const char *help);

/* What a value can be: its words, where there are few; returns 0 where there are not. */
static int each_value(const kmseg_option *option, word_fn fn) {
    char room[64];
    const char *word;
    int32_t n = 0;
    if (strcmp(option->name, "kernels") == 0) {
        fn("auto", "");
        for (n = 0; (word = kmseg_kernels_name(n)) != NULL; n++) {
            fn(word, "");
        }
    }
    for (int32_t i = 0; (word = cli_choice(option, i, room, sizeof room)) != NULL; i++, n++) {
        fn(word, "");
    }
    return n > 0;
}

static int is_file(const char *name) {
    static const char *const files[] = {"FILE",     "FOLDER",  "ORDERS", "CUSTOMERS",
                                        "SEGMENTS", "SUMMARY", "TABLE",  "INPUT"};
    for (size_t i = 0; name != NULL && i < sizeof files / sizeof *files; i++) {
        if (strncmp(name, files[i], strlen(files[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

static int takes_file(const kmseg_option *option) {
    return option->type == KMSEG_OPTION_TEXT && is_file(option->metavar);
}

static void each_command(word_fn fn) {
    for (int i = 0; cli_command_at(i) != NULL; i++) {
        fn(cli_command_at(i)->name, cli_command_at(i)->help);
    }
}

/* What an argument can be, as an option's value. */
static int each_argument(const cli_command *command, const cli_argument *argument, word_fn fn) {
    for (int g = 0; g < command->n_groups && argument->option != NULL; g++) {
        const kmseg_option *option =
            kmseg_options_find(command->groups[g].table(), argument->option);
        if (option != NULL) {
            return each_value(option, fn);
        }
    }
    if (command == &cli_cmd_list) {
        for (int32_t i = 0; kmseg_list_kind(i) != NULL; i++) {
            fn(kmseg_list_kind(i), "");
        }
    } else if (command == &cli_cmd_help) {
        each_command(fn);
    } else if (command == &cli_cmd_completion) {
        fn("bash", "");
        fn("zsh", "");
    } else {
        return 0;
    }
    return 1;
}

static void put_word(const char *word, const char *help) {
    (void)help;
    printf("%s ", word);
}

static int is_on(const kmseg_option *option, const void *values) {
    return option->type == KMSEG_OPTION_BOOL && !cli_is_off(option, values);
}

/* bash: a word of its own for --name and -n */
static void bash_flag(void *user, const char *title, const kmseg_option *option,
                      const void *values) {
    char flag[128];
    (void)user;
    (void)title;
    cli_flag(option, flag, sizeof flag);
    printf(is_on(option, values) ? "--no-%s " : "--%s ", flag + 2);
    if (option->short_flag != 0) {
        printf("-%c ", option->short_flag);
    }
}

/* bash: what stands behind a flag that takes a value */
static void bash_value(void *user, const char *title, const kmseg_option *option,
                       const void *values) {
    const cli_command *command = user;
    char flag[128];
    (void)title;
    (void)values;
    if (option->type == KMSEG_OPTION_BOOL) {
        return;
    }
    cli_flag(option, flag, sizeof flag);
    printf("    %s:%s", command->name, flag);
    if (option->short_flag != 0) {
        printf(" | %s:-%c", command->name, option->short_flag);
    }
    if (takes_file(option)) {
        puts(") files=1 ;;");
    } else {
        fputs(") values='", stdout);
        each_value(option, put_word);
        puts("' ;;");
    }
}

static void bash_arguments(const cli_command *command) {
    for (int a = 0; a < command->n_arguments; a++) {
        const cli_argument *argument = &command->arguments[a];
        if (is_file(argument->name)) {
            printf("        %s:%d) files=1 ;;\n", command->name, a);
        } else {
            printf("        %s:%d) values='", command->name, a);
            each_argument(command, argument, put_word);
            puts("' ;;");
        }
    }
}

static void print_bash(void) {
    puts("# Completion of kmseg for bash. For this shell: eval \"$(kmseg completion bash)\"; for "
         "all:\n"
         "# kmseg completion bash >~/.local/share/bash-completion/completions/kmseg\n"
         "\n"
         "# Whether a flag of a command takes a value; what that can be goes to values or files.\n"
         "_kmseg_value() {\n"
         "    values='' files=''\n"
         "    case $1:$2 in");
    for (int i = 0; cli_command_at(i) != NULL; i++) {
        cli_options_each(cli_command_at(i), bash_value, (void *)(uintptr_t)cli_command_at(i));
    }
    puts("    *) return 1 ;;\n"
         "    esac\n"
         "}\n"
         "\n"
         "_kmseg() {\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "    local command=${COMP_WORDS[1]} values='' files='' place=0 i\n"
         "    COMPREPLY=()\n"
         "    if [[ $cur == '=' ]]; then # --name=value is three words\n"
         "        cur=''\n"
         "    elif [[ $flag == '=' ]]; then\n"
         "        flag=${COMP_WORDS[COMP_CWORD - 2]}\n"
         "    fi\n"
         "    if ((COMP_CWORD == 1)); then");
    fputs("        values='", stdout);
    each_command(put_word);
    puts("--help --version'\n"
         "    elif [[ $flag == -* ]] && _kmseg_value \"$command\" \"$flag\"; then\n"
         "        :\n"
         "    elif [[ $cur == -* ]]; then\n"
         "        case $command in");
    for (int i = 0; cli_command_at(i) != NULL; i++) {
        printf("        %s) values='", cli_command_at(i)->name);
        cli_options_each(cli_command_at(i), bash_flag, NULL);
        puts("--help -h' ;;");
    }
    puts("        esac\n"
         "    else # which argument it is: words before it that are neither flags nor values\n"
         "        for ((i = 2; i < COMP_CWORD; i++)); do\n"
         "            if [[ ${COMP_WORDS[i]} != -?* ]]; then\n"
         "                place=$((place + 1))\n"
         "            elif [[ ${COMP_WORDS[i + 1]} == '=' ]]; then\n"
         "                i=$((i + 2))\n"
         "            elif _kmseg_value \"$command\" \"${COMP_WORDS[i]}\"; then\n"
         "                i=$((i + 1))\n"
         "            fi\n"
         "        done\n"
         "        values='' files=''\n"
         "        case $command:$place in");
    for (int i = 0; cli_command_at(i) != NULL; i++) {
        bash_arguments(cli_command_at(i));
    }
    puts("        esac\n"
         "    fi\n"
         "    if [[ -n $files ]]; then\n"
         "        compopt -o filenames 2>/dev/null\n"
         "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
         "    else\n"
         "        mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
         "    fi\n"
         "}\n"
         "complete -F _kmseg kmseg");
}

/* Inside single quotes and brackets of zsh. */
static void put_zsh(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", stdout);
        } else if (strchr("[]:\\", *text) != NULL) {
            printf("\\%c", *text);
        } else {
            putchar(*text == '\n' ? ' ' : *text);
        }
    }
}

static void zsh_entry(const char *word, const char *help) {
    printf("            '%s:", word);
    put_zsh(help);
    puts("'");
}

static void zsh_value(const kmseg_option *option) {
    putchar(':');
    put_zsh(option->metavar != NULL ? option->metavar : "value");
    putchar(':');
    if (takes_file(option)) {
        fputs("_files", stdout);
    } else {
        putchar('(');
        each_value(option, put_word);
        putchar(')');
    }
}

static void zsh_flag(void *user, const char *title, const kmseg_option *option,
                     const void *values) {
    char flag[128];
    int has_value = option->type != KMSEG_OPTION_BOOL;
    (void)user;
    (void)title;
    cli_flag(option, flag, sizeof flag);
    fputs("            ", stdout);
    if (option->short_flag != 0) {
        printf("'(-%c %s)'{-%c%s,%s%s}'[", option->short_flag, flag, option->short_flag,
               has_value ? "+" : "", flag, has_value ? "=" : "");
    } else {
        int is_repeated = option->choices != NULL && option->type == KMSEG_OPTION_TEXT;
        printf("'%s--%s%s%s[", is_repeated ? "*" : "", is_on(option, values) ? "no-" : "", flag + 2,
               has_value ? "=" : "");
    }
    put_zsh(option->help);
    putchar(']');
    if (has_value) {
        zsh_value(option);
    }
    puts("' \\");
}

static void zsh_arguments(const cli_command *command) {
    for (int a = 0; a < command->n_arguments; a++) {
        const cli_argument *argument = &command->arguments[a];
        printf("            '%d:%s", a + 1, argument->optional ? ":" : "");
        put_zsh(argument->name);
        putchar(':');
        if (is_file(argument->name)) {
            fputs("_files", stdout);
        } else {
            putchar('(');
            each_argument(command, argument, put_word);
            putchar(')');
        }
        puts("' \\");
    }
}

static void print_zsh(void) {
    puts("#compdef kmseg\n"
         "# Completion of kmseg for zsh: a file called _kmseg in a folder of $fpath, or for this "
         "shell\n"
         "# eval \"$(kmseg completion zsh)\" behind compinit.\n"
         "\n"
         "_kmseg() {\n"
         "    local curcontext=$curcontext state line\n"
         "    local -a commands\n"
         "    typeset -A opt_args\n"
         "    _arguments -C '(- *)'{-h,--help}'[print help]' '(- *)--version[print the version]' "
         "\\\n"
         "        '1: :->command' '*:: :->rest'\n"
         "    case $state in\n"
         "    command)\n"
         "        commands=(");
    each_command(zsh_entry);
    puts("        )\n"
         "        _describe -t commands 'command' commands\n"
         "        ;;\n"
         "    rest)\n"
         "        case $words[1] in");
    for (int i = 0; cli_command_at(i) != NULL; i++) {
        printf("        %s)\n            _arguments -s \\\n", cli_command_at(i)->name);
        cli_options_each(cli_command_at(i), zsh_flag, NULL);
        zsh_arguments(cli_command_at(i));
        puts("            '(- *)'{-h,--help}'[print help]'\n            ;;");
    }
    puts("        esac\n"
         "        ;;\n"
         "    esac\n"
         "}\n"
         "if [[ $funcstack[1] == _kmseg ]]; then\n"
         "    _kmseg \"$@\"\n"
         "else\n"
         "    compdef _kmseg kmseg\n"
         "fi");
}

static int run_completion(cli_run *run) {
    const char *shell = run->arguments[0];
    char clean[80];
    if (strcmp(shell, "bash") == 0) {
        print_bash();
        return CLI_OK;
    }
    if (strcmp(shell, "zsh") == 0) {
        print_zsh();
        return CLI_OK;
    }
    return cli_misused("there is no completion for %s; there is for bash and zsh",
                       cli_clean(shell, clean, sizeof clean));
}

const cli_command cli_cmd_completion = {
    .name = "completion",
    .help = "completion of commands, options and values for bash and zsh",
    .description = "Prints a script for the shell that completes commands, options and what they "
                   "accept at the Tab key. An installed kmseg has it where the shells look for it.",
    .examples = "  eval \"$(kmseg completion bash)\"\n"
                "  kmseg completion bash > ~/.local/share/bash-completion/completions/kmseg\n"
                "  kmseg completion zsh > ~/.zfunc/_kmseg\n",
    .arguments = arguments,
    .n_arguments = 1,
    .run = run_completion,
};
