/* AVX-512 F, DQ, VL and BW. */
#include "base/sums.h"
#include "kernels/assign_i16.h"
#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <math.h>

#define NAME assign_f32_avx512
#include "kernels/simd_avx512_f32.h"

#include "kernels/assign_template.h"

#define NAME assign_f64_avx512
#include "kernels/simd_avx512_f64.h"

#include "kernels/assign_template.h"

#define SET          avx512
#define VECTOR_BYTES 64
#include "kernels/exact_template.h"
#include "kernels/simd_avx512_queue.h"
#include "kernels/simd_avx512_seed.h"

#include "kernels/sample_template.h"
#include "kernels/seed_template.h"

static int available(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

const km_kernels km_kernels_avx512 =
    KERNELS_OF_SET("avx512", "x86-64 with AVX-512 F, DQ, VL and BW", available, 4,
                   km_assign_i16_avx512, km_near_i16_avx512, 8, seed_avx512);

static int available_vnni(void) {
    return available() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("gfni");
}

const km_kernels km_kernels_avx512vnni =
    KERNELS_OF_SET("avx512vnni", "the same with VNNI and GFNI", available_vnni, 4,
                   km_assign_i16_avx512vnni, km_near_i16_avx512vnni, 8, km_seed_avx512vnni);
#endif
