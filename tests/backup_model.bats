#!/usr/bin/env bats
# aikit-backup against a model of it: much is done at random to a tree and its
# repository, and every snapshot stays what it was.

load house
load backup/repository

# The seed is another each day, and is told when it fails: SEED=n STEPS=n.
@test "whatever is done, in whatever order: each snapshot restores as it was" {
	seed=${SEED-$(date +%j)}
	run "$ROOT/tests/backup/model.py" "$seed" "${STEPS-40}"
	[ "$status" = 0 ] || deny "seed $seed:" "$output"
	[ "$(wc -l <<<"$output")" = "${STEPS-40}" ]
}
