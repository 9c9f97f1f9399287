#!/usr/bin/env bats
# monitoring - what is measured, what is alarming, and whom it reaches.
#
# Rules are tested by promtool (tests/monitoring/NAME.test.yml for each
# rules/NAME.yml), routes by amtool, delivery by a real Alertmanager that the
# kit's own script starts, dashboards by a real Prometheus that reads every
# expression.

# Jq and eval get their text as it is.
# shellcheck disable=SC2016

load house
load monitoring/common

config=$ROOT/deploy/config
rules=$config/prometheus/rules

setup() {
	here=$BATS_TEST_TMPDIR
	pids=()
	export ALERT_SECRETS=$here/secrets ALERT_RUN=$here/run
	mkdir "$ALERT_SECRETS" "$ALERT_RUN"
}

teardown() {
	[ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" || :
}

sink() {
	"$ROOT/tests/monitoring/sink" "$here/sink" 3>&- &
	pids+=($!)
	wait_for 20 test -s "$here/sink"
	# shellcheck source=/dev/null
	. "$here/sink"
	: > "$here/sink.got"
}

# alertmanager: the kit's, on a port that the kernel chose, without its
# patience with alerts that come and go.
alertmanager() {
	cp -R "$config/alertmanager" "$here/alertmanager"
	sed -i -e 's/group_wait: .*/group_wait: 0s/' \
		-e 's/group_interval: .*/group_interval: 1s/' \
		"$here/alertmanager/alertmanager.yml"
	"$here/alertmanager/start" --storage.path="$here/data" \
		--web.route-prefix=/alertmanager/ --cluster.listen-address= \
		--web.listen-address=127.0.0.1:0 > "$here/alertmanager.log" 2>&1 3>&- &
	pids+=($!)
	wait_for 20 grep -q 'Listening on' "$here/alertmanager.log"
	api=http://$(sed -n 's/.*Listening on.*address=\([0-9.:]*\).*/\1/p' \
		"$here/alertmanager.log")/alertmanager/api/v2
	wait_for 20 curl -sf "$api/status"
}

# fire NAME=VALUE..: an alert with these labels. $ends: when it is over.
fire() {
	jq -nc '[{labels: [$ARGS.positional[] | split("=") |
		{(.[0]): .[1]}] | add} + if env.ends then {endsAt: env.ends}
		else {} end]' --args "$@" |
		curl -sf -H 'Content-Type: application/json' -d @- "$api/alerts"
}

# received JQ-FILTER: what the sink got, by this filter, is not empty.
received() {
	[ -n "$(jq -c "$1" "$here/sink.got")" ]
}

