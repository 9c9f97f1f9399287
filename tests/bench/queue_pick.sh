#!/bin/bash
# The scheduler alone: what a pick takes when 10,000 wait. Of nine rounds each
# figure is of the one whose p99 is in the middle.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -I. -o "$scratch/queue_pick" \
	tests/bench/queue_pick.c tools/queue/sched_*.c lib/ak.c lib/err.c
for _ in 1 2 3 4 5 6 7 8 9; do
	"$scratch/queue_pick" >>"$scratch/rounds"
done
for name in pick add cancel 'done'; do
	grep "\"queue-$name\"" "$scratch/rounds" |
		sed 's/.*"p99_us":\([0-9.]*\).*/\1 &/' | sort -n |
		sed -n '5s/^[^ ]* //p'
done
