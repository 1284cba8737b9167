/* kmseg_text_write(). */
#include "source/csv_output.h"

#include <kmseg/report.h>
#include <string.h>

kmseg_status kmseg_text_write(kmseg_context *ctx, const char *text, const char *path) {
    km_output output;
    KM_TRY(km_output_open(ctx, path, &output));
    return km_output_commit(&output, km_output_write(&output, text, strlen(text)));
}
