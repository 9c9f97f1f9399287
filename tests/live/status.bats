#!/usr/bin/env bats
# aikit-stack status and health on real containers, one for each way to be.

load ../house

setup_file() {
	need_docker
	export project kit
	project=$(own_project)
	kit=$BATS_FILE_TMPDIR/kit
	export XDG_CACHE_HOME=$BATS_FILE_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_FILE_TMPDIR/state
	mkdir -p "$kit"
	cat >"$kit/compose.yaml" <<-EOF
		name: $project
		x-base: &base
		  image: debian:trixie-slim
		  stop_grace_period: 0s
		  command: sleep 600
		services:
		  good:
		    <<: *base
		    command: sh -c 'touch /tmp/up; exec sleep 600'
		    environment: {TUNE: "1", PIN: "a\$\$b"}
		    healthcheck: {test: [CMD, test, -f, /tmp/up], interval: 1s}
		    ports: ["127.0.0.1::80"]
		    labels: {aikit.title: Good, aikit.url: "http://127.0.0.1:1/"}
		  plain: {<<: *base}
		  sick:
		    <<: *base
		    healthcheck: {test: [CMD-SHELL, "printf 'no \\\\000heart\\\\033[31m\\\\nmore'; exit 1"], interval: 1s, retries: 1}
		  loop: {<<: *base, restart: always, command: sh -c 'exit 3'}
		  once: {<<: *base, command: sh -c 'exit 0', labels: {aikit.oneshot: "true"}}
		  failed: {<<: *base, command: sh -c 'exit 2', labels: {aikit.oneshot: "true"}}
		  never: {<<: *base}
		  web:
		    <<: *base
		    command: ["perl", "-MIO::Socket::INET", "-e", "\$\$s=IO::Socket::INET->new(LocalPort=>8080,Listen=>9,ReuseAddr=>1);while(\$\$c=\$\$s->accept){1 while(<\$\$c>=~/\\\\S/);print \$\$c qq(HTTP/1.0 200 OK\\\\r\\\\n\\\\r\\\\nhi);close \$\$c}"]
		    labels: {aikit.probe: "http://:8080/"}
		  deaf:
		    <<: *base
		    labels: {aikit.probe: "http://:8080/"}
		  away: {<<: *base}
	EOF
	cd "$kit"
	docker compose up -d good plain sick loop once failed web deaf \
	    >/dev/null 2>&1
	docker compose create never >/dev/null 2>&1
	docker run -d --label com.docker.compose.project="$project" \
	    --label com.docker.compose.service=stranger \
	    --label com.docker.compose.oneoff=False \
	    debian:trixie-slim sleep 600 >/dev/null
	wait_for 30 state_is good healthy
	wait_for 30 state_is sick unhealthy
	wait_for 30 restarted
}

teardown_file() {
	[ -z "${project-}" ] || remove_project "$project"
}

setup() {
	export AIKIT_STACK_KIT=$kit
}

teardown() {
	[ -z "${helper-}" ] || kill "$helper" 2>/dev/null || true
}

state_is() {
	[ "$(docker inspect -f '{{.State.Health.Status}}' \
	    "$project-$1-1")" = "$2" ]
}

restarted() {
	[ "$(docker inspect -f '{{.RestartCount}}' "$project-loop-1")" -ge 2 ]
}

# The value of a key of a service's record.
of() {
	jq -r --arg s "$1" --arg k "$2" \
	    'select(.service == $s) | .[$k] // "-"' <<<"$output"
}

@test "three facts of a service are told apart" {
	run -1 --separate-stderr aikit-stack status
	[ "$(of good state) $(of good health) $(of good well)" = "running healthy ok" ]
	[ "$(of plain state) $(of plain health) $(of plain well)" = "running - ok" ]
	[ "$(of web probe) $(of web well)" = "ok ok" ]
	[ "$(of deaf state) $(of deaf probe) $(of deaf well)" = "running failed ill" ]
	[[ "$(of deaf reason)" = "probe: "*"port 8080: "* ]]
	[ -z "$stderr" ]
}

