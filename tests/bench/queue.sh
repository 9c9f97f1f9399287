#!/bin/bash
# aikit-queue beside HAProxy and nginx: what a request and a token take longer
# by it than without it, requests a second when it passes them on and when it
# queues them, and memory. Every round asks all candidates in turn; a figure is
# the median of the rounds.
#
#	ROUNDS=5 tests/bench/queue.sh [PART ..]
#
# The parts are delay, tokens, rate, memory, leave and size; all without
# one. SECONDS_EACH is how long each load lasts.
. "$(dirname "$0")/bench.bash"
cd "$(dirname "$0")/../.." || exit
rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-3}
scratch=$(mktemp -d)
started=()

finish() {
	[ ${#started[@]} -eq 0 ] || kill "${started[@]}" 2>/dev/null || true
	rm -rf "$scratch"
}
trap finish EXIT
ulimit -n "$(ulimit -Hn)"

for program in queue_peer queue_client; do
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -o "$scratch/$program" \
		"tests/bench/$program.c"
done
PATH=$scratch:/usr/sbin:$PATH

# --- who is measured

launch() {
	"$@" >>"$scratch/out" 2>&1 &
	started+=($!)
}

# answers PORT: once something does.
answers() {
	local end=$((SECONDS + 10))
	until curl -s -o "$scratch/nothing" --max-time 5 \
		"http://127.0.0.1:$1/api/version"; do
		[ $SECONDS -lt $end ] || {
			echo "queue.sh: nothing answers on port $1" >&2
			cat "$scratch/out" >&2
			exit 1
		}
		sleep 0.05
	done
}

backends() {
	launch queue_peer answer "$answer"
	launch queue_peer hang "$hang"
	launch queue_peer tokens "$tokens" 300 2000
	queue_peer leave "$leave" >>"$scratch/closed" &
	started+=($!)
	answers "$answer" && answers "$hang" && answers "$tokens"
}

# ours NAME PORT BACKEND SLOTS
ours() {
	cat >"$scratch/$1.conf" <<-end
		[queue]
		log = none
		admin = $scratch/$1.sock
		connections = 10000
		queue_limit = 10000
		[listen bench]
		address = 127.0.0.1:$2
		manage = yes
		[backend bench]
		url = http://127.0.0.1:$3
		slots = $4
	end
	launch aikit-queue run "$scratch/$1.conf"
	pids[$1]=${started[-1]}
	answers "$2"
}

haproxy_says() {
	cat <<-end
		global
		  nbthread 1
		  maxconn 9990
		defaults
		  mode http
		  timeout client 60s
		  timeout server 60s
		  timeout connect 2s
		  timeout queue 60s
		  option http-keep-alive
		  option http-no-delay
		  http-reuse always
	end
	while [ $# -gt 0 ]; do
		printf 'listen p%d\n  bind 127.0.0.1:%d\n' "$1" "$1"
		printf '  server s 127.0.0.1:%s %s\n' "$2" "$3"
		shift 3
	done
}

peers() {
	haproxy_says "${h[pass]}" "$answer" '' "${h[4]}" "$answer" 'maxconn 4' \
		"${h[1]}" "$answer" 'maxconn 1' "${h[tokens]}" "$tokens" '' \
		"${h[hang]}" "$hang" 'maxconn 1' >"$scratch/haproxy.cfg"
	launch haproxy -db -f "$scratch/haproxy.cfg"
	pids[haproxy]=${started[-1]}
	cat >"$scratch/nginx.conf" <<-end
		daemon off;
		worker_processes 1;
		pid $scratch/nginx.pid;
		error_log $scratch/nginx.log;
		events { worker_connections 20000; }
		http {
		  access_log off;
		  client_body_temp_path $scratch/body;
		  proxy_temp_path $scratch/proxy;
		  fastcgi_temp_path $scratch/fastcgi;
		  uwsgi_temp_path $scratch/uwsgi;
		  scgi_temp_path $scratch/scgi;
		  keepalive_requests 100000000;
		  proxy_http_version 1.1;
		  proxy_set_header Connection "";
		  proxy_buffering off;
		  upstream a { server 127.0.0.1:$answer; keepalive 256; }
		  server { listen 127.0.0.1:${n[pass]};
		    location / { proxy_pass http://a; } }
		  server { listen 127.0.0.1:${n[tokens]};
		    location / { proxy_pass http://127.0.0.1:$tokens; } }
		}
	end
	launch nginx -c "$scratch/nginx.conf"
	answers "${h[pass]}" && answers "${n[pass]}"
}

# --- records

middle() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# of NAME: the median of what was noted under it.
of() {
	middle <"$scratch/noted.$1"
}

note() {
	printf '%s\n' "$2" >>"$scratch/noted.$1"
}

# record NAME UNIT TARGET MET "KEY VALUE" ..
record() {
	local name=$1 unit=$2 target=$3 met=$4 pair
	shift 4
	printf '{"type":"bench","name":"%s","rounds":%d,"unit":"%s"' \
		"$name" "$rounds" "$unit"
	for pair; do printf ',"%s":%s' "${pair% *}" "${pair##* }"; done
	printf ',"target":%s,"met":%s}\n' "$target" "$met"
}

holds() {
	awk "BEGIN { print (($1) ? \"true\" : \"false\") }"
}

calc() {
	awk "BEGIN { printf \"%.3g\", $1 }"
}

# --- what is measured

# probe KIND NAME COMMAND..: its two numbers, as NAME_50 and NAME_99.
probe() {
	local name=$1 fifty rest
	shift
	read -r fifty rest < <("$@")
	note "$name.50" "$fifty"
	note "$name.99" "$rest"
}

added() {
	calc "$(of "$1") - $(of "$2")"
}

# bars WHAT: added p50 and p99 of ours beside the peers'.
bars() {
	local what=$1 o50 o99 h50 h99 n50 n99
	o50=$(added "$what.ours.50" "$what.direct.50")
	o99=$(added "$what.ours.99" "$what.direct.99")
	h50=$(added "$what.haproxy.50" "$what.direct.50")
	h99=$(added "$what.haproxy.99" "$what.direct.99")
	n50=$(added "$what.nginx.50" "$what.direct.50")
	n99=$(added "$what.nginx.99" "$what.direct.99")
	local d50 d99
	d50=$(of "$what.direct.50") d99=$(of "$what.direct.99")
	if [ "$what" = delay ]; then
		record queue-added-p50 us 60 "$(holds "$o50 <= 60")" \
			"direct $d50" "ours $o50" "haproxy $h50" "nginx $n50"
		record queue-added-p50-to-haproxy ratio 0.65 \
			"$(holds "$o50 / $h50 <= 0.65")" \
			"ratio $(calc "$o50 / $h50")"
		record queue-added-p99 us "$n99" "$(holds "$o99 <= $n99")" \
			"direct $d99" "ours $o99" "haproxy $h99" "nginx $n99"
	else
		record queue-token-added-p50 us 60 "$(holds "$o50 <= 60")" \
			"direct $d50" "ours $o50" "haproxy $h50" "nginx $n50"
		record queue-token-added-p99 us "$h99" \
			"$(holds "$o99 <= $h99")" \
			"direct $d99" "ours $o99" "haproxy $h99" "nginx $n99"
	fi
}

delay() {
	local i
	for ((i = 0; i < rounds; i++)); do
		probe delay.direct queue_client paced "$answer" 2000 500
		probe delay.ours queue_client paced "${o[pass]}" 2000 500
		probe delay.haproxy queue_client paced "${h[pass]}" 2000 500
		probe delay.nginx queue_client paced "${n[pass]}" 2000 500
	done
	bars delay
}

token_delay() {
	local i
	for ((i = 0; i < rounds; i++)); do
		probe token.direct queue_client tokens "$tokens" 2
		probe token.ours queue_client tokens "${o[tokens]}" 2
		probe token.haproxy queue_client tokens "${h[tokens]}" 2
		probe token.nginx queue_client tokens "${n[tokens]}" 2
	done
	bars token
}

# cpu PID: microseconds of processor time that it has used.
cpu() {
	awk -v hz="$(getconf CLK_TCK)" '{ printf "%d", ($14 + $15) * 1e6 / hz }' \
		"/proc/$1/stat"
}

# load NAME CONNECTIONS PORT [PID]: requests a second, and the processor time
# that the process took for each. An answer that is not 2xx is none.
load() {
	local before=0 requests
	[ -z "${4:-}" ] || before=$(cpu "$4")
	wrk -t1 -c"$2" -d"${seconds}s" -s "$scratch/post.lua" \
		"http://127.0.0.1:$3" >"$scratch/wrk"
	if grep -q 'Non-2xx' "$scratch/wrk"; then
		echo "queue.sh: $1: $(grep Non-2xx "$scratch/wrk")" >&2
		note "$1" 0
	else
		note "$1" "$(awk '/^Requests\/sec/ { print $2 }' "$scratch/wrk")"
		requests=$(awk '/requests in/ { print $1 }' "$scratch/wrk")
		[ -z "${4:-}" ] || note "$1.cpu" \
			"$(calc "($(cpu "$4") - $before) / $requests")"
	fi
}

rates() {
	local name=$1 target=$2 a b
	a=$(of "$name.ours") b=$(of "$name.haproxy")
	shift 2
	record "queue-$name" requests_per_second "$target" \
		"$(holds "$a / $b >= $target")" "ours $a" "haproxy $b" \
		"ratio $(calc "$a / $b")" "ours_cpu_us $(of "$name.ours.cpu")" \
		"haproxy_cpu_us $(of "$name.haproxy.cpu")" "$@"
}

rate() {
	local i c
	cat >"$scratch/post.lua" <<-'end'
		wrk.method = "POST"
		wrk.path = "/api/generate"
		wrk.body = '{"model":"llama3.2:3b","prompt":"Why is the sky blue? Answer in one short paragraph, please, and cite a source.","stream":false,"options":{"num_ctx":4096}}'
		wrk.headers["Content-Type"] = "application/json"
	end
	for ((i = 0; i < rounds; i++)); do
		for c in 64 256; do
			load "pass-$c.direct" "$c" "$answer"
			load "pass-$c.ours" "$c" "${o[pass]}" "${pids[pass]}"
			load "pass-$c.haproxy" "$c" "${h[pass]}" "${pids[haproxy]}"
			load "pass-$c.nginx" "$c" "${n[pass]}"
		done
		for c in 4 1; do
			load "queued-$c.ours" 256 "${o[$c]}" "${pids[$c]}"
			load "queued-$c.haproxy" 256 "${h[$c]}" "${pids[haproxy]}"
		done
	done
	for c in 64 256; do
		rates "pass-$c" 1 "direct $(of "pass-$c.direct")" \
			"nginx $(of "pass-$c.nginx")"
	done
	rates queued-4 1.15
	rates queued-1 1.15
}

# rss PID: mebibytes of it and its children.
rss() {
	local pid total=0 part
	for pid in "$1" $(pgrep -P "$1" || true); do
		part=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
		total=$((total + part))
	done
	calc "$total / 1024"
}

# waiting PORT PID: RSS with 9,900 requests of 1 kB that wait.
waiting() {
	local end=$((SECONDS + 30)) was now
	mkfifo "$scratch/hold"
	queue_client fill "$1" 9900 1024 <"$scratch/hold" >"$scratch/sent" &
	exec 7>"$scratch/hold"
	until [ -s "$scratch/sent" ] || [ $SECONDS -ge $end ]; do sleep 0.1; done
	now=0
	until was=$now now=$(rss "$2") && [ "$was" = "$now" ]; do sleep 0.5; done
	echo "$now"
	exec 7>&-
	wait $! || true
	rm "$scratch/hold"
}

memory() {
	local idle full back peer peer_full end
	ours fresh "${o[hang]}" "$hang" 1
	idle=$(rss "${pids[fresh]}") peer=$(rss "${pids[haproxy]}")
	record queue-rss-idle MiB 4 "$(holds "$idle <= 4")" "ours $idle" \
		"haproxy $peer"
	full=$(waiting "${o[hang]}" "${pids[fresh]}")
	end=$((SECONDS + 10))
	until back=$(rss "${pids[fresh]}") &&
		[ "$(holds "$back <= $idle + 1")" = true ] ||
		[ $SECONDS -ge $end ]; do sleep 0.2; done
	peer_full=$(waiting "${h[hang]}" "${pids[haproxy]}")
	record queue-rss-9900-queued MiB 32 "$(holds "$full <= 32")" \
		"ours $full" "haproxy $peer_full"
	record queue-rss-10s-later MiB "$(calc "$idle + 1")" \
		"$(holds "$back <= $idle + 1")" "ours $back" \
		"haproxy $(rss "${pids[haproxy]}")"

	blob "${o[hang]}" "${pids[fresh]}"
}

# blob PORT PID: 1 GB goes through, and what the memory of it was at most.
blob() {
	local before most now upload
	truncate -s 1G "$scratch/blob"
	most=$(rss "$2") before=$most
	curl -sf -X POST -T "$scratch/blob" -H Expect: -o "$scratch/nothing" \
		--max-time 120 \
		"http://127.0.0.1:$1/api/blobs/sha256:$(printf '%064d' 0)" &
	upload=$!
	while kill -0 $upload 2>/dev/null; do
		now=$(rss "$2")
		most=$(awk "BEGIN { print ($now > $most) ? $now : $most }")
		sleep 0.05
	done
	wait $upload
	record queue-rss-1gb-blob MiB "$(calc "$before + 2")" \
		"$(holds "$most <= $before + 2")" "before $before" "ours $most"
}

# leave: how soon a client that goes is followed: its entry in the queue, and
# its connection to the backend.
leave() {
	local i
	ours leave "${o[leave]}" "$leave" 1
	for ((i = 0; i < rounds; i++)); do
		probe gone queue_client cancel "${o[leave]}" 200 \
			"$scratch/leave.sock"
		settled
		: >"$scratch/closed"
		queue_client leave "${o[leave]}" 100 10000 >"$scratch/left"
		settled
		paste "$scratch/left" "$scratch/closed" |
			awk '{ print ($2 - $1) / 1000 }' | sort -n >"$scratch/took"
		note followed.50 "$(sed -n 50p "$scratch/took")"
		note followed.99 "$(sed -n 99p "$scratch/took")"
	done
	record queue-cancelled-gone us 1000 "$(holds "$(of gone.99) <= 1000")" \
		"p50 $(of gone.50)" "p99 $(of gone.99)"
	record queue-upstream-closed us 10000 \
		"$(holds "$(of followed.99) <= 10000")" \
		"p50 $(of followed.50)" "p99 $(of followed.99)"
}

# Once nothing of the queue waits or runs.
settled() {
	local end=$((SECONDS + 10))
	until aikit-queue status --json --admin "$scratch/leave.sock" |
		grep -q '"queued":0,"running":0,'; do
		[ $SECONDS -lt $end ] || exit 1
	done
}

size() {
	local bytes
	strip -o "$scratch/stripped" "$(command -v aikit-queue)"
	bytes=$(stat -c %s "$scratch/stripped")
	record queue-size bytes 250000 "$(holds "$bytes <= 250000")" \
		"ours $bytes"
}

mapfile -t port < <(queue_peer ports 17)
answer=${port[0]} hang=${port[1]} tokens=${port[2]} leave=${port[15]}
declare -A pids=() \
	o=([pass]=${port[3]} [4]=${port[4]} [1]=${port[5]}
		[tokens]=${port[6]} [hang]=${port[7]} [leave]=${port[16]}) \
	h=([pass]=${port[8]} [4]=${port[9]} [1]=${port[10]}
		[tokens]=${port[11]} [hang]=${port[12]}) \
	n=([pass]=${port[13]} [tokens]=${port[14]})
backends
peers
ours pass "${o[pass]}" "$answer" 1000
ours 4 "${o[4]}" "$answer" 4
ours 1 "${o[1]}" "$answer" 1
ours tokens "${o[tokens]}" "$tokens" 64
[ $# -gt 0 ] || set -- delay tokens rate memory leave size
for what; do
	case $what in
	tokens) token_delay ;;
	delay | rate | memory | leave | size) $what ;;
	*) echo "queue.sh: $what: no such part" >&2 && exit 64 ;;
	esac
done
