/* The assign kernel without the second best, to see what certifying costs. */
#ifndef KMSEG_BENCH_PLAIN_H
#define KMSEG_BENCH_PLAIN_H

#include "kernels/kernels.h"

typedef void (*plain_kernel)(const km_assign *assign);

/* For the widest instruction set of this CPU; NULL where there is none for it. */
plain_kernel plain_kernel_f32(void);

#endif
