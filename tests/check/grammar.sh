#!/bin/sh
# grammar.sh AIO - grammar/aio.gram and the parser say the same (STYLE.md section 6).
# SPDX-License-Identifier: MIT
# 1. Each rule of aio.gram has its RULE(name) in interp/syntax, above which stands a comment with the
#    rule in the same words, and the other way round; 2. each rule and token that a rule mentions exists;
# 3. each `ok:` example parses and each `bad:` one is refused (`\n` in an example starts a new line).
aio=$1
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
/^ +/ { sub(/  +-> .*/, ""); body = body " " $0 }
END { flush() }' $gram | sort >"$work/gram"

# The same from the comments that stand directly above a RULE.
awk '
/^\/\* [a-z_]+: / { text = ""; reading = 1 }
reading { line = $0; sub(/^ \* ?/, "", line); text = text " " line
          if ($0 ~ /\*\/ *$/) reading = 0; next }
/^RULE(_LIST)?\(/ || /^void parse_/ || /^bool parse_/ || /^static Nod.* [a-z_]+\(/ || /^Nodes [a-z_]+\(/ {
    if (text != "") {
        sub(/^ *\/\* */, "", text); sub(/ *\*\/ *$/, "", text)
        name = text; sub(/:.*/, "", name); sub(/^[a-z_]+: */, "", text)
        sub(/  \. .*/, "", text); gsub(/[ \t]+/, " ", text)
        print name "\t" text
    } else if ($0 ~ /^RULE/) {
        sub(/^RULE(_LIST)?\(/, ""); sub(/\).*/, ""); print $0 "\t(no comment above the rule)"
    }
}
$0 != "" { text = "" }' interp/syntax/parse*.c | sort >"$work/code"

diff "$work/gram" "$work/code" >"$work/diff" ||
    { echo "  rules that differ (< aio.gram, > interp/syntax):"; sed 's/^/  /' "$work/diff"; bad=1; }

# Mentioned rules and tokens exist.
sed -n 's/^[A-Z]*(\([A-Z_a-z]*\), *"\(.*\)").*/\2/p' grammar/tokens.def | sort -u >"$work/tokens"
cut -f2 "$work/gram" | grep -o "'[^']*'" | tr -d "'" | sort -u | comm -23 - "$work/tokens" |
    while read -r token; do echo "  '$token': no such token in tokens.def"; done >"$work/missing"
cut -f1 "$work/gram" | sort -u >"$work/names"
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
[ $bad = 0 ] && echo "check-grammar: ok ($count examples)" || { echo "check-grammar: failed"; exit 1; }
