# sqlite_hammer - copies of a database while it is written to.
#
#	hammer DIR MODE COPIES ROWS	a record "bench": bad copies, busy errors
#
# Every other copy is of the directory that it is in. AIKIT_BACKUP_REPO and
# AIKIT_BACKUP_KEY_FILE name a repository that is there.

writer=${BASH_SOURCE[0]%/*}/sqlite_writer.py

# one_copy DIR SOURCE: backed up, restored and judged.
one_copy() {
	local rows=$3
	aikit-backup backup -q "$2" >/dev/null 2>"$1/said" || return
	rm -rf "$1/copy"
	aikit-backup restore -q latest --to "$1/copy" >/dev/null 2>>"$1/said" || return
	"$writer" check "$1/copy$1/live/app.db" "$rows" 2>>"$1/said"
}

hammer() {
	local dir=$1 mode=$2 copies=$3 rows=$4 bad=0 i source pid in out said
	rm -rf "$dir/live"
	mkdir -p "$dir/live"
	coproc WRITER { exec "$writer" write "$dir/live/app.db" "$mode" "$rows"; }
	pid=$WRITER_PID in=${WRITER[1]} out=${WRITER[0]}
	read -r -u "$out" said
	for ((i = 0; i < copies; i++)); do
		source=sqlite:$dir/live/app.db
		[ $((i % 2)) -eq 0 ] || source=$dir/live
		one_copy "$dir" "$source" "$rows" || {
			bad=$((bad + 1))
			cat "$dir/said" >&2
		}
	done
	exec {in}>&-
	read -r -u "$out" said
	wait "$pid"
	printf '{"type":"bench","name":"backup_sqlite","mode":"%s","copies":%d,"bad":%d,%s\n' \
	    "$mode" "$copies" "$bad" "${said#\{}"
}
