#!/bin/bash
# Commands that answer from the kit alone, and the plan: warm, cold, and what
# docker compose takes to render the same kit.
. "$(dirname "$0")/bench.bash"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r deploy "$scratch/kit"
export AIKIT_STACK_KIT=$scratch/kit XDG_CACHE_HOME=$scratch/cache
export XDG_STATE_HOME=$scratch/state
aikit-stack init >/dev/null

render() {
	docker compose --project-directory "$scratch/kit" --profile '*' config \
	    --format json
}

cold() {
	rm -f "$scratch"/cache/aikit/stack/*.json
	aikit-stack plan core
}

list() { aikit-stack list services; }
get() { aikit-stack config get HTTP_PORT; }
why() { aikit-stack why open-webui; }
plan() { aikit-stack plan core; }
start() { aikit-stack --version; }

limit start 3 40 start
limit list 5 40 list
limit config-get 5 40 get
limit why 5 40 why
limit plan-warm 10 40 plan
compare plan-cold 1.15 15 cold render
