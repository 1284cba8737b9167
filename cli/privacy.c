/* What becomes of the ids of customers in what a command writes and prints. */
#include "cli.h"

#include <stddef.h>

static const kmseg_option rows[] = {
    {.name = "pseudonymise",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(cli_privacy, pseudonymise),
     .help = "write a pseudonym in place of each id: the same for the same id and key, in every "
             "file; needs --key-file"},
    {.name = "key_file",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_privacy, key_file),
     .metavar = "FILE",
     .help =
         "the key of the pseudonyms, as kmseg key --write makes it; only its owner may read it"},
    {.name = "drop_ids",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(cli_privacy, drop_ids),
     .help = "write no ids at all"},
};

static const kmseg_option_table table = {
    .name = "privacy",
    .struct_size = sizeof(cli_privacy),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *cli_privacy_table(void) { return &table; }

int cli_hides_ids(const cli_run *run) { return run->privacy.pseudonymise || run->privacy.drop_ids; }

int cli_privacy_begin(cli_run *run) {
    const cli_privacy *privacy = &run->privacy;
    const char *name = run->command->name;
    if (privacy->pseudonymise && privacy->drop_ids) {
        return cli_misused("--pseudonymise and --drop-ids exclude each other; give one");
    }
    if (privacy->pseudonymise && privacy->key_file == NULL) {
        return cli_misused(
            "--pseudonymise needs --key-file FILE; kmseg key --write FILE makes one");
    }
    if (!privacy->pseudonymise && privacy->key_file != NULL) {
        return cli_misused("--key-file is for --pseudonymise; see kmseg %s --help", name);
    }
    return privacy->pseudonymise
               ? cli_status(run, kmseg_key_read(run->ctx, privacy->key_file, &run->key))
               : CLI_OK;
}

void cli_privacy_end(cli_run *run) {
    kmseg_key_free(run->key);
    run->key = NULL;
}

int cli_protect_result(cli_run *run, kmseg_result *result) {
    return cli_hides_ids(run) ? cli_status(run, kmseg_result_protect(run->ctx, result, run->key))
                              : CLI_OK;
}

int cli_protect_table(cli_run *run, kmseg_table **shown) {
    kmseg_table *safe = NULL;
    if (!cli_hides_ids(run)) {
        return CLI_OK;
    }
    int code = cli_status(run, kmseg_table_protect(run->ctx, *shown, NULL, run->key, &safe));
    if (code == CLI_OK) {
        kmseg_table_free(*shown);
        *shown = safe;
    }
    return code;
}
