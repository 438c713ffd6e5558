#!/bin/sh
# ownership.sh COMPILER - using a borrowed Value as an owned Ref must not compile (STYLE.md section 7).
# SPDX-License-Identifier: MIT
# Each CASE of ownership.c but 0 holds one such mistake; case 0 is correct code and must compile.
compiler=$1
dir=$(dirname "$0")
cases=$(sed -n 's/^#.*CASE == \([0-9]*\).*/\1/p' "$dir/ownership.c")
bad=0
for n in $cases; do
    $compiler -std=gnu17 -Wall -Wextra -Werror -D_GNU_SOURCE -Iinterp -DCASE="$n" -fsyntax-only \
        "$dir/ownership.c" 2>/dev/null
    status=$?
    if [ "$n" = 0 ]; then
        [ $status = 0 ] || { echo "  case 0 (correct code) does not compile"; bad=1; }
    elif [ $status = 0 ]; then
        echo "  case $n compiles: a borrowed value was taken as owned"; bad=1
    fi
done
[ $bad = 0 ] && echo "check-ownership: ok" || { echo "check-ownership: failed"; exit 1; }
