/*
 * sim - the very same scheduler on a virtual clock, beside others.
 *
 * One GPU with one slot and room for one model runs a trace, or a workload that
 * is made up from the seed: four people who chat (three on model A, one on B),
 * the titles that follow, a coding agent on B, bursts of 60 workflow requests
 * on C, bursts of 200 embeddings on E, and for an hour a script that keeps four
 * requests outstanding on A. Loads take 4, 8, 5 and 1.5 s, a second reads 1500
 * tokens or makes 45.
 *
 * Beside ours: fifo (one queue), ollama (its rule as coded: past the queue when
 * the model is loaded, else one queue whose head waits until the loaded model
 * is idle), tiers (strict classes, each a queue).
 *
 * Records: "sim_policy" (switches, what they cost, Jain's index of the GPU
 * seconds of clients), "sim" (waits of a class, until its model is loaded and
 * its turn is there), "sim_client" (GPU seconds, waits).
 */
#ifndef SIM_H
#define SIM_H

#include "lib/out.h"
#include "tools/queue/sched.h"

struct sim_options {
	const char *policy;   /* ours, fifo, ollama, tiers; NULL: all */
	const char *workload; /* heavy, moderate; NULL: heavy */
	const char *trace;    /* a CSV file instead, or NULL */
	int64_t seed;
	int64_t hours;			   /* of a workload; at least 1 */
	const struct sched_config *config; /* NULL: the defaults */
};

/*
 * A trace has the columns t,client,class,model,num_ctx,prompt,gen and, if
 * wanted, tokens_per_second; t in seconds, falling nowhere. A first line of
 * names is passed over. AK_DATA names the line that is wrong.
 */
int sim_run(const struct sim_options *options, struct ak_out *out,
    struct ak_err *err) AK_MUST;

#endif
