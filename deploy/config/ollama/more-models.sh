#!/bin/sh
# Pulls the models of $MODELS that Ollama does not have yet, one after another,
# and looks again every ten minutes. Nothing waits for it.
set -u

trap 'exit 0' TERM INT

while :; do
	for model in $MODELS; do
		ollama show "$model" >/dev/null 2>&1 && continue
		echo "$model: pulling"
		if ollama pull "$model" >/dev/null 2>&1; then
			echo "$model: here"
		else
			echo "$model: could not be pulled, next try in 10 minutes" >&2
		fi
	done
	sleep 600 &
	wait $!
done
