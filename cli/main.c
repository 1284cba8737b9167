/* kmseg: customer orders in, segments out. Finds the subcommand and runs it. */
#include "cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const cli_command *const commands[] = {
    &cli_cmd_run,    &cli_cmd_features,   &cli_cmd_rfm,     &cli_cmd_tier,    &cli_cmd_lifecycle,
    &cli_cmd_clv,    &cli_cmd_rules,      &cli_cmd_inspect, &cli_cmd_sweep,   &cli_cmd_choose_k,
    &cli_cmd_fit,    &cli_cmd_profile,    &cli_cmd_report,  &cli_cmd_predict, &cli_cmd_explain,
    &cli_cmd_export, &cli_cmd_info,       &cli_cmd_protect, &cli_cmd_key,     &cli_cmd_generate,
    &cli_cmd_list,   &cli_cmd_completion, &cli_cmd_help,
};

enum { N_COMMANDS = sizeof commands / sizeof *commands };

const cli_command *cli_command_at(int i) { return i < N_COMMANDS ? commands[i] : NULL; }

const cli_command *cli_command_find(const char *name) {
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int unknown_command(const char *name) {
    const char *names[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i]->name;
    }
    const char *similar = cli_similar(name, names, N_COMMANDS);
    char clean[80];
    cli_clean(name, clean, sizeof clean);
    if (similar != NULL) {
        return cli_misused("there is no command %s; did you mean %s? See kmseg --help", clean,
                           similar);
    }
    return cli_misused("there is no command %s; kmseg --help lists them", clean);
}

/* Why a context could not be made: the library has no place for a message yet. */
static int context_failed(const cli_common *common, kmseg_status status) {
    const char *name = common->kernels;
    const char *origin = "--kernels";
    if (name == NULL) {
        name = getenv("KMSEG_KERNELS");
        origin = "the environment variable KMSEG_KERNELS";
    }
    if (name == NULL || (status != KMSEG_E_NOT_FOUND && status != KMSEG_E_UNSUPPORTED)) {
        return cli_failed("cannot start: %s", kmseg_status_text(status));
    }
    char names[256] = "auto", clean[80];
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        if (kmseg_kernels_available(kmseg_kernels_name(i))) {
            size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, ", %s", kmseg_kernels_name(i));
        }
    }
    cli_clean(name, clean, sizeof clean);
    if (status == KMSEG_E_UNSUPPORTED) {
        return cli_failed("this CPU cannot run the kernels %s that %s asks for; it can run %s",
                          clean, origin, names);
    }
    return cli_misused("%s is %s; it needs to be one of %s", origin, clean, names);
}

static int make_context(cli_run *run) {
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = run->common.threads;
    options.kernels = run->common.kernels;
    options.progress = run->common.quiet ? NULL : cli_progress;
    kmseg_status status = kmseg_context_new(&options, &run->ctx);
    return status == KMSEG_OK ? CLI_OK : context_failed(&run->common, status);
}

static int run_command(const cli_command *command, int argc, char **argv) {
    cli_run run = {.command = command};
    run.options = calloc(1, command->options_size > 0 ? command->options_size : 1);
    if (run.options == NULL) {
        return cli_failed("out of memory");
    }
    int help = 0;
    int code = cli_parse(&run, argc, argv, &help);
    if (code == CLI_OK && help) {
        cli_help_command(stdout, command);
    } else if (code == CLI_OK) {
        code = make_context(&run);
        if (code == CLI_OK) {
            cli_signals_watch(run.ctx);
            code = cli_source_begin(&run);
            code = code == CLI_OK ? cli_privacy_begin(&run) : code;
            code = code == CLI_OK ? command->run(&run) : code;
            cli_privacy_end(&run);
            cli_progress_erase();
            cli_signals_watch(NULL);
        }
        kmseg_context_free(run.ctx);
    }
    for (int i = 0; i < run.n_texts; i++) {
        free(run.texts[i]);
    }
    free(run.texts);
    free(run.options);
    return code;
}

/* Output that did not arrive is a failure, also when the disk filled at the last byte. */
static int finish(int code) {
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_OK) {
        code = cli_failed("cannot write to standard output: %m");
    }
    return code;
}

int main(int argc, char **argv) {
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of write(), not an end */
    kmseg_memory_keep(SIZE_MAX); /* a run gives memory back to ask for more */
    signal(SIGPIPE, SIG_DFL);    /* `kmseg ... | head` ends quietly, whatever the parent ignored */
    if (argc < 2) {
        cli_help_all(stderr);
        return CLI_MISUSED;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        cli_help_all(stdout);
        return finish(CLI_OK);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("kmseg %s\n", kmseg_version());
        return finish(CLI_OK);
    }
    const cli_command *command = cli_command_find(name);
    if (command == NULL) {
        return name[0] == '-' ? cli_misused("the command comes first, then its options: kmseg "
                                            "COMMAND %s; kmseg --help lists the commands",
                                            name)
                              : unknown_command(name);
    }
    return finish(run_command(command, argc - 2, argv + 2));
}
