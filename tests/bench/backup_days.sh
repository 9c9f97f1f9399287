#!/bin/bash
# backup_days.sh - what many snapshots take, beside restic.
#
#	backup_days.sh days [DAYS]	30 days of use: bytes in all
#	backup_days.sh small [COUNT]	1,000,000 small files, unchanged
#	backup_days.sh prune [COUNT]	60 snapshots, every other one forgotten
#
# WORK is where it all goes (10 GB). Needs restic.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=${B:-$PWD/build}:$PATH
here=$PWD/tests/bench
work=$(mktemp -d "${WORK:-/var/tmp}/aikit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export RESTIC_PASSWORD=bench RESTIC_REPOSITORY=$work/restic
export RESTIC_CACHE_DIR=$work/cache
export AIKIT_BACKUP_REPO=$work/ours AIKIT_BACKUP_KEY_FILE=$work/key
(umask 077 && head -c 32 /dev/urandom >"$work/key")
corpus=$work/corpus

begin() {
	aikit-backup -q init ${1:+"$1"} >/dev/null
	restic -q init >/dev/null
}

bytes() {
	du -sb "$1" | cut -f 1
}

# Seconds and peak KiB of a command, as "S K".
measure() {
	/usr/bin/time -q -o "$work/time" -f '%e %M' "$@" >"$work/said" 2>&1 || {
		tail -n 5 "$work/said" >&2
		exit 1
	}
	tail -n 1 "$work/time"
}

tell() { # NAME OURS PEER TARGET
	awk -v n="$1" -v a="$2" -v b="$3" -v t="$4" 'BEGIN {
		printf "{\"type\":\"bench\",\"name\":\"%s\",\"ours\":%s,\"peer\":%s,\"ratio\":%.3f,\"target\":%s,\"met\":%s}\n",
		    n, a, b, a / b, t, a / b <= t ? "true" : "false" }'
}

both() {
	aikit-backup -q backup "$corpus" >/dev/null
	restic -q backup "$corpus" >/dev/null
}

days() {
	local i
	begin --no-parity
	"$here/backup_corpus.py" make "$corpus" "${SCALE:-1}"
	both
	for ((i = 1; i < $1; i++)); do
		"$here/backup_corpus.py" change "$corpus" "$i"
		both
	done
	tell "bytes of $1 days" "$(bytes "$work/ours")" \
		"$(bytes "$work/restic")" 0.45
}

small() {
	local mine theirs
	begin
	"$here/backup_corpus.py" small "$corpus" "$1"
	both
	read -r -a mine < <(measure aikit-backup backup "$corpus")
	read -r -a theirs < <(measure restic backup "$corpus")
	tell "$1 small files unchanged, seconds" "${mine[0]}" "${theirs[0]}" 0.25
	tell "$1 small files unchanged, KiB of 150 MiB" "${mine[1]}" 153600 1
}

prune() {
	local i mine theirs names
	begin
	"$here/backup_corpus.py" make "$corpus" "${SCALE:-0.25}"
	for ((i = 0; i < $1; i++)); do
		"$here/backup_corpus.py" change "$corpus" "$i"
		both
	done
	mapfile -t names < <(restic -q snapshots --json | jq -r '.[].id' |
		awk 'NR % 2')
	restic -q forget "${names[@]}"
	mapfile -t names < <(aikit-backup snapshots --json | jq -r .name |
		awk 'NR % 2')
	aikit-backup -q forget --yes "${names[@]}" >/dev/null
	# Both halves of ours: what is marked, and what is freed.
	read -r -a mine < <(measure sh -c \
		'aikit-backup -q prune && aikit-backup -q prune --grace 0s')
	read -r -a theirs < <(measure restic prune --max-unused 0)
	tell "prune of $1, seconds" "${mine[0]}" "${theirs[0]}" 0.5
	tell "prune of $1, KiB of 150 MiB" "${mine[1]}" 153600 1
	tell "bytes after prune" "$(bytes "$work/ours")" \
		"$(bytes "$work/restic")" 1
	aikit-backup verify --level data >/dev/null
}

case ${1:-} in
days) days "${2:-30}" ;;
small) small "${2:-1000000}" ;;
prune) prune "${2:-60}" ;;
*)
	days 30
	small 1000000
	prune 60
	;;
esac
