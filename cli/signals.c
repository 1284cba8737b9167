/* The first Ctrl-C asks the library to stop, so that nothing is left half-written; the second ends
 * the process. */
#include "cli.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static _Atomic(kmseg_context *) watched;
static volatile sig_atomic_t caught;

static void on_signal(int number) {
    caught = number;
    kmseg_context *ctx = atomic_load(&watched);
    if (ctx != NULL) {
        kmseg_cancel(ctx);
    }
}

void cli_signals_watch(kmseg_context *ctx) {
    atomic_store(&watched, ctx);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = ctx != NULL ? on_signal : SIG_DFL;
    action.sa_flags = ctx != NULL ? (int)SA_RESETHAND : 0; /* back to the default for the second */
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old;
        sigaction(numbers[i], NULL, &old);
        if (old.sa_handler != SIG_IGN) { /* `nohup`, or a shell's background job */
            sigaction(numbers[i], &action, NULL);
        }
    }
}

int cli_signal_caught(void) { return caught; }
