#!/bin/sh
# layers.sh - a file includes headers of its own layer or of a lower one (STYLE.md section 1).
# SPDX-License-Identifier: MIT
# Layers are folders of interp/; interp/native.h may include any; stdlib/*.c sees native.h, <...>
# and the header or table that belongs to one module (stdlib/_NAME.h, _NAME.def) only.
# syntax/ stands beside memory/ and must not include it: it needs base/ alone.

grep -n '^#include "' interp/*/*.[ch] interp/*/*.def interp/*/*.inc interp/*/*/*.inc interp/*.h stdlib/*.c 2>/dev/null | awk '
BEGIN {
    n = split("base 0 memory 1 syntax 1 object 2 compiler 3 vm 4 loop 5 modules 6 cli 7 tools 9", w, " ")
    for (i = 1; i < n; i += 2) layer[w[i]] = w[i + 1]
}
{
    split($0, field, ":"); file = field[1]; line = field[2]
    split($0, quoted, "\""); header = quoted[2]
    split(file, part, "/"); split(header, into, "/")
    if (part[1] == "stdlib") {
        if (header != "native.h" && header !~ /^_[a-z0-9_]+\.(h|def)$/) wrong("stdlib sees native.h only")
        next
    }
    if (file == "interp/native.h") next
    if (header == "native.h") { wrong("native.h is for stdlib"); next }
    if (header ~ /^\.\.\/grammar\/[a-z]*\.def$/) next
    if (!(into[1] in layer)) { wrong("unknown folder (interp/ is the include root)"); next }
    if (layer[into[1]] > layer[part[2]]) wrong("layer " layer[part[2]] " includes layer " layer[into[1]])
    if (part[2] == "syntax" && into[1] == "memory") wrong("syntax/ needs base/ only")
    if (part[2] == "memory" && into[1] == "syntax") wrong("memory/ needs base/ only")
}
function wrong(why) { print "  " file ":" line ": \"" header "\": " why; bad++ }
END {
    if (bad) { print "check-layers: failed"; exit 1 }
    print "check-layers: ok"
}'
