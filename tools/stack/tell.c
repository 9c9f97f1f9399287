/*
 * tell - what is seen while services get well: a record each, progress on a
 * terminal, and why one did not.
 */
#include <string.h>
#include <unistd.h>

#include "lib/term.h"
#include "tools/stack/wait.h"

enum { TAIL_LINES = 20 };

static const struct ak_view ready_view = {
	.type = "ready",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 24, NULL },
	    { "well", "IS", AK_SHOW_TEXT, 8, "ok=green done=green" },
	    { "seconds", "AFTER", AK_SHOW_SECONDS, 8, NULL },
	    { "url", "URL", AK_SHOW_TEXT, 0, NULL }),
	.stream = true,
};

static double
elapsed(const struct waiting *w)
{
	return (double)(ak_proc_now_ms() - w->begun_ms) / 1000.0;
}

void
tell_ready(struct waiting *w, const struct state *state)
{
	ak_out_begin(w->ctx->out, &ready_view);
	ak_out_str(w->ctx->out, "service", state->service->name);
	ak_out_str(w->ctx->out, "well", wellness_names[state->well]);
	ak_out_number(w->ctx->out, "seconds", elapsed(w));
	ak_out_str(w->ctx->out, "url",
	    service_label(state->service, "aikit.url"));
	ak_out_end(w->ctx->out);
	ak_out_flush(w->ctx->out);
}

void
tell_progress(const struct waiting *w)
{
	AK_BUF struct ak_buf lines = { 0 };

	if (w->ctx->quiet || isatty(STDERR_FILENO) != 1)
		return;
	ak_buf_printf(&lines, "%zu of %zu well, %.0f s", w->ready_count,
	    w->selection->count, elapsed(w));
	for (size_t i = 0; i < w->selection->count; i++)
		if (!w->ready[i])
			ak_buf_printf(&lines, "\n  %-24s %s",
			    w->selection->picks[i].service->name,
			    w->states[i].text[0] != '\0' ? w->states[i].text
							 : "waiting");
	ak_term_progress(ak_buf_text(&lines));
}

int
tell_failed(struct waiting *w, const struct state *state)
{
	ak_term_progress_end();
	ak_err_set(&w->ctx->err, AK_UNAVAILABLE, "%s: %s", state->service->name,
	    state->text);
	ak_err_help(&w->ctx->err, "aikit-stack logs %s", state->service->name);
	if (state->container != NULL)
		logs_tail(w->engine, state->container, TAIL_LINES);
	return -1;
}

int
tell_late(struct waiting *w)
{
	AK_BUF struct ak_buf names = { 0 };

	for (size_t i = 0; i < w->selection->count; i++)
		if (!w->ready[i])
			ak_buf_printf(&names, "%s%s (%s)",
			    names.len > 0 ? ", " : "",
			    w->selection->picks[i].service->name,
			    w->states[i].text[0] != '\0' ? w->states[i].text
							 : "not started");
	ak_term_progress_end();
	return ak_fail(&w->ctx->err, AK_TEMPFAIL, "not well after %lld s: %s",
	    (long long)w->limit_ms / 1000, ak_buf_text(&names));
}
