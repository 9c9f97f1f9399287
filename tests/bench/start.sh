#!/bin/bash
# What the start of a tool costs beyond that of a program that does nothing:
# medians of interleaved rounds, the difference at most 3 ms.
. "$(dirname "$0")/bench.bash"

rounds=100

for tool in tools/*/; do
	tool=aikit-$(basename "$tool")
	ours=() empty=()
	for ((i = 0; i < rounds; i++)); do
		ours+=("$(took "$tool" --version)")
		empty+=("$(took /bin/true)")
	done
	a=$(printf '%s\n' "${ours[@]}" | median_ms)
	b=$(printf '%s\n' "${empty[@]}" | median_ms)
	awk -v n="start of $tool" -v a="$a" -v b="$b" -v r="$rounds" 'BEGIN {
		printf "{\"type\":\"bench\",\"name\":\"%s\",\"rounds\":%d,\"ours_ms\":%s,\"peer_ms\":%s,\"difference_ms\":%.2f,\"target_ms\":3,\"met\":%s}\n",
		    n, r, a, b, a - b, a - b <= 3 ? "true" : "false" }'
done
