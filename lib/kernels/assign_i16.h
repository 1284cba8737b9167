/* The 16-bit kernels of the sets; each set has one source file of its own. */
#ifndef KM_KERNELS_ASSIGN_I16_H
#define KM_KERNELS_ASSIGN_I16_H

#include "kernels/kernels.h"

void km_assign_i16_baseline(const km_assign_i16 *assign);
void km_assign_i16_avx2(const km_assign_i16 *assign);
void km_assign_i16_avx512(const km_assign_i16 *assign);
void km_assign_i16_avx512vnni(const km_assign_i16 *assign);

void km_assign_i16_amx(const km_assign_i16 *assign);

/* 1 when the system lets the process use AMX. */
int km_amx_permitted(void);

void km_near_i16_baseline(const km_near_i16 *near);
void km_near_i16_avx2(const km_near_i16 *near);
void km_near_i16_avx512(const km_near_i16 *near);
void km_near_i16_avx512vnni(const km_near_i16 *near);

#endif
