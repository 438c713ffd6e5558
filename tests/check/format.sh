#!/bin/sh
# format.sh FILE... - clang-format agrees, no line over 100 columns, no tab, no trailing blank, one SPDX line,
# and no file over 1,200 lines (STYLE.md sections 2 and 11).
# SPDX-License-Identifier: MIT
# Without clang-format only the rest is checked, and the output says so.
bad=0
awk '
FNR == 1 { if (last != "" && !spdx) wrong(last ": no SPDX-License-Identifier"); spdx = 0; last = FILENAME }
/SPDX-License-Identifier/ { spdx = 1 }
/\t/ { wrong(FILENAME ":" FNR ": tab") }
/[ \t]$/ { wrong(FILENAME ":" FNR ": trailing blank") }
length($0) > 100 { wrong(FILENAME ":" FNR ": " length($0) " columns") }
FNR == 1201 { wrong(FILENAME ": more than 1,200 lines") }
function wrong(why) { print "  " why; bad++ }
END { if (last != "" && !spdx) wrong(last ": no SPDX-License-Identifier"); exit bad > 0 }' "$@" || bad=1
if command -v clang-format >/dev/null; then
    for file in "$@"; do
        clang-format --style=file "$file" | cmp -s - "$file" || { echo "  $file: clang-format -i would change it"; bad=1; }
    done
else
    echo "check-format: no clang-format here; only lengths, tabs, blanks and SPDX lines were checked"
fi
[ $bad = 0 ] && echo "check-format: ok" || { echo "check-format: failed"; exit 1; }
