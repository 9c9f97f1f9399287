/*
 * meter - how fast something goes, and when it will be done.
 */
#include "tools/backup/meter.h"

#include "lib/proc.h"
#include "lib/str.h"
#include "lib/term.h"

#define RECORD_MS 1000
#define LINE_MS 100
#define LATER_MS 1000 /* before that, a time left is a guess */

static const struct ak_view progress_view = {
	"progress",
	AK_COLUMNS({ "source", "SOURCE", AK_SHOW_TEXT, 0, NULL }),
	true,
};

int64_t
meter_left(int64_t ms, uint64_t done, uint64_t total)
{
	if (ms < LATER_MS || done == 0 || done >= total)
		return -1;
	return (int64_t)((double)ms * ((double)total / (double)done - 1));
}

void
meter_put(struct ak_buf *line, uint64_t bytes, int64_t ms, int64_t left_ms,
    const char *what)
{
	ak_buf_str(line, " at ");
	ak_str_from_size(line,
	    (int64_t)((double)bytes * 1000 / (double)(ms + 1)));
	ak_buf_str(line, "/s");
	if (left_ms >= 0) {
		ak_buf_str(line, ", ");
		ak_str_from_duration(line, left_ms / 1000 * 1000);
		ak_buf_str(line, " left");
	}
	if (what != NULL)
		ak_buf_printf(line, "  %s", what);
}

struct reading {
	const char *what;
	uint64_t bytes, total;
	int64_t ms, left_ms;
};

static void
show_line(const struct reading *now)
{
	AK_BUF struct ak_buf line = { 0 };

	ak_str_from_size(&line, (int64_t)now->bytes);
	if (now->total > 0) {
		ak_buf_str(&line, " of ");
		ak_str_from_size(&line, (int64_t)now->total);
	}
	meter_put(&line, now->bytes, now->ms, now->left_ms, now->what);
	ak_term_progress(ak_buf_text(&line));
}

static void
show_record(struct ak_out *out, const struct reading *now)
{
	ak_out_begin(out, &progress_view);
	ak_out_str(out, "source", now->what);
	ak_out_int(out, "read_bytes", (int64_t)now->bytes);
	if (now->total > 0)
		ak_out_int(out, "expected_bytes", (int64_t)now->total);
	ak_out_number(out, "seconds", (double)now->ms / 1000);
	if (now->left_ms >= 0)
		ak_out_number(out, "left_seconds", (double)now->left_ms / 1000);
	ak_out_end(out);
	ak_out_flush(out);
}

void
meter_show(struct meter *meter, struct ak_ctx *ctx, const char *what,
    uint64_t bytes, uint64_t total)
{
	int64_t at = ak_proc_now_ms();
	struct reading now = { what, bytes, total, 0, 0 };

	if (meter->begin_ms == 0)
		meter->begin_ms = meter->line_ms = meter->record_ms = at;
	now.ms = at - meter->begin_ms;
	now.left_ms = meter_left(now.ms, bytes, total);
	if (!ctx->quiet && at - meter->line_ms >= LINE_MS) {
		meter->line_ms = at;
		show_line(&now);
	}
	if (!ak_out_is_table(ctx->out) && at - meter->record_ms >= RECORD_MS) {
		meter->record_ms = at;
		show_record(ctx->out, &now);
	}
}
