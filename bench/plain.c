#include "plain.h"

#include <kmseg/context.h>

#if defined(__x86_64__)
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")
#define KM_PLAIN
#define NAME plain_f32_avx512
#include "kernels/simd_avx512_f32.h"

#include "kernels/assign_template.h"

plain_kernel plain_kernel_f32(void) {
    return kmseg_kernels_available("avx512") ? plain_f32_avx512 : NULL;
}
#else
plain_kernel plain_kernel_f32(void) { return NULL; }
#endif
