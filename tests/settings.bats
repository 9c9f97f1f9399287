#!/usr/bin/env bats
# aikit-stack config and init: what may be set, what holds, what is made.

load house

setup() {
	kit=$BATS_TEST_TMPDIR/kit
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export AIKIT_STACK_KIT=$kit
	mkdir -p "$kit"
	cat >"$kit/compose.yaml" <<-'E'
		name: small
		services:
		  web:
		    image: example/web:1.0
		    environment: {WORKERS: "${WORKERS:?}", TITLE: "${TITLE?}"}
		    secrets: [web_key, mail_password]
		secrets:
		  web_key: {file: secrets/web_key}
		  mail_password: {file: secrets/mail_password}
	E
	cat >"$kit/settings.ini" <<-'E'
		[WORKERS]
		group = web
		type = int
		unit = processes
		default = 2
		min = 1
		max = 64
		services = web
		help = how many work at once
		[TITLE]
		type = string
		required = false
		default =
		services = web
		[WEB_KEY]
		type = secret
		bytes = 32
		encoding = hex
		services = web
		[MAIL_PASSWORD]
		type = secret
		required = false
		services = web
	E
	# The uid that owns what a test makes is the one that the kit asks for.
	sed -i "/^type = secret/a owner = $(id -u)" "$kit/settings.ini"
}

# Names, modes and contents below the kit, as one hash.
picture() {
	(cd "$kit" && find . -printf '%p %m %U\n' -type f -exec md5sum {} + |
		sort | md5sum)
}

# Nothing but whole files: no drafts, and each secret as long as it should be.
whole() {
	local file
	[ -z "$(find "$kit" -name '*.draft*')" ] || deny "a draft is left"
	if [ -e "$kit/secrets/web_key" ]; then
		[ "$(stat -c %s "$kit/secrets/web_key")" = 64 ] ||
			deny "half a secret"
		[ "$(stat -c %a "$kit/secrets/web_key")" = 600 ] ||
			deny "a secret that others can read"
	fi
	for file in local.ini .env; do
		[ ! -e "$kit/$file" ] || [ "$(tail -c1 "$kit/$file")" = "" ] ||
			deny "half of $file"
	done
}

@test "config list: a record each, with what it is, its value and its source" {
	echo 'WORKERS = 8' >"$kit/local.ini"
	run -0 --separate-stderr aikit-stack config list
	[ "$(jq -r .name <<<"$output" | paste -sd' ')" = \
	    "WORKERS TITLE WEB_KEY MAIL_PASSWORD" ]
	[ "$(jq -c 'select(.name == "WORKERS")' <<<"$output")" = \
	    '{"type":"setting","name":"WORKERS","group":"web","kind":"int","value":"8","default":"2","source":"local.ini","line":1,"unit":"processes","help":"how many work at once","services":["web"]}' ]
	[ "$(jq -c 'select(.name == "WEB_KEY") | [.set, .file, .value]' \
	    <<<"$output")" = '[false,"secrets/web_key",null]' ]
}

@test "config get: one record; as a table its value" {
	run -0 --separate-stderr aikit-stack config get WORKERS
	[ "$(jq -r .source <<<"$output")" = default ]
	run -0 --separate-stderr aikit-stack --table config get WORKERS
	[[ ${lines[0]} =~ ^NAME\ +VALUE ]]
	[[ ${lines[1]} =~ ^WORKERS\ +2\  ]]
}

@test "config get of a secret tells that it is set, and where, not what it is" {
	aikit-stack init >/dev/null
	run -0 --separate-stderr aikit-stack config get WEB_KEY
	[ "$(jq -c '[.set, .file, .value]' <<<"$output")" = \
	    '[true,"secrets/web_key",null]' ]
	run -0 --separate-stderr aikit-stack config get MAIL_PASSWORD
	[ "$(jq .set <<<"$output")" = false ]
}

@test "a variable of the environment wins, as it does for Compose" {
	echo 'WORKERS = 8' >"$kit/local.ini"
	WORKERS=16 run -0 --separate-stderr aikit-stack config get WORKERS
	[ "$(jq -c '[.value, .source, .line]' <<<"$output")" = \
	    '["16","environment",null]' ]
	WORKERS=16 aikit-stack init >/dev/null
	grep -qx "WORKERS='8'" "$kit/.env"
	WORKERS=100 run -78 --separate-stderr aikit-stack config get WORKERS
	complains
	[[ $stderr == *"environment: WORKERS: 100: not a whole number from 1 to 64 (unset WORKERS)" ]]
}

