#!/bin/sh
# secrets-env.sh: give secrets to a program that reads only its environment.
#
#     environment: { N8N_KEY_FILE: /run/secrets/n8n_key }
#     entrypoint: ["/bin/sh", "/aikit/secrets-env.sh", "tini", "--", "n8n"]
#
# For every variable NAME_FILE whose value begins with /run/secrets/, NAME is
# exported from that file, NAME_FILE is unset, and the rest of the line is
# exec'ed.  Other *_FILE variables (LOG_FILE, POSTGRES_PASSWORD_FILE with a
# path elsewhere) are left alone.  No secret is ever in an argument, in the
# compose file, or in `docker inspect`; it is in the environment of the
# program, as the program demands, and so readable by root and by its own
# user in /proc.
#
# An empty file is an optional secret that was not given: NAME stays unset.
# A trailing newline is not part of a secret.  Exit 78 when a file cannot be
# read or NAME is set already, 64 when there is nothing to run.
#
# Runs in dash and in busybox sh, whatever the image.

set -u

fail() {
	code=$1
	shift
	printf 'secrets-env: %s\n' "$*" >&2
	exit "$code"
}

[ $# -gt 0 ] || fail 64 'no program to run'

# Only well-formed names come out of sed, so they are safe in eval.
names=$(env | sed -n \
	's|^\([A-Za-z_][A-Za-z0-9_]*\)_FILE=/run/secrets/.*|\1|p')

for name in $names; do
	file=
	eval "file=\${${name}_FILE:-}"
	case $file in
	/run/secrets/*) ;;
	*) continue ;; # a line inside some other variable's value
	esac
	eval "[ -z \"\${$name+set}\" ]" ||
		fail 78 "$name: both $name and ${name}_FILE are set"
	value=$(cat "$file") || fail 78 "$name: cannot read $file"
	unset "${name}_FILE"
	[ -z "$value" ] || export "$name=$value"
done
unset names name file value

exec "$@"
