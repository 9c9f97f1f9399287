#!/usr/bin/env bats
# Volumes and databases of containers: held as their labels say, let go whatever
# becomes of the backup, and nothing left out in silence.

load ../house

setup() {
	need_docker
	project=$(own_project)
	dir=$BATS_TEST_TMPDIR
	export AIKIT_BACKUP_REPO=$dir/repo AIKIT_BACKUP_KEY_FILE=$dir/key
	export XDG_CACHE_HOME=$dir/cache XDG_STATE_HOME=$dir/state
	mkdir "$dir/kit"
	(umask 077 && head -c 32 /dev/urandom >"$AIKIT_BACKUP_KEY_FILE")
	aikit-backup init >/dev/null
}

teardown() {
	[ -z "${project-}" ] || remove_project "$project"
}

# kit LABELS: one service that holds a volume of 20 MB, brought up.
kit() {
	cat >"$dir/kit/compose.yaml" <<-E
		name: $project
		services:
		  one:
		    image: debian:trixie-slim
		    command: [sh, -c, "head -c 20000000 /dev/urandom >/data/big; touch /data/ready; exec sleep 1000"]
		    init: true
		    volumes: ["data:/data"]
		    labels: {$1}
		volumes: {data: {}}
	E
	docker compose --project-directory "$dir/kit" up -d --quiet-pull 2>"$dir/said"
	wait_for 20 docker exec "$project-one-1" test -e /data/ready
}

state() {
	docker inspect -f '{{.State.Status}}' "$project-one-1"
}

is() {
	[ "$(state)" = "$1" ]
}

@test "killed while a container is paused: it goes on all the same" {
	kit '"aikit.backup": "pause 60s"'
	aikit-backup backup --limit-rate 1M "volume:${project}_data" >/dev/null 2>&1 3>&- &
	wait_for 20 is paused
	kill -KILL $!
	wait_for 10 is running
}

@test "killed while a container is stopped: it is started again" {
	kit '"aikit.backup": "stop 60s"'
	aikit-backup backup --limit-rate 1M "volume:${project}_data" >/dev/null 2>&1 3>&- &
	wait_for 20 is exited
	kill -KILL $!
	wait_for 10 is running
}

@test "longer than its label allows: it goes on, and that is told" {
	kit '"aikit.backup": "pause 1s"'
	run -1 --separate-stderr aikit-backup backup --limit-rate 5M \
	    "volume:${project}_data"
	[[ $stderr == *"not read in 1 s"* ]]
	is running
	run -0 --separate-stderr aikit-backup show latest
	[ "$(jq -r 'select(.type == "source").consistency' <<<"$output")" = none ]
}

@test "how each was held is what the snapshot says of it" {
	while IFS='|' read -r label consistency; do
		kit "$label"
		run -0 --separate-stderr aikit-backup backup "volume:${project}_data"
		is running
		run -0 --separate-stderr aikit-backup show latest
		[ "$(jq -r 'select(.type == "source").consistency' \
		    <<<"$output")" = "$consistency" ] || deny "$label: $output"
	done <<-'E'
		"aikit.backup": live|none
		"aikit.backup": pause 20s|crash
		"aikit.backup": stop 20s|clean
		"aikit.backup": "none: not this", "aikit.backup.data": pause 20s|crash
	E
	docker stop -t 1 "$project-one-1" >/dev/null
	run -0 --separate-stderr aikit-backup backup "volume:${project}_data"
	run -0 --separate-stderr aikit-backup show latest
	[ "$(jq -r 'select(.type == "source").consistency' <<<"$output")" = clean ]
	is exited
}

@test "plan: covered, excluded with the reason, uncovered with exit status 1" {
	while IFS='|' read -r label rc state text; do
		kit "$label"
		run -"$rc" --separate-stderr aikit-backup backup --plan "stack:$dir/kit"
		[ "$(jq -r 'select(.kind == "volume").state' <<<"$output")" = "$state" ] ||
			deny "$label: $output"
		[[ $output == *"$text"* ]] || deny "$label: $output"
	done <<-'E'
		"aikit.backup": live|0|covered|live
		"aikit.backup": "none: it is made anew"|0|excluded|it is made anew
		"other": x|1|uncovered|no service says
	E
	# What is uncovered is also seen in a snapshot of all the rest.
	run -1 --separate-stderr aikit-backup backup "stack:$dir/kit"
	[[ $stderr == *"uncovered"* ]]
	run -0 --separate-stderr aikit-backup cat latest /kit/compose.yaml
	kit '"aikit.backup": "freeze 3s"'
	run -78 --separate-stderr aikit-backup backup --plan "stack:$dir/kit"
	complains
}

