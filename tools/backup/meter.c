/*
 * meter - progress of what reads the repository.
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

struct reading {
	const char *what;
	uint64_t bytes, total;
	int64_t ms, left_ms; /* left: -1 not known */
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
	ak_buf_str(&line, " at ");
	ak_str_from_size(&line,
	    (int64_t)((double)now->bytes * 1000 / (double)(now->ms + 1)));
	ak_buf_str(&line, "/s");
	if (now->left_ms >= 0) {
		ak_buf_str(&line, ", ");
		ak_str_from_duration(&line, now->left_ms / 1000 * 1000);
		ak_buf_str(&line, " left");
	}
	ak_buf_printf(&line, "  %s", now->what);
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
	struct reading now = { what, bytes, total, 0, -1 };

	if (meter->begin_ms == 0)
		meter->begin_ms = meter->line_ms = meter->record_ms = at;
	now.ms = at - meter->begin_ms;
	if (now.ms >= LATER_MS && bytes > 0 && bytes < total)
		now.left_ms = (int64_t)((double)now.ms *
		    ((double)total / (double)bytes - 1));
	if (!ctx->quiet && at - meter->line_ms >= LINE_MS) {
		meter->line_ms = at;
		show_line(&now);
	}
	if (!ak_out_is_table(ctx->out) && at - meter->record_ms >= RECORD_MS) {
		meter->record_ms = at;
		show_record(ctx->out, &now);
	}
}
