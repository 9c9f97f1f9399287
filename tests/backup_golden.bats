#!/usr/bin/env bats
# A repository as an earlier aikit-backup wrote it: what was stored is read for
# as long as its version is known. It was made once and is not made again; its
# key and passphrase are of no other use.

load house

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export XDG_STATE_HOME=$PWD/state AIKIT_BACKUP_REPO=$PWD/repo
	zstd -qdc "$ROOT/tests/golden/backup/version-1.tar.zst" | tar xf -
	chmod 600 key phrase
}

# What is in a directory, as far as any user may restore it.
tell() {
	(cd "$1" && export LC_ALL=C &&
	    find . -printf '%P %y %m %T@ %n %l\n' | sort &&
	    find . -type f -exec sha256sum {} + | sort &&
	    find . -type f -print0 | sort -z | xargs -0 getfattr -h -d)
}

@test "a repository of version 1 is whole, and nothing in it is unknown" {
	run -0 aikit-backup verify --level scrub
	run -0 aikit-backup verify --level data --key-file key
	run -0 aikit-backup repo info --key-file key
	[ "$(jq -r .version <<<"$output")" = 1 ]
	run -0 aikit-backup snapshots --key-file key
	[ "$(jq -r '.tags[0] + " " + .host' <<<"$output" | paste -sd,)" = \
	    'first example,second example' ]
}

@test "its snapshots are restored as they were, by the tool and by restore.py" {
	for which in first second; do
		name=$(aikit-backup snapshots --tag "$which" --key-file key |
		    jq -r .snapshot)
		run -0 aikit-backup restore "$name" --to "tool-$which" \
		    --key-file key
		tell "tool-$which/srv/data" |
		    diff "$ROOT/tests/golden/backup/$which" -
		run -0 python3 "$ROOT/tools/backup/restore.py" --repo repo \
		    --passphrase-file phrase restore "$name" "python-$which"
		tell "python-$which/srv/data" |
		    diff "$ROOT/tests/golden/backup/$which" -
	done
}

@test "what is written into it now is beside what was" {
	mkdir data
	seq 100 >data/new
	run -0 aikit-backup backup data --key-file key
	aikit-backup forget --keep-last 1 --keep-min 1 --yes --key-file key
	aikit-backup prune --grace 0 --key-file key
	run -0 aikit-backup verify --level data --key-file key
	[ "$(aikit-backup snapshots --key-file key | wc -l)" = 2 ]
	aikit-backup restore latest --to back --key-file key
	cmp data/new "back$PWD/data/new"
}
