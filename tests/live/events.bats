#!/usr/bin/env bats
# aikit-stack events and top on real containers.

load ../house

setup() {
	need_docker
	project=$(own_project)
	kit=$BATS_TEST_TMPDIR/kit
	out=$BATS_TEST_TMPDIR/out
	export AIKIT_STACK_KIT=$kit XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	mkdir -p "$kit"
	cat >"$kit/compose.yaml" <<-EOF
		name: $project
		x-base: &base {image: "debian:trixie-slim", stop_grace_period: 0s}
		services:
		  quick: {<<: *base, command: sh -c 'exit 4'}
		  checked:
		    <<: *base
		    command: sleep 600
		    healthcheck: {test: [CMD, "true"], interval: 1s}
		  busy: {<<: *base, command: sh -c 'while :; do :; done', cpus: 0.2, mem_limit: 32m}
	EOF
}

teardown() {
	[ -z "${helper-}" ] || kill "$helper" 2>/dev/null || true
	[ -z "${project-}" ] || remove_project "$project"
}

up() {
	(cd "$kit" && docker compose up -d "$@" >/dev/null 2>&1)
}

@test "events -f: what happens is told as it happens, health checks as such" {
	aikit-stack events -f >"$out" 3>&- &
	helper=$!
	wait_for 10 grep -q sock "/proc/$helper/net/unix"
	wait_for 10 eval 'up checked; grep -q "\"action\":\"start\"" "$out"'
	wait_for 20 grep -q '"action":"health_status","health":"healthy"' "$out"
	up quick
	wait_for 10 grep -q '"service":"quick","action":"die","exit_code":4' "$out"
	[ "$(jq -r 'select(.action | startswith("exec")) | .action' "$out")" = "" ]
	jq -e 'select(.type != "event" or (.time | test("^20.*Z$") | not))' \
	    "$out" && false
	kill -0 "$helper"
}

@test "events: what the daemon still knows, of the services named, since then" {
	up quick checked
	run -0 --separate-stderr aikit-stack events quick
	[ "$(jq -r .service <<<"$output" | sort -u)" = quick ]
	[ "$(jq -r .action <<<"$output" | head -2 | paste -sd' ')" = "create start" ]
	run -0 --separate-stderr aikit-stack events --since 0s
	[ -z "$output" ]
	run -64 --separate-stderr aikit-stack events --since 2100-01-01T00:00:00Z
	complains
	run -64 --separate-stderr aikit-stack events --since never
	complains
}

@test "top: a record a service and round, with what the kernel counts" {
	up busy checked
	run -0 --separate-stderr aikit-stack top --count 2 --interval 500ms
	[ "$(jq -r .service <<<"$output" | paste -sd' ')" = \
	    "busy checked busy checked" ]
	jq -es 'map(select(.service == "busy")) | all(.cpu_percent > 2 and
	    .memory_limit_bytes == 33554432 and .memory_bytes > 0)' <<<"$output"
}

@test "top on a terminal ends with q, and leaves the terminal as it was" {
	up busy
	run -0 timeout 20 script -qec \
	    'stty -a >"$BATS_TEST_TMPDIR/before"; aikit-stack top -i 10s;
	     stty -a >"$BATS_TEST_TMPDIR/after"' /dev/null < <(sleep 1; printf q; sleep 2)
	[[ $output = *"SERVICE"*"CPU %"*busy* ]]
	cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
}

@test "top ends with its reader" {
	up busy
	run -0 timeout 20 bash -c 'aikit-stack top -i 200ms | head -1'
}
