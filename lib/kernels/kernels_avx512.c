/* AVX-512 F, DQ, VL and BW. */
#include "base/sums.h"
#include "kernels/assign_i16.h"
#include "kernels/kernels.h"
#include "kernels/planes.h"

#if defined(__x86_64__)
#include <cpuid.h>
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
                   km_assign_i16_avx512, km_near_i16_avx512, 8, NULL, seed_avx512);

static int available_vnni(void) {
    return available() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("gfni");
}

const km_kernels km_kernels_avx512vnni =
    KERNELS_OF_SET("avx512vnni", "the same with VNNI and GFNI", available_vnni, 4,
                   km_assign_i16_avx512vnni, km_near_i16_avx512vnni, 8, NULL, km_seed_avx512vnni);

static int available_amx(void) {
    enum { LEAF = 7, AMX_TILE = 1 << 24, AMX_INT8 = 1 << 25 };
    unsigned eax, ebx, ecx, edx = 0;
    int has = __get_cpuid_count(LEAF, 0, &eax, &ebx, &ecx, &edx) && (edx & AMX_TILE) != 0 &&
              (edx & AMX_INT8) != 0;
    return has && available_vnni() && km_amx_permitted();
}

const km_kernels km_kernels_amx = KERNELS_OF_SET(
    "amx", "the same with AMX for 8-bit integers", available_amx, 4, km_assign_i16_amx,
    km_near_i16_avx512vnni, 8, km_plane_bytes, km_seed_avx512vnni);
#endif
