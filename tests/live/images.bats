#!/usr/bin/env bats
# deploy/images/get, and the program that hands secrets to others, in Docker.

load ../house

setup() {
	need_docker
	image=aikittest-$$-$BATS_TEST_NUMBER:1
	folder=$BATS_TEST_TMPDIR/folder
	mkdir "$folder"
	printf 'FROM debian:trixie-slim\nCOPY . /seen\n' >"$folder/Dockerfile"
}

teardown() {
	docker image rm -f "$image" >/dev/null 2>&1 || :
}

get() {
	"$ROOT/deploy/images/get" --no-pull "$@" 2>"$BATS_TEST_TMPDIR/get"
}

# gets WORD ARGUMENT..: what get says that it has done.
gets() {
	local word=$1 got

	shift
	got=$(get "$@") || deny "$(cat "$BATS_TEST_TMPDIR/get")"
	[ "$got" = "$word" ] || deny "get $*: $got, not $word"
}

seen() {
	docker run --rm --network none "$image" sh -c 'cd /seen && find . -type f' |
		sort | xargs
}

@test "an image is built once, and again when its folder has changed" {
	gets built "$image" "$folder"
	gets here "$image" "$folder"
	touch -d '2001-01-01' "$folder/Dockerfile"
	gets here "$image" "$folder"
	echo more >"$folder/more"
	gets rebuilt "$image" "$folder"
	[ "$(seen)" = './Dockerfile ./more' ]
	gets here "$image" "$folder"
	mv "$folder/more" "$folder/other"
	gets rebuilt "$image" "$folder"
}

@test "of a folder with .dockerignore only what that lets in counts" {
	mkdir -p "$folder/deploy/here" "$folder/lib" "$folder/secrets"
	mv "$folder/Dockerfile" "$folder/deploy/here"
	printf '%s\n' '# why' '*' '!lib' '!deploy/here' >"$folder/.dockerignore"
	echo a >"$folder/lib/a"
	echo canary >"$folder/secrets/key"
	gets built "$image" "$folder" deploy/here/Dockerfile
	[ "$(seen)" = './deploy/here/Dockerfile ./lib/a' ]
	echo other >"$folder/secrets/key"
	gets here "$image" "$folder" deploy/here/Dockerfile
	echo b >"$folder/lib/a"
	gets rebuilt "$image" "$folder" deploy/here/Dockerfile
}

@test "an image without our label is the vendor's, and stays" {
	docker build -q -t "$image" "$folder" >/dev/null
	echo more >"$folder/more"
	gets here "$image" "$folder"
	gets here "$image"
}

@test "a build that fails fails get, with what Docker said" {
	echo 'RUN exit 7' >>"$folder/Dockerfile"
	run get "$image" "$folder"
	[ "$status" -ne 0 ]
	[ -z "$output" ]
	grep -q 'exit 7' "$BATS_TEST_TMPDIR/get"
}

@test "what the image of the queue is built from is the source, and no secret" {
	cd "$ROOT"
	run -0 sed -n 's/^!//p' .dockerignore
	for path in "${lines[@]}"; do
		[ -e "$path" ] || deny "$path: not there"
		[[ deploy/secrets/x != "$path"/* ]]
	done
	[ "$(sed -n '/^[^#]/{p;q}' .dockerignore)" = '*' ]
}

# entry IMAGE SHELL.. -- ARGUMENT..: secrets-env.sh, run by that shell.
entry() {
	local image=$1 shell=()

	shift
	while [ "$1" != -- ]; do
		shell+=("$1")
		shift
	done
	shift
	run --separate-stderr docker run --rm --network none --user 0 \
		-v "$BATS_TEST_TMPDIR/secrets:/run/secrets:ro" \
		-v "$ROOT/deploy/config/entrypoint:/aikit:ro" "${given[@]}" \
		--entrypoint env "$image" "${shell[@]}" /aikit/secrets-env.sh "$@"
}

@test "secrets become variables of one program, in each shell of an image" {
	mkdir "$BATS_TEST_TMPDIR/secrets"
	printf 'pa$$ "w\nord\n' >"$BATS_TEST_TMPDIR/secrets/a"
	: >"$BATS_TEST_TMPDIR/secrets/empty"
	# shellcheck disable=SC2016 # for the shell in there
	show='printf "[%s] %s %s %s %s %s" "$A" "${E-unset}" "${A_FILE-unset}" "$LOG_FILE" "${Z-unset}" "$*"'
	while read -r -a shell; do
		given=(-e A_FILE=/run/secrets/a -e E_FILE=/run/secrets/empty
			-e LOG_FILE=/var/log/x -e $'MULTI=line\nZ_FILE=/run/secrets/a')
		entry "${shell[@]}" -- sh -c "$show" x 'a b' c
		[ "$status" = 0 ]
		[ "$output" = $'[pa$$ "w\nord] unset unset /var/log/x unset a b c' ] ||
			deny "${shell[*]}: $output"
		given=(-e A_FILE=/run/secrets/none)
		entry "${shell[@]}" -- true
		[ "$status" = 78 ]
		[[ $stderr == *'secrets-env: A: cannot read /run/secrets/none' ]]
		given=(-e A=1 -e A_FILE=/run/secrets/a)
		entry "${shell[@]}" -- true
		[ "$status" = 78 ]
		[[ $stderr == *'secrets-env: A: both A and A_FILE are set' ]]
		given=()
		entry "${shell[@]}" --
		[ "$status" = 64 ]
		entry "${shell[@]}" -- sh -c 'exit 5'
		[ "$status" = 5 ]
	done <<-'E'
		debian:trixie-slim sh
		debian:trixie-slim bash
		prom/node-exporter:v1.9.0 busybox sh
	E
}
