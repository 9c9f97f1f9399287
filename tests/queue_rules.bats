#!/usr/bin/env bats
# queue_rules - what aikit-queue makes of who asks, of what is asked and of what
# it must not take: each claim of queue/rules.py, with a fake Ollama and a queue
# of its own.

load house

claim() {
	AIKIT_QUEUE="aikit-queue run" python3 "$ROOT/tests/queue/rules.py" "$1"
}

@test "the peer of a unix socket is its user" {
	claim the_peer_of_a_unix_socket_is_its_user
}

@test "each listener has its own defaults" {
	claim each_listener_has_its_own_defaults
}

@test "rules give classes of one's own" {
	claim rules_give_classes_of_ones_own
}

@test "what passes is never behind work" {
	claim what_passes_is_never_behind_work
}

@test "unknown paths are refused unless it is said" {
	claim unknown_paths_are_refused_unless_it_is_said
}

@test "keep alive has a default and a bound" {
	claim keep_alive_has_a_default_and_a_bound
}

@test "embeddings go one at a time" {
	claim embeddings_go_one_at_a_time
}

@test "a context is raised to what is usual" {
	claim a_context_is_raised_to_what_is_usual
}

@test "a deadline is kept or told" {
	claim a_deadline_is_kept_or_told
}

@test "what would miss its deadline is refused at once" {
	claim what_would_miss_its_deadline_is_refused_at_once
}

@test "who waited for too long is refused where it is said" {
	claim who_waited_for_too_long_is_refused_where_it_is_said
}

@test "who is refused is told when to come again" {
	claim who_is_refused_is_told_when_to_come_again
}

@test "what is too large is told" {
	claim what_is_too_large_is_told
}

@test "what is no HTTP reaches nobody" {
	claim what_is_no_http_reaches_nobody
}

@test "a reload takes nothing from who is served" {
	claim a_reload_takes_nothing_from_who_is_served
}

@test "several servers have one list" {
	claim several_servers_have_one_list
}

@test "a file in the place of a socket stays" {
	claim a_file_in_the_place_of_a_socket_stays
}

@test "who waits for a backend that is gone is told" {
	claim who_waits_for_a_backend_that_is_gone_is_told
}

@test "what is loaded by another way is known" {
	claim what_is_loaded_by_another_way_is_known
}

@test "the one that must go is unloaded by name" {
	claim the_one_that_must_go_is_unloaded_by_name
}

@test "the operator loads without hanging Ollama" {
	claim the_operator_loads_without_hanging_ollama
}

@test "the operator loads where the model is" {
	claim the_operator_loads_where_the_model_is
}

@test "each metric is there and is filled" {
	claim each_metric_is_there_and_is_filled
}
