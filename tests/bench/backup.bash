# backup - what the benchmarks of aikit-backup have in common.
#
#	need DIR GB			there is so much room, or it ends
#	measure FILE COMMAND ...	seconds and peak KiB into FILE
#	middle				of the numbers on standard input
#	tell NAME OURS PEER TARGET [ROUNDS]	OURS / PEER is to be <= TARGET

need() {
	local free
	free=$(df --output=avail -B 1000000000 "$1" | tail -n 1)
	[ "$free" -ge "$2" ] ||
		{ echo "$1: $2 GB are needed, ${free// /} are free" >&2; exit 1; }
}

measure() {
	local into=$1
	shift
	/usr/bin/time -q -o "$into" -f '%e %M' "$@" >"$into.said" 2>&1 || {
		echo "failed: $*" >&2
		tail -n 5 "$into.said" >&2
		exit 1
	}
}

middle() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

tell() {
	awk -v n="$1" -v a="$2" -v b="$3" -v t="$4" -v r="${5:-${rounds:-1}}" 'BEGIN {
		printf "{\"type\":\"bench\",\"name\":\"%s\",\"rounds\":%d,\"ours\":%s,\"peer\":%s,\"ratio\":%.3f,\"target\":%s,\"met\":%s}\n",
		    n, r, a, b, a / b, t, a / b <= t ? "true" : "false" }'
}
