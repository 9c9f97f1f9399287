# bench - two commands in turn, and the medians of what each took.
#
# Machines are shared and noisy: what counts is the ratio of ours to the peer's
# in the same interleaved run. A figure is one NDJSON record.
#
#	compare NAME TARGET ROUNDS OURS PEER	ratio <= TARGET; OURS, PEER are
#						functions
#	limit NAME LIMIT_MS ROUNDS OURS		milliseconds <= LIMIT

set -euo pipefail
PATH=${B:-$PWD/build}:$PATH

# Milliseconds that the command takes; its output is thrown away.
took() {
	local begun=$EPOCHREALTIME ended
	"$@" >/dev/null 2>&1 || true
	ended=$EPOCHREALTIME
	echo $((${ended/[.,]/} - ${begun/[.,]/}))
}

# The middle of the numbers on standard input, microseconds to milliseconds.
median_ms() {
	sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", v[int((NR + 1) / 2)] / 1000 }'
}

compare() {
	local name=$1 target=$2 rounds=$3 ours=$4 peer=$5 i a b
	local -a mine=() theirs=()
	for ((i = 0; i <= rounds; i++)); do
		a=$(took "$ours")
		b=$(took "$peer")
		[ "$i" -eq 0 ] || { mine+=("$a") theirs+=("$b"); } # one to warm up
	done
	a=$(printf '%s\n' "${mine[@]}" | median_ms)
	b=$(printf '%s\n' "${theirs[@]}" | median_ms)
	awk -v n="$name" -v a="$a" -v b="$b" -v t="$target" -v r="$rounds" 'BEGIN {
		printf "{\"type\":\"bench\",\"name\":\"%s\",\"rounds\":%d,\"ours_ms\":%s,\"peer_ms\":%s,\"ratio\":%.3f,\"target\":%s,\"met\":%s}\n",
		    n, r, a, b, a / b, t, a / b <= t ? "true" : "false" }'
}

limit() {
	local name=$1 target=$2 rounds=$3 ours=$4 i a
	local -a mine=()
	for ((i = 0; i <= rounds; i++)); do
		a=$(took "$ours")
		[ "$i" -eq 0 ] || mine+=("$a")
	done
	a=$(printf '%s\n' "${mine[@]}" | median_ms)
	awk -v n="$name" -v a="$a" -v t="$target" -v r="$rounds" 'BEGIN {
		printf "{\"type\":\"bench\",\"name\":\"%s\",\"rounds\":%d,\"ours_ms\":%s,\"target_ms\":%s,\"met\":%s}\n",
		    n, r, a, t, a <= t ? "true" : "false" }'
}
