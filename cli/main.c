#include <kmseg/kmseg.h>

#include <stdio.h>

int main(void) {
    printf("kmseg %s\n", kmseg_version());
    return 0;
}
