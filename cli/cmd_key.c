/* kmseg key: the secret behind pseudonyms. */
#include "cli.h"

#include <stddef.h>

typedef struct key_command {
    size_t struct_size;
    const char *write;
    const char *key_file;
} key_command;

static const kmseg_option rows[] = {
    {.name = "write",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(key_command, write),
     .metavar = "FILE",
     .help = "make a new key and write it here; a file that is there is left alone"},
    {.name = "key_file",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(key_command, key_file),
     .metavar = "FILE",
     .help = "the key of the pseudonym of ID"},
};

static const kmseg_option_table table = {
    .name = "key",
    .struct_size = sizeof(key_command),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

static const kmseg_option_table *get_table(void) { return &table; }

static void init(void *options) { kmseg_options_init(&table, options); }

static const cli_argument arguments[] = {
    {.name = "ID", .help = "an id whose pseudonym is wanted", .optional = 1}};

static const cli_group groups[] = {{"Keys", get_table, 0}};

static int write_key(cli_run *run, const char *path) {
    char clean[300];
    int code = cli_status(run, kmseg_key_write(run->ctx, path));
    if (code != CLI_OK) {
        return code;
    }
    if (run->common.json) {
        json_t *root = json_object();
        json_object_set_new(root, "key_file", cli_json_text(path));
        return cli_print_json(root);
    }
    if (!run->common.quiet) {
        printf("Key: %s\n", cli_clean(path, clean, sizeof clean));
        cli_wrap(stdout,
                 "Whoever has it can make the pseudonym of any id, and so find who is who. Keep it "
                 "apart from the files, and keep a copy: without it no new file will match them.",
                 0, 0, cli_width(stdout));
    }
    return CLI_OK;
}

static int print_pseudonym(cli_run *run, const char *path, const char *id) {
    kmseg_key *key;
    int code = cli_status(run, kmseg_key_read(run->ctx, path, &key));
    if (code != CLI_OK) {
        return code;
    }
    char pseudonym[KMSEG_PSEUDONYM_SIZE];
    kmseg_pseudonym(key, id, pseudonym);
    kmseg_key_free(key);
    if (run->common.json) {
        json_t *root = json_object();
        json_object_set_new(root, "pseudonym", json_string(pseudonym));
        return cli_print_json(root);
    }
    puts(pseudonym);
    return CLI_OK;
}

static int run_key(cli_run *run) {
    const key_command *command = run->options;
    const char *id = run->arguments[0];
    if (command->write != NULL) {
        return id == NULL && command->key_file == NULL
                   ? write_key(run, command->write)
                   : cli_misused("--write is used alone: it makes a new key and reads nothing");
    }
    if (id == NULL || command->key_file == NULL) {
        return cli_misused("key needs --write FILE, or --key-file FILE and an ID; see kmseg key "
                           "--help");
    }
    return print_pseudonym(run, command->key_file, id);
}

const cli_command cli_cmd_key = {
    .name = "key",
    .help = "make a key for pseudonyms, or look up the pseudonym of an id",
    .description =
        "A key is a file of 64 hexadecimal digits that only its owner can read. The commands that "
        "write ids take it with --pseudonymise --key-file FILE and write in place of each id a "
        "pseudonym, the same in every file that was made with the key. kmseg keeps the key in no "
        "file and no message.\n\n"
        "With --key-file and an ID it prints the pseudonym, to find a customer in such files.",
    .examples = "  kmseg key --write customers.key\n"
                "  kmseg fit customers.h5 -k 6 --pseudonymise --key-file customers.key -o "
                "segments.h5\n"
                "  kmseg key --key-file customers.key 12347\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = 1,
    .options_size = sizeof(key_command),
    .init = init,
    .run = run_key,
};
