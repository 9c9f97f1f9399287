#!/usr/bin/env bats
# What make gives to others: an installation, a source package, the same bytes.

load house

setup() {
	cd "$ROOT"
	# Not the jobs of the make that runs the tests.
	unset MAKEFLAGS MFLAGS MAKELEVEL B
	to=$BATS_TEST_TMPDIR/to
}

@test "install puts each file in its place, below DESTDIR and PREFIX" {
	make install DESTDIR="$to" PREFIX=/usr >/dev/null
	cd "$to/usr"
	[ -x bin/aikit-stack ]
	[ -f share/man/man1/aikit-stack.1 ]
	[ -f share/man/man5/aikit.conf.5 ]
	[ -f share/man/man5/aikit-records.5 ]
	[ -f share/man/man7/aikit.7 ]
	[ -f share/bash-completion/completions/aikit-stack ]
	[ -f share/aikit/aikit.conf ]
	[ -f share/aikit/deploy/compose.yaml ]
	[ -x share/aikit/deploy/setup ]
	run -0 bin/aikit-stack --version
}

@test "install takes nothing of a kit in use with it" {
	make install DESTDIR="$to" >/dev/null
	cd "$to/usr/local/share/aikit/deploy"
	for private in .env local.ini secrets certificates; do
		[ ! -e "$private" ] || deny "installed: $private"
	done
}

# A package made by dist has no history to make one from.
need_git() {
	[ -e .git ] || skip "no git history here"
}

@test "dist gives the same bytes twice, and has a VERSION" {
	need_git
	mkdir "$to"
	for i in 1 2; do
		make dist B="$to/$i" DIST="$to/$i.tar.gz" >/dev/null
	done
	cmp "$to/1.tar.gz" "$to/2.tar.gz"
	run -0 tar -tzf "$to/1.tar.gz"
	[[ $output == *"/VERSION"* && $output == *"/Makefile"* ]]
}

@test "two builds in two places are the same, bit for bit, also without git" {
	need_git
	make dist B="$to/b" DIST="$to/a.tar.gz" >/dev/null
	for place in one another/place; do
		mkdir -p "$to/$place"
		tar -xzf "$to/a.tar.gz" -C "$to/$place" --strip-components=1
		make -C "$to/$place" >/dev/null
	done
	cmp "$to/one/build/aikit-stack" "$to/another/place/build/aikit-stack"
	run -0 "$to/one/build/aikit-stack" --version
	[ "$output" = "aikit-stack $(cat "$to/one/VERSION")" ]
}
