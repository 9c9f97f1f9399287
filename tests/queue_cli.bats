#!/usr/bin/env bats
# aikit-queue as its operator knows it: configuration, keys, the admin socket,
# metrics, the log, and the commands that ask.

load house

FAKE=$ROOT/tests/queue/fake_ollama.py

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	export AIKIT_QUEUE_ADMIN=$PWD/admin.sock
	port=$(free_port)
	secret=$(canary)
}

teardown() {
	local pid
	for pid in ${queue-} ${fake-}; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# fake [option ...]: a server that answers as Ollama; its address is $backend.
fake() {
	python3 "$FAKE" "$@" >fake.out 2>fake.err 3>&- &
	fake=$!
	wait_for 10 test -s fake.out
	read -r backend <fake.out
}

# serve [option ...]: the queue in front of it, up and ready.
serve() {
	aikit-queue run --admin "$AIKIT_QUEUE_ADMIN" "$@" >log 2>err 3>&- &
	queue=$!
	wait_for 10 aikit-queue status
}

# A configuration with one listener and one backend, and what stdin adds.
configure() {
	printf '[listen l]\naddress = 127.0.0.1:%s\n' "$port" >q.conf
	printf '[backend gpu]\nurl = %s\n' "${backend:-http://127.0.0.1:1}" \
	    >>q.conf
	cat >>q.conf
}

ask() {
	curl -sS -m 20 "http://127.0.0.1:$port$1" "${@:2}"
}

generate() {
	ask /api/generate -d "{\"model\":\"$1\",\"prompt\":\"$secret\"}" \
	    "${@:2}"
}

# The value of a key in the records of a type: field TYPE KEY
field() {
	jq -r "select(.type == \"$1\") | .$2" <<<"$output"
}

admin() {
	curl -sS -m 10 --unix-socket "$AIKIT_QUEUE_ADMIN" "http://queue$1" \
	    "${@:2}"
}

# ---- configuration ----

@test "check: what a file sets is told, with its defaults when asked" {
	configure <<<$'[queue]\nlimit = 3'
	run -0 --separate-stderr aikit-queue check q.conf
	[ "$(jq -r 'select(.key == "limit" and .section == "queue").value' \
	    <<<"$output")" = 3 ]
	[ "$(jq -s length <<<"$output")" = 3 ]
	run -0 --separate-stderr aikit-queue check --all q.conf
	[ "$(jq -r 'select(.key == "quantum").default' <<<"$output")" = true ]
}

@test "check: an error names file, line, key and what was meant, and exits 78" {
	configure <<<$'[queue]\nquantm = 3s'
	run -78 --separate-stderr aikit-queue check q.conf
	complains
	[ "$stderr" = "aikit-queue: check: q.conf:6: quantm: no such key\
 (did you mean quantum?)" ]
}

@test "check: a file that is missing exits 66" {
	run -66 --separate-stderr aikit-queue check nothing.conf
	complains
}

@test "the example has every key with its default" {
	configure <<<'[class interactive]
[class normal]
[class batch]
[rule r]
path = /x
class = batch
[client c]
[model m]
[listen m]
address = 127.0.0.1:11435
[backend b]
url = http://127.0.0.1:11434'
	# Of [listen] and [backend] the second ones say nothing themselves.
	run -0 aikit-queue check --all --json q.conf
	jq -r 'select((.section | IN("listen l", "backend gpu")) | not)
	    | select(.section != "rule r" or .key == "agent")
	    | select(.key != "name" and .section != "model m")
	    | "#\(.key) = \(.value)" | rtrimstr(" ")' <<<"$output" >want
	while IFS= read -r line; do
		grep -qxF -- "$line" "$ROOT/etc/aikit-queue.conf" ||
			deny "the example has not: $line"
	done <want
	[ "$(wc -l <want)" -gt 80 ]
}

@test "the example is right once its comments are taken away" {
	sed -n 's/^#\(\[.*\|[a-z_0-9]* =.*\)$/\1/p; /^\[/p' \
	    "$ROOT/etc/aikit-queue.conf" |
	    sed '/^name =/d; s/^path =$/path = \/x/' >all.conf
	run -0 --separate-stderr aikit-queue check all.conf
}

@test "run: a configuration that is wrong exits 78 before anything is opened" {
	configure <<<$'[queue]\nclass = urgent'
	run -78 --separate-stderr aikit-queue run q.conf
	complains
	[ ! -e admin.sock ]
}

@test "run: nothing to listen on is told with what helps" {
	run -78 --separate-stderr aikit-queue run -b http://127.0.0.1:1
	complains
	[[ $stderr == *--listen* ]]
}

@test "run: a second one with the same socket exits 75" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	run -75 --separate-stderr aikit-queue run -l "127.0.0.1:$(free_port)" \
	    -b "$backend"
	complains
}

