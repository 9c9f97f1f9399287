#!/bin/bash
# backup_sqlite.sh - copies of a live SQLite database, while it is written to.
#
#	backup_sqlite.sh [COPIES]	200 unless said otherwise
#
# One writer, as fast as it can, in WAL and in DELETE mode. Each copy goes
# through a repository and is restored and checked. No copy may be bad, and the
# writer, who waits 5 s as most do, may get no busy error.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=${B:-$PWD/build}:$PATH
work=$(mktemp -d "${WORK:-/var/tmp}/aikit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck source=/dev/null
. "$PWD/tests/backup/sqlite_hammer.bash"

export AIKIT_BACKUP_REPO=$work/repo AIKIT_BACKUP_KEY_FILE=$work/key
(umask 077 && head -c 32 /dev/urandom >"$work/key")
aikit-backup init >/dev/null
for mode in WAL DELETE; do
	hammer "$work" "$mode" "${1:-200}" 5000
done
