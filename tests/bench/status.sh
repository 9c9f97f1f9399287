#!/bin/bash
# status of 30 running services beside docker compose ps, its memory, and
# status --usage: own project, containers that sleep.
. "$(dirname "$0")/bench.bash"

scratch=$(mktemp -d)
project=aikitbench-$$
export AIKIT_STACK_KIT=$scratch XDG_CACHE_HOME=$scratch/cache

# Not even docker compose's own down is left out when we are interrupted.
clean() {
	docker compose -p "$project" -f "$scratch/compose.yaml" down -t 0 \
	    >/dev/null 2>&1 || true
	rm -rf "$scratch"
}
trap clean EXIT

{
	echo "name: $project"
	echo "services:"
	for i in $(seq -w 1 30); do
		cat <<-EOF
			  service$i:
			    image: debian:trixie-slim
			    command: sleep infinity
			    init: true
			    restart: unless-stopped
			    environment: {NAME: service$i, TZ: UTC}
			    deploy: {resources: {limits: {cpus: "0.5", memory: 32M}}}
			    logging: {driver: json-file, options: {max-size: 1m}}
		EOF
	done
} >"$scratch/compose.yaml"
docker compose -f "$scratch/compose.yaml" up -d >/dev/null 2>&1
aikit-stack status >/dev/null

status() { aikit-stack status; }
usage() { aikit-stack status --usage; }
peer() {
	docker compose -f "$scratch/compose.yaml" ps --all --format json
}

compare status 0.1 30 status peer
limit status-usage 150 15 usage
/usr/bin/time -f %M -o "$scratch/kb" aikit-stack status >/dev/null
awk '{ printf "{\"type\":\"bench\",\"name\":\"status-memory\",\"ours_kb\":%d,\"target_kb\":12288,\"met\":%s}\n",
    $1, $1 <= 12288 ? "true" : "false" }' "$scratch/kb"
