#!/bin/sh
# docker-entrypoint.sh: run redis-server in /data as its own user.

set -eu

case ${1:-} in
-* | *.conf) set -- redis-server "$@" ;;
esac

if [ "${1:-}" = redis-server ]; then
	umask 0077
	case ${2:-} in
	*.conf | --version | --help | -v | -h) ;;
	*)
		shift
		set -- redis-server --protected-mode no "$@"
		;;
	esac
	if [ "$(id -u)" = 0 ]; then
		find /data \! -user redis -exec chown redis:redis {} +
		exec setpriv --reuid=redis --regid=redis --clear-groups "$@"
	fi
fi
exec "$@"
