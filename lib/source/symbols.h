/* Functions of a library that is loaded when it is first needed. */
#ifndef KM_SOURCE_SYMBOLS_H
#define KM_SOURCE_SYMBOLS_H

#include <stddef.h>

/* A function, and where its address goes in a struct of function pointers. */
typedef struct km_symbol {
    const char *name;
    size_t offset;
} km_symbol;

/* Puts the addresses of n symbols of an open library into out; returns the name of the first one that
 * is not there, or NULL. */
const char *km_symbols_find(void *library, const km_symbol *symbols, size_t n, void *out);

#endif
