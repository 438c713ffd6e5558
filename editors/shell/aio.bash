# aio.bash - completion of aio's command line for bash; `make install` puts it in its place.
# Options and codes are asked of aio itself, so they are never out of date.

_aio()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local program=${COMP_WORDS[0]}
    local IFS=$' \t\n' i
    COMPREPLY=()
    case $before in
    -m)
        COMPREPLY=($(compgen -W "$("$program" -c 'import pkgutil
for module in pkgutil.iter_modules(): print(module.name)' 2>/dev/null)" -- "$word"))
        return ;;
    -W) COMPREPLY=($(compgen -W "default error ignore always module once" -- "$word")); return ;;
    -X)
        COMPREPLY=($(compgen -W "$("$program" --help-xoptions 2>/dev/null |
            sed -n 's/^  \([a-z_0-9]*=\{0,1\}\).*/\1/p')" -- "$word"))
        return ;;
    -c) return ;;
    explain)
        COMPREPLY=($(compgen -W "$("$program" explain 2>/dev/null | cut -d' ' -f1)" -- "$word"))
        return ;;
    esac
    # After a script everything belongs to the script.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        check | --tokens | --ast | --dis) break ;;
        -*) ;;
        *) COMPREPLY=($(compgen -f -- "$word")); return ;;
        esac
    done
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$("$program" --help-all 2>/dev/null |
            sed -n 's/^  \(-[-A-Za-z]*\).*/\1/p') -V -h -" -- "$word"))
        return
    fi
    [[ $COMP_CWORD == 1 ]] && COMPREPLY=($(compgen -W "check explain ps pstree" -- "$word"))
    COMPREPLY+=($(compgen -d -S / -- "$word") $(compgen -f -X '!*.@(aio|zip)' -- "$word"))
}
shopt -s extglob
complete -o filenames -F _aio aio
