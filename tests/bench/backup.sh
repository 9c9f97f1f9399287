#!/bin/bash
# backup.sh - aikit-backup beside restic, borg and tar | zstd.
#
#	backup.sh [ROUNDS]		3 unless said otherwise; 10 to 15 minutes
#
# A corpus of 1.44 GB (backup_corpus.py) is backed up whole, again unchanged,
# and again after a day of use; then verified and restored. Tools take turns
# within a round. CORPUS is one made already; WORK (10 GB, 30 with three rounds)
# is where everything else goes. Needs restic, borgbackup and zstd.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=${B:-$PWD/build}:$PATH
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

[ -d "$corpus" ] || "$here/backup_corpus.py" make "$corpus"

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
	/usr/bin/time -q -o "$work/time" -f '%e %M' "$@" \
		>"$work/said.$tool.$step" 2>&1 || {
		echo "$tool $step failed:" >&2
		tail -n 5 "$work/said.$tool.$step" >&2
		exit 1
	}
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

# Medians, and what they are to be.
awk -v rounds="$rounds" '
function middle(key, field,    n, i, j, t, v) {
	n = split(all[key, field], v, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) {
			t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
		}
	return v[int((n + 1) / 2)]
}
function tell(name, ours, peer, target) {
	printf "{\"type\":\"bench\",\"name\":\"%s\",\"rounds\":%d,\"ours\":%s,\"peer\":%s,\"ratio\":%.3f,\"target\":%s,\"met\":%s}\n",
	    name, rounds, ours, peer, ours / peer, target,
	    ours / peer <= target ? "true" : "false"
}
function time(step, peer, target, ours) {
	tell(step " seconds, of " peer (ours == "aikit" ? "" : ", with a passphrase"),
	    middle(ours SUBSEP step, 3), middle(peer SUBSEP step, 3), target)
}
function added(tool, from, to) {
	return middle(tool SUBSEP to, 5) - middle(tool SUBSEP from, 5)
}
{ for (f = 3; f <= 5; f++) all[$1, $2, f] = all[$1, $2, f] " " $f
  if ($4 > most[$1]) most[$1] = $4 }
END {
	time("full", "restic", 0.60, "aikit")
	time("full", "borg", 0.40, "aikit")
	tell("repository bytes, of tar", middle("aikit" SUBSEP "full", 5),
	    middle("tar" SUBSEP "full", 5), 1.01)
	tell("repository bytes with parity, of tar",
	    middle("passphrase" SUBSEP "full", 5), middle("tar" SUBSEP "full", 5), 1.05)
	time("unchanged", "restic", 0.20, "aikit")
	time("unchanged", "restic", 0.45, "passphrase")
	tell("unchanged bytes added, of 60 kB", added("aikit", "full", "unchanged"), 60000, 1)
	time("changed", "restic", 0.27, "aikit")
	tell("changed bytes added, of restic", added("aikit", "unchanged", "changed"),
	    added("restic", "unchanged", "changed"), 0.15)
	time("verify", "restic", 0.50, "aikit")
	time("restore", "restic", 0.70, "aikit")
	tell("largest KiB of memory, of 110 MiB", most["aikit"], 112640, 1)
}' "$figures"
