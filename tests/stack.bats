#!/usr/bin/env bats
# aikit-stack without a daemon: what follows from the files of a kit alone.

load house

setup() {
	kit=$BATS_TEST_TMPDIR/kit
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export AIKIT_STACK_KIT=$kit
	mkdir -p "$kit"
	cat >"$kit/compose.yaml" <<-'EOF'
		name: small
		x-aikit:
		  default: web
		  presets: {web: [chat], everything: [chat, metrics]}
		  profiles:
		    chat: {title: Chat, requires: [accelerator]}
		  one-of: {accelerator: [gpu-nvidia, gpu-amd, cpu]}
		include: [parts.yaml]
	EOF
	cat >"$kit/parts.yaml" <<-'EOF'
		services:
		  web:
		    image: example/web:1.0
		    profiles: [chat]
		    labels: {aikit.title: The web, aikit.url: "http://127.0.0.1:1/"}
		    depends_on:
		      db: {condition: service_healthy}
		      llm: {condition: service_started, required: false}
		  db:
		    image: example/db:2.0
		    environment: {SIZE: "${SIZE:-small}"}
		    depends_on: {db-init: {condition: service_completed_successfully}}
		  db-init: {image: "example/db:2.0"}
		  llm: {image: "example/llm:3.0", profiles: [cpu]}
		  prom: {image: "example/prom:4.0", profiles: [metrics]}
	EOF
}

# The values of a key, in order, joined by blanks.
values() {
	jq -r --arg key "$1" '.[$key] // empty' <<<"$output" | paste -sd' '
}

