/*
 * sim - what is promised of the scheduler, and a trace that can be reckoned by
 * hand.
 */
#include "tools/queue/sim.h"

#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rec.h"
#include "tests/unit/tap.h"

/* What a run printed, as a file that can be read again; -1 and err. */
static int
run(const struct sim_options *options, struct ak_err *err)
{
	int fd = memfd_create("sim", MFD_CLOEXEC);
	struct ak_out *out = ak_out_open(fd, AK_FORM_JSON, false);
	int result = sim_run(options, out, err);

	if (ak_out_close(out, err) == -1 || result == -1) {
		close(fd);
		return -1;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* A number of the record of that type in which key is value; -1: none. */
static double
find(int fd, const char *type, const char *key, const char *value,
    const char *wanted)
{
	struct ak_rec rec = { .fd = fd };
	const struct ak_json *json;
	struct ak_err err = { 0 };
	double found = -1;

	lseek(fd, 0, SEEK_SET);
	while (found < 0 && ak_rec_next(&rec, &json, &err) == 1)
		if (ak_streq(ak_json_str(ak_json_get(json, "type")), type) &&
		    ak_streq(ak_json_str(ak_json_get(json, key)), value))
			found = ak_json_number(ak_json_get(json, wanted), -1);
	ak_rec_close(&rec);
	return found;
}

struct result {
	double p95, max, switching, batch;
};

static struct result
result_of(const char *policy, int64_t seed)
{
	struct sim_options options = {
		.policy = policy, .seed = seed, .hours = 6
	};
	struct result r = { -1, -1, -1, -1 };
	struct ak_err err = { 0 };
	AK_CLOSE int fd = run(&options, &err);

	if (!ok(fd != -1, "%s runs with seed %d (%s)", policy, (int)seed,
		err.text))
		return r;
	r.p95 = find(fd, "sim", "class", "interactive", "wait_p95_seconds");
	r.max = find(fd, "sim", "class", "interactive", "wait_max_seconds");
	r.batch = find(fd, "sim", "class", "batch", "wait_max_seconds");
	r.switching = find(fd, "sim_policy", "policy", policy,
	    "switch_seconds");
	return r;
}

/* The promise of the heavy workload, over seeds that nothing was tuned with. */
static void
test_promise(void)
{
	struct result ours = { 0 }, tiers = { 0 }, one;
	double longest = 0;

	for (int64_t seed = 101; seed <= 110; seed++) {
		one = result_of("ours", seed);
		ours.p95 += one.p95;
		ours.switching += one.switching;
		if (one.max > longest)
			longest = one.max;
		one = result_of("tiers", seed);
		tiers.p95 += one.p95;
		tiers.switching += one.switching;
	}
	ok(ours.p95 <= tiers.p95,
	    "chat waits no longer than in tiers: p95 "
	    "%.1f and %.1f s",
	    ours.p95 / 10, tiers.p95 / 10);
	ok(longest <= 90, "nor ever longer than 90 s: %.1f", longest);
	ok(ours.switching <= 0.85 * tiers.switching,
	    "15 %% less time goes into switches: %.0f and %.0f s",
	    ours.switching / 10, tiers.switching / 10);
	one = result_of("ollama", 101);
	ok(one.max > 3000, "as Ollama does it a chat waits for an hour: %.0f s",
	    one.max);
}

static int
run_trace(const char *policy, const char *text, struct ak_err *err)
{
	char path[] = "/tmp/aikit-sim.XXXXXX";
	int fd = mkstemp(path);
	struct sim_options options = {
		.policy = policy, .trace = path, .seed = 1
	};
	int got = -1;

	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		got = run(&options, err);
	close(fd);
	unlink(path);
	return got;
}

/*
 * At 0 s batch on A: loads 5 s, reads 1500 tokens in 1 s, makes 90 in 2 s:
 * until 8 s. At 1 s batch on A, at 2 s interactive on B: 6 s later it starts to
 * load.
 */
static const char trace[] =
    "t,client,class,model,num_ctx,prompt,gen,tokens_per_second\n"
    "0,ann,batch,A,4096,1500,90\n"
    "1,bob,batch,A,4096,1500,90,45\n"
    "2,cy,interactive,B,,1500,90,90\r\n";

static void
test_trace(void)
{
	static const struct {
		const char *policy;
		double chat, bob, switches, jain;
	} rows[] = {
		/* A to 11 s, then 5 s of loading: 8, 3, 7 s of the GPU */
		{ "fifo", 14, 7, 2, 324.0 / 366 },
		/* B from 8 to 15 s, then 5 s of loading: 8, 8, 7 s */
		{ "ours", 11, 19, 3, 529.0 / 531 },
		{ "tiers", 11, 19, 3, 529.0 / 531 },
		{ "ollama", 14, 7, 2, 324.0 / 366 },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct ak_err err = { 0 };
		AK_CLOSE int fd = run_trace(rows[i].policy, trace, &err);
		double chat, bob, switches, jain;

		if (!ok(fd != -1, "%s runs a trace (%s)", rows[i].policy,
			err.text))
			continue;
		chat = find(fd, "sim_client", "client", "cy",
		    "wait_max_seconds");
		bob = find(fd, "sim_client", "client", "bob",
		    "wait_max_seconds");
		switches = find(fd, "sim_policy", "policy", rows[i].policy,
		    "switches");
		jain = find(fd, "sim_policy", "policy", rows[i].policy, "jain");
		ok(jain > rows[i].jain - 1e-5 && jain < rows[i].jain + 1e-5,
		    "%s: Jain's index is %.6f of %.6f", rows[i].policy, jain,
		    rows[i].jain);
		ok(chat == rows[i].chat, "%s: chat waits %.3f s of %.0f",
		    rows[i].policy, chat, rows[i].chat);
		ok(bob == rows[i].bob, "%s: bob waits %.3f s of %.0f",
		    rows[i].policy, bob, rows[i].bob);
		ok(switches == rows[i].switches, "%s: %.0f loads of %.0f",
		    rows[i].policy, switches, rows[i].switches);
	}
}

static void
test_bad(void)
{
	static const struct {
		const char *claim, *text, *ends;
	} rows[] = {
		{ "an empty trace", "", ": no request in it" },
		{ "too few fields", "0,ann,batch,A\n",
		    ":1: 4 fields, 7 are needed" },
		{ "too many fields", "0,ann,batch,A,,1,1,1,1\n",
		    ":1: more than 8 fields" },
		{ "a time that goes back",
		    "5,ann,batch,A,,1,1\n4,ann,batch,A,,1,1\n",
		    ":2: t goes back" },
		{ "a class that is none", "0,ann,best,A,,1,1\n",
		    ":1: best: no such class" },
		{ "a time that is no number", "x,ann,batch,A,,1,1\n",
		    ":1: t: x: not a number from 0 on" },
		{ "a time below nothing", "-1,ann,batch,A,,1,1\n",
		    ":1: t: -1: not a number from 0 on" },
		{ "not a number", "nan,ann,batch,A,,1,1\n",
		    ":1: t: nan: not a number from 0 on" },
		{ "no client", "0,,batch,A,,1,1\n",
		    ":1: : not a name, or more than 256" },
	};
	struct sim_options options = { .policy = "best", .hours = 1 };
	struct ak_err err = { 0 };

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		err = (struct ak_err){ 0 };
		is_int(run_trace("ours", rows[i].text, &err), -1,
		    "%s is refused", rows[i].claim);
		ok(err.code == AK_DATA && ak_ends(err.text, rows[i].ends),
		    "%s: %s", rows[i].claim, err.text);
	}
	is_int(run(&options, &err), -1, "a policy that is none is refused");
	options = (struct sim_options){ .workload = "x", .hours = 1 };
	is_int(run(&options, &err), -1, "a workload that is none is refused");
	is_int(err.code, AK_USAGE, "as usage");
}

static bool
same(const struct result *a, const struct result *b)
{
	return a->p95 == b->p95 && a->max == b->max &&
	    a->switching == b->switching && a->batch == b->batch;
}

/* The same seed is the same run, another is not. */
static void
test_seed(void)
{
	struct result a = result_of("ours", 7), b = result_of("ours", 7),
		      c = result_of("ours", 8);

	ok(same(&a, &b), "a seed is one run");
	ok(!same(&a, &c), "another is another");
}

int
main(void)
{
	test_trace();
	test_bad();
	test_seed();
	test_promise();
	return done_testing();
}
