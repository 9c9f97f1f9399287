#!/bin/sh
# check -c NAME=VALUE... - does PostgreSQL accept these parameters?
#
# Asks the server itself, in an empty folder: a new volume has none of its files.
set -eu

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
: >"$folder/postgresql.conf"
postgres -C config_file -D "$folder" "$@" >/dev/null
