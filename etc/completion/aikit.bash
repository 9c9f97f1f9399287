# Completion of every tool of aikit, for bash. A tool knows what may follow:
# its hidden command "complete" gets the word and those before it. Where it
# answers nothing, as for the value of an option, files are completed.

_aikit() {
	local IFS=$'\n'
	mapfile -t COMPREPLY < <("$1" complete "$2" \
		"${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}

mapfile -t _aikit_tools < <(compgen -c aikit- | sort -u)
complete -o default -o bashdefault -F _aikit "${_aikit_tools[@]:-aikit}"
unset _aikit_tools