# alerts: the names of all alerts of the kit.
alerts() {
	sed -n 's/^ *- alert: //p' "$rules"/*.yml
}

@test "every rule fires when it should, after the time it should, and not else" {
	for file in "$rules"/*.yml; do
		name=$(basename "$file" .yml)
		run -0 promtool test rules "$ROOT/tests/monitoring/$name.test.yml"
		[[ $output != *FAILED* ]]
	done
}

@test "every alert has such a test" {
	for alert in $(alerts); do
		grep -q "$alert" "$ROOT"/tests/monitoring/*.test.yml || {
			echo "$alert has none" >&2
			return 1
		}
	done
}

@test "a threshold that is not what the tests say is found" {
	mkdir -p "$here/deploy/config/prometheus" "$here/tests/monitoring"
	cp -R "$rules" "$here/deploy/config/prometheus"
	cp "$ROOT/tests/monitoring/host.test.yml" "$here/tests/monitoring"
	sed -i 's/> 85$/> 90/' "$here/deploy/config/prometheus/rules/host.yml"
	run -1 promtool test rules "$here/tests/monitoring/host.test.yml"
	[[ $output == *HostMemoryHigh* ]]
}

@test "the eight alerts of the roadmap are there" {
	for alert in HostCPUHigh HostMemoryHigh HostDiskLow ServiceDown \
		GPUTemperatureHigh GPUMemoryHigh OllamaDown OllamaLatencyHigh; do
		alerts | grep -qx "$alert"
	done
}

@test "every alert has a severity, says what is wrong, and what to type next" {
	for alert in $(alerts); do
		text=$(sed -n "/- alert: $alert\$/,/^\$/p" "$rules"/*.yml)
		grep -Eq 'severity: (critical|warning|none)' <<< "$text"
		grep -q ' summary: ' <<< "$text"
		grep -q ' description: ' <<< "$text"
		grep -Eq ' command: "aikit-(stack|backup) ' <<< "$text"
	done
}

@test "what to type next names what the kit has" {
	while read -r name; do
		grep -qE "^  $name:|^    $name: \\[" "$ROOT"/deploy/compose.yaml \
			"$ROOT"/deploy/compose/*.yaml || deny "$name"
	done < <(sed -nE \
		's/.*command: "aikit-stack (status|restart|logs.*) ([a-z-]+)"$/\2/p' \
		"$rules"/*.yml | sort -u)
}

@test "prometheus accepts its configuration, and every job that a rule names is in it" {
	run -0 promtool check config --syntax-only "$config/prometheus/prometheus.yml"
	run -0 promtool check rules "$rules"/*.yml
	for job in $(grep -oh 'job=~\?"[^"]*"' "$rules"/*.yml |
		sed 's/.*"\(.*\)"/\1/' | tr '|' '\n' | sort -u); do
		grep -q "job_name: $job\$" "$config/prometheus/prometheus.yml"
	done
}

@test "alerts are handed to Alertmanager, and again soon after a start" {
	grep -A4 '^alerting:' "$config/prometheus/prometheus.yml" |
		grep -q 'alertmanager:9093'
	grep -q -e '--rules.alert.resend-delay=10s' "$ROOT/deploy/compose/monitoring.yaml"
}

@test "the blackbox exporter accepts its modules, and every module asked for is there" {
	run -0 prometheus-blackbox-exporter --config.check \
		--config.file="$config/blackbox/blackbox.yml"
	while read -r module; do
		grep -q "^  $module:" "$config/blackbox/blackbox.yml"
	done < <(sed -n 's/.*module: \[\(.*\)\].*/\1/p' "$config/prometheus/prometheus.yml")
}

@test "an alert has one way to go" {
	while IFS='|' read -r labels receiver; do
		# shellcheck disable=SC2086
		is "$receiver" amtool config routes test \
			--config.file="$config/alertmanager/alertmanager.yml" $labels
	done <<-END
		alertname=ServiceDown severity=critical service=redis|people
		alertname=HostCPUHigh severity=warning|people
		alertname=DeadMansSwitch severity=none|watchdog
		alertname=DeadMansSwitch severity=critical|watchdog
		alertname=Other|people
	END
}

@test "each set of settings makes a configuration, in dash and in busybox" {
	for shell in dash 'busybox sh'; do
		$shell "$config/alertmanager/start" --check
		ALERT_WEBHOOK_URL='https://hooks.example/a?b=c' \
			$shell "$config/alertmanager/start" --check
		ALERT_WATCHDOG_URL=http://watch.example \
			$shell "$config/alertmanager/start" --check
		ALERT_MAIL_TO="o'neil@example.org" SMTP_HOST=mail.example:587 \
			SMTP_FROM='aikit <a@example.org>' \
			$shell "$config/alertmanager/start" --check
	done 2>&1
	[ -z "$(ls "$ALERT_RUN")" ]
}

@test "settings that cannot work end the start, and name themselves" {
	start=$config/alertmanager/start
	refused() {
		run -78 --separate-stderr "$start" --check
		[ "$stderr" = "start: $1" ]
	}
	ALERT_WEBHOOK_URL=ftp://x refused 'ALERT_WEBHOOK_URL: neither http:// nor https://'
	ALERT_WATCHDOG_URL=x refused 'ALERT_WATCHDOG_URL: neither http:// nor https://'
	ALERT_MAIL_TO=a@b refused 'ALERT_MAIL_TO needs SMTP_HOST'
	ALERT_MAIL_TO=a@b SMTP_HOST=c:25 refused 'ALERT_MAIL_TO needs SMTP_FROM'
	ALERT_MAIL_TO=a@b SMTP_HOST=c:25 SMTP_FROM=a@b SMTP_USER=x \
		refused "SMTP_USER needs a password in $ALERT_SECRETS/alert_smtp_password"
	SMTP_TLS=maybe refused 'SMTP_TLS: neither true nor false'
	ALERT_MAIL_TO=$'a@b\n  - name: x' refused 'a setting has a control character'
	ALERT_MAIL_TO=a@b SMTP_HOST=no-port SMTP_FROM=a@b run -78 "$start" --check
	[[ $output == *'the configuration is not valid'* ]]
}