@test "what is not well says why" {
	run -1 --separate-stderr aikit-stack status
	[ "$(of sick well): $(of sick reason)" = \
	    "ill: unhealthy: no $(printf '\xef\xbf\xbd')heart[31m" ]
	[[ "$(of loop well)" = @(ill|starting) ]]
	[[ "$(of loop reason)" =~ ^restart(ing|ed\ a\ moment\ ago)\ \([0-9]+\ times ||
	    "$(of loop reason)" = "exited 3" ]]
	[ "$(of once well) $(of once exit_code)" = "done 0" ]
	[ "$(of failed well): $(of failed reason)" = "ill: exited 2" ]
	[ "$(of never well): $(of never reason)" = "ill: created, never started" ]
	[ "$(of stranger well): $(of stranger reason)" = "ill: not in the kit" ]
	[ -z "$(of away service)" ]
}

@test "a service by name, whether it has a container or not" {
	run -0 --separate-stderr aikit-stack status good once
	[ "$(jq -r .service <<<"$output" | paste -sd' ')" = "good once" ]
	run -1 --separate-stderr aikit-stack status away
	[ "$(of away state) $(of away well)" = "absent absent" ]
	run -64 --separate-stderr aikit-stack status goood
	complains
	[[ $stderr = *"did you mean good?"* ]]
}

@test "names come as records on standard input" {
	run -1 --separate-stderr bash -c 'aikit-stack status |
	    jq -c "select(.well == \"ill\" and (.service | IN(\"stranger\", \"loop\") | not))" |
	    aikit-stack status - | jq -r .service | paste -sd" "; exit 1'
	[ "$output" = "deaf failed never sick" ]
	run -66 --separate-stderr aikit-stack status - </dev/null
	complains
	run -65 --separate-stderr aikit-stack status - <<<'{"type":'
	complains
}

@test "what was just started has not drifted; what changes is named" {
	run -1 --separate-stderr aikit-stack status
	[ "$(jq -r 'select(.drift) | .service' <<<"$output")" = "" ]
	cp -r "$kit" "$BATS_TEST_TMPDIR/kit"
	sed -i -e 's/TUNE: "1"/TUNE: "2"/' \
	    -e '/^  plain:/s/}/, labels: {a.b: c}}/' \
	    "$BATS_TEST_TMPDIR/kit/compose.yaml"
	AIKIT_STACK_KIT=$BATS_TEST_TMPDIR/kit run -1 --separate-stderr \
	    aikit-stack status
	[ "$(jq -r 'select(.drift) | .service + ": " + (.drift | join(","))' \
	    <<<"$output" | paste -sd' ')" = \
	    "good: environment TUNE plain: label a.b" ]
}

@test "ports are told as they are published" {
	run -0 --separate-stderr aikit-stack status good
	[ "$(jq -r '.ports[0]' <<<"$output")" = \
	    "$(docker port "$project-good-1" 80)->80/tcp" ]
	[ "$(of good url)" = http://127.0.0.1:1/ ]
}

@test "--usage adds what the kernel counts" {
	run -0 --separate-stderr aikit-stack status --usage plain
	jq -e '.memory_bytes > 0 and .cpu_percent >= 0 and .processes >= 1' \
	    <<<"$output"
}

@test "on a terminal it is a table with a sum" {
	run -1 script -qec 'stty cols 200; aikit-stack status' /dev/null
	[[ ${lines[0]} =~ ^SERVICE\ +IS\ +CONTAINER\ +CHECK\ +PROBE ]]
	[[ $output = *"of 10 not well"* ]]
	[[ $output != *$'\033[31m\n'* ]]
}

@test "--watch tells a service again when a fact changes, and ends with its reader" {
	aikit-stack status --watch plain >"$BATS_TEST_TMPDIR/out" 3>&- &
	helper=$!
	wait_for 10 grep -q '"well":"ok"' "$BATS_TEST_TMPDIR/out"
	docker pause "$project-plain-1" >/dev/null
	wait_for 10 grep -q '"reason":"paused"' "$BATS_TEST_TMPDIR/out"
	docker unpause "$project-plain-1" >/dev/null
	wait_for 10 eval '[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" = 3 ]'
	kill "$helper"
	helper=
	run -0 timeout 20 bash -c 'aikit-stack status --watch plain | head -1'
	[ "$(wc -l <<<"$output")" = 1 ]
}

@test "health asks as a user would: by URL, by probe, by what the check says" {
	run -1 --separate-stderr aikit-stack health
	[ "$(of web result)" = ok ]
	[ "$(of deaf result)" = failed ]
	[ "$(of good result) $(of good url)" = "failed http://127.0.0.1:1/" ]
	[[ "$(of good text)" = *"onnection refused"* ]]
	[ "$(of failed result): $(of failed text)" = "failed: exited 2" ]
	[ "$(of never text)" = "not running: created, never started" ]
	[ -z "$(of once result)" ]
	run -0 --separate-stderr aikit-stack health web once plain
	[ "$(of once text)" = "done" ]
	[ "$(of plain text)" = "runs, has no port to ask" ]
	run -1 --separate-stderr aikit-stack health away
	[ "$(of away text)" = "not running: no container" ]
}

@test "no Docker: 69, and the command that starts it" {
	DOCKER_HOST=unix:///nonexistent run -69 --separate-stderr aikit-stack status
	complains
	[[ $stderr = *"/nonexistent: no such file"*"systemctl start docker"* ]]
	DOCKER_HOST=unix://$BATS_TEST_TMPDIR run -69 --separate-stderr \
	    aikit-stack status
	complains
	DOCKER_HOST=ssh://host run -78 --separate-stderr aikit-stack status
	complains
}

@test "a context is followed as docker does" {
	config=$BATS_TEST_TMPDIR/docker
	hash=$(printf mine | sha256sum | cut -d' ' -f1)
	mkdir -p "$config/contexts/meta/$hash"
	echo '{"currentContext":"mine"}' >"$config/config.json"
	echo '{"Name":"mine","Endpoints":{"docker":{"Host":"unix:///nowhere"}}}' \
	    >"$config/contexts/meta/$hash/meta.json"
	DOCKER_CONFIG=$config run -69 --separate-stderr aikit-stack status
	[[ $stderr = *"/nowhere: "*"docker context"* ]]
	DOCKER_CONFIG=$config DOCKER_HOST=unix://$(docker_socket) \
	    run -1 --separate-stderr aikit-stack status
	DOCKER_CONFIG=$config DOCKER_CONTEXT=other run -78 --separate-stderr \
	    aikit-stack status
	[[ $stderr = *"context"*"other"* ]]
}

@test "a socket that is not ours: 77, and the group to join" {
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	dir=$(mktemp -d)
	cp -r "$kit" "$dir/kit"
	cp "$(command -v aikit-stack)" "$dir/"
	chmod -R a+rX "$dir"
	XDG_CACHE_HOME=$dir/cache XDG_CONFIG_HOME=$dir HOME=$dir \
	    run -77 --separate-stderr setpriv --reuid=65534 --regid=65534 \
	    --clear-groups "$dir/aikit-stack" --kit "$dir/kit" status
	rm -rf "$dir"
	complains
	[[ $stderr = *"usermod -aG docker"* ]]
}

@test "a daemon that goes in the middle: 69, and no record" {
	aikit-stack status >/dev/null || true
	for bytes in 0 100 5000 20000; do
		socket=$BATS_TEST_TMPDIR/cut$bytes.sock
		python3 "$BATS_TEST_DIRNAME/cut.py" "$socket" \
		    "$(docker_socket)" "$bytes" 3>&- &
		helper=$!
		wait_for 10 test -S "$socket"
		DOCKER_HOST=unix://$socket run -69 --separate-stderr \
		    aikit-stack status
		complains
		[ -z "$output" ]
		wait "$helper" || true
	done
}

@test "a disk that is full: 74" {
	run -74 --separate-stderr bash -c 'aikit-stack status >/dev/full'
	complains
}