@test "run: a socket that a killed process left is no obstacle" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	kill -KILL "$queue"
	wait "$queue" || true
	[ -S admin.sock ]
	serve -l "127.0.0.1:$port" -b "$backend"
	kill "$queue"
	wait "$queue"
	[ ! -e admin.sock ]
	queue=
}

@test "reload: by command and by signal; a wrong file changes nothing" {
	fake
	configure <<<$'[queue]\nqueue_limit = 7'
	serve q.conf
	sed -i 's/= 7/= 8/' q.conf
	run -0 aikit-queue reload
	run -0 aikit-queue set --json
	[ "$(jq -r 'select(.key == "queue_limit" and .section == "queue").value' \
	    <<<"$output")" = 8 ]
	sed -i 's/= 8/= many/' q.conf
	run -78 --separate-stderr aikit-queue reload
	complains
	[[ $stderr == *"q.conf:6: queue_limit: many"* ]]
	kill -HUP "$queue"
	wait_for 5 grep -q 'not reloaded: q.conf:6: queue_limit' err
	run -0 aikit-queue set --json
	[ "$(jq -r 'select(.key == "queue_limit" and .section == "queue").value' \
	    <<<"$output")" = 8 ]
	generate m | grep -q '"done": *true'
	sed -i 's/= many/= 9/' q.conf
	kill -HUP "$queue"
	wait_for 5 grep -q ': reloaded' err
}

@test "set: until the next reload; what is wrong is refused as in a file" {
	fake
	configure </dev/null
	serve q.conf
	run -0 aikit-queue set limit=5 class.batch.limit=2 backend.gpu.slots=3
	run -0 aikit-queue set --json
	[ "$(jq -r 'select(.section == "backend gpu" and .key == "slots").value' \
	    <<<"$output")" = 3 ]
	run -0 aikit-queue status
	[ "$(field backend slots)" = 3 ]
	run -78 --separate-stderr aikit-queue set limit=lots
	complains
	run -78 --separate-stderr aikit-queue set limti=1
	complains
	[[ $stderr == *"did you mean limit?"* ]]
	run -64 --separate-stderr aikit-queue set limit
	complains
	run -0 aikit-queue reload
	run -0 aikit-queue status
	[ "$(field backend slots)" = 1 ]
}

@test "what is done once at the start is not set, and a reload says so" {
	fake
	configure </dev/null
	serve q.conf
	for set in user=nobody admin=/tmp/x metrics=127.0.0.1:1 confine=no; do
		run -78 --separate-stderr aikit-queue set "$set"
		complains
		[ "$stderr" = "aikit-queue: set: $set: ${set%%=*}: holds from a\
 start on" ]
	done
	run -0 aikit-queue reload
	run ! grep -q start err
	sed -i '1i [queue]\nmetrics = 127.0.0.1:1' q.conf
	run -0 aikit-queue reload
	grep -q 'metrics, confine: what is new there holds from the next start' err
}

# ---- keys ----

