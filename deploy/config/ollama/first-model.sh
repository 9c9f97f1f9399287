#!/bin/sh
# first-model NAME - the one model that the chat starts with.
#
# Done when Ollama has it. Otherwise it is made from the copy that the image
# carries, as our own image does, and where there is none it is pulled.
set -eu

model=$1
seed=/usr/share/ollama-seed/$(echo "$model" | tr ':' '-')

# The client draws its progress whatever it writes to: only a failure is told.
quietly() {
	said=$("$@" 2>&1) && return 0
	echo "$said" | tail -n 1 >&2
	return 1
}

if ollama show "$model" >/dev/null 2>&1; then
	echo "$model: here"
elif [ -e "$seed/Modelfile" ]; then
	cd "$seed"
	quietly ollama create "$model" -f Modelfile
	echo "$model: made from the image's copy"
else
	echo "$model: pulling"
	quietly ollama pull "$model"
	echo "$model: pulled"
fi
