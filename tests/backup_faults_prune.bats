#!/usr/bin/env bats
# Prune, forget and key changes that are cut short at each operation in turn.

load house
load backup/repository
load backup/faults

# Two snapshots are kept, of which the older is checked; one between them goes.
sparse() {
	begun
	second=$(take)
	rm source/noise1
	grown 2
	take
	aikit-backup forget "$second" --keep-min 1 --yes >/dev/null
}

@test "prune killed at any operation loses nothing" {
	sparse
	every kill aikit-backup prune --grace 0
}

@test "prune that fails at any operation loses nothing" {
	sparse
	every EIO aikit-backup prune --grace 0
}

@test "a power cut at any operation of prune loses nothing" {
	sparse
	every drop aikit-backup prune --grace 0
	every reorder aikit-backup prune --grace 0
}

@test "forget cut short at any operation removes what it may, and nothing else" {
	begun
	for _ in 1 2 3; do
		take
	done
	# All were taken in one day, and the last of it is what stays.
	export first=latest
	cp -r source before
	rm -rf before1
	mv before before1
	for how in kill EIO drop reorder; do
		every "$how" aikit-backup forget --keep-last 1 --keep-min 1 --yes
	done
}

# What a new key has opened, it opens for good; until then the old one does.
replaced() {
	if aikit-backup snapshots --key-file other >/dev/null 2>&1; then
		aikit-backup key passwd --key-file other --new-key-file new
	else
		aikit-backup snapshots --key-file new
	fi
}

@test "key changes cut short at any operation: one of the two keys opens it" {
	begun
	aikit-backup key add --new-key-file other >/dev/null
	(umask 077 && head -c 32 /dev/urandom >new)
	export least=5
	for how in kill EIO drop reorder; do
		every "$how" replaced
		every "$how" aikit-backup key add --recovery
	done
}
