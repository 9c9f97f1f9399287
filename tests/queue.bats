#!/usr/bin/env bats
# queue - what aikit-queue promises of bytes and connections: each claim of
# queue/claims.py, with a fake Ollama and a queue of its own.

load house

claim() {
	AIKIT_QUEUE="aikit-queue run" python3 "$ROOT/tests/queue/claims.py" "$1"
}

@test "Host is rewritten" {
	claim host_is_rewritten
}

@test "HEAD has no body" {
	claim head_has_no_body
}

@test "tokens arrive one by one" {
	claim tokens_arrive_one_by_one
}

@test "every dialect streams" {
	claim every_dialect_streams
}

@test "chunked bodies are taken" {
	claim chunked_bodies_are_taken
}

@test "a byte at a time is the same" {
	claim a_byte_at_a_time_is_the_same
}

@test "continue is said before the body" {
	claim continue_is_said_before_the_body
}

@test "expect is refused when the queue is full" {
	claim expect_is_refused_when_the_queue_is_full
}

@test "pipelined requests are answered in order" {
	claim pipelined_requests_are_answered_in_order
}

@test "a unix socket serves and knows its peer" {
	claim a_unix_socket_serves_and_knows_its_peer
}

@test "old clients are answered until the end" {
	claim old_clients_are_answered_until_the_end
}

@test "large bodies are spilled and arrive" {
	claim large_bodies_are_spilled_and_arrive
}

@test "a blob of a gigabyte takes no memory" {
	claim a_blob_of_a_gigabyte_takes_no_memory
}

@test "a blob left half way is left there too" {
	claim a_blob_left_half_way_is_left_there_too
}

@test "pulls have a lane of their own" {
	claim pulls_have_a_lane_of_their_own
}

@test "a pull may take as long as it goes on" {
	claim a_pull_may_take_as_long_as_it_goes_on
}

@test "unloading is never behind work" {
	claim unloading_is_never_behind_work
}

@test "two models take turns" {
	claim two_models_take_turns
}

@test "options that reload are kept together" {
	claim options_that_reload_are_kept_together
}

@test "a pinned context loads once" {
	claim a_pinned_context_loads_once
}

@test "what deadlocks Ollama passes through" {
	claim what_deadlocks_ollama_passes_through
}

@test "a burst of embeddings delays a chat by one" {
	claim a_burst_of_embeddings_delays_a_chat_by_one
}

@test "a client that leaves while streaming is cancelled" {
	claim a_client_that_leaves_while_streaming_is_cancelled
}

@test "a client that leaves while loading is cancelled" {
	claim a_client_that_leaves_while_loading_is_cancelled
}

@test "a client that leaves in prefill is cancelled" {
	claim a_client_that_leaves_in_prefill_is_cancelled
}

@test "a client that leaves the queue is never sent" {
	claim a_client_that_leaves_the_queue_is_never_sent
}

@test "a client that leaves in its body leaves nothing" {
	claim a_client_that_leaves_in_its_body_leaves_nothing
}

@test "a client that leaves while connecting is forgotten" {
	claim a_client_that_leaves_while_connecting_is_forgotten
}

@test "half close can be allowed" {
	claim half_close_can_be_allowed
}

@test "death before the first byte is a 502" {
	claim death_before_the_first_byte_is_a_502
}

@test "a kept connection that dies is tried again once" {
	claim a_kept_connection_that_dies_is_tried_again_once
}

@test "death in the head is never tried again" {
	claim death_in_the_head_is_never_tried_again
}

@test "death in the stream is an error object" {
	claim death_in_the_stream_is_an_error_object
}

@test "another backend takes over before the first byte" {
	claim another_backend_takes_over_before_the_first_byte
}

@test "a backend that is down is told with retry after" {
	claim a_backend_that_is_down_is_told_with_retry_after
}

@test "a backend that comes back is used again" {
	claim a_backend_that_comes_back_is_used_again
}

@test "malformed answers are a 502" {
	claim malformed_answers_are_a_502
}

