# Flags of every target of ours, carried by one interface target.
add_library(kmseg_flags INTERFACE)
target_compile_definitions(kmseg_flags INTERFACE _GNU_SOURCE)
target_compile_options(
    kmseg_flags
    INTERFACE -Wall
              -Wextra
              -Wshadow
              -Wconversion
              -Wstrict-prototypes
              -Wvla
              # Bits must not depend on whether a compiler fuses a multiply and an add.
              -ffp-contract=off
              # Nothing here reads errno after a function of math.h; with it roots stay scalar.
              -fno-math-errno
              $<$<BOOL:${KMSEG_WERROR}>:-Werror>)
if(KMSEG_SANITIZE)
    target_compile_options(kmseg_flags INTERFACE -fsanitize=${KMSEG_SANITIZE}
                                                 -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(kmseg_flags INTERFACE -fsanitize=${KMSEG_SANITIZE})
endif()