@test "usage: a name or a verb that is none, with what was meant" {
	while IFS='|' read -r words text; do
		# shellcheck disable=SC2086
		run -64 --separate-stderr aikit-stack config $words
		complains
		[[ $stderr == *"$text"* ]] || deny "$words: $stderr"
	done <<-'E'
		get WORKRES|WORKRES: no such setting (did you mean WORKERS?)
		get nothing-of-it|nothing-of-it: no such setting (aikit-stack config list)
		get|get: name a setting
		list WORKERS|list takes no name: WORKERS
		gte WORKERS|gte: neither list nor get (did you mean get?)
	E
}

@test "local.ini: what is wrong is told by file and line, exit 78" {
	while IFS='|' read -r line text; do
		printf '# mine\n%s\n' "$line" >"$kit/local.ini"
		run -78 --separate-stderr aikit-stack config list
		complains
		[ "$stderr" = "aikit-stack: config: local.ini:2: $text" ] ||
			deny "$line: $stderr"
		[ -z "$output" ]
	done <<-'E'
		WORKERS = 0|WORKERS: 0: not a whole number from 1 to 64
		WORKERS = many|WORKERS: many: not a whole number from 1 to 64
		WORKERS =|WORKERS: empty, but it must be set
		WROKERS = 4|WROKERS: no such setting (did you mean WORKERS?)
		WORKERS 4|neither [section] nor key = value
		[web]x|text behind a section's ]
		WEB_KEY = hunter2|WEB_KEY: a secret: it belongs in the file secrets/web_key
	E
}

@test "settings.ini: a default that breaks its own bounds is the kit's error" {
	sed -i 's/^default = 2/default = 65/' "$kit/settings.ini"
	run -78 --separate-stderr aikit-stack config list
	complains
	[[ $stderr == *"settings.ini:5: WORKERS: default: 65: not a whole number from 1 to 64" ]]
}

@test "settings.ini: an unknown key is told, with what was meant" {
	sed -i 's/^unit/untit/' "$kit/settings.ini"
	run -78 --separate-stderr aikit-stack config list
	complains
	[[ $stderr == *"settings.ini:4: untit: no such key (did you mean unit?)" ]]
}

@test "a kit without settings.ini: config has nothing, init nothing to make" {
	rm "$kit/settings.ini"
	run -66 --separate-stderr aikit-stack config list
	complains
	run -0 --separate-stderr aikit-stack init
	complains
	[[ $stderr == *"no settings.ini: nothing to make" ]]
	[ "$(ls -A "$kit")" = compose.yaml ]
}

@test "init makes each secret for one user, local.ini and .env" {
	run -0 --separate-stderr aikit-stack init
	[ "$(jq -r '[.file, .kind] | join(" ")' <<<"$output")" = "$(printf '%s\n' \
	    'secrets/web_key secret' 'secrets/mail_password secret' \
	    'local.ini settings' '.env environment')" ]
	[ "$(stat -c %a "$kit/secrets")" = 700 ]
	[ "$(stat -c '%a %s' "$kit/secrets/web_key")" = "600 64" ]
	[ "$(stat -c '%a %s' "$kit/secrets/mail_password")" = "600 0" ]
	grep -qEx '[0-9a-f]{64}' "$kit/secrets/web_key"
	grep -qx "WORKERS='2'" "$kit/.env"
	run ! grep -qv '^#' "$kit/local.ini"
}

@test "init again makes nothing, and never overwrites" {
	aikit-stack init >/dev/null
	echo 'WORKERS = 3' >>"$kit/local.ini"
	printf mine >"$kit/secrets/mail_password"
	run -0 --separate-stderr aikit-stack init
	[ "$(jq -r .file <<<"$output")" = .env ]
	[ "$(cat "$kit/secrets/mail_password")" = mine ]
	before=$(picture)
	run -0 --separate-stderr aikit-stack init
	[ -z "$output" ]
	[ "$(picture)" = "$before" ]
}

@test "init --plan tells what would be made, makes nothing, exits 1" {
	before=$(picture)
	run -1 --separate-stderr aikit-stack init --plan
	[ "$(jq -r .file <<<"$output" | wc -l)" = 4 ]
	[ "$(picture)" = "$before" ]
	aikit-stack init >/dev/null
	run -0 --separate-stderr aikit-stack init --plan
	[ -z "$output" ]
}