@test "keys: shown once, kept as a hash, in a file for its owner alone" {
	run -0 --separate-stderr aikit-queue keys add alice -f keys \
	    --class interactive --weight 2
	key=$(field new_key key)
	[[ $key == aq-* && ${#key} = 46 ]]
	[ "$(stat -c %a keys)" = 600 ]
	no_canary "$key" keys
	[ "$(printf %s "$key" | sha256sum | cut -d' ' -f1)" = \
	    "$(sed -n 's/^sha256 = //p' keys)" ]
	run -0 aikit-queue keys list -f keys --json
	[ "$(field key weight)" = 2 ]
	[[ $output != *aq-* ]]
	run -65 --separate-stderr aikit-queue keys add alice -f keys
	complains
}

@test "keys: one that is taken back leaves the others as they were" {
	for name in a b c; do
		aikit-queue keys add $name -f keys >/dev/null
	done
	sed '/^\[b\]/,/^sha256/d' keys >want
	run -0 aikit-queue keys rm b -f keys
	cmp want keys
	run -65 --separate-stderr aikit-queue keys rm b -f keys
	complains
}

@test "keys: a file that others can read is refused, with what helps" {
	aikit-queue keys add a -f keys >/dev/null
	chmod 644 keys
	run -77 --separate-stderr aikit-queue keys list -f keys
	complains
	[[ $stderr == *"chmod 600 keys"* ]]
	configure <<<$'[queue]\nkeys = keys'
	run -77 --separate-stderr aikit-queue check q.conf
	complains
}

@test "keys: who has one is known by it, who has a wrong one gets 401" {
	fake
	key=$(aikit-queue keys add alice -f keys -c interactive | jq -r .key)
	configure <<<$'[queue]\nkeys = keys\n[client alice]\nweight = 3'
	sed -i 's/^address/need_key = yes\naddress/' q.conf
	serve q.conf
	[ "$(generate m -o /dev/null -w '%{http_code}')" = 401 ]
	# A browser asks first whether it may send one.
	[ "$(ask /api/chat -X OPTIONS -o /dev/null -w '%{http_code}')" = 200 ]
	[ "$(ask /api/nothing -X OPTIONS -o /dev/null -w '%{http_code}')" = 404 ]
	[ "$(generate m -o /dev/null -w '%{http_code}' \
	    -H 'Authorization: Bearer aq-no')" = 401 ]
	[ "$(generate m -o /dev/null -w '%{http_code}' \
	    -H "Authorization: Bearer $key")" = 200 ]
	kill "$queue"
	wait "$queue"
	queue=
	run -0 cat log
	jq -e 'select(.status == 200 and .method == "POST") |
	    .client == "alice" and .class == "interactive"' log
	no_canary "$key" log err keys
}

# ---- looking ----

@test "status: exits 1 when no backend is ready" {
	configure <<<$'[queue]\nhealth_interval = 100ms\nhealth_fall = 1'
	aikit-queue run --admin admin.sock q.conf >log 2>err 3>&- &
	queue=$!
	wait_for 5 test -S admin.sock
	not_ready() { run aikit-queue status && [ "$status" = 1 ]; }
	wait_for 10 not_ready
	[ "$(field status ready)" = false ]
	[ "$(admin /readyz -o /dev/null -w '%{http_code}')" = 503 ]
	[ "$(admin /healthz)" = ok ]
}

@test "without a queue a command exits 69 and says where it looked" {
	run -69 --separate-stderr aikit-queue status
	complains
	[[ $stderr == *admin.sock* ]]
}

@test "ps, explain, promote and cancel: a request is found and led" {
	fake --tokens 200 --token-ms 20
	serve -l "127.0.0.1:$port" -b "$backend" -n 1
	generate m -o one &
	one=$!
	wait_for 10 sh -c 'aikit-queue ps --state streaming | grep -q .'
	generate m -o two &
	second=$!
	wait_for 5 sh -c 'aikit-queue ps --state queued | grep -q .'
	generate m -o three &
	third=$!
	two_wait() { [ "$(aikit-queue ps --state queued | wc -l)" = 2 ]; }
	wait_for 5 two_wait
	run -0 aikit-queue ps --state queued --json
	first=$(jq -r 'select(.position == 1).id' <<<"$output")
	last=$(jq -r 'select(.position != 1).id' <<<"$output")
	run -0 aikit-queue explain "$last"
	grep -q 'waits in normal for m:latest' <<<"$output"
	run -0 aikit-queue promote "$last"
	run -0 aikit-queue ps --state queued --json
	[ "$(jq -r "select(.id == \"$last\").position" <<<"$output")" = 1 ]
	run -0 aikit-queue cancel "$first"
	cancelled() { grep -q 'cancelled by the operator' two three; }
	wait_for 5 cancelled
	running=$(aikit-queue ps --state streaming | jq -r .id)
	run -0 aikit-queue cancel "$running" "$last"
	wait "$one" "$second" "$third" || true
	run -0 aikit-queue explain "$running"
	grep -q killed <<<"$output"
	run -65 --separate-stderr aikit-queue cancel "$running"
	complains
	run -65 --separate-stderr aikit-queue explain ffff
	complains
}

@test "ps: a phase that is none is told" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	run -64 --separate-stderr aikit-queue ps --state streming
	complains
	[[ $stderr == *"not one of reading, queued"* ]]
	run -0 --separate-stderr aikit-queue ps --state reading
}

@test "pause holds a class back, resume lets it go" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	run -0 aikit-queue pause class batch
	generate m -o held -H 'X-Aikit-Priority: batch' &
	held=$!
	wait_for 5 sh -c 'aikit-queue ps --state queued | grep -q .'
	generate m | grep -q '"done": *true'
	run -0 aikit-queue explain "$(aikit-queue ps | jq -r .id)"
	grep -q 'its class is paused' <<<"$output"
	run -0 aikit-queue status
	[ "$(jq -r 'select(.class == "batch").state' <<<"$output")" = paused ]
	run -0 aikit-queue resume class batch
	wait "$held"
	grep -q '"done": *true' held
	run -65 --separate-stderr aikit-queue pause class nope
	complains
	run -64 --separate-stderr aikit-queue pause class
	complains
}

@test "drain: what comes is refused with 503, resume takes it again" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	run -0 aikit-queue drain
	[ "$(generate m -o /dev/null -w '%{http_code}')" = 503 ]
	run -0 aikit-queue resume
	[ "$(generate m -o /dev/null -w '%{http_code}')" = 200 ]
	run -0 aikit-queue drain backend "${backend#http://}"
	run aikit-queue status
	[ "$(field backend state)" = drained ]
}

@test "load and unload: a model by name, without a request" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	run -0 --separate-stderr aikit-queue load llama3
	[[ $(curl -sS "$backend/api/ps" | jq -r '.models[0].name') == llama3* ]]
	run -0 --separate-stderr aikit-queue unload llama3
	gone() { [ "$(curl -sS "$backend/api/ps" | jq '.models | length')" = 0 ]; }
	wait_for 5 gone
	run -65 --separate-stderr aikit-queue load llama3 -b nowhere
	complains
}

