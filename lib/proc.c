/*
 * proc - run a program: argv, no shell, a time limit, its output.
 *
 * fork(2), not posix_spawn(3): only before exec can a child ask to be ended
 * with its parent. What it reads is a file in memory: nobody waits for a pipe.
 */
#include "lib/proc.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/str.h"

#define GRACE_MS 2000
#define CHUNK ((size_t)65536)
extern char **environ;

/* What a child that could not begin says of it. */
struct excuse {
	int why;	/* errno */
	bool directory; /* chdir(2), not exec(3) */
};

/* Until the child has them: its input, and pipes by their reading end. */
enum { INPUT, OUT, OUT_END, ERR, ERR_END, EXCUSE, EXCUSE_END, PIPES };

struct pipes {
	int fd[PIPES];
};

int64_t
ak_proc_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
ak_proc_result_free(struct ak_proc_result *result)
{
	ak_buf_free(&result->out);
	ak_buf_free(&result->err);
}

static int
input_open(const struct ak_proc *proc)
{
	AK_CLOSE int fd = -1;

	if (proc->input_fd > 0)
		return fcntl(proc->input_fd, F_DUPFD_CLOEXEC, 0);
	if (!proc->input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd == -1 || dprintf(fd, "%s", proc->input) == -1 ||
	    lseek(fd, 0, SEEK_SET) == -1)
		return -1;
	return ak_take_fd(&fd);
}

static void
pipes_close(struct pipes *pipes)
{
	for (size_t i = 0; i < PIPES; i++)
		ak_close_scope(&pipes->fd[i]);
}

