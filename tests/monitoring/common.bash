# common - what the tests of the edge and of the alerts share.

# until_ok COMMAND..: succeeds within 20 s (or $patience), or the test fails.
until_ok() {
	local deadline=$((SECONDS + ${patience:-20}))

	until "$@" > /dev/null 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "never: $*" >&2
			return 1
		fi
		read -r -t 0.05 <> <(:) || :
	done
}

# is EXPECTED COMMAND..: the command says exactly that.
is() {
	local expected=$1 got

	shift
	got=$("$@")
	[ "$got" = "$expected" ] || {
		printf '%s\nexpected: %s\ngot: %s\n' "$*" "$expected" "$got" >&2
		return 1
	}
}