@test "list services: one record each, with image, profiles and address" {
	run -0 --separate-stderr aikit-stack list services
	[ "$(values service)" = "db db-init llm prom web" ]
	[ "$(jq -r 'select(.service == "web").url' <<<"$output")" = http://127.0.0.1:1/ ]
	[ "$(jq -r 'select(.one_shot).service' <<<"$output")" = db-init ]
}

@test "list presets, profiles and images tell what the kit has" {
	run -0 --separate-stderr aikit-stack list presets
	[ "$(values preset)" = "everything web" ]
	[ "$(values services)" = "5 4" ]
	run -0 --separate-stderr aikit-stack list profiles
	[ "$(values profile)" = "chat cpu metrics" ]
	run -0 --separate-stderr aikit-stack list images
	[ "$(jq -r 'select(.image == "example/db:2.0").services | join(" ")' \
	    <<<"$output")" = "db db-init" ]
}

@test "list of something else names what was meant, exit 64" {
	run -64 --separate-stderr aikit-stack list service
	complains
	[[ $stderr == *"did you mean services?"* ]]
	[ -z "$output" ]
}

@test "why: who chooses a service, what it needs, what breaks without it" {
	run -0 --separate-stderr aikit-stack why db
	[ "$(jq -r 'select(.relation == "chosen by").other' <<<"$output" |
	    paste -sd,)" = "preset everything,preset web,profile chat" ]
	[ "$(jq -r 'select(.relation == "needs") | .other + " " + .condition' \
	    <<<"$output")" = "db-init done" ]
	[ "$(jq -r 'select(.relation == "needed by").other' <<<"$output")" = web ]
	run -0 --separate-stderr aikit-stack why db-init
	[ "$(jq -r 'select(.relation == "breaks").other' <<<"$output")" = web ]
}

@test "a service of another kit is refused by name, exit 64" {
	run -64 --separate-stderr aikit-stack why wbe
	complains
	[[ $stderr == *"wbe: no such service"*"did you mean web?"* ]]
}

@test "graph: an edge a dependency, and none is missed" {
	run -0 --separate-stderr aikit-stack graph web
	[ "$(jq -r '.service + ">" + (.needs // "")' <<<"$output" | paste -sd' ')" = \
	    "db-init> db>db-init llm> web>db web>llm" ]
	run -0 --separate-stderr aikit-stack graph --dot web
	[[ $output == 'digraph kit {'*'"web" -> "llm" [style=dashed];'*'}' ]]
}

@test "url: where to open a service; nothing to open is 1" {
	run -0 --separate-stderr aikit-stack url web
	[ "$(values url)" = http://127.0.0.1:1/ ]
	run -1 --separate-stderr aikit-stack url db
	complains
}

@test "a directory without a compose file is no kit, exit 66" {
	run -66 --separate-stderr aikit-stack --kit "$BATS_TEST_TMPDIR" list services
	complains
	[[ $stderr == *"no compose file"* ]]
	cd "$BATS_TEST_TMPDIR"
	run -66 --separate-stderr env -u AIKIT_STACK_KIT aikit-stack list services
	complains
	[[ $stderr == *"--kit"* ]]
}

@test "a compose file that does not parse is told with its line, exit 78" {
	printf 'services:\n  web: [\n' >"$kit/compose.yaml"
	run -78 --separate-stderr aikit-stack list services
	complains
	[[ $stderr == *"$kit"*line*2* ]] || [[ $stderr == *"$kit"*line*3* ]]
	[ -z "$output" ]
}

@test "the model is rendered once, and again when an included file changes" {
	trace=$BATS_TEST_TMPDIR/trace
	aikit-stack list services >/dev/null
	strace -f -e trace=execve -o "$trace" aikit-stack list services >/dev/null
	[ "$(grep -c execve "$trace")" -eq 1 ]
	sed -i 's/prom:4.0/prom:4.1/' "$kit/parts.yaml"
	run -0 --separate-stderr aikit-stack list services
	[ "$(jq -r 'select(.service == "prom").image' <<<"$output")" = example/prom:4.1 ]
}

@test "a variable that the files mention makes another model" {
	aikit-stack list services >/dev/null
	trace=$BATS_TEST_TMPDIR/trace
	SIZE=large strace -f -e trace=execve -o "$trace" \
	    aikit-stack list services >/dev/null
	[ "$(grep -c execve "$trace")" -gt 1 ]
	UNUSED=1 strace -f -e trace=execve -o "$trace" \
	    aikit-stack list services >/dev/null
	[ "$(grep -c execve "$trace")" -eq 1 ]
}

@test "a cache that cannot be written, or holds damage, costs only time" {
	aikit-stack list services >/dev/null
	for f in "$XDG_CACHE_HOME"/aikit/stack/*.json; do
		printf '{"services": {' >"$f"
	done
	run -0 --separate-stderr aikit-stack list services
	[ "$(values service)" = "db db-init llm prom web" ]
	XDG_CACHE_HOME=/proc/nowhere run -0 --separate-stderr aikit-stack list services
	[ "$(values service)" = "db db-init llm prom web" ]
}

@test "Compose that is missing is told with what to install, exit 69" {
	run -69 --separate-stderr env DOCKER_CONFIG="$BATS_TEST_TMPDIR" \
	    unshare -m sh -c '
		for d in /usr/local/lib/docker /usr/libexec/docker /usr/lib/docker; do
			[ ! -d $d ] || mount -t tmpfs none $d
		done
		exec aikit-stack list services'
	complains
	[[ $stderr == *"Docker Compose is missing"*install* ]]
}

@test "Compose that is too old is refused with both versions, exit 69" {
	mkdir -p "$BATS_TEST_TMPDIR/docker/cli-plugins"
	printf '#!/bin/sh\necho 1.29.2\n' \
	    >"$BATS_TEST_TMPDIR/docker/cli-plugins/docker-compose"
	chmod +x "$BATS_TEST_TMPDIR/docker/cli-plugins/docker-compose"
	DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker run -69 --separate-stderr \
	    aikit-stack list services
	complains
	[[ $stderr == *"1.29"*"2.24 is needed"* ]]
}

@test "two choices of a one-of are refused, and both named" {
	sed -i 's/llm: {image.*/llm: {image: "example\/llm:3.0", profiles: [cpu]}\n  amd: {image: "example\/amd:1.0", profiles: [gpu-amd]}/' \
	    "$kit/parts.yaml"
	run -64 --separate-stderr aikit-stack graph cpu gpu-amd
	complains
	[[ $stderr == *"gpu-amd and cpu: only one accelerator"* ]]
}

@test "names come as records on standard input" {
	run -0 --separate-stderr bash -c \
	    'aikit-stack list services | jq -c "select(.service == \"db\")" |
	     aikit-stack graph -'
	[ "$(values service)" = "db-init db" ]
	run -65 --separate-stderr bash -c 'echo nonsense | aikit-stack graph -'
	complains
	[[ $stderr == *"1"* ]]
}
