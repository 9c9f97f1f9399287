#!/usr/bin/env bats
# aikit-backup when things go wrong: bits turn, objects vanish, processes are
# killed, the power is cut, the disk is full.

load house

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export AIKIT_BACKUP_REPO=$PWD/repo AIKIT_BACKUP_KEY_FILE=$PWD/key
	export XDG_STATE_HOME=$PWD/state
	mkdir source
	seq 30000 >source/numbers
	head -c 3000000 /dev/urandom >source/random
	mkdir source/below
	for i in 1 2 3 4 5 6 7 8; do
		seq "$i" 37 40000 >"source/below/file$i"
	done
}

teardown() {
	[ -z "${mounted-}" ] || umount "$mounted"
}

# The repository with a snapshot of source; more options of init follow.
begin() {
	aikit-backup init "$@" >/dev/null
	aikit-backup backup source >/dev/null
}

# objects [ROOM...]: the objects, but for locks and drafts.
objects() {
	(cd repo && find "${@:-.}" -type f | sed 's|^\./||' |
	    grep -v '^locks/\|^tmp/' | sort)
}

# take: a snapshot, whose name it prints.
take() {
	aikit-backup backup source | jq -r .snapshot
}

# turn FILE [OFFSET]: one bit of it, at random when no offset is given.
turn() {
	chmod u+w "$1"
	python3 -c '
import os, random, sys
with open(sys.argv[1], "r+b") as file:
	size = os.path.getsize(sys.argv[1])
	at = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(size)
	file.seek(at % size)
	byte = file.read(1)[0]
	file.seek(at % size)
	file.write(bytes([byte ^ 1 << at % 8]))' "$@"
}

# blind COMMAND...: without a key.
blind() {
	env -u AIKIT_BACKUP_KEY_FILE "$@"
}

# restores [SNAPSHOT [DIRECTORY]]: it is what the directory holds.
restores() {
	rm -rf back
	aikit-backup restore "${1:-latest}" --to back >/dev/null || return
	diff -r "${2:-source}" "back$PWD/source"
}

# grown: source with something more.
grown() {
	cp -r source "before$1"
	seq "$1" 11 90000 >"source/more$1"
	head -c 200000 /dev/urandom >"source/noise$1"
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
	run -0 aikit-backup prune --grace 0
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

# survives PLAN COMMAND...: the command fails or dies by the plan, and then all
# is well: the next run succeeds, verify passes, earlier snapshots restore.
survives() {
	local plan=$1 status=0
	shift
	AIKIT_FAULT=$plan "$@" >out 2>err || status=$?
	[ "$status" != 0 ] || return 9 # it has fewer operations
	aikit-backup verify --level data >out 2>&1 ||
		deny "verify after $plan:" "$(cat out)" || return
	"$@" >out 2>&1 || deny "again after $plan:" "$(cat out)" || return
	aikit-backup verify --level data >out 2>&1 ||
		deny "verify again after $plan:" "$(cat out)" || return
	restores "$first" before1 || deny "restore after $plan" || return
}

# every HOW COMMAND...: at each operation in turn, until there are no more.
every() {
	local how=$1 n=1 status
	shift
	rm -rf whole
	cp -r repo whole
	while :; do
		rm -rf repo
		cp -r whole repo
		status=0
		survives "any:$n:$how" "$@" || status=$?
		[ "$status" != 9 ] || break
		[ "$status" = 0 ] || return
		n=$((n + 1))
	done
	[ "$n" -gt 10 ] || deny "only $n operations were tried"
}

@test "a backup killed at any operation loses nothing" {
	begin
	first=$(aikit-backup snapshots | jq -r .snapshot)
	grown 1
	every kill aikit-backup backup source
}

@test "a backup that fails at any operation loses nothing" {
	begin
	first=$(aikit-backup snapshots | jq -r .snapshot)
	grown 1
	every EIO aikit-backup backup source
}

@test "a power cut at any operation of a backup loses nothing" {
	begin
	first=$(aikit-backup snapshots | jq -r .snapshot)
	grown 1
	every drop aikit-backup backup source
}

# Two snapshots are kept, of which the older is checked; one between them goes.
sparse() {
	begin
	first=$(aikit-backup snapshots | jq -r .snapshot)
	grown 1
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

@test "prune that fails, or loses power, at any operation loses nothing" {
	sparse
	every EIO aikit-backup prune --grace 0
	every drop aikit-backup prune --grace 0
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

@test "restore.py brings back what the tool does" {
	umask 022
	ln source/numbers source/hard
	ln -s numbers source/soft
	truncate -s 1M source/hole
	echo end >>source/hole
	touch -d 2001-02-03T04:05:06.123456789Z source/numbers
	setfattr -n user.note -v kept source/random
	chmod 751 source/below
	begin
	run -0 python3 repo/restore.py --key-file key restore latest by_python
	run -0 aikit-backup restore latest --to by_tool
	for way in by_python by_tool; do
		(cd "$way$PWD/source" && find . -printf \
		    '%P %y %m %U %G %T@ %n %l\n' | sort && find . -type f \
		    -exec sha256sum {} + | sort && getfattr -R -d .) >"$way.list"
	done
	cmp by_python.list by_tool.list
	diff -r source "by_python$PWD/source"
	rm -f repo/index/*
	run -0 python3 repo/restore.py --key-file key list
	turn repo/"$(objects packs | tail -n 1)" 100
	run -65 python3 repo/restore.py --key-file key restore latest damaged
	[ -n "$(find damaged -type f)" ]
}

@test "restore.py opens every kind of slot, and every cipher" {
	for cipher in aes-256-gcm chacha20-poly1305 none; do
		rm -rf repo out
		key=(--key-file key)
		[ "$cipher" != none ] || { unset AIKIT_BACKUP_KEY_FILE; key=(); }
		begin --cipher "$cipher"
		run -0 python3 repo/restore.py "${key[@]}" restore latest out
		diff -r source "out$PWD/source"
	done
	rm -rf repo
	export AIKIT_BACKUP_KEY_FILE=$PWD/key
	begin
	(umask 077 && echo 'correct horse' >phrase)
	run -0 aikit-backup key add --new-passphrase-file phrase
	run -0 aikit-backup key add --recovery
	(umask 077 && jq -r .code <<<"$output" >code)
	for secret in phrase code; do
		run -0 env -u AIKIT_BACKUP_KEY_FILE aikit-backup \
		    snapshots --passphrase-file "$secret"
		run -0 python3 repo/restore.py --passphrase-file "$secret" list
	done
}
