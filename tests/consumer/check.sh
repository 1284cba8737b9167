#!/bin/sh
# Installs a build into a fresh prefix, moves it, and builds and runs the consumer against it: with
# find_package, shared and static, and with pkg-config, shared and static. Then looks at what the
# shared library exports.
# check.sh CONSUMER_FOLDER BUILD_FOLDER
set -eu
consumer=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" >"$work/log"
mv "$work/first" "$work/prefix"
prefix=$work/prefix

library=$(dirname "$(find "$prefix" -name libkmseg.so)")

echo '== find_package'
cmake -S "$consumer" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" >"$work/log" ||
    { cat "$work/log"; exit 1; }
cmake --build "$work/build" >"$work/log" || { cat "$work/log"; exit 1; }
"$work/build/consumer"
"$work/build/consumer_static"

echo '== pkg-config'
export PKG_CONFIG_PATH="$library/pkgconfig"
version=$(sed -n 's/#define KMSEG_VERSION "\(.*\)"/\1/p' "$prefix/include/kmseg/version.h")
pkg-config --print-errors --exact-version="$version" kmseg
# shellcheck disable=SC2046 # words are meant to split
cc -o "$work/shared" "$consumer/main.c" $(pkg-config --cflags --libs kmseg)
LD_LIBRARY_PATH=$library "$work/shared"
# shellcheck disable=SC2046
cc -o "$work/static" "$consumer/main.c" $(pkg-config --cflags kmseg) "$library/libkmseg.a" \
    $(pkg-config --static --libs kmseg | sed 's/-lkmseg//')
"$work/static"

echo '== manual pages and completion'
for file in man/man1/kmseg.1 man/man1/kmseg-fit.1 bash-completion/completions/kmseg \
    zsh/site-functions/_kmseg; do
    test -s "$prefix/share/$file" || { echo "share/$file is not installed" >&2; exit 1; }
done

echo '== exported names'
nm -D --defined-only "$library/libkmseg.so" | awk '{print $3}' >"$work/names"
if grep -v '^kmseg_' "$work/names"; then
    echo 'libkmseg.so exports names that do not begin with kmseg_' >&2
    exit 1
fi
# Each function that a public header declares is there.
cat "$prefix"/include/kmseg/*.h | tr '\n' ' ' | grep -oE 'KMSEG_API [^;(]*\(' |
    sed 's/($//; s/.*[ *]//' | grep '^kmseg_' | sort >"$work/declared"
sort "$work/names" | comm -23 "$work/declared" - >"$work/absent"
if [ -s "$work/absent" ]; then
    echo 'declared and not exported:' >&2
    cat "$work/absent" >&2
    exit 1
fi
echo "$(wc -l <"$work/declared") functions declared, all exported"
objdump -p "$library/libkmseg.so" | grep SONAME
