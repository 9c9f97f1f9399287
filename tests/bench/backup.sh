#!/bin/bash
# backup.sh - aikit-backup beside restic, borg and tar | zstd.
#
#	backup.sh [ROUNDS]		3 unless said otherwise; 10 to 20 minutes
#
# A corpus of 1.44 GB (backup_corpus.py) is backed up whole, again unchanged,
# and again after a day of use; then verified and restored. Tools take turns
# at every step; of every other command of ours the memory is taken, in the
# first round. CORPUS is one made already; WORK is where
# everything else goes (25 GB: on ext4 a restore is slow when another was removed
# right before it, so a round goes when the next is done). Needs restic,
# borgbackup and zstd.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=${B:-$PWD/build}:$PATH
# shellcheck source=/dev/null
. "$PWD/tests/bench/backup.bash"
rounds=${1:-3}
here=$PWD/tests/bench
work=$(mktemp -d "${WORK:-/var/tmp}/aikit-bench.XXXXXX")
trap end EXIT
corpus=${CORPUS:-$work/corpus}
figures=$work/figures
export RESTIC_PASSWORD=bench BORG_PASSPHRASE=bench
export BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
changing=(webui/webui.db pg/dump.sql n8n)

# A corpus that is kept is as it was before.
end() {
	[ ! -d "$work/0/pg" ] || cp -a "$work/0/." "$corpus/" || :
	rm -rf "$work"
}

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

# One step of a tool: its name, the step, its repository, what is restored.
aikit_step() { ours_step "$@" --key-file "$work/key"; }
passphrase_step() { ours_step "$@" --passphrase-file "$work/phrase"; }

ours_step() {
	local tool=$1 step=$2 at=$3 out=$4
	shift 4
	local run=(aikit-backup --repo "$at" "$@") no=()
	case $step in
	full)
		[ "$tool" = passphrase ] || no=(--no-parity)
		"${run[@]}" init "${no[@]}" >/dev/null
		step "$tool" full "$at" "${run[@]}" backup "$corpus"
		;;
	unchanged | changed) step "$tool" "$step" "$at" "${run[@]}" backup "$corpus" ;;
	verify) step "$tool" verify "$at" "${run[@]}" verify --level data ;;
	restore) step "$tool" restore "$at" "${run[@]}" restore latest --to "$out" ;;
	esac
}

restic_step() {
	local step=$2 at=$3 out=$4
	local run=(restic -r "$at" --cache-dir "$at.cache")
	case $step in
	full)
		"${run[@]}" init >/dev/null
		step restic full "$at" "${run[@]}" backup "$corpus"
		;;
	unchanged | changed) step restic "$step" "$at" "${run[@]}" backup "$corpus" ;;
	verify) step restic verify "$at" "${run[@]}" check --read-data ;;
	restore) step restic restore "$at" "${run[@]}" restore latest --target "$out" ;;
	esac
}

borg_step() {
	local step=$2 at=$3 out=$4
	export BORG_BASE_DIR=$at.base
	case $step in
	full)
		borg init -e repokey-blake2 "$at" 2>/dev/null
		step borg full "$at" borg create -C zstd,3 "$at::full" "$corpus"
		;;
	unchanged | changed)
		step borg "$step" "$at" borg create -C zstd,3 "$at::$step" "$corpus"
		;;
	verify) step borg verify "$at" borg check --verify-data "$at" ;;
	restore)
		mkdir "$out"
		(cd "$out" && step borg restore "$at" borg extract "$at::changed")
		;;
	esac
}

tar_step() {
	local step=$2 at=$3 out=$4
	case $step in
	full | unchanged | changed)
		mkdir -p "$at"
		step tar "$step" "$at" sh -c "tar -C / --xattrs --acls -g $at.list \
			-cf - ${corpus#/} | zstd -q -T0 -3 -o $at/$step.tar.zst"
		;;
	verify) step tar verify "$at" sh -c "zstd -q -t $at/*.zst" ;;
	restore)
		mkdir "$out"
		step tar restore "$at" sh -c "for i in full unchanged changed; do
			zstd -q -dc $at/\$i.tar.zst | tar -C $out -g /dev/null -xpf -; done"
		;;
	esac
}

# What has no peer beside it, for its memory.
others() {
	local at=$1 out=$2 first
	shift 2
	local into=(aikit-backup --repo "$at.import" --key-file "$work/key")
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

# of TOOL STEP FIELD: the median; 3 seconds, 4 KiB, 5 bytes.
of() {
	awk -v t="$1" -v s="$2" -v f="$3" '$1 == t && $2 == s { print $f }' \
		"$figures" | middle
}

# against STEP PEER TARGET [OURS]: seconds, of the round whose ratio is in the
# middle: what else the machine does changes from round to round.
against() {
	local us=${4:-aikit} both
	read -r -a both < <(awk -v s="$1" -v a="$us" -v b="$2" '
		$2 == s && $1 == a { x[++n] = $3 }
		$2 == s && $1 == b { y[++m] = $3 }
		END { for (i = 1; i <= n; i++) print x[i] / y[i], x[i], y[i] }' \
		"$figures" | sort -n | awk '{ v[NR] = $2 " " $3 }
		END { print v[int((NR + 1) / 2)] }')
	tell "$1 seconds, $us of $2" "${both[0]}" "${both[1]}" "$3"
}

added() { # TOOL FROM TO
	echo $(($(of "$1" "$3" 5) - $(of "$1" "$2" 5)))
}

most() { # TOOL ...
	awk -v tools=" $* " 'index(tools, " " $1 " ") && $4 > m { m = $4 }
		END { print m }' "$figures"
}

need "$work" 25
[ -d "$corpus" ] || "$here/backup_corpus.py" make "$corpus"
(umask 077 && head -c 32 /dev/urandom >"$work/key" &&
	head -c 24 /dev/urandom | base64 >"$work/phrase")
keep 0
"$here/backup_corpus.py" change "$corpus" 7
keep 1
tools=(aikit restic borg tar passphrase)
for ((i = 1; i <= rounds; i++)); do
	day 0
	for one in full unchanged changed verify restore; do
		[ "$one" != changed ] || day 1
		for tool in "${tools[@]}"; do
			"${tool}_step" "$tool" "$one" "$work/$tool.$i" "$work/out.$tool.$i"
		done
	done
	for tool in "${tools[@]}"; do
		same "$work/out.$tool.$i$corpus" "$tool"
	done
	[ "$i" -gt 1 ] || others "$work/aikit.1" "$work/out.aikit.1" \
		aikit-backup --repo "$work/aikit.1" --key-file "$work/key"
	# Removed later than right before the next restore: see above.
	[ "$i" -eq 1 ] || rm -rf "$work"/*."$((i - 1))"
done

against full restic 0.60
against full borg 0.40
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
