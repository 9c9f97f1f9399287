#!/bin/bash
# up of stopped services with their images present, beside docker compose up
# --wait of the same set.
. "$(dirname "$0")/bench.bash"

scratch=$(mktemp -d)
project=aikit-bench-up-$$
trap 'docker compose -p $project -f "$scratch/compose.yaml" down -t 0 >/dev/null 2>&1
    rm -rf "$scratch"' EXIT
export AIKIT_STACK_KIT=$scratch XDG_CACHE_HOME=$scratch/cache
export XDG_STATE_HOME=$scratch/state

{
	echo "name: $project"
	echo "services:"
	for i in 1 2 3 4 5 6 7 8; do
		cat <<-EOF
			  s$i:
			    image: debian:trixie-slim
			    command: sh -c 'touch /tmp/up; exec sleep 600'
			    stop_grace_period: 0s
			    healthcheck: {test: [CMD, test, -f, /tmp/up], interval: 1s}
		EOF
		[ "$i" -eq 1 ] || echo "    depends_on: {s1: {condition: service_healthy}}"
	done
} >"$scratch/compose.yaml"

bare() { docker compose -f "$scratch/compose.yaml" "$@"; }
aikit-stack up >/dev/null

# Only the start is timed; the stop between two is not.
measure() {
	bare stop -t 0 >/dev/null 2>&1
	took "$@"
}

for ((i = 0; i <= 7; i++)); do
	a=$(measure aikit-stack up)
	b=$(measure bare up -d --wait)
	[ "$i" -eq 0 ] || { echo "$a" >>"$scratch/a"; echo "$b" >>"$scratch/b"; }
done
a=$(median_ms <"$scratch/a") b=$(median_ms <"$scratch/b")
awk -v a="$a" -v b="$b" 'BEGIN {
	printf "{\"type\":\"bench\",\"name\":\"up-from-stopped\",\"rounds\":7,\"ours_ms\":%s,\"peer_ms\":%s,\"ratio\":%.3f,\"target\":1.05,\"met\":%s}\n",
	    a, b, a / b, a / b <= 1.05 ? "true" : "false" }'
