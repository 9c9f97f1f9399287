#!/usr/bin/env bats
# aikit-stack validate and doctor with a real Docker: who holds a port, each
# service's own checker, the database in a volume, what runs and is not well.

load ../house

image=debian:trixie-slim

setup() {
	need_docker
	kit=$BATS_TEST_TMPDIR/kit
	project=$(own_project)
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export AIKIT_STACK_KIT=$kit
	mkdir -p "$kit/conf"
}

teardown() {
	remove_project "$project"
	docker ps -aq --filter "name=^$project-check-" | xargs -r docker rm -fv
	[ -z "${tag-}" ] || docker rmi "$tag" >/dev/null
}

# service NAME: the lines on stdin are those of one service.
compose() {
	{
		echo "name: $project"
		cat
	} >"$kit/compose.yaml"
}

up() {
	docker compose --project-directory "$kit" -f "$kit/compose.yaml" \
	    up -d "$@" 2>&1
}

# of ID KEY: of the findings with this id.
of() {
	jq -r --arg id "$1" "select(.id == \$id).$2" <<<"$output"
}

@test "a port that a container of another project has: the container is named" {
	port=$(free_port)
	compose <<E
services:
  holder:
    image: $image
    command: [sleep, infinity]
    init: true
    ports: ["127.0.0.1:$port:80"]
E
	up holder
	run -0 --separate-stderr aikit-stack validate
	[ -z "$(jq -r 'select(.severity == "error")' <<<"$output")" ] ||
		deny "its own container is in the way: $output"
	mkdir "$BATS_TEST_TMPDIR/other"
	cat >"$BATS_TEST_TMPDIR/other/compose.yaml" <<E
name: $project-other
services:
  web: {image: $image, ports: ["127.0.0.1:$port:80"]}
E
	run -1 --separate-stderr aikit-stack -k "$BATS_TEST_TMPDIR/other" validate
	[ "$(of port-taken evidence)" = \
	    "port $port is taken by container $project-holder-1" ]
	[ "$(of port-taken subject)" = web ]
}

@test "the machine: versions, disk and memory are told" {
	compose <<E
services:
  web: {image: $image}
E
	run -0 --separate-stderr aikit-stack validate
	[[ $(of docker-version evidence) =~ ^"Docker "[0-9]+.*", Compose "[0-9] ]]
	[[ $(of disk evidence) =~ free\ of ]]
	[[ $(of memory evidence) =~ ^"limits of 0 on a machine of" ]]
}

@test "more memory than the machine has is a warning" {
	compose <<E
services:
  web: {image: $image, mem_limit: 90000g}
E
	run -0 --separate-stderr aikit-stack validate
	[ "$(of memory severity)" = warning ]
}

@test "images that are not here and would not fit are an error" {
	compose <<E
services:
  web:
    image: example.invalid/web:1.0
    labels: {aikit.disk: 900T}
E
	run -1 --separate-stderr aikit-stack validate
	[ "$(of disk severity)" = error ]
	[[ $(of disk evidence) == *"images that are not here need 900T" ]]
}

@test "an accelerator that is not there is told of the service that needs it" {
	[ ! -e /dev/nvidiactl ] || skip "this machine has one"
	compose <<E
services:
  llm:
    image: $image
    deploy:
      resources:
        reservations:
          devices: [{driver: nvidia, count: all, capabilities: [gpu]}]
E
	run -1 --separate-stderr aikit-stack validate
	[ "$(of accelerator subject)" = llm ]
	[[ $(of accelerator evidence) == *"/dev/nvidiactl is missing" ]]
}

@test "--deep: a checker sees its configuration, user, secrets and settings" {
	printf 'good\n' >"$kit/conf/web.conf"
	printf 's3cret-%s' "$project" >"$kit/key"
	chown 65534 "$kit/key" 2>/dev/null || chmod 644 "$kit/key"
	cat >"$kit/conf/check" <<'E'
#!/bin/sh
set -e
test "$1" = --all
grep -q good /conf/web.conf
test "$(id -u)" = 65534
test -s /run/secrets/key
test "$PRICE" = '$5'
touch /run/scratch/x
! touch /conf/x 2>/dev/null
! getent hosts example.org
echo all is well
E
	compose <<E
services:
  web:
    image: $image
    user: "65534:65534"
    environment: {PRICE: "\$\$5"}
    volumes: ["./conf:/conf"]
    tmpfs: ["/run/scratch:size=1m,mode=1777"]
    secrets: [key]
    labels: {aikit.check: /bin/sh /conf/check --all}
secrets:
  key: {file: ./key}
E
	run -0 --separate-stderr aikit-stack validate --deep
	[ "$(of check-failed severity)" = ok ] || deny "$output"
	[ "$(of check-failed evidence)" = "/bin/sh /conf/check --all" ]
	echo 'bad' >"$kit/conf/web.conf"
	sed -i 's/^grep/echo "web.conf is bad" >\&2; grep/' "$kit/conf/check"
	run -1 --separate-stderr aikit-stack validate --deep
	[ "$(of check-failed evidence)" = "exit 1: web.conf is bad" ]
	sed -i "s|is bad|with \$(cat /run/secrets/key)|" "$kit/conf/check"
	run -1 --separate-stderr aikit-stack validate --deep
	[ "$(of check-failed evidence)" = "exit 1: web.conf with ***" ]
	[ -z "$(docker ps -aq --filter "name=$project-check-")" ]
	[ -z "$(docker network ls -q --filter "name=$project")" ]
}

