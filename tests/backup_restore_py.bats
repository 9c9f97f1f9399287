#!/usr/bin/env bats
# restore.py, which lies in a repository, beside aikit-backup: two programs that
# read the same bytes.

load house
load backup/repository
load backup/odd_files

teardown() {
	umount source/one source/two 2>/dev/null || true
	chattr -R -i -a . 2>/dev/null || true
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

@test "restore.py brings back everything a file is, as the tool does" {
	umask 022
	rm -rf source
	mkdir source
	(cd source && odd_files)
	rm source/socket
	begin
	run -0 --separate-stderr python3 repo/restore.py --key-file key restore \
	    latest by_python
	[ -z "$stderr" ]
	same source "by_python$PWD/source"
	aikit-backup restore latest --to by_tool >/dev/null
	same "by_tool$PWD/source" "by_python$PWD/source"
}

@test "restore.py needs neither footers, nor heads of frames, nor config" {
	begin --no-parity
	for pack in $(objects packs meta); do
		turn "repo/$pack" 41 # what the footer says as well
	done
	run -0 python3 repo/restore.py --key-file key restore latest heads
	diff -r source "heads$PWD/source"
	for pack in $(objects packs meta); do
		turn "repo/$pack" 41
		turn "repo/$pack" "$(($(stat -c %s "repo/$pack") - 1))"
	done
	run -65 --separate-stderr python3 repo/restore.py --key-file key restore \
	    latest footers
	[[ $stderr == *"no footer"* ]]
	diff -r source "footers$PWD/source"
	rm -f repo/config
	run -65 python3 repo/restore.py --key-file key restore latest config
	diff -r source "config$PWD/source"
}

@test "restore.py refuses another key, and a path that leads out" {
	begin
	(umask 077 && head -c 32 /dev/urandom >other)
	run -1 --separate-stderr python3 repo/restore.py --key-file other list
	[[ $stderr == *"no key slot opens"* ]]
	run -1 --separate-stderr python3 repo/restore.py --key-file key restore \
	    latest source
	[[ $stderr == *"is not empty"* ]]
}

@test "names of one file are told from equal numbers on another file system" {
	[ "$(id -u)" = 0 ] || skip "a file system is mounted by root alone"
	mkdir source/one source/two
	for place in one two; do
		mount -t tmpfs -o size=1m none "source/$place" ||
			skip 'no mounts here'
		echo "$place" >"source/$place/name"
		ln "source/$place/name" "source/$place/other"
	done
	[ "$(stat -c %i source/one/name)" = "$(stat -c %i source/two/name)" ] ||
		skip 'the numbers differ here'
	begin
	run -0 python3 repo/restore.py --key-file key restore latest by_python
	run -0 aikit-backup restore latest --to by_tool
	for way in by_python by_tool; do
		diff -r source "$way$PWD/source"
		[ "$way$PWD/source/two/name" -ef "$way$PWD/source/two/other" ]
	done
}
