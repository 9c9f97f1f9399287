# common - what the tests of the edge and of the alerts share.

# is EXPECTED COMMAND..: the command says exactly that.
is() {
	local expected=$1 got

	shift
	got=$("$@")
	[ "$got" = "$expected" ] || deny "$*" "expected: $expected" "got: $got"
}