@test "without a webhook an alert is shown, and nobody is called" {
	sink
	alertmanager
	fire alertname=ServiceDown severity=critical service=redis
	wait_for 20 is active eval 'curl -sf "$api/alerts" | jq -r ".[].status.state"'
	is '["people"]' eval 'curl -sf "$api/alerts" | jq -c "[.[].receivers[].name]"'
	run -0 cat "$here/sink.got"
	[ -z "$output" ]
	[[ $(< "$here/alertmanager.log") != *'level=error'* ]]
}

@test "a webhook gets the alert, its bearer token, and the end of it" {
	sink
	printf canary-token > "$ALERT_SECRETS/alert_webhook_token"
	export ALERT_WEBHOOK_URL=http://127.0.0.1:$HTTP_PORT/people
	export ALERT_WATCHDOG_URL=http://127.0.0.1:$HTTP_PORT/watchdog
	alertmanager
	fire alertname=ServiceDown severity=critical service=redis
	fire alertname=DeadMansSwitch severity=none
	wait_for 20 received 'select(.path == "/people")'
	wait_for 20 received 'select(.path == "/watchdog")'
	is '["Bearer canary-token","firing",["ServiceDown"],"redis"]' jq -c \
		'select(.path == "/people") | [.authorization, .body.status,
		[.body.alerts[].labels.alertname], .body.groupLabels.service]' "$here/sink.got"
	is '[null,"DeadMansSwitch"]' jq -c 'select(.path == "/watchdog") |
		[.authorization, .body.alerts[0].labels.alertname]' "$here/sink.got"
	ends=$(date -u +%Y-%m-%dT%H:%M:%SZ) fire alertname=ServiceDown severity=critical service=redis
	wait_for 20 received 'select(.path == "/people" and .body.status == "resolved")'
	run -1 grep -rq canary "$ALERT_RUN" "$here/alertmanager.log" "/proc/${pids[1]}/cmdline"
	is 600 stat -c %a "$ALERT_RUN/alertmanager.yml"
}

@test "mail goes to its server with user and password" {
	sink
	printf 'canary pass' > "$ALERT_SECRETS/alert_smtp_password"
	# shellcheck disable=SC2153
	export ALERT_MAIL_TO=me@example.org SMTP_HOST=127.0.0.1:$SMTP_PORT \
		SMTP_FROM=aikit@example.org SMTP_USER=user SMTP_TLS=false
	alertmanager
	fire alertname=HostMemoryHigh severity=warning instance=x
	wait_for 20 received .mail
	is '["<aikit@example.org>","<me@example.org>",["","user","canary pass"]]' \
		jq -c '[.sender, .receiver, .login]' "$here/sink.got"
	grep -q 'Subject: .*FIRING:1.*HostMemoryHigh' <(jq -r .mail "$here/sink.got")
	run -1 grep -rq canary "$ALERT_RUN" "$here/alertmanager.log" "/proc/${pids[1]}/cmdline"
}

@test "of a service that is down no warning is sent, others are" {
	sink
	export ALERT_WEBHOOK_URL=http://127.0.0.1:$HTTP_PORT/
	alertmanager
	fire alertname=ServiceDown severity=critical service=redis
	fire alertname=NoService severity=critical
	wait_for 20 received 'select(.body.groupLabels.alertname == "NoService")'
	fire alertname=RedisMemoryHigh severity=warning service=redis
	fire alertname=ServiceRestarts severity=warning service=n8n
	fire alertname=HostCPUHigh severity=warning
	wait_for 20 received 'select(.body.groupLabels.alertname == "ServiceRestarts")'
	wait_for 20 received 'select(.body.groupLabels.alertname == "HostCPUHigh")'
	wait_for 20 is '["RedisMemoryHigh"]' eval 'curl -sf "$api/alerts" | jq -c \
		"[.[] | select(.status.inhibitedBy != []) | .labels.alertname]"'
	run received 'select(.body.groupLabels.alertname == "RedisMemoryHigh")'
	[ "$status" -eq 1 ]
}

