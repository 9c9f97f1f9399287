#!/bin/bash
# The scheduler alone: what a pick takes when 10,000 wait.
set -euo pipefail
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -I. -o "$scratch/queue_pick" \
	tests/bench/queue_pick.c tools/queue/sched_*.c lib/ak.c lib/err.c
for _ in 1 2 3 4 5; do
	"$scratch/queue_pick"
done
