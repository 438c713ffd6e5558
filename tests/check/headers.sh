#!/bin/sh
# headers.sh COMPILER HEADER... - each header compiles alone and carries its guard (STYLE.md section 4).
# SPDX-License-Identifier: MIT
compiler=$1; shift
bad=0
for header in "$@"; do
    name=${header#interp/}
    guard=AIO_$(echo "$name" | tr 'a-z/.' 'A-Z__')
    grep -q "^#ifndef $guard\$" "$header" || { echo "  $header: no guard $guard"; bad=1; }
    printf '#include "%s"\n#include "%s"\n' "$name" "$name" |
        $compiler -std=gnu17 -Wall -Wextra -Werror -Wno-unused-function -D_GNU_SOURCE -Iinterp \
            -fsyntax-only -x c - || { echo "  $header: does not compile alone"; bad=1; }
done
[ $bad = 0 ] && echo "check-headers: ok" || { echo "check-headers: failed"; exit 1; }
