#!/usr/bin/env bats
# The kit itself: its core, brought up on a real engine as a project of this
# test's own, until a real model answers through the edge.

load ../house

setup() {
	need_docker
	project=$(own_project)
	kit=$BATS_TEST_TMPDIR/kit
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	export AIKIT_STACK_KIT=$kit
	own_kit "$kit" "$project"
}

teardown() {
	[ -z "${project-}" ] || remove_project "$project"
}

# ask PATH BODY: with the key of the edge, never as an argument.
ask() {
	curl -sS --max-time 180 -d "$2" \
	    -H @<(printf 'Authorization: Bearer %s' "$(<"$kit/secrets/ollama_api_key")") \
	    "http://127.0.0.1:$http/ollama$1"
}

# By the access log of the queue.
passed_the_queue() {
	docker logs "$project-queue-1" 2>/dev/null | jq -es 'any(
	    .endpoint == "/api/generate" and .outcome == "ok" and
	    .class == "normal" and .backend == "ollama")'
}

# By the health check of the queue, which may have looked while it worked.
at_rest() {
	aikit-stack status 2>/dev/null | jq -es 'any(.service == "queue" and
	    .queued == 0 and .running == 0)'
}

@test "core from nothing: a real model answers through the edge, all is well" {
	run -0 --separate-stderr aikit-stack init
	run -0 --separate-stderr aikit-stack validate core
	run -0 --separate-stderr aikit-stack up core
	[ "$(jq -r 'select(.service == "ollama-model").well' <<<"$output")" = "done" ]

	answer=$(ask /api/generate \
	    '{"model":"smollm2:135m","prompt":"Say hello.","stream":false,"options":{"num_predict":8}}')
	[ "$(jq -r .eval_count <<<"$answer")" -gt 0 ]
	[ -n "$(jq -r .response <<<"$answer")" ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' \
	    "http://127.0.0.1:$http/ollama/api/tags")" = 401 ]

	# The queue gave it its turn, and there is no other way to Ollama: not by
	# its name, and not by its address.
	wait_for 10 passed_the_queue
	address=$(docker inspect -f "{{with index .NetworkSettings.Networks
	    \"${project}_gpu\"}}{{.IPAddress}}{{end}}" \
	    "$project-ollama-cpu-1" | tr -d '[:space:]')
	docker exec "$project-queue-1" bash -c ": </dev/tcp/$address/11434"
	for there in ollama "$address"; do
		run ! docker exec "$project-haproxy-1" \
		    timeout 2 bash -c ": </dev/tcp/$there/11434"
	done

	wait_for 40 at_rest
	run -0 --separate-stderr aikit-stack status
	[ "$(jq -r 'select(.service == "queue") | "\(.well) \(.health) \(.probe)"' \
	    <<<"$output")" = "ok healthy ok" ]
	[ -z "$(jq -r 'select(.well != "ok" and .well != "done").service' \
	    <<<"$output")" ]
	[ -z "$(jq -r '.drift // empty | .[]' <<<"$output")" ]
	run -0 --separate-stderr aikit-stack health
	run -0 --separate-stderr aikit-stack plan core
	[ "$(jq -r 'select(.type == "plan").changes' <<<"$output")" = 0 ]

	run -0 --separate-stderr aikit-stack down
	[ -z "$(docker ps -aq --filter "label=com.docker.compose.project=$project")" ]
	no_canary "$(<"$kit/secrets/postgres_password")" "$XDG_STATE_HOME" \
	    "$XDG_CACHE_HOME"
}