@test "top: in a pipe the records of each round, with the rate" {
	fake --tokens 300 --token-ms 10
	serve -l "127.0.0.1:$port" -b "$backend"
	generate m -o /dev/null &
	wait_for 10 sh -c 'aikit-queue ps --state streaming | grep -q .'
	run -0 --separate-stderr aikit-queue top -i 300ms -n 3
	[ "$(jq -s 'map(select(.type == "rate")) | length' <<<"$output")" = 3 ]
	[ "$(jq -s 'map(select(.type == "rate"))[2].tokens_per_second > 20' \
	    <<<"$output")" = true ]
	[ "$(jq -s 'map(select(.type == "request")) | length' \
	    <<<"$output")" = 3 ]
}

@test "top: on a terminal a picture, and keys that do what they say" {
	fake --tokens 2000 --token-ms 20
	serve -l "127.0.0.1:$port" -b "$backend"
	generate m -o /dev/null &
	wait_for 10 sh -c 'aikit-queue ps --state streaming | grep -q .'
	python3 "$ROOT/tests/queue/top.py" '=ready' '=tokens/s' '=streaming' \
	    'p=paused' 'p=ready' 'b=FAILED' 'c=MADE' 'm=LOADED ON' 'r=TOKENS' \
	    'a=SHARE OF 5 MIN'
	# It would wait for what streams.
	kill -KILL "$queue"
	wait "$queue" || true
	queue=
}

