#!/usr/bin/env bats
# aikit-stack changing things, on a real Docker engine: own project, own
# containers, the image debian:trixie-slim.

load ../house

setup() {
	need_docker
	kit=$BATS_TEST_TMPDIR/kit
	project=$(own_project)
	port=$(free_port)
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export AIKIT_STACK_KIT=$kit
	mkdir -p "$kit"
	write_kit
}

teardown() {
	[ -z "${project-}" ] || remove_project "$project"
	[ -z "${helper-}" ] || kill "$helper" 2>/dev/null || true
}

# web needs db, which is healthy once its file is there; init runs once.
write_kit() {
	cat >"$kit/compose.yaml" <<-EOF
		name: $project
		x-base: &base
		  image: debian:trixie-slim
		  stop_grace_period: 0s
		services:
		  init:
		    <<: *base
		    command: sh -c 'echo initialised'
		  db:
		    <<: *base
		    command: sh -c 'touch /tmp/up; exec sleep 600'
		    volumes: [data:/data]
		    environment: {TUNE: "1"}
		    healthcheck: {test: [CMD, test, -f, /tmp/up], interval: 1s}
		    depends_on: {init: {condition: service_completed_successfully}}
		  web:
		    <<: *base
		    profiles: [front]
		    command: sleep 600
		    ports: ["127.0.0.1:$port:80"]
		    labels: {aikit.url: "http://127.0.0.1:$port/"}
		    depends_on: {db: {condition: service_healthy}}
		  bad:
		    <<: *base
		    profiles: [bad]
		    command: sh -c 'for i in \$\$(seq 30); do echo line \$\$i; done; exit 3'
		    labels: {aikit.oneshot: "true"}
		  sick:
		    <<: *base
		    profiles: [sick]
		    command: sleep 600
		    healthcheck: {test: [CMD-SHELL, "echo no heart >&2; exit 1"], interval: 1s, retries: 2}
		  slow:
		    <<: *base
		    profiles: [slow]
		    command: sleep 600
		    healthcheck: {test: [CMD, "false"], interval: 1s, retries: 1000}
		  spiral:
		    <<: *base
		    profiles: [spiral]
		    restart: always
		    command: sh -c 'echo again; exit 9'
		volumes: {data: {}}
	EOF
}

state_of() {
	docker inspect -f '{{.State.Status}}' "$project-$1-1" 2>/dev/null |
	    grep . || echo absent
}

@test "up: all that is needed starts, in order, and is told as it gets well" {
	run -0 --separate-stderr aikit-stack up web
	[ "$(jq -r .service <<<"$output" | paste -sd' ')" = "init db web" ]
	[ "$(jq -r .well <<<"$output" | paste -sd' ')" = "done ok ok" ]
	[ "$(jq -r 'select(.service == "web").url' <<<"$output")" = "http://127.0.0.1:$port/" ]
	[ "$(state_of web)" = running ]
	[ "$(state_of init)" = exited ]
}

@test "up again changes nothing and runs no one-shot twice" {
	aikit-stack up web >/dev/null
	before=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' \
	    "$project"-{init,db,web}-1)
	run -0 --separate-stderr aikit-stack up web
	after=$(docker inspect -f '{{.Id}} {{.State.StartedAt}}' \
	    "$project"-{init,db,web}-1)
	[ "$before" = "$after" ]
}

@test "plan asks the daemon and changes nothing: a socket that only takes GET" {
	socket=$BATS_TEST_TMPDIR/get.sock
	python3 "$BATS_TEST_DIRNAME/get_only.py" "$socket" \
	    "$(docker_socket)" "$BATS_TEST_TMPDIR/asked" 3>&- &
	helper=$!
	wait_for 10 test -S "$socket"
	DOCKER_HOST=unix://$socket run -1 --separate-stderr aikit-stack plan web
	[ "$(jq -r 'select(.type == "step") | .service + " " + .action' \
	    <<<"$output" | paste -sd,)" = "init create,db create,web create" ]
	[ "$(jq -r 'select(.type == "plan").changes' <<<"$output")" = 3 ]
	DOCKER_HOST=unix://$socket run -69 --separate-stderr aikit-stack up web
	aikit-stack up web >/dev/null
	DOCKER_HOST=unix://$socket run -0 --separate-stderr aikit-stack plan web
	[ "$(jq -r 'select(.type == "step").action' <<<"$output" | sort -u)" = keep ]
	grep -q '^GET /' "$BATS_TEST_TMPDIR/asked"
}

@test "plan names each change: what is to be recreated, and which setting" {
	aikit-stack up web >/dev/null
	sed -i 's/TUNE: "1"/TUNE: "2"/' "$kit/compose.yaml"
	run -1 --separate-stderr aikit-stack plan web
	[ "$(jq -r 'select(.action == "recreate").service' <<<"$output")" = db ]
	[ "$(jq -r 'select(.action == "recreate").reason' <<<"$output")" = \
	    "environment TUNE changed" ]
	run -1 --separate-stderr aikit-stack up --plan web
	run -0 --separate-stderr aikit-stack up web
	[ "$(docker exec "$project-db-1" printenv TUNE)" = 2 ]
	run -0 --separate-stderr aikit-stack plan web
}

