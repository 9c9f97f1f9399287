#!/usr/bin/env bats
# aikit-backup when things go wrong: bits turn, objects vanish, processes are
# killed, the power is cut, the disk is full.

load house
load backup/repository

teardown() {
	[ -z "${mounted-}" ] || umount "$mounted"
}

@test "a bit turned in any object is found without a key, and parity mends it" {
	begin
	objects | while read -r name; do
		cp "repo/$name" kept
		turn "repo/$name"
		run -65 --separate-stderr blind aikit-backup verify --level scrub
		grep -q "\"object\":\"$name\"" <<<"$output"
		run -0 blind aikit-backup verify --level scrub --repair
		cmp "repo/$name" kept
	done
	run -0 aikit-backup verify --level data
	restores
}

@test "a missing snapshot, key slot, config or index segment is found, and comes back" {
	begin
	for name in config $(objects snaps keys index); do
		cp "repo/$name" kept
		rm -f "repo/$name"
		run -65 --separate-stderr blind aikit-backup verify --level scrub
		run -0 blind aikit-backup verify --level scrub --repair
		cmp "repo/$name" kept
	done
	restores
}

@test "parity that is missing is made again" {
	begin
	objects parity >with
	rm -rf repo/parity/*
	mkdir repo/parity/keys repo/parity/snaps repo/parity/index
	run -0 blind aikit-backup verify --level scrub --repair
	objects parity | grep -v 'README\|restore' >again
	grep -v 'README\|restore' with | cmp - again
	pack=$(objects packs | head -n 1)
	cp "repo/$pack" kept
	turn "repo/$pack"
	run -0 blind aikit-backup verify --level scrub --repair
	cmp "repo/$pack" kept
}

@test "without parity a turned bit costs the files of that frame alone, and names them" {
	begin --no-parity
	pack=$(objects packs | head -n 1)
	turn "repo/$pack" 100
	run -65 --separate-stderr aikit-backup verify --level data
	complains
	grep -q '"type":"damage"' <<<"$output"
	lost=$(jq -r 'select(.type == "lost") | .path' <<<"$output" | sort -u)
	[ -n "$lost" ]
	run -65 --separate-stderr aikit-backup restore latest --to back
	for file in $(cd source && find . -type f -printf '%P\n'); do
		if grep -q "source/$file\$" <<<"$lost"; then
			! cmp -s "source/$file" "back$PWD/source/$file"
		else
			cmp "source/$file" "back$PWD/source/$file"
		fi
	done
}

@test "what is lost is stored again by the next backup, after repair" {
	begin --no-parity
	rm -f repo/"$(objects packs | head -n 1)"
	run -65 --separate-stderr aikit-backup verify
	grep -q missing <<<"$output"
	run -65 --separate-stderr aikit-backup repair
	run -0 aikit-backup backup --full source
	restores
}

@test "a second copy stands in for a damaged pack" {
	begin --no-parity
	aikit-backup backup --full --independent source >/dev/null
	turn repo/"$(objects packs | head -n 1)" 100
	restores
	run -0 aikit-backup verify --level data --repair
	run -0 aikit-backup verify --level data
	restores
}

@test "an index that is lost is made again from the packs" {
	begin
	rm -f repo/index/* repo/parity/index/*
	run -65 --separate-stderr aikit-backup verify
	run -0 aikit-backup reindex
	run -0 aikit-backup verify --level data
	restores
}

@test "a pack whose footer is lost is read by its frames" {
	begin --no-parity
	rm -f repo/index/*
	for pack in $(objects packs); do
		turn "repo/$pack" "$(($(stat -c %s "repo/$pack") - 1))"
	done
	run -0 aikit-backup reindex
	restores
}

@test "another key opens nothing, and says so" {
	begin
	head -c 32 /dev/urandom >other
	chmod 600 other
	run -77 --separate-stderr aikit-backup snapshots --key-file other
	complains
}

@test "a version that is not known is refused, not guessed at" {
	begin --no-parity
	chmod u+w repo/config
	python3 - <<'PY'
import hashlib
line = open("repo/config", "rb").readline()
line = line.replace(b'"aikit-backup":1', b'"aikit-backup":9')
open("repo/config", "wb").write(
    line + hashlib.sha256(line).hexdigest().encode() + b"\n")
PY
	run -78 --separate-stderr aikit-backup snapshots
	complains
	[[ $stderr == *version* ]]
}

@test "who is kept out is told by whom" {
	begin
	flock repo/locks/lock sh -c 'echo $$ >holder; exec sleep 30' 3>&- &
	wait_for 10 test -s holder
	echo "$(cat holder) 2026-01-01T00:00:00.000Z aikit-backup prune" \
	    >repo/locks/lock
	run -75 --separate-stderr aikit-backup backup source
	complains
	[[ $stderr == *"aikit-backup prune"* && $stderr == *"$(cat holder)"* ]]
	kill "$(cat holder)"
}

@test "two backups at once are both there" {
	aikit-backup init >/dev/null
	cp -r source other
	seq 50000 >other/own
	aikit-backup backup source >one 2>&1 3>&- &
	first=$!
	aikit-backup backup other >two 2>&1
	wait "$first"
	run -0 aikit-backup verify --level data
	[ "$(aikit-backup snapshots | wc -l)" = 2 ]
}

@test "a clock set back removes nothing" {
	begin
	grown 1
	aikit-backup backup source >/dev/null
	cat >clock.c <<'C'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int got = (int)syscall(SYS_clock_gettime, clock, now);

	if (clock == CLOCK_REALTIME)
		now->tv_sec -= 365 * 86400;
	return got;
}
C
	"${CC:-cc}" -shared -fPIC -o clock.so clock.c
	run -0 env LD_PRELOAD="$PWD/clock.so" \
	    ASAN_OPTIONS=verify_asan_link_order=0 \
	    aikit-backup forget --keep-last 1 --keep-min 0 --yes
	[ "$(grep -c 'dated in the future' <<<"$output")" = 2 ]
	[ "$(aikit-backup snapshots | wc -l)" = 2 ]
}

@test "forget gives a reason for each, and needs a yes" {
	begin
	for i in 1 2 3 4; do
		aikit-backup backup source >/dev/null
	done
	run -1 aikit-backup forget --keep-last 1 --plan
	[ "$(grep -c '"action":"remove"' <<<"$output")" = 2 ]
	[ "$(grep -c '"reason":' <<<"$output")" = 5 ]
	run -64 --separate-stderr aikit-backup forget --keep-last 1 </dev/null
	complains
	run -0 aikit-backup forget --keep-last 1 --yes
	[ "$(aikit-backup snapshots | wc -l)" = 3 ]
	run -64 --separate-stderr aikit-backup forget
}

@test "what no snapshot needs is marked first, and removed when it is old" {
	begin
	first=$(aikit-backup snapshots | jq -r .snapshot)
	rm -r source/below source/random
	seq 7 100000 >source/other
	aikit-backup backup source >/dev/null
	run -0 aikit-backup forget "$first" --keep-min 1 --yes
	size=$(du -sb repo | cut -f1)
	run -1 aikit-backup prune --plan
	run -0 aikit-backup prune
	[ -n "$(ls repo/trash)" ]
	run -0 aikit-backup verify --level data
	run -0 aikit-backup prune --plan
	run -1 aikit-backup prune --plan --grace 0
	planned=$(jq -c '[.removed, .freed_bytes]' <<<"$output")
	[ "$(jq .removed <<<"$output")" -gt 0 ]
	[ -n "$(ls repo/trash)" ]
	run -0 aikit-backup prune --grace 0
	[ "$(jq -c '[.removed, .freed_bytes]' <<<"$output")" = "$planned" ]
	[ -z "$(ls repo/trash)" ]
	[ "$(du -sb repo | cut -f1)" -lt $((size - 3000000)) ]
	run -0 aikit-backup verify --level data
	run -0 blind aikit-backup verify --level scrub
	restores
}

@test "a mark whose pack is needed after all is taken back" {
	begin
	pack=$(objects packs | head -n 1)
	python3 - "$pack" <<'PY'
import hashlib, sys
line = ('{"pack":"%s","why":"unused","since_us":1}\n' % sys.argv[1]).encode()
with open("repo/trash/" + sys.argv[1].rsplit("/")[-1], "wb") as file:
	file.write(line + hashlib.sha256(line).hexdigest().encode() + b"\n")
PY
	restores
	run -0 aikit-backup prune --grace 0
	grep -q '"unmarked":1' <<<"$output"
	[ -z "$(ls repo/trash)" ]
	restores
}

@test "a full disk is told, nothing refers to what is missing, and it goes on" {
	[ "$(id -u)" = 0 ] || skip "a file system is mounted by root alone"
	mkdir small
	mount -t tmpfs -o size=6m tmpfs small
	mounted=$PWD/small
	export AIKIT_BACKUP_REPO=$PWD/small/repo
	begin
	head -c 4000000 /dev/urandom >source/large
	run -74 --separate-stderr aikit-backup backup source
	complains
	[[ $stderr == *"make room"* ]]
	run -0 aikit-backup verify --level data
	rm source/large
	mount -o remount,size=20m small
	run -0 aikit-backup backup source
	run -0 aikit-backup verify --level data
	restores
}

@test "a repository that lost its config is read, and never made anew" {
	begin
	rm -f repo/config
	restores
	rm -f repo/parity/config
	run -65 --separate-stderr aikit-backup snapshots
	complains
	cp -r repo kept
	run -73 --separate-stderr aikit-backup init
	complains
	[[ $stderr == *"without its config"* ]]
	diff -r repo kept
}

@test "snapshots that are lost and have parity are listed, restored, and kept by prune" {
	begin
	rm -f repo/snaps/*
	restores
	run -0 aikit-backup prune --grace 0
	restores
	run -65 --separate-stderr blind aikit-backup verify --level scrub
	run -0 aikit-backup verify --level scrub --repair
	run -0 aikit-backup verify --level data
	restores
}

@test "an index that is lost does not keep anybody from restoring" {
	begin
	rm -f repo/index/* repo/parity/index/*
	run -0 --separate-stderr aikit-backup restore latest --to back
	[ -z "$stderr" ]
	diff -r source "back$PWD/source"
}

@test "a pack of trees that is lost: its snapshots say so, others are whole" {
	begin --no-parity
	first=$(aikit-backup snapshots | jq -r .snapshot)
	cp -r source before
	before=$(objects meta)
	seq 9 >source/later
	take >name
	rm -f repo/"$(comm -13 <(echo "$before") <(objects meta))"
	run -65 --separate-stderr aikit-backup verify
	run -65 --separate-stderr aikit-backup restore latest --to back
	restores "$first" before
	run -65 --separate-stderr aikit-backup repair
	run -0 aikit-backup backup source
	restores
	aikit-backup forget "$(cat name)" --keep-min 1 --yes >/dev/null
	run -0 aikit-backup verify --level data
}

# Where damage can be: in the head and the end of an object, byte by byte as far
# as they have fields, and in some places between them.
places() {
	local size
	size=$(stat -c %s "$1")
	{
		seq 0 4 56
		seq 60 "$((size / 8 + 71))" "$size"
		seq "$((size > 48 ? size - 48 : 0))" 7 "$((size - 1))"
	} | awk -v size="$size" '$1 < size' | sort -nu
}

@test "a bit turned in any part of any object is named without a key, and mended" {
	rm source/random
	for i in 2 3 4 5 6 7 8; do rm "source/below/file$i"; done
	seq 300 >source/numbers
	begin
	aikit-backup prune >/dev/null
	cp -r repo kept
	objects >names
	while read -r name; do
		for at in $(places "kept/$name"); do
			turn "repo/$name" "$at"
			blind aikit-backup verify --level scrub --repair >out \
			    2>err || deny "$name at $at: $(cat out err)"
			grep -q "\"object\":\"$name\",.*\"state\":\"mended\"" out ||
				deny "$name at $at: not named: $(cat out)"
			cmp "repo/$name" "kept/$name"
		done
	done <names
	run -0 aikit-backup verify --level data
	restores
}

@test "a backup that meets a prune is told, and one that prune meets as well" {
	begin
	head -c 8000000 /dev/urandom >source/large
	aikit-backup backup --limit-rate 2M source >out 2>&1 3>&- &
	backup=$!
	wait_for 10 bash -c 'aikit-backup prune --grace 0 2>&1 | grep -q "held by aikit-backup backup"'
	wait "$backup"
	# A prune that came before that backup may have left its line.
	: >repo/locks/lock
	# Held for longer than the second that a backup waits for it.
	strace -f -o /dev/null -e inject=fsync:delay_enter=1s \
	    aikit-backup prune --grace 0 >out 2>&1 3>&- &
	prune=$!
	wait_for 10 grep -q prune repo/locks/lock
	run -75 --separate-stderr aikit-backup backup source
	complains
	[[ $stderr == *"aikit-backup prune"* ]]
	wait "$prune"
	run -0 aikit-backup verify --level data
	restores
}

@test "prune killed at any system call that changes a name loses nothing" {
	begin
	first=$(aikit-backup snapshots | jq -r .snapshot)
	grown 1
	second=$(take)
	rm source/noise1
	take
	aikit-backup forget "$second" --keep-min 1 --yes >/dev/null
	rm -rf whole
	cp -r repo whole
	n=1
	while :; do
		rm -rf repo
		cp -r whole repo
		status=0
		strace -f -o /dev/null -e inject=renameat,unlinkat:signal=KILL:when=$n \
		    aikit-backup prune --grace 0 >out 2>&1 || status=$?
		[ "$status" != 0 ] || break
		aikit-backup verify --level data >out || deny "$n: $(cat out)"
		aikit-backup prune --grace 0 >out || deny "$n: $(cat out)"
		aikit-backup verify --level data >out || deny "$n: $(cat out)"
		restores "$first" before1
		restores
		n=$((n + 1))
	done
	[ "$n" -gt 5 ]
}

@test "in place, a file that damage keeps from being whole is not left under its name" {
	begin --no-parity
	cp source/numbers now
	head -c 3000000 /dev/zero >source/random
	pack=$(find repo/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 |
	    cut -d' ' -f2)
	turn "$pack" 2000000
	run -65 --separate-stderr aikit-backup restore --in-place
	[[ $stderr == *source/random* ]]
	[ ! -e source/random ]
	[ -e source/random.damaged ]
	cmp source/numbers now
}

@test "nothing is deleted when the snapshot is damaged and may have had it" {
	begin --no-parity
	touch source/own
	rm -f repo/"$(objects meta | head -n 1)"
	run -65 --separate-stderr aikit-backup restore --in-place --delete --yes
	[[ $stderr == *"nothing is deleted"* ]]
	[ -e source/own ]
}

@test "prune, forget and keys on a full disk: told, nothing is lost, forget still frees" {
	[ "$(id -u)" = 0 ] || skip "a file system is mounted by root alone"
	mkdir small
	mount -t tmpfs -o size=24m tmpfs small
	mounted=$PWD/small
	export AIKIT_BACKUP_REPO=$PWD/small/repo
	begin
	first=$(aikit-backup snapshots | jq -r .snapshot)
	cp -r source before
	grown 1
	head -c 3000000 /dev/urandom >source/large
	second=$(take)
	rm source/large
	take >/dev/null
	aikit-backup forget "$second" --keep-min 1 --yes >/dev/null
	seq 5 >source/extra
	extra=$(take)
	rm source/extra
	take >/dev/null
	dd if=/dev/zero of=small/filler bs=64k status=none 2>/dev/null || true
	for command in 'prune --grace 0' 'key add --recovery' reindex \
	    'backup --full --independent source'; do
		# shellcheck disable=SC2086 # words
		run -74 --separate-stderr aikit-backup $command
		complains
		[[ $stderr == *"no space left"* ]] || deny "$command: $stderr"
		run -0 aikit-backup verify --level data
	done
	run -0 aikit-backup forget "$extra" --keep-min 1 --yes
	restores "$first" before
	rm small/filler
	run -0 aikit-backup prune --grace 0
	run -0 aikit-backup verify --level data
	restores
	restores "$first" before
}
