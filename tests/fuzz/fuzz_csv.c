/* Any bytes are a table or a message. The first byte chooses options; a table that was read is
 * written and read again, and has as many rows and columns. */
#include "input.h"

static kmseg_table *read_table(kmseg_context *ctx, const uint8_t *data, size_t size,
                               const kmseg_csv_options *options) {
    char path[64];
    int fd = open_input(data, size, path);
    kmseg_table *table = NULL;
    kmseg_csv_report report;
    if (kmseg_csv_read(ctx, path, options, &table, &report) != KMSEG_OK) {
        check_failure(ctx, table);
    }
    close(fd);
    return table;
}

static void touch(const kmseg_table *table) {
    for (int32_t c = 0; c < kmseg_table_n_columns(table); c++) {
        const kmseg_column *column = kmseg_table_column(table, c);
        for (int64_t r = 0; r < column->n_rows; r++) {
            if (column->type == KMSEG_COLUMN_TEXT && column->codes[r] >= column->n_levels) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || is_hdf5(data + 1, size - 1)) {
        return 0;
    }
    kmseg_context *ctx = shared_context();
    kmseg_csv_options options;
    kmseg_csv_options_init(&options);
    options.header = data[0] & 1;
    options.lenient = (data[0] >> 1) & 1;
    kmseg_column_request requests[2] = {{"c1", KMSEG_COLUMN_NUMBER}, {"c2", KMSEG_COLUMN_TIME}};
    if (data[0] & 4) {
        options.requests = requests;
        options.n_requests = 2;
    }
    kmseg_table *table = read_table(ctx, data + 1, size - 1, &options);
    if (table != NULL) {
        touch(table);
    }
    kmseg_table_free(table);
    return 0;
}
