#!/usr/bin/env bats
# The queue of the kit before a real Ollama with a real model: its image, its
# configuration and its start, as compose/ai.yaml has them.

load ../house
load ../monitoring/common

# Greedy, it counts on for 1500 tokens: most of a minute.
long='{"model":"smollm2:135m","prompt":"1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,",
	"raw":true,"options":{"num_predict":1500,"temperature":0}}'

setup_file() {
	local name

	need_docker
	export project all chat
	project=$(own_project)
	docker network create --label com.docker.compose.project="$project" \
		"$project" >/dev/null
	container ollama -e OLLAMA_MAX_LOADED_MODELS=1 -e OLLAMA_NUM_PARALLEL=1 \
		-e OLLAMA_CONTEXT_LENGTH=4096 ollama/ollama:0.17.4
	container queue --user 65532:65532 --read-only --cap-drop ALL \
		--tmpfs /run/aikit:size=1m,uid=65532,gid=65532,mode=0700 \
		-v "$ROOT/deploy/config/queue:/etc/aikit/queue:ro" \
		-e QUEUE_LIMIT=0 -e QUEUE_LENGTH=2000 -e QUEUE_CLASS=normal \
		-e QUEUE_EMBEDDINGS_CLASS=normal -e QUEUE_CONTEXT=pass \
		-e OLLAMA_CONTEXT_LENGTH=4096 -e OLLAMA_NUM_PARALLEL=1 \
		-e OLLAMA_MAX_LOADED_MODELS=1 \
		-p 127.0.0.1::11434 -p 127.0.0.1::11435 \
		--entrypoint /bin/sh aikit/queue:1 /etc/aikit/queue/start
	all=$(docker port "$project-queue" 11434)
	chat=$(docker port "$project-queue" 11435)
	wait_for 30 healthy
	models
	wait_for 30 ask /api/show -d '{"model":"second:135m"}'
	clients
}

teardown() {
	[ -z "${client-}" ] || kill "$client" 2>/dev/null || :
}

teardown_file() {
	[ -z "${project-}" ] || remove_project "$project"
}

# container NAME ARGUMENT..: of this project, under that name on its network.
container() {
	local name=$1

	shift
	docker run -d --pull never --name "$project-$name" --network "$project" \
		--network-alias "$name" --memory 2g \
		--label com.docker.compose.project="$project" "$@" >/dev/null 3>&-
}

healthy() {
	docker exec "$project-queue" bash /etc/aikit/queue/health
}

# Two models: the first as the kit makes it, and another file of the same
# weights, since for one file Ollama loads one model whatever its names are.
models() {
	docker exec "$project-ollama" sh -euc 'cd /usr/share/ollama-seed/smollm2-135m
		ollama create smollm2:135m -f Modelfile
		mkdir /tmp/second
		cp -- * /tmp/second
		cd /tmp/second
		printf x >>"$(ls ./*.gguf)"
		ollama create second:135m -f Modelfile' >/dev/null 2>&1
}

# Python with the packages of clients.txt, kept beside what is built.
clients() {
	local made

	made=${B:-$ROOT/build}/clients-$(sha256sum <"$BATS_TEST_DIRNAME/clients.txt" |
		cut -c 1-16)
	export python=$made/bin/python
	[ ! -e "$made/done" ] || return 0
	python3 -m venv --clear "$made"
	"$made/bin/pip" install -q --disable-pip-version-check \
		-r "$BATS_TEST_DIRNAME/clients.txt" >"$BATS_FILE_TMPDIR/pip" 2>&1 ||
		deny "$(cat "$BATS_FILE_TMPDIR/pip")"
	touch "$made/done"
}

# ask PATH [CURL OPTION..]: the answer to stdout, whatever its status.
ask() {
	local path=$1

	shift
	curl -sS -N --max-time 120 "$@" "http://$all$path"
}

# timed PATH BODY: each line of the answer, after the moment it came.
timed() {
	ask "$1" -d "$2" | while IFS= read -r line; do
		printf '%s %s\n' "$EPOCHREALTIME" "$line"
	done
}

