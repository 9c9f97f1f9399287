#!/usr/bin/env bats
# Repair, reindex and init that are cut short at each operation in turn.

load house
load backup/repository
load backup/faults

@test "repair by parity cut short at any operation is done by the next" {
	begun
	export damaged=yes
	take
	turn repo/"$(objects packs | head -n 1)" 4000
	turn repo/"$(objects meta | head -n 1)" 50
	rm -f repo/"$(objects index | head -n 1)" repo/"$(objects snaps | tail -n 1)"
	turn repo/"$(objects parity/snaps | head -n 1)"
	for how in kill EIO drop reorder; do
		every "$how" aikit-backup verify --level data --repair
	done
}

@test "repair by a second copy cut short at any operation is done by the next" {
	begun --no-parity
	export damaged=yes
	# Of those that are there now; what is new has one copy.
	pack=$(objects packs | head -n 1)
	aikit-backup backup --full --independent source >/dev/null
	turn "repo/$pack" 4000
	for how in kill EIO drop reorder; do
		every "$how" aikit-backup verify --level data --repair
	done
}

@test "reindex cut short at any operation is done by the next" {
	begun
	export damaged=yes
	take
	rm -f repo/index/* repo/parity/index/*
	for how in kill EIO drop reorder; do
		every "$how" aikit-backup reindex
	done
}

@test "init cut short at any operation is done by the next" {
	local n=1
	while :; do
		rm -rf repo
		AIKIT_FAULT=any:$n:drop aikit-backup init >out 2>err || true
		grep -q '^AIKIT_FAULT: ' err || break
		aikit-backup init >out 2>&1 || aikit-backup repo info >out ||
			deny "init after operation $n:" "$(cat out)"
		aikit-backup backup source >/dev/null
		restores
		n=$((n + 1))
	done
	[ "$n" -gt 10 ]
}
