# fish completion for virsh-lxc: the program knows what could come next, this asks it.

function __virsh_lxc_complete
    set -l line (commandline -opc)
    # A quote that is still open is fish's to close.
    set -l word (string replace -r -- '^["\']' '' (commandline -ct))
    # Of --name=value the value is what can be a file. A variable that is empty, not unset, stands before it otherwise.
    set -l head (string match -r -- '^--[^=]*=' "$word"; or echo '')
    set -l start (string replace -r -- '^--[^=]*=' '' "$word")
    for answer in ($line[1] complete --shell -- $line[2..] "$word" 2>/dev/null)
        switch $answer
            case ''
            case ':files'
                for file in (__fish_complete_path "$start")
                    echo -- $head$file
                end
            case ':directories'
                for file in (__fish_complete_directories "$start" '')
                    echo -- $head$file
                end
            case '*'
                echo -- $answer
        end
    end
end

complete -c virsh-lxc -f -a '(__virsh_lxc_complete)'
