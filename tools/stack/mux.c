/*
 * mux - the stream of a container's log, cut into lines.
 */
#include "tools/stack/mux.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/str.h"

#define HEADER ((size_t)8)
#define FRAGMENT ((size_t)16 * 1024) /* what the daemon reads at once */
#define STAMP "dddd-dd-ddTdd:dd:dd.ddddddddd"
#define STAMP_LEN (sizeof(STAMP) - 1)
#define OFFSET "dd:dd " /* behind + or - */

static const char *const stream_names[] = { "stdout", "stderr" };

static bool
fits(char pattern, char c)
{
	return pattern == 'd' ? c >= '0' && c <= '9' : pattern == c;
}

/*
 * The last of len bytes, of which those before may begin a time: 1 when it
 * makes them one (the blank behind it), 0 when more is needed, -1 when not.
 */
static int
stamp_check(const char *s, size_t len)
{
	size_t last = len - 1, zone = STAMP_LEN + 1;
	char c = s[last];

	if (last < STAMP_LEN)
		return fits(STAMP[last], c) ? 0 : -1;
	if (last == STAMP_LEN)
		return c == 'Z' || c == '+' || c == '-' ? 0 : -1;
	if (s[STAMP_LEN] == 'Z')
		return c == ' ' ? 1 : -1;
	if (!fits(OFFSET[last - zone], c))
		return -1;
	return last == zone + sizeof(OFFSET) - 2 ? 1 : 0;
}

/* In UTC; the daemon's own zone comes with some log drivers. */
static void
take_time(struct mux_stream *stream)
{
	struct ak_err ignored = { 0 };
	char text[48];
	struct tm tm;
	time_t seconds;
	int64_t ns;

	if (stream->stamp[STAMP_LEN] == 'Z') {
		memcpy(stream->time, stream->stamp, MUX_TIME - 1);
		stream->time[MUX_TIME - 1] = '\0';
		return;
	}
	stream->stamp[stream->stamp_len - 1] = '\0';
	if (ak_str_time(stream->stamp, &ns, &ignored) == -1)
		return;
	seconds = (time_t)(ns / 1000000000);
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + 19, sizeof(text) - 19, ".%09dZ",
	    (int)(ns % 1000000000));
	memcpy(stream->time, text, MUX_TIME - 1);
}

static void
emit(struct mux *mux, int which, const char *text, size_t len, bool partial)
{
	struct mux_stream *stream = &mux->streams[which];
	struct mux_line line = { .time = stream->time,
		.stream = stream_names[which],
		.text = text,
		.len = len,
		.partial = partial };

	/* A terminal ends its lines with a carriage return as well. */
	if (mux->raw && !partial && len > 0 && text[len - 1] == '\r')
		line.len--;
	mux->line(mux->arg, &line);
}

/* What is too long goes out in parts, none of which ends in half a character.
 */
static void
split(struct mux *mux, int which)
{
	struct mux_stream *stream = &mux->streams[which];
	size_t len = MUX_LINE_MAX;

	for (int i = 0; i < 3; i++)
		if ((stream->text.data[len] & 0xc0) == 0x80)
			len--;
	if ((stream->text.data[len] & 0xc0) == 0x80)
		len = MUX_LINE_MAX; /* no UTF-8 anyway */
	emit(mux, which, stream->text.data, len, true);
	ak_buf_drop(&stream->text, len);
}

static void
add_text(struct mux *mux, int which, const char *data, size_t len)
{
	struct mux_stream *stream = &mux->streams[which];

	while (len > 0) {
		size_t room = MUX_LINE_MAX + 1 - stream->text.len;
		size_t some = len < room ? len : room;

		ak_buf_add(&stream->text, data, some);
		data += some;
		len -= some;
		if (stream->text.len > MUX_LINE_MAX)
			split(mux, which);
	}
}

static void
end_line(struct mux *mux, int which)
{
	struct mux_stream *stream = &mux->streams[which];

	emit(mux, which, ak_buf_text(&stream->text), stream->text.len, false);
	ak_buf_reset(&stream->text);
	stream->begun = false;
}

