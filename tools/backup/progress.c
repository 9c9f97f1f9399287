/*
 * progress - how far a backup is, how fast, and how long it will take.
 */
#include <time.h>

#include "lib/str.h"
#include "lib/term.h"

#include "tools/backup/cmd_backup.h"
#include "tools/backup/meter.h"

#define RECORD_MS 1000
#define LINE_MS 100

static const struct ak_view progress_view = {
	"progress",
	AK_COLUMNS({ "files", "FILES", AK_SHOW_NUMBER, 0, NULL }),
	true,
};

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
expect(struct backup_run *run, const char *name)
{
	for (size_t i = run->snaps.count; i-- > 0;) {
		const struct snap *snap = run->snaps.items[i];

		for (size_t j = 0; j < snap->source_count; j++)
			if (ak_streq(snap->sources[j].name, name)) {
				run->expected_files += snap->sources[j].files;
				run->expected_bytes += snap->sources[j].bytes;
				return;
			}
	}
}

void
backup_progress_begin(struct backup_run *run, const struct sources *sources)
{
	run->started_ms = run->shown_ms = now_ms();
	for (size_t i = 0; i < sources->count; i++)
		expect(run, sources->items[i].name);
}

struct sums {
	uint64_t files, bytes;
	uint64_t done;	     /* of expected_bytes */
	int64_t ms, left_ms; /* left: -1 not known */
};

static struct sums
sum_up(const struct backup_run *run, int64_t now)
{
	struct sums sums = { .ms = now - run->started_ms };

	for (size_t i = 0; i < run->snap->source_count; i++) {
		sums.files += run->snap->sources[i].files;
		sums.bytes += run->snap->sources[i].bytes;
	}
	sums.done = sums.bytes + run->open_bytes;
	sums.left_ms = meter_left(sums.ms, sums.done, run->expected_bytes);
	return sums;
}

static void
show_record(struct backup_run *run, const struct sums *sums)
{
	struct ak_out *out = run->ctx->out;

	ak_out_begin(out, &progress_view);
	ak_out_str(out, "source", run->about ? run->about->name : NULL);
	ak_out_int(out, "files", (int64_t)sums->files);
	ak_out_int(out, "total_bytes", (int64_t)sums->bytes);
	ak_out_int(out, "read_bytes", (int64_t)run->read_bytes);
	if (run->expected_bytes > 0)
		ak_out_int(out, "expected_bytes", (int64_t)run->expected_bytes);
	ak_out_number(out, "seconds", (double)sums->ms / 1000);
	if (sums->left_ms >= 0)
		ak_out_number(out, "left_seconds",
		    (double)sums->left_ms / 1000);
	ak_out_end(out);
	ak_out_flush(out);
}

static void
show_line(const struct backup_run *run, const struct sums *sums)
{
	AK_BUF struct ak_buf line = { 0 };

	ak_buf_printf(&line, "%llu files, ", (unsigned long long)sums->files);
	ak_str_from_size(&line, (int64_t)sums->bytes);
	ak_buf_str(&line, ", read ");
	ak_str_from_size(&line, (int64_t)run->read_bytes);
	meter_put(&line, run->read_bytes, sums->ms, sums->left_ms,
	    run->about ? run->about->name : NULL);
	ak_term_progress(ak_buf_text(&line));
}

/* Called for every file: the clock is asked, which is cheap, and mostly not
 * more. */
void
backup_progress(void *arg, const char *path, uint64_t bytes)
{
	struct backup_run *run = arg;
	bool json = !ak_out_is_table(run->ctx->out);
	int64_t now = now_ms();
	struct sums sums;

	run->read_bytes += bytes;
	run->open_bytes = path ? 0 : run->open_bytes + bytes;
	if (now - run->shown_ms < (json ? RECORD_MS : LINE_MS))
		return;
	run->shown_ms = now;
	sums = sum_up(run, now);
	if (json)
		show_record(run, &sums);
	if (!run->ctx->quiet)
		show_line(run, &sums);
}

void
backup_progress_end(struct backup_run *run AK_UNUSED)
{
	ak_term_progress_end();
}
