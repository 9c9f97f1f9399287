#!/bin/bash
# docker-entrypoint.sh: make the data directory once, then run PostgreSQL.
#
# The variables and the init directory are those of the postgres image (see
# the Dockerfile); the code is our own.  A first start that fails in the
# middle removes what initdb made, so that the next start begins anew
# instead of serving a database that was never finished.

set -euo pipefail

fail() {
	printf 'postgres entrypoint: %s\n' "$*" >&2
	exit 78
}

# NAME from the environment, or from the file that NAME_FILE names.
setting() {
	local name=$1 file=$1_FILE
	[ -z "${!name:-}" ] || [ -z "${!file:-}" ] ||
		fail "$name and $file are both set"
	if [ -n "${!file:-}" ]; then
		[ -r "${!file}" ] ||
			fail "$file: uid $(id -u) cannot read ${!file}"
		printf -v "$name" %s "$(<"${!file}")"
	else
		printf -v "$name" %s "${!name:-${2:-}}"
	fi
	unset "$file"
}

settings() {
	setting POSTGRES_PASSWORD
	setting POSTGRES_USER postgres
	setting POSTGRES_DB "$POSTGRES_USER"
	setting POSTGRES_INITDB_ARGS
	setting POSTGRES_HOST_AUTH_METHOD scram-sha-256
	export POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB
	export PGUSER=$POSTGRES_USER PGDATABASE=$POSTGRES_DB
	[ -n "$POSTGRES_PASSWORD" ] ||
		[ "$POSTGRES_HOST_AUTH_METHOD" = trust ] ||
		fail 'no password: set POSTGRES_PASSWORD_FILE'
}

prepare_as_root() {
	install -d -m 700 "$PGDATA"
	find "$PGDATA" \! -user postgres -exec chown postgres {} +
	find /var/run/postgresql \! -user postgres -exec chown postgres {} +
}

make_cluster() {
	local args=()
	read -ra args <<<"$POSTGRES_INITDB_ARGS"
	# The password goes through a pipe: never in argv, never on disk.
	initdb --username="$POSTGRES_USER" --auth-local=trust \
		--auth-host="$POSTGRES_HOST_AUTH_METHOD" \
		--pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
		${args[@]+"${args[@]}"}
	printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" \
		>>"$PGDATA/pg_hba.conf"
}

psql_run() {
	psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password "$@"
}

# The name by which the vendor's image offers the same to sourced scripts.
docker_process_sql() {
	psql_run "$@"
}

make_database() {
	[ "$POSTGRES_DB" != postgres ] || return 0
	psql_run --dbname postgres -v db="$POSTGRES_DB" \
		<<<'CREATE DATABASE :"db";'
}

run_scripts() {
	local file
	for file in /docker-entrypoint-initdb.d/*; do
		[ -e "$file" ] || continue
		printf 'postgres entrypoint: %s\n' "$file"
		case $file in
		*.sh)
			# shellcheck disable=SC1090 # the user's own files
			if [ -x "$file" ]; then "$file"; else . "$file"; fi
			;;
		*.sql) psql_run -f "$file" ;;
		*.sql.gz) gunzip -c "$file" | psql_run ;;
		*) printf 'postgres entrypoint: %s: ignored\n' "$file" ;;
		esac
	done
}

first_start() {
	[ -z "$(find "$PGDATA" -mindepth 1 ! -name lost+found -print -quit)" ] ||
		fail "$PGDATA: neither empty nor a database (no PG_VERSION)"
	trap 'pg_ctl -D "$PGDATA" -m immediate stop || true
		find "$PGDATA" -mindepth 1 -delete' EXIT
	make_cluster
	# Only the socket, until everything is in place: nobody sees it half done.
	pg_ctl -D "$PGDATA" -w start \
		-o "$(printf '%q ' "$@" -c listen_addresses= -p 5432)"
	make_database
	run_scripts
	pg_ctl -D "$PGDATA" -m fast -w stop
	trap - EXIT
}

wants_help() {
	local arg
	for arg; do
		case $arg in
		-'?' | --help | --describe-config | -V | --version | -C)
			return 0
			;;
		esac
	done
	return 1
}

main() {
	case ${1:-} in -*) set -- postgres "$@" ;; esac
	if [ "${1:-}" = postgres ] && ! wants_help "$@"; then
		if [ "$(id -u)" = 0 ]; then
			prepare_as_root
			exec setpriv --reuid=postgres --regid=postgres \
				--init-groups "$0" "$@"
		fi
		if [ ! -s "$PGDATA/PG_VERSION" ]; then
			settings
			first_start "${@:2}"
		fi
		unset PGPASSWORD POSTGRES_PASSWORD
	fi
	exec "$@"
}

main "$@"
