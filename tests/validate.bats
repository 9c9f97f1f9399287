#!/usr/bin/env bats
# aikit-stack validate and doctor, as far as they go without a daemon.

load house

setup() {
	kit=$BATS_TEST_TMPDIR/kit
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export AIKIT_STACK_KIT=$kit
	export DOCKER_HOST=unix://$BATS_TEST_TMPDIR/no.sock
	mkdir -p "$kit"
	port=$(free_port)
	good_kit
}

# A kit that breaks no rule.
good_kit() {
	cat >"$kit/compose.yaml" <<E
name: small
x-aikit:
  default: all
  presets: {all: [web]}
include: [web.yaml]
networks: {edge: {}}
secrets:
  web_key: {file: secrets/web_key}
  api_key: {file: secrets/api_key}
E
	cat >"$kit/web.yaml" <<E
services:
  web:
    image: example/web:1.2.3
    restart: unless-stopped
    environment: {WORKERS: "\${WORKERS:?}"}
    healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1/healthz"]}
    logging:
      driver: json-file
      options: {max-size: 10m, max-file: "3", tag: app.web}
    deploy: {resources: {limits: {cpus: "0.5", memory: 64m}}}
    secrets: [web_key, api_key]
    networks: [edge]
    ports: ["127.0.0.1:$port:80"]
    volumes: ["web_data:/data"]
    labels: {aikit.backup: live, aikit.title: Web, aikit.docs: "https://example.org/"}
volumes:
  web_data: {}
E
	cat >"$kit/settings.ini" <<E
[WORKERS]
type = int
default = 2
services = web
[WEB_KEY]
type = secret
owner = $(id -u)
services = web
[API_KEY]
type = secret
owner = $(id -u)
services = web
E
}

# "severity id subject" of each finding that is not ok, sorted.
bad() {
	jq -r 'select(.severity != "ok" and .id != "docker-unreachable" and
	    .id != "backup-unknown") |
	    [.severity, .id, .subject] | join(" ")' <<<"$output" | sort
}

# evidence ID: of the one finding with this id.
evidence() {
	jq -r --arg id "$1" 'select(.id == $id).evidence' <<<"$output"
}

@test "a kit that is in order: only ok, and what was not checked is said" {
	aikit-stack init >/dev/null
	run -0 --separate-stderr aikit-stack validate
	[ -z "$(bad)" ]
	[ "$(jq -r 'select(.severity == "ok").id' <<<"$output" | paste -sd' ')" = \
	    "settings secrets compose-file port-taken" ]
	[[ $(evidence docker-unreachable) == *"versions, disk, memory and images are not checked" ]]
	[ -z "$stderr" ]
}

@test "each finding has id, severity, subject, evidence, and a bad one its next step" {
	run -1 --separate-stderr aikit-stack validate
	[ "$(jq -s 'all(.type == "finding" and .id and .severity and .subject and
	    .evidence)' <<<"$output")" = true ]
	[ "$(jq -s 'map(select(.severity == "error")) | all(.next)' \
	    <<<"$output")" = true ]
}

@test "missing secrets: an error each, that names the command" {
	run -1 --separate-stderr aikit-stack validate
	[ "$(bad)" = "$(printf '%s\n' \
	    'error secret-missing secrets/api_key' \
	    'error secret-missing secrets/web_key')" ]
	[ "$(jq -r 'select(.id == "secret-missing").next' <<<"$output" |
		sort -u)" = "aikit-stack init" ]
}

@test "a secret that others can read, is weak, short, or stands twice" {
	aikit-stack init >/dev/null
	while IFS='|' read -r value id text; do
		printf %s "$value" >"$kit/secrets/web_key"
		run -1 --separate-stderr aikit-stack validate
		[ "$(bad)" = "error $id secrets/web_key" ] || deny "$value: $(bad)"
		[[ $(evidence "$id") == *"$text"* ]] || deny "$value: $output"
		[ -z "$value" ] || [[ $output != *"$value"* ]] || deny "it is shown"
	done <<-'E'
		|secret-missing|is empty
		Password1234567|secret-weak|a word that everyone tries first
		changeme-99-zz|secret-weak|a word that everyone tries first
		k3jT9q|secret-weak|shorter than 12 characters
		ababababababababab|secret-weak|a few characters only
	E
	cp "$kit/secrets/api_key" "$kit/secrets/web_key"
	run -1 --separate-stderr aikit-stack validate
	[ "$(bad)" = "error secret-twice secrets/api_key" ]
	[ "$(evidence secret-twice)" = "has the same value as secrets/web_key" ]
	rm "$kit/secrets/web_key"
	aikit-stack init >/dev/null
	chmod 644 "$kit/secrets/web_key"
	run -1 --separate-stderr aikit-stack validate
	[ "$(bad)" = "error secret-readable secrets/web_key" ]
	[ "$(jq -r 'select(.id == "secret-readable").next' <<<"$output")" = \
	    "chmod 600 $kit/secrets/web_key" ]
	chmod 600 "$kit/secrets/web_key"
	run -0 --separate-stderr aikit-stack validate
}

