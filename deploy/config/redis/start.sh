#!/bin/sh
# Writes the list of users from the secret files, then starts Redis.
#
# The list lies in memory (tmpfs) and holds hashes, so that no password is in
# argv, in the configuration or on the disk.
set -eu

users=/run/aikit/users.acl

# user NAME SECRET RULES...: one user, when this instance has the secret.
user() {
	name=$1 secret=/run/secrets/$2
	shift 2
	[ -e "$secret" ] || return 0
	hash=$(tr -d '\n' <"$secret" | sha256sum | cut -d ' ' -f 1)
	echo "user $name on #$hash $*"
}

umask 077
{
	user default redis_password '~*' '&*' +@all
	user open-webui redis_open_webui_password '~*' '&*' +@all -@dangerous +keys +info +flushdb
	user n8n redis_n8n_password '~*' '&*' +@all -@dangerous +keys +info
	user exporter redis_exporter_password resetkeys '~*' -@all +@connection +info +config\|get \
		+slowlog +latency +memory +client\|list +cluster\|info +dbsize +type +scan
} >"$users"
chown redis "$users"

exec docker-entrypoint.sh redis-server "$@" --aclfile "$users"
