#!/bin/bash
# Requests with clients that leave, backends that are killed and reloads: none
# is lost, none answered twice, and in the end the queue holds nothing.
#
#	COUNT=1000000 SEED=1 B=build/asan tests/bench/queue_turmoil.sh
#
# B is where the queue was built; with SANITIZE=address,undefined it is looked
# at as well. A record "bench", and exit status 1 when anything is wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
count=${COUNT:-1000000} seed=${SEED:-1}
scratch=$(mktemp -d)
PATH=$scratch:${B:-$PWD/build}:$PATH
queue=

finish() {
	[ -z "$queue" ] || kill -KILL "$queue" 2>/dev/null || true
	rm -rf "$scratch"
}
trap finish EXIT

for program in queue_turmoil queue_turmoil_peer queue_peer; do
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -I. -o "$scratch/$program" \
		"tests/bench/$program.c"
done
mapfile -t port < <(queue_peer ports 3)

# configure SLOTS LIMIT: all that a reload can change without refusing anybody.
configure() {
	cat <<-end
		[queue]
		log = none
		admin = $scratch/admin
		limit = $2
		health_interval = 100ms
		health_fall = 1
		body_memory = 16k
		breaker_wait = 100ms
		[listen turmoil]
		address = 127.0.0.1:${port[0]}
		[class normal]
		[class batch]
		limit = $1
		[backend a]
		url = http://127.0.0.1:${port[1]}
		slots = $1
		loaded = 3
		[backend b]
		url = http://127.0.0.1:${port[2]}
		slots = 4
		loaded = 3
	end
}

configure 8 0 >"$scratch/conf.0"
configure 3 9 >"$scratch/conf.1"
cp "$scratch/conf.0" "$scratch/conf"
aikit-queue run "$scratch/conf" 2>"$scratch/said" &
queue=$!

# metric NAME: its value now.
metric() {
	curl -sS --unix-socket "$scratch/admin" http://queue/metrics |
		awk -v "name=aikit_queue_$1" '
			$1 ~ "^" name "({|$)" { sum += $2 }
			END { print sum + 0 }'
}

wrong() {
	echo "queue_turmoil.sh: $*" >&2
	grep -v -e ': reloaded$' -e ': backend ' "$scratch/said" |
		head -n 60 >&2
	exit 1
}

end=$((SECONDS + 20))
until [ -S "$scratch/admin" ]; do
	[ $SECONDS -lt $end ] || wrong "the queue does not start"
	sleep 0.05
done
queue_turmoil "$count" "$seed" "${port[@]}" "$queue" "$scratch" ||
	wrong "see above"

# What is over leaves nothing behind.
end=$((SECONDS + 20))
for name in connections depth running body_memory_bytes spilled_bytes; do
	until [ "$(metric $name)" = 0 ]; do
		[ $SECONDS -lt $end ] || wrong "$name is $(metric $name)"
		sleep 0.1
	done
done
kill "$queue"
wait "$queue" || wrong "the queue ended with $?"
queue=
! grep -v -e ': reloaded$' -e ': backend ' "$scratch/said" ||
	wrong "the queue complains"