@test "--deep: nothing is pulled, and no volume is made" {
	compose <<E
services:
  here:
    image: $image
    volumes: ["data:/data"]
    labels: {aikit.check: test -e /data/version}
  away:
    image: example.invalid/away:1.0
    labels: {aikit.check: "true"}
volumes:
  data: {}
E
	run -0 --separate-stderr aikit-stack validate --deep
	[ "$(jq -r 'select(.id == "check-failed") |
	    [.severity, .subject] | join(" ")' <<<"$output" | sort |
		paste -sd,)" = "note away,note here" ]
	[[ $output == *"not checked: image example.invalid/away:1.0 is not here"* ]]
	[[ $output == *"not checked: its volume is not made yet"* ]]
	[ -z "$(docker volume ls -q --filter "name=$project")" ]
}

@test "--deep: a checker that is no program is an error, not a crash" {
	compose <<E
services:
  web: {image: $image, labels: {aikit.check: /no/such/checker}}
E
	run -1 --separate-stderr aikit-stack validate --deep
	[ "$(of check-failed severity)" = error ]
	[[ $(of check-failed evidence) == *"/no/such/checker"* ]]
	[ -z "$(docker ps -aq --filter "name=$project-check-")" ]
}

@test "a database of another major version than its image is refused" {
	[ "$(id -u)" = 0 ] || skip "reads a volume of Docker: needs root"
	tag=aikittest-$$/postgres:17-test
	docker tag "$image" "$tag"
	compose <<E
services:
  db:
    image: $tag
    volumes: ["pg:/var/lib/postgresql/data"]
    labels: {aikit.probe: "postgres://:5432"}
volumes:
  pg: {}
E
	run -0 --separate-stderr aikit-stack validate
	[ -z "$(of database-version severity)" ]
	docker volume create --label "com.docker.compose.project=$project" \
	    "${project}_pg" >/dev/null
	where=$(docker volume inspect -f '{{.Mountpoint}}' "${project}_pg")
	[ -d "$where" ] || skip "the daemon's volumes are elsewhere"
	echo 15 >"$where/PG_VERSION"
	run -1 --separate-stderr aikit-stack validate
	[ "$(of database-version evidence)" = \
	    "the volume is of PostgreSQL 15, the image of 17: it will not start" ]
	[[ $(of database-version next) == *pg_dumpall* ]]
	echo 17 >"$where/PG_VERSION"
	run -0 --separate-stderr aikit-stack validate
	[ "$(of database-version evidence)" = "PostgreSQL 17 in volume and image" ]
}

# has ID SUBJECT: doctor finds it.
has() {
	run aikit-stack doctor
	[ "$(jq -r --arg id "$1" --arg subject "$2" \
	    'select(.id == $id and .subject == $subject).id' \
	    <<<"$output")" = "$1" ]
}

@test "doctor: restarting, unhealthy, ended, a one-shot that failed, each with its log" {
	compose <<E
services:
  loop: {image: $image, command: ["false"], restart: always}
  sick:
    image: $image
    command: [sleep, infinity]
    init: true
    healthcheck:
      test: [CMD-SHELL, "echo no answer; exit 1"]
      interval: 1s
      retries: 1
  gone: {image: $image, command: [sh, -c, exit 3]}
  once:
    image: $image
    command: [sh, -c, exit 4]
    labels: {aikit.oneshot: "true"}
E
	up
	wait_for 20 has restarting loop
	wait_for 20 has unhealthy sick
	wait_for 20 has exited gone
	wait_for 20 has one-shot-failed once
	run -1 --separate-stderr aikit-stack doctor
	[[ $(of unhealthy evidence) == *"no answer"* ]]
	[ "$(of exited evidence)" = "exited, with exit 3" ]
	[ "$(of one-shot-failed evidence)" = "ended with exit 4" ]
	[ "$(of exited next)" = "aikit-stack logs gone" ]
}

@test "doctor: drift, orphans, and volumes that nobody mounts" {
	compose <<E
services:
  web:
    image: $image
    command: [sleep, infinity]
    init: true
    environment: {COLOUR: blue}
    volumes: ["old:/data"]
  left: {image: $image, command: [sleep, infinity], init: true}
volumes:
  old: {}
E
	up
	run -1 --separate-stderr aikit-stack doctor
	[ -z "$(of drift id)$(of orphan id)$(of volume-orphan id)" ]
	compose <<E
services:
  web:
    image: $image
    command: [sleep, infinity]
    init: true
    environment: {COLOUR: green}
E
	run -1 --separate-stderr aikit-stack doctor
	[[ $(of drift evidence) == *COLOUR* ]]
	[ "$(of drift next)" = "aikit-stack up web" ]
	[ "$(of orphan subject)" = "$project-left-1" ]
	[ "$(of volume-orphan subject)" = "${project}_old" ]
}

@test "doctor: Redis without the memory to save" {
	[ "$(cat /proc/sys/vm/overcommit_memory)" != 1 ] ||
		skip "this machine allows it"
	tag=aikittest-$$/redis:1
	docker tag "$image" "$tag"
	compose <<E
services:
  cache: {image: "$tag", command: [sleep, infinity], init: true}
E
	up
	run -1 --separate-stderr aikit-stack doctor
	[ "$(of overcommit-memory subject)" = cache ]
	[[ $(of overcommit-memory next) == sysctl* ]]
}

@test "doctor: a container killed at its memory limit" {
	compose <<E
services:
  big:
    image: $image
    command: [tail, /dev/zero]
    mem_limit: 16m
E
	up
	wait_for 30 has out-of-memory big
}
