#!/bin/sh
# docker-entrypoint.sh: run bao as its own user, with the image's folders.

set -eu

case ${1:-} in
bao)
	shift # said in full: run as it stands
	;;
server | -*)
	[ "$1" != server ] || shift
	if [ -n "${BAO_LOCAL_CONFIG:-}" ]; then
		printf '%s\n' "$BAO_LOCAL_CONFIG" >/openbao/config/local.json
	fi
	# bao itself reads BAO_DEV_ROOT_TOKEN_ID: no token in argv.
	export BAO_DEV_LISTEN_ADDRESS="${BAO_DEV_LISTEN_ADDRESS:-0.0.0.0:8200}"
	set -- server -config=/openbao/config "$@"
	;;
*)
	# A program, or else a subcommand of bao.
	if [ $# -gt 0 ] && command -v "$1" >/dev/null 2>&1; then exec "$@"; fi
	;;
esac

if [ "$(id -u)" = 0 ]; then
	export HOME=/openbao
	find /openbao \! -user openbao -exec chown openbao:openbao {} + ||
		echo 'openbao entrypoint: some files stay as they are' >&2
	exec setpriv --reuid=openbao --regid=openbao --clear-groups bao "$@"
fi
exec bao "$@"
