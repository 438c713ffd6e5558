#!/bin/sh
# fuzz.sh TARGET FOLDER SECONDS SEED - runs a libFuzzer target; FOLDER keeps its corpus and what it found.
# SPDX-License-Identifier: MIT
# The seeds of `compile` are the tests, the examples and sources made up from the grammar; its dictionary is
# tokens.def. The seeds of `programs` are bytes of any binary file: choices. FUZZ_FLAGS: more flags of libFuzzer.
target=$1 folder=$2 seconds=$3 seed=$4
name=$(basename "$target")
seeds=$folder/seeds.$name
mkdir -p "$folder/corpus.$name" || exit 2
if [ ! -d "$seeds" ]; then
    mkdir -p "$seeds"
    if [ "$name" = compile ]; then
        find tests examples -name '*.aio' -size -9 | while read -r file; do
            cp "$file" "$seeds/$(echo "$file" | tr / _)"
        done
        "$(dirname "$target")/tests/sentences" grammar/aio.gram 1000 "$seeds"
    else
        head -c 120000 interp/base/charname.bin | split -a 3 -b 600 - "$seeds/choices."
    fi
fi
{
    sed -n 's/^[A-Z]*([A-Z_]*, *"\(.*\)").*/"\1"/p' grammar/tokens.def
    printf '"%s"\n' "f'" "t'" "rb'" "'''" '{x!r:' '\\N{' '\\x0a    ' '# coding: ' 'except*' '0x' '1e' 'async def'
} >"$folder/dictionary"
[ "$name" = compile ] && words=-dict=$folder/dictionary
exec "$target" $words -seed="$seed" -max_total_time="$seconds" -max_len=4096 -timeout=300 -rss_limit_mb=3000 \
    -detect_leaks=0 -entropic=0 -print_final_stats=1 -artifact_prefix="$folder/$name." $FUZZ_FLAGS "$folder/corpus.$name" "$seeds"