# prometheus: a real one with the kit's rules, on a port that the kernel chose.
prometheus_answers() {
	printf 'global: {evaluation_interval: 1s}\nrule_files: ["%s/*.yml"]\n' \
		"$rules" > "$here/prometheus.yml"
	prometheus --config.file="$here/prometheus.yml" \
		--storage.tsdb.path="$here/tsdb" \
		--web.listen-address=127.0.0.1:0 > "$here/prometheus.log" 2>&1 3>&- &
	pids+=($!)
	wait_for 20 grep -q 'msg="Listening on"' "$here/prometheus.log"
	api=http://$(sed -n 's/.*msg="Listening on".*address=\([0-9.:]*\).*/\1/p' \
		"$here/prometheus.log")/api/v1
	wait_for 20 curl -sf "$api/query?query=1"
}

# asked PROMQL: success or error.
asked() {
	curl -s --data-urlencode "query=$1" "$api/query" | jq -r .status
}

# expressions: every PromQL expression of every panel, one a line.
expressions() {
	jq -r '.panels[].targets[].expr' "$config"/grafana/dashboards/*.json
}

@test "ten dashboards, each valid, with an identity and panels of its own" {
	holds() {
		jq -e "$1" "$file" > /dev/null || deny "$file: not so: $1"
	}
	cd "$config/grafana/dashboards"
	is 10 eval 'ls *.json | wc -l'
	for file in *.json; do
		is "${file%.json}" jq -r .uid "$file"
		holds '(.title | length > 0) and (.description | length > 0)'
		holds '[.panels[].id] | length == (unique | length)'
		holds 'all(.panels[]; .title != "" and (.targets | length > 0) and
			.gridPos.x + .gridPos.w <= 24)'
		# No panel lies on another.
		holds '[.panels[].gridPos] as $p | [range($p | length) as $a |
			range($a) as $b | $p[$a] as $x | $p[$b] as $y |
			select($x.x < $y.x + $y.w and $y.x < $x.x + $x.w and
			$x.y < $y.y + $y.h and $y.y < $x.y + $x.h)] == []'
		holds 'all(.panels[].type; IN("timeseries", "stat", "bargauge", "table"))'
	done
	is 10 eval 'cat *.json | jq -r .title | sort -u | wc -l'
	run -1 grep -i estimat -- *.json
}

@test "every panel asks a datasource that is provisioned, and each serves who asks" {
	sources=$config/grafana/provisioning/datasources/kit.yaml
	for uid in $(jq -r '.panels[].datasource.uid' "$config"/grafana/dashboards/*.json | sort -u) \
		"$(sed -n 's/.*alertmanagerUid: //p' "$sources")"; do
		grep -q "^    uid: $uid\$" "$sources"
	done
	grep -q 'manageAlerts: true' "$sources"
	grep -q 'url: http://prometheus:9090/prometheus$' "$sources"
	grep -q 'path: /etc/grafana/dashboards$' \
		"$config/grafana/provisioning/dashboards/kit.yaml"
}

@test "a real Prometheus reads every expression of every panel, and the rules" {
	prometheus_answers
	count=0
	while read -r expression; do
		is success asked "${expression//\$price/0.30}"
		count=$((count + 1))
	done < <(expressions)
	[ "$count" -gt 60 ]
	# And it can say no.
	is error asked 'sum(up'
	wait_for 20 is '["DeadMansSwitch"]' eval 'curl -s "$api/alerts" |
		jq -c "[.data.alerts[].labels.alertname]"'
	is '[]' eval 'curl -s "$api/rules" | jq -c "[.data.groups[].rules[] |
		select(.health == \"err\") | .name]"'
}

@test "no rule and no panel names a metric that nobody is known to tell" {
	prometheus_answers
	{
		expressions
		curl -s "$api/rules" | jq -r '.data.groups[].rules[].query'
	} | "$ROOT/tests/monitoring/names" > "$here/named"
	[ "$(wc -l < "$here/named")" -gt 60 ]
	sed -n 's/^\([a-zA-Z]\S*\) .*/\1/p' "$ROOT/tests/monitoring/metrics.txt" |
		sort > "$here/known"
	run -0 comm -23 <(sort "$here/named") "$here/known"
	[ -z "$output" ] || deny "not in metrics.txt: $output"
	run -0 comm -13 <(sort "$here/named") "$here/known"
	[ -z "$output" ] || deny "in metrics.txt for nothing: $output"
}