@test "pause and drain of everything, and of a backend, are seen" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	name=${backend#http://}
	run -0 aikit-queue pause
	run -0 aikit-queue status
	[ "$(field status state)" = paused ]
	[ "$(field class state | sort -u)" = paused ]
	admin /metrics | grep -qx 'aikit_queue_paused{scope="all"} 1'
	run -0 aikit-queue resume
	run -0 aikit-queue drain
	run -0 aikit-queue status
	[ "$(field status state)" = draining ]
	run -0 aikit-queue resume
	run -0 aikit-queue drain class batch
	run -0 aikit-queue pause backend "$name"
	run -0 aikit-queue status
	[ "$(field status state)" = null ]
	[ "$(jq -r 'select(.class == "batch").state' <<<"$output")" = draining ]
	[ "$(jq -r 'select(.class == "normal").state' <<<"$output")" = null ]
	[ "$(field backend state)" = paused ]
	run -0 aikit-queue resume backend "$name"
	run -0 aikit-queue status
	[ "$(field backend state)" = up ]
}

@test "events: requests as they end, until the reader has enough" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	aikit-queue events >followed 2>err.events 3>&- &
	follower=$!
	follows() {
		generate m -o /dev/null
		grep -q '"type":"access"' followed
	}
	wait_for 10 follows
	kill "$follower"
	wait "$follower" || true
	jq -e 'select(.type == "access") | .generated_tokens > 0' followed
}

@test "sim: prints what the manual shows" {
	manual=$ROOT/man/aikit-queue.1
	sed -n "/^\$ aikit-queue sim/,/@tsv'$/p" "$manual" | sed 's/^\$ //' >script
	run -0 --separate-stderr bash script
	[ -n "$output" ]
	sed -n "/@tsv'$/,/^\.Ed/p" "$manual" | sed '1d;$d' >want
	diff want - <<<"$output"
}

@test "run: without a file it is Ollama's own address, and pulls through" {
	fake
	serve -l "127.0.0.1:$port" -l "unix:$PWD/s" -b "$backend"
	[ "$(ask /api/pull -o /dev/null -w '%{http_code}' -d '{"model":"x"}')" = 200 ]
	generate x | grep -q '"done": *true'
	[ "$(curl -sS --unix-socket s -o /dev/null -w '%{http_code}' \
	    -X DELETE http://queue/api/delete -d '{"model":"x"}')" = 200 ]
}

@test "records: the manual has each key of each record" {
	fake --token-ms 20
	aikit-queue keys add alice -f keys -c batch -w 2 -n 3 >records
	aikit-queue keys list -f keys >>records
	configure <<<$'[queue]\nkeys = keys\n[class normal]\nlimit = 1'
	sed -i 's/^class = .*/class = normal/' keys
	serve q.conf
	aikit-queue events >followed 2>/dev/null 3>&- &
	follower=$!
	generate m:latest -o /dev/null &
	generate m -H 'X-Aikit-Deadline: 60' -o /dev/null
	generate nothing -o /dev/null
	generate m -o /dev/null &
	wait_for 5 sh -c 'aikit-queue ps --state streaming | grep -q .'
	generate m -H 'X-Aikit-Deadline: 60' -o /dev/null &
	wait_for 5 sh -c 'aikit-queue ps --state queued | grep -q .'
	id=$(aikit-queue ps --state queued | jq -r .id | tail -1)
	for ask in "status -a" ps "explain $id" "top -n 2 -i 100ms" \
	    "check q.conf" "pause client x" "status -a" "resume client x" \
	    "load llama3" "sim --hours 1"; do
		# shellcheck disable=SC2086 # words
		aikit-queue $ask >>records
	done
	{
		admin /v1/nothing
		admin "/v1/requests/$id"
		aikit-queue drain backend "$(aikit-queue status |
		    jq -r 'select(.type == "backend").backend')"
	} >>records
	wait_for 5 grep -q backend_change followed
	kill "$follower"
	wait "$follower" || true
	cat followed log >>records
	python3 - "$ROOT/man/aikit-records.5" records <<-'EOF'
		import json, re, sys
		keys = {}
		for part in open(sys.argv[1]).read().split("\n.Ss ")[1:]:
		    title, rest = part.split("\n", 1)
		    for name in title.split(", "):
		        keys.setdefault(name, set()).update(
		            key for line in re.findall(r"^\.It Li (.*) Pq", rest,
		                                       re.M)
		            for key in line.split(" , "))
		seen = set()
		for line in open(sys.argv[2]):
		    record = json.loads(line)
		    kind = record.pop("type")
		    seen.add(kind)
		    missing = set(record) - keys.get(kind, set())
		    assert not missing, (kind, missing)
		print(*sorted(seen))
		assert len(seen) >= 18, seen
	EOF
}

