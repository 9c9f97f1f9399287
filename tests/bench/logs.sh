#!/bin/bash
# A million log lines beside docker compose logs, the memory they take, and how
# soon a line is there with -f: own project.
. "$(dirname "$0")/bench.bash"

scratch=$(mktemp -d)
project=aikitbench-$$
export AIKIT_STACK_KIT=$scratch XDG_CACHE_HOME=$scratch/cache

clean() {
	docker compose -p "$project" -f "$scratch/compose.yaml" down -t 0 \
	    >/dev/null 2>&1 || true
	rm -rf "$scratch"
}
trap clean EXIT

cat >"$scratch/compose.yaml" <<EOF
name: $project
x-base: &base {image: "debian:trixie-slim", init: true}
services:
  many:
    <<: *base
    command: sh -c "seq -f 'line %.0f, as long as the lines of a log usually are, or somewhat longer' 1 1000000; exec sleep infinity"
  clock:
    <<: *base
    command: sh -c "while sleep 0.05; do date +%s%N; done"
EOF
docker compose -f "$scratch/compose.yaml" up -d >/dev/null 2>&1
until docker logs --tail 1 "$project-many-1" | grep -q 'line 1000000,'; do
	sleep 0.5
done
docker stop -t 0 "$project-clock-1" >/dev/null

ours() { aikit-stack logs many; }
peer() {
	docker compose -f "$scratch/compose.yaml" logs --no-color many
}

compare logs-million 1.0 3 ours peer
/usr/bin/time -f %M -o "$scratch/kb" aikit-stack logs many >/dev/null
awk '{ printf "{\"type\":\"bench\",\"name\":\"logs-million-memory\",\"ours_kb\":%d,\"target_kb\":12288,\"met\":%s}\n",
    $1, $1 <= 12288 ? "true" : "false" }' "$scratch/kb"

docker start "$project-clock-1" >/dev/null
aikit-stack logs -f --tail 0 clock | python3 -c '
import json, statistics, sys, time
late = []
for line in sys.stdin:
    late.append((time.time_ns() - int(json.loads(line)["text"])) / 1e6)
    if len(late) == 60:
        break
ms = statistics.median(late)
print(json.dumps({"type": "bench", "name": "logs-follow", "rounds": len(late),
                  "ours_ms": round(ms, 2), "worst_ms": round(max(late), 2),
                  "target_ms": 20, "met": ms <= 20}))'