/* Takes bytes as long as they may be a time; how many. */
static size_t
feed_stamp(struct mux *mux, int which, const char *data, size_t len)
{
	struct mux_stream *stream = &mux->streams[which];

	for (size_t i = 0; i < len; i++) {
		int whole;

		stream->stamp[stream->stamp_len++] = data[i];
		whole = stamp_check(stream->stamp, stream->stamp_len);
		if (whole == 0)
			continue;
		stream->stamping = false;
		if (whole == 1 && !stream->begun) {
			take_time(stream);
		} else if (whole == -1) {
			/* The byte that did not fit may end the line. */
			stream->stamp_len--;
			stream->begun = stream->begun || stream->stamp_len > 0;
			add_text(mux, which, stream->stamp, stream->stamp_len);
			stream->since_stamp += stream->stamp_len;
			stream->stamp_len = 0;
			return i;
		}
		stream->begun = true;
		stream->stamp_len = 0;
		return i + 1;
	}
	return len;
}

static void
begin_stamp(struct mux_stream *stream)
{
	stream->stamping = true;
	stream->stamp_len = 0;
	stream->since_stamp = 0;
}

/* Text up to a line feed, or to where the next fragment may begin. */
static size_t
feed_text(struct mux *mux, int which, const char *data, size_t len)
{
	struct mux_stream *stream = &mux->streams[which];
	const char *feed;

	if (mux->raw && len > FRAGMENT - stream->since_stamp)
		len = FRAGMENT - stream->since_stamp;
	feed = memchr(data, '\n', len);
	if (feed == NULL) {
		add_text(mux, which, data, len);
		stream->begun = stream->begun || len > 0;
		stream->since_stamp += len;
		if (mux->raw && stream->since_stamp == FRAGMENT)
			begin_stamp(stream);
		return len;
	}
	len = (size_t)(feed - data);
	if (stream->text.len == 0 && len <= MUX_LINE_MAX) {
		emit(mux, which, data, len, false);
		stream->begun = false;
	} else {
		add_text(mux, which, data, len);
		end_line(mux, which);
	}
	stream->since_stamp += len + 1;
	if (mux->raw)
		begin_stamp(stream);
	return len + 1;
}

static void
feed_payload(struct mux *mux, int which, const char *data, size_t len)
{
	while (len > 0) {
		size_t some = mux->streams[which].stamping
		    ? feed_stamp(mux, which, data, len)
		    : feed_text(mux, which, data, len);

		data += some;
		len -= some;
	}
}

/* Bytes that were held back as a time, and are none: the end came first. */
static void
flush_stamp(struct mux *mux, int which)
{
	struct mux_stream *stream = &mux->streams[which];

	if (!stream->stamping || stream->stamp_len == 0)
		return;
	stream->begun = true;
	add_text(mux, which, stream->stamp, stream->stamp_len);
	stream->stamp_len = 0;
	stream->stamping = false;
}

static int
take_header(struct mux *mux, struct ak_err *err)
{
	const unsigned char *header = mux->header;

	if (header[0] > 2 || header[1] != 0 || header[2] != 0 || header[3] != 0)
		return ak_fail(err, AK_PROTOCOL,
		    "log: no frame begins with "
		    "%02x%02x%02x%02x",
		    header[0], header[1], header[2], header[3]);
	mux->header_len = 0;
	mux->stream = header[0] == 2;
	mux->left = (size_t)header[4] << 24 | (size_t)header[5] << 16 |
	    (size_t)header[6] << 8 | header[7];
	flush_stamp(mux, mux->stream);
	begin_stamp(&mux->streams[mux->stream]);
	return 0;
}

static int
feed_framed(struct mux *mux, const char *data, size_t len, struct ak_err *err)
{
	while (len > 0) {
		size_t some;

		if (mux->left > 0) {
			some = len < mux->left ? len : mux->left;
			feed_payload(mux, mux->stream, data, some);
			mux->left -= some;
		} else {
			some = HEADER - mux->header_len;
			some = len < some ? len : some;
			memcpy(mux->header + mux->header_len, data, some);
			mux->header_len += some;
			if (mux->header_len == HEADER &&
			    take_header(mux, err) == -1)
				return -1;
		}
		data += some;
		len -= some;
	}
	return 0;
}

int
mux_feed(struct mux *mux, const char *data, size_t len, struct ak_err *err)
{
	if (!mux->raw)
		return feed_framed(mux, data, len, err);
	if (!mux->streams[0].begun && mux->streams[0].since_stamp == 0)
		mux->streams[0].stamping = true;
	feed_payload(mux, 0, data, len);
	return 0;
}

void
mux_end(struct mux *mux)
{
	for (int i = 0; i < 2; i++) {
		flush_stamp(mux, i);
		if (mux->streams[i].begun)
			end_line(mux, i);
	}
}

void
mux_free(struct mux *mux)
{
	ak_buf_free(&mux->streams[0].text);
	ak_buf_free(&mux->streams[1].text);
}
