#!/usr/bin/env bats
# A whole kit is lost and brought back: a project of this test's own on a real
# engine, with rows, keys, secrets and settings that must be the same again.

load ../house

setup() {
	need_docker
	project=$(own_project)
	kit=$BATS_TEST_TMPDIR/kit
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export AIKIT_STACK_KIT=$kit
	export AIKIT_BACKUP_REPO=$BATS_TEST_TMPDIR/repo
	export AIKIT_BACKUP_KEY_FILE=$BATS_TEST_TMPDIR/key
	(umask 077 && head -c 32 /dev/urandom >"$AIKIT_BACKUP_KEY_FILE")
	own_kit "$kit" "$project"
}

teardown() {
	[ -z "${project-}" ] || remove_project "$project"
}

sql() {
	docker exec -i "$project-postgres-1" psql -XAtq -U postgres "$@"
}

# redis WORDS..: with the password that is in the container.
redis() {
	docker exec -i "$project-redis-1" sh -c \
	    'REDISCLI_AUTH=$(cat /run/secrets/redis_password) redis-cli "$@"' sh "$@"
}

running() {
	docker ps --filter "label=com.docker.compose.project=$project" \
	    --format '{{.Label "com.docker.compose.service"}} {{.State}}' | sort
}

rows() {
	sql -d n8n -c "SELECT count(*), md5(string_agg(text, ',' ORDER BY id)) FROM proof"
}

@test "core is backed up, destroyed, restored, and is healthy with the same data" {
	run -0 --separate-stderr aikit-stack init
	run -0 --separate-stderr aikit-stack up core
	run -0 --separate-stderr aikit-backup init
	sql -d n8n -c "CREATE TABLE proof AS SELECT id, md5(id::text) AS text
	    FROM generate_series(1, 20000) id"
	sql -c "CREATE ROLE proof LOGIN PASSWORD 'canary-role'"
	redis set proof "$project" >/dev/null
	before=$(rows)
	ran=$(running)
	key=$(sha256sum <"$kit/secrets/n8n_encryption_key")

	run -0 --separate-stderr aikit-backup backup --plan stack:
	[ "$(jq -r 'select(.kind == "database" and .name == "n8n").state' \
	    <<<"$output")" = covered ]
	[ -z "$(jq -r 'select(.state == "uncovered").name' <<<"$output")" ]
	run -0 --separate-stderr aikit-backup backup stack:
	[ "$(running)" = "$ran" ]
	[ -z "$(docker ps -q --filter "label=com.docker.compose.project=$project" \
	    --filter health=unhealthy)" ]

	# It lives: nothing is replaced unasked, and what would be is told.
	run -64 --separate-stderr aikit-backup restore --stack </dev/null
	complains
	run -1 --separate-stderr aikit-backup restore --stack --plan
	[ "$(running)" = "$ran" ]

	remove_project "$project"
	rm -rf "$kit"
	run -0 --separate-stderr aikit-backup restore --stack
	[ "$(jq -r 'select(.type == "restored_stack").stack' <<<"$output")" = \
	    "$project" ]
	[ "$(rows)" = "$before" ]
	[ "$(redis get proof)" = "$project" ]
	[ "$(sql -c "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'proof'")" = t ]
	[ "$(sha256sum <"$kit/secrets/n8n_encryption_key")" = "$key" ]
	grep -q "^HTTP_PORT = $http$" "$kit/local.ini"
	[ "$(running)" = "$ran" ]
	run -0 --separate-stderr aikit-stack health

	# Once more over the living kit, agreed to; nothing is left beside it.
	sql -d n8n -c "DELETE FROM proof"
	run -0 --separate-stderr aikit-backup restore --stack --yes
	[ "$(rows)" = "$before" ]
	[[ $(docker volume ls -q --filter \
	    "label=com.docker.compose.project=$project") != *replaced* ]]
	[ -z "$(find "$kit" -maxdepth 1 -name '.re*ing-*' -o -maxdepth 1 -name '.replaced-*')" ]

	# Another key in place: the data would not be readable, so nothing is done.
	head -c 32 /dev/urandom | base64 >"$kit/secrets/n8n_encryption_key"
	run -77 --separate-stderr aikit-backup restore --stack --yes
	complains
	[[ $stderr == *n8n_encryption_key* ]]
	[ "$(rows)" = "$before" ]
}
