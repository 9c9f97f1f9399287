#!/bin/sh
# Makes the roles and databases of the services, or brings their passwords up to
# date. Safe to run again, on a new volume and on an old one.
#
# The passwords reach psql through its standard input, never through argv or the
# environment. Each is what secrets/NAME holds.
set -eu

PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD PGHOST=postgres PGUSER=postgres

# A statement that fails would stand in the server's log, with its password.
export PGOPTIONS='-c client_min_messages=warning -c log_statement=none
	-c log_min_error_statement=panic'

# sql DATABASE: runs standard input there, stops at the first error.
sql() {
	psql -X -q -v ON_ERROR_STOP=1 -d "$1" >/dev/null
}

# role NAME SECRET: a role that can sign in with that password.
role() {
	password=$(sed "s/'/''/g" "/run/secrets/$2")
	[ -n "$password" ] || { echo "init: secrets/$2 is empty" >&2; exit 78; }
	sql postgres <<-SQL
		SELECT 'CREATE ROLE "$1" LOGIN'
		 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$1') \gexec
		ALTER ROLE "$1" PASSWORD '$password';
	SQL
	echo "role $1: ready"
}

# database NAME: a database that its role alone may use.
database() {
	sql postgres <<-SQL
		SELECT 'CREATE DATABASE "$1" OWNER "$1"'
		 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$1') \gexec
		ALTER DATABASE "$1" OWNER TO "$1";
		REVOKE ALL ON DATABASE "$1" FROM PUBLIC;
	SQL
	echo "database $1: ready"
}

for name in n8n keycloak grafana vectors; do
	role "$name" "${name}_db_password"
	database "$name"
done

sql vectors <<'SQL'
CREATE EXTENSION IF NOT EXISTS vector;
SQL
echo "extension vector: ready"

# Sees all statistics and no data.
role exporter postgres_exporter_password
sql postgres <<'SQL'
GRANT pg_monitor TO exporter;
SQL
