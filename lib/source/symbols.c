#include "source/symbols.h"

#include <dlfcn.h>
#include <string.h>

const char *km_symbols_find(void *library, const km_symbol *symbols, size_t n, void *out) {
    for (size_t i = 0; i < n; i++) {
        void *address = dlsym(library, symbols[i].name);
        if (address == NULL) {
            return symbols[i].name;
        }
        memcpy((char *)out + symbols[i].offset, &address, sizeof address);
    }
    return NULL;
}