@test "a secret of the wrong owner is told with the uid that reads it" {
	aikit-stack init >/dev/null
	sed -i "0,/^owner = .*/s//owner = 4242/" "$kit/settings.ini"
	run -1 --separate-stderr aikit-stack validate
	[ "$(bad)" = "error secret-owner secrets/web_key" ]
	[ "$(jq -r 'select(.id == "secret-owner").next' <<<"$output")" = \
	    "sudo chown 4242 $kit/secrets/web_key" ]
}

# Each edit of a file of the kit, and the one finding it leads to.
@test "what the compose files and the catalogue do not agree on, by file and line" {
	aikit-stack init >/dev/null
	while IFS='|' read -r file edit finding text; do
		good_kit
		sed -i "$edit" "$kit/$file"
		run -1 --separate-stderr aikit-stack validate
		[ "$(bad)" = "$finding" ] || deny "$edit: $(bad)"
		[[ $output == *"$text"* ]] || deny "$edit: $output"
	done <<-'E'
		web.yaml|s/?}"}/?}", B: "${WROKERS}"}/|error setting-unknown web.yaml:5|${WROKERS} is no setting
		web.yaml|s/{WORKERS:?}/{WORKERS:-4}/|error setting-default web.yaml:5|a second default
		web.yaml|$a\  old_data: {}|error volume-unused web.yaml:18|volume old_data: no service mounts it
		web.yaml|s/^volumes:/volumes: {old: {}, web_data: {}}/;$d|error volume-unused web.yaml:16|volume old: no service
		settings.ini|$a[NOBODY]\ntype = int\ndefault = 1|error setting-unused settings.ini:14|NOBODY: nothing reads it
		settings.ini|s/^services = web/services = wbe/;ta;b;:a;n;ba|error setting-service settings.ini:2|service wbe is none
		web.yaml|s/:1.2.3/:latest/|error image-pinned web|tag latest moves
		web.yaml|s/127.0.0.1:\([0-9]*\):80/\1:80/|error port-public web|is open to every network
	E
}

@test "an unknown \${NAME} is told with the setting that was meant" {
	aikit-stack init >/dev/null
	sed -i 's/{WORKERS:?}/{WROKERS}/' "$kit/web.yaml"
	run -1 --separate-stderr aikit-stack validate
	[ "$(jq -r 'select(.id == "setting-unknown").next' <<<"$output")" = \
	    "did you mean WORKERS?" ]
}

@test "settings that are wrong: the finding has file and line, the answer is no" {
	echo 'WORKERS = many' >"$kit/local.ini"
	run -1 --separate-stderr aikit-stack validate
	[ "$(bad)" = "error settings settings" ]
	[[ $(evidence settings) == "local.ini:1: WORKERS: many: not a whole number"* ]]
}

@test "a compose file that cannot be read: what Compose says of it" {
	aikit-stack init >/dev/null
	sed -i 's/^    image:.*/    image: [/' "$kit/web.yaml"
	run -1 --separate-stderr aikit-stack validate
	[ "$(bad)" = "error compose-file compose" ]
	[[ $(evidence compose-file) == *line* ]]
}