@test "stop: what is named, and what then nothing else needs and nobody asked for" {
	aikit-stack up web >/dev/null
	run -1 --separate-stderr aikit-stack stop --plan web
	[ "$(jq -r .service <<<"$output" | paste -sd' ')" = "web db init" ]
	[ "$(state_of web)" = running ]
	run -0 --separate-stderr aikit-stack stop web
	[ "$(state_of web) $(state_of db)" = "exited exited" ]
	aikit-stack up db web >/dev/null
	run -0 --separate-stderr aikit-stack stop web
	[ "$(state_of web) $(state_of db)" = "exited running" ]
}

@test "stop of what another needs says so, and stops only that" {
	aikit-stack up web >/dev/null
	run -0 --separate-stderr aikit-stack stop db
	[[ $stderr == *"db: web still runs and needs it"* ]]
	[ "$(state_of web) $(state_of db)" = "running exited" ]
}

@test "down removes containers and networks, and keeps the volume" {
	aikit-stack up web >/dev/null
	docker exec "$project-db-1" touch /data/kept
	run -0 --separate-stderr aikit-stack down
	[ "$(state_of web) $(state_of db) $(state_of init)" = "absent absent absent" ]
	docker volume inspect "$project"_data >/dev/null
	aikit-stack up web >/dev/null
	docker exec "$project-db-1" test -f /data/kept
}

@test "restart: the same containers, started again, and well" {
	aikit-stack up web >/dev/null
	before=$(docker inspect -f '{{.State.StartedAt}}' "$project-db-1")
	run -0 --separate-stderr aikit-stack restart db
	[ "$(jq -r 'select(.type == "ready").service' <<<"$output")" = db ]
	[ "$(docker inspect -f '{{.State.StartedAt}}' "$project-db-1")" != "$before" ]
}

@test "a one-shot that fails: exit 69, its status, and its last 20 lines" {
	run -69 --separate-stderr aikit-stack up bad
	[[ $stderr == *"up: bad: exited 3"* ]]
	[[ $stderr == *"line 30"* && $stderr == *"line 11"* ]]
	[[ $stderr != *"line 10"$'\n'* ]]
}

@test "a health check that never passes: exit 69 with what the check said" {
	run -69 --separate-stderr aikit-stack up sick
	[[ $stderr == *"sick: unhealthy: no heart"* ]]
}

@test "a service that restarts for ever is told as a loop, exit 69" {
	run -69 --separate-stderr aikit-stack up spiral
	[[ $stderr == *"spiral: "*"9"* ]]
	[[ $stderr == *again* ]]
}

@test "the time to wait over: exit 75 and who is not there yet" {
	run -75 --separate-stderr aikit-stack up --wait 2 slow
	[[ $stderr == *"not well after 2 s: slow (its health check has not passed yet)"* ]]
	run -75 --separate-stderr aikit-stack wait --timeout 1 slow
	run -0 --separate-stderr aikit-stack up --wait 0 slow
}

@test "a port that is taken is told with its holder before anything is made" {
	python3 -c 'import socket,sys,time
s = socket.socket(); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
open(sys.argv[2], "w").close()
time.sleep(60)' "$port" "$BATS_TEST_TMPDIR/bound" 3>&- &
	helper=$!
	wait_for 10 test -e "$BATS_TEST_TMPDIR/bound"
	run -69 --separate-stderr aikit-stack up web
	complains
	[[ $stderr == *"web: port $port is taken by python3"*"$helper"* ]]
	[ "$(state_of db)" = absent ]
}

@test "one changer at a time: the second is told who holds it, exit 75" {
	aikit-stack up --wait 60 slow >/dev/null 2>&1 3>&- &
	helper=$!
	wait_for 20 test -s "$XDG_STATE_HOME/aikit/stack/$project.lock"
	run -75 --separate-stderr aikit-stack stop
	complains
	[[ $stderr == *"held by aikit-stack up (process $helper)"* ]]
}

@test "interrupted, it ends as by the signal, and up goes on from there" {
	aikit-stack up --wait 60 web slow >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	helper=$!
	wait_for 30 grep -q '"web"' "$BATS_TEST_TMPDIR/out"
	kill -TERM "$helper"
	status=0
	wait "$helper" || status=$?
	helper=
	[ "$status" -eq 143 ]
	grep -q interrupted "$BATS_TEST_TMPDIR/out"
	run -0 --separate-stderr aikit-stack up web
}

@test "no daemon: exit 69 and how to start it; not ours to use: 77" {
	DOCKER_HOST=unix:///nonexistent/docker.sock run -69 --separate-stderr \
	    aikit-stack up web
	complains
	[[ $stderr == *"/nonexistent/docker.sock"* ]]
	chmod -R a+rwX "$BATS_TEST_TMPDIR"
	chmod a+rx "$(dirname "$BATS_TEST_TMPDIR")" "$BATS_RUN_TMPDIR"
	socket=$BATS_TEST_TMPDIR/closed.sock
	python3 -c 'import socket,sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])' "$socket"
	chmod 0600 "$socket"
	run -77 --separate-stderr setpriv --reuid 65534 --clear-groups \
	    env DOCKER_HOST="unix://$socket" HOME=/nonexistent \
	    "$(command -v aikit-stack)" plan web
	complains
}

@test "an image that is not here and cannot be built or pulled: 69, by name" {
	sed -i "s|image: debian:trixie-slim|image: $project.invalid/none:1.0|" \
	    "$kit/compose.yaml"
	run -69 --separate-stderr aikit-stack up web
	[[ $stderr == *"docker compose"* ]]
	run -1 --separate-stderr aikit-stack plan web
	[ "$(jq -r 'select(.service == "web").image_state' <<<"$output")" = pull ]
}
