#!/usr/bin/env bats
# deploy - the scripts below deploy/, as far as they go without a daemon.

load house

setup() {
	mkdir "$BATS_TEST_TMPDIR/t"
}

# program NAME LINE..: a program of tests that says these lines.
program() {
	local name=$1

	shift
	printf 'echo "%s"\n' "$@" >"$BATS_TEST_TMPDIR/t/$name.t"
}

# sums TEXT: what setup says after prove has run the programs.
sums() {
	eval "$(sed -n '/^summary() {/,/^}/p' "$ROOT/deploy/setup")"
	(cd "$BATS_TEST_TMPDIR" && prove -e sh t/*.t >out 2>&1) || :
	run summary "$BATS_TEST_TMPDIR/out"
	[ "$output" = "$1" ] || deny "said: $output" "$(<"$BATS_TEST_TMPDIR/out")"
}

@test "setup check ends with how many tests passed, as prove has counted them" {
	program a 1..3 'ok 1' 'ok 2' 'ok 3'
	program b 1..2 'ok 1' 'ok 2'
	sums '5 passed, 0 failed'
	[ "$status" = 0 ]
	program c 1..3 'ok 1' 'not ok 2' 'ok 3'
	sums '7 passed, 1 failed'
	[ "$status" = 1 ]
}

@test "a program that ends early or says nothing is a failure too" {
	program a 1..2 'ok 1' 'ok 2'
	program broken 1..3 'ok 1'
	echo 'exit 3' >>"$BATS_TEST_TMPDIR/t/broken.t"
	sums '3 passed, 1 failed'
	[ "$status" = 1 ]
	echo 'exit 3' >"$BATS_TEST_TMPDIR/t/broken.t"
	sums '2 passed, 1 failed'
	[ "$status" = 1 ]
	echo 'make: nothing to be done' >"$BATS_TEST_TMPDIR/out"
	run summary "$BATS_TEST_TMPDIR/out"
	[ "$status" = 1 ]
	[ "$output" = '0 passed, 0 failed' ]
}

@test "setup says what it takes, and refuses all else" {
	run -0 "$ROOT/deploy/setup" --help
	[[ $output == *'deploy/setup up '*'deploy/setup check '* ]]
	for words in '' 'upp' 'up check'; do
		# shellcheck disable=SC2086 # several words
		run -64 --separate-stderr "$ROOT/deploy/setup" $words
		[ -z "$output" ]
		[[ $stderr == 'setup: '* ]]
	done
}
