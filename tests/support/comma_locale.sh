#!/bin/sh
# Makes the locale "comma", whose decimal point is a comma, in a folder; needs no package of
# locales. With LOCPATH set to that folder, setlocale(LC_NUMERIC, "comma") finds it.
# comma_locale.sh FOLDER
set -eu
cd "$1"
{
    printf '<code_set_name> ANSI_X3.4-1968\n<comment_char> %%\n<escape_char> /\n'
    printf '<mb_cur_min> 1\n<mb_cur_max> 1\nCHARMAP\n'
    code=0
    while [ "$code" -lt 128 ]; do
        printf '<U%04X> /x%02x C%d\n' "$code" "$code" "$code"
        code=$((code + 1))
    done
    printf 'END CHARMAP\n'
} >ascii.map
printf 'LC_NUMERIC\ndecimal_point ","\nthousands_sep ""\ngrouping -1\nEND LC_NUMERIC\n' >comma.src
# It warns, and returns 1, because the other categories are not there.
localedef -c -i ./comma.src -f ./ascii.map ./comma >localedef.log 2>&1 || true
[ -f comma/LC_NUMERIC ]