# records: of the access log.
records() {
	docker logs "$project-queue" 2>/dev/null
}

# since: of the access log, behind the lines in $BATS_TEST_TMPDIR/before.
since() {
	records | tail -n +"$(($(<"$BATS_TEST_TMPDIR/before") + 1))"
}

# logged COUNT ENDPOINT: as many have ended since.
logged() {
	[ "$(since | jq -r .endpoint | grep -cx "$2")" -ge "$1" ]
}

# one PHASE: there is one request in this phase.
one() {
	[ "$(docker exec "$project-queue" aikit-queue ps --state "$1" |
		wc -l)" = 1 ]
}

@test "tokens are passed on one by one, as Ollama makes them" {
	timed /api/generate "${long/1500/24}" >"$BATS_TEST_TMPDIR/lines"
	cut -d' ' -f2- "$BATS_TEST_TMPDIR/lines" | jq -es 'length >= 24 and
		(last | .done and .eval_count == 24) and
		all(.[:-1][]; .done == false and .response != "")'
	# Between the first and the last as much time as Ollama says it took,
	# less a few tokens.
	made=$(tail -n 1 "$BATS_TEST_TMPDIR/lines" | cut -d' ' -f2- |
		jq .eval_duration)
	awk -v made="$made" 'NR == 1 { first = $1 } { last = $1 }
		END { exit !(last - first > 0.7 * made / 1e9) }' \
		"$BATS_TEST_TMPDIR/lines"
}

@test "a client that leaves while tokens come: the next is served at once" {
	curl -sSN --max-time 100 "http://$all/api/generate" -d "$long" \
		>"$BATS_TEST_TMPDIR/long" 3>&- &
	client=$!
	wait_for 30 eval '[ $(wc -l <"$BATS_TEST_TMPDIR/long") -ge 3 ]'
	one streaming
	is '{"queued":0,"running":1}' healthy
	kill "$client"
	run -0 ask /api/generate -w '\n%{time_total}' -d "${long/1500/1}"
	[ "$(jq -s 'map(select(.done?))[0].eval_count' <<<"$output")" = 1 ]
	# Nobody waits for the 1500 tokens, nor for the model to load again.
	awk -v t="${lines[-1]}" 'BEGIN { exit !(t < 5) }'
	run ! grep -q '"done":true' "$BATS_TEST_TMPDIR/long"
	wait_for 10 eval "records | jq -es 'map(select(.outcome == \"cancelled\")) |
		length == 1 and .[0].phase == \"streaming\" and .[0].seconds < 30'"
}

