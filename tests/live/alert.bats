#!/usr/bin/env bats
# alert - one alert from end to end on a real Docker.
#
# The kit's own rules, scrape configuration, routes and start script in the
# kit's own images; only the waiting times are shorter. A Redis is killed, a
# webhook is received; it starts again, and that is told too. Network and
# containers carry a name of their own, so that any number of these can run.

load ../house
load ../monitoring/common

# container NAME ARGUMENT..: in our network, under that name.
container() {
	local name=$1

	shift
	docker run -d --name "$kit-$name" --network "$kit" --network-alias "$name" \
		--pull never --memory 256m "$@" > /dev/null 3>&-
}

setup() {
	kit=aikit-alert-$$-$RANDOM
	here=$BATS_TEST_TMPDIR
	docker network create "$kit" > /dev/null
	cp -R "$ROOT/deploy/config" "$here/config"
	sed -i -E 's/(scrape_interval|scrape_timeout|evaluation_interval|refresh_interval): [0-9]+s/\1: 1s/g' \
		"$here/config/prometheus/prometheus.yml"
	sed -i 's/for: .*/for: 2s/' "$here"/config/prometheus/rules/*.yml
	sed -i -E 's/(group_wait|group_interval): .*/\1: 1s/' \
		"$here/config/alertmanager/alertmanager.yml"
	cp "$ROOT/tests/monitoring/sink.pl" "$here/config"
	chmod -R a+rX "$here"
}

teardown() {
	docker ps -aq --filter "network=$kit" | xargs -r docker rm -fv > /dev/null
	docker network rm "$kit" > /dev/null
}

# query PROMQL: the value, or nothing.
query() {
	docker exec "$kit-prometheus" promtool query instant \
		http://127.0.0.1:9090/prometheus "$1"
}

# told JQ-FILTER: what the webhook got, by this filter, is not empty.
told() {
	[ -n "$(docker logs "$kit-sink" | jq -c "$1")" ]
}

@test "a service is killed: the webhook is told, and told again when it is back" {
	container sink -v "$here/config:/config:ro" debian:trixie-slim \
		perl /config/sink.pl
	container redis redis:8.0.2
	container redis-exporter --entrypoint /redis_exporter \
		oliver006/redis_exporter:v1.69.0-alpine
	container alertmanager -v "$here/config/alertmanager:/etc/aikit/alertmanager:ro" \
		--tmpfs /run/alertmanager:uid=65534,gid=65534,mode=0700 --user 65534:65534 \
		-e ALERT_WEBHOOK_URL=http://sink:8080/ --entrypoint /bin/sh \
		prom/alertmanager:v0.28.1 /etc/aikit/alertmanager/start \
		--storage.path=/tmp/alertmanager --web.route-prefix=/alertmanager/ \
		--cluster.listen-address=
	container prometheus -v "$here/config/prometheus:/etc/prometheus:ro" \
		--user 65534:65534 prom/prometheus:v2.53.3 \
		--config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/tmp/data \
		--web.route-prefix=/prometheus/ \
		--web.external-url=http://localhost/prometheus/ \
		--rules.alert.resend-delay=10s

	# Four services of a kit of thirty run, and none of the others is missed.
	wait_for 180 eval 'query "service:up{service=\"redis\"} == 1" | grep .'
	wait_for 180 eval 'query "count(service:up == 1) == 4" | grep .'
	run -0 query 'ALERTS{alertname!="DeadMansSwitch"}'
	[ -z "$output" ]

	docker kill "$kit-redis" > /dev/null
	killed=$EPOCHREALTIME
	wait_for 180 told 'select(.status == "firing")'
	echo "# told $(perl -e "printf '%.1f', $EPOCHREALTIME - $killed") s after the kill" >&3
	run -0 jq -c '[.status, .receiver, (.alerts[] | .labels.alertname,
		.labels.service, .labels.severity, .annotations.command)]' \
		<<< "$(docker logs "$kit-sink")"
	[ "${lines[0]}" = '["firing","people","ServiceDown","redis","critical","aikit-stack status redis"]' ]
	[ "${#lines[@]}" -eq 1 ]

	docker start "$kit-redis" > /dev/null
	wait_for 180 told 'select(.status == "resolved")'
	run -0 jq -c 'select(.status == "resolved") | [.alerts[].labels.service]' \
		<<< "$(docker logs "$kit-sink")"
	[ "${lines[0]}" = '["redis"]' ]
}
