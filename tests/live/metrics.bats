#!/usr/bin/env bats
# metrics - the names that rules and dashboards go by are told by the kit's
# own exporters, before the kit's own Prometheus. A renamed metric is an alert
# that never fires and a panel that stays empty.

bats_require_minimum_version 1.5.0

load ../house
load ../monitoring/common

# container NAME ARGUMENT..: in our network, under that name.
container() {
	local name=$1

	shift
	docker run -d --name "$kit-$name" --network "$kit" --network-alias "$name" \
		--pull never --memory 256m "$@" > /dev/null 3>&-
}

# Greedy, it counts on to the last token.
count='{"model":"smollm2:135m","prompt":"1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,",
	"raw":true,"options":{"num_predict":1500,"temperature":0}}'

setup() {
	kit=aikit-metrics-$$-$RANDOM
	here=$BATS_TEST_TMPDIR
	docker network create "$kit" > /dev/null
	mkdir "$here/secrets"
	printf x > "$here/secrets/edge_admin_password"
	printf x > "$here/secrets/ollama_api_key"
	cp -R "$ROOT/deploy/config" "$here/config"
	sed -i -E 's/(scrape_interval|scrape_timeout|evaluation_interval|refresh_interval): [0-9]+s/\1: 2s/g' \
		"$here/config/prometheus/prometheus.yml"
	chmod -R a+rX "$here"
}

teardown() {
	[ -z "${busy-}" ] || kill "$busy" 2>/dev/null || :
	docker ps -aq --filter "network=$kit" | xargs -r docker rm -fv > /dev/null
	docker network rm "$kit" > /dev/null
}

# missing: the names marked live that Prometheus does not have.
missing() {
	comm -23 <(sed -n 's/^\(\S*\) \S* live$/\1/p' \
		"$ROOT/tests/monitoring/metrics.txt" | sort) \
		<(docker exec "$kit-prometheus" promtool query labels \
			http://127.0.0.1:9090/prometheus __name__ | sort)
}

# What the queue counts is told once it has happened: an answer, a client that
# leaves, a refusal, and one at work for as long as this test is.
busy() {
	local url

	url=http://$(docker port "$kit-queue" 11434)/api/generate
	wait_for 60 curl -sf "$url" \
		-d '{"model":"smollm2:135m","prompt":"a","options":{"num_predict":4}}'
	curl -sN --max-time 2 "$url" -o /dev/null -d "$count" || :
	curl -s "${url%generate}pull" -o /dev/null -d '{"model":"none"}'
	while curl -sN "$url" -o /dev/null -d "$count"; do :; done
}

# counts N PROMQL: that many series.
counts() {
	docker exec "$kit-prometheus" promtool query instant \
		http://127.0.0.1:9090/prometheus "count($2) or vector(0)" |
		grep -q "=> $1 "
}

@test "every metric that can be told here is told, under the name we use" {
	container redis redis:8.0.2
	container postgres -e POSTGRES_PASSWORD=x pgvector/pgvector:0.8.0-pg17
	container redis-exporter --entrypoint /redis_exporter \
		oliver006/redis_exporter:v1.69.0-alpine
	container postgres-exporter \
		-e 'DATA_SOURCE_URI=postgres:5432/postgres?sslmode=disable' \
		-e DATA_SOURCE_USER=postgres -e DATA_SOURCE_PASS=x \
		prometheuscommunity/postgres-exporter:v0.17.1
	container node-exporter prom/node-exporter:v1.9.0
	container blackbox-exporter -v "$here/config/blackbox:/etc/blackbox:ro" \
		prom/blackbox-exporter:v0.26.0 --config.file=/etc/blackbox/blackbox.yml
	container haproxy --user root -v "$here/config/haproxy:/etc/aikit/haproxy:ro" \
		-v "$here/secrets:/run/secrets:ro" --tmpfs /run/haproxy \
		--entrypoint /bin/sh haproxy:3.0.11 /etc/aikit/haproxy/start
	container ollama --memory 1g ollama/ollama:0.17.4
	container queue --user 65532:65532 -p 127.0.0.1::11434 \
		--tmpfs /run/aikit:size=1m,uid=65532,gid=65532,mode=0700 \
		-v "$here/config/queue:/etc/aikit/queue:ro" -e QUEUE_LIMIT=0 \
		-e QUEUE_LENGTH=9 -e QUEUE_CLASS=normal -e QUEUE_CONTEXT=pass \
		-e QUEUE_EMBEDDINGS_CLASS=batch -e OLLAMA_CONTEXT_LENGTH=4096 \
		-e OLLAMA_NUM_PARALLEL=1 -e OLLAMA_MAX_LOADED_MODELS=1 \
		--entrypoint /bin/sh aikit/queue:1 /etc/aikit/queue/start
	container alertmanager -v "$here/config/alertmanager:/etc/aikit/alertmanager:ro" \
		--tmpfs /run/alertmanager:uid=65534,gid=65534,mode=0700 --user 65534:65534 \
		--entrypoint /bin/sh prom/alertmanager:v0.28.1 \
		/etc/aikit/alertmanager/start --storage.path=/tmp/alertmanager \
		--web.route-prefix=/alertmanager/ --cluster.listen-address=
	container prometheus -v "$here/config/prometheus:/etc/prometheus:ro" \
		--user 65534:65534 prom/prometheus:v2.53.3 \
		--config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/tmp/data \
		--web.route-prefix=/prometheus/
	[ "$(grep -c ' live$' "$ROOT/tests/monitoring/metrics.txt")" -gt 40 ]
	docker exec -w /usr/share/ollama-seed/smollm2-135m "$kit-ollama" \
		ollama create smollm2:135m -f Modelfile >/dev/null 2>&1
	busy >/dev/null 2>&1 3>&- &
	busy=$!
	wait_for 90 is '' missing || deny "missing: $(missing)"
	run -0 docker exec "$kit-haproxy" bash /etc/aikit/haproxy/health

	# All that runs is well, the databases by their ports too, and nothing
	# that does not run is missed.
	wait_for 60 counts 11 'service:up == 1'
	wait_for 60 counts 2 'probe_success{job="ports"} == 1'
	wait_for 60 counts 0 'service:up == 0'
	counts 0 'ALERTS{alertname=~"ServiceDown|OllamaDown"}'
}
