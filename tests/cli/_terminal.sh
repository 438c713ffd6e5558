# What tests of the prompt source: a terminal (tmux) with aio in it.  Nothing sleeps to synchronise: `see` waits
# until the screen shows a line that matches, at most a minute (in a sweep of failing allocations some seconds), and a
# few seconds once it shows that the program has ended or that there is no memory; then it leaves the prompt, for what
# a task failed with may be told at the end only.  What a terminal showed is told on standard error when it goes.
export HOME=$TMP TERM=xterm TMUX= NO_COLOR=${NO_COLOR-1}
# Each start has a server of its own: one that is being killed would still answer to the name of the next.
server=0
terminal() { tmux -L "aio$$-$server" -f /dev/null "$@"; }
gone() { screen 2>/dev/null | sed '/^$/d' >&2; terminal kill-server 2>/dev/null; }
trap 'gone; rm -rf "$TMP"' EXIT
start() {
    gone
    server=$((server + 1))
    terminal new-session -d -x 90 -y 45 "$*; echo status \$?; cat"
    see '^>>>'
}
screen() { terminal capture-pane -p -S -200 | sed 's/ *$//'; }
case $AIO_DEBUG in oom=*) patience=200 ;; *) patience=1200 ;; esac
see() {
    tries=0
    until screen | grep -q -- "$1"; do
        tries=$((tries + 1))
        [ $tries -gt 40 ] && screen | grep -q '^status \|MemoryError\|out of memory' && tries=$((tries + patience / 100))
        if [ $tries -gt $patience ]; then
            for leave in C-c C-c C-d C-d C-d; do screen | grep -q '^status ' || key $leave; sleep 0.3; done
            echo "not seen: $1"; screen | sed '/^$/d'; exit 1
        fi
        sleep 0.05
    done
}
# To so many columns, and not before the program can know of it.
resize() {
    terminal resize-window -x "$1"
    until [ "$(stty size <"$(terminal display-message -p '#{pane_tty}')" | cut -d' ' -f2)" = "$1" ]; do sleep 0.05; done
}
type_() { terminal send-keys -l -- "$1"; }
key() { terminal send-keys "$@"; }
# A line.  What is typed before the prompt is back would stand on the screen twice; there may be no prompt (the line
# runs on, or left), so this waits two seconds for it and no more.
enter() {
    before=$(screen)
    type_ "$1"
    key Enter
    turns=0
    until [ $turns -ge 40 ]; do
        after=$(screen)
        [ "$after" != "$before" ] && echo "$after" | sed '/^$/d' | tail -1 | grep -q '^>>>$\|^\.\.\.$\|^status ' && break
        turns=$((turns + 1))
        sleep 0.05
    done
}
