#include "base/each.h"
#include "support/support.h"

typedef struct work {
    int calls[100];
    int64_t fails_from, fails_to;
} work;

static kmseg_status piece(kmseg_context *own, void *argument, int64_t i) {
    work *w = argument;
    w->calls[i]++;
    cr_assert_eq(kmseg_context_threads(own), 1);
    return i >= w->fails_from && i < w->fails_to
               ? km_fail(own, KMSEG_E_DATA, "piece %d is bad", (int)i)
               : KMSEG_OK;
}

Test(each, every_piece_is_done_once_and_the_first_failure_is_told)
{
    for (int32_t threads = 1; threads < 4; threads++) {
        kmseg_context *ctx = test_context(threads, NULL);
        work w = {.fails_from = 100};
        OK(ctx, km_each(ctx, 100, piece, &w));
        OK(ctx, km_each(ctx, 0, piece, &w));
        for (int i = 0; i < 100; i++) {
            cr_assert_eq(w.calls[i], 1);
        }
        w.fails_from = 37;
        w.fails_to = 90;
        FAILS(ctx, KMSEG_E_DATA, km_each(ctx, 100, piece, &w), "piece 37 is bad");
        kmseg_context_free(ctx);
    }
}

static kmseg_status cancelling(kmseg_context *own, void *argument, int64_t i) {
    kmseg_context *caller = argument;
    if (i == 3) {
        kmseg_cancel(caller);
        km_progress_begin(own, "a step", 2);
        cr_assert(km_cancelled(own), "a piece sees it at its next step");
        return km_fail_cancelled(own);
    }
    return KMSEG_OK;
}

Test(each, a_request_to_stop_reaches_the_pieces)
{
    kmseg_context *ctx = test_context(1, NULL);
    cr_assert_eq(km_each(ctx, 50, cancelling, ctx), KMSEG_E_CANCELLED);
    kmseg_cancel_clear(ctx);
    kmseg_context_free(ctx);
}
