#!/usr/bin/env bats
# A backup when each operation on its storage in turn fails, is the last of the
# process, or is the last before the power is cut.

load house
load backup/repository
load backup/faults

@test "a backup killed at any operation loses nothing" {
	begun
	every kill aikit-backup backup source
}

@test "a backup that fails at any operation loses nothing" {
	begun
	every EIO aikit-backup backup source
}

@test "a backup whose disk is full at any operation loses nothing" {
	begun
	every ENOSPC aikit-backup backup source
}

@test "a power cut at any operation of a backup loses nothing" {
	begun
	every drop aikit-backup backup source
}

@test "nor does one after which only the newest change is there" {
	begun
	every reorder aikit-backup backup source
}

# Notes how far it is at every entry, and is killed at each operation.
@test "one that notes how far it is, killed at any operation, loses nothing" {
	begun
	export AIKIT_BACKUP_CHECKPOINT=0
	every kill aikit-backup backup source
}

@test "what a killed backup has stored is not read again" {
	mkdir many
	for i in $(seq 400); do
		head -c 20000 /dev/urandom >"many/$i"
	done
	touch -d 2020-01-01 many/*
	# What was changed less than 2 s before a backup is read again.
	wait_for 5 bash -c '[ $(($(date +%s) - $(stat -c %Z many/400))) -gt 3 ]'
	aikit-backup init >/dev/null
	AIKIT_BACKUP_CHECKPOINT=100ms aikit-backup backup many \
	    --limit-rate 2M >/dev/null 2>&1 3>&- &
	wait_for 20 bash -c '[ "$(find repo/packs -type f | wc -l)" -ge 3 ]'
	kill -KILL $!
	wait $! || true
	[ -n "$(echo repo/tmp/checkpoint-*)" ]
	run -0 --separate-stderr aikit-backup backup many
	[ -z "$stderr" ]
	[ "$(jq -r .read_bytes <<<"$output")" -lt 6500000 ]
	[ "$(jq -r .total_bytes <<<"$output")" = 8000000 ]
	[ -z "$(ls repo/tmp)" ]
	run -0 aikit-backup verify --level data
	aikit-backup restore latest --to back >/dev/null
	diff -r many "back$PWD/many"
}