@test "a port that another program has: by whom, and of which service" {
	aikit-stack init >/dev/null
	coproc LISTEN { exec python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
sys.stdin.read()'; }
	read -r port <&"${LISTEN[0]}"
	pid=$LISTEN_PID
	good_kit
	run -1 --separate-stderr aikit-stack validate
	[ "$(bad)" = "error port-taken web" ]
	[[ $(evidence port-taken) =~ ^"port $port is taken by python3".*" (pid $pid)"$ ]] ||
		deny "$(evidence port-taken), not by $pid"
	kill "$pid"
	wait "$pid" 2>/dev/null || :
	run -0 --separate-stderr aikit-stack validate
}

@test "names that are none: usage, with what was meant" {
	aikit-stack init >/dev/null
	run -64 --separate-stderr aikit-stack validate wbe
	complains
	[[ $stderr == *"did you mean web?"* ]]
}

@test "somebody's own compose file: warnings, not errors; doctor counts them" {
	rm -r "$kit"
	mkdir "$kit"
	cat >"$kit/docker-compose.yml" <<-'E'
		services:
		  db:
		    image: postgres
		    ports: ["5432:5432"]
		    environment: {POSTGRES_PASSWORD: hunter2-hunter2}
	E
	run -0 --separate-stderr aikit-stack validate
	[[ $output != *hunter2* ]]
	[ "$(jq -r 'select(.severity == "error").id' <<<"$output")" = "" ]
	ids=$(jq -r 'select(.severity == "warning" and .subject == "db").id' \
	    <<<"$output" | paste -sd' ')
	[ "$ids" = "image-pinned restart-policy health-check cpu-limit memory-limit log-rotation port-public secret-environment" ]
	run -1 --separate-stderr aikit-stack doctor
	ignore=()
	for id in $ids docker-unreachable; do ignore+=(--ignore "$id"); done
	run -0 --separate-stderr aikit-stack doctor "${ignore[@]}"
	[ -z "$output" ]
}

@test "somebody's own secrets: a file that is missing, one that others can read" {
	rm -r "$kit"
	mkdir "$kit"
	cat >"$kit/compose.yaml" <<-'E'
		services:
		  db: {image: "postgres:17", secrets: [one, two, three]}
		secrets:
		  one: {file: one}
		  two: {file: two}
		  three: {file: three}
	E
	umask 077
	echo canary-one >"$kit/one"
	echo canary-two >"$kit/two"
	chmod 644 "$kit/two"
	run -0 --separate-stderr aikit-stack validate
	[ "$(bad | grep secret-)" = "$(printf '%s\n' \
	    "warning secret-missing $kit/three" \
	    "warning secret-readable $kit/two")" ]
	[[ $output != *canary-* ]]
}

@test "doctor: nothing that is well is told; the daemon that is down is" {
	aikit-stack init >/dev/null
	run -1 --separate-stderr aikit-stack doctor
	[ -z "$(bad)" ]
	[ "$(jq -r 'select(.id == "docker-unreachable").severity' \
	    <<<"$output")" = error ]
	run -0 --separate-stderr aikit-stack doctor -i docker-unreachable
}

@test "doctor: a .env that does not hold what the settings say" {
	aikit-stack init >/dev/null
	echo 'WORKERS = 9' >>"$kit/local.ini"
	run -1 --separate-stderr aikit-stack doctor -i docker-unreachable
	[ "$(bad)" = "warning env-stale .env" ]
}

@test "doctor --ignore of an id that is none: usage, with what was meant" {
	run -64 --separate-stderr aikit-stack doctor --ignore imagepinned
	complains
	[[ $stderr == *"--ignore imagepinned: no such finding (did you mean image-pinned?)" ]]
}

@test "a kit that is nowhere: missing input" {
	run -66 --separate-stderr aikit-stack -k "$BATS_TEST_TMPDIR/none" validate
	complains
	run -66 --separate-stderr aikit-stack -k "$BATS_TEST_TMPDIR/none" doctor
	complains
}

@test "to a full disk: exit 74" {
	aikit-stack init >/dev/null
	run -74 --separate-stderr bash -c 'aikit-stack validate >/dev/full'
	complains
}

@test "the kit itself breaks no rule, and its catalogue is used and complete" {
	cp -R "$ROOT/deploy/." "$BATS_TEST_TMPDIR/aikit"
	rm -rf "$BATS_TEST_TMPDIR/aikit"/{secrets,local.ini,.env}
	export AIKIT_STACK_KIT=$BATS_TEST_TMPDIR/aikit
	aikit-stack init >/dev/null
	run --separate-stderr aikit-stack validate full
	[ "$(jq -r 'select(.id == "compose-file").evidence' <<<"$output")" != "" ] ||
		deny "$(jq -c 'select(.severity == "error")' <<<"$output")"
	run ! grep -vE ' (port-taken|secret-owner) ' <<<"$(bad)ok port-taken -"
}

# The kit before each edit, and what is said of it about models.
@test "nothing gets past the queue: each way round it is found" {
	aikit=$BATS_TEST_TMPDIR/aikit
	cp -R "$ROOT/deploy/." "$aikit"
	rm -rf "$aikit"/{secrets,local.ini,.env}
	export AIKIT_STACK_KIT=$aikit
	aikit-stack init >/dev/null
	while IFS='|' read -r file edit findings text; do
		cp "$ROOT/deploy/compose/"* "$aikit/compose"
		sed -i "$edit" "$aikit/compose/$file.yaml"
		run -1 --separate-stderr aikit-stack validate full
		[ "$(bad | grep -E ' (queue|model)-' | paste -sd,)" = "$findings" ] ||
			deny "$edit: $(bad)"
		[[ $output == *"$text"* ]] || deny "$edit: $output"
	done <<-'E'
		edge|s/\[edge, model\]/[edge, model, gpu]/|error queue-bypass haproxy|past the queue, on network gpu
		ai|s/{gpu: {aliases: \[ollama\]}}/{gpu: {}, identity: {}}/|error queue-bypass blackbox-exporter,error queue-bypass debug-tools,error queue-bypass grafana,error queue-bypass jenkins,error queue-bypass keycloak,error queue-bypass open-webui,error queue-bypass openbao|on network identity
		ai|/^  ollama-models:/,$s/networks: \[model\]/network_mode: "service:ollama-cpu"/|error queue-bypass ollama-models|past the queue, on network gpu
		ai|s/networks: \[model, gpu\]/networks: [model]/|error queue-one ollama-amd,error queue-one ollama-cpu,error queue-one ollama-nvidia|no service with label aikit.queue shares a network
		ai|/aikit.queue/d|error queue-bypass queue,error queue-one ollama-amd,error queue-one ollama-cpu,error queue-one ollama-nvidia|no service with label aikit.queue shares a network
		automation|s/aikit.model: "true"/&\n      aikit.queue: "true"/|error model-port n8n,error queue-one queue|n8n has label aikit.queue as well
		ai|s/^    networks: \[model, gpu\]/&\n    ports: ["127.0.0.1:11434:11434"]/|error model-port queue|past the edge
		monitoring|/aikit.model/d|error model-network prometheus|it can ask models
	E
}

# Labels and volumes of the small kit, and what is said of its backup.
@test "what no backup holds: an error, however it comes to that" {
	cp "$kit/web.yaml" "$kit/web.kept"
	aikit-stack init >/dev/null
	mkdir "$kit/folder"
	while IFS='|' read -r edit findings text; do
		sed "$edit" "$kit/web.kept" >"$kit/web.yaml"
		run --separate-stderr aikit-stack validate
		[ "$(bad | grep backup | paste -sd,)" = "$findings" ] ||
			deny "$edit: $(bad)"
		[ -z "$findings" ] || [ "$status" = 1 ] || deny "$edit: $status"
		[[ $output == *"$text"* ]] || deny "$edit: $output"
	done <<-'E'
		s/x/x/||
		s/aikit.backup: live, //|error backup-uncovered web|web_data is in no backup
		s/aikit.backup: live/aikit.backup: "none: made anew"/||
		s/aikit.backup: live/aikit.backup: "none:"/|error backup-uncovered web|says nothing known
		s/aikit.backup: live/aikit.backup: pause/|error backup-uncovered web|pause says nothing known
		s/aikit.backup: live/aikit.backup.web_data: stop 10s/||
		s/"web_data:.data"/&, ".\/folder:\/folder"/;s/aikit.backup: live/aikit.backup.web_data: live/|error backup-uncovered web|folder is in no backup
		s/"web_data:.data"/&, ".\/folder:\/folder"/;s/aikit.backup: live/&, aikit.backup.folder: live/||
		s/"web_data:.data"/&, ".\/folder:\/folder:ro"/||
		s/"web_data:.data"/&, "\/nameless"/;s/aikit.backup: live/aikit.backup.web_data: live/|error backup-uncovered web|has no name
	E
}
