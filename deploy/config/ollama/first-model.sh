#!/bin/sh
# first-model NAME - the one model that the chat starts with.
#
# Done when Ollama has it. Otherwise it is pulled; where the library cannot be
# reached, it is made from the copy that our own image carries.
set -eu

model=$1
seed=/usr/share/ollama-seed/$(echo "$model" | tr ':' '-')

if ollama show "$model" >/dev/null 2>&1; then
	echo "$model: here"
	exit 0
fi
if [ -e "$seed/Modelfile" ]; then
	cd "$seed"
	ollama create "$model" -f Modelfile
	echo "$model: made from the image's copy"
	exit 0
fi
ollama pull "$model"
echo "$model: pulled"