@test "init: two secrets are never the same" {
	sed -i '/^required = false/d' "$kit/settings.ini"
	sed -i 's/^default =$/default = x/' "$kit/settings.ini"
	aikit-stack init >/dev/null
	run ! cmp -s "$kit/secrets/web_key" "$kit/secrets/mail_password"
}

@test "init by eight at once: each file is made once and whole" {
	for _ in 1 2 3 4 5 6 7 8; do
		aikit-stack init >>"$BATS_TEST_TMPDIR/made" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	[ "$(jq -r 'select(.kind == "secret").file' "$BATS_TEST_TMPDIR/made" |
		sort | uniq -d)" = "" ]
	whole
	[ -s "$kit/.env" ]
}

@test "a .env that somebody else made stays, and is told" {
	echo 'WORKERS=5' >"$kit/.env"
	run -78 --separate-stderr aikit-stack init
	complains
	[[ $stderr == *".env: not made by aikit-stack (move its values to local.ini and remove it)" ]]
	[ "$(cat "$kit/.env")" = WORKERS=5 ]
}

# injected CALL WHAT: runs init with the Nth CALL failing so, for each N there
# is; after each, "after NAME STATUS" says whether that was well.
injected() {
	local n=1 code
	# What an instrumented program writes at its end is not the tool's.
	local -x ASAN_OPTIONS=detect_leaks=0 GCOV_PREFIX=/proc/none
	while :; do
		rm -rf "$kit/secrets" "$kit/local.ini" "$kit/.env"
		code=0
		strace -f -o "$BATS_TEST_TMPDIR/trace" -e "trace=$1" \
		    -e "inject=$1:$2:when=$n" \
		    aikit-stack init >/dev/null 2>"$BATS_TEST_TMPDIR/err" || code=$?
		grep -v profiling: "$BATS_TEST_TMPDIR/trace" |
			grep -q -e INJECTED -e 'killed by' || break
		after "$1 $n" "$code"
		n=$((n + 1))
	done
	[ "$n" -gt 1 ] || deny "$1 is never called"
}

@test "a full disk during init leaves nothing half-written" {
	after() {
		whole
		[ "$2" = 73 ] || [ "$2" = 74 ] || deny "$1: exit $2"
		grep -qi 'no space left on device' "$BATS_TEST_TMPDIR/err" ||
			deny "$1: $(cat "$BATS_TEST_TMPDIR/err")"
	}
	for call in write fsync linkat renameat mkdirat; do
		injected "$call" error=ENOSPC
	done
}

@test "killed at any step, init can be done again and is whole" {
	after() {
		find "$kit" -name '.*.draft*' -delete
		whole
		run -0 --separate-stderr aikit-stack init
		whole
		[ -s "$kit/secrets/web_key" ] && [ -s "$kit/.env" ]
	}
	for call in write fsync linkat renameat unlinkat; do
		injected "$call" signal=KILL
	done
}

@test "a disk that is really full: exit 73 or 74, nothing half-written" {
	[ "$(id -u)" = 0 ] || skip "mounts a small file system: needs root"
	small=$BATS_TEST_TMPDIR/small
	mkdir "$small"
	mount -t tmpfs -o size=20k,nr_inodes=64 tmpfs "$small" ||
		skip "tmpfs cannot be mounted here"
	cp "$kit"/{compose.yaml,settings.ini} "$small"
	kit=$small
	dd if=/dev/zero of="$small/ballast" bs=1k count=64 2>/dev/null || :
	status=0
	aikit-stack -k "$small" init >/dev/null 2>"$BATS_TEST_TMPDIR/err" ||
		status=$?
	whole && good=1 || good=0
	umount "$small"
	[ "$good" = 1 ]
	[ "$status" = 73 ] || [ "$status" = 74 ]
	grep -q "No space left on device" "$BATS_TEST_TMPDIR/err"  || cat "$BATS_TEST_TMPDIR/err" >&2
}

@test "as root, a secret belongs to the uid that reads it; put right if not" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	sed -i 's/^owner = 0/owner = 999/' "$kit/settings.ini"
	aikit-stack init >/dev/null
	[ "$(stat -c %u "$kit/secrets/web_key")" = 999 ]
	chown 0 "$kit/secrets/web_key"
	run -1 --separate-stderr aikit-stack init --plan
	[ "$(jq -r .kind <<<"$output")" = owner ]
	run -0 --separate-stderr aikit-stack init
	[ "$(jq -r '[.file, .kind] | join(" ")' <<<"$output")" = \
	    "secrets/web_key owner" ]
	[ "$(stat -c %u "$kit/secrets/web_key")" = 999 ]
}

