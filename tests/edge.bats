#!/usr/bin/env bats
# edge - what haproxy does at the door of the kit.
#
# The kit's own configuration, started by the kit's own script, before
# backends that tests/monitoring/backends plays. Only ports and the address of
# the name server are put in. Each test calls from an address of its own
# (127.0.0.0/8 is all ours), so that none spends another's budget.

# Sed, jq and eval get their text as it is.
# shellcheck disable=SC2016

load house
load monitoring/common

services='open_webui:8080 n8n:5678 queue:11434 queue:9464 grafana:3000
	keycloak:8080 keycloak:9000 jenkins:8080 prometheus:9090 alertmanager:9093'

# world NAME: backends, all up, and their name server, for the edges to come.
world() {
	world=$BATS_FILE_TMPDIR/$1
	up open-webui n8n queue grafana keycloak jenkins prometheus alertmanager
	"$ROOT/tests/monitoring/backends" "$world" "$world.names" open-webui n8n \
		queue grafana keycloak jenkins prometheus alertmanager 3>&- &
	echo $! >> "$BATS_FILE_TMPDIR/pids"
	wait_for 20 test -s "$world"
}

# edge NAME [SED..]: an instance below $BATS_FILE_TMPDIR/NAME with its
# configuration edited by SED, and ready to serve.
edge() {
	local dir=$BATS_FILE_TMPDIR/$1 pair name
	local -a edits=()

	shift
	mkdir -p "$dir/secrets" "$dir/certificates"
	cp -R "$ROOT/deploy/config/haproxy" "$dir/haproxy"
	printf %s "$password" > "$dir/secrets/edge_admin_password"
	printf '%s\n%s' "$key" key-of-another > "$dir/secrets/ollama_api_key"
	# shellcheck source=/dev/null
	. "$world"
	for pair in $services; do
		name=${pair%:*}_PORT
		edits+=(-e "s/\b${pair/_/-}$/${pair%:*}:${!name}/
			s/ port ${pair#*:}$/ port ${!name}/
			s/\b${pair/_/-} port/${pair%:*}:${!name} port/")
	done
	sed -i -E "${edits[@]}" "$@" \
		-e '/^    server /s/open_webui/open-webui/' \
		-e 's/bind :80$/bind fd@${http_FD}/' \
		-e 's/bind :443/bind fd@${https_FD}/' \
		-e 's/bind :8404/bind fd@${stats_FD}/' \
		-e 's/bind :8405/bind fd@${metrics_FD}/' \
		-e "s/127.0.0.11:53/127.0.0.1:$DNS_PORT/" \
		-e "s|/run/haproxy|$dir|" \
		"$dir/haproxy/haproxy.cfg"
	EDGE_SECRETS=$dir/secrets EDGE_CERTIFICATES=$dir/certificates \
		"$ROOT/tests/monitoring/listen" "$dir/ports" \
		http https stats metrics -- "$dir/haproxy/start" \
		> "$dir/out" 2> "$dir/err" 3>&- &
	echo $! >> "$BATS_FILE_TMPDIR/pids"
	use "${dir##*/}"
	wait_for 20 answers metrics /healthz
}

# use NAME: the instance that the next calls are for.
use() {
	dir=$BATS_FILE_TMPDIR/$1
	wait_for 20 test -s "$dir/ports"
	# shellcheck source=/dev/null
	. "$dir/ports"
}

answers() {
	local port=${1}_PORT

	curl -sf -o /dev/null "http://127.0.0.1:${!port}$2"
}

# ask PATH [CURL OPTION..]: the answer's body to stdout.
ask() {
	local path=$1

	shift
	curl -s --path-as-is --max-time 20 --interface "$from" "$@" \
		"http://127.0.0.1:$http_PORT$path"
}

# status PATH [CURL OPTION..]: the answer's status to stdout.
status() {
	ask "$@" -o /dev/null -w '%{http_code}\n'
}

# many N PATH: asks N times, eight at once; how often which status came.
many() {
	local i

	for ((i = 0; i < $1; i++)); do
		printf 'url = http://127.0.0.1:%s%s\noutput = /dev/null\n' "$http_PORT" "$2"
	done | curl -sK - --no-progress-meter --interface "$from" --parallel \
		--parallel-max 8 -w '%{http_code}\n' | sort | uniq -c | xargs
}

# up NAME..: these names resolve, and no other.
up() {
	printf '%s\n' "$@" > "$world.names.new"
	mv "$world.names.new" "$world.names"
}

setup_file() {
	export password='canary p$w"d' key=canary-model-key
	world usual
	from=127.0.1.1
	edge plain
	wait_for 20 is 200 status / 
	wait_for 20 is 200 status /grafana
	wait_for 20 is 200 status /keycloak
	wait_for 20 is 200 status /jenkins
	wait_for 20 is 200 status /webhook
	wait_for 20 is 200 status /prometheus -u "admin:$password"
	wait_for 20 is 200 status /alertmanager -u "admin:$password"
	wait_for 20 is 200 status /ollama -H "Authorization: Bearer $key"
}

teardown_file() {
	local pid

	while read -r pid; do
		kill "$pid" || :
	done < "$BATS_FILE_TMPDIR/pids"
}

setup() {
	world=$BATS_FILE_TMPDIR/usual
	use plain
	from=127.0.2.$BATS_TEST_NUMBER
	admin=(-u "admin:$password")
	bearer=(-H "Authorization: Bearer $key")
}

@test "the configuration is valid, with and without a certificate, and warns of nothing" {
	cp -R "$dir/secrets" "$BATS_TEST_TMPDIR/secrets"
	mkdir "$BATS_TEST_TMPDIR/certificates"
	export EDGE_SECRETS=$BATS_TEST_TMPDIR/secrets
	export EDGE_CERTIFICATES=$BATS_TEST_TMPDIR/certificates
	run -0 "$ROOT/deploy/config/haproxy/start" -c
	[[ $output != *WARNING* ]]
	certificate "$BATS_TEST_TMPDIR/certificates/edge.pem"
	run -0 "$ROOT/deploy/config/haproxy/start" -c
	[[ $output != *WARNING* ]]
}

@test "no password, no start" {
	mkdir "$BATS_TEST_TMPDIR/secrets"
	export EDGE_SECRETS=$BATS_TEST_TMPDIR/secrets
	run -78 --separate-stderr "$ROOT/deploy/config/haproxy/start" -c
	[ "$stderr" = "start: $EDGE_SECRETS/edge_admin_password: missing or empty" ]
	: > "$EDGE_SECRETS/edge_admin_password"
	run -78 --separate-stderr "$ROOT/deploy/config/haproxy/start" -c
}

@test "a path belongs to one service, by its whole first segment" {
	while read -r path service seen; do
		is "$service $seen" eval 'ask "$path" "${admin[@]}" |
			jq -r "\"\(.service) \(.path)\""'
	done <<-END
		/                        open-webui   /
		/api/v1/chats?page=1     open-webui   /api/v1/chats?page=1
		/grafana                 grafana      /grafana
		/grafana/d/x?from=now    grafana      /grafana/d/x?from=now
		/grafanafoo              open-webui   /grafanafoo
		/prometheus/graph        prometheus   /prometheus/graph
		/prometheusx             open-webui   /prometheusx
		/alertmanager/           alertmanager /alertmanager/
		/keycloak/realms/master  keycloak     /keycloak/realms/master
		/jenkins/job/x           jenkins      /jenkins/job/x
		/webhook/a-b             n8n          /webhook/a-b
		/webhook-test/a          n8n          /webhook-test/a
		/webhooks                open-webui   /webhooks
		/form/a                  n8n          /form/a
		/ollamafoo/x             open-webui   /ollamafoo/x
		/Ollama/api/tags         open-webui   /Ollama/api/tags
		//prometheus/            open-webui   //prometheus/
		/a/../prometheus/        open-webui   /a/../prometheus/
		/%70rometheus/           open-webui   /%70rometheus/
		/metrics                 open-webui   /metrics
		/haproxy?stats           open-webui   /haproxy?stats
	END
}

@test "the host name n8n.ANYTHING is n8n's, all of it" {
	is n8n eval 'ask /api/v1/workflows -H "Host: n8n.localhost" | jq -r .service'
	is n8n eval 'ask /grafana -H "Host: N8N.example.org:8080" | jq -r .service'
	is open-webui eval 'ask / -H "Host: notn8n.localhost" | jq -r .service'
}

@test "every route in the table leads to a backend" {
	while read -r _ backend; do
		grep -q "^backend $backend from" "$ROOT/deploy/config/haproxy/haproxy.cfg"
	done < <(grep -v '^#' "$ROOT/deploy/config/haproxy/routes.map")
}

@test "the model answers to a bearer key alone; who has none learns nothing more" {
	for attempt in '' 'Authorization: Bearer wrong' "Authorization: $key" \
		"Authorization: Basic $(printf 'admin:%s' "$password" | base64)" \
		"Authorization: Bearer ${key}x" "X-Api-Key: $key"; do
		run -0 ask "/ollama/api/tags?key=$key" -i -H "$attempt"
		[[ $output == 'HTTP/1.1 401 '* ]]
		grep -qi '^www-authenticate: Bearer realm="ollama"' <<< "$output"
		[ "${lines[-1]}" = '{"error":"a bearer key is needed"}' ]
	done
	is 200 status /ollama/api/tags "${bearer[@]}"
	is 200 status /ollama/api/tags -H 'Authorization: Bearer key-of-another'
	is 200 status /ollama/api/tags -H "authorization: bearer $key"
}

@test "ollama gets its own path, its own name, and no credentials" {
	run -0 ask '/ollama/api/tags?a=b' "${bearer[@]}" -H 'Cookie: a=b' \
		-H 'Origin: https://elsewhere.example'
	is /api/tags?a=b jq -r .path <<< "$output"
	is localhost:11434 jq -r .headers.host <<< "$output"
	is '[null,null,null]' jq -c \
		'.headers | [.authorization, .cookie, .origin]' <<< "$output"
	is / eval 'ask /ollama "${bearer[@]}" | jq -r .path'
	is /ollama eval 'ask /ollama/ollama "${bearer[@]}" | jq -r .path'
}

@test "prometheus and alertmanager ask for the password, and do not get it" {
	for path in /prometheus /alertmanager/api/v2/alerts; do
		is 401 status "$path"
		is 401 status "$path" -u admin:wrong
		is 401 status "$path" -u "root:$password"
		is 401 status "$path" "${bearer[@]}"
		is null eval 'ask "$path" "${admin[@]}" |
			jq -r .headers.authorization'
	done
}

@test "the statistics ask for the password and cannot change anything" {
	http_PORT=$stats_PORT
	is 401 status /
	is 401 status '/;csv' -u admin:wrong
	is 200 status / "${admin[@]}"
	run -0 ask / "${admin[@]}"
	[[ $output != *'<form'*'action'*'Apply'* ]]
}

@test "metrics have a door of their own" {
	http_PORT=$metrics_PORT
	is 404 status /
	run -0 ask /metrics
	grep -q '^haproxy_server_status{proxy="queue",server="queue",state="UP"} 1' <<< "$output"
}

@test "after 100 requests in 10 s an address gets 429 with Retry-After, others go on" {
	is '100 200' many 100 /
	run -0 ask / -i
	[[ $output == 'HTTP/1.1 429 '* ]]
	grep -qi '^retry-after: 10' <<< "$output"
	[[ ${lines[-1]} == 'Too many requests from this address.'* ]]
	from=127.0.3.1
	is 200 status /
}

@test "an address that was refused is served again when the time has passed" {
	edge hasty -e 's/_rate\(10s\)/_rate(1s)/g'
	wait_for 20 is 200 status /
	run -0 many 300 /
	[[ $output == *' 429' ]]
	wait_for 20 is 200 status /
}

@test "the static files of a page have ten times the budget, and that ends too" {
	is '1000 200' many 1000 /_app/immutable/a.js
	is 429 status /_app/immutable/1001.js
}

@test "a streamed event is passed on within 100 ms" {
	local late

	# The middle of seven, so that a busy machine is not what is measured.
	late=$(ask '/ollama/api/events?7' "${bearer[@]}" -N |
		perl -MTime::HiRes=time -ne '/^data: (.*)/ and push @late, time - $1;
			END { @late = sort { $a <=> $b } @late;
				printf "%d %.0f\n", scalar @late, 1000 * $late[3] }')
	echo "events, and the middle delay in ms: $late"
	[ "${late% *}" -eq 7 ]
	[ "${late#* }" -lt 100 ]
}

@test "a model may be silent for longer than any other service" {
	edge patient -e 's/timeout (client|server) +60s/timeout \1 1s/'
	wait_for 20 is 200 status /
	wait_for 20 is 200 status /grafana
	wait_for 20 is 200 status /ollama "${bearer[@]}"
	is 'at last' ask '/ollama/silence?2.5' "${bearer[@]}"
	is 'at last' ask '/silence?2.5'
	is 504 status '/grafana/silence?2.5'
	grep -A3 '^defaults models' "$ROOT/deploy/config/haproxy/haproxy.cfg" |
		grep -q 'timeout server 1h'
}

@test "a websocket outlives silence" {
	edge idle -e 's/timeout (client|server) +60s/timeout \1 1s/'
	wait_for 20 is 200 status /
	exec 4<> "/dev/tcp/127.0.0.1/$http_PORT"
	printf 'GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%s\r\n\r\n' \
		'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' >&4
	read -r -t 5 _ code _ <&4
	[ "$code" = 101 ]
	while read -r -t 5 line <&4 && [ "$line" != $'\r' ]; do :; done
	run read -r -t 2.5 <&4
	[ "$status" -gt 128 ]
	printf 'still there\n' >&4
	read -r -t 5 line <&4
	[ "$line" = 'still there' ]
}

@test "a client that leaves ends the generation" {
	run ask '/ollama/left?30' "${bearer[@]}" --max-time 0.5
	[ "$status" -eq 28 ]
	wait_for 20 test -s "$world.left"
}

@test "what a client says of where it comes from is not believed" {
	run -0 ask / -H 'X-Forwarded-For: 10.9.8.7' -H 'X-Real-IP: 10.9.8.7' \
		-H 'Forwarded: for=10.9.8.7' -H 'X-Forwarded-Proto: https' \
		-H 'X-Forwarded-Prefix: /x' -H 'X-WEBAUTH-USER: admin' -H 'Host: kit.example:81'
	is "{\"f\":\"$from\",\"h\":\"kit.example:81\",\"p\":\"http\",\"o\":[null,null,null,null]}" \
		jq -c '.headers | {f: .["x-forwarded-for"], h: .["x-forwarded-host"],
			p: .["x-forwarded-proto"], o: [.forwarded, .["x-real-ip"],
			.["x-webauth-user"], .["x-forwarded-prefix"]]}' <<< "$output"
}

@test "headers beyond 15 KiB are refused, and so is a request that never ends" {
	is 400 status / -H "X-Long: $(printf '%016000d' 0)"
	edge brief -e 's/timeout http-request 10s/timeout http-request 1s/'
	exec 4<> "/dev/tcp/127.0.0.1/$http_PORT"
	printf 'GET / HTTP/1.1\r\nHost: ' >&4
	read -r -t 10 _ code _ <&4
	[ "$code" = 408 ]
}

@test "a service that is not there costs a page that names it, or JSON for the model" {
	world empty
	up open-webui
	edge lonely
	wait_for 20 is 200 status /
	run -0 ask /grafana/d/x -i
	[[ $output == 'HTTP/1.1 503 '* ]]
	grep -qi '^retry-after: 5' <<< "$output"
	grep -q '<title>grafana is not available</title>' <<< "$output"
	grep -q 'aikit-stack status grafana' <<< "$output"
	is '{"error":"the queue is not running"}' ask /ollama "${bearer[@]}"
	is 503 status /ollama "${bearer[@]}"
	is 401 status /ollama
	is 401 status /prometheus

	up open-webui grafana
	wait_for 20 is 200 status /grafana
	up open-webui
	wait_for 20 is 503 status /grafana
	is 200 status /
}

@test "an access record is one line of JSON, without query, key or password" {
	use plain
	ask '/api/x?token=canary-in-query' -A 'quote " and \ and tab' > /dev/null
	ask '/ollama/api/tags?k=canary-in-query' "${bearer[@]}" > /dev/null
	ask /prometheus "${admin[@]}" -H 'Cookie: canary-cookie' > /dev/null
	wait_for 20 is 3 eval 'grep -c "\"client\":\"$from\"" "$dir/out"'
	run -0 jq -cs "map(select(.client == \"$from\") |
		[.type, .frontend, .backend, .method, .path, .agent, .status]) |
		sort_by(.[4])[]" "$dir/out"
	[ "${lines[0]}" = '["access","http","open-webui","GET","/api/x","quote \" and \\ and tab",200]' ]
	[[ ${lines[1]} == '["access","http","queue","GET","/ollama/api/tags","curl/'*'",200]' ]]
	[[ ${lines[2]} == '["access","http","prometheus","GET","/prometheus","curl/'*'",200]' ]]
	run -0 jq -r "select(.client == \"$from\") | .time" "$dir/out"
	[[ ${lines[0]} =~ ^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}\.[0-9]{3}Z$ ]]
	run -1 grep -rF -e canary -e "$(printf 'admin:%s' "$password" | base64)" \
		"$dir/out" "$dir/err"
}

