#!/bin/bash
# backup.sh - aikit-backup beside restic, borg and tar | zstd.
#
#	backup.sh [ROUNDS]		3 unless said otherwise; 10 to 20 minutes
#
# A corpus of 1.44 GB (backup_corpus.py) is backed up whole, again unchanged,
# and again after a day of use; then verified and restored. Tools take turns
# within a round; of every other command of ours the memory is taken, in the
# first one. CORPUS is one made already; WORK is where everything else goes: 5
# GB and 10 a round, since on ext4 a restore is slow when another was removed
# right before it. Needs restic, borgbackup and zstd.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=${B:-$PWD/build}:$PATH
# shellcheck source=/dev/null
. "$PWD/tests/bench/backup.bash"
rounds=${1:-3}
here=$PWD/tests/bench
work=$(mktemp -d "${WORK:-/var/tmp}/aikit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
corpus=${CORPUS:-$work/corpus}
figures=$work/figures
export RESTIC_PASSWORD=bench BORG_PASSPHRASE=bench
export BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
changing=(webui/webui.db pg/dump.sql n8n)

# The two days, kept so that every round begins alike.
keep() {
	mkdir -p "$work/$1"
	(cd "$corpus" && cp -a --parents "${changing[@]}" "$work/$1")
}

day() {
	cp -a "$work/$1/." "$corpus/"
	find "$corpus" -type f -exec cat {} + >/dev/null
	sync
	# What was changed less than 2 s ago, no tool may skip.
	touch "$work/mark"
	until [ $(($(date +%s) - $(stat -c %Y "$work/mark"))) -ge 3 ]; do
		read -rt 0.2 <> <(:) || :
	done
}

# step TOOL STEP REPOSITORY COMMAND ...: seconds, peak kilobytes, bytes there.
step() {
	local tool=$1 step=$2 repository=$3
	shift 3
	measure "$work/time" "$@"
	echo "$tool $step $(tail -n 1 "$work/time")" \
		"$(du -sb "$repository" | cut -f 1)" >>"$figures"
	sync
}

same() {
	diff -r --no-dereference "$corpus" "$1" >/dev/null ||
		{ echo "$2: restored, and not the same" >&2; exit 1; }
}

ours() {
	local at=$work/ours.$1 out=$work/out.ours.$1
	local run=(aikit-backup --repo "$at" "${opened[@]}")
	"${run[@]}" init ${parity:+"$parity"} >/dev/null
	step "$2" full "$at" "${run[@]}" backup "$corpus"
	step "$2" unchanged "$at" "${run[@]}" backup "$corpus"
	day 1
	step "$2" changed "$at" "${run[@]}" backup "$corpus"
	step "$2" verify "$at" "${run[@]}" verify --level data
	step "$2" restore "$at" "${run[@]}" restore latest --to "$out"
	same "$out$corpus" "$2"
	[ "$1" != 1 ] || others "$at" "$out" "${run[@]}"
}

# What has no peer beside it, for its memory.
others() {
	local at=$1 out=$2 first
	shift 2
	local into=(aikit-backup --repo "$at.import" "${opened[@]}")
	first=$("$@" --json snapshots | jq -r .id | head -n 1)
	step other verify-fast "$at" "$@" verify
	step other verify-scrub "$at" "$@" verify --level scrub
	step other verify-against "$at" "$@" verify --against "$out" latest
	step other verify-drill "$at" "$@" verify --level drill
	step other snapshots "$at" "$@" snapshots
	step other show "$at" "$@" show latest
	step other stats "$at" "$@" stats
	step other ls "$at" "$@" ls latest
	step other find "$at" "$@" find '*.json'
	step other diff "$at" sh -c '"$@" || [ $? -eq 1 ]' - "$@" diff "$first" latest
	step other cat "$at" "$@" cat latest "$corpus/pg/dump.sql"
	step other in-place "$at" "$@" restore latest --to "$out" --in-place --yes
	step other export "$at" "$@" export latest -o "$at.tar.zst"
	"${into[@]}" init >/dev/null
	step other import "$at" "${into[@]}" import "$at.tar.zst"
	step other full-again "$at" "$@" backup --full "$corpus"
	step other second-copy "$at" "$@" backup --full --independent "$corpus"
	step other forget "$at" "$@" forget --keep-last 1 --keep-min 1 --yes
	step other prune "$at" "$@" prune
	step other prune-frees "$at" "$@" prune --grace 0s
	step other reindex "$at" "$@" reindex
	step other repair "$at" "$@" repair
	rm -rf "$at.import" "$at.tar.zst"
}

restic_run() {
	local at=$work/restic.$1 out=$work/out.restic.$1
	local run=(restic -r "$at" --cache-dir "$work/cache.$1")
	"${run[@]}" init >/dev/null
	step restic full "$at" "${run[@]}" backup "$corpus"
	step restic unchanged "$at" "${run[@]}" backup "$corpus"
	day 1
	step restic changed "$at" "${run[@]}" backup "$corpus"
	step restic verify "$at" "${run[@]}" check --read-data
	step restic restore "$at" "${run[@]}" restore latest --target "$out"
	same "$out$corpus" restic
}

borg_run() {
	local at=$work/borg.$1 out=$work/out.borg.$1
	export BORG_BASE_DIR=$work/borg-base.$1
	borg init -e repokey-blake2 "$at" 2>/dev/null
	step borg full "$at" borg create -C zstd,3 "$at::a" "$corpus"
	step borg unchanged "$at" borg create -C zstd,3 "$at::b" "$corpus"
	day 1
	step borg changed "$at" borg create -C zstd,3 "$at::c" "$corpus"
	step borg verify "$at" borg check --verify-data "$at"
	mkdir "$out"
	(cd "$out" && step borg restore "$at" borg extract "$at::c")
	same "$out$corpus" borg
}

tar_run() {
	local at=$work/tar.$1 out=$work/out.tar.$1 one
	mkdir "$at" "$out"
	one="tar -C / --xattrs --acls -g $at.list -cf - ${corpus#/} | zstd -q -T0 -3 -o $at"
	step tar full "$at" sh -c "$one/full.tar.zst"
	step tar unchanged "$at" sh -c "$one/1.tar.zst"
	day 1
	step tar changed "$at" sh -c "$one/2.tar.zst"
	step tar verify "$at" sh -c "zstd -q -t $at/*.zst"
	step tar restore "$at" sh -c "for i in full 1 2; do
		zstd -q -dc $at/\$i.tar.zst | tar -C $out -g /dev/null -xpf -; done"
	same "$out$corpus" tar
}

# of TOOL STEP FIELD: the median; 3 seconds, 4 KiB, 5 bytes.
of() {
	awk -v t="$1" -v s="$2" -v f="$3" '$1 == t && $2 == s { print $f }' \
		"$figures" | middle
}

# against STEP PEER TARGET [OURS]: seconds.
against() {
	local us=${4:-aikit}
	tell "$1 seconds, $us of $2" "$(of "$us" "$1" 3)" "$(of "$2" "$1" 3)" "$3"
}

added() { # TOOL FROM TO
	echo $(($(of "$1" "$3" 5) - $(of "$1" "$2" 5)))
}

most() { # TOOL ...
	awk -v tools=" $* " 'index(tools, " " $1 " ") && $4 > m { m = $4 }
		END { print m }' "$figures"
}

need "$work" $((5 + 10 * rounds))
[ -d "$corpus" ] || "$here/backup_corpus.py" make "$corpus"
(umask 077 && head -c 32 /dev/urandom >"$work/key" &&
	head -c 24 /dev/urandom | base64 >"$work/phrase")
keep 0
"$here/backup_corpus.py" change "$corpus" 7
keep 1
for ((i = 1; i <= rounds; i++)); do
	day 0
	opened=(--key-file "$work/key") parity=--no-parity
	ours "$i" aikit
	day 0
	restic_run "$i"
	day 0
	borg_run "$i"
	day 0
	tar_run "$i"
	day 0
	opened=(--passphrase-file "$work/phrase") parity=''
	ours "p$i" passphrase
done

against full restic 0.60
against full borg 0.40
against full tar 1
tell "repository bytes, of tar" "$(of aikit full 5)" "$(of tar full 5)" 1.01
tell "repository bytes with parity, of tar" "$(of passphrase full 5)" \
	"$(of tar full 5)" 1.01
against unchanged restic 0.20
against unchanged restic 0.45 passphrase
tell "unchanged bytes added, of 60 kB" "$(added aikit full unchanged)" 60000 1
against changed restic 0.27
tell "changed bytes added, of restic" "$(added aikit unchanged changed)" \
	"$(added restic unchanged changed)" 0.15
against verify restic 0.50
against restore restic 0.70
tell "most KiB of memory, of 110 MiB" "$(most aikit other)" 112640 1
awk '$1 == "aikit" || $1 == "other" || $1 == "passphrase" {
	name = $1 " " $2
	if ($4 > most[name]) most[name] = $4
} END {
	for (name in most)
		printf "{\"type\":\"bench\",\"name\":\"memory, %s\",\"kib\":%d}\n", name, most[name]
}' "$figures" | sort
[ -z "${FIGURES:-}" ] || cp "$figures" "$FIGURES"
