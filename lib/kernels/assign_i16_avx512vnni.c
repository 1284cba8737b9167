/* 16-bit assign kernel on AVX-512 with VNNI (multiply-adds of 16 bits) and GFNI (turning of bits). */
#include "kernels/assign_i16.h"

#if defined(__x86_64__)
#include "kernels/assign_i16_gfni.h"

/* In place. From intrinsics gcc 12 makes copies of the sums in every step. */
static inline __m512i dot(__m512i sum, __m512i x, __m512i w) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
}

#define NAME           km_assign_i16_avx512vnni
#define NEAR           km_near_i16_avx512vnni
#define DOT(sum, x, w) dot(sum, x, w)
#include "kernels/assign_i16_avx512.h"
#endif