# ---- metrics, log, socket ----

@test "metrics: what promtool takes, on the socket and on an address" {
	fake
	metrics=$(free_port)
	configure <<<$'[queue]\nclient_labels = yes\nmetrics = 127.0.0.1:'"$metrics"
	serve q.conf
	generate m -o /dev/null
	ask /api/nothing -o /dev/null
	printf 'GET / HTTP/1.1\nHost: x\n\n' |
	    timeout 5 python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(sys.stdin.buffer.read())
s.recv(4096)' "$port"
	admin /metrics >socket.txt
	curl -sS "http://127.0.0.1:$metrics/metrics" >address.txt
	for file in socket.txt address.txt; do
		grep -q 'requests_total{.*"/api/generate".*code="200"} 1' $file
		grep -q 'parse_errors_total{kind="bare_lf"} 1' $file
		grep -q 'client_tokens_total{client=' $file
	done
	if command -v promtool >/dev/null; then
		promtool check metrics <socket.txt
	fi
	[ "$(curl -sS -o /dev/null -w '%{http_code}' \
	    "http://127.0.0.1:$metrics/v1/status")" = 404 ]
	no_canary "$secret" socket.txt
}

@test "metrics: the manual names every one there is" {
	fake
	configure <<<$'[queue]\nclient_labels = yes'
	serve q.conf
	admin /metrics | sed -n 's/^# TYPE \(aikit_queue_\)\?\([^ ]*\) .*/\2/p' |
	    sort -u >there
	while read -r name; do
		grep -Eq "^(\.It Li|\.Li) (.*[ ,])?$name( |$)" \
		    "$ROOT/man/aikit-queue.1" ||
			deny "the manual does not name $name"
	done <there
	[ "$(wc -l <there)" -gt 40 ]
}

@test "log: one record a request, with tokens, and never a prompt" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend" --log access.log
	generate m -o /dev/null
	ask /v1/chat/completions -o /dev/null -d '{"model":"m","stream":true,
	    "messages":[{"role":"user","content":"'"$secret"'"}]}'
	ask "/api/tags?$secret" -o /dev/null
	ask "/$secret" -o /dev/null
	ask /api/generate -o /dev/null -d '{"model":"m","prompt":"'"$secret"
	ask /api/generate -o /dev/null -H "Authorization: Bearer $secret" \
	    -d '{"model":"m","prompt":"x"}'
	kill "$queue"
	wait "$queue"
	queue=
	[ "$(jq -s 'map(select(.endpoint == "/api/generate" and
	    .status == 200))[0].generated_tokens' access.log)" = 10 ]
	[ "$(jq -s 'map(select(.type != "access")) | length' access.log)" = 0 ]
	[ "$(jq -s 'map(select(.endpoint == "other")) | length' \
	    access.log)" = 1 ]
	no_canary "$secret" access.log log err
}

@test "log: after it was renamed, SIGUSR1 begins a new one" {
	fake
	mkdir logs
	serve -l "127.0.0.1:$port" -b "$backend" --log "$PWD/logs/access.log"
	generate m -o /dev/null
	wait_for 5 test -s logs/access.log
	mv logs/access.log logs/access.log.1
	kill -USR1 "$queue"
	wait_for 5 test -e logs/access.log
	generate m -o /dev/null
	wait_for 5 test -s logs/access.log
	[ "$(wc -l <logs/access.log.1)" = 1 ]
}