@test "postgres: each database and its roles; a dump that is cut off is a failed source" {
	cat >"$dir/kit/compose.yaml" <<-E
		name: $project
		services:
		  db:
		    image: pgvector/pgvector:0.8.0-pg17
		    pull_policy: never
		    environment: {POSTGRES_PASSWORD: canary-of-postgres}
		    volumes: ["data:/var/lib/postgresql/data"]
		    labels: {"aikit.backup": postgres}
		volumes: {data: {}}
	E
	docker compose --project-directory "$dir/kit" up -d 2>"$dir/said"
	db=$project-db-1
	# Over TCP: the server that sets up the volume listens on its socket only.
	wait_for 90 docker exec "$db" sh -c \
	    'PGPASSWORD=$POSTGRES_PASSWORD psql -h 127.0.0.1 -U postgres -c "SELECT 1" template1'
	docker exec -i "$db" psql -q -U postgres <<-'E'
		CREATE ROLE "o'hara" LOGIN;
		CREATE DATABASE "with space%" OWNER "o'hara";
		CREATE DATABASE plain;
		\c plain
		CREATE TABLE t AS SELECT generate_series(1, 1000) AS n;
	E
	run -0 --separate-stderr aikit-backup backup "postgres:$db"
	run -0 --separate-stderr aikit-backup ls latest "/databases/$db"
	for file in globals plain.sql postgres.sql 'with space%25.sql'; do
		[ -n "$(jq -r --arg p "databases/$db/$file" 'select(.path == $p).path' \
		    <<<"$output")" ] || deny "no $file: $output"
	done
	run -0 --separate-stderr aikit-backup cat latest "/databases/$db/plain.sql"
	[[ $output == *"database dump complete"* ]]
	run -0 --separate-stderr aikit-backup verify --level drill
	[ "$(jq -r 'select(.type == "drill").databases' <<<"$output")" = 3 ]
	[ -z "$(docker ps -aq --filter label=aikit.drill)" ]

	# pg_dump that ends well and too early.
	docker exec -i "$db" sh -c 'cat >/usr/local/bin/pg_dump; chmod 755 /usr/local/bin/pg_dump' <<-'E'
		#!/bin/sh
		echo "-- half"
	E
	run --separate-stderr aikit-backup backup "postgres:$db"
	[ "$status" -eq 65 ]
	[[ $stderr == *"ends too early"* ]]
	[[ $stderr != *canary-of-postgres* ]]
}

@test "a kit is restored: what is damaged or was not stored is told, all else is back, what it replaces stays" {
	cat >"$dir/kit/compose.yaml" <<-E
		name: $project
		services:
		  one:
		    image: debian:trixie-slim
		    pull_policy: never
		    command: [sh, -c, "head -c 3000000 /dev/urandom >/data/big; echo older >/other/file; touch /data/ready; exec sleep 1000"]
		    init: true
		    volumes: ["data:/data", "other:/other", "third:/third"]
		    labels: {"aikit.backup.data": live, "aikit.backup.other": live}
		volumes: {data: {}, other: {}, third: {}}
	E
	rm -rf "$AIKIT_BACKUP_REPO"
	aikit-backup init --no-parity >/dev/null
	docker compose --project-directory "$dir/kit" up -d 2>"$dir/said"
	wait_for 20 docker exec "$project-one-1" test -e /data/ready
	run -1 --separate-stderr aikit-backup backup "stack:$dir/kit"
	[[ $stderr == *"uncovered"* ]]

	docker exec "$project-one-1" sh -c 'echo newer >/other/file; echo mine >/third/file'
	mkdir "$dir/kit/.restoring-killed" # and what was in it
	run -1 --separate-stderr aikit-backup restore --stack --yes
	[[ $stderr == *"third: it is not in the snapshot"* ]]
	[[ $stderr == *"what was replaced is kept"* ]]
	[ "$(docker volume ls -q --filter "name=${project}_other.replaced" | wc -l)" = 1 ]
	[ ! -e "$dir/kit/.restoring-killed" ]
	is running
	# The new container makes its own files again, after ours.
	wait_for 20 docker exec "$project-one-1" grep -q older /other/file
	docker exec "$project-one-1" grep -q mine /third/file

	pack=$(find "$AIKIT_BACKUP_REPO/packs" -type f -printf '%s %p\n' |
	    sort -n | tail -n 1 | cut -d' ' -f2)
	chmod u+w "$pack"
	printf x | dd of="$pack" bs=1 seek=1500000 conv=notrunc status=none
	rm -rf "$AIKIT_BACKUP_REPO/parity"
	run -65 --separate-stderr aikit-backup restore --stack --yes
	[[ $stderr == *"volume:${project}_data: 1 files could not be restored"* ]] || deny "$stderr"
	is running
	docker exec "$project-one-1" test -e /data/ready
	docker exec "$project-one-1" grep -q older /other/file
}