@test "not root: what another uid must read is told, with the command" {
	[ "$(id -u)" = 0 ] || skip "needs root to become somebody else"
	sed -i 's/^owner = 0/owner = 999/' "$kit/settings.ini"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" \
	    "${BATS_TEST_TMPDIR%/*}" "${BATS_TEST_TMPDIR%/*/*}" 2>/dev/null || :
	chown -R 65534 "$BATS_TEST_TMPDIR"
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${as_nobody[@]}" test -r "$kit/settings.ini" || skip "no way in"
	run -0 --separate-stderr "${as_nobody[@]}" aikit-stack init
	[[ $stderr == *"secrets/web_key: uid 999 must be able to read it (sudo chown 999 $kit/secrets/web_key)"* ]]
}

# NAME=value pairs that have to come through, each as one setting.
values() {
	python3 - "$kit" <<'EOF'
import json, random, sys
kit = sys.argv[1]
random.seed(7)
values = [chr(c) for c in range(32, 127)]
values += ["a%sb" % chr(c) for c in range(32, 127)]
values += ["&|\\$\"'#", " leading", "trailing ", "a\\", "\\'", "'\\",
    "${HOME}", "$$", "\\$x", "a # b", "a ; b", "\\n", "é 漢 \U0001f600", "it's",
    "''", "\\\\", "tab\there"]
values += ["".join(random.choice("\\\\'\"$ {}#a=n`;&|")
    for _ in range(random.randint(1, 9))) for _ in range(400)]
with open(kit + "/settings.ini", "w") as ini, \
        open(kit + "/local.ini", "w") as local, \
        open(kit + "/compose.yaml", "w") as compose:
    compose.write("name: small\nservices:\n  web:\n    image: x:1\n"
                  "    environment:\n")
    for i, value in enumerate(values):
        quoted = "".join("\\" + c if c in '\\";' else c for c in value)
        ini.write("[V%d]\ntype = string\ndefault = x\n" % i)
        local.write('V%d = "%s"\n' % (i, quoted))
        compose.write("      V%d: ${V%d}\n" % (i, i))
json.dump(values, open(kit + "/values.json", "w"))
EOF
}

@test "each printable byte comes through local.ini, .env and Compose as it was" {
	values
	aikit-stack init >/dev/null
	aikit-stack config list | jq -s 'map(.value)' >"$BATS_TEST_TMPDIR/ours"
	(cd "$kit" && docker compose config --format json) |
		jq '.services.web.environment | to_entries |
		    sort_by(.key[1:] | tonumber) |
		    map(.value | gsub("\\$\\$"; "$"))' >"$BATS_TEST_TMPDIR/theirs"
	jq . "$kit/values.json" >"$BATS_TEST_TMPDIR/wanted"
	cmp "$BATS_TEST_TMPDIR/wanted" <(jq . "$BATS_TEST_TMPDIR/ours")
	cmp "$BATS_TEST_TMPDIR/wanted" "$BATS_TEST_TMPDIR/theirs"
}

@test "no secret in any output, trace of programs run, or file but its own" {
	aikit-stack init >/dev/null
	secret=$(canary)
	printf %s "$secret" >"$kit/secrets/web_key"
	printf 'admin%s' "$secret" >"$kit/secrets/mail_password"
	for words in "config list" "config get WEB_KEY" init "init --plan" \
	    validate "validate --deep" doctor; do
		# shellcheck disable=SC2086
		ASAN_OPTIONS=detect_leaks=0 \
		    strace -f -qq -s 65536 -e trace=execve,write \
		    -o "$BATS_TEST_TMPDIR/trace.${words// /-}" \
		    aikit-stack -v $words >>"$BATS_TEST_TMPDIR/out" \
		    2>>"$BATS_TEST_TMPDIR/err" || :
	done
	no_canary "$secret" "$BATS_TEST_TMPDIR"/{out,err,trace.*} \
	    "$XDG_CACHE_HOME" "$XDG_STATE_HOME" "$kit"/{.env,local.ini}
}

@test "config get and list need neither Docker nor Compose" {
	export DOCKER_HOST=unix://$BATS_TEST_TMPDIR/none
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=execve,connect \
	    -o "$BATS_TEST_TMPDIR/trace" aikit-stack config get WORKERS >/dev/null
	[ "$(grep -c execve "$BATS_TEST_TMPDIR/trace")" = 1 ]
	run ! grep -q connect "$BATS_TEST_TMPDIR/trace"
}
