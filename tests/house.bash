# house - what every bats file loads: claims, waiting, ports, Docker.
#
#	load house		# load ../house below live/
#	run -64 --separate-stderr aikit-stack stauts
#	complains
#
# A test works in $BATS_TEST_TMPDIR, which bats makes and removes. Nothing
# sleeps for a fixed time: wait_for asks until it holds, for so long at most.

bats_require_minimum_version 1.5.0

ROOT=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
PATH=${B:-$ROOT/build}:$PATH
export ROOT PATH
# What the person at this machine has set is not what the tests are about.
unset "${!AIKIT_@}" NO_COLOR COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES
export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/.config
export LC_ALL=C.UTF-8

# Says why a claim does not hold, and fails.
deny() {
	printf '%s\n' "$@" >&2
	return 1
}

# Names that keep their capital where a sentence begins.
names='(Docker|Compose|Debian|Git|PostgreSQL|Redis|Prometheus|Grafana|HAProxy|Keycloak|Ollama|Linux)'

# stderr is one line of the house: "aikit-TOOL: what: why (what helps)".
complains() {
	local text=${stderr-}
	[ -n "$text" ] || deny "stderr is empty" || return
	[[ $text != *$'\n'* ]] || deny "more than one line:" "$text" || return
	[[ $text =~ ^aikit-[a-z]+:\ . ]] || deny "no tool in front: $text" || return
	[[ $text == *...* || ! $text =~ \.\)?$ ]] || deny "a full stop: $text" || return
	[[ ! ${text//: $names /: } =~ :\ [A-Z][a-z]+\ [a-z] ]] ||
		deny "a capital: $text" || return
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || deny "not in time: $*" || return
		sleep 0.05
	done
}

# A sanitized build looks for leaks by ptrace(2) itself, and cannot below strace.
strace() {
	ASAN_OPTIONS=detect_leaks=0 command strace "$@"
}

# A TCP port of 127.0.0.1 on which nobody listens.
free_port() {
	"$ROOT/tests/ports.py"
}

# A secret that cannot occur by chance, to be looked for afterwards.
canary() {
	printf 'canary-%s' "$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')"
}

# no_canary SECRET FILE...: it stands in none of them, also not encoded.
no_canary() {
	local secret=$1 form
	shift
	for form in "$secret" "$(printf %s "$secret" | base64 -w0)" \
	    "$(printf %s "$secret" | od -An -tx1 | tr -d ' \n')"; do
		! grep -rqaF -- "$form" "$@" 2>/dev/null ||
			deny "the secret is in: $(grep -rlaF -- "$form" "$@")" || return
	done
}

# The socket that docker uses by default.
docker_socket() {
	local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
	printf '%s\n' "${host#unix://}"
}

# Live tests fail where there is no engine; tests/check leaves them out.
need_docker() {
	docker version >/dev/null 2>&1 || deny "no Docker engine answers" || return
}

# A name for a Compose project that is this test's alone.
own_project() {
	printf 'aikittest-%s-%s\n' "$$" \
	    "$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')"
}

# own_kit DIRECTORY PROJECT: the kit of this tree as a project of its own, with
# ports of its own; $http is where its edge listens.
own_kit() {
	mkdir "$1"
	tar -C "$ROOT/deploy" -c --exclude=./{.env,local.ini,secrets,certificates} . |
		tar -C "$1" -x
	sed -i "s/^name: aikit$/name: $2/" "$1/compose.yaml"
	http=$(free_port)
	{
		echo "HTTP_PORT = $http"
		echo "PUBLIC_URL = http://localhost:$http"
		for name in HTTPS HAPROXY_STATS PROMETHEUS ALERTMANAGER; do
			echo "${name}_PORT = $(free_port)"
		done
	} >"$1/local.ini"
}

# remove_project NAME: containers, networks and volumes of an own project.
remove_project() {
	local kind label=label=com.docker.compose.project=$1
	[[ $1 == aikittest-* ]] || deny "not a project of a test: $1" || return
	docker ps -aq --filter "$label" | xargs -r docker rm -fv >/dev/null
	for kind in network volume; do
		docker "$kind" ls -q --filter "$label" |
			xargs -r docker "$kind" rm >/dev/null
	done
}
