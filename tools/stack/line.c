/*
 * line - a log line on its way out: chosen, graded, written or drawn.
 */
#include <string.h>
#include <unistd.h>

#include "lib/table.h"
#include "lib/term.h"
#include "tools/stack/logs.h"

static const struct ak_view line_view = {
	.type = "line",
	.columns = AK_COLUMNS({ "time", "TIME", AK_SHOW_TEXT, 30, NULL },
	    { "service", "SERVICE", AK_SHOW_TEXT, 20, NULL },
	    { "level", "LEVEL", AK_SHOW_TEXT, 8,
		"error=red critical=red warning=yellow" },
	    { "text", "TEXT", AK_SHOW_TEXT, 0, NULL }),
	.stream = true,
};

static const char *const colours[] = { "36", "33", "32", "35", "34", "31" };

/* The length of a colour change at s ("ESC [ 31 m"); 0: there is none. */
static size_t
colour_change(const char *s, size_t len)
{
	size_t n = 2;

	if (len < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (n < len && strchr("0123456789;", s[n]) != NULL && s[n] != '\0')
		n++;
	return n < len && s[n] == 'm' ? n + 1 : 0;
}

void
line_plain(struct ak_buf *buf, const char *text, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len;) {
		size_t skip = colour_change(text + i, len - i);

		if (skip > 0) {
			ak_table_plain(buf, text + from, i - from);
			from = i + skip;
		}
		i += skip > 0 ? skip : 1;
	}
	ak_table_plain(buf, text + from, len - from);
}

static bool
is_wanted(const struct logs *logs, const struct mux_line *line)
{
#ifdef REG_STARTEND
	regmatch_t match = { .rm_so = 0, .rm_eo = (regoff_t)line->len };

	return !logs->grepping ||
	    regexec(&logs->grep, line->text, 1, &match, REG_STARTEND) == 0;
#else
	AK_FREE char *text = ak_strndup(line->text, line->len);

	return !logs->grepping || regexec(&logs->grep, text, 0, NULL, 0) == 0;
#endif
}

/* A service keeps its colour whatever else is shown. */
static const char *
colour_of(const char *service)
{
	unsigned hash = 0;

	for (; *service != '\0'; service++)
		hash = hash * 31 + (unsigned char)*service;
	return colours[hash % AK_COUNT(colours)];
}

static void
draw(struct logs *logs, const struct source *source,
    const struct mux_line *line)
{
	AK_BUF struct ak_buf text = { 0 };
	struct ak_out *out = logs->ctx->out;

	line_plain(&text, line->text, line->len);
	if (ak_term_colour(STDOUT_FILENO))
		ak_out_raw(out, "\033[%sm%-*s |\033[m %s\n",
		    colour_of(source->service), logs->width, source->service,
		    ak_buf_text(&text));
	else
		ak_out_raw(out, "%-*s | %s\n", logs->width, source->service,
		    ak_buf_text(&text));
}

void
logs_line(struct logs *logs, const struct source *source,
    const struct mux_line *line)
{
	struct ak_out *out = logs->ctx->out;

	if (!is_wanted(logs, line))
		return;
	if (ak_out_is_table(out)) {
		draw(logs, source, line);
		return;
	}
	ak_out_begin(out, &line_view);
	if (*line->time != '\0')
		ak_out_str(out, "time", line->time);
	ak_out_str(out, "service", source->service);
	ak_out_str(out, "stream", line->stream);
	ak_out_str(out, "level", level_of(line->text, line->len));
	ak_out_bytes(out, "text", line->text, line->len);
	if (line->partial)
		ak_out_bool(out, "partial", true);
	ak_out_end(out);
}