@test "no secret is in the command line, and the admin socket is its owner's" {
	local pid

	while read -r pid; do
		run -1 grep -aq canary "/proc/$pid/cmdline"
	done < "$BATS_FILE_TMPDIR/pids"
	is 600 stat -c %a "$dir/admin.sock"
}

@test "with a certificate the door is HTTPS, and plain HTTP leads there" {
	mkdir -p "$BATS_FILE_TMPDIR/tls/certificates"
	certificate "$BATS_FILE_TMPDIR/tls/certificates/edge.pem"
	EDGE_HTTPS_PORT=8443 edge tls
	wait_for 20 is 200 eval 'curl -sk -o /dev/null -w "%{http_code}\n" "https://127.0.0.1:$https_PORT/"'
	is https eval 'curl -sk "https://127.0.0.1:$https_PORT/" |
		jq -r ".headers[\"x-forwarded-proto\"]"'
	is '308 https://kit.example:8443/a?b=c' ask '/a?b=c' -o /dev/null \
		-H 'Host: kit.example:80' -w '%{http_code} %{redirect_url}'
	is 200 status /.well-known/acme-challenge/x
	is 2 eval 'curl -sk --http2 -o /dev/null -w "%{http_version}\n" "https://127.0.0.1:$https_PORT/"'
	run ! curl -sk --tls-max 1.1 "https://127.0.0.1:$https_PORT/"
}

certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=kit.example -days 2 -keyout "$1.key" -out "$1.crt" 2> /dev/null
	cat "$1.crt" "$1.key" > "$1"
	rm "$1.crt" "$1.key"
}