@test "a model that is nowhere is a 404" {
	claim a_model_that_is_nowhere_is_a_404
}

@test "a slow head is a 408" {
	claim a_slow_head_is_a_408
}

@test "a slow body is a 408" {
	claim a_slow_body_is_a_408
}

@test "an idle connection is closed" {
	claim an_idle_connection_is_closed
}

@test "silence is a 504 and frees the slot" {
	claim silence_is_a_504_and_frees_the_slot
}

@test "a stalled stream ends with an error" {
	claim a_stalled_stream_ends_with_an_error
}

@test "a slow reader stops the backend and then goes" {
	claim a_slow_reader_stops_the_backend_and_then_goes
}

@test "a slow reader that goes on gets it all" {
	claim a_slow_reader_that_goes_on_gets_it_all
}

@test "a drain ends what runs and takes no more" {
	claim a_drain_ends_what_runs_and_takes_no_more
}

@test "reloads drop nothing" {
	claim reloads_drop_nothing
}

@test "queued requests take little memory" {
	claim queued_requests_take_little_memory
}

@test "nothing is lost or mixed up in turmoil" {
	claim nothing_is_lost_or_mixed_up_in_turmoil
}

@test "a name without an address holds nobody up" {
	claim a_name_without_an_address_holds_nobody_up
}

@test "a model that is nowhere waits for nobody" {
	claim a_model_that_is_nowhere_waits_for_nobody
}

@test "a model that came by another way is found" {
	claim a_model_that_came_by_another_way_is_found
}

@test "a list that cannot be read decides nothing" {
	claim a_list_that_cannot_be_read_decides_nothing
}

@test "a model goes to the backend that has it" {
	claim a_model_goes_to_the_backend_that_has_it
}

@test "what needs no GPU goes where its model is" {
	claim what_needs_no_gpu_goes_where_its_model_is
}

@test "a model is unloaded where it is loaded" {
	claim a_model_is_unloaded_where_it_is_loaded
}

@test "a place in the queue and its wait are told" {
	claim a_place_in_the_queue_and_its_wait_are_told
}

@test "switches and our own time are counted" {
	claim switches_and_our_own_time_are_counted
}

@test "managing is for loopback unless it is said" {
	claim managing_is_for_loopback_unless_it_is_said
}


@test "a body in zstd is looked into and goes on as it came" {
	claim a_body_in_zstd_is_looked_into_and_goes_on_as_it_came
}

@test "a transcription waits for its model" {
	claim a_transcription_waits_for_its_model
}

@test "an offer of http2 is let be and other upgrades are refused" {
	claim an_offer_of_http2_is_let_be_and_other_upgrades_are_refused
}

@test "better work stops what may be stopped" {
	claim better_work_stops_what_may_be_stopped
}

@test "a breaker opens and closes" {
	claim a_breaker_opens_and_closes
}

@test "a backend that only looks well is found" {
	claim a_backend_that_only_looks_well_is_found
}

@test "a busy backend without a byte is told of" {
	claim a_busy_backend_without_a_byte_is_told_of
}

@test "no request runs longer than it may" {
	claim no_request_runs_longer_than_it_may
}

@test "a stall is told in every dialect" {
	claim a_stall_is_told_in_every_dialect
}

@test "a trickle does not hold a slot" {
	claim a_trickle_does_not_hold_a_slot
}

@test "connections have a limit and the rest waits" {
	claim connections_have_a_limit_and_the_rest_waits
}

@test "when files run out the rest waits" {
	claim when_files_run_out_the_rest_waits
}

@test "of 3,000 requests in turmoil none is lost and none answered twice" {
	run -0 --separate-stderr env B="${B:-$ROOT/build}" COUNT=3000 \
		"$ROOT/tests/bench/queue_turmoil.sh"
	jq -e '.requests == 3000 and .whole > 1500 and .left > 300 and
		.reloads > 5 and .kills > 0' <<<"$output"
}
