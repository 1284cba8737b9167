#!/bin/sh
# Compiles every public header alone, twice included, as C11 and as C++17, warnings as errors.
# compile_alone.sh INCLUDE_FOLDER GENERATED_INCLUDE_FOLDER CC CXX
set -u
include=$1
generated=$2
cc=$3
cxx=$4
failed=0
count=0
for header in "$include"/kmseg/*.h "$generated"/kmseg/*.h; do
    name=kmseg/$(basename "$header")
    source=$(printf '#include <%s>\n#include <%s>\nint used;\n' "$name" "$name")
    for as in "$cc -std=c11 -x c" "$cxx -std=c++17 -x c++"; do
        # shellcheck disable=SC2086 # words are meant to split
        printf '%s\n' "$source" |
            $as -Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only -I"$include" \
                -I"$generated" - || {
            echo "$name does not compile alone with $as" >&2
            failed=1
        }
        count=$((count + 1))
    done
done
echo "$count compilations"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