@test "two models in turn: each is loaded once or twice, not for every request" {
	for i in 1 2 3 4 5 6; do
		for model in smollm2:135m second:135m; do
			ask /api/generate -d "{\"model\":\"$model\",\"prompt\":\"$i\",
				\"stream\":false,\"options\":{\"num_predict\":2}}" \
				>"$BATS_TEST_TMPDIR/$i-$model" 3>&- &
		done
	done
	wait
	for model in smollm2:135m second:135m; do
		is 6 eval 'jq -r .model "$BATS_TEST_TMPDIR"/*-$model |
			grep -cx "$model"'
	done
	# Ollama itself says how long it loaded: what is there takes no time.
	loads=$(jq -s 'map(select(.load_duration > 2e8)) | length' \
		"$BATS_TEST_TMPDIR"/*:135m)
	[ "$loads" -ge 1 ] && [ "$loads" -le 3 ] || deny "$loads loads"
	is 1 eval 'ask /api/ps | jq ".models | length"'
}

@test "embeddings by each of the routes, of what was asked for" {
	run -0 ask /api/embed -d '{"model":"smollm2:135m","input":["one","two"]}'
	jq -e '[.embeddings[] | length] == [576, 576]' <<<"$output"
	run -0 ask /api/embeddings -d '{"model":"smollm2:135m","prompt":"one"}'
	jq -e '.embedding | length == 576' <<<"$output"
	run -0 ask /v1/embeddings -d '{"model":"smollm2:135m","input":["one","two"]}'
	jq -e '[.data[].embedding | length] == [576, 576]' <<<"$output"
}

@test "the routes of OpenAI and Anthropic, whole and streamed" {
	body='"model":"smollm2:135m","max_tokens":8,
		"messages":[{"role":"user","content":"Say hello."}]'
	run -0 ask /v1/chat/completions -d "{$body}"
	jq -e '.choices[0].message.content != "" and .usage.completion_tokens > 0' \
		<<<"$output"
	run -0 ask /v1/chat/completions -d "{$body,\"stream\":true}"
	[ "${lines[-1]}" = 'data: [DONE]' ]
	sed -n 's/^data: {/{/p' <<<"$output" | jq -es 'length > 4 and
		(map(.choices[0].delta.content // "") | add) != ""'

	run -0 ask /v1/messages -d "{$body}"
	jq -e '.content[0].text != "" and .usage.output_tokens > 0' <<<"$output"
	run -0 ask /v1/messages -d "{$body,\"stream\":true}"
	[ "${lines[0]}" = 'event: message_start' ]
	[ "${lines[-2]}" = 'event: message_stop' ]
	[ "$(grep -c '^event: content_block_delta' <<<"$output")" -gt 4 ]
}

@test "a model that is none: 404, in the words of the route" {
	run -0 ask /api/chat -w '\n%{http_code}' -d '{"model":"none"}'
	[ "$output" = $'{"error":"model \'none\' not found"}\n404' ]
	body='{"model":"none","max_tokens":1,"messages":[{"role":"user","content":"a"}]}'
	run -0 ask /v1/chat/completions -d "$body"
	jq -e '.error.message == "model '"'none'"' not found"' <<<"$output"
	run -0 ask /v1/messages -d "$body"
	jq -e '.type == "error" and .error.type == "not_found_error"' <<<"$output"
}

@test "models are managed at the doors for that, and nowhere else" {
	is 403 ask /api/delete -X DELETE -d '{"model":"second:135m"}' -o /dev/null \
		-w '%{http_code}'
	is 200 ask /api/show -d '{"model":"second:135m"}' -o /dev/null \
		-w '%{http_code}'
	docker exec -e OLLAMA_HOST=queue:11436 "$project-ollama" \
		ollama cp second:135m third:135m
	is 200 curl -sS -X DELETE "http://$chat/api/delete" -o /dev/null \
		-w '%{http_code}' -d '{"model":"third:135m"}'
}

@test "the Python clients of Ollama and OpenAI work as they are" {
	run -0 "$python" "$BATS_TEST_DIRNAME/clients.py" "http://$all" smollm2:135m
	[ "$(grep -c '^ollama ' <<<"$output")" = 11 ]
	[ "$(grep -c '^openai ' <<<"$output")" = 7 ]
}

@test "200 embeddings at once delay a chat's first token by one running request at most" {
	records | wc -l >"$BATS_TEST_TMPDIR/before"
	run -0 python3 "$BATS_TEST_DIRNAME/burst.py" "${all##*:}" "${chat##*:}" \
		smollm2:135m
	[ "$(jq .answered <<<"$output")" = 200 ]
	[ "$(jq .left <<<"$output")" -gt 0 ]
	# As long as the longest of them was worked on, by the access log.
	wait_for 10 logged 205 /api/embed
	wait_for 10 logged 10 /api/chat
	longest=$(since | jq -s 'map(select(.endpoint == "/api/embed") |
		.seconds - .wait_seconds) | max')
	waited=$(since | jq -s 'map(select(.endpoint == "/api/chat") |
		.wait_seconds) | max')
	echo "longest embedding: $longest s, chat: $waited s; $output"
	awk -v a="$waited" -v b="$longest" 'BEGIN { exit !(a <= b) }'
	# So it is for the one who asks. What the other processes of a burst take
	# of the processors is no wait: of five the middle one counts.
	jq -e --argjson longest "$longest" 'def middle: sort[2];
		(.during_seconds | middle) <= (.alone_seconds | middle) + $longest' \
		<<<"$output"
}
