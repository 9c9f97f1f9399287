#!/bin/sh
# docker-entrypoint.sh: HAProxy in the foreground, with a master process.

set -eu

case ${1:-} in -*) set -- haproxy "$@" ;; esac
if [ "${1:-}" = haproxy ]; then
	shift
	set -- haproxy -W -db "$@"
fi
exec "$@"
