/* Databases: connection strings from the command line, where a password must not be, from a file that
 * others cannot read, or from the environment; and writing into one. */
#include "cli.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Like libpq with its password files: only the owner may read it, or a group too where root owns it;
 * only the owner may write it, who else could send us anywhere. */
static int check_mode(int file, const char *shown, const char *text) {
    struct stat info;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
        return CLI_OK; /* <(command) */
    }
    mode_t readers = info.st_uid == 0 && geteuid() != 0 ? S_IROTH : S_IRGRP | S_IROTH;
    int is_open = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (is_open || (kmseg_odbc_has_secret(text) && (info.st_mode & readers) != 0)) {
        return cli_failed(
            "--odbc @%s: others can %s this file%s; make it yours alone: chmod 600 %s", shown,
            is_open ? "change" : "read", is_open ? "" : ", which has a password", shown);
    }
    return CLI_OK;
}

/* The first line of a file. */
static int read_line(const char *path, char *out, size_t capacity) {
    char shown[300];
    cli_clean(path, shown, sizeof shown);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return cli_failed("--odbc @%s: cannot read it: %m", shown);
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it stays behind */
    char *line = fgets(out, (int)capacity, file);
    int code = line != NULL ? check_mode(fileno(file), shown, out)
                            : cli_failed("--odbc @%s: the file is empty", shown);
    fclose(file);
    if (line != NULL && strlen(out) + 1 == capacity) {
        return cli_failed("--odbc @%s: its first line is longer than %zu bytes", shown, capacity);
    }
    out[strcspn(out, "\r\n")] = '\0';
    return code;
}

int cli_connection(const char *odbc, char *out, size_t capacity) {
    char clean[100];
    out[0] = '\0';
    if (odbc[0] == '@') {
        return read_line(odbc + 1, out, capacity);
    }
    const char *from = odbc;
    if (strncmp(odbc, "env:", 4) == 0) {
        from = getenv(odbc + 4);
        if (from == NULL || from[0] == '\0') {
            return cli_failed("--odbc env:%s: there is no such environment variable",
                              cli_clean(odbc + 4, clean, sizeof clean));
        }
    } else if (kmseg_odbc_has_secret(odbc)) {
        return cli_misused(
            "--odbc has a password, which others on this machine could see; put the "
            "connection string into a file of yours (--odbc @FILE) or an environment "
            "variable (--odbc env:NAME)");
    }
    if (snprintf(out, capacity, "%s", from) >= (int)capacity) {
        return cli_failed("--odbc: the connection string is longer than %zu bytes", capacity);
    }
    return CLI_OK;
}

int cli_database_write(cli_run *run, const kmseg_result *result, const kmseg_table *customers,
                       const kmseg_crm_options *crm, const char *odbc, kmseg_crm_table *table,
                       kmseg_crm_report *out) {
    char connection[CLI_CONNECTION];
    int code = cli_connection(odbc, connection, sizeof connection);
    table->connection = connection;
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_crm_write_table(run->ctx, result, customers, crm, table, out));
    }
    table->connection = NULL;
    explicit_bzero(connection, sizeof connection);
    return code;
}
