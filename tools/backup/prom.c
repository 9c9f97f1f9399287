/*
 * prom - what was done to a repository, as metrics.
 *
 * Prometheus' text format 0.0.4, for the textfile collector of its node
 * exporter: one file a repository, replaced whole. In the state directory, or
 * where [backup] metrics says.
 */
#include <fcntl.h>
#include <stdio.h>

#include "lib/file.h"
#include "tools/backup/care_impl.h"

struct metric {
	const char *name, *help;
};

static void
head(struct ak_buf *text, const struct metric *metric)
{
	ak_buf_printf(text, "# HELP aikit_backup_%s %s\n", metric->name,
	    metric->help);
	ak_buf_printf(text, "# TYPE aikit_backup_%s gauge\n", metric->name);
}

static void
value(struct ak_buf *text, const struct metric *metric, const char *id,
    enum care_what what, double number)
{
	ak_buf_printf(text, "aikit_backup_%s{repository=\"%s\",what=\"%s\"} ",
	    metric->name, id, care_name(what));
	ak_buf_printf(text, "%.3f\n", number);
}

void
prom_text(const struct care *care, const char *id, struct ak_buf *text)
{
	static const struct metric run = { "last_run_timestamp_seconds",
		"When it last ended, well or not." };
	static const struct metric success = { "last_success_timestamp_seconds",
		"When it last ended well." };
	static const struct metric good = { "last_run_ok",
		"1 when the last one ended well." };
	static const struct metric took = { "last_run_seconds",
		"How long the last one took." };
	static const struct metric size = { "repository_bytes",
		"All objects of the repository." };
	const struct care_run *runs = care->runs;

	head(text, &run);
	for (int i = 0; i < CARE_KINDS; i++)
		if (runs[i].time > 0)
			value(text, &run, id, (enum care_what)i,
			    (double)runs[i].time / 1e9);
	head(text, &success);
	for (int i = 0; i < CARE_KINDS; i++)
		if (runs[i].success > 0)
			value(text, &success, id, (enum care_what)i,
			    (double)runs[i].success / 1e9);
	head(text, &good);
	for (int i = 0; i < CARE_KINDS; i++)
		if (runs[i].time > 0)
			value(text, &good, id, (enum care_what)i, runs[i].ok);
	head(text, &took);
	for (int i = 0; i < CARE_KINDS; i++)
		if (runs[i].time > 0)
			value(text, &took, id, (enum care_what)i,
			    runs[i].seconds);
	head(text, &size);
	ak_buf_printf(text,
	    "aikit_backup_repository_bytes{repository=\"%s\"} %lld\n", id,
	    (long long)care->bytes);
}

int
prom_write(const struct repo *repo, const struct care *care, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_FREE char *state = ak_cmd_dir("state", "backup");
	AK_FREE char *name = ak_printf("aikit-backup-%s.prom", repo->id);
	const char *where = backup_options.metrics ? backup_options.metrics
						   : state;
	AK_CLOSE int dir = -1;

	prom_text(care, repo->id, &text);
	if (ak_dir_make(where, 0755, &dir, err) == -1)
		return -1;
	return ak_file_replace(dir, name, text.data, text.len, 0644, err);
}