/* Our end does not wait; the child's is as it expects. */
static int
pipe_open(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

static int
pipes_open(const struct ak_proc *proc, struct pipes *pipes)
{
	int *fd = pipes->fd;

	memset(pipes, -1, sizeof(*pipes));
	fd[INPUT] = input_open(proc);
	if (fd[INPUT] == -1 || pipe2(&fd[EXCUSE], O_CLOEXEC) == -1)
		return -1;
	if (!proc->pass_out && pipe_open(&fd[OUT]) == -1)
		return -1;
	return proc->pass_err ? 0 : pipe_open(&fd[ERR]);
}

/* Our environment with the names in added replaced; free the array only. */
static char **
join_env(const char *const *added)
{
	size_t ours = 0, more = 0, count = 0;
	char **env;

	while (environ && environ[ours])
		ours++;
	while (added && added[more])
		more++;
	env = ak_calloc(ours + more + 1, sizeof(*env));
	for (size_t i = 0; i < ours; i++) {
		size_t len = strcspn(environ[i], "=") + 1, k = 0;

		while (k < more && strncmp(added[k], environ[i], len) != 0)
			k++;
		if (k == more)
			env[count++] = environ[i];
	}
	for (size_t i = 0; i < more; i++)
		env[count++] = (char *)(uintptr_t)added[i];
	return env;
}

/* In the child: asks for its end with ours, unless that is past already. */
static void
tie_to(pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(128 + SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static AK_NORETURN void
child_run(const struct ak_proc *proc, const struct pipes *pipes, char **env,
    pid_t parent)
{
	struct excuse excuse = { 0 };

	tie_to(parent);
	dup2(pipes->fd[INPUT], STDIN_FILENO);
	if (!proc->pass_out)
		dup2(pipes->fd[OUT_END], STDOUT_FILENO);
	if (!proc->pass_err)
		dup2(pipes->fd[ERR_END], STDERR_FILENO);
	/* All else exec closes, and the pipe that tells when it fails. */
	syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);

	excuse.directory = proc->directory && chdir(proc->directory) == -1;
	if (!excuse.directory)
		execvpe(proc->argv[0], (char *const *)(uintptr_t)proc->argv,
		    env);
	excuse.why = errno;
	if (write(pipes->fd[EXCUSE_END], &excuse, sizeof(excuse)) == -1)
		_exit(127);
	_exit(126);
}

/* Waits for the exec: nothing comes when it went well. */
static int
await_exec(const struct ak_proc *proc, struct pipes *pipes, pid_t pid,
    struct ak_err *err)
{
	struct excuse excuse;
	ssize_t n;

	ak_close_scope(&pipes->fd[EXCUSE_END]);
	do
		n = read(pipes->fd[EXCUSE], &excuse, sizeof(excuse));
	while (n == -1 && errno == EINTR);
	if (n != sizeof(excuse))
		return 0;
	waitpid(pid, NULL, 0);
	errno = excuse.why;
	if (excuse.directory)
		return ak_fail_sys(err, AK_NOINPUT, "%s", proc->directory);
	if (excuse.why == ENOENT)
		return ak_fail(err, AK_UNAVAILABLE, "%s: no such program",
		    proc->argv[0]);
	return ak_fail_sys(err, AK_UNAVAILABLE, "%s", proc->argv[0]);
}

static void
child_init(struct ak_child *child, const struct ak_proc *proc)
{
	*child = (struct ak_child){
		.pid = -1,
		.out_fd = -1,
		.err_fd = -1,
		.pid_fd = -1,
		.proc = proc,
		.deadline_ms = ak_proc_now_ms() + proc->timeout_ms,
		.ended = true,
	};
}

int
ak_proc_start(const struct ak_proc *proc, struct ak_child *child,
    struct ak_err *err)
{
	__attribute__((cleanup(pipes_close))) struct pipes pipes;
	AK_FREE char **env = join_env(proc->env);
	pid_t parent = getpid(), pid;

	child_init(child, proc);
	pid = pipes_open(proc, &pipes) == -1 ? -1 : fork();
	if (pid == -1)
		return ak_fail_sys(err, AK_SYSTEM, "%s", proc->argv[0]);
	if (pid == 0)
		child_run(proc, &pipes, env, parent);
	/* In both, since either may be the first to need it. */
	setpgid(pid, pid);
	if (await_exec(proc, &pipes, pid, err) == -1)
		return -1;
	child->pid = pid;
	child->ended = false;
	child->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	child->out_fd = ak_take_fd(&pipes.fd[OUT]);
	child->err_fd = ak_take_fd(&pipes.fd[ERR]);
	return 0;
}

/* Takes in what there is; false when it is more than the child may say. */
static bool
drain(int *fd, struct ak_buf *buf, size_t max)
{
	while (*fd != -1) {
		ssize_t n;

		ak_buf_grow(buf, CHUNK);
		n = read(*fd, buf->data + buf->len, CHUNK);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n <= 0) {
			close(ak_take_fd(fd));
			break;
		}
		buf->len += (size_t)n;
		buf->data[buf->len] = '\0';
		if (buf->len > max)
			return false;
	}
	return true;
}

void
ak_proc_signal(struct ak_child *child, int signal)
{
	if (!child->ended)
		kill(-child->pid, signal);
}

/* Asks it to end, then makes it: the second call comes GRACE_MS later. */
static void
end_it(struct ak_child *child, enum ak_code why)
{
	ak_proc_signal(child, child->failed == AK_DONE ? SIGTERM : SIGKILL);
	if (child->failed == AK_DONE)
		child->failed = why;
	child->deadline_ms = ak_proc_now_ms() + GRACE_MS;
}

static int
fail_limit(const struct ak_child *child, struct ak_err *err)
{
	const struct ak_proc *proc = child->proc;
	AK_BUF struct ak_buf limit = { 0 };

	if (child->failed == AK_DATA) {
		ak_str_from_size(&limit, (int64_t)proc->max_output);
		return ak_fail(err, AK_DATA, "%s: its output exceeds %s",
		    proc->argv[0], limit.data);
	}
	ak_str_from_duration(&limit, proc->timeout_ms);
	return ak_fail(err, AK_TEMPFAIL, "%s: not done within %s",
	    proc->argv[0], limit.data);
}

/*
 * Its status, once it has ended; the group goes while its number is ours. A
 * child that is not there any more was taken by another wait(2): our bug.
 */
static bool
reap(struct ak_child *child, int flags)
{
	siginfo_t info = { 0 };
	int asked;

	do
		asked = waitid(P_PID, (id_t)child->pid, &info,
		    WEXITED | WNOWAIT | flags);
	while (asked == -1 && errno == EINTR);
	if (asked == 0 && info.si_pid == 0)
		return false;
	if (child->failed != AK_DONE)
		ak_proc_signal(child, SIGKILL);
	child->result.status = asked == -1 ? 127
	    : info.si_code == CLD_EXITED   ? info.si_status
					   : 128 + info.si_status;
	waitpid(child->pid, NULL, WNOHANG);
	child->ended = true;
	return true;
}

/* False once it has said too much, and then forgets what it says. */
static bool
drain_both(struct ak_child *child)
{
	struct ak_proc_result *result = &child->result;
	size_t max = child->proc->max_output;
	bool within = drain(&child->out_fd, &result->out, max);

	within = drain(&child->err_fd, &result->err, max) && within;
	if (!within) {
		ak_buf_reset(&result->out);
		ak_buf_reset(&result->err);
	}
	return within;
}

int
ak_proc_step(struct ak_child *child, struct ak_err *err)
{
	bool ended;

	if (child->ended)
		return 1;
	/* Asked first: what it wrote before its end is then in the pipes. */
	ended = reap(child, WNOHANG);
	if (!drain_both(child) && child->failed == AK_DONE) {
		if (!ended)
			end_it(child, AK_DATA);
		child->failed = AK_DATA;
	}
	if (!ended && ak_proc_now_ms() >= child->deadline_ms)
		end_it(child, AK_TEMPFAIL);
	if (!ended)
		return 0;
	return child->failed == AK_DONE ? 1 : fail_limit(child, err);
}

void
ak_proc_close(struct ak_child *child)
{
	if (!child->ended) {
		int64_t until = ak_proc_now_ms() + GRACE_MS;

		end_it(child, AK_TEMPFAIL);
		while (!reap(child, WNOHANG) && ak_proc_now_ms() < until)
			poll(&(struct pollfd){ child->pid_fd, POLLIN, 0 }, 1,
			    GRACE_MS);
		if (!child->ended) {
			ak_proc_signal(child, SIGKILL);
			reap(child, 0);
		}
	}
	ak_close_scope(&child->out_fd);
	ak_close_scope(&child->err_fd);
	ak_close_scope(&child->pid_fd);
	ak_proc_result_free(&child->result);
}

int
ak_proc_run(const struct ak_proc *proc, struct ak_proc_result *result,
    struct ak_err *err)
{
	AK_CHILD struct ak_child child;
	int ended;

	if (ak_proc_start(proc, &child, err) == -1)
		return -1;
	while ((ended = ak_proc_step(&child, err)) == 0) {
		struct pollfd fds[] = { { child.out_fd, POLLIN, 0 },
			{ child.err_fd, POLLIN, 0 },
			{ child.pid_fd, POLLIN, 0 } };
		int64_t left = child.deadline_ms - ak_proc_now_ms();
		int most = child.pid_fd == -1 ? 50 : 60000;

		if (left > 0)
			most = left < most ? (int)left : most;
		poll(fds, AK_COUNT(fds), left > 0 ? most : 0);
	}
	if (ended == -1)
		return -1;
	*result = child.result;
	child.result = (struct ak_proc_result){ 0 };
	return 0;
}
