/*
 * term - unit test: the terminal, seen from its other end.
 */
#include "lib/term.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/out.h"
#include "tests/unit/tap.h"

static int master = -1, slave = -1;

static bool
open_terminal(void)
{
	struct winsize size = { .ws_col = 20, .ws_row = 4 };

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1)
		return false;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return slave != -1 && ioctl(slave, TIOCSWINSZ, &size) == 0;
}

/* What came to the terminal since the last call. */
static const char *
shown(void)
{
	static char text[4096];
	ssize_t got = read(master, text, sizeof(text) - 1);

	text[got > 0 ? got : 0] = '\0';
	return text;
}

static void
properties(void)
{
	AK_CLOSE int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	is_int(ak_term_width(slave), 20, "a terminal has its width");
	is_int(ak_term_width(null), 80, "what is none has 80 columns");
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	ok(ak_term_colour(slave), "a terminal has colour");
	ok(!ak_term_colour(null), "what is none has not");
	setenv("NO_COLOR", "1", 1);
	ok(!ak_term_colour(slave), "nor where NO_COLOR is set");
	setenv("NO_COLOR", "", 1);
	ok(ak_term_colour(slave), "an empty NO_COLOR is not set");
	setenv("TERM", "dumb", 1);
	ok(!ak_term_colour(slave), "a dumb terminal has no colour");
	unsetenv("TERM");
	ok(!ak_term_colour(slave), "nor has one without a name");
}

static void
progress(void)
{
	ak_term_progress("pulling 10 %\n\xe6\xbc\xa2 a long line that is cut");
	is_str(shown(), "\r\033[Jpulling 10 %\r\n\xe6\xbc\xa2 a long line that",
	    "progress is drawn, a line cut to the width");
	ak_term_progress("pulling 20 %");
	is_str(shown(), "", "not more than ten times a second");
	ak_term_progress_end();
	is_str(shown(), "\033[1A\r\033[J", "its end wipes its lines");
	ak_term_progress_end();
	is_str(shown(), "", "once");
	ak_term_progress("1\n2\n3\n4\n5\n6");
	is_str(shown(), "\r\033[J1\r\n2\r\n3",
	    "what is higher than the terminal is cut");
	ak_term_progress_end();
	is_str(shown(), "\033[2A\r\033[J", "and wiped again");
	ak_term_progress("a\x1b[2J\xff\t");
	is_str(shown(), "\r\033[Ja?[2J??", "control bytes show as ?");
	ak_term_progress_end();
	shown();
}

static const struct ak_view table_view = { "v",
	AK_COLUMNS({ "a", "A", AK_SHOW_TEXT, 0, "on=green" },
	    { "b", "B", AK_SHOW_TEXT, 0, NULL }),
	false };

static void
tables(void)
{
	struct ak_out *out = ak_out_open(slave, AK_FORM_AUTO, true);
	struct ak_err err = { 0 };

	ok(ak_out_is_table(out), "a terminal gets a table");
	ak_out_begin(out, &table_view);
	ak_out_str(out, "a", "on");
	ak_out_str(out, "b", "more than there is room for");
	ak_out_end(out);
	ak_out_note(out, "%d\nservice", 1);
	is_int(ak_out_close(out, &err), 0, "it is drawn");
	is_str(shown(),
	    "A   B\r\n\033[32mon\033[m  more than there\xe2\x80\xa6\r\n"
	    "1?service\r\n",
	    "in colour, cut to the width, the note below it");
}

static void
elsewhere(void)
{
	AK_CLOSE int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int pipe_fd[2];
	char text[8];

	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) == -1)
		return;
	dup2(pipe_fd[1], STDERR_FILENO);
	ak_term_progress("pulling");
	ak_term_progress_end();
	is_int(read(pipe_fd[0], text, sizeof(text)), -1,
	    "what is no terminal gets no progress");
	dup2(fd, STDERR_FILENO);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

int
main(void)
{
	if (!open_terminal()) {
		skip("no pseudo-terminals", "a terminal is a terminal");
		return done_testing();
	}
	dup2(slave, STDERR_FILENO);
	properties();
	progress();
	tables();
	elsewhere();
	return done_testing();
}