@test "log: a full disk is told once, serving goes on, and it exits 74" {
	fake
	aikit-queue run --admin admin.sock -l "127.0.0.1:$port" -b "$backend" \
	    >/dev/full 2>err 3>&- &
	queue=$!
	wait_for 10 aikit-queue status
	for _ in 1 2 3; do
		generate m | grep -q '"done": *true'
	done
	wait_for 5 grep -qx 'aikit-queue: run: log: no space left on device' err
	ask /api/version -o /dev/null
	kill "$queue"
	code=0
	wait "$queue" || code=$?
	queue=
	[ "$code" = 74 ]
	[ "$(grep -c 'no space left' err)" = 2 ]
}

@test "log: a reader that stands still does not stop the queue" {
	fake
	mkfifo pipe
	exec 5<>pipe
	aikit-queue run --admin admin.sock -l "127.0.0.1:$port" -b "$backend" \
	    >pipe 2>err 3>&- 5>&- &
	queue=$!
	wait_for 10 aikit-queue status
	python3 - "$port" <<-'EOF'
		import http.client, sys
		c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
		for i in range(600):
		    c.request("GET", "/api/version")
		    r = c.getresponse()
		    r.read()
		    assert r.status == 200
	EOF
	kill "$queue"
	wait "$queue"
	queue=
	exec 5>&-
}

@test "the socket is for its owner, and takes nothing that is malformed" {
	fake
	serve -l "127.0.0.1:$port" -b "$backend"
	[ "$(stat -c %a admin.sock)" = 600 ]
	[ "$(admin /nope -o /dev/null -w '%{http_code}')" = 404 ]
	[ "$(admin /v1/status -X DELETE -o /dev/null -w '%{http_code}')" = 405 ]
	[ "$(admin /v1/pause -d '{"scope":' -o /dev/null \
	    -w '%{http_code}')" = 400 ]
	[ "$(admin /v1/pause -d '{"scope":"moon","name":"x"}' -o /dev/null \
	    -w '%{http_code}')" = 400 ]
	[ "$(admin /v1/limits -X PATCH -d '{"key":1}' -o /dev/null \
	    -w '%{http_code}')" = 400 ]
	[ "$(admin /v1/requests/%zz -o /dev/null -w '%{http_code}')" = 400 ]
	head -c 200000 /dev/zero | tr '\0' x >much
	[ "$(admin /v1/pause --data-binary @much -o /dev/null \
	    -w '%{http_code}')" = 413 ]
	run -0 aikit-queue status
}

@test "confined: no new privileges, and files elsewhere are out of reach" {
	fake
	configure </dev/null
	serve q.conf
	[ "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$queue/status")" = 1 ]
	if ! python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)' ||
	    nm -D "$(command -v aikit-queue)" | grep -q asan; then
		skip "no Landlock, or a sanitised build"
	fi
	: >"$BATS_FILE_TMPDIR/keys"
	chmod 600 "$BATS_FILE_TMPDIR/keys"
	run -78 --separate-stderr aikit-queue set "keys=$BATS_FILE_TMPDIR/keys"
	complains
	[[ $stderr == *"keys: permission denied"* ]]
	generate m | grep -q '"done": *true'
	# A file that was replaced, as editors do, is still read.
	cp q.conf new.conf
	mv new.conf q.conf
	run -0 aikit-queue reload
}

@test "run --user: root becomes somebody else, to whom socket and log belong" {
	[ "$(id -u)" = 0 ] || skip "only root can"
	fake
	mkdir logs
	chmod 755 . logs
	serve -l "127.0.0.1:$port" -b "$backend" --user nobody \
	    --log "$PWD/logs/access.log"
	id=$(id -u nobody)
	[ "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$queue/status")" = \
	    "$id $id $id $id" ]
	[ "$(stat -c %u logs/access.log)" = "$id" ]
	[ "$(stat -c %u:%a admin.sock)" = "$id:600" ]
	generate m | grep -q '"done": *true'
	run -78 --separate-stderr aikit-queue run -l "127.0.0.1:$(free_port)" \
	    -b "$backend" --user no-such-user --admin other.sock
	complains
}
