# bash completion for virsh-lxc: the program knows what could come next, this asks it.

_virsh_lxc()
{
    local line=${COMP_LINE:0:COMP_POINT} answer word cut='' breaks quoted
    # Readline replaces no more of a word than what follows one of these.
    breaks=${COMP_WORDBREAKS//[^=:]/}
    word=${line##*[[:blank:]]}
    [[ -n $breaks ]] && cut=${word%"${word##*[$breaks]}"}
    COMPREPLY=()
    while IFS= read -r answer; do
        case $answer in
        '') ;;
        :files)
            compopt -o filenames
            while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -f -- "$2") ;;
        :directories)
            compopt -o filenames
            while IFS= read -r answer; do COMPREPLY+=("$answer"); done < <(compgen -d -- "$2") ;;
        *)
            answer=${answer%%$'\t'*}
            answer=${answer#"$cut"}
            # A word that was begun in quotes is ended by readline.
            [[ $word == [\"\']* ]] || printf -v answer %q "$answer"
            COMPREPLY+=("$answer") ;;
        esac
    done < <("$1" complete --shell --line "$line" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=:] ]] && compopt -o nospace
    return 0
} &&
complete -F _virsh_lxc virsh-lxc
