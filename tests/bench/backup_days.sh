#!/bin/bash
# backup_days.sh - what many snapshots and many files take, beside restic.
#
#	backup_days.sh days [DAYS]	30 days of use: bytes in all
#	backup_days.sh small [COUNT]	1,000,000 small files, unchanged
#	backup_days.sh prune [COUNT]	60 snapshots, every other one forgotten
#
# Times are medians of three rounds in which both take turns. WORK is where it
# all goes (20 GB). SCALE is that of the corpus of days and prune. Needs restic.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=${B:-$PWD/build}:$PATH
# shellcheck source=/dev/null
. "$PWD/tests/bench/backup.bash"
here=$PWD/tests/bench
work=$(mktemp -d "${WORK:-/var/tmp}/aikit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export RESTIC_PASSWORD=bench RESTIC_REPOSITORY=$work/restic
export RESTIC_CACHE_DIR=$work/cache
export AIKIT_BACKUP_REPO=$work/ours AIKIT_BACKUP_KEY_FILE=$work/key
corpus=$work/corpus
three=(1 2 3)

begin() {
	rm -rf "$corpus" "$work/ours" "$work/restic" "$work/cache" "$work/key" \
		"$work"/figures.*
	(umask 077 && head -c 32 /dev/urandom >"$work/key")
	need "$work" 20
	aikit-backup -q init >/dev/null
	restic -q init >/dev/null
}

bytes() {
	du -sb "$1" | cut -f 1
}

both() {
	aikit-backup -q backup "$corpus" >/dev/null
	restic -q backup "$corpus" >/dev/null
}

# take WHO STEP COMMAND ...: its figures are a line more for of().
take() {
	local into=$work/figures.$1.$2
	shift 2
	measure "$work/time" "$@"
	tail -n 1 "$work/time" >>"$into"
}

of() { # WHO STEP FIELD: 1 seconds, 2 KiB
	cut -d ' ' -f "$3" "$work/figures.$1.$2" | middle
}

memory() { # NAME STEP MIB
	tell "$1, KiB of $3 MiB" "$(of ours "$2" 2)" $(($3 * 1024)) 1
	echo "{\"type\":\"bench\",\"name\":\"$1, KiB of restic\",\"kib\":$(of restic "$2" 2)}"
}

days() {
	local i
	begin
	"$here/backup_corpus.py" make "$corpus" "${SCALE:-1}"
	both
	for ((i = 1; i < $1; i++)); do
		"$here/backup_corpus.py" change "$corpus" "$i"
		both
	done
	tell "bytes of $1 days" "$(bytes "$work/ours")" \
		"$(bytes "$work/restic")" 0.45
	tell "bytes of $1 days without parity" \
		$(($(bytes "$work/ours") - $(bytes "$work/ours/parity"))) \
		"$(bytes "$work/restic")" 0.45
}

small() {
	local i
	begin
	"$here/backup_corpus.py" small "$corpus" "$1"
	take ours first aikit-backup backup "$corpus"
	take restic first restic backup "$corpus"
	tell "$1 small files first, seconds" "$(of ours first 1)" \
		"$(of restic first 1)" 1
	memory "$1 small files first" first 110
	for i in "${three[@]}"; do
		take ours again aikit-backup backup "$corpus"
		take restic again restic backup "$corpus"
	done
	tell "$1 small files unchanged, seconds" "$(of ours again 1)" \
		"$(of restic again 1)" 0.25 ${#three[@]}
	memory "$1 small files unchanged" again 150
}

# Both halves of ours: what is marked, and what is freed.
both_halves='aikit-backup -q prune && aikit-backup -q prune --grace 0s'

forget_half() {
	local names
	mapfile -t names < <(restic -q snapshots --json | jq -r '.[].id' |
		awk 'NR % 2')
	restic -q forget "${names[@]}"
	mapfile -t names < <(aikit-backup --json snapshots | jq -r .snapshot |
		awk 'NR % 2')
	aikit-backup -q forget --keep-min 1 --yes "${names[@]}" >/dev/null
}

prune() {
	local i
	begin
	"$here/backup_corpus.py" make "$corpus" "${SCALE:-0.25}"
	for ((i = 0; i < $1; i++)); do
		"$here/backup_corpus.py" change "$corpus" "$i"
		both
	done
	forget_half
	cp -a "$work/ours" "$work/ours.kept"
	cp -a "$work/restic" "$work/restic.kept"
	for i in "${three[@]}"; do
		rm -rf "$work/ours" "$work/restic"
		cp -a "$work/ours.kept" "$work/ours"
		cp -a "$work/restic.kept" "$work/restic"
		sync
		take ours prune sh -c "$both_halves"
		take restic prune restic prune
	done
	rm -rf "$work/ours.kept" "$work/restic.kept"
	tell "prune of $1, seconds" "$(of ours prune 1)" \
		"$(of restic prune 1)" 0.5 ${#three[@]}
	memory "prune of $1" prune 150
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
