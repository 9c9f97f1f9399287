#!/bin/bash
# What the start of a tool costs, the shell's fork and exec included.
. "$(dirname "$0")/bench.bash"

start() {
	"$tool" --version
}

for tool in tools/*/; do
	tool=aikit-$(basename "$tool")
	limit "start of $tool" 3 50 start
done
