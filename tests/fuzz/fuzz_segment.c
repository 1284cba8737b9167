/* Any bytes, read as an order log, become customers and segments, or a message on the way. */
#include "input.h"

static void segment(kmseg_context *ctx, const kmseg_table *customers) {
    kmseg_segment_options options;
    kmseg_segment_options_init(&options);
    options.fit.n_clusters = 2;
    options.fit.n_init = 1;
    options.fit.max_iter = 5;
    kmseg_result *result = NULL;
    if (kmseg_segment(ctx, customers, &options, &result) != KMSEG_OK) {
        check_failure(ctx, result);
        return;
    }
    char *text = NULL;
    if (kmseg_report(ctx, result, "json", NULL, &text) != KMSEG_OK) {
        abort();
    }
    kmseg_string_free(text);
    kmseg_result_free(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (is_hdf5(data, size)) {
        return 0;
    }
    kmseg_context *ctx = shared_context();
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    char path[64];
    int fd = open_input(data, size, path);
    kmseg_table *customers = NULL;
    kmseg_features_report report;
    if (kmseg_features_from_file(ctx, path, &options, NULL, &customers, &report) != KMSEG_OK) {
        check_failure(ctx, customers);
    } else {
        segment(ctx, customers);
    }
    kmseg_table_free(customers);
    close(fd);
    return 0;
}
