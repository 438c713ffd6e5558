#!/bin/sh
# readmes.sh - the README of a folder of interp/ names each file there, and none that is not (STYLE.md section 1).
# SPDX-License-Identifier: MIT
# A header needs no mention of its own when a .c file of its name has one.
bad=0
say() { echo "  $1"; bad=1; }
for folder in interp/*/; do
    readme=${folder}README.md
    [ -f "$readme" ] || { say "$readme: missing"; continue; }
    for file in "$folder"*.[ch] "$folder"*.def "$folder"ops/*.inc; do
        [ -f "$file" ] || continue
        name=${file#"$folder"}
        [ "${name%.h}" != "$name" ] && [ -f "${file%.h}.c" ] && continue
        grep -qF "\`$name\`" "$readme" || say "$readme: \`$name\` is not named"
    done
    sed -n '/^| `/p' "$readme" | cut -d'|' -f2 | grep -o '`[^`]*`' | tr -d '`' | while read -r name; do
        [ -f "$folder$name" ] || echo "  $readme: there is no $name"
    done | grep . && bad=1
done
[ $bad = 0 ] && echo "check-readmes: ok" || { echo "check-readmes: failed"; exit 1; }
