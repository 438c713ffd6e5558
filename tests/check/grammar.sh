#!/bin/sh
# grammar.sh AIO SENTENCES - grammar/aio.gram and the parser say the same (STYLE.md section 6).
# SPDX-License-Identifier: MIT
# 1. Each rule of aio.gram stands in the same words in a comment of interp/syntax/parse*.c, each rule there is in
#    aio.gram, and each RULE(name) is one of them; 2. each rule and token that a rule mentions exists;
# 3. each `ok:` example parses and each `bad:` one is refused (`\n` in an example starts a new line);
# 4. sources made up from the rules parse (tests/grammar/sentences.c).
aio=$1 sentences=$2
gram=grammar/aio.gram
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
bad=0
[ -f $gram ] || { echo "check-grammar: no $gram"; exit 1; }

# name<TAB>alternatives for each rule of the grammar: actions (`-> ...`) cut off, one blank between words.
awk '
function flush() { if (name != "") { gsub(/[ \t]+/, " ", body); sub(/^ *\|? */, "", body); sub(/ *$/, "", body); print name "\t" body } }
/^#/ || /^ +(ok|bad):/ { next }
/^[a-z_]+:/ { flush(); name = $0; sub(/:.*/, "", name); body = $0; sub(/^[a-z_]+:/, "", body); next }
/^ +/ { sub(/ +-> .*/, ""); body = body " " $0 }
END { flush() }' $gram | sort >"$work/gram"

# The same from the block comments of the parser. A rule begins with "name:", further lines of it with "|"; a blank
# line, prose or the comment's end closes it.
cut -f1 "$work/gram" >"$work/names"
awk '
function flush() { if (name != "") { gsub(/[ \t]+/, " ", body); sub(/^ *\|? */, "", body); sub(/ *$/, "", body); print name "\t" body }; name = "" }
FNR == NR { rule[$1] = 1; next }
/^\/\*/ { inside = 1 }
inside {
    line = $0; closes = line ~ /\*\/ *$/
    sub(/^ ?\/?\* ?/, "", line); sub(/ *\*\/ *$/, "", line)
    head = line; sub(/:.*/, "", head)
    if (head in rule && line ~ /^[a-z_]+:( |$)/) { flush(); name = head; body = substr(line, length(head) + 2) }
    else if (line ~ /^ *\| / || (line ~ /^ +[^ ]/ && name != "")) body = body " " line
    else flush()
    if (closes) { flush(); inside = 0 }
}' "$work/names" interp/syntax/parse*.c | sort >"$work/code"

sed -n 's/^RULE\(_LIST\)\{0,1\}(\([a-z_]*\)).*/\2/p' interp/syntax/parse*.c | sort -u | comm -23 - "$work/names" |
    while read -r rule; do echo "  RULE($rule): not in $gram"; done >"$work/unknown"
[ -s "$work/unknown" ] && { cat "$work/unknown"; bad=1; }

diff "$work/gram" "$work/code" >"$work/diff" ||
    { echo "  rules that differ (< aio.gram, > interp/syntax):"; sed 's/^/  /' "$work/diff"; bad=1; }

# Mentioned rules and tokens exist.
sed -n 's/^[A-Z]*(\([A-Z_a-z]*\), *"\(.*\)").*/\2/p' grammar/tokens.def | sort -u >"$work/tokens"
cut -f2 "$work/gram" | grep -o "'[^']*'" | tr -d "'" | sort -u | comm -23 - "$work/tokens" |
    while read -r token; do echo "  '$token': no such token in tokens.def"; done >"$work/missing"
cut -f2 "$work/gram" | sed "s/'[^']*'//g" | grep -o '\b[a-z_][a-z_]*\b' | sort -u | comm -23 - "$work/names" |
    while read -r rule; do echo "  $rule: mentioned, but no such rule"; done >>"$work/missing"
[ -s "$work/missing" ] && { cat "$work/missing"; bad=1; }

# Examples.
grep -nE '^ +(ok|bad): ' $gram >"$work/examples"
count=0
while IFS= read -r line; do
    number=${line%%:*}
    rest=${line#*:}
    case $rest in *"ok: "*) want=ok ;; *) want=bad ;; esac
    text=$(printf '%s\n' "$rest" | sed 's/^ *[a-z]*: *//; s/\\n/\
/g')
    printf '%s\n' "$text" >"$work/example.aio"
    if "$aio" --ast "$work/example.aio" >/dev/null 2>&1; then got=ok; else got=bad; fi
    [ $got = $want ] || { echo "  $gram:$number: $want: $text: is $got"; bad=1; }
    count=$((count + 1))
done <"$work/examples"

"$sentences" $gram 2000 >"$work/made" || { cat "$work/made"; bad=1; }
[ $bad = 0 ] && echo "check-grammar: ok ($count examples, $(tail -n 1 "$work/made"))" || { echo "check-grammar: failed"; exit 1; }
