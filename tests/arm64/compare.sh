#!/bin/sh
# compare.sh HERE THERE EMULATOR...: what the build in HERE makes natively and the one in THERE under
# the emulator are the same bytes: fits of many kinds of data with every kernel, and all files from
# made-up orders to segments.
set -eu
here=$1
there=$2
shift 2
out=$there/compare
rm -rf "$out"
mkdir -p "$out/here" "$out/there"

# files RUN...: made in the current folder by kmseg, run as given.
files() {
    "$@" generate orders --n-customers 3000 --n-orders 15000 --seed 1 -q -o orders.csv
    "$@" features orders.csv -q -o customers.h5
    "$@" fit customers.h5 -k 5 -q -o segments.h5
    "$@" predict segments.h5 customers.h5 -q -o labels.csv
}

"$here/tests/tool_same_bytes" >"$out/here/hashes"
"$@" "$there/tests/tool_same_bytes" >"$out/there/hashes"
(cd "$out/here" && files "$here/bin/kmseg")
(cd "$out/there" && files "$@" "$there/bin/kmseg")
n=0
for file in "$out"/here/*; do
    cmp "$file" "$out/there/${file##*/}"
    n=$((n + 1))
done
[ "$n" -eq 5 ]
echo "same bytes: $(wc -l <"$out/here/hashes") fits and $((n - 1)) files"
