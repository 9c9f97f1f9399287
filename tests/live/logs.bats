#!/usr/bin/env bats
# aikit-stack logs on real containers.

load ../house

setup_file() {
	need_docker
	export project kit
	project=$(own_project)
	kit=$BATS_FILE_TMPDIR/kit
	export XDG_CACHE_HOME=$BATS_FILE_TMPDIR/cache
	mkdir -p "$kit"
	cat >"$kit/compose.yaml" <<-EOF
		name: $project
		x-base: &base {image: "debian:trixie-slim", stop_grace_period: 0s, init: true}
		services:
		  talk:
		    <<: *base
		    command:
		      - sh
		      - -c
		      - |
		        echo hello
		        echo 'ERROR: oops' >&2
		        printf 'in '; sleep 0.2; echo two
		        head -c 1000000 /dev/zero | tr '\\0' x; echo
		        head -c 1100000 /dev/zero | tr '\\0' y; echo
		        echo '{"level":"warn","msg":"json"}'
		        printf '\\033[31mred\\033[m \\001\\n'
		        echo last
		        exec sleep 600
		  term:
		    <<: *base
		    tty: true
		    command: sh -c "echo on a terminal; head -c 40000 /dev/zero | tr '\\\\0' z; echo; exec sleep 600"
		  a: {<<: *base, command: sh -c 'for i in 1 2 3 4 5; do echo a\$\$i; sleep 0.1; done; exec sleep 600'}
		  b: {<<: *base, command: sh -c 'for i in 1 2 3 4 5; do echo b\$\$i; sleep 0.1; done; exec sleep 600'}
		  mute: {<<: *base, command: sleep 600, logging: {driver: none}}
		  away: {<<: *base}
	EOF
	cd "$kit"
	docker compose up -d talk term a b mute >/dev/null 2>&1
	wait_for 30 said talk last
	wait_for 30 said a a5
	wait_for 30 said b b5
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

said() {
	docker logs "$project-$1-1" 2>&1 | grep -q "$2"
}

# Says a line from within, on the container's own stdout.
say() {
	docker exec "$project-$1-1" sh -c "echo '$2' >/proc/1/fd/1"
}

@test "a line is a record: time, service, stream, level, text" {
	run -0 --separate-stderr aikit-stack logs talk
	[ "$(jq -r 'select(.text == "hello") | .type + " " + .service + " " + .stream' \
	    <<<"$output")" = "line talk stdout" ]
	[ "$(jq -r 'select(.stream == "stderr") | .level + " " + .text' \
	    <<<"$output")" = "error ERROR: oops" ]
	[ "$(jq -r 'select(.level == "warning").text' <<<"$output")" = \
	    '{"level":"warn","msg":"json"}' ]
	[[ "$(jq -r 'select(.text == "hello").time' <<<"$output")" =~ ^20[0-9-]+T[0-9:.]+Z$ ]]
}

@test "what was written in pieces is one line" {
	run -0 --separate-stderr aikit-stack logs talk
	[ "$(jq -r .text <<<"$output" | grep -cx 'in two')" = 1 ]
}

@test "1 MB passes whole; above 1 MiB a line comes in parts, and nothing is lost" {
	run -0 --separate-stderr aikit-stack logs talk
	[ "$(jq -c 'select(.text | startswith("x")) | [(.text | length), .partial]' \
	    <<<"$output")" = "[1000000,null]" ]
	[ "$(jq -c 'select(.text | startswith("y")) | [(.text | length), .partial]' \
	    <<<"$output" | paste -sd' ')" = "[1048576,true] [51424,null]" ]
}

@test "a container with a terminal: lines without CR, long ones whole" {
	wait_for 10 said term zzz
	run -0 --separate-stderr aikit-stack logs term
	[ "$(jq -r .text <<<"$output" | head -1)" = "on a terminal" ]
	[ "$(jq -r 'select(.text | startswith("z")).text | length' <<<"$output")" = 40000 ]
}

@test "lines of several containers come in the order of time" {
	run -0 --separate-stderr aikit-stack logs a b
	[ "$(jq -r .time <<<"$output")" = "$(jq -r .time <<<"$output" | sort)" ]
	[ "$(jq -r .text <<<"$output" | sort | paste -sd' ')" = \
	    "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5" ]
}

@test "--tail, --since, --until and --grep choose" {
	run -0 --separate-stderr aikit-stack logs --tail 2 a
	[ "$(jq -r .text <<<"$output" | paste -sd' ')" = "a4 a5" ]
	run -0 --separate-stderr aikit-stack logs --since 1h a
	[ "$(wc -l <<<"$output")" = 5 ]
	third=$(aikit-stack logs a | jq -r 'select(.text == "a3").time')
	run -0 --separate-stderr aikit-stack logs --since "$third" a
	[ "$(jq -r .text <<<"$output" | paste -sd' ')" = "a3 a4 a5" ]
	run -0 --separate-stderr aikit-stack logs --until "$third" a
	[ "$(jq -r .text <<<"$output" | paste -sd' ')" = "a1 a2 a3" ]
	run -0 --separate-stderr aikit-stack logs --grep '^(a1|b[45])$'
	[ "$(jq -r .text <<<"$output" | sort | paste -sd' ')" = "a1 b4 b5" ]
}

@test "an expression or a time that is none: 64, and why" {
	run -64 --separate-stderr aikit-stack logs --grep '(('
	complains
	run -64 --separate-stderr aikit-stack logs --since yesterday
	complains
	run -64 --separate-stderr aikit-stack logs -f --until 1m
	complains
	run -64 --separate-stderr aikit-stack logs stranger
	complains
	run -66 --separate-stderr aikit-stack logs away
	complains
}

@test "a driver that keeps nothing is told, and the others are read" {
	run -0 --separate-stderr aikit-stack logs mute a
	complains
	[[ $stderr = *"mute: "* ]]
	[ "$(wc -l <<<"$output")" = 5 ]
}

@test "on a terminal: service | text, without what a terminal would obey" {
	run -0 script -qec 'aikit-stack logs --tail 2 talk' /dev/null
	[[ $output = *"talk |"*"red ?"* ]]
	[[ $output != *$'\001'* && $output != *'[31mred'* ]]
}

@test "-f: a line is there at once, and its container may start again" {
	aikit-stack logs -f --tail 0 a >"$BATS_TEST_TMPDIR/out" 3>&- &
	helper=$!
	wait_for 10 followed
	docker restart -t 0 "$project-a-1" >/dev/null
	wait_for 10 grep -q '"text":"a5"' "$BATS_TEST_TMPDIR/out"
	[ "$(jq -r .text "$BATS_TEST_TMPDIR/out" | grep -c '^a1$')" = 1 ]
	(cd "$kit" && docker compose up -d --force-recreate a >/dev/null 2>&1)
	wait_for 10 eval '[ "$(grep -c "\"text\":\"a5\"" "$BATS_TEST_TMPDIR/out")" = 2 ]'
	wait_for 10 followed
}

followed() {
	mark=mark$RANDOM
	say a "$mark"
	wait_for 1 grep -q "\"text\":\"$mark\"" "$BATS_TEST_TMPDIR/out"
}

@test "-f ends when nobody reads any more" {
	run -0 timeout 20 bash -c 'aikit-stack logs -f --tail 1 b | head -1'
	[ "$(jq -r .text <<<"$output")" = b5 ]
}

@test "a daemon that goes in the middle: 69, and what came is kept" {
	for follow in "" -f; do
		socket=$BATS_TEST_TMPDIR/cut$follow.sock
		python3 "$BATS_TEST_DIRNAME/cut.py" "$socket" \
		    "$(docker_socket)" 200000 3>&- &
		helper=$!
		wait_for 10 test -S "$socket"
		DOCKER_HOST=unix://$socket run -69 --separate-stderr \
		    timeout 20 aikit-stack logs $follow --since 1d talk
		complains
		[ "$(jq -r .text <<<"$output" | head -1)" != "" ]
		wait "$helper" || true
	done
}
